# %% [markdown]
# # Typical answers to the assignment neural_network
#
# Wrong ones, each of which must lose points of its own task and of no other, and some more right
# ones. Each cell takes the place of the solution cell that it names. "(part)": it loses only the
# harder of the task's two checks.

# %% softmax wrong: one sum for all rows
def softmax(logits):
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


# %% softmax wrong: sums down the columns
def softmax(logits):
    powers = np.exp(logits - logits.max(axis=0))
    return powers / powers.sum(axis=0)


# %% softmax wrong: divides the logits instead of their powers
def softmax(logits):
    positive = logits - logits.min(axis=1, keepdims=True) + 1e-9
    return positive / positive.sum(axis=1, keepdims=True)


# %% softmax wrong: gives every class the same
def softmax(logits):
    return np.full(logits.shape, 1 / logits.shape[1])


# %% softmax wrong: overflows (part)
def softmax(logits):
    powers = np.exp(logits)
    return powers / powers.sum(axis=1, keepdims=True)


# %% softmax wrong: takes away the largest logit of all rows (part)
def softmax(logits):
    powers = np.exp(logits - logits.max())
    return powers / powers.sum(axis=1, keepdims=True)


# %% softmax wrong: cuts large logits off (part)
def softmax(logits):
    powers = np.exp(np.clip(logits, -700, 700))
    return powers / powers.sum(axis=1, keepdims=True)


# %% loss wrong: adds up instead of taking the mean
def cross_entropy(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)
    sums = np.log(np.exp(shifted).sum(axis=1))
    return (sums - shifted[np.arange(len(labels)), labels]).sum()


# %% loss wrong: takes the mean over classes, too
def cross_entropy(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)
    sums = np.log(np.exp(shifted).sum(axis=1))
    return (sums - shifted[np.arange(len(labels)), labels]).sum() / logits.size


# %% loss wrong: takes the labels of all samples in every row
def cross_entropy(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)
    sums = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return (sums - shifted[:, labels]).mean()


# %% loss wrong: logarithms of base 2
def cross_entropy(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)
    sums = np.log2(np.exp(shifted).sum(axis=1))
    return (sums - shifted[np.arange(len(labels)), labels] / np.log(2)).mean()


# %% loss wrong: goes through p, which overflows (part)
def cross_entropy(logits, labels):
    powers = np.exp(logits)
    p = powers / powers.sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(labels)), labels]).mean()


# %% loss wrong: keeps p from 0 (part)
def cross_entropy(logits, labels):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1, keepdims=True)
    return -np.log(np.maximum(p[np.arange(len(labels)), labels], 1e-300)).mean()


# %% backward wrong: forgets to divide by N
def backward(X, H, W2, P, labels):
    by_Z2 = P - np.eye(P.shape[1])[labels]
    by_Z1 = by_Z2 @ W2.T * (H > 0)
    return X.T @ by_Z1, by_Z1.sum(axis=0), H.T @ by_Z2, by_Z2.sum(axis=0)


# %% backward wrong: truth minus P
def backward(X, H, W2, P, labels):
    by_Z2 = (np.eye(P.shape[1])[labels] - P) / len(labels)
    by_Z1 = by_Z2 @ W2.T * (H > 0)
    return X.T @ by_Z1, by_Z1.sum(axis=0), H.T @ by_Z2, by_Z2.sum(axis=0)


# %% backward wrong: takes the mean for the biases
def backward(X, H, W2, P, labels):
    by_Z2 = (P - np.eye(P.shape[1])[labels]) / len(labels)
    by_Z1 = by_Z2 @ W2.T * (H > 0)
    return X.T @ by_Z1, by_Z1.mean(axis=0), H.T @ by_Z2, by_Z2.mean(axis=0)


# %% backward wrong: a softmax's own slope on top, p (1 - p)
def backward(X, H, W2, P, labels):
    by_Z2 = (P - np.eye(P.shape[1])[labels]) / len(labels) * P * (1 - P)
    by_Z1 = by_Z2 @ W2.T * (H > 0)
    return X.T @ by_Z1, by_Z1.sum(axis=0), H.T @ by_Z2, by_Z2.sum(axis=0)


# %% backward wrong: forgets the ReLU (part)
def backward(X, H, W2, P, labels):
    by_Z2 = (P - np.eye(P.shape[1])[labels]) / len(labels)
    by_Z1 = by_Z2 @ W2.T
    return X.T @ by_Z1, by_Z1.sum(axis=0), H.T @ by_Z2, by_Z2.sum(axis=0)


# %% backward wrong: takes a unit of 0 for open (part)
def backward(X, H, W2, P, labels):
    by_Z2 = (P - np.eye(P.shape[1])[labels]) / len(labels)
    by_Z1 = by_Z2 @ W2.T * (H >= 0)
    return X.T @ by_Z1, by_Z1.sum(axis=0), H.T @ by_Z2, by_Z2.sum(axis=0)


# %% backward wrong: closes a unit for all samples if it is shut for one (part)
def backward(X, H, W2, P, labels):
    by_Z2 = (P - np.eye(P.shape[1])[labels]) / len(labels)
    by_Z1 = by_Z2 @ W2.T * (H > 0).all(axis=0)
    return X.T @ by_Z1, by_Z1.sum(axis=0), H.T @ by_Z2, by_Z2.sum(axis=0)


# %% adam wrong: forgets the bias correction
def adam_step(w, g, m, s, t, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m = beta_1 * m + (1 - beta_1) * g
    s = beta_2 * s + (1 - beta_2) * g**2
    return w - rate * m / (np.sqrt(s) + epsilon), m, s


# %% adam wrong: walks uphill
def adam_step(w, g, m, s, t, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m = beta_1 * m + (1 - beta_1) * g
    s = beta_2 * s + (1 - beta_2) * g**2
    m_hat, s_hat = m / (1 - beta_1**t), s / (1 - beta_2**t)
    return w + rate * m_hat / (np.sqrt(s_hat) + epsilon), m, s


# %% adam wrong: returns the corrected averages
def adam_step(w, g, m, s, t, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m = (beta_1 * m + (1 - beta_1) * g) / (1 - beta_1**t)
    s = (beta_2 * s + (1 - beta_2) * g**2) / (1 - beta_2**t)
    return w - rate * m / (np.sqrt(s) + epsilon), m, s


# %% adam wrong: mixes up the two shares
def adam_step(w, g, m, s, t, rate, beta_1=0.999, beta_2=0.9, epsilon=1e-7):
    m = beta_1 * m + (1 - beta_1) * g
    s = beta_2 * s + (1 - beta_2) * g**2
    m_hat, s_hat = m / (1 - beta_1**t), s / (1 - beta_2**t)
    return w - rate * m_hat / (np.sqrt(s_hat) + epsilon), m, s


# %% adam wrong: corrects every step like the first (part)
def adam_step(w, g, m, s, t, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m = beta_1 * m + (1 - beta_1) * g
    s = beta_2 * s + (1 - beta_2) * g**2
    m_hat, s_hat = m / (1 - beta_1), s / (1 - beta_2)
    return w - rate * m_hat / (np.sqrt(s_hat) + epsilon), m, s


# %% adam wrong: divides by 0 where there was no gradient (part)
def adam_step(w, g, m, s, t, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m = beta_1 * m + (1 - beta_1) * g
    s = beta_2 * s + (1 - beta_2) * g**2
    m_hat, s_hat = m / (1 - beta_1**t), s / (1 - beta_2**t)
    return w - rate * m_hat / np.sqrt(s_hat), m, s


# %% adam wrong: takes every array for a list of numbers
def adam_step(w, g, m, s, t, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    import math

    m = [beta_1 * a + (1 - beta_1) * b for a, b in zip(m, g)]
    s = [beta_2 * a + (1 - beta_2) * b**2 for a, b in zip(s, g)]
    roots = [math.sqrt(a / (1 - beta_2**t)) + epsilon for a in s]
    return [a - rate * b / (1 - beta_1**t) / root for a, b, root in zip(w, m, roots)], m, s


# %% softmax right: sample by sample, in lists
def softmax(logits):
    rows = []
    for row in logits:
        powers = [np.exp(z - max(row)) for z in row]
        rows.append([power / sum(powers) for power in powers])
    return rows


# %% softmax right: through the logarithm, in float32
def softmax(logits):
    logs = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return np.exp(logs).astype(np.float32)


# %% loss right: the logarithm of a sum of powers, as NumPy has it
def cross_entropy(logits, labels):
    return float(np.mean(np.logaddexp.reduce(logits, axis=1) - logits[range(len(labels)), labels]))


# %% loss right: by differences to the right logit, in an array of no dimension
def cross_entropy(logits, labels):
    losses = []
    for row, label in zip(logits, labels):
        gaps = row - row[label]
        top = gaps.max()
        losses.append(top + np.log(np.exp(gaps - top).sum()))
    return np.array(np.mean(losses))


# %% backward right: sample by sample, as a list
def backward(X, H, W2, P, labels):
    by_W1, by_b1 = np.zeros((X.shape[1], H.shape[1])), np.zeros(H.shape[1])
    by_W2, by_b2 = np.zeros(W2.shape), np.zeros(W2.shape[1])
    for x, h, p, label in zip(X, H, P, labels):
        by_z2 = p / len(X)
        by_z2[label] -= 1 / len(X)
        by_z1 = (W2 @ by_z2) * (h > 0)
        by_W1 += np.outer(x, by_z1)
        by_b1 += by_z1
        by_W2 += np.outer(h, by_z2)
        by_b2 += by_z2
    return [by_W1, by_b1, by_W2, by_b2]


# %% backward right: with a one-hot truth, in float32
def backward(X, H, W2, P, labels):
    by_Z2 = (P - np.eye(P.shape[1])[labels]) / len(labels)
    by_Z1 = np.where(H > 0, by_Z2 @ W2.T, 0)
    slopes = np.einsum("ni,nu->iu", X, by_Z1), by_Z1.sum(0), np.einsum("nu,nc->uc", H, by_Z2), by_Z2.sum(0)
    return tuple(slope.astype(np.float32) for slope in slopes)


# %% adam right: as Keras does, epsilon beside the uncorrected root
def adam_step(w, g, m, s, t, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m = m + (1 - beta_1) * (g - m)
    s = s + (1 - beta_2) * (g**2 - s)
    rate = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    return w - rate * m / (np.sqrt(s) + epsilon), m, s


# %% adam right: writes into the memory that it was given
def adam_step(w, g, m, s, t, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m *= beta_1
    m += (1 - beta_1) * g
    s *= beta_2
    s += (1 - beta_2) * g * g
    return [w - rate * (m / (1 - beta_1**t)) / (np.sqrt(s / (1 - beta_2**t)) + epsilon), m, s]
