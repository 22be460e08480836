# %% [markdown]
# # Answers to the exercises of 04_2 Embedding and retrieval

# %% exercise-1
def recall_at(relevant, k):
    return relevant[:k].sum() / relevant.sum()


# %% exercise-1 wrong: divides by k, which is the precision
def recall_at(relevant, k):
    return relevant[:k].sum() / k


# %% exercise-1 wrong: takes one rank too few
def recall_at(relevant, k):
    return relevant[: k - 1].sum() / relevant.sum()


# %% exercise-1 wrong: divides by the length of the list
def recall_at(relevant, k):
    return relevant[:k].sum() / len(relevant)


# %% exercise-2
def inverse_document_frequency(counts):
    holding = (counts > 0).sum(axis=0)
    return np.where(holding > 0, np.log(len(counts) / np.maximum(holding, 1)), 0)


# %% exercise-2 wrong: counts occurrences instead of pictures
def inverse_document_frequency(counts):
    holding = counts.sum(axis=0)
    return np.where(holding > 0, np.log(len(counts) / np.maximum(holding, 1)), 0)


# %% exercise-2 wrong: takes the fraction the other way up
def inverse_document_frequency(counts):
    holding = (counts > 0).sum(axis=0)
    return np.where(holding > 0, np.log(np.maximum(holding, 1) / len(counts)), 0)


# %% exercise-2 wrong: a word in no picture gets the largest weight
def inverse_document_frequency(counts):
    holding = (counts > 0).sum(axis=0)
    return np.log(len(counts) / np.maximum(holding, 1))
