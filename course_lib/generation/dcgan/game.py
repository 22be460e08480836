"""The two players with their optimisers, and one training step of both.

Sources: Goodfellow et al., NeurIPS 2014, arXiv:1406.2661 (the game); Radford, Metz and Chintala,
2016, arXiv:1511.06434 (Adam with 0.0002 and 0.5); Salimans et al., 2016, arXiv:1606.03498
(one-sided label smoothing); Yazici et al., 2019, arXiv:1806.04498 (the average of the generator's
weights). Taught in ``09_2_dcgan``.
"""

import numpy as np

from course_lib import checks, compute

from .networks import CODE_SIZE, check_pictures, discriminator, generator


class Dcgan:
    """Both networks with their optimisers, the average of the generator, and one step of training.

    Parameters
    ----------
    code_size, width : int
        As in `generator` and `discriminator`.
    rate : float
        Learning rate of both, for Adam with a first momentum of 0.5.
    real : float
        The target for real pictures: below 1, the discriminator never becomes too sure.
    compiled : bool
        False runs every operation by itself, which is slower and easier to look into.

    Attributes
    ----------
    generator, discriminator : keras.Model
    average : keras.Model
        A generator whose weights are a running average of the trained one's; its pictures are
        cleaner, because the two players' last moves cancel out.
    """

    def __init__(self, *, code_size=CODE_SIZE, width=32, rate=2e-4, real=0.9, compiled=True):
        self.generator = generator(code_size=code_size, width=width)
        self.discriminator = discriminator(width=width)
        self.average = generator(code_size=code_size, width=width)
        self.average.set_weights(self.generator.get_weights())
        self.code_size = code_size
        self._real = checks.number(real, "real", low=0, high=1)
        self._build_steps(checks.number(rate, "rate", low=0), compiled)

    def _build_steps(self, rate, compiled):
        import keras

        self.optimizers = [keras.optimizers.Adam(rate, beta_1=0.5) for _ in range(2)]
        players = self.discriminator, self.generator
        state = [v for player in players for v in player.variables]
        self._steps = [
            compute.train_step(
                loss, player.trainable_variables, optimizer, state=state, compiled=compiled
            )
            for loss, player, optimizer in zip(
                (self._discriminator_loss, self._generator_loss),
                players,
                self.optimizers,
                strict=True,
            )
        ]

    def _discriminator_loss(self, pictures, codes):
        from keras import ops

        real = self.discriminator(pictures, training=True)
        fake = self.discriminator(self.generator(codes, training=True), training=True)
        # Real and generated go through batch normalisation apart: in one batch their common mean
        # would give away which is which.
        return ops.mean(_cross_entropy(ops, real, self._real)) + ops.mean(
            _cross_entropy(ops, fake, 0.0)
        )

    def _generator_loss(self, codes):
        from keras import ops

        fake = self.discriminator(self.generator(codes, training=True), training=True)
        return ops.mean(_cross_entropy(ops, fake, 1.0))

    @property
    def variables(self):
        """All that training changes, in a fixed order: for `loop.save` and `loop.resume`."""
        models = (self.generator, self.discriminator, self.average)
        return [v for owner in (*models, *self.optimizers) for v in owner.variables]

    def step(self, pictures, codes, more_codes):
        """Move the discriminator once, then the generator once.

        Parameters
        ----------
        pictures : (N, 28, 28, 1) array_like
            Real ones, in [0, 1].
        codes, more_codes : (N, code_size) array_like
            For the one and the other.

        Returns
        -------
        dict of str to float
            The loss of each before its move.

        Raises
        ------
        ValueError
            If a shape does not fit, or a number is not finite.
        """
        pictures = check_pictures(pictures)
        size = (len(pictures), self.code_size)
        codes = checks.array(codes, "codes", shape=size)
        more_codes = checks.array(more_codes, "more_codes", shape=size)
        return {
            "discriminator": float(self._steps[0](pictures, codes)),
            "generator": float(self._steps[1](more_codes)),
        }

    def follow(self, *, keep=0.99):
        """Move the averaged generator a little towards the trained one.

        Parameters
        ----------
        keep : float
            The share of the old average that stays, 0 to 1.
        """
        keep = checks.number(keep, "keep", low=0, high=1)
        for average, variable in zip(self.average.variables, self.generator.variables, strict=True):
            average.assign(keep * np.asarray(average) + (1 - keep) * np.asarray(variable))


def stepper(gan, pictures, rng, *, batch=64, average_every=10):
    """Make the step that `loop.train` wants: draws real pictures and codes, and moves both players.

    Parameters
    ----------
    gan : Dcgan
    pictures : (N, 28, 28) array_like
        Real ones, in [0, 1].
    rng : numpy.random.Generator
        Draws pictures, with repetition, and codes; where it stands is all that there is to resume.
    batch : int
    average_every : int
        Steps between two calls of `Dcgan.follow`.

    Returns
    -------
    callable
        From the number of the step to its losses.

    Raises
    ------
    TypeError, ValueError
        If a number does not fit, or pictures are not some of 28x28 values in [0, 1].
    """
    pictures = check_pictures(pictures)
    if len(pictures) == 0:
        raise ValueError("pictures is empty; wanted some to learn from.")
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng is {rng!r}; wanted a generator: np.random.default_rng(0).")
    batch = checks.number(batch, "batch", low=2, integer=True)
    average_every = checks.number(average_every, "average_every", low=1, integer=True)

    def step(n):
        real = pictures[rng.integers(0, len(pictures), batch)]
        codes = rng.standard_normal((2, batch, gan.code_size), dtype=np.float32)
        losses = gan.step(real, *codes)
        if (n + 1) % average_every == 0:
            # Young networks change fast: the average remembers a tenth of all steps so far.
            gan.follow(keep=min(0.99, n / (n + 10 * average_every)))
        return losses

    return step


def _cross_entropy(ops, logits, target):
    """Of a logit against a target in [0, 1]; no logarithm of 0 at any logit."""
    return ops.softplus(logits) - target * logits
