# %% [markdown]
# # Answers to the exercises of 03_3 What VGG16 sees

# %% exercise-1
def shared_pixels(stack):
    size, distance = 1, 1
    for kernel, stride in stack:
        size += (kernel - 1) * distance
        distance *= stride
    return max(size - distance, 0)


# %% exercise-1 wrong: forgets that strides spread the later kernels
def shared_pixels(stack):
    size, distance = 1, 1
    for kernel, stride in stack:
        size += kernel - 1
        distance *= stride
    return max(size - distance, 0)


# %% exercise-1 wrong: lets a layer's own stride spread its own kernel
def shared_pixels(stack):
    size, distance = 1, 1
    for kernel, stride in stack:
        distance *= stride
        size += (kernel - 1) * distance
    return max(size - distance, 0)


# %% exercise-1 wrong: counts less than none
def shared_pixels(stack):
    size, distance = 1, 1
    for kernel, stride in stack:
        size += (kernel - 1) * distance
        distance *= stride
    return size - distance


# %% exercise-2
def strongest_box(values, size, stride, start):
    row, column = np.unravel_index(values.argmax(), values.shape)
    x0, y0 = start + column * stride, start + row * stride
    return x0, y0, x0 + size, y0 + size


# %% exercise-2 wrong: takes the row for x
def strongest_box(values, size, stride, start):
    row, column = np.unravel_index(values.argmax(), values.shape)
    x0, y0 = start + row * stride, start + column * stride
    return x0, y0, x0 + size, y0 + size


# %% exercise-2 wrong: forgets the stride
def strongest_box(values, size, stride, start):
    row, column = np.unravel_index(values.argmax(), values.shape)
    x0, y0 = start + column, start + row
    return x0, y0, x0 + size, y0 + size


# %% exercise-2 wrong: forgets the start
def strongest_box(values, size, stride, start):
    row, column = np.unravel_index(values.argmax(), values.shape)
    x0, y0 = column * stride, row * stride
    return x0, y0, x0 + size, y0 + size


# %% exercise-3
def falls(picture, size, score):
    before = score(picture)
    height, width = picture.shape
    result = np.zeros((height // size, width // size))
    for row, column in np.ndindex(result.shape):
        covered = picture.copy()
        covered[row * size : (row + 1) * size, column * size : (column + 1) * size] = 0
        result[row, column] = before - score(covered)
    return result


# %% exercise-3 wrong: covers the same copy again and again
def falls(picture, size, score):
    before, covered = score(picture), picture.copy()
    height, width = picture.shape
    result = np.zeros((height // size, width // size))
    for row, column in np.ndindex(result.shape):
        covered[row * size : (row + 1) * size, column * size : (column + 1) * size] = 0
        result[row, column] = before - score(covered)
    return result


# %% exercise-3 wrong: takes the score before from the score after
def falls(picture, size, score):
    before = score(picture)
    height, width = picture.shape
    result = np.zeros((height // size, width // size))
    for row, column in np.ndindex(result.shape):
        covered = picture.copy()
        covered[row * size : (row + 1) * size, column * size : (column + 1) * size] = 0
        result[row, column] = score(covered) - before
    return result


# %% exercise-3 wrong: moves the square by one pixel
def falls(picture, size, score):
    before = score(picture)
    height, width = picture.shape
    result = np.zeros((height // size, width // size))
    for row, column in np.ndindex(result.shape):
        covered = picture.copy()
        covered[row : row + size, column : column + size] = 0
        result[row, column] = before - score(covered)
    return result
