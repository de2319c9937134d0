"""What earlier forecasts said and what came, in words and in a table."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pandas as pd

from custlib.report.blocks import Table, Text
from custlib.report.front import accuracy
from custlib.report.texts import texts
from tests.report.segment_views import project

T, SHOP = texts("en"), project(currency="EUR")
PERIOD: Any = SimpleNamespace(covered=200)


def ledger(*revenues: float, purchases: float = 100.0, apart: int = 40, printed: int = 0, tested: int = 9) -> Any:
    """Forecasts over 90 days of 80 to 120 purchases and 62 to 77 k, the latest first, so many days apart."""
    days = [dt.date(2024, 7, 2) - dt.timedelta(days=apart * n) for n in range(len(revenues))]
    return pd.DataFrame(
        {
            "day": days, "until": [day + dt.timedelta(days=90) for day in days],
            "is_printed": [n < printed for n in range(len(days))], "is_tested": [n < tested for n in range(len(days))],
            "purchases_low": 80.0, "purchases_high": 120.0, "purchases_actual": purchases,
            "revenue_low": 62_000.0, "revenue_high": 77_000.0, "revenue_actual": revenues,
        }
    )  # fmt: skip


def words(frame: Any) -> str:
    found = accuracy.paragraph(T, SHOP, frame)
    assert found is not None
    return found.text


def test_the_latest_is_told_and_how_many_held() -> None:
    said = words(ledger(71_000.0, 60_000.0, 70_000.0))
    assert "Made again from what was known on 2 Jul 2024, the forecast says a revenue of EUR 62–77 k until" in said
    assert "until 30 Sep 2024 (95 % interval); 71 k came, within the interval. Of the last 3 such forecasts 2" in said
    assert "overlap, so they amount to fewer independent ones (1)" in said
    assert "tested on" not in said


def test_forecasts_side_by_side_are_all_independent() -> None:
    assert "overlap" not in words(ledger(71_000.0, 60_000.0, apart=90))
    assert "(2)" in words(ledger(71_000.0, 60_000.0, 60_000.0, apart=45))


def test_a_single_forecast_is_not_counted() -> None:
    said = words(ledger(80_000.0, printed=1))
    assert "The forecast of 2 Jul 2024 said a revenue of" in said and "independent" not in said
    assert "80 k came, more than the interval says." in said and "such forecasts" not in said


def test_purchases_are_told_where_there_is_no_revenue() -> None:
    frame = ledger(0.0, 0.0, purchases=79.0).assign(revenue_low=float("nan"), revenue_high=float("nan"))
    assert "says 80–120 purchases" in words(frame)
    assert "79 came, less than the interval says. Not one of" in words(frame)
    block = accuracy.table(T, SHOP, PERIOD, frame)
    assert isinstance(block, Table) and block.title == "Earlier forecasts that held: 0 of 2 in purchases"
    assert block.rows[0] == ("2 Jul 2024", "30 Sep 2024", "80–120", "79, below")


def test_the_table_has_both_measures() -> None:
    block = accuracy.table(T, SHOP, PERIOD, ledger(71_000.0, 90_000.0, tested=1, printed=1))
    assert isinstance(block, Table)
    assert block.title == "Earlier forecasts that held: 2 of 2 in purchases, 1 of 2 in revenue"
    assert block.rows[1][2:] == ("80–120", "100, held", "62–77 k", "90 k, above")
    assert "Printed by earlier runs: 1;" in block.note and "easy to hold: 1." in block.note


def test_without_an_earlier_forecast_the_reason_is_given() -> None:
    none = ledger()
    block = accuracy.table(T, SHOP, PERIOD, none)
    assert accuracy.paragraph(T, SHOP, none) is None and isinstance(block, Text)
    assert "and these go back 200." in block.text and f"{SHOP.horizon_days} days of purchases" in block.text
