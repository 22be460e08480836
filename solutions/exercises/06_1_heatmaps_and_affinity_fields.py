# %% [markdown]
# # Answers to the exercises of 06_1 Heatmaps and affinity fields

# %% exercise-1
def pck_of_one(found, truth, alpha):
    distances = np.linalg.norm(found - truth, axis=1)
    size = np.ptp(truth, axis=0).max()
    return (distances <= alpha * size).mean()


# %% exercise-1 wrong: takes the shorter side of the box
def pck_of_one(found, truth, alpha):
    distances = np.linalg.norm(found - truth, axis=1)
    return (distances <= alpha * np.ptp(truth, axis=0).min()).mean()


# %% exercise-1 wrong: looks at x and y apart, not at the distance
def pck_of_one(found, truth, alpha):
    size = np.ptp(truth, axis=0).max()
    return (np.abs(found - truth) <= alpha * size).all(axis=1).mean()


# %% exercise-1 wrong: thinks that the box begins at 0
def pck_of_one(found, truth, alpha):
    distances = np.linalg.norm(found - truth, axis=1)
    return (distances <= alpha * truth.max()).mean()


# %% exercise-2
def mirror_joints(joints, width):
    turned = joints * [-1, 1] + [width - 1, 0]
    return turned[:, list(FLIP)]


# %% exercise-2 wrong: forgets to swap left and right
def mirror_joints(joints, width):
    return joints * [-1, 1] + [width - 1, 0]


# %% exercise-2 wrong: pixel 0 goes outside the picture
def mirror_joints(joints, width):
    turned = joints * [-1, 1] + [width, 0]
    return turned[:, list(FLIP)]


# %% exercise-2 wrong: swaps the names, but leaves everybody in place
def mirror_joints(joints, width):
    return joints[:, list(FLIP)]


# %% exercise-3
def limb_mask(height, width, start, end, radius):
    limb = np.subtract(end, start)
    length = np.hypot(*limb)
    y, x = np.mgrid[:height, :width]
    along = ((x - start[0]) * limb[0] + (y - start[1]) * limb[1]) / length
    across = ((x - start[0]) * limb[1] - (y - start[1]) * limb[0]) / length
    return (along >= 0) & (along <= length) & (np.abs(across) <= radius)


# %% exercise-3 wrong: takes the endless line
def limb_mask(height, width, start, end, radius):
    limb = np.subtract(end, start)
    y, x = np.mgrid[:height, :width]
    across = ((x - start[0]) * limb[1] - (y - start[1]) * limb[0]) / np.hypot(*limb)
    return np.abs(across) <= radius


# %% exercise-3 wrong: confuses rows with x
def limb_mask(height, width, start, end, radius):
    limb = np.subtract(end, start)
    length = np.hypot(*limb)
    x, y = np.mgrid[:height, :width]
    along = ((x - start[0]) * limb[0] + (y - start[1]) * limb[1]) / length
    across = ((x - start[0]) * limb[1] - (y - start[1]) * limb[0]) / length
    return (along >= 0) & (along <= length) & (np.abs(across) <= radius)


# %% exercise-3 wrong: keeps one side of the limb only
def limb_mask(height, width, start, end, radius):
    limb = np.subtract(end, start)
    length = np.hypot(*limb)
    y, x = np.mgrid[:height, :width]
    along = ((x - start[0]) * limb[0] + (y - start[1]) * limb[1]) / length
    across = ((x - start[0]) * limb[1] - (y - start[1]) * limb[0]) / length
    return (along >= 0) & (along <= length) & (across >= 0) & (across <= radius)
