# %% [markdown]
# # Typical answers to the assignment viola_jones
#
# Wrong ones, each of which must lose points of its own task and of no other, and some more right
# ones. Each cell takes the place of the solution cell that it names. "(part)": it loses only the
# harder of the task's two checks.

# %% integral-image wrong: leaves out the row and the column of zeros
def integral_image(image):
    return image.astype(float).cumsum(axis=0).cumsum(axis=1)


# %% integral-image wrong: puts the zeros last
def integral_image(image):
    return np.pad(image.astype(float).cumsum(axis=0).cumsum(axis=1), [(0, 1), (0, 1)])


# %% integral-image wrong: adds up along the rows only
def integral_image(image):
    return np.pad(image.astype(float).cumsum(axis=1), [(1, 0), (1, 0)])


# %% integral-image wrong: sums of bytes in bytes (part)
def integral_image(image):
    sums = np.zeros((image.shape[0] + 1, image.shape[1] + 1), image.dtype)
    sums[1:, 1:] = image.cumsum(axis=0, dtype=image.dtype).cumsum(axis=1, dtype=image.dtype)
    return sums


# %% integral-image wrong: returns the table of the text, whatever the picture
def integral_image(image):
    sums = [[0, 0, 0, 0, 0], [0, 2, 2, 3, 6], [0, 3, 7, 8, 12], [0, 8, 13, 16, 20], [0, 8, 16, 20, 25]]
    return np.array(sums)


# %% two-rectangles wrong: dark minus light
def two_rectangles(integral, kind, x, y, width, height):
    def total(x, y, w, h):
        return integral[y + h, x + w] - integral[y, x + w] - integral[y + h, x] + integral[y, x]

    if kind == "two_across":
        w = width // 2
        return total(x, y, w, height) - total(x + w, y, w, height)
    h = height // 2
    return total(x, y, width, h) - total(x, y + h, width, h)


# %% two-rectangles wrong: forgets to give back the corner
def two_rectangles(integral, kind, x, y, width, height):
    def total(x, y, w, h):
        return integral[y + h, x + w] - integral[y, x + w] - integral[y + h, x]

    if kind == "two_across":
        w = width // 2
        return total(x + w, y, w, height) - total(x, y, w, height)
    h = height // 2
    return total(x, y + h, width, h) - total(x, y, width, h)


# %% two-rectangles wrong: takes width and height for those of one half
def two_rectangles(integral, kind, x, y, width, height):
    def total(x, y, w, h):
        bottom, right = min(y + h, len(integral) - 1), min(x + w, integral.shape[1] - 1)
        return integral[bottom, right] - integral[y, right] - integral[bottom, x] + integral[y, x]

    if kind == "two_across":
        return total(x + width, y, width, height) - total(x, y, width, height)
    return total(x, y + height, width, height) - total(x, y, width, height)


# %% two-rectangles wrong: takes every feature for two_across (part)
def two_rectangles(integral, kind, x, y, width, height):
    def total(x, y, w, h):
        return integral[y + h, x + w] - integral[y, x + w] - integral[y + h, x] + integral[y, x]

    w = width // 2
    return total(x + w, y, w, height) - total(x, y, w, height)


# %% stump wrong: counts mistakes and does not mind the weights
def best_stump(values, labels, weights):
    levels = np.unique(values)
    best = (0.0, 1, 2.0)
    for threshold in (levels[:-1] + levels[1:]) / 2:
        for polarity in (1, -1):
            answers = np.where(values > threshold, polarity, -polarity)
            error = (answers != labels).mean()
            if error < best[2]:
                best = (threshold, polarity, error)
    return best


# %% stump wrong: forgets to sort the labels along with the values
def best_stump(values, labels, weights):
    levels = np.sort(values)
    errors = weights[labels < 0].sum() + np.cumsum(weights * labels)[:-1]
    errors = np.where(levels[:-1] < levels[1:], errors, 0.5)
    k = np.argmin(np.minimum(errors, 1 - errors))
    polarity = 1 if errors[k] < 0.5 else -1
    return (levels[k] + levels[k + 1]) / 2, polarity, min(errors[k], 1 - errors[k])


# %% stump wrong: puts the threshold on a value instead of between two
def best_stump(values, labels, weights):
    best = (0.0, 1, 2.0)
    for threshold in np.unique(values):
        for polarity in (1, -1):
            answers = np.where(values > threshold, polarity, -polarity)
            error = weights[answers != labels].sum()
            if error < best[2]:
                best = (threshold, polarity, error)
    return best


# %% stump wrong: never says -1 above the threshold (part)
def best_stump(values, labels, weights):
    levels = np.unique(values)
    best = (0.0, 1, 2.0)
    for threshold in (levels[:-1] + levels[1:]) / 2:
        error = weights[np.where(values > threshold, 1, -1) != labels].sum()
        if error < best[2]:
            best = (threshold, 1, error)
    return best


# %% stump wrong: cuts between equal values (part)
def best_stump(values, labels, weights):
    order = np.argsort(values)
    v = values[order]
    errors = weights[labels < 0].sum() + np.cumsum((weights * labels)[order])[:-1]
    k = np.argmin(np.minimum(errors, 1 - errors))
    polarity = 1 if errors[k] < 0.5 else -1
    return (v[k] + v[k + 1]) / 2, polarity, min(errors[k], 1 - errors[k])


# %% round wrong: forgets the half
def boosting_round(weights, labels, answers):
    error = weights[answers != labels].sum()
    alpha = np.log((1 - error) / error)
    grown = weights * np.exp(-alpha * labels * answers)
    return error, alpha, grown / grown.sum()


# %% round wrong: forgets to scale the weights to sum 1
def boosting_round(weights, labels, answers):
    error = weights[answers != labels].sum()
    alpha = 0.5 * np.log((1 - error) / error)
    return error, alpha, weights * np.exp(-alpha * labels * answers)


# %% round wrong: lets the right ones grow
def boosting_round(weights, labels, answers):
    error = weights[answers != labels].sum()
    alpha = 0.5 * np.log((1 - error) / error)
    grown = weights * np.exp(alpha * labels * answers)
    return error, alpha, grown / grown.sum()


# %% round wrong: takes the share of mistakes for the error (part)
def boosting_round(weights, labels, answers):
    error = (answers != labels).mean()
    alpha = 0.5 * np.log((1 - error) / error)
    grown = weights * np.exp(-alpha * labels * answers)
    return error, alpha, grown / grown.sum()


# %% round wrong: gives no say to a stump that is worse than a coin (part)
def boosting_round(weights, labels, answers):
    error = weights[answers != labels].sum()
    alpha = max(0.0, 0.5 * np.log((1 - error) / error))
    grown = weights * np.exp(-alpha * labels * answers)
    return error, alpha, grown / grown.sum()


# %% group wrong: keeps the largest box of a group instead of the mean
def group_hits(hits, min_neighbors):
    left, kept = list(range(len(hits))), []
    while left:
        group = [left.pop(0)]
        for member in group:
            near = [k for k in left if alike(hits[member], hits[k])]
            group += near
            left = [k for k in left if k not in near]
        if len(group) > min_neighbors:
            kept.append(max((hits[k] for k in group), key=lambda box: box[2] - box[0]))
    kept = np.reshape(kept, (-1, 4))
    return kept[np.argsort(kept[:, 0])]


# %% group wrong: does not sort the rows
def group_hits(hits, min_neighbors):
    left, kept = list(range(len(hits))), []
    while left:
        group = [left.pop(0)]
        for member in group:
            near = [k for k in left if alike(hits[member], hits[k])]
            group += near
            left = [k for k in left if k not in near]
        if len(group) > min_neighbors:
            kept.append(hits[group].mean(axis=0))
    return np.reshape(kept, (-1, 4))


# %% group wrong: keeps the lonely hits, too
def group_hits(hits, min_neighbors):
    left, kept = list(range(len(hits))), []
    while left:
        group = [left.pop(0)]
        for member in group:
            near = [k for k in left if alike(hits[member], hits[k])]
            group += near
            left = [k for k in left if k not in near]
        kept.append(hits[group].mean(axis=0))
    kept = np.reshape(kept, (-1, 4))
    return kept[np.argsort(kept[:, 0])]


# %% group wrong: min_neighbors hits are enough (part)
def group_hits(hits, min_neighbors):
    left, kept = list(range(len(hits))), []
    while left:
        group = [left.pop(0)]
        for member in group:
            near = [k for k in left if alike(hits[member], hits[k])]
            group += near
            left = [k for k in left if k not in near]
        if len(group) >= min_neighbors:
            kept.append(hits[group].mean(axis=0))
    kept = np.reshape(kept, (-1, 4))
    return kept[np.argsort(kept[:, 0])]


# %% group wrong: compares with the first hit of a group only (part)
def group_hits(hits, min_neighbors):
    left, kept = list(range(len(hits))), []
    while left:
        first = left.pop(0)
        group = [first] + [k for k in left if alike(hits[first], hits[k])]
        left = [k for k in left if k not in group]
        if len(group) > min_neighbors:
            kept.append(hits[group].mean(axis=0))
    kept = np.reshape(kept, (-1, 4))
    return kept[np.argsort(kept[:, 0])]


# %% integral-image right: two loops
def integral_image(image):
    height, width = image.shape
    sums = [[0.0] * (width + 1) for _ in range(height + 1)]
    for y in range(height):
        row = 0.0
        for x in range(width):
            row += float(image[y, x])
            sums[y + 1][x + 1] = sums[y][x + 1] + row
    return sums


# %% integral-image right: in float32
def integral_image(image):
    sums = np.zeros((image.shape[0] + 1, image.shape[1] + 1), np.float32)
    sums[1:, 1:] = np.cumsum(np.cumsum(image, axis=1), axis=0)
    return sums


# %% integral-image right: whole numbers stay whole numbers
def integral_image(image):
    sums = np.cumsum(np.cumsum(image, axis=0), axis=1)
    sums = np.concatenate([np.zeros((1, sums.shape[1]), sums.dtype), sums])
    return np.concatenate([np.zeros((len(sums), 1), sums.dtype), sums], axis=1)


# %% two-rectangles right: from the pixels, which it gets back by differences
def two_rectangles(integral, kind, x, y, width, height):
    image = np.diff(np.diff(integral, axis=0), axis=1)[y : y + height, x : x + width]
    first, second = np.array_split(image, 2, axis=1 if kind == "two_across" else 0)
    return float(second.sum() - first.sum())


# %% stump right: tries every threshold
def best_stump(values, labels, weights):
    levels = np.unique(values)
    best = (0.0, 1, 2.0)
    for threshold in (levels[:-1] + levels[1:]) / 2:
        for polarity in (1, -1):
            answers = np.where(values > threshold, polarity, -polarity)
            error = weights[answers != labels].sum()
            if error < best[2]:
                best = (threshold, polarity, error)
    return best


# %% stump right: a list, and the polarity as a float
def best_stump(values, labels, weights):
    levels = np.unique(values)
    cuts = (levels[:-1] + levels[1:]) / 2
    answers = np.where(values > cuts[:, None], 1, -1)
    errors = (weights * (answers != labels)).sum(axis=1)
    k = np.argmax(np.abs(errors - 0.5))
    return [cuts[k], 1.0 if errors[k] < 0.5 else -1.0, min(errors[k], 1 - errors[k])]


# %% round right: each group is scaled to half of the weight
def boosting_round(weights, labels, answers):
    wrong = labels != answers
    error = weights[wrong].sum()
    scaled = np.where(wrong, weights / (2 * error), weights / (2 * (1 - error)))
    return error, np.arctanh(1 - 2 * error), scaled


# %% group right: in lists, which it also gives to alike
def group_hits(hits, min_neighbors):
    left, found = hits.tolist(), []
    while left:
        group = [left.pop()]
        for one in group:  # grows while it is walked through
            for other in list(left):
                if alike(one, other):
                    group.append(other)
                    left.remove(other)
        if len(group) > min_neighbors:
            found.append([sum(side) / len(group) for side in zip(*group)])
    return np.reshape(sorted(found), (-1, 4))


# %% group right: walks from hit to hit
def group_hits(hits, min_neighbors):
    left, kept = list(range(len(hits))), []
    while left:
        group = [left.pop(0)]
        for member in group:
            near = [k for k in left if alike(hits[member], hits[k])]
            group += near
            left = [k for k in left if k not in near]
        if len(group) > min_neighbors:
            kept.append(hits[group].mean(axis=0).tolist())
    return sorted(kept) if kept else np.zeros((0, 4))


# %% group right: a matrix of likeness, multiplied until nothing changes
def group_hits(hits, min_neighbors):
    near = np.array([[alike(a, b) for b in hits] for a in hits])
    for _ in hits:
        near = near @ near
    kept = np.array([hits[row].mean(axis=0) for row in np.unique(near, axis=0) if row.sum() > min_neighbors])
    return kept[np.argsort(kept[:, 0])] if len(kept) else kept.reshape(0, 4)
