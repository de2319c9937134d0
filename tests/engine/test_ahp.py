"""Customer value by judgements on both engines: the same rule, the same Y to the last bit, the same classes."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from custlib.engine import open_engine
from custlib.segment import ahp_value

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("spark_here")]
LUBRICANTS = Path(__file__).parent.parent / "segment" / "ahp_lubricants.toml"
OPTIONS = ({}, {"standardise": "percent"}, {"hierarchy": "last_year"}, {"hierarchy": str(LUBRICANTS)})


def customers(number: int = 400) -> pd.DataFrame:
    """Customers whose columns are drawn at random, with missing money and attributes that are no numbers."""
    random = np.random.default_rng(3)
    frame = pd.DataFrame({"customer_id": [f"c{n:04}" for n in range(number)]})
    for name in ("frequency", "recency", "T", "days_since_last", "purchases_last_365d"):
        frame[name] = random.integers(0, 700, number)
    for name in ("profit", "profit_last_365d"):
        frame[name] = random.normal(50, 900, number).round(4)
    frame.loc[::50, "profit"] = np.nan
    for name in ("profit_1", "profit_2", "profit_3", "profit_4", "sales_1", "sales_2", "sales_3", "loyalty_1",
                 "loyalty_2", "credit_1", "credit_2", "credit_3"):  # fmt: skip
        frame[f"attribute_{name}"] = [f"{x:.3f}" if x < 9 else "many" for x in random.gamma(2, 2, number)]
    return frame


def test_both_engines_make_the_same_classes(tmp_path: Path) -> None:
    frame = customers()
    found = []
    for kind in ("duckdb", "spark"):
        engine = open_engine(kind, tmp_path / kind)
        engine.attach_frame("given", frame)
        engine.make("customers", "select * from given")
        made = []
        for options in OPTIONS:
            rule = ahp_value.define(engine, "customers", options)
            select = ahp_value.assign(engine.dialect, rule).format(activity="customers")
            y = f"select customer_id, {ahp_value.score(engine.dialect, rule)} as y from customers"
            made.append((rule, engine.fetch(f"select * from ({select}) s join ({y}) v using (customer_id) order by 1")))
        found.append(made)
        engine.close()
    for (rule, ours), (other, theirs) in zip(*found, strict=True):
        assert rule == other
        pd.testing.assert_frame_equal(ours, theirs, check_dtype=False, check_exact=True)
