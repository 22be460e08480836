# %% [markdown]
# # Answers to the exercises of 05_2 MobileNet-SSD

# %% exercise-1
def offsets_of(box, default):
    x, y, w, h = box
    ax, ay, aw, ah = default
    return [(x - ax) / aw / 0.1, (y - ay) / ah / 0.1, np.log(w / aw) / 0.2, np.log(h / ah) / 0.2]


# %% exercise-1 wrong: forgets the variances
def offsets_of(box, default):
    x, y, w, h = box
    ax, ay, aw, ah = default
    return [(x - ax) / aw, (y - ay) / ah, np.log(w / aw), np.log(h / ah)]


# %% exercise-1 wrong: divides both shifts by the width
def offsets_of(box, default):
    x, y, w, h = box
    ax, ay, aw, ah = default
    return [(x - ax) / aw / 0.1, (y - ay) / aw / 0.1, np.log(w / aw) / 0.2, np.log(h / ah) / 0.2]


# %% exercise-1 wrong: takes differences of the sizes instead of the logarithm of their ratio
def offsets_of(box, default):
    x, y, w, h = box
    ax, ay, aw, ah = default
    return [(x - ax) / aw / 0.1, (y - ay) / ah / 0.1, (w - aw) / aw / 0.2, (h - ah) / ah / 0.2]


# %% exercise-2
def left_edges(width, side):
    return [*range(0, width - side, side // 2), width - side]


# %% exercise-2 wrong: leaves out what is right of the last whole step
def left_edges(width, side):
    return list(range(0, width - side + 1, side // 2))


# %% exercise-2 wrong: lets the last square leave the picture
def left_edges(width, side):
    return list(range(0, width - side // 2, side // 2))


# %% exercise-2 wrong: squares that do not overlap
def left_edges(width, side):
    return [*range(0, width - side, side), width - side]


# %% exercise-3
def kept_boxes(overlaps, classes, limit):
    kept = []
    for j in range(len(classes)):
        rivals = [i for i in kept if classes[i] == classes[j] and overlaps[i, j] > limit]
        if not rivals:
            kept.append(j)
    return kept


# %% exercise-3 wrong: lets dropped boxes drop others
def kept_boxes(overlaps, classes, limit):
    kept = []
    for j in range(len(classes)):
        rivals = [i for i in range(j) if classes[i] == classes[j] and overlaps[i, j] > limit]
        if not rivals:
            kept.append(j)
    return kept


# %% exercise-3 wrong: forgets the classes
def kept_boxes(overlaps, classes, limit):
    kept = []
    for j in range(len(classes)):
        if not [i for i in kept if overlaps[i, j] > limit]:
            kept.append(j)
    return kept


# %% exercise-3 wrong: drops at the limit, not only above it
def kept_boxes(overlaps, classes, limit):
    kept = []
    for j in range(len(classes)):
        rivals = [i for i in kept if classes[i] == classes[j] and overlaps[i, j] >= limit]
        if not rivals:
            kept.append(j)
    return kept
