"""Sentences chosen by the data: the opposite data give the opposite sentence."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from custlib.audit.months import Clock, unit
from custlib.models.chi_squared import ChiSquared
from custlib.project import Project, build
from custlib.report import forecast_status
from custlib.report.blocks import Figure, Table
from custlib.report.forecast_status import light_words
from custlib.report.pages import (
    audit_changes_page,
    audit_cohorts_page,
    audit_page,
    backtest_page,
    foot,
    identify_page,
    potential_page,
    trust,
    validation_page,
    value_page,
)
from custlib.report.texts import texts
from custlib.validate.seasons import season_caution
from custlib.value.holdout_period import HoldoutPeriod
from custlib.value.seasonal.season_index import Season
from tests.bases import FORECAST
from tests.report.tested import HELD, held

EN = texts("en")
SHOP = {"id": "shop", "name": "Shop", "as_of": "2025-12-31", "currency": "EUR"}
PROJECT = build(SHOP | {"source": {"path": "sales.csv"}})
VIEW = audit_page.View(EN, PROJECT, Clock(dt.date(2025, 12, 31), unit("quarter"), unit("quarter"), 12, True))
PERIOD = HoldoutPeriod(182, 730, dt.date(2025, 12, 31))


def numbers(p_value: float, p_most: float) -> Figure:
    frame = pd.DataFrame({"group": ["0", "1"], "actual": [90.0, 10.0], "expected": [88.0, 12.0]})
    return backtest_page.counts_of_calibration(EN, frame, ChiSquared(4.82, 3, p_value, 7, p_most))


def opinion(**theirs: dict[str, float] | None) -> str:
    ours = {"r": 0.25, "alpha": 4.0, "holdout": 1653.4}
    block = validation_page.second_opinion(EN, {name: {"ours": ours, "theirs": own} for name, own in theirs.items()})
    return block.title if isinstance(block, Table) else block.text


SAME = {"r": 0.25, "alpha": 4.0, "holdout": 1653.4}
FAR = {"r": 0.25, "alpha": 400_000.0, "holdout": 1653.4}


def season(months: int, worst: float = 0.5) -> Any:
    flat = Season((worst,) * 11 + (2.0,), ChiSquared(90.0, 11, 1e-9), months)
    nothing = pd.DataFrame({"bias": [], "business_bias": []})
    return backtest_page.season(EN, flat, nothing, season_caution(flat, {"is_seasonal": True}))


def regularity(ticks: int, estimate: float) -> str:
    measured = {"ticks": ticks, "estimate": estimate, "pairs": 1234.0, "is_bunched": False}
    return backtest_page.regularity(EN, {"reason": "averaged", "regularity": measured}).text


def weights(*parts: float, reason: str = "averaged") -> str:
    names = ("BG/NBD", "MBG/NBD", "Pareto/NBD")
    rows = [{"model": name, "weight": weight} for name, weight in zip(names, parts, strict=True)]
    tested = [row | {"aic": 20.0, "predicted": 1653.4, "bias": -0.12} for row in rows]
    return backtest_page.choice(EN, {"reason": reason, "candidates": rows}, tested).title


def quarters(came: float) -> str:
    frame = pd.DataFrame({"quarter": ["2025 Q3", "2025 Q4"], "existing_customers": [50.0, came],
                          "modelled": [40.0, 60.0], "joined": [20, 20], "new_customers": [1.0, 1.0],
                          "gap": [0.0, 0.0]})  # fmt: skip
    return backtest_page.quarters(EN, frame, "EUR", dt.date(2025, 9, 30)).title


def tracked(came: float) -> str:
    days = pd.date_range("2025-01-31", periods=4, freq="ME").date
    frame = pd.DataFrame({"period": days, "actual": [0.0, 10.0, 10.0, 10.0 + came], "expected": [0.0, 9.0, 11.0, 15.0],
                          "low": [0.0, 9.0, 9.0, 9.0], "high": [0.0, 9.0, 12.0, 20.0]})  # fmt: skip
    return validation_page.tracking(EN, frame, days[1]).title


def alive(*chances: float) -> str:
    """Chances of customers with 1 and 9 repeat purchases after 0 and after 400 days."""
    frame = pd.DataFrame({"frequency": [1, 9, 1, 9], "days_since_last": [0, 0, 400, 400]})
    block = value_page.alive_map(EN, frame.assign(probability_alive=chances))
    return block.title


def changed(before: float, now: float) -> str:
    frame = pd.DataFrame({"period": [1, 0], "customers": [50.0, 50.0], "new_customers": 0.0,
                          "purchase_days": [50.0, 50.0], "revenue": [before, now], "new_revenue": 0.0})  # fmt: skip
    return audit_changes_page.factors(VIEW, frame.assign(profit=frame["revenue"])).title


def ages(later: float) -> pd.DataFrame:
    """One cohort of 40 customers, whose share of active ones changes from age 1 on."""
    active = [1.0, 0.5, 0.5 * (1 + later) / 2, 0.5 * later]
    return pd.DataFrame({
        "cohort": 3, "age": range(4), "customers": 40.0, "active": [40.0 * x for x in active], "active_share": active,
        "purchases_per_active": 2.0, "spend_per_purchase": 10.0, "revenue": [800.0 * x for x in active],
        "purchase_days": [80.0 * x for x in active], "cumulated_revenue": [10.0, 20.0, 30.0, 40.0],
        "cumulated_purchase_days": [1.0, 2.0, 3.0, 4.0],
    })  # fmt: skip


def drivers(later: float) -> str:
    figure = audit_cohorts_page.drivers(VIEW, ages(later))
    assert figure is not None
    return figure.title


def cohorts(lines: int) -> str:
    """The caption of so many cohorts; the youngest is 0 quarters old."""
    parts = [ages(1.0).head(cohort + 1).assign(cohort=cohort) for cohort in range(min(lines, 4) - 1, -1, -1)]
    older = [ages(1.0).assign(cohort=cohort) for cohort in range(lines - 1, 3, -1)]
    return audit_cohorts_page.cohorts(VIEW, pd.concat([*older, *parts], ignore_index=True)).caption


def usable(used: int) -> str:
    return identify_page.headline(EN, {"rows_read": 100_000, "rows_used": used}, PROJECT).text


def limits(*flags: str) -> str:
    return " ".join(validation_page.limits(EN, FORECAST, 0.5, flags).items)


def potential(window: float) -> str:
    product = {"product": "tea", "not_yet": 208, "expected_next": 48.8, "profit": 33.0, "potential": window,
               "expected": None, "actual": 0, "users": 50, "by": "rate"}  # fmt: skip
    record = {"window_days": 182, "reason": "", "products": [product], "is_checked": False}
    return potential_page.finding(EN, PROJECT, record, "profit").text


def history(code: str, **numbers: Any) -> str:
    return forecast_status.history_words(EN, {f"forecast.{code}": numbers})[f"forecast.{code}"]


OPPOSITES: dict[str, Callable[[], tuple[str, str, str, str]]] = {
    # name: what some data say, words of it, what the opposite data say, words of that; worked out by the test alone
    "light of both": lambda: (
        light_words(EN, held("green", "green")), "±12 % for purchases and ±12 % for revenue: light green",
        light_words(EN, held("red", "red")), "±80 % for purchases and ±80 % for revenue: light red",
    ),
    "light of one": lambda: (
        light_words(EN, held("green", "amber")), "±31 % for revenue: light amber",
        light_words(EN, held("amber", "green")), "±31 % for purchases and ±12 % for revenue: light amber",
    ),
    "a forecast of nothing": lambda: (
        light_words(EN, held("red", half_widths={"purchases": None})), "more than ±100 % for purchases",
        light_words(EN, held("untested")), "has not been tested",
    ),
    "too few origins": lambda: (
        forecast_status.untested_words(EN, held("untested")), "over 365 days that can be compared with what came: 2",
        forecast_status.untested_words(EN, held("untested", tested_days=182)), "only forecasts over 182 days: 2",
    ),
    "no origin": lambda: (
        forecast_status.untested_words(EN, held("untested", origins=0)), "No earlier forecast over 365",
        forecast_status.untested_words(EN, held("untested", covered_days=100)), "with what came: 2; needed: 3. The",
    ),
    "the horizon that could be tested": lambda: (
        forecast_status.untested_words(EN, held("untested")), "a horizon of up to 292 days can be tested",
        forecast_status.untested_words(EN, held("untested", covered_days=400)), "a horizon of up to 155 days",
    ),
    "trend": lambda: (
        history("trend_high", share=0.2, origins=6, days=90), "the forecast of the next 90 days was too high, by 20 %",
        history("trend_low", share=0.2, origins=5, days=90), "too low, by 20 % on average",
    ),
    "outliers": lambda: (
        history("outlier", frequency=349, next_frequency=30, others=150, purchases=900.0, purchases_without=750.0),
        "One customer has 349 repeat purchase days, no other more than 30",
        history("outliers", customers=3, frequency=349, next_frequency=30, others=150, purchases=900.0,
                purchases_without=750.0),
        "3 customers have 349 repeat purchase days or more",
    ),
    "holdout": lambda: (
        forecast_status.tested_words(EN, HELD), "182 days of 730, as the project states",
        forecast_status.tested_words(EN, HELD | {"is_stated": False}), "182 days of 730: half of them",
    ),
    "headline of the test": lambda: (
        validation_page.headline(EN, HELD, PERIOD).text, "EUR 880 of revenue",
        validation_page.headline(EN, HELD | {"bias": None, "actual": 0}, PERIOD).text, "none came",
    ),
    "counts": lambda: (
        numbers(0.185, 0.682).caption, "p = 0.185 with 3 degrees of freedom, p = 0.682 with 7",
        numbers(0.0, 0.0).caption, "p < 0.001 with 3 degrees of freedom, p < 0.001 with 7",
    ),
    "counts in the heading": lambda: (
        numbers(0.01, 0.2).title, "a difference from the model is not certain",
        numbers(0.0, 0.0001).title, "only roughly",
    ),
    "counts that decide nothing": lambda: (
        numbers(0.01, 0.2).title, "not certain", numbers(0.06, 0.2).title, "The model repeats",
    ),
    "second opinion": lambda: (
        opinion(one=SAME), "finds the same on the same customers, within 0.01 %",
        opinion(one=FAR), "does not find the same: one differ by more than 0.1 %",
    ),
    "second opinion of some": lambda: (
        opinion(one=None, two=SAME), "for two; for one it does not converge",
        opinion(one=None, two=None), "so there is no second opinion",
    ),
    "season seen twice": lambda: (season(24).title, "There is a season", season(23).text, "Only 23 months of"),
    "regular": lambda: (
        regularity(1, 0.96), "from 1,234 pairs of successive gaps of one customer k is estimated as 1.0",
        regularity(3, 2.94), "where 1 is chance. The candidates are the models of regular buyers with k = 3",
    ),
    "weights": lambda: (
        weights(0.125, 0.625, 0.25), "The forecast averages MBG/NBD (62 %), Pareto/NBD (25 %), BG/NBD (12 %)",
        weights(0.0, 1.0, 0.0), "comes from MBG/NBD: on these purchases it fits far better than all others",
    ),
    "fast intervals": lambda: (
        weights(1.0, 0.0, 0.0, reason="likeliest"), "from BG/NBD alone: the project file asks for fast intervals",
        weights(1.0, 0.0, 0.0, reason="given"), "from BG/NBD: the project file asks for it",
    ),
    "quarters": lambda: (quarters(50.0), "is off by +20 %", quarters(0.0), "booked and modelled"),
    "tracking": lambda: (tracked(10.0), "differs from what came by −50 %", tracked(0.0), "nothing came; 5 purchases"),
    "silence": lambda: (
        alive(0.8, 0.95, 0.3, 0.1), "The more often", alive(0.99, 0.99, 0.95, 0.96), "hardly means goodbye",
    ),
    "silence of all": lambda: (alive(0.8, 0.95, 0.3, 0.1), "The more often", alive(0.8, 0.9, 0.1, 0.3), "The longer"),
    "change": lambda: (changed(400.0, 500.0), "EUR 100 above Q3 2025", changed(500.0, 400.0), "EUR 100 below Q3 2025"),
    "no change": lambda: (changed(400.0, 400.0), "the same as in Q3 2025", changed(400.0, 401.0), "above"),
    "drivers": lambda: (drivers(0.4), "active share that changes most", drivers(1.0), "none of the factors changes"),
    "cohorts left out": lambda: (
        cohorts(8), "6 of 8 cohorts, evenly spaced: without Q3 2024, Q2 2025",
        cohorts(7), "6 of 7 cohorts, evenly spaced: without",
    ),
    "rows": lambda: (usable(100_000), "All 100,000 rows can be used", usable(99_999), "99.9 % of 100,000 rows"),
    "spend": lambda: (
        limits(), "Spend is taken to be independent", limits("spend.spend_dependent"), "for each band of frequency",
    ),
    "left to win": lambda: (potential(1600.0), "about 49 of them", potential(0.0), "Nobody is expected to begin"),
    "sources": lambda: (
        foot.sources(EN, PROJECT), "sales.csv",
        foot.sources(EN, build(SHOP | {"sources": [{"path": "web/*.csv"}, {"path": "till.csv"}]})),
        "web/*.csv, till.csv",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OPPOSITES)
@pytest.mark.sampled
def test_opposite_data_give_the_opposite_sentence(name: str) -> None:
    one, words, other, opposite = OPPOSITES[name]()
    assert words in one and opposite in other
    assert words not in other and opposite not in one


def test_nothing_is_left_out_without_a_word() -> None:
    assert "without" not in cohorts(6) and "without Q" in cohorts(8)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_axes_of_the_map_are_named_as_drawn(language: str) -> None:
    t = texts(language)
    frame = pd.DataFrame({"frequency": [1, 9], "days_since_last": [40, 40], "probability_alive": [0.8, 0.6]})
    figure = value_page.alive_map(t, frame)
    assert isinstance(figure, Figure) and figure.table is not None
    assert figure.table.columns[0].label == t("chart.frequency")
    assert figure.table.caption == t("chart.days_since_last")
    read = {"en": ("across: days since", "up: how many repeat"), "zh": ("横轴是距上次购买", "纵轴是重复购买次数")}
    assert all(words in figure.caption for words in read[language])


def test_the_light_says_how_purchases_and_revenue_did() -> None:
    block = trust.light(EN, held("green", "amber"))
    assert block.tone == "warn"
    assert "88 purchases; 100 came (−12 %)." in block.text
    assert "revenue of EUR 880; EUR 1 k came (−12 %)." in block.text


def test_many_sources_are_named_and_the_others_counted() -> None:
    project = Project(**SHOP, sources=tuple({"path": f"{n}.csv"} for n in range(9)))
    assert foot.sources(EN, project) == "0.csv, 1.csv, 2.csv and 6 others"
