"""Every segmentation of RFM, and every shipped map, gives the same segments and reasons on both engines."""

from pathlib import Path

import pandas as pd
import pytest

from custlib import rules
from custlib.engine import open_engine
from custlib.engine.base import Engine
from custlib.segment import grid, rfm
from custlib.segment.rule_files import grid_file

NAMES = ("rfm", "rfm125", "rfa", "rfm_airline", "rfm_product")
# Thresholds of the airline and on either side; a prospect, a loss, and money to the hundredth of a cent.
CUSTOMERS = """
    select customer_id, cast(silent as int) as days_since_last, cast(again as int) as frequency,
           cast(profit as decimal(18, 4)) as profit, cast(revenue as decimal(18, 4)) as revenue_last_730d,
           cast(flights as bigint) as purchases_last_730d, cast(amount as double) as quantity_last_36500d
    from (values ('a', 30, 23, 180000.03, 180000.03, 24, 900.5), ('b', 31, 22, 10000.01, 10000.01, 2, 12),
                 ('c', 91, 10, 1500.03, 1500.03, 3, 7.25), ('d', 92, 4, 1500.00, 1500.00, 3, 7.25),
                 ('e', 366, 0, -0.0001, 500.0001, 1, null), ('f', 400, 0, null, null, 0, 0),
                 ('g', null, null, null, null, 0, null), ('h', 8, 1, 0, 0, 1, 1))
         as t(customer_id, silent, again, profit, revenue, flights, amount)"""


def segments(engine: Engine, name: str, mode: str) -> tuple[dict[str, object], pd.DataFrame]:
    rule = rfm.define(engine, "customers", {"segmentation": name, "mode": mode})
    select = rfm.assign(engine.dialect, rule).format(activity="customers")
    return rule, engine.fetch(f"select customer_id, segment, reason from ({select}) order by customer_id")


@pytest.mark.slow
@pytest.mark.usefixtures("spark_here")
def test_scores_and_names_are_the_same_on_both_engines(tmp_path: Path) -> None:
    both = [open_engine(kind, tmp_path / kind) for kind in ("duckdb", "spark")]
    for engine in both:
        engine.make("customers", CUSTOMERS)
    for name in NAMES:
        for mode in ("quantile", "fixed") if name != "rfa" else ("quantile",):
            (rule, found), (other, again) = (segments(engine, name, mode) for engine in both)
            assert rule == other
            pd.testing.assert_frame_equal(found, again, check_dtype=False)
    for engine in both:
        engine.close()


@pytest.mark.slow
@pytest.mark.usefixtures("spark_here")
@pytest.mark.parametrize("name", rules.names("maps"))
def test_a_map_is_the_same_on_both_engines(tmp_path: Path, name: str) -> None:
    found = grid_file.read(name)
    wanted = {tuple(cell): segment for segment, own in found.cells.items() for cell in own}
    for kind in ("duckdb", "spark"):
        engine = open_engine(kind, tmp_path / kind)
        places = {
            tuple(levels.index(level) + 1 for level, levels in zip(cell, found.axes.values(), strict=True)): segment
            for cell, segment in wanted.items()
        }
        rows = ", ".join(str(place) for place in places)
        engine.make("grid", f"select * from (values {rows}) as t({', '.join(found.axes)})")
        given = engine.fetch(f"select *, {grid.case(engine.dialect, found.cells, found.axes)} as segment from grid")
        assert {tuple(row[:-1]): row[-1] for row in given.itertuples(index=False)} == places
        engine.close()


def test_who_is_on_a_threshold_of_the_airline(tmp_path: Path) -> None:
    engine = open_engine("duckdb", tmp_path)
    engine.make("customers", CUSTOMERS)
    _, found = segments(engine, "rfm_airline", "fixed")
    assert found.set_index("customer_id")["reason"].to_dict() == {
        "a": "R5 F5 M5", "b": "R4 F2 M5", "c": "R4 F2 M2", "d": "R3 F2 M1", "e": "R1 F1 M2 below zero",
        "f": "R1 F1 M1", "g": "R0 F0 M0", "h": "R5 F1 M1 below zero",
    }  # fmt: skip
    engine.close()
