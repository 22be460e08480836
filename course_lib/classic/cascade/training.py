"""Training an attentional cascade: AdaBoost stage by stage, each on what still fools the last.

Taught in ``01_3_face_detector``. Source: Viola and Jones, IJCV 2004,
doi 10.1023/B:VISI.0000013087.49260.fb.
"""

from dataclasses import dataclass

import numpy as np

from course_lib import checks
from course_lib.classic import boosting, haar
from course_lib.classic.boosting import binning
from course_lib.classic.cascade import mining
from course_lib.classic.cascade import parts as cascade_parts
from course_lib.classic.cascade.face_windows import equal_contrast, to_window_bytes

FEWEST_NEGATIVES = 20  # With fewer mistakes left to learn from, a stage only learns them by heart.
PART = 4000  # Features whose responses are in memory as float32 at one time.


@dataclass(frozen=True)
class StageRecord:
    """What happened while one stage was trained.

    Attributes
    ----------
    stumps : int
        Weak classifiers of the stage.
    hit_rate : float
        Share of the validation faces that pass this stage and all before it.
    false_alarms : float
        Share of the negatives of this stage that pass it.
    negatives, mined : int
        Negatives that it was trained on, and how many of them were mined for it.
    passed, looked : int
        Of `looked` windows of the photos, `passed` were taken for faces by the stages before it.
    """

    stumps: int
    hit_rate: float
    false_alarms: float
    negatives: int
    mined: int
    passed: int
    looked: int


def train_cascade(
    faces,
    validation,
    non_faces,
    photos=(),
    *,
    rng,
    stages=10,
    hit_rate=0.995,
    false_alarms=0.5,
    stumps=100,
    features=4000,
    negatives=3000,
    goal=0.0,
    progress=None,
    name="trained",
):
    """Train a cascade: each stage on faces and on what the stages before it take for faces.

    Parameters
    ----------
    faces, validation, non_faces : (N, H, W) array_like
        Grey windows in [0, 1] or bytes, of one size. The stages learn from `faces`; `validation`
        holds other faces, which only set the thresholds.
    photos : sequence of (H, W) array
        Grey photos in [0, 1] without a face, from which hard negatives are mined.
    rng : numpy.random.Generator
    stages : int
        Largest number of stages.
    hit_rate : float
        Share of the validation faces that each stage must let pass.
    false_alarms : float
        A stage grows until at most this share of its negatives passes.
    stumps : int or sequence of int
        Largest number of stumps in a stage. A sequence gives it stage by stage, the last one for
        all that follow: few in the first stages, which every window goes through, make it fast.
    features : int
        Haar features drawn at random for each stage; more than there are means all of them.
    negatives : int
        Windows without a face that each stage learns from, if there are as many.
    goal : float
        Training ends when at most this share of `non_faces`, and of the windows that the last
        mining looked at, passes all stages.
    progress : callable, optional
        Goes through the numbers of the stages, as `widgets.progress` does.
    name : str

    Returns
    -------
    cascade : Cascade
        With stumps on upright features, for `scan.detect` and `cascade.write_cascade`.
    records : list of StageRecord
        One for every stage.

    Raises
    ------
    ValueError
        If the windows are of different sizes, there are too few of them, or a rate leaves its
        limits.

    Notes
    -----
    The same generator state gives the same cascade for any number of threads. Departures from the
    paper: features are rounded to 256 levels, each stage looks at a random share of them, and
    thresholds are set on other faces than those that AdaBoost learns from.
    """
    data = _Data(faces, validation, non_faces, photos, negatives, rng)
    for value, label in ((hit_rate, "hit_rate"), (false_alarms, "false_alarms"), (goal, "goal")):
        checks.number(value, label, low=0, high=1)
    most = np.atleast_1d(stumps).tolist()
    table = haar.feature_table(*data.faces.shape[1:])
    steps = range(checks.number(stages, "stages", low=1, high=250, integer=True))
    parts, records, cascade = [], [], None
    for step in steps if progress is None else progress(steps):
        mined = data.refill(cascade)
        if cascade is not None and data.done(cascade, mined, goal):
            break
        chosen = table[np.sort(rng.permutation(len(table))[:features])]
        used = data.draw()
        cap = most[min(step, len(most) - 1)]
        learnt = train_stage(data.faces, data.validation, used, chosen, hit_rate, false_alarms, cap)
        parts.append(learnt)
        cascade = assemble(parts, data.faces.shape[1:], name)
        records.append(data.record(cascade, learnt, used, mined))
    return cascade, records


class _Data:
    """The windows of a training: those that stay, and the negatives that change."""

    def __init__(self, faces, validation, non_faces, photos, negatives, rng):
        self.faces = to_window_bytes(faces, "faces")
        self.validation = to_window_bytes(validation, "validation")
        self.non_faces = to_window_bytes(non_faces, "non_faces")
        self.photos, self.rng = photos, rng
        self.wanted = checks.number(negatives, "negatives", low=FEWEST_NEGATIVES, integer=True)
        for name in ("faces", "validation", "non_faces"):
            windows = getattr(self, name)
            if len(windows) == 0 or windows.shape[1:] != self.faces.shape[1:]:
                raise ValueError(
                    f"{name} has shape {windows.shape}; wanted at least one window, of the size "
                    f"{self.faces.shape[1:]} of the faces."
                )
        self.pool = self.non_faces[~mining.is_flat(self.non_faces)]

    def refill(self, cascade):
        """Keep the negatives that still pass, and mine new ones in the place of the others."""
        if cascade is None:
            return mining.Mined(self.pool[:0], 0, 0)
        passed = mining.stages_passed(self.pool, cascade)
        self.pool = self.pool[passed == len(cascade.stages)]
        missing = max(self.wanted - len(self.pool), 0)
        mined = mining.mine(self.photos, cascade, missing, self.rng)
        self.pool = np.concatenate([self.pool, mined.windows])
        return mined

    def done(self, cascade, mined, goal):
        """Whether so few false alarms are left that another stage is not needed or has no food."""
        passed = mining.stages_passed(self.non_faces, cascade) == len(cascade.stages)
        reached = passed.mean() <= goal and mined.passed <= goal * mined.looked
        return reached or len(self.pool) < FEWEST_NEGATIVES

    def draw(self):
        """The negatives of the next stage, (n, H, W) uint8."""
        return self.pool[np.sort(self.rng.permutation(len(self.pool))[: self.wanted])]

    def record(self, cascade, learnt, used, mined):
        hits = mining.stages_passed(self.validation, cascade) == len(cascade.stages)
        return StageRecord(
            len(learnt.ensemble.stumps),
            float(hits.mean()),
            learnt.false_alarms,
            len(used),
            len(mined.windows),
            mined.passed,
            mined.looked,
        )


@dataclass(frozen=True)
class TrainedStage:
    """A stage as AdaBoost leaves it: an ensemble, its features and its threshold.

    Attributes
    ----------
    ensemble : boosting.Ensemble
    table : (K, 5) int16 ndarray
        The feature of every stump; the stumps' own numbers index the table they were chosen from.
    threshold : float
        A window passes when its score reaches it.
    false_alarms : float
        Share of the negatives that pass.
    """

    ensemble: boosting.Ensemble
    table: np.ndarray
    threshold: float
    false_alarms: float


def train_stage(faces, validation, negatives, table, hit_rate, false_alarms, stumps):
    """AdaBoost until few negatives pass a threshold that nearly all validation faces reach.

    Parameters
    ----------
    faces, validation, negatives : (N, H, W) uint8 ndarray
    table : (F, 5) int16 ndarray
        Features to choose from, of `haar.feature_table`.
    hit_rate, false_alarms : float
        As in `train_cascade`.
    stumps : int
        Largest number of stumps.

    Returns
    -------
    TrainedStage
        The two classes have half of the weight each in the first round, as in the paper.
    """
    samples = equal_contrast(np.concatenate([faces, negatives]))
    labels = np.repeat([1, -1], [len(faces), len(negatives)])
    weights = np.repeat([0.5 / len(faces), 0.5 / len(negatives)], [len(faces), len(negatives)])
    starts = range(0, len(table), PART)
    X = binning.bin_features(
        haar.responses(samples, table[i : i + PART], balanced=True) for i in starts
    )
    target = _Target(X, labels, equal_contrast(validation), table, hit_rate, false_alarms)
    ensemble = boosting.fit_adaboost(X, labels, stumps, weights=weights, on_round=target)
    chosen = table[[stump.feature for stump in ensemble.stumps]]
    return TrainedStage(ensemble, chosen, target.threshold, target.rate)


class _Target:
    """Called after each round: moves the threshold and says whether the stage is good enough."""

    def __init__(self, X, labels, validation, table, hit_rate, false_alarms):
        self.X, self.negative, self.table = X, labels < 0, table
        self.validation, self.false_alarms = validation, false_alarms
        self.missed = int((1 - hit_rate) * len(validation) + 1e-9)  # faces that may be lost
        self.scores, self.face_scores = np.zeros(len(labels)), np.zeros(len(validation))

    def __call__(self, ensemble, error, weights):
        stump, alpha = ensemble.stumps[-1], ensemble.alphas[-1]
        feature = self.table[stump.feature : stump.feature + 1]
        on_faces = haar.responses(self.validation, feature, balanced=True)[:, 0]
        self.scores += alpha * stump.vote(self.X.column(stump.feature))
        self.face_scores += alpha * stump.vote(on_faces)
        self.threshold = float(np.sort(self.face_scores)[self.missed])
        self.rate = float((self.scores[self.negative] >= self.threshold).mean())
        return self.rate <= self.false_alarms


def assemble(parts, shape, name="trained"):
    """Trained stages as one cascade.

    Parameters
    ----------
    parts : sequence of TrainedStage
    shape : (int, int)
        Height and width of the windows.
    name : str

    Returns
    -------
    Cascade
    """
    rectangles, weights = haar.feature_rectangles(
        np.concatenate([part.table for part in parts]), balanced=True
    )
    numbers = iter(range(len(rectangles)))
    stages = []
    for part in parts:
        voters = zip(part.ensemble.stumps, part.ensemble.alphas, strict=True)
        trees = [
            cascade_parts.stump(
                next(numbers), stump.threshold, -stump.polarity * alpha, stump.polarity * alpha
            )
            for stump, alpha in voters
        ]
        stages.append(cascade_parts.Stage(part.threshold, tuple(trees)))
    tilted = np.zeros(len(rectangles), bool)
    window = (shape[1], shape[0])
    return cascade_parts.Cascade(window, tuple(stages), rectangles, weights, tilted, name=name)
