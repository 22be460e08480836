# %% [markdown]
# # Typical answers to the assignment line_art
#
# Wrong ones, each of which must lose points of its own task and of no other, and some more right
# ones. Each cell takes the place of the solution cell that it names. Where "(part)" is written,
# only one of the task's two cells is lost.

# %% denoise wrong: looks for alike neighbours in the picture, not in the guide (part)
def denoise(grey, guide, reach, sigma_space, sigma_tone):
    total = weights = 0
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            if i**2 + j**2 <= reach**2:
                near = np.exp(-(i**2 + j**2) / (2 * sigma_space**2))
                alike = np.exp(-((shift(grey, i, j) - grey) ** 2) / (2 * sigma_tone**2))
                total = total + near * alike * shift(grey, i, j)
                weights = weights + near * alike
    return total / weights


# %% denoise wrong: averages the guide (part)
def denoise(grey, guide, reach, sigma_space, sigma_tone):
    total = weights = 0
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            if i**2 + j**2 <= reach**2:
                near = np.exp(-(i**2 + j**2) / (2 * sigma_space**2))
                alike = np.exp(-((shift(guide, i, j) - guide) ** 2) / (2 * sigma_tone**2))
                total = total + near * alike * shift(guide, i, j)
                weights = weights + near * alike
    return total / weights


# %% denoise wrong: a square instead of a circle
def denoise(grey, guide, reach, sigma_space, sigma_tone):
    total = weights = 0
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            near = np.exp(-(i**2 + j**2) / (2 * sigma_space**2))
            alike = np.exp(-((shift(guide, i, j) - guide) ** 2) / (2 * sigma_tone**2))
            total = total + near * alike * shift(grey, i, j)
            weights = weights + near * alike
    return total / weights


# %% denoise wrong: divides by the number of neighbours
def denoise(grey, guide, reach, sigma_space, sigma_tone):
    total, count = 0, 0
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            if i**2 + j**2 <= reach**2:
                near = np.exp(-(i**2 + j**2) / (2 * sigma_space**2))
                alike = np.exp(-((shift(guide, i, j) - guide) ** 2) / (2 * sigma_tone**2))
                total = total + near * alike * shift(grey, i, j)
                count += 1
    return total / count


# %% denoise wrong: forgets the 2 below the squares
def denoise(grey, guide, reach, sigma_space, sigma_tone):
    total = weights = 0
    for i, j in np.argwhere(np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1]) <= reach):
        i, j = i - reach, j - reach
        near = np.exp(-(i**2 + j**2) / sigma_space**2)
        alike = np.exp(-((shift(guide, i, j) - guide) ** 2) / sigma_tone**2)
        total = total + near * alike * shift(grey, i, j)
        weights = weights + near * alike
    return total / weights


# %% denoise wrong: black outside the picture
def denoise(grey, guide, reach, sigma_space, sigma_tone):
    height, width = grey.shape
    outer, outer_guide = np.pad(grey, reach), np.pad(guide, reach)
    total = weights = 0
    for i in range(2 * reach + 1):
        for j in range(2 * reach + 1):
            far = (i - reach) ** 2 + (j - reach) ** 2
            if far <= reach**2:
                other = outer_guide[i : i + height, j : j + width]
                weight = np.exp(-far / (2 * sigma_space**2))
                weight = weight * np.exp(-((other - guide) ** 2) / (2 * sigma_tone**2))
                total = total + weight * outer[i : i + height, j : j + width]
                weights = weights + weight
    return total / weights


# %% denoise wrong: gives the picture back
def denoise(grey, guide, reach, sigma_space, sigma_tone):
    return grey.copy()


# %% denoise right: all windows at once
def denoise(grey, guide, reach, sigma_space, sigma_tone):
    side = 2 * reach + 1
    view = np.lib.stride_tricks.sliding_window_view
    values = view(np.pad(grey, reach, mode="edge"), (side, side))
    others = view(np.pad(guide, reach, mode="edge"), (side, side))
    far = (np.indices((side, side)) - reach).astype(float) ** 2
    far = far.sum(axis=0)
    weights = np.where(far <= reach**2, np.exp(-far / (2 * sigma_space**2)), 0)
    weights = weights * np.exp(-((others - guide[:, :, None, None]) ** 2) / (2 * sigma_tone**2))
    return (weights * values).sum(axis=(2, 3)) / weights.sum(axis=(2, 3))


# %% lines wrong: wide minus narrow
def lines(grey, sigma, k):
    return filters.gaussian_blur(grey, k * sigma) - filters.gaussian_blur(grey, sigma)


# %% lines wrong: k itself as the width of the other blur
def lines(grey, sigma, k):
    return filters.gaussian_blur(grey, sigma) - filters.gaussian_blur(grey, k)


# %% lines wrong: blurs along the rows only
def lines(grey, sigma, k):
    def blur(width):
        steps = np.arange(-round(4 * width), round(4 * width) + 1)
        weights = np.exp(-(steps**2) / (2 * width**2))
        weights = weights / weights.sum()
        return sum(w * shift(grey, 0, n) for w, n in zip(weights, steps, strict=True))

    return blur(sigma) - blur(k * sigma)


# %% lines wrong: weights that do not sum to 1
def lines(grey, sigma, k):
    def blur(width):
        steps = np.arange(-round(4 * width), round(4 * width) + 1)
        weights = np.exp(-(steps**2) / (2 * width**2)) / width
        along = sum(w * shift(grey, 0, n) for w, n in zip(weights, steps, strict=True))
        return sum(w * shift(along, n, 0) for w, n in zip(weights, steps, strict=True))

    return blur(sigma) - blur(k * sigma)


# %% lines wrong: both blurs as short as the narrow one
def lines(grey, sigma, k):
    def blur(width):
        steps = np.arange(-int(2 * sigma + 0.5), int(2 * sigma + 0.5) + 1)
        weights = np.exp(-(steps**2) / (2 * width**2))
        weights = weights / weights.sum()
        along = sum(w * shift(grey, 0, n) for w, n in zip(weights, steps, strict=True))
        return sum(w * shift(along, n, 0) for w, n in zip(weights, steps, strict=True))

    return blur(sigma) - blur(k * sigma)


# %% lines wrong: SciPy with the border that it has by itself
def lines(grey, sigma, k):
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(grey, sigma) - gaussian_filter(grey, k * sigma)


# %% lines right: SciPy with the nearest pixel outside
def lines(grey, sigma, k):
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(grey, sigma, mode="nearest") - gaussian_filter(
        grey, k * sigma, mode="nearest"
    )


# %% lines right: OpenCV with the nearest pixel outside
def lines(grey, sigma, k):
    grey = np.asarray(grey, np.float32)
    narrow = cv2.GaussianBlur(grey, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return narrow - cv2.GaussianBlur(grey, (0, 0), k * sigma, borderType=cv2.BORDER_REPLICATE)


# %% ink wrong: the blur before the square
def ink(difference, sigma, floor, threshold, softness):
    contrast = np.abs(filters.gaussian_blur(difference, sigma))
    return np.clip(1 + (difference / (contrast + floor) + threshold) / softness, 0, 1)


# %% ink wrong: forgets the root
def ink(difference, sigma, floor, threshold, softness):
    contrast = filters.gaussian_blur(difference**2, sigma)
    return np.clip(1 + (difference / (contrast + floor) + threshold) / softness, 0, 1)


# %% ink wrong: one threshold for the whole picture
def ink(difference, sigma, floor, threshold, softness):
    return np.clip(1 + (difference / floor + threshold) / softness, 0, 1)


# %% ink wrong: floor beneath the root
def ink(difference, sigma, floor, threshold, softness):
    contrast = np.sqrt(filters.gaussian_blur(difference**2, sigma) + floor)
    return np.clip(1 + (difference / contrast + threshold) / softness, 0, 1)


# %% ink wrong: a step instead of a ramp
def ink(difference, sigma, floor, threshold, softness):
    contrast = np.sqrt(filters.gaussian_blur(difference**2, sigma))
    return (difference / (contrast + floor) >= -threshold).astype(float)


# %% ink wrong: never cuts the ramp at 0 and 1
def ink(difference, sigma, floor, threshold, softness):
    contrast = np.sqrt(filters.gaussian_blur(difference**2, sigma))
    return 1 + (difference / (contrast + floor) + threshold) / softness


# %% ink wrong: white ink on black
def ink(difference, sigma, floor, threshold, softness):
    contrast = np.sqrt(filters.gaussian_blur(difference**2, sigma))
    return 1 - np.clip(1 + (difference / (contrast + floor) + threshold) / softness, 0, 1)


# %% ink right: the ramp by interpolation, the blur by OpenCV
def ink(difference, sigma, floor, threshold, softness):
    squares = np.asarray(difference, np.float32) ** 2
    blurred = cv2.GaussianBlur(squares, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    ratio = difference / (blurred**0.5 + floor)
    return np.interp(ratio, [-threshold - softness, -threshold], [0, 1])


# %% clean wrong: pixels touch through sides only
def clean(drawing, area, faint, sure):
    mask = (drawing < faint).astype(np.uint8)
    labels = cv2.connectedComponents(mask, connectivity=4)[1]
    result = drawing.copy()
    for number in range(1, labels.max() + 1):
        own = labels == number
        if own.sum() < area or drawing[own].min() >= sure:
            result[own] = 1
    return result


# %% clean wrong: area pixels are not enough (part)
def clean(drawing, area, faint, sure):
    mask = (drawing < faint).astype(np.uint8)
    labels = cv2.connectedComponents(mask, connectivity=8)[1]
    result = drawing.copy()
    for number in range(1, labels.max() + 1):
        own = labels == number
        if area > 1 and own.sum() <= area or drawing[own].min() >= sure:
            result[own] = 1
    return result


# %% clean wrong: all that is no stroke becomes paper
def clean(drawing, area, faint, sure):
    mask = (drawing < faint).astype(np.uint8)
    labels = cv2.connectedComponents(mask, connectivity=8)[1]
    result = np.ones_like(drawing)
    for number in range(1, labels.max() + 1):
        own = labels == number
        if own.sum() >= area and drawing[own].min() < sure:
            result[own] = drawing[own]
    return result


# %% clean wrong: does not ask how dark a stroke is (part)
def clean(drawing, area, faint, sure):
    mask = (drawing < faint).astype(np.uint8)
    labels = cv2.connectedComponents(mask, connectivity=8)[1]
    large = np.bincount(labels.ravel()) >= area
    large[0] = True
    return np.where(large[labels], drawing, 1)


# %% clean wrong: takes away the pixels that are not dark enough (part)
def clean(drawing, area, faint, sure):
    mask = (drawing < faint).astype(np.uint8)
    labels = cv2.connectedComponents(mask, connectivity=8)[1]
    large = np.bincount(labels.ravel()) >= area
    large[0] = True
    kept = np.where(large[labels], drawing, 1)
    return np.where((kept >= sure) & (kept < faint), 1, kept)


# %% clean wrong: either rule is enough
def clean(drawing, area, faint, sure):
    mask = (drawing < faint).astype(np.uint8)
    labels = cv2.connectedComponents(mask, connectivity=8)[1]
    result = drawing.copy()
    for number in range(1, labels.max() + 1):
        own = labels == number
        if own.sum() < area and drawing[own].min() >= sure:
            result[own] = 1
    return result


# %% clean wrong: gives the drawing back
def clean(drawing, area, faint, sure):
    return drawing


# %% clean right: SciPy
def clean(drawing, area, faint, sure):
    from scipy import ndimage

    labels, count = ndimage.label(drawing < faint, structure=np.ones((3, 3)))
    numbers = np.arange(1, count + 1)
    sizes = ndimage.sum_labels(np.ones(drawing.shape), labels, numbers)
    darkest = ndimage.minimum(drawing, labels, numbers)
    gone = numbers[(np.asarray(sizes) < area) | (np.asarray(darkest) >= sure)]
    return np.where(np.isin(labels, gone), 1.0, drawing)


# %% clean right: walks through every stroke
def clean(drawing, area, faint, sure):
    result = np.array(drawing)
    todo = {(int(y), int(x)) for y, x in np.argwhere(result < faint)}
    while todo:
        stroke, edge = set(), [todo.pop()]
        while edge:
            y, x = edge.pop()
            stroke.add((y, x))
            around = {(y + i, x + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & todo
            todo -= around
            edge.extend(around)
        if len(stroke) < area or min(drawing[place] for place in stroke) >= sure:
            for place in stroke:
                result[place] = 1
    return result


# %% compose wrong: the darkest layer only
def compose(layers, weights):
    return np.min([1 - w * (1 - np.asarray(a)) for a, w in zip(layers, weights, strict=True)], 0)


# %% compose wrong: the mean of the layers
def compose(layers, weights):
    return np.mean([1 - w * (1 - np.asarray(a)) for a, w in zip(layers, weights, strict=True)], 0)


# %% compose wrong: weighs the paper instead of the ink
def compose(layers, weights):
    return np.prod([w * np.asarray(a) for a, w in zip(layers, weights, strict=True)], axis=0)


# %% compose wrong: adds up the ink
def compose(layers, weights):
    ink = sum(w * (1 - np.asarray(a)) for a, w in zip(layers, weights, strict=True))
    return np.clip(1 - ink, 0, 1)


# %% compose wrong: two layers, whatever comes
def compose(layers, weights):
    result = 1 - weights[0] * (1 - np.asarray(layers[0]))
    if len(layers) > 1:
        result = result * (1 - weights[1] * (1 - np.asarray(layers[1])))
    return result


# %% compose right: all layers at once
def compose(layers, weights):
    weights = np.asarray(weights, np.float32)[:, None, None]
    return np.prod(1 - weights * (1 - np.asarray(layers, np.float32)), axis=0)
