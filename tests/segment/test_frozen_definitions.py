"""Definitions that earlier versions froze are read as they are, and assign every customer as they did then.

``frozen`` holds definitions of the demonstration shop, and what the code of that day (before grids and ordered rules
were the only forms) assigned to the customers of :func:`crowd`.
"""

import json
import random
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from custlib.engine.duckdb import DuckDB
from custlib.segment.customer_segments import assigned
from custlib.segment.definitions import Definition, from_json
from custlib.segment.snapshots import alive_table, table_of

FROZEN = Path(__file__).parent / "frozen"
NAMES = sorted(path.stem for path in FROZEN.glob("*.json"))


def crowd(customers: int = 90) -> pd.DataFrame:
    """Customers on thresholds and between them; some never bought, of some a measure is missing."""
    dice = random.Random(20)
    choices = {
        "frequency": [0, 0, 1, 2, 5, 11, 24],
        "recency": [0, 20, 150, 400],
        "T": [181, 182, 365, 730],
        "days_since_last": [1, 8, 31, 61, 121, 366, 729],
        "revenue": [0, 12.5, 180, 900.25, 6000],
        "profit": [-20, 0, 0.01, 75.5, 300, 900.25, 5000.01],
        "profit_last_365d": [0, -5, 0.01, 110, 3e6, 5e6],
        "profit_last_182d": [0, 45, 55],
        "profit_last_364d": [0, 100, -3],
        "purchases_last_365d": [0, 1, 2],
        "purchases_last_730d": [0, 1, 2, 6, 24],
        "revenue_last_730d": [0, 500, 3000.03, 120000],
        "products": [1, 2, 3, 6],
        "invoices_due": [0, 1, 10],
        "invoices_late": [0, 1, 5, 6],
        "invoices_overdue": [0, 1, 5],
        "worst_delay": [0, 30, 31, 91],
        "longest_overdue": [0, 30, 31, 91],
    }
    rows = [{name: None if dice.random() < 0.05 else dice.choice(values) for name, values in choices.items()}
            for _ in range(customers)]  # fmt: skip
    for row in rows:  # the time since the first purchase is known of everybody who bought
        row |= {name: row[name] or 0 for name in ("recency", "T", "days_since_last")}
    frame = pd.DataFrame(rows).astype(float)
    frame.insert(0, "customer_id", [f"c{n:02}" for n in range(customers)])
    return frame


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    engine = DuckDB(tmp_path_factory.mktemp("frozen"), threads=1)
    engine.attach_frame("crowd", crowd())
    return engine


def alive(model: dict[str, Any]) -> pd.DataFrame:
    """P(alive) by BG/NBD of the crowd, whose histories nobody could have: Fader, Hardie and Lee (2008), equation 7."""
    rows = crowd()[["frequency", "recency", "T"]].drop_duplicates()
    r, scale, a, b = (model[name] for name in ("r", "alpha", "a", "b"))
    odds = (
        (b + rows["frequency"] - 1) / a * ((scale + rows["recency"]) / (scale + rows["T"])) ** (r + rows["frequency"])
    )
    return rows.assign(probability_alive=(odds / (1 + odds)).where(rows["frequency"] != 0, 1.0))


def read(name: str) -> Definition:
    return from_json((FROZEN / f"{name}.json").read_text(encoding="utf-8"))


def segments(engine: DuckDB, definition: Definition) -> dict[str, list[str]]:
    """Segment and reason of every customer."""
    if "potential" in definition.frozen:
        values = crowd()[["customer_id"]].assign(potential_value=[float(n % 7) * 9.5 for n in range(90)])
        engine.attach_frame(table_of("crowd", definition.frozen["potential"]), values)
    if "probability_alive" in definition.frozen:
        frozen = definition.frozen["probability_alive"]
        engine.attach_frame(alive_table("crowd", frozen), alive(frozen))
    found = engine.fetch(
        f"select * from ({assigned(engine.dialect, definition, 'crowd')}) order by customer_id"
    ).fillna("none")
    return dict(zip(found["customer_id"], found[["segment", "reason"]].to_numpy().tolist(), strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_a_definition_of_an_earlier_version_assigns_as_it_did(engine, name):
    wanted = json.loads((FROZEN / "assigned" / f"{name}.json").read_text(encoding="utf-8"))
    assert segments(engine, read(name)) == wanted
    assert len({segment for segment, _ in wanted.values()}) > 1


@pytest.mark.parametrize("name", NAMES)
def test_it_is_written_as_it_was(name):
    assert read(name).to_json() == (FROZEN / f"{name}.json").read_text(encoding="utf-8")


def test_scores_that_named_no_measures_are_of_days_purchases_and_profit(engine):
    """The first definitions of RFM had thresholds and cells only."""
    now = read("rfm")
    first = {name: now.rule[name] for name in ("cuts", "cells")}
    old = Definition("rfm", now.fitted, first, now.segments)
    assert segments(engine, old) == segments(engine, now)
