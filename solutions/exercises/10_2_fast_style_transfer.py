# %% [markdown]
# # Answers to the exercises of 10_2 Fast style transfer


# %% exercise-1
def statistics(maps):
    return np.concatenate([maps.mean(axis=(0, 1)), maps.std(axis=(0, 1))])


# %% exercise-1 wrong: over the channels, too
def statistics(maps):
    return np.array([maps.mean(), maps.std()])


# %% exercise-1 wrong: one value per row, not per channel
def statistics(maps):
    return np.concatenate([maps.mean(axis=(1, 2)), maps.std(axis=(1, 2))])


# %% exercise-1 wrong: the variance
def statistics(maps):
    return np.concatenate([maps.mean(axis=(0, 1)), maps.var(axis=(0, 1))])


# %% exercise-2
def keep_colours(photo, painting):
    lighter = painting.mean(axis=-1, keepdims=True) - photo.mean(axis=-1, keepdims=True)
    return (photo + lighter).clip(0, 1)


# %% exercise-2 wrong: takes the painting's colours and the photo's light
def keep_colours(photo, painting):
    lighter = photo.mean(axis=-1, keepdims=True) - painting.mean(axis=-1, keepdims=True)
    return (painting + lighter).clip(0, 1)


# %% exercise-2 wrong: no clip
def keep_colours(photo, painting):
    return photo + painting.mean(axis=-1, keepdims=True) - photo.mean(axis=-1, keepdims=True)


# %% exercise-2 wrong: moves each channel to the painting's, which is the painting
def keep_colours(photo, painting):
    return (photo + painting - photo).clip(0, 1)


# %% exercise-3
def code_at(codes, time):
    first = min(int(time), len(codes) - 2)
    share = time - first
    return (1 - share) * codes[first] + share * codes[first + 1]


# %% exercise-3 wrong: jumps from code to code
def code_at(codes, time):
    return codes[round(time)]


# %% exercise-3 wrong: always between the first two
def code_at(codes, time):
    return (1 - time) * codes[0] + time * codes[1]


# %% exercise-3 wrong: runs over the end
def code_at(codes, time):
    first = int(time)
    share = time - first
    return (1 - share) * codes[first] + share * codes[first + 1]
