# The answers to the exercises of notebooks/01_4_line_art.ipynb, and typical wrong ones.

# %% exercise-1
# Exercise 1: a copy of the picture (H, W, 3) that is white where difference (H, W) > threshold.
def white_ink(picture, difference, threshold):
    painted = picture.copy()
    painted[difference > threshold] = 1
    return painted


white_ink(np.zeros((1, 2, 3)), np.array([[0.0, 0.2]]), 0.1)


# %% exercise-1 wrong: paints dark lines as well
def white_ink(picture, difference, threshold):
    painted = picture.copy()
    painted[np.abs(difference) > threshold] = 1
    return painted


white_ink(np.zeros((1, 2, 3)), np.array([[0.0, 0.2]]), 0.1)


# %% exercise-1 wrong: paints the input itself
def white_ink(picture, difference, threshold):
    picture[difference > threshold] = 1
    return picture


white_ink(np.zeros((1, 2, 3)), np.array([[0.0, 0.2]]), 0.1)


# %% exercise-1 wrong: paints where the difference equals the threshold
def white_ink(picture, difference, threshold):
    return np.where((difference >= threshold)[..., None], 1, picture)


white_ink(np.zeros((1, 2, 3)), np.array([[0.0, 0.2]]), 0.1)


# %% exercise-2
# Exercise 2: the mask, grown by `radius` and shrunk again: a bool array of the same shape.
def close_gaps(mask, radius):
    return morphology.erode(morphology.dilate(mask, radius), radius)


close_gaps(np.array([[True, False, True]]), 1)


# %% exercise-2 wrong: shrinks first
def close_gaps(mask, radius):
    return morphology.dilate(morphology.erode(mask, radius), radius)


close_gaps(np.array([[True, False, True]]), 1)


# %% exercise-2 wrong: only grows
def close_gaps(mask, radius):
    return morphology.dilate(mask, radius)


close_gaps(np.array([[True, False, True]]), 1)


# %% exercise-2 wrong: forgets the radius
def close_gaps(mask, radius):
    return morphology.erode(morphology.dilate(mask))


close_gaps(np.array([[True, False, True]]), 1)
