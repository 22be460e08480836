# %% [markdown]
# # Answers to the exercises of 09_2 DCGAN

# %% exercise-1
def stamps_per_pixel(count, size, stride):
    out = np.zeros(stride * (count - 1) + size)
    for i in range(count):
        out[i * stride : i * stride + size] += 1
    return out


# %% exercise-1 wrong: stamps side by side, whatever the stride
def stamps_per_pixel(count, size, stride):
    out = np.zeros(count - 1 + size)
    for i in range(count):
        out[i : i + size] += 1
    return out


# %% exercise-1 wrong: the output cut to stride * count
def stamps_per_pixel(count, size, stride):
    out = np.zeros(stride * count + size)
    for i in range(count):
        out[i * stride : i * stride + size] += 1
    return out[: stride * count]


# %% exercise-1 wrong: overwrites instead of adding
def stamps_per_pixel(count, size, stride):
    out = np.zeros(stride * (count - 1) + size)
    for i in range(count):
        out[i * stride : i * stride + size] = 1
    return out


# %% exercise-2
def frechet_of_numbers(a, b):
    return (a.mean() - b.mean()) ** 2 + (a.std() - b.std()) ** 2


# %% exercise-2 wrong: variances instead of deviations
def frechet_of_numbers(a, b):
    return (a.mean() - b.mean()) ** 2 + (a.var() - b.var()) ** 2


# %% exercise-2 wrong: forgets the deviations
def frechet_of_numbers(a, b):
    return (a.mean() - b.mean()) ** 2


# %% exercise-2 wrong: the root of it
def frechet_of_numbers(a, b):
    return np.hypot(a.mean() - b.mean(), a.std() - b.std())


# %% exercise-3
def recall(real, generated, radii):
    distances = np.linalg.norm(real[:, None] - generated[None], axis=2)  # (N, M)
    return (distances <= radii).any(axis=1).mean()


# %% exercise-3 wrong: the share of pairs
def recall(real, generated, radii):
    return (np.linalg.norm(real[:, None] - generated[None], axis=2) <= radii).mean()


# %% exercise-3 wrong: the share of balls that hold a real picture
def recall(real, generated, radii):
    return (np.linalg.norm(real[:, None] - generated[None], axis=2) <= radii).any(axis=0).mean()


# %% exercise-3 wrong: the border does not count
def recall(real, generated, radii):
    return (np.linalg.norm(real[:, None] - generated[None], axis=2) < radii).any(axis=1).mean()
