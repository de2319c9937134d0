"""Rules over measures give the same rule, segments and reasons on both engines."""

import random
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from custlib.engine import open_engine
from custlib.engine.base import Engine
from custlib.segment import registry, tiers

SYSTEMS = {
    "bank5": {"fee_income": "fees"},
    "loyalty_value7": {"guarantor": "surety"},
    "value_types": {},
    "credit": {},
    "lifecycle": {},
    "need_level": {},
    "own": {"rules": "own.toml"},
    "value_cube": {"ccv": "median"},
    "value_matrix": {},
}

OWN = """
source = "our own: a text with every sign, a ratio that is missing, levels of a ratio"
as_of = 2026-11-22
[tiers]
id = "own"
[[segment]]
id = "signs"
name = { en = "Signs", zh = "符号" }
strategy = { en = "Keep.", zh = "保持。" }
any = [{ all = [{ measure = "attribute_signs", is = "it's {0} \\\\ :day 客" }] }]
[[segment]]
id = "no_rate"
name = { en = "No rate", zh = "无比率" }
strategy = { en = "Ask.", zh = "询问。" }
any = [{ all = [{ measure = "profit_last_182d", per = "profit_last_364d", is_missing = true }] }]
[[segment]]
id = "high"
name = { en = "High", zh = "高" }
strategy = { en = "Keep.", zh = "保持。" }
any = [
    { all = [{ measure = "profit_last_182d", per = "profit_last_364d", above = { of = "mean", times = 1.1 } }] },
    { all = [{ measure = "potential", above = { of = "median" } }, { measure = "T", above = 10 }] },
]
[[segment]]
id = "rest"
name = { en = "Rest", zh = "其余" }
strategy = { en = "Wait.", zh = "等待。" }
"""


def crowd(customers: int = 400) -> pd.DataFrame:
    """Customers with every measure, many of them on a threshold, some missing."""
    dice = random.Random(7)
    choices: dict[str, list[object]] = {
        "frequency": [0, 1, 6, 12],
        "T": [10, 181, 182, 365, 730],
        "days_since_last": [1, 729, 730],
        "profit_last_365d": [0, -5, 0.01, 99.99, 100, 110, 3e6, 5e6, 1e12, 100 / 3],
        "profit_last_182d": [0, 45, 55, 100 / 7],
        "profit_last_364d": [0, 100, -3],
        "purchases_last_365d": [0, 1, 2],
        "products": [1, 2, 3, 6],
        "potential": [0, 0.1, 17.5, 1e-7, 2 / 3],
        "probability_alive": [0.0, 0.49, 0.5, 1 / 3, 1.0],
        "invoices_due": [0, 1, 10],
        "invoices_late": [0, 1, 5, 6],
        "invoices_overdue": [0, 1, 5],
        "worst_delay": [0, 30, 31, 90, 91],
        "longest_overdue": [0, 30, 31, 90, 91],
        "overdue_amount": [0, 10, 25, 1e5],
        "revenue_last_365d": [0, 40, 100, -3],
        "attribute_fees": ["3000000", "1e6", "12d", "no", ""],
        "attribute_surety": ["yes", "no"],
        "attribute_signs": ["it's {0} \\ :day 客", "it's"],
    }
    made = {n: [None if dice.random() < 0.1 else dice.choice(v) for _ in range(customers)] for n, v in choices.items()}
    frame = pd.DataFrame({"customer_id": [f"c{n:03}" for n in range(customers)]} | made)
    texts = {name: "string" for name in frame.columns if name.startswith(("attribute_", "customer_id"))}
    return frame.astype({name: "float" for name in choices if name not in texts} | texts)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, spark_here: None) -> Iterator[list[Engine]]:
    """Both engines with the same customers."""
    engines = [open_engine(kind, tmp_path_factory.mktemp(kind)) for kind in ("duckdb", "spark")]
    for engine in engines:
        engine.attach_frame("crowd", crowd())
    yield engines
    for engine in engines:
        engine.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SYSTEMS))
def test_both_engines_assign_alike(
    pair: list[Engine], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.toml").write_text(OWN, encoding="utf-8")
    own = tiers if name == "own" else registry.segmentation(name)
    options = {"segmentation": name} | SYSTEMS[name]
    found = []
    for engine in pair:
        rule = own.define(engine, "crowd", options)
        select = own.assign(engine.dialect, rule).format(activity="crowd")
        rows = engine.fetch(f"select * from ({select}) as assigned order by customer_id")
        found.append((rule, rows.astype(object).to_numpy().tolist()))
    assert found[0] == found[1]
    assert len({segment for _, segment, _ in found[0][1]}) > 2
