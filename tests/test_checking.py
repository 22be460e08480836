"""checking: the difference of lists of arrays, where a wrong one must not hide."""

import numpy as np
import pytest

from course_lib.networks.backpropagation import checking


def test_a_difference_of_bytes_does_not_wrap_round():
    zero, one = np.array([0], np.uint8), np.array([1], np.uint8)
    assert checking.largest_difference([zero], [one]) == 1


@pytest.mark.parametrize("ours", [[[np.nan], [1.0]], [[1.0], [np.nan]]])
def test_nan_shows_wherever_it_stands(ours):
    assert np.isnan(checking.largest_difference(ours, [[1.0], [1.0]]))


@pytest.mark.parametrize("nothing", [[], [np.zeros((0, 3))]])
def test_nothing_to_compare_is_no_agreement(nothing):
    with pytest.raises(ValueError, match="no number to compare"):
        checking.largest_difference(nothing, nothing)
