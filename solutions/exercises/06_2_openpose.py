# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 06_2 OpenPose: answers to the exercises


# %% exercise-1
def unmirror(points, width, pairs):
    result = points * [-1, 1] + [width - 1, 0]
    for a, b in pairs:
        result[[a, b]] = result[[b, a]]
    return result


# %% exercise-1 wrong: leaves left and right as they are called
def unmirror(points, width, pairs):
    return points * [-1, 1] + [width - 1, 0]


# %% exercise-1 wrong: one pixel off
def unmirror(points, width, pairs):
    result = points * [-1, 1] + [width, 0]
    for a, b in pairs:
        result[[a, b]] = result[[b, a]]
    return result


# %% exercise-1 wrong: exchanges only x
def unmirror(points, width, pairs):
    result = points * [-1, 1] + [width - 1, 0]
    for a, b in pairs:
        result[[a, b], 0] = result[[b, a], 0]
    return result


# %% exercise-2
def count_faces(noses, boxes):
    x, y = noses[:, :1], noses[:, 1:]
    inside = (x >= boxes[:, 0]) & (x <= boxes[:, 2]) & (y >= boxes[:, 1]) & (y <= boxes[:, 3])
    return inside.any(axis=0).sum(), (~inside.any(axis=1)).sum()


# %% exercise-2 wrong: counts noses, not faces
def count_faces(noses, boxes):
    x, y = noses[:, :1], noses[:, 1:]
    inside = (x >= boxes[:, 0]) & (x <= boxes[:, 2]) & (y >= boxes[:, 1]) & (y <= boxes[:, 3])
    return inside.sum(), (~inside.any(axis=1)).sum()


# %% exercise-2 wrong: looks at x only
def count_faces(noses, boxes):
    inside = (noses[:, :1] >= boxes[:, 0]) & (noses[:, :1] <= boxes[:, 2])
    inside |= noses[:, :1] > 10
    return inside.any(axis=0).sum(), (~inside.any(axis=1)).sum()


# %% exercise-2 wrong: every nose is used by one face only
def count_faces(noses, boxes):
    found, free = 0, list(range(len(noses)))
    for x0, y0, x1, y1 in boxes:
        inside = [n for n in free if x0 <= noses[n, 0] <= x1 and y0 <= noses[n, 1] <= y1]
        found += bool(inside)
        free = [n for n in free if n not in inside]
    return found, len(free)


# %% exercise-3
def input_height(height, person, wanted):
    return max(8, 8 * round(height * wanted / person / 8))


# %% exercise-3 wrong: forgets the multiple of 8
def input_height(height, person, wanted):
    return max(8, round(height * wanted / person))


# %% exercise-3 wrong: upside down
def input_height(height, person, wanted):
    return max(8, 8 * round(height * person / wanted / 8))


# %% exercise-3 wrong: may be nothing
def input_height(height, person, wanted):
    return 8 * round(height * wanted / person / 8)
