"""The headline and the sentence beneath it: data that are turned round turn the words round."""

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from custlib.audit.months import Clock, unit
from custlib.audit.quarters import Quarters, quarters_of
from custlib.report.front import key_figures, quarter_words
from custlib.report.front.key_figures import kpis
from custlib.report.front.over_time import by_quarter, split, time_heading
from custlib.report.texts import Texts, texts
from tests.report.segment_views import project

AS_OF = dt.date(2025, 12, 31)
SHOP = project(as_of="2025-12-31", currency="EUR")
# A quarter of (customers, first-time customers, purchase days, revenue, revenue of first-time customers).
YEAR_AGO = (300.0, 120.0, 600.0, 30_000.0, 12_000.0)


def base(
    now: tuple[float, ...], then: tuple[float, ...] = YEAR_AGO, *, months: int = 24, has_amount: bool = True
) -> Quarters:
    """Quarters of which the last is as now, and all others as then."""
    columns = ["customers", "new_customers", "purchase_days", "revenue", "new_revenue"]
    periods = range(months // 3 - 1, -1, -1)
    rows = pd.DataFrame([now if not ago else then for ago in periods], columns=columns)
    quarter = unit("quarter")
    clock = Clock(AS_OF, quarter, quarter, months, whole=True)
    return quarters_of(clock, rows.assign(period=list(periods)), has_amount=has_amount)


def said(*rows: Any, language: str = "en", **options: Any) -> str:
    return quarter_words.headline(texts(language), SHOP, base(*rows, **options))


UP = (345.0, 30.0, 780.0, 33_300.0, 3_000.0)  # revenue up 11 %, first-time customers down 75 %
DOWN = (255.0, 210.0, 480.0, 26_700.0, 21_000.0)


@pytest.mark.parametrize(
    ("now", "sentence"),
    [
        (UP, "Revenue is up 11 % on a year ago, but first-time customers are down 75 %"),
        (DOWN, "Revenue is down 11 % on a year ago, but first-time customers are up 75 %"),
        ((160, 64, 320, 16_000, 6_400), "Revenue is down 47 % on a year ago because fewer customers bought"),
        ((300, 120, 900, 45_000, 12_000), "Revenue is up 50 % on a year ago because they bought more often"),
        ((300, 120, 600, 15_000, 6_000), "Revenue is down 50 % on a year ago because they spent less each time"),
        ((300, 30, 600, 28_000, 12_000), "Revenue is down 6.7 % on a year ago, and first-time customers are down 75 %"),
        ((300, 0, 600, 33_300, 0), "Revenue is up 11 % on a year ago, but first-time customers are down to none"),
        (
            (300, 9, 600, 33_300, 0),
            "Revenue is up 11 % on a year ago, but first-time customers are down to fewer than ten",
        ),
        ((150, 120, 360, 21_000, 6_000), "Revenue is down 30 % on a year ago, but purchases per customer are up 20 %"),
        ((150, 0, 360, 21_000, 0), "Revenue is down 30 % on a year ago, and first-time customers are down to none"),
        (YEAR_AGO, "Revenue of the quarter: EUR 30 k, as a year ago"),
        (
            (302, 30, 604, 30_300, 3_000),
            "Revenue of the quarter: EUR 30 k, as a year ago, but first-time customers are",
        ),
        ((9, 0, 9, 500, 0), "Fewer than ten customers bought in the last quarter"),
    ],
)
def test_the_headline_follows_the_numbers(now: tuple[float, ...], sentence: str) -> None:
    assert said(now).startswith(sentence)


def test_without_a_year_of_history_the_quarter_before_is_named() -> None:
    assert "on the quarter before" in said(UP, months=9)
    short = quarter_words.lede(texts("en"), SHOP, base(UP, months=9), "profit")
    assert "less than a year" in short and "less than a year" not in lede(UP)
    assert "as in the quarter before" in said(YEAR_AGO, months=9)
    assert "on a year ago" in said(UP, months=15)
    assert said(UP, months=3) == "Revenue of the quarter: EUR 33 k. There is no earlier quarter to compare it with"


def test_without_amounts_the_headline_is_of_customers() -> None:
    assert said(UP, has_amount=False) == (
        "Customers who bought are up 15 % on a year ago, but first-time customers are down 75 %"
    )
    assert "evenue" not in said(DOWN, has_amount=False) + said(YEAR_AGO, has_amount=False)


def test_of_a_year_ago_with_fewer_than_ten_nothing_is_compared() -> None:
    alone = "Revenue of the quarter: EUR 33 k. There is no earlier quarter to compare it with"
    assert said(UP, (9.0, 9.0, 12.0, 400.0, 400.0)) == alone
    assert said(UP, (300.0, 0.0, 300.0, -20.0, 0.0)) == alone


def lede(now: tuple[float, ...], then: tuple[float, ...] = YEAR_AGO, language: str = "en", **more: Any) -> str:
    return quarter_words.lede(texts(language), SHOP, base(now, then), "profit", **more)


def test_the_factors_have_their_signs() -> None:
    up, down = lede(UP), lede(DOWN)
    assert "more customers bought (+15 %), they bought more often (+13 %), they spent less each time (−15 %)" in up
    assert "fewer customers bought (−15 %), they bought less often (−5.9 %), they spent more each time (+11 %)" in down
    assert "30 bought for the first time, 120 a year ago." in up
    assert "<10 bought for the first time" in lede((300, 4, 600, 30_000, 100))
    assert "Nobody bought for the first time, now or a year ago." in lede(
        (300, 0, 600, 30_000, 0), (300, 0, 600, 30_000, 0)
    )


def test_what_is_expected_stands_beside_what_came() -> None:
    whole = pd.Series({"value": 28_000.0, "value_low": 24_000.0, "value_high": 31_000.0, "is_tested": 1.0})
    both = lede(UP, coming_value=whole, recent_profit=pd.Series({"all": 40_000.0}))
    assert "to bring EUR 28 k of profit in the coming 365 days (95 % interval 24–31 k); in the last 365 days th" in both
    assert "days their profit was EUR 40 k." in both
    grey = lede(UP, coming_value=pd.Series(whole.to_dict() | {"is_tested": 0.0}))
    assert "(untested interval 24–31 k)" in grey and "95 %" not in grey
    bare = whole.to_dict() | {"value": float("nan"), "expected_purchases": 460.7}
    assert "expected to make 461 purchases" in lede(UP, coming_value=pd.Series(bare)), "amounts are not known"
    assert "40 k" not in lede(UP, coming_value=whole) and "28 k" not in lede(UP)


@pytest.mark.parametrize(
    ("light", "doubt"), [("red", "do not rely on it"), ("untested", "has not been tested over this horizon")]
)
def test_a_forecast_that_failed_is_doubted_wherever_it_is_stated(light: str, doubt: str) -> None:
    """The owner of a shop whose forecast was 105 % too high reads so beside the number, not at the foot of the page."""
    whole = pd.Series({"value": 28_000.0, "value_low": 24_000.0, "value_high": 31_000.0, "is_tested": 1.0})
    doubted, held = (lede(UP, coming_value=whole, light=one) for one in (light, "green"))
    assert doubted.endswith(f"{doubt}.") and doubt not in held and "28 k" in doubted
    figures = [
        key_figures.kpis(texts("en"), SHOP, base(UP, DOWN), "profit", whole, tested_forecast={"light": one}).items[-1]
        for one in (light, "green")
    ]
    assert doubt in figures[0].note and figures[0].tone == ("bad" if light == "red" else "plain")
    assert doubt not in figures[1].note and figures[1].tone == "plain"
    assert doubt not in lede(UP, light=light), "nothing is expected"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("now", [UP, DOWN, YEAR_AGO, (9.0, 0.0, 9.0, 500.0, 0.0)])
@pytest.mark.sampled
def test_both_languages_say_it(language: str, now: tuple[float, ...]) -> None:
    t: Texts = texts(language)
    for months in (24, 9, 3):
        quarters = base(now, months=months)
        assert quarter_words.headline(t, SHOP, quarters)
        assert len(kpis(t, SHOP, quarters, "profit").items) == 3
        by_quarter(t, SHOP, quarters)


# --- key figures ---


def test_a_key_figure_has_its_change_and_hides_few() -> None:
    t = texts("en")
    revenue, customers, new = kpis(t, SHOP, base(UP), "profit").items
    assert (revenue.unit, revenue.value, revenue.change, revenue.note) == ("EUR", "33 k", "+11 %", "on a year ago")
    assert (customers.value, customers.change) == ("345", "+15 %")
    assert new.change == "−75 %" and "Q4 2025 30" in new.svg
    few = kpis(t, SHOP, base((8.0, 3.0, 9.0, 500.0, 90.0)), "profit").items
    assert [one.value for one in few] == ["–", "<10", "<10"] and {one.change for one in few} == {""}
    assert "Q4 2025 –" in few[0].svg and "Q4 2025 &lt;10" in few[2].svg


def test_where_no_change_can_be_stated_the_other_quarter_is_named() -> None:
    t = texts("en")

    def new(now: float, then: float, months: int = 24) -> str:
        rows = ((300.0, now, 600.0, 30_000.0, 0.0), (300.0, then, 600.0, 30_000.0, 0.0))
        return kpis(t, SHOP, base(*rows, months=months), "profit").items[2].note

    assert new(0, 0) == "none a year ago" and new(40, 0) == "none a year ago"
    assert new(40, 4) == "<10 a year ago" and new(4, 40) == "40 a year ago"
    assert new(0, 0, months=9) == "none in the quarter before"
    assert kpis(texts("zh"), SHOP, base((300.0, 4.0, 600.0, 3.0, 0.0)), "profit").items[2].note == "去年同期 120 人"


# --- over time ---


def test_the_heading_over_time_turns_round() -> None:
    t = texts("en")
    fewer, more = (time_heading(t, base(now)) for now in (UP, DOWN))
    assert fewer == (
        "Returning customers carry the quarter: first-time customers brought 9 % of its revenue, a year ago 40 %"
    )
    assert more == "First-time customers brought 79 % of the quarter's revenue, a year ago only 40 %"
    assert time_heading(t, base(YEAR_AGO)).endswith("about as much as a year ago")
    assert time_heading(t, base((300, 0, 600, 30_000, 0))).startswith("Nobody bought for the first time")
    assert time_heading(t, base((300, 5, 600, 30_000, 100))).startswith("Too few first-time")
    assert time_heading(t, base(UP, has_amount=False)).startswith("8.7 % of the quarter's customers")


def test_revenue_of_fewer_than_ten_is_not_told_apart() -> None:
    rows = split(base((300.0, 4.0, 600.0, 30_000.0, 777.0))).set_index("period")
    assert pd.isna(rows.loc[0, "part"]) and rows.loc[0, "rest"] == 30_000
    rows = split(base((124.0, 120.0, 600.0, 30_000.0, 29_000.0))).set_index("period")
    assert pd.isna(rows.loc[0, "part"]), "four returned: their revenue is the difference"
    assert split(base((8.0, 0.0, 9.0, 500.0, 0.0))).set_index("period").loc[0, ["part", "rest"]].isna().all()
