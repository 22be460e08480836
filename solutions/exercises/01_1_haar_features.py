# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 01_1 Haar features: answers to the exercises


# %% exercise-1
def rectangle_mean(integral, x, y, width, height):
    bottom, right = y + height, x + width
    total = integral[bottom, right] - integral[y, right] - integral[bottom, x] + integral[y, x]
    return total / (width * height)


# %% exercise-1 wrong: leaves out the last row and column
def rectangle_mean(integral, x, y, width, height):
    bottom, right = y + height - 1, x + width - 1
    total = integral[bottom, right] - integral[y, right] - integral[bottom, x] + integral[y, x]
    return total / (width * height)


# %% exercise-1 wrong: takes the column first
def rectangle_mean(integral, x, y, width, height):
    bottom, right = y + height, x + width
    total = integral[right, bottom] - integral[right, y] - integral[x, bottom] + integral[x, y]
    return total / (width * height)


# %% exercise-1 wrong: the sum, not the mean
def rectangle_mean(integral, x, y, width, height):
    bottom, right = y + height, x + width
    return integral[bottom, right] - integral[y, right] - integral[bottom, x] + integral[y, x]


# %% exercise-1 wrong: forgets to add the corner again
def rectangle_mean(integral, x, y, width, height):
    bottom, right = y + height, x + width
    total = integral[bottom, right] - integral[y, right] - integral[bottom, x]
    return total / (width * height)


# %% exercise-2
def count_features(height, width, across, down):
    ways_across = sum(width - w + 1 for w in range(across, width + 1, across))
    ways_down = sum(height - h + 1 for h in range(down, height + 1, down))
    return ways_across * ways_down


# %% exercise-2 wrong: forgets the last place
def count_features(height, width, across, down):
    ways_across = sum(width - w for w in range(across, width + 1, across))
    ways_down = sum(height - h for h in range(down, height + 1, down))
    return ways_across * ways_down


# %% exercise-2 wrong: takes the window for a square
def count_features(height, width, across, down):
    ways_across = sum(width - w + 1 for w in range(across, width + 1, across))
    ways_down = sum(width - h + 1 for h in range(down, width + 1, down))
    return ways_across * ways_down


# %% exercise-2 wrong: counts sizes that do not divide into cells
def count_features(height, width, across, down):
    ways_across = sum(width - w + 1 for w in range(across, width + 1))
    ways_down = sum(height - h + 1 for h in range(down, height + 1))
    return ways_across * ways_down


# %% exercise-2 wrong: counts places and forgets sizes
def count_features(height, width, across, down):
    return (width - across + 1) * (height - down + 1)


# %% exercise-3
def rectangle_std(picture, x, y, width, height):
    pixels = width * height
    total = haar.rectangle_sum(haar.integral_image(picture), x, y, width, height)
    squares = haar.rectangle_sum(haar.integral_image(picture**2), x, y, width, height)
    return np.sqrt(squares / pixels - (total / pixels) ** 2)


# %% exercise-3 wrong: the variance
def rectangle_std(picture, x, y, width, height):
    pixels = width * height
    total = haar.rectangle_sum(haar.integral_image(picture), x, y, width, height)
    squares = haar.rectangle_sum(haar.integral_image(picture**2), x, y, width, height)
    return squares / pixels - (total / pixels) ** 2


# %% exercise-3 wrong: forgets the square of the mean
def rectangle_std(picture, x, y, width, height):
    squares = haar.rectangle_sum(haar.integral_image(picture**2), x, y, width, height)
    return np.sqrt(squares / (width * height))


# %% exercise-3 wrong: squares the integral image, not the picture
def rectangle_std(picture, x, y, width, height):
    pixels = width * height
    total = haar.rectangle_sum(haar.integral_image(picture), x, y, width, height)
    squares = haar.rectangle_sum(haar.integral_image(picture) ** 2, x, y, width, height)
    return np.sqrt(np.abs(squares / pixels - (total / pixels) ** 2))


# %% exercise-3 wrong: the whole picture, not the rectangle
def rectangle_std(picture, x, y, width, height):
    return np.std(picture)
