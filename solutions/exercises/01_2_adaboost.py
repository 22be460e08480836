# %% [markdown]
# # Answers to the exercises of 01_2 AdaBoost

# %% exercise-1
def majority_of_three(p, q, r):
    two = p * q * (1 - r) + p * (1 - q) * r + (1 - p) * q * r
    return two + p * q * r


# %% exercise-1 wrong: forgets that all three may be right
def majority_of_three(p, q, r):
    return p * q * (1 - r) + p * (1 - q) * r + (1 - p) * q * r


# %% exercise-1 wrong: gives all voters the mean skill
def majority_of_three(p, q, r):
    mean = (p + q + r) / 3
    return 3 * mean**2 * (1 - mean) + mean**3


# %% exercise-1 wrong: adds up pairs and counts three right voters three times
def majority_of_three(p, q, r):
    return p * q + p * r + q * r


# %% exercise-2
def reweight_without_exp(weights, labels, answers):
    wrong = labels != answers
    error = weights[wrong].sum()
    return np.where(wrong, weights / (2 * error), weights / (2 * (1 - error)))


# %% exercise-2 wrong: makes all weights of a group equal
def reweight_without_exp(weights, labels, answers):
    wrong = labels != answers
    return np.where(wrong, 0.5 / wrong.sum(), 0.5 / (~wrong).sum())


# %% exercise-2 wrong: forgets the 2, so that everything sums to 2
def reweight_without_exp(weights, labels, answers):
    wrong = labels != answers
    error = weights[wrong].sum()
    return np.where(wrong, weights / error, weights / (1 - error))


# %% exercise-2 wrong: gives the right samples what the wrong ones should get
def reweight_without_exp(weights, labels, answers):
    wrong = labels == answers
    error = weights[wrong].sum()
    return np.where(wrong, weights / (2 * (1 - error)), weights / (2 * error))


# %% exercise-3
def rounds_to_keep(staged, labels):
    mistakes = ((staged > 0) != (labels > 0)).sum(axis=1)
    return int(np.argmin(mistakes)) + 1


# %% exercise-3 wrong: counts rounds from 0
def rounds_to_keep(staged, labels):
    mistakes = ((staged > 0) != (labels > 0)).sum(axis=1)
    return int(np.argmin(mistakes))


# %% exercise-3 wrong: keeps the last of equal rounds
def rounds_to_keep(staged, labels):
    mistakes = ((staged > 0) != (labels > 0)).sum(axis=1)
    return int(np.flatnonzero(mistakes == mistakes.min())[-1]) + 1


# %% exercise-3 wrong: counts the mistakes of each sample instead of each round
def rounds_to_keep(staged, labels):
    mistakes = ((staged > 0) != (labels > 0)).sum(axis=0)
    return int(np.argmin(mistakes)) + 1
