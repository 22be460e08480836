# %% [markdown]
# # Answers to the exercises of 10_1 Style transfer

# %% exercise-1
def style_distance(features, wanted):
    def gram_of(maps):
        rows = maps.reshape(-1, maps.shape[-1])
        return rows.T @ rows / len(rows)

    G, A = gram_of(features), gram_of(wanted)
    return ((G - A) ** 2).sum() / (A**2).sum()


# %% exercise-1 wrong: adds up places instead of taking their mean
def style_distance(features, wanted):
    def gram_of(maps):
        rows = maps.reshape(-1, maps.shape[-1])
        return rows.T @ rows

    G, A = gram_of(features), gram_of(wanted)
    return ((G - A) ** 2).sum() / (A**2).sum()


# %% exercise-1 wrong: compares the means of channels only
def style_distance(features, wanted):
    G, A = features.mean(axis=(0, 1)), wanted.mean(axis=(0, 1))
    return ((G - A) ** 2).sum() / (A**2).sum()


# %% exercise-1 wrong: forgets what stands off the diagonal, and the unit
def style_distance(features, wanted):
    G, A = (features**2).mean(axis=(0, 1)), (wanted**2).mean(axis=(0, 1))
    return ((G - A) ** 2).mean()


# %% exercise-2
def content_slope(F, P):
    return 2 * (F - P) / (P**2).sum()


# %% exercise-2 wrong: forgets the 2
def content_slope(F, P):
    return (F - P) / (P**2).sum()


# %% exercise-2 wrong: points downhill
def content_slope(F, P):
    return 2 * (P - F) / (P**2).sum()


# %% exercise-2 wrong: divides each by its own square
def content_slope(F, P):
    return 2 * (F - P) / P**2


# %% exercise-3
def keep_colours(painted, photo):
    change = painted.mean(axis=-1, keepdims=True) - photo.mean(axis=-1, keepdims=True)
    return np.clip(photo + change, 0, 1)


# %% exercise-3 wrong: moves by each colour's own difference
def keep_colours(painted, photo):
    return np.clip(photo + (painted - photo), 0, 1)


# %% exercise-3 wrong: does not cut
def keep_colours(painted, photo):
    change = painted.mean(axis=-1, keepdims=True) - photo.mean(axis=-1, keepdims=True)
    return photo + change


# %% exercise-3 wrong: gives the painted picture the photo's brightness
def keep_colours(painted, photo):
    change = photo.mean(axis=-1, keepdims=True) - painted.mean(axis=-1, keepdims=True)
    return np.clip(painted + change, 0, 1)
