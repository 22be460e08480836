"""Five optimizers in NumPy: each turns gradients into steps downhill, exactly as Keras' does.

Taught in ``02_2_gradient_descent``. The keywords and their defaults are those of Keras.

>>> optimizer = Adam(learning_rate=0.01)
>>> for pictures, labels in batches:
...     optimizer.step(parameters, gradients(parameters, pictures, labels))
"""

from abc import ABC, abstractmethod

import numpy as np

from course_lib import checks

__all__ = ["SGD", "AdaGrad", "Adam", "Momentum", "Optimizer", "RMSprop"]


class Optimizer(ABC):
    """What the five have in common: one `step` for a list of parameters.

    Parameters
    ----------
    learning_rate : float
        At least 0. May be changed between two steps.

    Attributes
    ----------
    iterations : int
        Steps taken so far.

    Notes
    -----
    An optimizer remembers earlier gradients: use a new one for each network.
    """

    def __init__(self, learning_rate):
        self.learning_rate = checks.number(learning_rate, "learning_rate", low=0)
        self.iterations = 0
        self._memories = []

    def step(self, parameters, gradients):
        """Move every parameter one step, in place.

        Parameters
        ----------
        parameters : list of float ndarray
            Any shapes, the same ones in every step. They are changed.
        gradients : list of array_like
            One per parameter, of its shape. They are not changed.

        Raises
        ------
        TypeError
            If either is not a list, or a parameter is not a float array.
        ValueError
            If number or shapes do not fit, a parameter is read-only, or a gradient is not finite in
            its parameter's type; no parameter is changed.
        """
        parameters, gradients = _checked(parameters, gradients)
        if not self.iterations:
            self._memories = [self._start(p) for p in parameters]
            self._shapes = [p.shape for p in parameters]
        shapes = [p.shape for p in parameters]
        if shapes != self._shapes:
            raise ValueError(
                f"parameters has shapes {shapes}, in the first step {self._shapes}; "
                "wanted the same ones: use a new optimizer for each network."
            )
        self.iterations += 1
        pairs = zip(gradients, self._memories, strict=True)
        # All moves before the first change: a gradient may be another parameter itself.
        moves = [self._move(gradient, *memory) for gradient, memory in pairs]
        for parameter, move in zip(parameters, moves, strict=True):
            parameter += move

    def _start(self, parameter):
        """What to remember of one parameter before the first step: a list of arrays."""
        return []

    @abstractmethod
    def _move(self, gradient, *memory):
        """The change of one parameter; updates what is remembered of it, in place."""


class SGD(Optimizer):
    """Stochastic gradient descent: a step against the gradient.

    Parameters
    ----------
    learning_rate : float

    Notes
    -----
    ``keras.optimizers.SGD``. Taught in ``02_2_gradient_descent``.
    Source: Robbins and Monro, 1951, doi 10.1214/aoms/1177729586.
    """

    def __init__(self, learning_rate=0.01):
        super().__init__(learning_rate)

    def _move(self, gradient):
        return -self.learning_rate * gradient


class Momentum(Optimizer):
    """Gradient descent with a velocity: a heavy ball that keeps rolling.

    Parameters
    ----------
    learning_rate : float
    momentum : float
        Share of the velocity that is kept, from 0 (`SGD`) to 1.

    Notes
    -----
    ``keras.optimizers.SGD(momentum=0.9)``; Keras' own default is 0. Taught in
    ``02_2_gradient_descent``. Source: Polyak, 1964, doi 10.1016/0041-5553(64)90137-5.
    """

    def __init__(self, learning_rate=0.01, momentum=0.9):
        super().__init__(learning_rate)
        self.momentum = checks.number(momentum, "momentum", low=0, high=1)

    def _start(self, parameter):
        return [np.zeros_like(parameter)]

    def _move(self, gradient, velocity):
        velocity[...] = self.momentum * velocity - self.learning_rate * gradient
        return velocity


class AdaGrad(Optimizer):
    """A step of its own for every number: shorter the more gradient it has seen.

    Parameters
    ----------
    learning_rate : float
    initial_accumulator_value : float
        Where the sums of squared gradients start; at least 0.
    epsilon : float
        Keeps the division from 0.

    Notes
    -----
    ``keras.optimizers.Adagrad``. Taught in ``02_2_gradient_descent``.
    Source: Duchi, Hazan and Singer, JMLR 2011, whose sums start at 0.
    """

    def __init__(self, learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-7):
        super().__init__(learning_rate)
        name = "initial_accumulator_value"
        self.initial_accumulator_value = checks.number(initial_accumulator_value, name, low=0)
        self.epsilon = _positive(epsilon, "epsilon")

    def _start(self, parameter):
        return [np.full_like(parameter, self.initial_accumulator_value)]

    def _move(self, gradient, total):
        total += gradient**2
        return -self.learning_rate * gradient / np.sqrt(total + self.epsilon)


class RMSprop(Optimizer):
    """AdaGrad that forgets: a moving average of the squares in place of their sum.

    Parameters
    ----------
    learning_rate : float
    rho : float
        Share of the average that is kept in each step, from 0 to below 1.
    epsilon : float
        Keeps the division from 0.

    Notes
    -----
    ``keras.optimizers.RMSprop``. Taught in ``02_2_gradient_descent``. Source: Tieleman and
    Hinton, Neural networks for machine learning, lecture 6.5, 2012.
    """

    def __init__(self, learning_rate=0.001, rho=0.9, epsilon=1e-7):
        super().__init__(learning_rate)
        self.rho = _below_one(rho, "rho")
        self.epsilon = _positive(epsilon, "epsilon")

    def _start(self, parameter):
        return [np.zeros_like(parameter)]

    def _move(self, gradient, square):
        square[...] = self.rho * square + (1 - self.rho) * gradient**2
        return -self.learning_rate * gradient / np.sqrt(square + self.epsilon)


class Adam(Optimizer):
    """Momentum and RMSprop together, both corrected for having started at 0.

    Parameters
    ----------
    learning_rate : float
    beta_1, beta_2 : float
        Shares kept of the averages of the gradients and of their squares, from 0 to below 1.
    epsilon : float
        Keeps the division from 0.

    Notes
    -----
    ``keras.optimizers.Adam``: the form that ends section 2 of the paper, in which epsilon stands
    beside the root of the *uncorrected* average. Taught in ``02_2_gradient_descent``.
    Source: Kingma and Ba, ICLR 2015, arXiv:1412.6980.
    """

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        super().__init__(learning_rate)
        self.beta_1 = _below_one(beta_1, "beta_1")
        self.beta_2 = _below_one(beta_2, "beta_2")
        self.epsilon = _positive(epsilon, "epsilon")

    def _start(self, parameter):
        return [np.zeros_like(parameter), np.zeros_like(parameter)]

    def _move(self, gradient, mean, square):
        mean += (1 - self.beta_1) * (gradient - mean)
        square += (1 - self.beta_2) * (gradient**2 - square)
        lift_1, lift_2 = 1 - self.beta_1**self.iterations, 1 - self.beta_2**self.iterations
        rate = self.learning_rate * lift_2**0.5 / lift_1
        return -rate * mean / (np.sqrt(square) + self.epsilon)


def _checked(parameters, gradients):
    """The parameters, and the gradients as arrays of their types; or what is wrong with them."""
    for name, value in (("parameters", parameters), ("gradients", gradients)):
        if not isinstance(value, (list, tuple)):
            raise TypeError(f"{name} is of type {type(value).__name__}; wanted a list of arrays.")
    if len(parameters) != len(gradients):
        came = f"{len(parameters)} parameters and {len(gradients)} gradients"
        raise ValueError(f"There are {came}; wanted as many.")
    checked = []
    for k, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
        if not isinstance(parameter, np.ndarray) or parameter.dtype.kind != "f":
            came = getattr(parameter, "dtype", type(parameter).__name__)
            raise TypeError(f"parameters[{k}] is {came}; wanted a NumPy array of float.")
        if not parameter.flags.writeable:
            raise ValueError(f"parameters[{k}] is read-only; wanted a copy that may be changed.")
        gradient = checks.array(gradient, f"gradients[{k}]", shape=parameter.shape, finite=False)
        with np.errstate(over="ignore"):  # told below, in words
            gradient = gradient.astype(parameter.dtype, copy=False)
        if not np.isfinite(gradient).all():
            remedy = "the loss may have blown up: try a smaller learning_rate."
            raise ValueError(f"gradients[{k}] holds NaN or infinity; {remedy}")
        checked.append(gradient)
    return list(parameters), checked


def _below_one(value, name):
    """A share that is kept, in [0, 1)."""
    value = checks.number(value, name, low=0)
    if value >= 1:
        raise ValueError(f"{name} is {value!r}; wanted a number from 0 to below 1.")
    return value


def _positive(value, name):
    """A number above 0."""
    value = checks.number(value, name, low=0)
    if value == 0:
        raise ValueError(f"{name} is 0; wanted a number above 0, such as 1e-7.")
    return value
