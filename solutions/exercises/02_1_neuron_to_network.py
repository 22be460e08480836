# %% [markdown]
# # Answers to the exercises of 02_1 From a neuron to a network

# %% exercise-1
def count_parameters(sizes):
    return sum(inputs * outputs + outputs for inputs, outputs in zip(sizes, sizes[1:]))


# %% exercise-1 wrong: forgets the biases
def count_parameters(sizes):
    return sum(inputs * outputs for inputs, outputs in zip(sizes, sizes[1:]))


# %% exercise-1 wrong: gives the inputs biases, too
def count_parameters(sizes):
    return sum(inputs * outputs for inputs, outputs in zip(sizes, sizes[1:])) + sum(sizes)


# %% exercise-1 wrong: knows two layers only
def count_parameters(sizes):
    return sizes[0] * sizes[1] + sizes[1] + sizes[-2] * sizes[-1] + sizes[-1]


# %% exercise-2
def surprise_at(logits, label):
    shifted = logits - logits.max()
    return np.log(np.exp(shifted).sum()) - shifted[label]


# %% exercise-2 wrong: takes the exponential of large logits
def surprise_at(logits, label):
    with np.errstate(all="ignore"):
        return np.log(np.exp(logits).sum()) - logits[label]


# %% exercise-2 wrong: goes through the probability, which is rounded to 0
def surprise_at(logits, label):
    powers = np.exp(logits - logits.max())
    with np.errstate(all="ignore"):
        return -np.log(powers[label] / powers.sum())


# %% exercise-2 wrong: forgets the minus
def surprise_at(logits, label):
    shifted = logits - logits.max()
    return shifted[label] - np.log(np.exp(shifted).sum())


# %% exercise-3
def band():
    W1, b1 = np.array([[1.0, 1.0]]), np.array([-1.0, -1.5])
    W2, b2 = np.array([[1.0], [-2.0]]), np.array([0.0])
    return W1, b1, W2, b2


# %% exercise-3 wrong: bends once only, so it never comes down again
def band():
    return np.array([[1.0, 0.0]]), np.array([-1.0, 0.0]), np.array([[1.0], [0.0]]), np.array([0.0])


# %% exercise-3 wrong: comes down to a plateau instead of to 0
def band():
    W1, b1 = np.array([[1.0, 1.0]]), np.array([-1.0, -2.0])
    return W1, b1, np.array([[1.0], [-1.0]]), np.array([0.0])


# %% exercise-3 wrong: writes one neuron a row, not a column
def band():
    W1, b1 = np.array([[1.0], [1.0]]), np.array([-1.0, -1.5])
    return W1, b1, np.array([[1.0, -2.0]]), np.array([0.0])
