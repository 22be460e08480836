# %% [markdown]
# # Answers to the exercises of 03_2 Train a CNN

# %% exercise-1
def stack_parameters(channels, stack):
    total = 0
    for side, outputs in stack:
        total += (side * side * channels + 1) * outputs
        channels = outputs
    return total


# %% exercise-1 wrong: forgets the biases
def stack_parameters(channels, stack):
    total = 0
    for side, outputs in stack:
        total += side * side * channels * outputs
        channels = outputs
    return total


# %% exercise-1 wrong: every layer gets the picture's channels
def stack_parameters(channels, stack):
    return sum((side * side * channels + 1) * outputs for side, outputs in stack)


# %% exercise-1 wrong: one bias per layer
def stack_parameters(channels, stack):
    total = 0
    for side, outputs in stack:
        total += side * side * channels * outputs + 1
        channels = outputs
    return total


# %% exercise-2
def precision(matrix):
    given = matrix.sum(axis=0)  # how often each answer was given
    return np.diag(matrix) / np.maximum(given, 1)


# %% exercise-2 wrong: shares of the rows (recall)
def precision(matrix):
    return np.diag(matrix) / np.maximum(matrix.sum(axis=1), 1)


# %% exercise-2 wrong: shares of all pictures
def precision(matrix):
    return np.diag(matrix) / matrix.sum()


# %% exercise-2 wrong: an answer never given counts as always right
def precision(matrix):
    given = matrix.sum(axis=0)
    return np.where(given > 0, np.diag(matrix) / np.maximum(given, 1), 1)


# %% exercise-3
def answers_with_mirror(network, pictures):
    mean = (network(pictures) + network(pictures[:, :, ::-1])) / 2
    return mean.argmax(axis=1)


# %% exercise-3 wrong: asks about the mirror image only
def answers_with_mirror(network, pictures):
    return network(pictures[:, :, ::-1]).argmax(axis=1)


# %% exercise-3 wrong: turns the pictures upside down
def answers_with_mirror(network, pictures):
    return (network(pictures) + network(pictures[:, ::-1])).argmax(axis=1)


# %% exercise-3 wrong: reverses the order of the pictures
def answers_with_mirror(network, pictures):
    return (network(pictures) + network(pictures[::-1])).argmax(axis=1)
