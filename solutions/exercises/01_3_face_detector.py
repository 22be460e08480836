# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 01_3 The face detector: answers to the exercises


# %% exercise-1
def count_windows(height, width, window, factor):
    total, level = 0, 0
    while True:
        rows = round(height / factor**level) - window + 1
        columns = round(width / factor**level) - window + 1
        if rows < 1 or columns < 1:
            return total
        total += rows * columns
        level += 1


# %% exercise-1 wrong: forgets the last place
def count_windows(height, width, window, factor):
    total, level = 0, 0
    while round(height / factor**level) >= window and round(width / factor**level) >= window:
        rows = round(height / factor**level) - window
        columns = round(width / factor**level) - window
        total += rows * columns
        level += 1
    return total


# %% exercise-1 wrong: only the first level
def count_windows(height, width, window, factor):
    return (height - window + 1) * (width - window + 1)


# %% exercise-1 wrong: rounds down
def count_windows(height, width, window, factor):
    total = 0
    while height >= window and width >= window:
        total += (int(height) - window + 1) * (int(width) - window + 1)
        height, width = height / factor, width / factor
    return total


# %% exercise-2
def mean_features(left, stumps):
    return (left[:-1] * stumps).sum() / left[0]


# %% exercise-2 wrong: only those who pass pay
def mean_features(left, stumps):
    return (left[1:] * stumps).sum() / left[0]


# %% exercise-2 wrong: forgets to divide
def mean_features(left, stumps):
    return (left[:-1] * stumps).sum()


# %% exercise-2 wrong: everyone pays for everything
def mean_features(left, stumps):
    return sum(stumps)
