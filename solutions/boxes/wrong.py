# %% [markdown]
# # Typical answers to the assignment boxes
#
# Wrong ones, each of which must lose points of its own task and of no other, and some more right
# ones. Each cell takes the place of the solution cell that it names.

# %% iou wrong: multiplies two negative sides
def iou(boxes_a, boxes_b):
    low = np.maximum(boxes_a[:, None, :2], boxes_b[:, :2])
    high = np.minimum(boxes_a[:, None, 2:], boxes_b[:, 2:])
    shared = (high - low).prod(axis=2)
    area_a, area_b = (np.prod(b[:, 2:] - b[:, :2], axis=1) for b in (boxes_a, boxes_b))
    return shared / (area_a[:, None] + area_b - shared)


# %% iou wrong: counts pixels, as PASCAL VOC does
def iou(boxes_a, boxes_b):
    low = np.maximum(boxes_a[:, None, :2], boxes_b[:, :2])
    high = np.minimum(boxes_a[:, None, 2:], boxes_b[:, 2:])
    shared = (high - low + 1).clip(0).prod(axis=2)
    area_a, area_b = (np.prod(b[:, 2:] - b[:, :2] + 1, axis=1) for b in (boxes_a, boxes_b))
    return shared / (area_a[:, None] + area_b - shared)


# %% iou wrong: counts the shared area twice
def iou(boxes_a, boxes_b):
    result = np.zeros((len(boxes_a), len(boxes_b)))
    for i, a in enumerate(boxes_a):
        for j, b in enumerate(boxes_b):
            wide = max(0, min(a[2], b[2]) - max(a[0], b[0]))
            high = max(0, min(a[3], b[3]) - max(a[1], b[1]))
            areas = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
            result[i, j] = wide * high / areas
    return result


# %% iou wrong: divides by the smaller area
def iou(boxes_a, boxes_b):
    result = np.zeros((len(boxes_a), len(boxes_b)))
    for i, a in enumerate(boxes_a):
        for j, b in enumerate(boxes_b):
            wide = max(0, min(a[2], b[2]) - max(a[0], b[0]))
            high = max(0, min(a[3], b[3]) - max(a[1], b[1]))
            smaller = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
            result[i, j] = wide * high / smaller if smaller else 0
    return result


# %% iou wrong: divides nothing by nothing
def iou(boxes_a, boxes_b):
    low = np.maximum(boxes_a[:, None, :2], boxes_b[:, :2])
    high = np.minimum(boxes_a[:, None, 2:], boxes_b[:, 2:])
    shared = (high - low).clip(0).prod(axis=2)
    area_a, area_b = (np.prod(b[:, 2:] - b[:, :2], axis=1) for b in (boxes_a, boxes_b))
    return shared / (area_a[:, None] + area_b - shared)


# %% iou wrong: pairs the boxes one to one
def iou(boxes_a, boxes_b):
    n = min(len(boxes_a), len(boxes_b))
    a, b = boxes_a[:n], boxes_b[:n]
    sides = (np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])).clip(0)
    shared = sides[:, 0] * sides[:, 1]
    covered = np.prod(a[:, 2:] - a[:, :2], 1) + np.prod(b[:, 2:] - b[:, :2], 1) - shared
    return shared / np.maximum(covered, 1e-9)


# %% iou right: a loop over all pairs
def iou(boxes_a, boxes_b):
    result = np.zeros((len(boxes_a), len(boxes_b)))
    for i, a in enumerate(boxes_a):
        for j, b in enumerate(boxes_b):
            wide = max(0, min(a[2], b[2]) - max(a[0], b[0]))
            high = max(0, min(a[3], b[3]) - max(a[1], b[1]))
            both = wide * high
            covered = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both
            if both > 0:
                result[i, j] = both / covered
    return result


# %% iou right: column by column
def iou(boxes_a, boxes_b):
    ax0, ay0, ax1, ay1 = boxes_a.T[:, :, None]
    bx0, by0, bx1, by1 = boxes_b.T[:, None, :]
    width = np.clip(np.minimum(ax1, bx1) - np.maximum(ax0, bx0), 0, None)
    height = np.clip(np.minimum(ay1, by1) - np.maximum(ay0, by0), 0, None)
    inside = width * height
    union = (ax1 - ax0) * (ay1 - ay0) + (bx1 - bx0) * (by1 - by0) - inside
    union[union == 0] = 1
    return inside / union


# %% nms wrong: begins with the worst score
def nms(overlaps, scores, threshold):
    kept, rest = [], np.argsort(scores, kind="stable")
    while len(rest):
        best, rest = rest[0], rest[1:]
        kept.append(best)
        rest = rest[overlaps[best, rest] <= threshold]
    return np.array(kept, dtype=int)


# %% nms wrong: a dropped box drops others
def nms(overlaps, scores, threshold):
    order = np.argsort(-scores, kind="stable")
    kept = []
    for place, i in enumerate(order):
        if (overlaps[i, order[:place]] <= threshold).all():
            kept.append(i)
    return np.array(kept, dtype=int)


# %% nms wrong: takes an overlap equal to the threshold for too much
def nms(overlaps, scores, threshold):
    kept, rest = [], np.argsort(-scores, kind="stable")
    while len(rest):
        best, rest = rest[0], rest[1:]
        kept.append(best)
        rest = rest[overlaps[best, rest] < threshold]
    return np.array(kept, dtype=int)


# %% nms wrong: turns the order around, and equal scores with it
def nms(overlaps, scores, threshold):
    kept, rest = [], np.argsort(scores, kind="stable")[::-1]
    while len(rest):
        best, rest = rest[0], rest[1:]
        kept.append(best)
        rest = rest[overlaps[best, rest] <= threshold]
    return np.array(kept, dtype=int)


# %% nms wrong: returns the indices in the order of the boxes
def nms(overlaps, scores, threshold):
    kept = []
    for i in np.argsort(-scores, kind="stable"):
        if all(overlaps[i, j] <= threshold for j in kept):
            kept.append(i)
    return np.sort(np.array(kept, dtype=int))


# %% nms wrong: returns scores instead of indices
def nms(overlaps, scores, threshold):
    kept = []
    for i in np.argsort(-scores, kind="stable"):
        if all(overlaps[i, j] <= threshold for j in kept):
            kept.append(i)
    return scores[kept] if kept else []


# %% nms right: asks all that are kept
def nms(overlaps, scores, threshold):
    kept = []
    for i in sorted(range(len(scores)), key=lambda i: -scores[i]):
        if all(overlaps[i, j] <= threshold for j in kept):
            kept.append(i)
    return kept


# %% nms right: crosses out
def nms(overlaps, scores, threshold):
    alive = np.ones(len(scores), bool)
    answer = []
    while alive.any():
        i = np.where(alive, scores, -np.inf).argmax()
        answer.append(i)
        alive &= overlaps[i] <= threshold
        alive[i] = False
    return np.array(answer, dtype=np.int64)


# %% match wrong: a true box may be taken many times
def match(overlaps, scores, least):
    return np.array([len(row) > 0 and row.max() >= least for row in overlaps], dtype=bool)


# %% match wrong: goes through the boxes as they come
def match(overlaps, scores, least):
    right = np.zeros(len(overlaps), dtype=bool)
    free = np.ones(overlaps.shape[1], dtype=bool)
    for i in range(len(overlaps)):
        able = np.where(free, overlaps[i], -1)
        if able.size and able.max() >= least:
            right[i] = True
            free[able.argmax()] = False
    return right


# %% match wrong: no second choice
def match(overlaps, scores, least):
    right = np.zeros(len(overlaps), dtype=bool)
    taken = set()
    for i in np.argsort(-scores, kind="stable"):
        if not overlaps.shape[1]:
            continue
        best = overlaps[i].argmax()
        if overlaps[i, best] >= least and best not in taken:
            right[i] = True
            taken.add(best)
    return right


# %% match wrong: wants more than enough
def match(overlaps, scores, least):
    right = np.zeros(len(overlaps), dtype=bool)
    free = np.ones(overlaps.shape[1], dtype=bool)
    for i in np.argsort(-scores, kind="stable"):
        able = np.where(free, overlaps[i], -1)
        if able.size and able.max() > least:
            right[i] = True
            free[able.argmax()] = False
    return right


# %% match wrong: answers in the order of the scores
def match(overlaps, scores, least):
    right = []
    free = np.ones(overlaps.shape[1], dtype=bool)
    for i in np.argsort(-scores, kind="stable"):
        able = np.where(free, overlaps[i], -1)
        hit = able.size > 0 and able.max() >= least
        right.append(hit)
        if hit:
            free[able.argmax()] = False
    return np.array(right, dtype=bool)


# %% match right: a list of the ones that are free
def match(overlaps, scores, least):
    free = list(range(overlaps.shape[1]))
    right = [False] * len(scores)
    for i in sorted(range(len(scores)), key=lambda i: -scores[i]):
        wanted = max(free, key=lambda j: overlaps[i, j], default=None)
        if wanted is not None and overlaps[i, wanted] >= least:
            right[i] = True
            free.remove(wanted)
    return right


# %% match right: strikes out columns
def match(overlaps, scores, least):
    left = np.array(overlaps, float)
    answer = np.zeros(len(scores))
    if left.size == 0:
        return answer
    for i in np.argsort(-scores, kind="stable"):
        j = np.argmax(left[i])
        if left[i, j] >= least:
            answer[i] = 1
            left[:, j] = -1
    return answer


# %% ap wrong: the precision here, not the best from here on
def average_precision(scores, right, truths):
    hits = np.cumsum(right[np.argsort(-scores, kind="stable")])
    precision = hits / np.arange(1, len(hits) + 1)
    return float(np.sum(precision * np.diff(hits / truths, prepend=0)))


# %% ap wrong: takes the scores for sorted
def average_precision(scores, right, truths):
    hits = np.cumsum(right)
    precision = hits / np.arange(1, len(hits) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(best * np.diff(hits / truths, prepend=0)))


# %% ap wrong: forgets the true boxes that nobody found
def average_precision(scores, right, truths):
    hits = np.cumsum(right[np.argsort(-scores, kind="stable")])
    if not len(hits) or not hits[-1]:
        return 0.0
    precision = hits / np.arange(1, len(hits) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(best * np.diff(hits / hits[-1], prepend=0)))


# %% ap wrong: the mean over eleven recalls
def average_precision(scores, right, truths):
    hits = np.cumsum(right[np.argsort(-scores, kind="stable")])
    precision, recall = hits / np.arange(1, len(hits) + 1), hits / truths
    heights = [precision[recall >= r].max(initial=0) for r in np.arange(11) / 10]
    return float(np.mean(heights))


# %% ap wrong: the area under the zigzag
def average_precision(scores, right, truths):
    hits = np.cumsum(right[np.argsort(-scores, kind="stable")])
    precision = np.append(1, hits / np.arange(1, len(hits) + 1))
    return float(np.trapezoid(precision, np.append(0, hits / truths)))


# %% ap right: slanted edges, which the best precision from here on does not have
def average_precision(scores, right, truths):
    hits = np.cumsum(right[np.argsort(-scores, kind="stable")])
    precision = np.append(1, hits / np.arange(1, len(hits) + 1))
    best = np.maximum.accumulate(precision[::-1])[::-1]
    best[0] = best[1] if len(hits) else 1
    return float(np.trapezoid(best, np.append(0, hits / truths)))


# %% ap right: a loop from behind
def average_precision(scores, right, truths):
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    found, rows = 0, []
    for count, i in enumerate(order, start=1):
        found += bool(right[i])
        rows.append((found / count, bool(right[i])))
    best = area = 0.0
    for precision, hit in reversed(rows):
        best = max(best, precision)
        area += best * hit / truths
    return area


# %% ap right: the best precision at each right box
def average_precision(scores, right, truths):
    sorted_right = right[np.argsort(-scores, kind="stable")].astype(int)
    ranks = np.arange(1, len(sorted_right) + 1)
    precision = np.cumsum(sorted_right) / ranks
    total = 0
    for k in np.flatnonzero(sorted_right):
        total = total + precision[k:].max()
    return total / truths


# %% failure wrong: a figure in which no true box is lost
def failure():
    picture = datasets.photo("coffee")
    corners = np.array([[77.0, 65, 480, 388], [325, 65, 425, 325]])
    kept = boxes.nms(corners, np.array([0.9, 0.8]), overlap=0.5)
    fig, ax = plt.subplots()
    plot.show_boxes(picture, corners[kept], ax=ax, title="NMS")
    return fig, "boxes"


# %% failure wrong: forgets the description
def failure():
    corners = np.array([[77.0, 65, 480, 388], [173, 18, 412, 305]])
    fig, ax = plt.subplots()
    plot.show_boxes(datasets.photo("coffee"), corners, ax=ax)
    return fig


# %% failure wrong: stops
def failure():
    picture = datasets.photo("two_people")
    return picture
