"""One word per money, one denominator per share, one light per run, on every page."""

from pathlib import Path

import pytest

from custlib.report import publish
from custlib.report.blocks import Action, Actions, Callout, Column, Facts, Kpi, Kpis, Table, Text, Title
from custlib.report.forecast_status import light_words
from custlib.report.texts import texts
from tests.report import page_truth
from tests.report.tested import held


def table(title: str, label: str, cell: str) -> Table:
    return Table(title, [Column("Segment"), Column(label, "right")], [["Loyal", cell]])


def plan(title: str, head: str, sure: str = "") -> Actions:
    return Actions(title, ("Verdict", "What", "How sure", head), [Action("do", "Do it", "Remind them", sure, "+63")])


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (Title("The coming 365 days are worth USD 69 k"), "amount"),
        (Title("Coming revenue, next 365 days: USD 69 k"), ""),
        (Kpis([Kpi("Brought so far", "EUR 44 k")]), "amount"),
        (Kpis([Kpi("Profit so far", "EUR 44 k")]), ""),
        (table("What each brought", "So far (USD)", "44 k"), "amount"),
        (table("What each brought", "Revenue so far (USD)", "44 k"), ""),
        (Text("他们至今贡献 11.8 万 USD。"), "amount"),
        (Text("他们的累计收入为 11.8 万 USD。"), ""),
        (Kpis([Kpi("One and done", "52 %")]), "share"),
        (Kpis([Kpi("One and done", "52 %", "of all customers bought once")]), ""),
        (Kpis([Kpi("Loyal", "+52 %")]), ""),
        (Text("Loyal: 10 % of the customers, 39 % of the coming value"), "revenue or profit"),
        (Text("Loyal: 10 % of the customers, 39 % of the coming revenue"), ""),
        (Text("忠诚客户占客户的 10%，占未来价值的 39%"), "revenue or profit"),
        (Text("忠诚客户占客户的 10%，占未来收入的 39%"), ""),
        (table("What each brings", "Value, coming 365 days, GBP", "44 k"), "revenue or profit"),
        (table("What each brings", "Coming profit, 365 days, GBP", "44 k"), ""),
        (table("What each brought", "So far, GBP", "44 k"), "amount"),
        (Facts([("Typical", "bought 6 ×, GBP 32 each time")]), "amount"),
        (Facts([("Typical", "bought 6 ×, spend GBP 32 each time")]), ""),
        (Facts([("Promise", "47 % buy in 90 days, not 44 %")]), "share"),
        (Facts([("Promise", "47 % of them buy in 90 days, not 44 %")]), ""),
        (Facts([("Provable", "not alone: from +18 points (power 80 %)")]), ""),
        (Kpis([Kpi("Coming 365 days", "69 k", unit="USD")]), "amount"),
        (Kpis([Kpi("Coming revenue, 365 days", "69 k", unit="USD")]), ""),
        (plan("1 to do: GBP 63 expected, for GBP 8", "Gain, GBP"), "amount"),
        (plan("1 to do: GBP 63 more profit expected, after a cost of GBP 8", "More profit, GBP"), ""),
        (plan("1 to do", "More profit, GBP", "12 % buy"), "share"),
        (plan("1 to do", "More profit, GBP", "12 % of them buy"), ""),
        (Title("Revenue is down 47 % on a year ago"), ""),
        (Text("95 % interval USD 62–77 k of revenue, at 10 % a year"), ""),
    ],
)
def test_what_has_no_word_is_found(block: Title, words: str) -> None:
    found = page_truth.faults("page", [block])
    assert bool(found) == bool(words) and (not words or any(words in one for one in found))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_light_of_a_page_is_found(language: str) -> None:
    callout = Callout(light_words(texts(language), held("green", "red")), "x")
    assert page_truth.lights([Title("x", light="amber"), callout], language) == {"amber", "red"}
    assert page_truth.lights([Title("x"), Callout("Take care", "x")], language) == set()


@pytest.fixture(scope="module")
def pages(published: Path) -> dict[str, list[page_truth.Block]]:
    return page_truth.blocks(published / "work")


def test_every_amount_and_share_of_the_example_has_its_word(pages: dict[str, list[page_truth.Block]]) -> None:
    assert {"validation", "value", "audit", "identify"} <= set(pages)
    assert page_truth.faults_of_run(pages) == []


def test_every_light_of_the_example_is_that_of_the_run(
    published: Path, pages: dict[str, list[page_truth.Block]]
) -> None:
    manifest = publish.read_manifest((published / "reports" / "cdnow" / "latest").resolve())
    assert manifest is not None
    shown = {page: page_truth.lights(content) for page, content in pages.items()}
    assert {"validation", "value", "overview"} <= {page for page, lights in shown.items() if lights}
    assert {light for lights in shown.values() for light in lights} == {manifest["index"]["light"]}
