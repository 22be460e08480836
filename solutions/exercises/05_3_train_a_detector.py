# %% [markdown]
# # Answers to the exercises of 05_3 Train a detector

# %% exercise-1
def visible_box(masks):
    visible = masks[0] & ~masks[1]
    rows, columns = np.nonzero(visible)
    if len(rows) == 0:
        return np.zeros(4)
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])


# %% exercise-1 wrong: forgets what is covered
def visible_box(masks):
    rows, columns = np.nonzero(masks[0])
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])


# %% exercise-1 wrong: the last pixel is left out
def visible_box(masks):
    rows, columns = np.nonzero(masks[0] & ~masks[1])
    if len(rows) == 0:
        return np.zeros(4)
    return np.array([columns.min(), rows.min(), columns.max(), rows.max()])


# %% exercise-1 wrong: rows and columns swapped
def visible_box(masks):
    rows, columns = np.nonzero(masks[0] & ~masks[1])
    if len(rows) == 0:
        return np.zeros(4)
    return np.array([rows.min(), columns.min(), rows.max() + 1, columns.max() + 1])


# %% exercise-2
def which_count(entropy, labels, ratio=3):
    counts = labels > 0
    background = np.flatnonzero(~counts)
    order = background[np.argsort(-entropy[background], kind="stable")]
    result = counts.copy()
    result[order[: ratio * counts.sum()]] = True
    return result


# %% exercise-2 wrong: matched boxes are mined as well
def which_count(entropy, labels, ratio=3):
    counts = labels > 0
    result = counts.copy()
    result[np.argsort(-entropy)[: ratio * counts.sum()]] = True
    return result


# %% exercise-2 wrong: the easiest instead of the hardest
def which_count(entropy, labels, ratio=3):
    counts = labels > 0
    background = np.flatnonzero(~counts)
    order = background[np.argsort(entropy[background], kind="stable")]
    result = counts.copy()
    result[order[: ratio * counts.sum()]] = True
    return result


# %% exercise-2 wrong: matched boxes do not count
def which_count(entropy, labels, ratio=3):
    counts = labels > 0
    background = np.flatnonzero(~counts)
    order = background[np.argsort(-entropy[background], kind="stable")]
    result = np.zeros(len(labels), bool)
    result[order[: ratio * counts.sum()]] = True
    return result


# %% exercise-3
def read_cell(cell, row, column, cells, size):
    x, y = (column + cell[1]) / cells * size, (row + cell[2]) / cells * size
    width, height = cell[3] ** 2 * size, cell[4] ** 2 * size
    return np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2])


# %% exercise-3 wrong: forgets the roots
def read_cell(cell, row, column, cells, size):
    x, y = (column + cell[1]) / cells * size, (row + cell[2]) / cells * size
    width, height = cell[3] * size, cell[4] * size
    return np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2])


# %% exercise-3 wrong: rows and columns swapped
def read_cell(cell, row, column, cells, size):
    x, y = (row + cell[1]) / cells * size, (column + cell[2]) / cells * size
    width, height = cell[3] ** 2 * size, cell[4] ** 2 * size
    return np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2])


# %% exercise-3 wrong: the place in the cell is taken as a corner
def read_cell(cell, row, column, cells, size):
    x, y = (column + cell[1]) / cells * size, (row + cell[2]) / cells * size
    return np.array([x, y, x + cell[3] ** 2 * size, y + cell[4] ** 2 * size])
