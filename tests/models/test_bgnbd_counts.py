"""Counts of repeat purchases against hand, published figures, and the expectation they must have."""

import numpy as np
import pytest

from custlib.errors import TableError
from custlib.models import bgnbd, mbgnbd
from custlib.models.bgnbd_counts import purchase_count_probability

BG = bgnbd.BGNBD(0.243, 4.414, 0.793, 2.426)
MBG = mbgnbd.MBGNBD(0.525, 6.183, 0.891, 1.614)


def test_nobody_and_one_by_hand():
    # r = alpha = a = b = 1, T = 1: silent 1/2, at least one 1/2, at least two 1/4; the first repeat keeps half.
    # BG: one = here (1/2)(1/2 - 1/4) + left (1/2)(1/2)
    found = purchase_count_probability(bgnbd.BGNBD(1, 1, 1, 1), [0, 1], 1)
    np.testing.assert_allclose(found, [1 / 2, 1 / 8 + 1 / 4], rtol=1e-14)
    # MBG: nobody = left at once 1/2, or here 1/2 and silent 1/2
    assert purchase_count_probability(mbgnbd.MBGNBD(1, 1, 1, 1), 0, 1) == pytest.approx(3 / 4, rel=1e-14)


def test_the_published_chance_of_no_repeat_purchase():
    assert purchase_count_probability(BG, 0, 39) == pytest.approx(0.5737864, abs=5e-8)


@pytest.mark.parametrize("model", [BG, MBG], ids=["BG", "MBG"])
@pytest.mark.parametrize("age", [0, 0.5, 39, 400])
def test_they_sum_to_one_and_have_the_mean_of_the_forecast(model, age):
    n = np.arange(4000)
    chance = purchase_count_probability(model, n, age)
    assert (chance >= -1e-15).all()
    assert chance.sum() == pytest.approx(1, abs=1e-8)
    assert chance @ n == pytest.approx(float(bgnbd.new_customer_purchases(model, age)), rel=1e-4, abs=1e-12)


def test_the_published_fit_of_the_calibration_counts(cdnow):
    # Fader, Hardie and Lee (2005), section 4: chi-squared 4.82 with 3 degrees of freedom on the groups 0 to 6, 7+
    model = bgnbd.fit(*cdnow.history)
    chance = np.array([purchase_count_probability(model, n, cdnow.T).sum() for n in range(7)])
    expected = np.append(chance, cdnow.T.size - chance.sum())
    actual = np.array([(np.minimum(cdnow.frequency, 7) == n).sum() for n in range(8)])
    assert ((actual - expected) ** 2 / expected).sum() == pytest.approx(4.82, abs=0.02)


def test_part_of_a_purchase_is_refused():
    with pytest.raises(TableError, match="frequency is not whole"):
        purchase_count_probability(BG, 0.5, 39)
