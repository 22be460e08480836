# %% [markdown]
# # Answers to the exercises of 09_1 Adversarial game

# %% exercise-1
def best_answers(real, made):
    p, q = real / real.sum(), made / made.sum()
    return p / (p + q)


# %% exercise-1 wrong: forgets that more of one kind were collected
def best_answers(real, made):
    return real / (real + made)


# %% exercise-1 wrong: answers how probably a sample is generated
def best_answers(real, made):
    p, q = real / real.sum(), made / made.sum()
    return q / (p + q)


# %% exercise-1 wrong: returns the ratio instead of the share
def best_answers(real, made):
    return (real / real.sum()) / np.maximum(made / made.sum(), 1e-9)


# %% exercise-2
def pull_ratio(logit):
    return np.exp(-logit)  # (1 - D) / D


# %% exercise-2 wrong: divides the other way round
def pull_ratio(logit):
    return np.exp(logit)


# %% exercise-2 wrong: returns the non-saturating pull alone
def pull_ratio(logit):
    return 1 / (1 + np.exp(logit))


# %% exercise-2 wrong: divides the losses instead of their slopes
def pull_ratio(logit):
    d = 1 / (1 + np.exp(-logit))
    return np.log(d) / np.log(1 - d)


# %% exercise-3
def missing_modes(samples, centres, reach):
    distances = np.abs(samples[:, None] - centres)
    return np.flatnonzero(distances.min(axis=0) > reach)


# %% exercise-3 wrong: returns the modes that were visited
def missing_modes(samples, centres, reach):
    distances = np.abs(samples[:, None] - centres)
    return np.flatnonzero(distances.min(axis=0) <= reach)


# %% exercise-3 wrong: returns where the modes are
def missing_modes(samples, centres, reach):
    distances = np.abs(samples[:, None] - centres)
    return centres[distances.min(axis=0) > reach]


# %% exercise-3 wrong: gives every sample to its nearest mode, however far
def missing_modes(samples, centres, reach):
    nearest = np.abs(samples[:, None] - centres).argmin(axis=1)
    return np.setdiff1d(np.arange(len(centres)), nearest)
