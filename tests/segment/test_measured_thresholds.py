"""Mean, median and quantiles over all customers: exact, whatever the order, none without customers."""

import random

import pandas as pd
import pytest

from custlib.errors import UsageError
from custlib.segment import thresholds


@pytest.fixture(scope="module")
def engine(one_purchase):
    return one_purchase


def given(engine, *values):
    frame = pd.DataFrame({"customer_id": [f"c{n}" for n in range(len(values))], "potential": values})
    engine.attach_frame("given", frame.astype({"potential": float}))
    return engine, "given", "potential"


def test_thresholds_of_five_by_hand(engine):
    base = given(engine, 1, 2, 3, 4, 10, None)
    assert thresholds.threshold(*base, of="mean") == 4
    assert thresholds.threshold(*base, of="median") == 3
    assert thresholds.threshold(*base, of="quantile", share=0.8) == 10
    assert thresholds.threshold(*base, of="quantile", share=0.6) == 4


def test_of_an_even_number_the_median_lies_between(engine):
    assert thresholds.threshold(*given(engine, 1, 2, 4, 4), of="median") == 3
    assert thresholds.threshold(*given(engine, 1, 1, 1, 5), of="median") == 1


def test_a_quantile_takes_equal_values_together(engine):
    """Three of five hold the largest value: no cut parts them, and the nearest to a fifth is all three."""
    assert thresholds.threshold(*given(engine, 1, 2, 7, 7, 7), of="quantile", share=0.8) == 7


@pytest.mark.parametrize("of", ["mean", "median", "quantile"])
def test_equal_customers_are_at_their_threshold(engine, of):
    value = 100 / 3
    assert thresholds.threshold(*given(engine, value, value, value), of=of) == value
    assert thresholds.threshold(*given(engine, value), of=of) == value


@pytest.mark.parametrize("of", ["mean", "median", "quantile"])
def test_nobody_has_no_threshold(engine, of):
    assert thresholds.threshold(*given(engine), of=of) is None
    assert thresholds.threshold(*given(engine, None, None), of=of) is None


def test_the_order_of_rows_changes_no_digit(engine):
    dice = random.Random(0)
    values = [dice.lognormvariate(0, 9) for _ in range(2000)]
    first = [thresholds.threshold(*given(engine, *values), of=of) for of in ("mean", "median", "quantile")]
    dice.shuffle(values)
    assert [thresholds.threshold(*given(engine, *values), of=of) for of in ("mean", "median", "quantile")] == first


# --- errors ---


@pytest.mark.parametrize(
    ("measure", "lacks"),
    [
        ("potential", "products with money and two windows of history"),
        ("products", "a column of products"),
        ("profit_last_365d", "a column of amounts"),
        ("quantity_last_30d", "a column of quantities"),
        ("probability_alive", "a lifetime model, which"),
        ("worst_delay", "invoices with due and paid dates"),
        ("longest_overdue", "invoices with due and paid dates"),
        ("overdue_amount", "invoices with due and paid dates"),
        ("attribute_region", "a table of customers with this column"),
    ],
)
def test_what_a_source_lacks_is_said_in_its_words(engine, measure, lacks):
    message = f"^segments: mine needs {measure}, which takes {lacks}.*. Give the source these, or leave mine out.$"
    engine.make("bare", "select 'a' as customer_id")
    with pytest.raises(UsageError, match=message):
        thresholds.require(engine, "bare", "mine", [measure])
    engine.make("empty", f"select 'a' as customer_id, cast(null as double) as {measure}")
    thresholds.require(engine, "empty", "mine", [measure])
    with pytest.raises(UsageError, match=message):
        thresholds.require(engine, "empty", "mine", [measure], known=[measure])


def test_of_nobody_nothing_is_required(engine):
    engine.make("nobody", "select 'a' as customer_id, cast(null as double) as potential where false")
    thresholds.require(engine, "nobody", "mine", ["potential"], known=["potential"])
