"""The value matrix, worked by hand."""

import json

import pandas as pd
import pytest

from custlib.errors import UsageError
from custlib.segment.value_grid import value_matrix


@pytest.fixture(scope="module")
def engine(one_purchase):
    return one_purchase


def table(engine, rows):
    columns = ["customer_id", "profit_last_365d", "potential"]
    frame = pd.DataFrame([(f"c{n}", *row) for n, row in enumerate(rows)], columns=columns)
    engine.attach_frame("given", frame.astype(dict.fromkeys(columns[1:], float) | {"customer_id": "string"}))
    return "given"


def assigned(engine, rule, given="given"):
    select = value_matrix.assign(engine.dialect, json.loads(json.dumps(rule))).format(activity=given)
    return engine.fetch(f"select * from ({select}) order by customer_id")


def test_seven_customers_by_hand(engine):
    """Means 70 / 7 = 10 and 35 / 7 = 5: three are high in both, one low in both, three are between."""
    rows = [(20, 8), (15, 7), (10, 5), (12, 2), (9.99, 9), (3.01, 3), (0, 1)]
    found = assigned(engine, value_matrix.define(engine, table(engine, rows), {}))
    assert found["segment"].tolist() == ["high_high"] * 3 + ["high_low", "low_high", "low_low", "low_low"]
    rows = [(20, 8), (15, 7), (10, 5), (12, 2), (9, 7), (4, 5), (0, 1)]
    found = assigned(engine, value_matrix.define(engine, table(engine, rows), {}))
    assert found["segment"].tolist() == ["high_high"] * 3 + ["high_low", "low_high", "low_high", "low_low"]
    assert found["reason"].tolist()[3] == "current value at least 10; potential value below 5"


@pytest.mark.parametrize(
    ("customer", "own"),
    [((10, 5), "high_high"), ((10, 4.99), "high_low"), ((9.99, 5), "low_high"), ((9.99, 4.99), "low_low"),
     ((-5, 0), "low_low"), ((0, 5), "low_high"), ((None, None), "low_low")],
)  # fmt: skip
def test_the_edges_of_the_four_fields(engine, customer, own):
    rule = value_matrix.define(engine, table(engine, [(1, 1)]), {"current": 10, "potential": 5})
    assert assigned(engine, rule, table(engine, [customer]))["segment"].item() == own


def test_the_median_is_another_threshold(engine):
    rows = [(1, 1), (2, 2), (99, 99)]
    assert assigned(engine, value_matrix.define(engine, table(engine, rows), {}))["segment"].tolist()[1] == "low_low"
    medians = {"current": "median", "potential": "median"}
    found = assigned(engine, value_matrix.define(engine, table(engine, rows), medians))["segment"].tolist()
    assert found == ["low_low", "high_high", "high_high"]


def test_nothing_and_losses_are_never_high(engine):
    """The means are -1 and 0: whoever brings nothing is above them, and yet low."""
    rule = value_matrix.define(engine, table(engine, [(0, 0), (-5, 0), (2, 0)]), {})
    found = assigned(engine, rule)
    assert found["segment"].tolist() == ["low_low", "low_low", "high_low"]
    assert found["reason"].tolist()[1] == "current value not above 0; potential value not above 0"


def test_nobody_and_one_customer(engine):
    rule = value_matrix.define(engine, table(engine, []), {})
    assert assigned(engine, rule).empty
    assert assigned(engine, value_matrix.define(engine, table(engine, [(1, 1)]), {}))["segment"].item() == "high_high"


def test_without_products_there_is_no_matrix(engine):
    with pytest.raises(UsageError, match="value_matrix needs potential, which takes products with money"):
        value_matrix.define(engine, table(engine, [(1, None)]), {})


def test_a_map_of_other_axes_is_refused():
    with pytest.raises(UsageError, match="map rf25: its axes must be current, potential, each low or high"):
        value_matrix.needs({"map": "rf25"})
