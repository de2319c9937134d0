"""The three-dimensional value cube, worked by hand."""

import json
from itertools import product

import pandas as pd
import pytest

from custlib.errors import UsageError
from custlib.segment import value_grid
from custlib.segment.value_grid import value_cube

CLASSES = {  # D2.5: CCV, CPV, loyalty
    ("high", "high", "high"): "platinum",
    ("high", "low", "high"): "gold",
    ("low", "low", "high"): "loyal",
    ("low", "high", "high"): "potential",
    ("high", "high", "low"): "at_risk",
    ("high", "low", "low"): "short_term",
    ("low", "low", "low"): "least_value",
    ("low", "high", "low"): "developable",
}
FIXED = {"periods": 2, "rate": 0.1, "ccv": 173.0, "cpv": 50.0, "loyalty": 0.5}


@pytest.fixture(scope="module")
def engine(one_purchase):
    return one_purchase


def table(engine, rows, period=365):
    columns = ["customer_id", f"profit_last_{period}d", "potential", "probability_alive"]
    frame = pd.DataFrame([(f"c{n}", *row) for n, row in enumerate(rows)], columns=columns)
    engine.attach_frame("given", frame.astype(dict.fromkeys(columns[1:], float) | {"customer_id": "string"}))
    return "given"


def assigned(engine, rule, given="given"):
    select = value_cube.assign(engine.dialect, json.loads(json.dumps(rule))).format(activity=given)
    return engine.fetch(f"select * from ({select}) order by customer_id")


def classes(engine, rows, **options):
    return assigned(engine, value_cube.define(engine, table(engine, rows), options))["segment"].tolist()


# --- worked by hand ---


@pytest.mark.parametrize(
    ("profit", "periods", "rate", "value"),
    [
        (100, 1, 0.1, 100 / 1.1),
        (100, 2, 0.1, 100 / 1.1 + 100 / 1.21),
        (100, 3, 0.0, 300),
        (100, 5, 0.1, 379.0786769408448),
        (-100, 2, 0.1, -173.55371900826447),
        (0, 9, 0.1, 0),
    ],
)
def test_current_value_carried_over_the_lifetime(profit, periods, rate, value):
    assert value_grid.carried_value(profit, periods, rate) == pytest.approx(value, rel=1e-12)


def test_the_value_of_an_annuity_is_its_closed_form():
    assert value_grid.carried_value(1, 40, 0.07) == pytest.approx((1 - 1.07**-40) / 0.07, rel=1e-12)


def test_the_eight_classes_by_hand(engine):
    """High is 100 carried over two periods, 173.55; a potential of 50; an even chance to stay."""
    levels = {"high": (100.0, 50.0, 0.5), "low": (99.0, 49.99, 0.49)}
    cells = list(product(("high", "low"), repeat=3))
    rows = [[levels[level][axis] for axis, level in enumerate(cell)] for cell in cells]
    assert classes(engine, rows, **FIXED) == [CLASSES[cell] for cell in cells]


def test_the_reason_names_every_axis(engine):
    rule = value_cube.define(engine, table(engine, [(100, 49, 0.5)]), FIXED)
    assert assigned(engine, rule)["reason"].item() == (
        "current value at least 173; potential value below 50; loyalty at least 0.5"
    )


def test_against_the_means_by_hand(engine):
    """Means: profit 200 / 4 = 50, potential 40 / 4 = 10; the customer at a mean is high."""
    rows = [(110, 0, 0.9), (50, 10, 0.9), (40, 30, 0.2), (0, 0, 0.2)]
    assert classes(engine, rows) == ["gold", "platinum", "developable", "least_value"]
    rule = value_cube.define(engine, "given", {})
    assert rule["axes"]["ccv"]["threshold"] == pytest.approx(value_grid.carried_value(50, 5, 0.1), rel=1e-15)
    assert rule["axes"]["cpv"]["threshold"] == 10


def test_against_the_medians_by_hand(engine):
    """Medians of five: 2, 20, 0.5; a large customer moves the mean only."""
    rows = [(1, 10, 0.1), (2, 20, 0.5), (3, 30, 0.6), (1000, 10, 0.4), (1, 9000, 0.9)]
    medians = {"ccv": "median", "cpv": "median", "loyalty": "median"}
    assert classes(engine, rows, **medians) == ["least_value", "platinum", "platinum", "short_term", "potential"]
    assert classes(engine, rows)[2] == "loyal"


def test_frozen_thresholds_do_not_move_with_the_customers(engine):
    rule = value_cube.define(engine, table(engine, [(100, 10, 0.9), (0, 0, 0.1)]), {})
    assert assigned(engine, rule, table(engine, [(50, 5, 0.5)] * 3))["segment"].tolist() == ["platinum"] * 3
    assert assigned(engine, rule, table(engine, [(49, 4, 0.4)]))["segment"].tolist() == ["least_value"]


# --- one, none, missing ---


def test_equal_customers_are_at_their_means_and_high(engine):
    third = 100 / 3
    assert classes(engine, [(third, third, 1 / 3)] * 3, loyalty="mean") == ["platinum"] * 3
    assert classes(engine, [(third, third, 0.9)]) == ["platinum"]


def test_nobody_has_no_means_and_later_customers_are_low(engine):
    rule = value_cube.define(engine, table(engine, []), {})
    assert assigned(engine, rule).empty
    found = assigned(engine, rule, table(engine, [(1, 1, 0.9)]))
    assert found["segment"].tolist() == ["loyal"]
    assert found["reason"].item().startswith("current value below an unknown level")


def test_what_is_missing_counts_as_nothing(engine):
    assert classes(engine, [(None, None, None), (10, 10, 0.9)]) == ["least_value", "platinum"]


def test_the_order_and_the_names_of_customers_change_nothing(engine):
    rows = [((n * 37) % 101 / 7, (n * 17) % 23 / 3, (n * 5) % 11 / 10) for n in range(60)]
    first, found = value_cube.define(engine, table(engine, rows), {}), classes(engine, rows)
    assert value_cube.define(engine, table(engine, rows[::-1]), {}) == first
    assert (
        assigned(engine, first, "(select 'x' || customer_id as customer_id, * exclude (customer_id) from given)")[
            "segment"
        ]
        .value_counts()
        .to_dict()
        == pd.Series(found).value_counts().to_dict()
    )


# --- errors ---


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(1, None, 0.5)], "value_cube needs potential, which takes products with money"),
        ([(1, 1, None)], "value_cube needs probability_alive, which takes a lifetime model"),
        ([(None, None, 1)], "value_cube needs profit_last_365d, which takes a column of amounts; potential, "),
    ],
)
def test_what_the_source_lacks_is_named(engine, rows, message):
    with pytest.raises(UsageError, match=message):
        value_cube.define(engine, table(engine, rows), FIXED)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"period": 5}, "segments.options.value_cube: period: unknown key. Did you mean 'periods'"),
        ({"periods": 0}, "value_cube: periods: .*greater than or equal to 1"),
        ({"rate": -0.1}, "value_cube: rate: .*greater than or equal to 0"),
        ({"ccv": "modus"}, "value_cube: ccv.*'mean' or 'median'"),
        ({"ccv": float("nan")}, "value_cube: ccv.*finite"),
        ({"map": "value4"}, "map value4: its axes must be ccv, cpv, loyalty, each low or high"),
        ({"map": "value9"}, "no file named maps/value9. Did you mean 'value8'"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        value_cube.needs(options)


def test_another_period_is_another_measure(engine):
    assert value_cube.needs({"segmentation": "value_cube", "days": 90})[2] == "profit_last_90d"
    rule = value_cube.define(engine, table(engine, [(1, 1, 1)], period=90), {"days": 90})
    assert assigned(engine, rule)["segment"].tolist() == ["platinum"]
