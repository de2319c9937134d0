"""The regularity of purchases from pairs of gaps: by hand, limits, and simulated customers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custlib.errors import TableError
from custlib.models.forecasting import GapRegularity, gap_regularity


def test_one_share_by_hand():
    # shares 1/4 and 3/4: ln u (1 - u) = ln 3/16; density of Beta(2, 2) 6 u (1 - u) = 9/8, of Beta(1, 1) 1
    found = gap_regularity([10.0, 30.0] * 20, [30.0, 10.0] * 20)
    assert found.pairs == 40
    best = max((2, 3, 4), key=lambda k: [0, 0, 9 / 8, 30 * (3 / 16) ** 2, 140 * (3 / 16) ** 3][k])
    assert best == 2
    assert found.gain == pytest.approx(40 * np.log(9 / 8))
    assert found.ticks == 1  # a gain of 4.7 is not enough
    assert gap_regularity([10.0, 30.0] * 22, [30.0, 10.0] * 22).ticks == 2  # 5.2 is
    assert found.estimate == pytest.approx(1.954, abs=1e-3)


def test_few_pairs_tell_nothing():
    assert gap_regularity([20.0] * 29, [21.0] * 29) == GapRegularity(1, None, 0.0, 29.0)
    assert gap_regularity([20.0] * 30, [21.0] * 30).ticks == 6
    assert not gap_regularity([], []).is_bunched


@pytest.mark.parametrize(("k", "ticks", "bunched"), [(0.5, 1, True), (1, 1, False), (2, 2, False), (3, 3, False)])
def test_simulated_gaps(k, ticks, bunched):
    random = np.random.default_rng(2)
    pace = random.gamma(2, 40, 4_000)
    first, second = random.gamma(k, pace / k, (2, pace.size))
    long = first + second >= 20
    found = gap_regularity(first[long], second[long])
    assert found.ticks == ticks
    assert found.estimate == pytest.approx(k, rel=0.12)
    assert found.is_bunched is bunched


@given(st.lists(st.tuples(st.integers(1, 300), st.integers(1, 300), st.integers(0, 9)), min_size=1, max_size=60))
def test_rows_with_weights_are_rows_repeated_in_any_order(rows):
    first, second, weights = np.array(rows, dtype=float).T
    counted = gap_regularity(second, first, weights)
    repeated = gap_regularity(*(np.repeat(gaps, weights.astype(int))[::-1] for gaps in (first, second)))
    assert (counted.ticks, counted.pairs) == (repeated.ticks, repeated.pairs)
    assert counted.gain == pytest.approx(repeated.gain, abs=1e-6)


def test_all_gaps_alike_are_as_regular_as_can_be():
    found = gap_regularity([30.0] * 50, [30.0] * 50)
    assert found.ticks == 6
    assert found.estimate == 1e6


def test_gaps_that_are_none_are_refused():
    with pytest.raises(TableError, match="first_gaps is not positive"):
        gap_regularity([0.0], [1.0])
    with pytest.raises(TableError, match="weights is negative"):
        gap_regularity([1.0], [1.0], [-1.0])
