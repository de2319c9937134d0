import pytest

from custlib.customise.experiments import break_even_lift, minimum_detectable_effect
from custlib.errors import UsageError


def test_break_even_lift_by_hand():
    assert break_even_lift(2, 40) == 0.05
    assert break_even_lift(0, 40) == 0


def test_the_detectable_effect_by_hand():
    # (1.959964 + .841621) * sqrt(.25 * (1/100 + 1/100))
    assert minimum_detectable_effect(200, 0.5, 0.5) == pytest.approx(2.801585 * 0.0707106781, rel=1e-6)


def test_more_customers_show_smaller_effects():
    few, many = (minimum_detectable_effect(n, 0.1, 0.05) for n in (1000, 100_000))
    assert many == pytest.approx(few / 10)
    assert minimum_detectable_effect(1000, 0.5, 0.05) < few
    assert minimum_detectable_effect(1000, 0.1, 0.05, power=0.9) > few


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: minimum_detectable_effect(0, 0.1, 0.05), "customers must be above 0"),
        (lambda: minimum_detectable_effect(10, 0, 1.5), "control_share = 0, base_rate = 1.5"),
        (lambda: minimum_detectable_effect(10, 0.1, 0.05, alpha=1), "alpha = 1"),
        (lambda: break_even_lift(-1, 2), "cost_per_customer must not be negative"),
        (lambda: break_even_lift(1, 0), "margin_per_conversion must be above 0"),
    ],
)
def test_what_cannot_be_is_refused(call, message):
    with pytest.raises(UsageError, match=message):
        call()
