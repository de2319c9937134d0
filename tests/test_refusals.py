"""A run without a forecast, without money or without a test publishes what is left, and says why."""

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from custlib import cli
from custlib.report import publish
from custlib.report.production import run_project
from custlib.report.texts import texts
from tests.degenerate import CASES, open_base, write_project

BY_HISTORY = {"appendix", "audit", "segments", "identify"}
HOLE = re.compile(r"(?<![\w-])(nan|inf|None(?! of the three)|null)(?![\w-])")
FORECAST_WORDS = ("Coming value", "Still a customer", "coming money")


def publish_case(folder: Path, name: str, **changes: Any) -> tuple[dict[str, str], dict[str, Any], str]:
    """Run a case; return the text of its pages, the manifest and the text of the index."""
    project = write_project(folder, CASES[name](), **changes)
    target = run_project(project, reports=folder / "reports", work=folder / "work")
    manifest = publish.read_manifest(target)
    assert manifest is not None
    return {p.stem: words(p) for p in target.glob("*.html")}, manifest, words(folder / "reports" / "index.html")


def words(path: Path) -> str:
    body = path.read_text(encoding="utf-8").partition("<body")[2]
    return unescape(re.sub(r"\s+", " ", re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", body, flags=re.DOTALL)))


def holes(pages: dict[str, str]) -> dict[str, list[str]]:
    return {name: found for name, text in pages.items() if (found := HOLE.findall(text))}


# --- what is refused ---


@pytest.mark.parametrize(
    ("name", "changes", "forecast", "money", "test"),
    [
        ("ordinary", {}, "", "", ""),
        ("one_time_buyers", {}, "no_repeats", "no_money", "no_repeats"),
        ("unobserved", {}, "not_observed", "no_money", "not_observed"),
        ("zero_amounts", {}, "", "no_money", ""),
        ("ordinary", {"holdout_days": 3000}, "", "", "nobody_yet"),
        ("identical", {"holdout_days": 728}, "", "", "not_observed"),
        ("identical", {"holdout_days": 727}, "", "", "no_repeats"),
    ],
)
@pytest.mark.sampled
def test_reasons_by_what_is_refused(
    tmp_path: Path, name: str, changes: dict[str, Any], forecast: str, money: str, test: str
) -> None:
    opened = open_base(tmp_path, CASES[name](), **changes)
    assert [opened.reason(node) for node in ("lifetime_model", "money_forecast", "holdout")] == [forecast, money, test]


# --- reports without a model ---


@pytest.mark.slow
@pytest.mark.parametrize("name", ["one_time_buyers", "unobserved", "one_day_only"])
def test_without_a_forecast_the_history_is_published(tmp_path: Path, name: str) -> None:
    pages, manifest, index = publish_case(tmp_path, name)
    t, reason = texts("en"), "not_observed" if name == "unobserved" else "no_repeats"
    assert set(pages) == BY_HISTORY and holes(pages) == {}
    assert manifest["refused"]["forecast"] == reason
    assert manifest["index"]["light"] is None and manifest["index"]["reason"] in index
    for text in (pages["segments"], pages["identify"]):
        assert t("refused.title_forecast") in text and t(f"refused.forecast.{reason}") in text
    assert not [said for said in FORECAST_WORDS if said in pages["segments"]]
    assert "of the revenue so far" in pages["segments"]
    assert not re.search(r"Backtest: (green|amber|red|not tested)", index)


@pytest.mark.slow
def test_the_command_ends_well_without_a_forecast(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_project(tmp_path, CASES["one_time_buyers"]())
    text = 'id = "odd"\nname = "Odd"\nas_of = 2024-12-30\nlanguage = "zh"\n[source]\npath = "sales.csv"\n'
    (tmp_path / "odd.toml").write_text(text)
    asked = ["run", str(tmp_path / "odd.toml"), "--reports", str(tmp_path / "r"), "--work", str(tmp_path / "w")]
    assert cli.main(asked) == 0
    assert texts("zh")("refused.title_forecast") in words(tmp_path / "r" / "odd" / "2024-12-30" / "segments.html")
    assert cli.main(asked) == 0  # up to date
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.slow
def test_without_money_purchases_are_tested_and_history_is_told(tmp_path: Path) -> None:
    pages, manifest, index = publish_case(tmp_path, "zero_amounts")
    sheets = {name for name in pages if name.startswith("playbook")}
    assert set(pages) - sheets == {"overview", "value", "start", "validation", *BY_HISTORY}
    assert sheets and holes(pages) == {}
    assert manifest["refused"] == {"money": "no_money"}
    for name in ("overview", "value", "start", "segments"):
        assert texts("en")("flags.spend.no_money") in pages[name]
    assert "Coming value" not in pages["segments"] and "Purchases expected" in index


@pytest.mark.slow
@pytest.mark.parametrize("holdout_days", [722, 3000])
def test_an_untested_forecast_is_published_without_a_colour(tmp_path: Path, holdout_days: int) -> None:
    pages, manifest, index = publish_case(tmp_path, "ordinary", holdout_days=holdout_days)
    assert "validation" not in pages and {"value", "overview", "start", "segments"} <= set(pages)
    assert manifest["index"]["light"] == "untested" and "Forecast: not tested" in index
    for name in ("value", "overview", "start"):
        assert texts("en")("untested.title") in pages[name]
    assert not [name for name, text in pages.items() if "Forecast: green" in text]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(CASES) - {"one_time_buyers", "one_day_only", "unobserved", "zero_amounts"}))
def test_no_page_of_any_case_has_a_hole(tmp_path: Path, name: str) -> None:
    pages, manifest, _ = publish_case(tmp_path, name)
    assert holes(pages) == {}
    t = texts("en")
    if "lifetime.no_measurable_dropout" in manifest["flags"]:
        said = [text for page, text in pages.items() if page in ("value", "overview", "start", "segments")]
        assert all(t("flags.lifetime.no_measurable_dropout") in text for text in said)
        titles = (t("flags.title"), t("flags.title_grave"))
        sheets = [text for page, text in pages.items() if page.startswith("playbook")]
        assert all(any(title in text for title in titles) for text in sheets)
        assert t("untested.everybody_stays") in pages.get("value", t("untested.everybody_stays"))
        assert "Still a customer 100 %" not in " ".join(pages.values())


# --- the quick command ---


def test_a_forecast_that_is_demanded_ends_in_four_and_names_what_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_project(tmp_path, CASES["one_time_buyers"]())
    asked = ["value", str(tmp_path / "sales.csv"), "--as-of", "2024-12-30", "--out", str(tmp_path / "o.parquet")]
    assert cli.main(asked) == 4
    said = capsys.readouterr().err
    assert said.startswith("ModelError: lifetime: no repeat purchases: all 80 customers bought one time")
    assert "RFM, ABC, pyramid" in said and "custlib run" in said
    assert said.count("\n") < 10 and "Traceback" not in said
    assert not (tmp_path / "o.parquet").exists()


@pytest.mark.slow
def test_the_quick_command_states_intervals_and_cautions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_project(tmp_path, CASES["retail_with_returns"]())
    asked = ["value", str(tmp_path / "sales.csv"), "--as-of", "2024-12-30", "--out", str(tmp_path / "o.parquet")]
    assert cli.main([*asked, "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    for name in ("expected_purchases", "value"):
        ends = summary["intervals"][name]
        assert ends["low"] < summary["totals"][name] < ends["high"]
    assert summary["cautions"]["lifetime.no_measurable_dropout"].startswith("In these purchases nobody")
    assert set(summary["flags"]) <= set(summary["cautions"])
