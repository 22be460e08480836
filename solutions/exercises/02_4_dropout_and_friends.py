# %% [markdown]
# # Answers to the exercises of 02_4 Dropout and its friends

# %% exercise-1
def limit_columns(weights, limit):
    lengths = np.sqrt((weights**2).sum(axis=0))
    return weights * np.where(lengths > limit, limit / np.maximum(lengths, 1e-12), 1)


# %% exercise-1 wrong: makes every column that long
def limit_columns(weights, limit):
    lengths = np.sqrt((weights**2).sum(axis=0))
    return weights * limit / np.maximum(lengths, 1e-12)


# %% exercise-1 wrong: clips single weights
def limit_columns(weights, limit):
    return np.clip(weights, -limit, limit)


# %% exercise-1 wrong: measures rows
def limit_columns(weights, limit):
    lengths = np.sqrt((weights**2).sum(axis=1, keepdims=True))
    return weights * np.where(lengths > limit, limit / np.maximum(lengths, 1e-12), 1)


# %% exercise-2
def smooth_labels(labels, classes, amount):
    soft = np.full((len(labels), classes), amount / (classes - 1))
    soft[np.arange(len(labels)), labels] = 1 - amount
    return soft


# %% exercise-2 wrong: shares among all classes
def smooth_labels(labels, classes, amount):
    return (1 - amount) * np.eye(classes)[labels] + amount / classes


# %% exercise-2 wrong: forgets to take the share from the right class
def smooth_labels(labels, classes, amount):
    soft = np.full((len(labels), classes), amount / (classes - 1))
    soft[np.arange(len(labels)), labels] = 1
    return soft


# %% exercise-2 wrong: does not soften
def smooth_labels(labels, classes, amount):
    return np.eye(classes)[labels]


# %% exercise-3
def fold_batch_norm(weights, bias, gamma, beta, mean, variance):
    scale = gamma / np.sqrt(variance + 1e-3)
    return weights * scale, (bias - mean) * scale + beta


# %% exercise-3 wrong: forgets the old bias
def fold_batch_norm(weights, bias, gamma, beta, mean, variance):
    scale = gamma / np.sqrt(variance + 1e-3)
    return weights * scale, beta - mean * scale


# %% exercise-3 wrong: divides by the variance
def fold_batch_norm(weights, bias, gamma, beta, mean, variance):
    scale = gamma / (variance + 1e-3)
    return weights * scale, (bias - mean) * scale + beta


# %% exercise-3 wrong: forgets the scale in the bias
def fold_batch_norm(weights, bias, gamma, beta, mean, variance):
    scale = gamma / np.sqrt(variance + 1e-3)
    return weights * scale, bias - mean + beta
