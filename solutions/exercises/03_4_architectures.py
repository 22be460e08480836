# %% [markdown]
# # Answers to the exercises of 03_4 Architectures

# %% exercise-1
def separable_weights(kernel, inputs, outputs):
    return kernel**2 * inputs + inputs * outputs


# %% exercise-1 wrong: multiplies where it should add
def separable_weights(kernel, inputs, outputs):
    return kernel**2 * inputs * outputs


# %% exercise-1 wrong: forgets that a window has height and width
def separable_weights(kernel, inputs, outputs):
    return kernel * inputs + inputs * outputs


# %% exercise-1 wrong: gives every output channel a depthwise window
def separable_weights(kernel, inputs, outputs):
    return kernel**2 * outputs + inputs * outputs


# %% exercise-2
def dilated_field(stack):
    field, step = 1, 1
    for kernel, stride, dilation in stack:
        field += (kernel - 1) * dilation * step
        step *= stride
    return field


# %% exercise-2 wrong: ignores the gaps
def dilated_field(stack):
    field, step = 1, 1
    for kernel, stride, dilation in stack:
        field += (kernel - 1) * step
        step *= stride
    return field


# %% exercise-2 wrong: counts the gaps in pixels, not in steps of the layer below
def dilated_field(stack):
    field, step = 1, 1
    for kernel, stride, dilation in stack:
        field += (kernel - 1) * (step + dilation - 1)
        step *= stride
    return field


# %% exercise-2 wrong: lets the dilation make the steps larger
def dilated_field(stack):
    field, step = 1, 1
    for kernel, stride, dilation in stack:
        field += (kernel - 1) * dilation * step
        step *= stride * dilation
    return field


# %% exercise-3
def chain_slope(slopes, shortcuts):
    slope = 1.0
    for one in slopes:
        slope *= one + 1 if shortcuts else one
    return slope


# %% exercise-3 wrong: adds the slopes
def chain_slope(slopes, shortcuts):
    return sum(slopes) + (len(slopes) if shortcuts else 0)


# %% exercise-3 wrong: puts one shortcut around the whole chain
def chain_slope(slopes, shortcuts):
    slope = 1.0
    for one in slopes:
        slope *= one
    return slope + 1 if shortcuts else slope


# %% exercise-3 wrong: forgets the shortcuts
def chain_slope(slopes, shortcuts):
    slope = 1.0
    for one in slopes:
        slope *= one
    return slope
