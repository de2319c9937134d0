"""What ``custlib value`` prints has the words of the pages for the light and the cautions."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from custlib.commands.value_lines import value_lines
from custlib.quick import value_file
from custlib.report.formats import change
from custlib.report.pages import trust
from custlib.report.texts import texts
from tests.notebooks.shops import make_shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_shop(tmp_path_factory.mktemp("shop")).with_name("sales.csv")


@pytest.fixture(scope="module")
def summary(shop: Path) -> dict[str, Any]:
    return value_file(shop)


def test_the_light_has_the_words_of_the_pages(summary: dict[str, Any]) -> None:
    title = trust.light(texts("en"), summary["backtest"]).title
    assert f"light      {title}. " in value_lines(summary, None) and "Tested on the last " in value_lines(summary, None)


def test_cautions_have_the_words_of_the_pages(summary: dict[str, Any]) -> None:
    flagged = summary | {"flags": ["lifetime.weak_dropout", "lifetime.rate_homogeneous"], "silent_days": 400}
    page = trust.cautions(texts("en"), tuple(flagged["flags"]), 400)
    assert page is not None
    text = value_lines(flagged, None)
    assert all(sentence in text for sentence in [page.title, *page.text.split("\n\n")])


def test_totals_are_those_of_the_summary(summary: dict[str, Any], tmp_path: Path) -> None:
    text = value_lines(summary, tmp_path / "out.parquet")
    totals, spans = summary["totals"], summary["intervals"]["value"]
    span = f"(untested: {spans['low']:,.0f} to {spans['high']:,.0f})"
    assert f"{totals['value']:,.0f} {span} of coming revenue in the next 365 days" in text
    assert f"{totals['expected_purchases']:,.0f} (untested:" in text
    assert f"{tmp_path / 'out.parquet'} ({totals['customers']:,.0f} rows)" in text


def test_the_table_shows_whose_value_is_greatest(summary: dict[str, Any]) -> None:
    header, *rows = value_lines(summary, None).split("\n\n")[-1].splitlines()
    assert header.split()[0] == "customer" and len(rows) == 5
    values = [float(row.split()[-1].replace(",", "")) for row in rows]
    assert values == sorted(values, reverse=True)


def test_the_same_things_have_the_words_of_the_pages(summary: dict[str, Any]) -> None:
    text, pages = value_lines(summary, None), texts("en")
    page = trust.light(pages, summary["backtest"]).text
    for bias in (summary["backtest"]["bias"], summary["backtest"]["revenue"]["bias"]):
        assert change(bias) in text and change(bias) in page
    assert f"{summary['backtest']['predicted']:,.0f} purchases forecast" in text and "purchase days" not in text
    assert pages("value.purchases").lower() in text
    header = text.split("\n\n")[-1].splitlines()[0].lower()
    assert pages("value.column_probability_alive").lower() in header and "coming revenue" in header
    gained = value_lines(summary | {"money_kind": "profit"}, None)
    assert "coming profit" in gained.split("\n\n")[-1] and "coming revenue" not in gained


@pytest.mark.slow
def test_without_money_that_is_said(shop: Path, tmp_path: Path) -> None:
    pd.read_csv(shop).drop(columns="amount").to_csv(tmp_path / "sales.csv", index=False)
    text = value_lines(value_file(tmp_path / "sales.csv"), None)
    assert "value      none: there is no money to forecast" in text
    assert text.splitlines()[-1].split()[-1] == "-"


@pytest.mark.slow
def test_an_untested_forecast_has_no_light(shop: Path) -> None:
    text = value_lines(value_file(shop, holdout_days=3000), None)
    assert "light      The forecast has not been tested: no light. " in text and "Not tested: " in text


@pytest.mark.slow
def test_only_a_tested_interval_is_said_to_hold_95_times_in_100(shop: Path) -> None:
    tested = value_lines(value_file(shop, horizon_days=60), None)
    assert "(95 %: " in tested and "light      The 95 % interval is " in tested and "untested" not in tested
