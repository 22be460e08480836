"""A generator and a discriminator of a few dense layers, and a step of their game.

Taught in ``09_1_adversarial_game``. Sources: Goodfellow et al., NeurIPS 2014, arXiv:1406.2661 (both
losses of the generator); Sønderby et al., ICLR 2017, arXiv:1610.04490, and Arjovsky and Bottou,
ICLR 2017, arXiv:1701.04862 (instance noise).
"""

import numpy as np

from course_lib import checks, compute
from course_lib.generation import loop
from course_lib.generation.games import mixtures

LOSSES = ("saturating", "non-saturating")


class Game:
    """Both players, their optimisers, and what they draw from.

    Parameters
    ----------
    data : Mixture or Points
        What to imitate: has ``dimensions`` and ``sample(count, rng)``.
    loss : {"saturating", "non-saturating"}
        The generator's.
    noise : float
        Standard deviation of the **instance noise**: added to all that the discriminator sees, it
        falls in a straight line to 0 at step `quiet`.
    quiet : int
        The first step without noise.
    code_size, width, batch : int
        Numbers per code, units of each of two hidden layers, samples per step.
    rates : (float, float)
        Learning rates of discriminator and generator, for Adam with a first momentum of 0.5.
    moves : int
        Steps of the discriminator for each of the generator.
    seed : int
        Of the first weights, which are the same on every backend, and of all samples.

    Attributes
    ----------
    generator, discriminator : keras.Model
        From codes to samples, and from samples to logits of "real".
    record : loop.Record
        Of the steps made so far.

    Raises
    ------
    TypeError, ValueError
        If a number does not fit, or the loss' name is not known.
    """

    def __init__(self, data, *, loss="non-saturating", noise=0.0, quiet=1000, code_size=2, width=64,
                 batch=64, rates=(3e-3, 1e-3), moves=2, seed=0):  # fmt: skip
        if not (hasattr(data, "dimensions") and hasattr(data, "sample")):
            kind = type(data).__name__
            raise TypeError(f"data is of type {kind}; wanted games.Mixture or games.Points.")
        self.data, self.record = data, loop.Record()
        self.loss = checks.choice(loss, "loss", LOSSES)
        self.noise = checks.number(noise, "noise", low=0)
        self.quiet = checks.number(quiet, "quiet", low=1, integer=True)
        self.batch = checks.number(batch, "batch", low=1, integer=True)
        self.moves = checks.number(moves, "moves", low=1, integer=True)
        self.rng = np.random.default_rng(checks.number(seed, "seed", low=0, integer=True))
        self.generator = _dense(code_size, width, data.dimensions, self.rng)
        self.discriminator = _dense(data.dimensions, width, 1, self.rng)
        self._build_steps(rates)

    def _build_steps(self, rates):
        import keras

        if not isinstance(rates, (tuple, list)) or len(rates) != 2:
            raise ValueError(
                f"rates is {rates!r}; wanted two: the discriminator's, the generator's."
            )
        rates = [checks.number(rate, "rates", low=0) for rate in rates]
        self.optimizers = [keras.optimizers.Adam(rate, beta_1=0.5) for rate in rates]
        players = [self.discriminator, self.generator]
        losses = [self._discriminator_loss, self._generator_loss]
        state = [variable for player in players for variable in player.variables]
        self._moves = [
            compute.train_step(loss, player.trainable_variables, optimizer, state=state)
            for loss, player, optimizer in zip(losses, players, self.optimizers, strict=True)
        ]

    def _discriminator_loss(self, real, codes, blur):
        from keras import ops

        generated = self.discriminator(self.generator(codes) + blur)
        return ops.mean(ops.softplus(-self.discriminator(real))) + ops.mean(ops.softplus(generated))

    def _generator_loss(self, codes, blur):
        from keras import ops

        generated = self.discriminator(self.generator(codes) + blur)
        if self.loss == "saturating":
            return -ops.mean(ops.softplus(generated))
        return ops.mean(ops.softplus(-generated))

    @property
    def variables(self):
        """All that training changes, in a fixed order: for ``loop.save`` and ``loop.resume``."""
        owners = (self.generator, self.discriminator, *self.optimizers)
        return [variable for owner in owners for variable in owner.variables]

    def codes(self, count, rng=None):
        """Draw codes, (count, code_size) float32, by the game's own generator if none is given."""
        rng = self.rng if rng is None else mixtures.draw(rng)
        count = checks.number(count, "count", low=0, integer=True)
        return rng.standard_normal((count, self.generator.input_shape[1]), dtype=np.float32)

    def samples(self, codes):
        """What the generator makes of codes (N, code_size): (N, D) float32."""
        shape = (None, self.generator.input_shape[1])
        return _answers(self.generator, checks.array(codes, "codes", shape=shape))

    def judge(self, points):
        """The discriminator's logits of "real" at points (N, D): (N,) float32."""
        shape = (None, self.data.dimensions)
        return _answers(self.discriminator, checks.array(points, "points", shape=shape))[:, 0]

    def move_discriminator(self, n=0):
        """Move the discriminator alone, with the noise of step `n`; return its loss before."""
        real = self.data.sample(self.batch, self.rng) + self._blur(n)
        return self._moves[0](real, self.codes(self.batch), self._blur(n))

    def step(self, n):
        """Move the discriminator `moves` times, then the generator once.

        Parameters
        ----------
        n : int
            The number of the step, from 0: only the noise depends on it.

        Returns
        -------
        dict of str to float
            Each player's loss before its last move.

        Raises
        ------
        TypeError, ValueError
            If `n` is no whole number from 0.
        """
        for _ in range(self.moves):
            loss = self.move_discriminator(n)
        generator_loss = self._moves[1](self.codes(self.batch), self._blur(n))
        return {"discriminator": loss, "generator": generator_loss}

    def train(self, steps, *, watch=None, every=100, label="training"):
        """Make steps with a progress bar; go on from where the last call ended.

        Parameters
        ----------
        steps, watch, every, label
            As in ``loop.train``: it can be interrupted, and says at which step.

        Returns
        -------
        loop.Record
            Also ``self.record``.

        Raises
        ------
        loop.Diverged
            If a loss is not finite; the players are as they last were when both were.
        """
        if watch is not None and not callable(watch):
            raise TypeError(f"watch is {watch!r}; wanted a function of the record.")
        settings = {"watch": watch, "every": every, "label": label}
        return loop.train(
            self.step, steps, record=self.record, variables=self.variables, **settings
        )

    def save(self, path):
        """Write players, optimisers, losses and the state of chance to an ``.npz`` file."""
        return loop.save(path, self.record, self.variables, rng=self.rng)

    def resume(self, path):
        """Go on where a saved game stood; the next step is the one it would have made.

        Parameters
        ----------
        path : path_like
            Written by `save` of a game with the same settings.

        Returns
        -------
        loop.Record

        Raises
        ------
        FileNotFoundError, ValueError
            If there is no such file, or it is not of players like these.
        """
        self.record = loop.resume(path, self.variables, rng=self.rng)
        return self.record

    def _blur(self, n):
        """Noise for one batch; its size falls with the steps."""
        n = checks.number(n, "n", low=0, integer=True)
        size = self.noise * max(0.0, 1 - n / self.quiet)
        shape = (self.batch, self.data.dimensions)
        if size == 0:
            return np.zeros(shape, np.float32)
        return np.float32(size) * self.rng.standard_normal(shape, dtype=np.float32)


def _dense(inputs, width, outputs, rng):
    """Two hidden layers with ReLU. First weights by Glorot and Bengio (2010), drawn by NumPy."""
    import keras

    inputs = checks.number(inputs, "code_size", low=1, integer=True)
    width = checks.number(width, "width", low=1, integer=True)
    layers = [keras.layers.Dense(width, activation="relu") for _ in range(2)]
    model = keras.Sequential([keras.Input((inputs,)), *layers, keras.layers.Dense(outputs)])
    for layer in model.layers:
        limit = np.sqrt(6 / sum(layer.kernel.shape))
        layer.kernel.assign(rng.uniform(-limit, limit, layer.kernel.shape).astype(np.float32))
    return model


def _answers(model, inputs):
    """A model's outputs as an array."""
    import keras

    return keras.ops.convert_to_numpy(model(np.asarray(inputs, np.float32)))
