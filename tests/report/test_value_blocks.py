"""The page of value: what was booked beside what it is worth, margins and costs in words, customers below zero."""

import math
from typing import Any

import pandas as pd
import pytest

from custlib.project import Project, build
from custlib.report import charts
from custlib.report.blocks import Callout, Facts, Text
from custlib.report.pages import foot, value_page
from custlib.report.texts import Texts, texts
from custlib.value.margins import Margins
from custlib.value.one_time_spend import OneTimeSpend
from custlib.value.spend import Spend

QUALITY: dict[str, Any] = {"has_amount": True, "has_cost": False}
TOTALS = {
    "profit": 12_000.0, "historic_value": 13_500.0, "residual_lifetime_value": 8_500.0, "below_zero": 12.0,
    "value_below_zero": -340.0, "below_zero_so_far": 0.0, "profit_below_zero": 0.0,
}  # fmt: skip
WHOLE = {
    "value": 4_000.0, "value_low": 3_000.0, "value_high": 5_000.0,
    "residual_low": 6_000.0, "residual_high": 9_000.0, "expected_purchases": 100.0,
    "purchases_low": 80.0, "purchases_high": 120.0, "is_tested": 1.0,
}  # fmt: skip

MEANS, ALL = (Spend("gamma_gamma", population_mean=31.0), None), Margins(1.0)
TESTED = {"days": "repeat", "reason": "tested"}


def shop(**changes: Any) -> Project:
    given = {"id": "shop", "name": "Shop", "as_of": "2024-12-30", "source": {"path": "x.csv"}}
    return build(given | changes)


@pytest.fixture(params=["en", "zh"])
def t(request: pytest.FixtureRequest) -> Texts:
    return texts(request.param)


def test_what_was_booked_stands_beside_what_it_is_worth() -> None:
    first = value_page.kpis(texts("en"), shop(), TOTALS, WHOLE, "profit").items[0]
    assert first.value == "USD 12 k"
    assert first.note == "profit of all purchases to date; carried to this date at 10 % a year: USD 14 k"


def test_without_money_nothing_is_carried(t: Texts) -> None:
    nothing = TOTALS | {"profit": float("nan"), "historic_value": float("nan")}
    first = value_page.kpis(t, shop(), nothing, WHOLE, "revenue").items[0]
    assert first.value == "–" and "–" not in first.note and "nan" not in first.note


def test_the_cost_to_serve_is_said_to_be_taken_off(t: Texts) -> None:
    served = value_page.kpis(t, shop(cost_to_serve=3), TOTALS, WHOLE, "profit").items[0]
    assert served.note.startswith(t("worth.historic_note_profit_served"))
    assert (
        value_page.kpis(t, shop(), TOTALS, WHOLE, "revenue").items[0].note.startswith(t("worth.historic_note_revenue"))
    )


def test_the_basis_states_both_senses_of_lifetime_value() -> None:
    project = shop(margin=0.3, cost_to_serve=2.5)
    said = foot.basis(texts("en"), project, TOTALS, QUALITY, 0.3, "profit", MEANS, Margins(0.3), TESTED)
    assert isinstance(said, Facts)
    stated = dict(said.items)
    assert stated["Margin"] == "0.3"
    assert stated["Cost to serve"] == "USD 2.50 for every purchase day"
    # ln(1.10) / 365 = 0.00026112
    assert stated["Discount rate"] == "10 % a year, entered once; 0.0261 % a day, continuously"
    assert stated["Lifetime value, narrow sense"].startswith("USD 8.5 k")
    assert stated["Lifetime value, wide sense"].startswith("USD 22 k")


def test_without_amounts_there_is_no_basis(t: Texts) -> None:
    assert isinstance(foot.basis(t, shop(), TOTALS, QUALITY | {"has_amount": False}, 1.0, "profit", MEANS, ALL), Text)


def test_the_margin_is_said_as_it_was_given() -> None:
    en = texts("en")
    assert foot.margin(en, shop(), QUALITY) == "1 (none given: the cost of what is sold is not taken off)"
    assert foot.margin(en, shop(margin=0.3), QUALITY) == "0.3"
    assert foot.margin(en, shop(margin=0.3), QUALITY | {"has_cost": True}) == "from the cost of every line"
    by_product = shop(margin=0.3, product_margins={"tea": 0.5, "cake": 0.2})
    assert foot.margin(en, by_product, QUALITY) == "by product (2), others 0.3"
    alike, own = (
        foot.basis(en, by_product, TOTALS, QUALITY, 0.412, "profit", MEANS, margins, TESTED)
        for margins in (Margins(0.412), Margins(0.412, 250.0))
    )
    assert isinstance(alike, Facts) and isinstance(own, Facts)
    begin = "by product (2), others 0.3; 41 % of revenue over all customers; "
    assert (
        dict(alike.items)["Margin"]
        == f"{begin}used for every customer alike: nothing shows that own margins predict better"
    )
    at = "a customer's own margin counts as much as this from USD 250 of revenue on, more with more"
    assert dict(own.items)["Margin"] == begin + at


def test_the_spend_is_said_as_it_is_computed() -> None:
    en = texts("en")
    first = foot.repeat_spend(en, Spend("gamma_gamma", days="all"), TESTED)
    assert first == (
        "each one's mean over all purchase days, drawn towards that of all; whether the first day counts was decided by"
        " what predicted better before the holdout"
    )
    given = foot.repeat_spend(en, Spend("gamma_gamma"), {"reason": "given"})
    assert given == "each one's mean over repeat purchase days, drawn towards that of all; as the project states"
    assert foot.one_time_spend(en, shop(), MEANS[0]).startswith("USD 31 a purchase day, the mean of the model")
    # 40 x (30 + 10) / 40 = 40 after 30 days, 40 x (40 / 375) after a year
    falling = OneTimeSpend(math.log(40), -1.0, 0.1, math.log(40), 10.0, 0.5, 1.0, 9.0, 1.0, 1234)
    told = foot.one_time_spend(en, shop(), Spend("gamma_gamma", one_time=falling))
    assert told.startswith("USD 40 a purchase day after 30 days of silence, USD 4.3 after a year, from 1,234 second")


def test_a_residual_value_without_a_discount_says_whether_it_is_finite() -> None:
    en, project = texts("en"), shop(annual_discount_rate=0)
    whole = WHOLE | {"residual_low": math.nan, "residual_high": math.nan}
    finite = value_page.kpis(en, project, TOTALS, whole, "profit").items[-1]
    assert (finite.value, finite.note) == (
        "USD 8.5 k",
        "coming profit of all time, not discounted; without an interval",
    )
    never = value_page.kpis(en, project, TOTALS | {"residual_lifetime_value": math.nan}, whole, "profit").items[-1]
    assert never.value == "–" and never.note.startswith("infinite without a discount rate")


def test_customers_below_zero_are_said_and_a_few_not_counted() -> None:
    en = texts("en")
    assert value_page.below_zero(en, shop(), TOTALS | {"below_zero": 0.0}, "profit") is None
    some, few = (value_page.below_zero(en, shop(), TOTALS | {"below_zero": n}, "profit") for n in (12.0, 3.0))
    assert isinstance(some, Callout) and isinstance(few, Callout)
    expected = "The coming profit of 12 customers, next 365 days, is below zero, USD −340 together."
    assert some.text == expected
    assert few.text == "The coming profit of <10 customers, next 365 days, is below zero."
    both = value_page.below_zero(en, shop(), TOTALS | {"below_zero_so_far": 20.0, "profit_below_zero": -55.0}, "profit")
    assert both == Callout(
        "The profit of some customers is below zero",
        f"So far the profit of 20 customers is below zero, USD −55 together. {expected}",
        "warn",
    )


def test_where_all_together_lose_money_no_share_is_the_finding(t: Texts) -> None:
    tiers = pd.DataFrame(
        {
            "segment": ["a", "b"], "name": ["A", "B"], "customers": [40, 60], "customer_share": [0.4, 0.6],
            "value": [-10.0, -20.0], "value_share": [0.0, 0.0], "profit": [5.0, -5.0],
        }
    )  # fmt: skip
    spans = pd.DataFrame(
        {"segment": ["a", "b"], "value_low": [-12.0, -25.0], "value_high": [-8.0, 1.0], "is_tested": 1.0}
    )
    for figure in (
        value_page.pyramid(t, tiers, "profit"),
        value_page.by_segment(t, shop(), tiers, spans, "profit"),
    ):
        assert figure.table.title == t("worth.loss", kind=t("money.profit"))


# --- charts of money below zero ---


def test_dots_below_zero_keep_the_line_at_nothing() -> None:
    rows = {"label": ["a", "b"], "value": [-5.0, -9.0], "low": [-7.0, -12.0], "high": [-3.0, -6.0]}
    assert "−9" in charts.dot_intervals(pd.DataFrame(rows), title="x").svg


def test_a_share_below_zero_is_written_beside_no_bar() -> None:
    tiers = pd.DataFrame({"segment": ["Top", "Rest"], "customer_share": [0.2, 0.8], "value_share": [1.3, -0.3]})
    figure = charts.pyramid_bars(tiers, title="x")
    assert figure.table.rows[1] == ("Rest", "80 %", "−30 %")
    assert "−30 %" in figure.svg


def test_a_curve_may_pass_the_whole_and_come_back() -> None:
    curve = pd.DataFrame({"customer_share": [0.0, 0.5, 1.0], "value_share": [0.0, 1.4, 1.0]})
    figure = charts.cumulative_curve(curve, title="x", mark=(0.5, 1.4))
    assert "140 %" in figure.svg


@pytest.mark.parametrize("shares", [[0.0, 1.0, -0.2], [0.0, 0.0, 0.0]])
def test_where_all_together_brought_nothing_there_is_no_curve(t: Texts, shares: list[float]) -> None:
    said = value_page.curve(t, pd.DataFrame({"customer_share": [0.0, 0.5, 1.0], "value_share": shares}), 0.4, "profit")
    assert isinstance(said, Callout) and said.title == t("worth.nothing_so_far") and said.tone == "warn"


def test_where_money_was_brought_the_curve_is_shown(t: Texts) -> None:
    curve = pd.DataFrame({"customer_share": [0.0, 0.5, 1.0], "value_share": [0.0, 0.9, 1.0]})
    assert not isinstance(value_page.curve(t, curve, 0.4, "profit"), Callout)
