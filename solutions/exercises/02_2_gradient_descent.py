# %% [markdown]
# # Answers to the exercises of 02_2 Gradient descent

# %% exercise-1
def largest_rate(curvatures):
    return 2 / max(curvatures)


# %% exercise-1 wrong: takes the smallest curvature, which sets the pace, not the limit
def largest_rate(curvatures):
    return 2 / min(curvatures)


# %% exercise-1 wrong: stops at the rate that jumps straight to the bottom
def largest_rate(curvatures):
    return 1 / max(curvatures)


# %% exercise-1 wrong: lets a downhill bend set a limit
def largest_rate(curvatures):
    return 2 / max(abs(curvature) for curvature in curvatures)


# %% exercise-2
def nesterov(w, v, gradient_at, rate, keep):
    v = keep * v - rate * gradient_at(w + keep * v)
    return w + v, v


# %% exercise-2 wrong: feels the slope at w, which is plain momentum
def nesterov(w, v, gradient_at, rate, keep):
    v = keep * v - rate * gradient_at(w)
    return w + v, v


# %% exercise-2 wrong: looks a whole velocity ahead
def nesterov(w, v, gradient_at, rate, keep):
    v = keep * v - rate * gradient_at(w + v)
    return w + v, v


# %% exercise-2 wrong: goes uphill
def nesterov(w, v, gradient_at, rate, keep):
    v = keep * v + rate * gradient_at(w + keep * v)
    return w + v, v


# %% exercise-3
def clipped(gradient, longest):
    length = np.linalg.norm(gradient)
    return gradient if length <= longest else gradient * longest / length


# %% exercise-3 wrong: clips every number alone, which turns the arrow
def clipped(gradient, longest):
    return np.clip(gradient, -longest, longest)


# %% exercise-3 wrong: stretches short arrows as well
def clipped(gradient, longest):
    length = np.linalg.norm(gradient)
    return gradient * longest / length if length > 0 else gradient


# %% exercise-3 wrong: takes the sum of the numbers for the length
def clipped(gradient, longest):
    length = np.abs(gradient).sum()
    return gradient if length <= longest else gradient * longest / length
