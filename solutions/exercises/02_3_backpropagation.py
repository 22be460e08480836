# %% [markdown]
# # Answers to the exercises of 02_3 Backpropagation

# %% exercise-1
def tanh_backward(h, by_h):
    return by_h * (1 - h**2)


# %% exercise-1 wrong: takes tanh of what is tanh already
def tanh_backward(h, by_h):
    return by_h * (1 - np.tanh(h) ** 2)


# %% exercise-1 wrong: returns the slope without the gradient that comes back
def tanh_backward(h, by_h):
    return 1 - h**2


# %% exercise-1 wrong: squares the gradient instead of the output
def tanh_backward(h, by_h):
    return h * (1 - by_h**2)


# %% exercise-2
def shortcut_backward(X, W, by_out):
    by_Z = by_out * (X @ W > 0)
    return by_out + by_Z @ W.T


# %% exercise-2 wrong: forgets the shortcut
def shortcut_backward(X, W, by_out):
    return (by_out * (X @ W > 0)) @ W.T


# %% exercise-2 wrong: forgets the ReLU
def shortcut_backward(X, W, by_out):
    return by_out + by_out @ W.T


# %% exercise-2 wrong: does not transpose the weights
def shortcut_backward(X, W, by_out):
    return by_out + (by_out * (X @ W > 0)) @ W


# %% exercise-3
def dead_share(hidden):
    return (hidden == 0).all(axis=0).mean()


# %% exercise-3 wrong: counts every zero
def dead_share(hidden):
    return (hidden == 0).mean()


# %% exercise-3 wrong: counts samples for which all units are zero
def dead_share(hidden):
    return (hidden == 0).all(axis=1).mean()


# %% exercise-3 wrong: counts units that are zero for some sample
def dead_share(hidden):
    return (hidden == 0).any(axis=0).mean()
