"""Earlier forecasts with the intervals of their own days, and what came: by hand, and from one run to a later."""

import datetime as dt
import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from scipy.stats import gamma

from custlib.engine.duckdb import DuckDB
from custlib.run import Run
from custlib.validate import forecast_archive
from custlib.validate import forecast_ledger as ledger
from custlib.validate.forecast_archive import ForecastArchive
from custlib.validate.past_forecasts import PastForecast
from custlib.validate.rolling_origins import Origin
from tests.degenerate import buyers, write_project

JANUARY, FEBRUARY, APRIL = dt.date(2025, 1, 1), dt.date(2025, 2, 15), dt.date(2025, 4, 1)


def forecast(day: dt.date, actual: float, *, revenue: float = 1000.0, days: int = 30) -> PastForecast:
    """100 purchases and 1,000 of revenue forecast of 40 customers by a model that knows no variance."""
    whole = {"group": "all", "customers": 40.0, "purchases_expected": 100.0, "purchases_variance": 0.0,
             "purchases_actual": actual, "revenue_expected": 1000.0, "revenue_variance": 0.0,
             "revenue_actual": revenue}  # fmt: skip
    model: Any = None
    return PastForecast(Origin(day, days), model, model, (whole,))


def replayed(*past: PastForecast, has_amount: bool = True) -> pd.DataFrame:
    return ledger.replayed(past, has_amount=has_amount).set_index("day")


def span(mean: float, tau: float) -> list[float]:
    """The 95 % interval of a gamma distribution with a mean and a coefficient of variation."""
    return list(gamma(1 / tau**2, scale=mean * tau**2).ppf([0.025, 0.975]))


def test_three_origins_by_hand() -> None:
    """Untested (tau .25), then after a miss by ln 1.5, then after that miss and a hit: sqrt(ln(1.5)^2 / 2)."""
    found = replayed(forecast(APRIL, 300.0), forecast(FEBRUARY, 100.0), forecast(JANUARY, 150.0))
    miss = math.log(1.5)
    for day, tau in ((JANUARY, 0.25), (FEBRUARY, miss), (APRIL, miss / math.sqrt(2))):
        assert found.loc[day, ["purchases_low", "purchases_high"]].tolist() == pytest.approx(span(100.0, tau)), day
    assert found.loc[APRIL, ["revenue_low", "revenue_high"]].tolist() == pytest.approx(span(1000.0, 0.1)), "few: .10"
    assert found.loc[JANUARY, "until"] == dt.date(2025, 1, 31) and not found["is_tested"].any()
    rows = found.reset_index()
    assert ledger.outcomes(rows, "purchases").tolist() == ["above", "inside", "inside"]
    assert ledger.outcomes(rows, "revenue").tolist() == ["inside"] * 3
    assert ledger.apart(rows) == 3


def test_three_windows_that_have_ended_test_the_next() -> None:
    days = [JANUARY + dt.timedelta(days=30 * n) for n in range(4)]
    found = replayed(*(forecast(day, 100.0) for day in days))
    assert found["is_tested"].tolist() == [False, False, False, True]
    assert found.loc[days[3], ["purchases_low", "purchases_high"]].tolist() == pytest.approx(span(100.0, 0.03))


def test_no_interval_knows_what_came_after_its_day() -> None:
    """Whatever comes in a window that has not ended, the interval is the same; here the second starts within it."""
    overlapping = JANUARY + dt.timedelta(days=29)
    for day, moves in ((overlapping, False), (JANUARY + dt.timedelta(days=30), True)):
        one, other = (replayed(forecast(day, 100.0), forecast(JANUARY, came)) for came in (100.0, 500.0))
        columns = ["purchases_low", "purchases_high", "revenue_low", "revenue_high"]
        assert one.loc[JANUARY, columns].equals(other.loc[JANUARY, columns])
        assert one.loc[day, columns].equals(other.loc[day, columns]) != moves
    later, worse = (replayed(forecast(APRIL, came), forecast(JANUARY, 100.0)) for came in (100.0, 900.0))
    assert later.drop(columns="purchases_actual").equals(worse.drop(columns="purchases_actual"))


def test_without_amounts_revenue_is_not_judged() -> None:
    found = replayed(forecast(JANUARY, 100.0), has_amount=False).reset_index()
    assert ledger.outcomes(found, "revenue").isna().all() and ledger.outcomes(found, "purchases").notna().all()


def test_what_was_printed_replaces_what_is_made_again_and_the_latest_are_kept() -> None:
    again = replayed(forecast(APRIL, 1.0), forecast(JANUARY, 2.0)).reset_index()
    printed = again.tail(1).assign(is_printed=True, purchases_low=7.0)
    found = ledger.together(printed, again)
    assert found[["day", "is_printed"]].to_numpy().tolist() == [[APRIL, False], [JANUARY, True]]
    many = pd.concat([again.assign(day=day) for day in pd.date_range("2020-01-01", periods=20).date])
    kept = ledger.together(again.head(0), many.drop_duplicates("day"))
    assert (len(kept), kept["day"].iloc[0]) == (12, dt.date(2020, 1, 20))
    assert ledger.together(again.head(0), again.head(0)).empty


def test_what_came_is_of_the_customers_known_and_of_the_window(base: Any) -> None:
    """Two lines of a day are one purchase; a refund is netted; newcomers and what lies outside do not count."""
    engine: DuckDB = base([("a", "2025-01-01", 10), ("a", "2025-01-02", 5), ("a", "2025-01-02", 6),
                           ("b", "2024-12-01", 9), ("b", "2025-01-31", -4), ("b", "2025-02-01", 80),
                           ("new", "2025-01-05", 70)])  # fmt: skip
    assert ledger.came(engine, JANUARY, dt.date(2025, 1, 31)) == {"purchases_actual": 1.0, "revenue_actual": 7.0}


# --- what one run prints, a later one grades ---

ROWS = buyers(120)
EARLY, LATE = dt.date(2023, 12, 30), dt.date(2024, 12, 30)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    """A run that knows a year, whose forecast is kept; and one on the same purchases plus a year."""
    folder = tmp_path_factory.mktemp("shop")
    early = Run(write_project(folder, ROWS, as_of=EARLY, horizon_days=300), folder / "work")
    early.archive.keep(early.get("printed_forecast"))
    return early, Run(write_project(folder, ROWS, as_of=LATE, horizon_days=300), folder / "work")


def test_a_later_run_grades_what_an_earlier_one_printed(runs: tuple[Run, Run]) -> None:
    early, late = runs
    said, found = early.get("coming_value"), late.get("forecast_ledger")
    row = found[found["is_printed"]].iloc[0]
    until = EARLY + dt.timedelta(days=300)
    assert (row["day"], row["until"]) == (EARLY, until)
    assert [row["purchases_low"], row["purchases_high"]] == pytest.approx([said["purchases_low"],
                                                                           said["purchases_high"]])  # fmt: skip
    known = {who for who, day, _ in ROWS if day <= EARLY}
    came = [(who, day, amount) for who, day, amount in ROWS if who in known and EARLY < day <= until]
    assert row["purchases_actual"] == len({(who, day) for who, day, _ in came})
    assert row["revenue_actual"] == pytest.approx(sum(amount for *_, amount in came))
    assert row["revenue_low"] < row["revenue_actual"] * 2 and early.get("forecast_ledger").query("is_printed").empty


@pytest.mark.slow
def test_undiscounted_the_revenue_is_what_is_printed_as_value(tmp_path: Path) -> None:
    run = Run(write_project(tmp_path, ROWS, as_of=LATE, horizon_days=90, annual_discount_rate=0), tmp_path / "work")
    value, revenue = run.get("coming_value"), run.get("printed_forecast")["whole"]["revenue"]
    ends = {"expected": value["value"], "low": value["value_low"], "high": value["value_high"]}
    assert revenue == pytest.approx(ends, rel=1e-4)
    segments = {*run.get("segment_intervals")["segment"]} - {"all"}
    assert {*run.get("printed_forecast")["segments"]} == segments != set()
    gains = {name: one["expected"] for name, one in run.get("printed_forecast")["playbooks"].items()}
    assert gains == {name: one.plan.margin for name, one in run.get("segment_plans").items()} != {}


def test_what_is_not_over_yet_is_not_graded(runs: tuple[Run, Run]) -> None:
    early, _ = runs
    until = EARLY + dt.timedelta(days=300)
    assert len(early.archive.due(until)) == 1 and early.archive.due(until - dt.timedelta(days=1)) == []


def test_revenue_in_another_currency_is_not_judged(runs: tuple[Run, Run]) -> None:
    early, late = runs
    (one,) = early.archive.due(LATE)
    row = ledger.printed(late.make("transactions"), [one], currency="USD")
    assert ledger.outcomes(row, "revenue").isna().all() and ledger.outcomes(row, "purchases").notna().all()


def test_a_loss_for_each_purchase_turns_the_ends_of_a_gain() -> None:
    plan = SimpleNamespace(margin=-5.0, margin_low=-1.0, margin_high=-9.0)
    assert forecast_archive._gain(plan) == {"expected": -5.0, "low": -9.0, "high": -1.0}
    assert forecast_archive._gain(SimpleNamespace(margin=math.nan, margin_low=0.0, margin_high=0.0)) is None


SOUND = {"project": "shop", "as_of": "2025-01-01", "horizon_days": 30, "currency": "EUR", "source_hash": "",
         "is_tested": True, "whole": {"purchases": {"expected": 5.0, "low": 1.0, "high": 9.0}, "revenue": None},
         "segments": {}}  # fmt: skip
TAMPERED = {
    "another project": json.dumps(SOUND | {"project": "other"}),
    "another day": json.dumps(SOUND | {"as_of": "2025-01-02"}),
    "no day": json.dumps(SOUND | {"as_of": "2025-13-01"}),
    "no JSON": "{",
    "a list": "[]",
    "no whole": json.dumps(SOUND | {"whole": {}}),
    "an interval beside its forecast": json.dumps(SOUND | {"whole": {"purchases": {"expected": 5.0, "low": 6.0,
                                                                                   "high": 9.0}, "revenue": None}}),
    "not a number": json.dumps(SOUND | {"whole": {"purchases": {"expected": math.nan, "low": 1.0, "high": 9.0},
                                                  "revenue": None}}),
    "text for a number": json.dumps(SOUND | {"horizon_days": "30"}),
    "a horizon beyond the calendar": json.dumps(SOUND | {"as_of": "9999-12-01", "horizon_days": 90_000}),
    "deep": "[" * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERED)
def test_a_damaged_or_foreign_forecast_is_passed_over_with_a_line(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    archive = ForecastArchive(tmp_path, "shop")
    archive.keep(SOUND | {"as_of": "2024-12-01"})
    (tmp_path / ("9999-12-01.json" if "calendar" in name else "2025-01-01.json")).write_text(TAMPERED[name])
    assert [one.as_of for one in archive.due(dt.date.max)] == ["2024-12-01"]
    assert "is passed over" in caplog.text and str(tmp_path) not in caplog.text


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    archive = ForecastArchive(tmp_path / "kept", "shop")
    archive.keep(SOUND)
    (tmp_path / "kept" / "2025-01-01.json").rename(tmp_path / "elsewhere.json")
    (tmp_path / "kept" / "2025-01-01.json").symlink_to(tmp_path / "elsewhere.json")
    assert archive.due(LATE) == [] and ForecastArchive(tmp_path / "none", "shop").due(LATE) == []
