# %% [markdown]
# # Answers to the exercises of 04_1 Transfer learning

# %% exercise-1
def nearest_mean(features, labels, new):
    means = np.array([features[labels == k].mean(axis=0) for k in range(labels.max() + 1)])
    distances = np.linalg.norm(new[:, None] - means, axis=2)  # (M, classes)
    return distances.argmin(axis=1)


# %% exercise-1 wrong: takes the nearest picture instead of the nearest mean
def nearest_mean(features, labels, new):
    distances = np.linalg.norm(new[:, None] - features, axis=2)
    return labels[distances.argmin(axis=1)]


# %% exercise-1 wrong: looks at the first feature only
def nearest_mean(features, labels, new):
    means = np.array([features[labels == k].mean(axis=0) for k in range(labels.max() + 1)])
    return np.abs(new[:, None, 0] - means[:, 0]).argmin(axis=1)


# %% exercise-1 wrong: takes the farthest mean
def nearest_mean(features, labels, new):
    means = np.array([features[labels == k].mean(axis=0) for k in range(labels.max() + 1)])
    return np.linalg.norm(new[:, None] - means, axis=2).argmax(axis=1)


# %% exercise-2
def from_the_left(activation):
    return activation[:, : activation.shape[1] // 2].sum() / activation.size


# %% exercise-2 wrong: averages over the half instead of over all positions
def from_the_left(activation):
    return activation[:, : activation.shape[1] // 2].mean()


# %% exercise-2 wrong: takes the upper half
def from_the_left(activation):
    return activation[: activation.shape[0] // 2].sum() / activation.size


# %% exercise-2 wrong: leaves out what speaks against the class
def from_the_left(activation):
    return np.maximum(activation, 0)[:, : activation.shape[1] // 2].sum() / activation.size


# %% exercise-3
def steps_until(share, m):
    return int(np.ceil(np.log(1 - share) / np.log(m)))  # m ** n is left of the old mean


# %% exercise-3 wrong: takes every step to be as long as the first
def steps_until(share, m):
    return int(np.ceil(share / (1 - m)))


# %% exercise-3 wrong: one step too few
def steps_until(share, m):
    return int(np.log(1 - share) / np.log(m))


# %% exercise-3 wrong: asks how long until so much is left
def steps_until(share, m):
    return int(np.ceil(np.log(share) / np.log(m)))
