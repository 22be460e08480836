# %% [markdown]
# # Answers to the exercises of 03_1 Convolution and pooling

# %% exercise-1
def kernel_that_moves(down, right):
    kernel = np.zeros((3, 3))
    kernel[1 - down, 1 - right] = 1
    return kernel


# %% exercise-1 wrong: turns the kernel, as a mathematician's convolution does
def kernel_that_moves(down, right):
    kernel = np.zeros((3, 3))
    kernel[1 + down, 1 + right] = 1
    return kernel


# %% exercise-1 wrong: swaps rows and columns
def kernel_that_moves(down, right):
    kernel = np.zeros((3, 3))
    kernel[1 - right, 1 - down] = 1
    return kernel


# %% exercise-1 wrong: counts from the corner instead of the middle
def kernel_that_moves(down, right):
    kernel = np.zeros((3, 3))
    kernel[-down, -right] = 1
    return kernel


# %% exercise-2
def last_size(pixels, layers):
    for kernel, stride, padding in layers:
        if pixels + 2 * padding < kernel:
            return 0
        pixels = (pixels + 2 * padding - kernel) // stride + 1
    return pixels


# %% exercise-2 wrong: adds the padding on one side only
def last_size(pixels, layers):
    for kernel, stride, padding in layers:
        pixels = max((pixels + padding - kernel) // stride + 1, 0)
    return pixels


# %% exercise-2 wrong: rounds up
def last_size(pixels, layers):
    for kernel, stride, padding in layers:
        pixels = max(-(-(pixels + 2 * padding - kernel) // stride) + 1, 0)
    return pixels


# %% exercise-2 wrong: forgets the first stop
def last_size(pixels, layers):
    for kernel, stride, padding in layers:
        pixels = max((pixels + 2 * padding - kernel) // stride, 0)
    return pixels


# %% exercise-3
def blocks_needed(pixels):
    blocks, r, j = 0, 1, 1
    while r < pixels:
        r = r + 2 * j + j  # the convolution, then the pooling, both in steps of j
        j = 2 * j
        blocks = blocks + 1
    return blocks


# %% exercise-3 wrong: forgets that the step doubles
def blocks_needed(pixels):
    blocks, r = 0, 1
    while r < pixels:
        r = r + 3
        blocks = blocks + 1
    return blocks


# %% exercise-3 wrong: leaves out the pooling's own window
def blocks_needed(pixels):
    blocks, r, j = 0, 1, 1
    while r < pixels:
        r, j = r + 2 * j, 2 * j
        blocks = blocks + 1
    return blocks


# %% exercise-3 wrong: wants more than the pixels asked for
def blocks_needed(pixels):
    blocks, r, j = 0, 1, 1
    while r <= pixels:
        r, j = r + 3 * j, 2 * j
        blocks = blocks + 1
    return blocks
