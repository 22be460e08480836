"""Which pairs of a class are unusually alike, for a person to judge."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

SHARE = 0.1  # of the class: what more of them have is common
FEW = 3  # so many may have the same in a small class, too, before it is common
OWN = 15  # fingerprints of one's own, below which two short answers are alike by chance
LEAST, SURE = 0.4, 0.9  # below the first nothing is listed, from the second on everything
ENOUGH = 28  # pairs, of 8 students, before what is usual in a class can be told
MOST_PAIRS = 25


@dataclass(frozen=True)
class Pair:
    """Two students, and how much of their own code they share.

    Parameters
    ----------
    first, second : str
    shared : int
        Fingerprints that both have and few others.
    contained : float
        Shared ones as a share of all that the shorter code has, common ones included: whoever
        wrote one odd function and four usual ones is not alike for the one.
    jaccard : float
        What both have, common or not, as a share of all that either has.
    """

    first: str
    second: str
    shared: int
    contained: float
    jaccard: float


@dataclass(frozen=True)
class Comparison:
    """What came of comparing everyone with everyone.

    Parameters
    ----------
    pairs : tuple of Pair
        The outliers, most alike first; at most `MOST_PAIRS`.
    left_out : int
        Outliers beyond those.
    compared : int
        Students who have enough code of their own.
    usual : tuple of float
        Median, 95 and 99 per cent quantile of `Pair.contained` over all pairs.
    limit : float
        From where on a pair is an outlier.
    common : frozenset of int
        Fingerprints that were not counted, since many have them.
    """

    pairs: tuple
    left_out: int
    compared: int
    usual: tuple
    limit: float
    common: frozenset


def compare(prints, known=frozenset()):
    """Compare every student with every other.

    Parameters
    ----------
    prints : dict of str to set of int
        Fingerprints of each student.
    known : set of int
        Fingerprints of what everyone was given, which do not count.

    Returns
    -------
    Comparison
    """
    counts = Counter(one for kept in prints.values() for one in kept)
    limit = max(FEW, SHARE * len(prints))
    common = frozenset(one for one, number in counts.items() if number > limit)
    rare = {who: kept - known - common for who, kept in prints.items()}
    students = sorted(who for who, kept in rare.items() if len(kept) >= OWN)
    if len(students) < 2:
        return Comparison((), 0, len(students), (0.0, 0.0, 0.0), LEAST, common)
    rows, columns = np.triu_indices(len(students), 1)
    both = _shared([rare[who] for who in students])[rows, columns]
    whole = [prints[who] - known for who in students]
    sizes = np.array([len(own) for own in whole])
    contained = both / np.minimum(sizes[rows], sizes[columns])
    equal = _shared(whole)[rows, columns]
    jaccard = equal / (sizes[rows] + sizes[columns] - equal)
    bound = _bound(contained)
    order = np.lexsort((columns, rows, -both, -contained.round(6)))
    chosen = [place for place in order if contained[place] >= bound and both[place] >= OWN // 2]
    pairs = tuple(
        Pair(
            students[rows[place]],
            students[columns[place]],
            int(both[place]),
            float(contained[place]),
            float(jaccard[place]),
        )
        for place in chosen[:MOST_PAIRS]
    )
    usual = tuple(float(value) for value in np.quantile(contained, (0.5, 0.95, 0.99)))
    return Comparison(pairs, len(chosen) - len(pairs), len(students), usual, bound, common)


def _shared(kept):
    """How many fingerprints each pair shares, (N, N)."""
    from scipy import sparse

    numbers = {one: place for place, one in enumerate(sorted(set().union(*kept)))}
    columns = [numbers[one] for own in kept for one in own]
    sizes = np.array([len(own) for own in kept])
    rows = np.repeat(np.arange(len(kept)), sizes)
    shape = (len(kept), len(numbers))
    table = sparse.csr_array((np.ones(len(rows), np.int32), (rows, columns)), shape=shape)
    return (table @ table.T).toarray()


def _bound(contained):
    """From where on a pair is alike beyond what pairs of this class are: Tukey's outer fence."""
    if len(contained) < ENOUGH:
        return LEAST
    low, high = np.quantile(contained, (0.25, 0.75))
    return float(np.clip(high + 3 * (high - low), LEAST, SURE))
