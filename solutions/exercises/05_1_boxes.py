# %% [markdown]
# # Answers to the exercises of 05_1 Boxes

# %% exercise-1
def share_inside(box, crowd):
    low, high = np.maximum(box[:2], crowd[:2]), np.minimum(box[2:], crowd[2:])
    return (high - low).clip(0).prod() / (box[2:] - box[:2]).prod()


# %% exercise-1 wrong: divides by the union
def share_inside(box, crowd):
    return boxes.iou(box[None], crowd[None])[0, 0]


# %% exercise-1 wrong: divides by the area of the crowd
def share_inside(box, crowd):
    low, high = np.maximum(box[:2], crowd[:2]), np.minimum(box[2:], crowd[2:])
    return (high - low).clip(0).prod() / (crowd[2:] - crowd[:2]).prod()


# %% exercise-1 wrong: multiplies two negative sides
def share_inside(box, crowd):
    low, high = np.maximum(box[:2], crowd[:2]), np.minimum(box[2:], crowd[2:])
    return (high - low).prod() / (box[2:] - box[:2]).prod()


# %% exercise-2
def best_threshold(scores, right, truths):
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(right[order])
    f1 = 2 * hits / (np.arange(1, len(hits) + 1) + truths)
    return scores[order][np.argmax(f1)]


# %% exercise-2 wrong: forgets to sort
def best_threshold(scores, right, truths):
    hits = np.cumsum(right)
    f1 = 2 * hits / (np.arange(1, len(hits) + 1) + truths)
    return scores[np.argmax(f1)]


# %% exercise-2 wrong: takes the best precision
def best_threshold(scores, right, truths):
    precision, _ = metrics.precision_recall(scores, right, truths)
    return np.sort(scores)[::-1][np.argmax(precision)]


# %% exercise-2 wrong: takes the best recall
def best_threshold(scores, right, truths):
    _, recall = metrics.precision_recall(scores, right, truths)
    return np.sort(scores)[::-1][np.argmax(recall)]


# %% exercise-3
def nms_by_class(corners, scores, labels, overlap):
    kept = []
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        kept.append(own[boxes.nms(corners[own], scores[own], overlap=overlap)])
    kept = np.concatenate(kept)
    return kept[np.argsort(-scores[kept], kind="stable")]


# %% exercise-3 wrong: one suppression for all classes
def nms_by_class(corners, scores, labels, overlap):
    return boxes.nms(corners, scores, overlap=overlap)


# %% exercise-3 wrong: counts the indices within each class
def nms_by_class(corners, scores, labels, overlap):
    kept = []
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        kept.append(boxes.nms(corners[own], scores[own], overlap=overlap))
    return np.concatenate(kept)


# %% exercise-3 wrong: leaves the classes one after the other
def nms_by_class(corners, scores, labels, overlap):
    kept = []
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        kept.append(own[boxes.nms(corners[own], scores[own], overlap=overlap)])
    return np.concatenate(kept)
