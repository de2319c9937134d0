"""Pages name their money: revenue or profit as the project has it, and none where the purchases have no amounts."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from custlib.report.front import start_page
from custlib.report.pages import (
    agreement_page,
    cube_page,
    moves_over,
    moves_page,
    segment_tables,
    segments_page,
    structure_page,
    systems,
    value_page,
)
from custlib.report.pages.systems import View
from custlib.report.texts import Texts, texts
from tests.report import page_truth
from tests.report.segment_views import AS_OF, BEFORE, brief, definition, moves, project, view
from tests.report.test_move_pages import OBSERVED, flows
from tests.report.test_segment_pages import AXES, CUBE

RFM = {
    "cuts": {"recency": [30.0, 90.0], "frequency": [2.0, 4.0], "monetary": [25.0, 100.0]},
    "measures": {"monetary": {"of": "profit"}},
}
KINDS = {("en", "profit"): "profit", ("en", "revenue"): "revenue", ("zh", "profit"): "利润", ("zh", "revenue"): "收入"}


@pytest.fixture(params=["en", "zh"])
def t(request: pytest.FixtureRequest) -> Texts:
    return texts(request.param)


def bare(seen: View) -> View:
    """The same page of a base without amounts."""
    money = dict.fromkeys(("profit", "historic_value", "profit_share", "value_share"), 0.0)
    return replace(seen, brief=seen.brief.assign(**money, value=np.nan, residual_lifetime_value=np.nan))


def two(*, language: str = "en") -> View:
    """The segments of RFM and the pyramid of the same hundred customers."""
    made = {"rfm": definition("rfm", "AB", RFM), "pyramid": definition("pyramid", "CD")}
    rows = pd.concat([brief(one, [40, 60], each=[20.0, 2.0], language=language) for one in made.values()])
    first = view(made["rfm"], [40, 60], language=language)
    return replace(first, names=tuple(made), definitions=made, brief=rows.reset_index(drop=True))


def tile_frame() -> pd.DataFrame:
    return pd.DataFrame({"R": [5, 1], "F": [5, 1], "customers": [40, 60], "revenue": [90.0, 10.0], "value": [5.0, 1.0]})


# --- revenue or profit ---


@pytest.mark.parametrize(("language", "kind"), KINDS)
def test_what_is_to_come_is_called_profit_or_revenue(language: str, kind: str) -> None:
    t, word, other = texts(language), KINDS[language, kind], KINDS[language, {"profit": "revenue"}.get(kind, "profit")]
    seen = replace(two(language=language), money_kind=kind)
    summary = seen.rows("rfm").assign(revenue=1.0, revenue_share=[0.5, 0.5])
    eight = definition("value_cube", "ABCDEFGH", {"cells": CUBE, "axes": AXES})
    cube = replace(view(eight, [40] * 8, language=language), money_kind=kind)
    said = [
        segments_page.headline(t, summary, AS_OF, kind),
        segments_page.tiles(t, seen.definitions["rfm"], tile_frame(), project(currency="GBP"), kind),
        segments_page.thresholds(seen, "rfm"),
        segment_tables.table(seen, "pyramid"),
        segment_tables.lifetime(seen, "pyramid"),
        cube_page.loyal(cube, "high"),
        start_page.next_step(t, summary, {}, kind),
    ]
    for block in said:
        assert block is not None
        found = list(page_truth.units("page", block))
        assert word in " ".join(unit.whole for unit in found)
        assert other not in " ".join(unit.whole for unit in found)
        assert page_truth.faults("page", [block]) == []


@pytest.mark.parametrize(("kind", "other"), [("profit", "revenue"), ("revenue", "profit")])
def test_what_a_system_ranks_by_is_called_profit_or_revenue(kind: str, other: str) -> None:
    tiers = {"classes": ["C", "D"], "cuts": [100.0], "floor": 0.0}
    pyramid = definition("pyramid", "CD", tiers)
    seen = replace(view(pyramid, [40, 60]), money_kind=kind)
    told = f"{systems.table(seen).rows} {segments_page.class_rules(seen, 'pyramid')}"
    assert f"{kind} so far, four tiers" in told and f"{kind} so far at least USD 100" in told
    assert f"{other} so far" not in told


def test_the_headline_without_a_forecast_is_of_revenue_so_far() -> None:
    frame = two().rows("rfm").assign(value_share=0.0, revenue_share=[0.8, 0.2])
    said = segments_page.headline(texts("en"), frame, AS_OF, "profit")
    assert said.text == "Class A: 40 % of the customers, 80 % of the revenue so far"
    none = segments_page.headline(texts("en"), frame.assign(revenue_share=0.0), AS_OF, "profit")
    assert none.text == "Class B are 60 % of the customers"


@pytest.mark.parametrize(
    ("measure", "said"), [("profit", "M (revenue so far)"), ("profit_last_365d", "M (profit of the last 365 days)")]
)
def test_the_thresholds_of_m_say_what_is_cut(measure: str, said: str) -> None:
    rule = RFM | {"measures": {"monetary": {"of": measure}}}
    found = segments_page.thresholds(
        replace(view(definition("rfm", "AB", rule), [40, 60]), money_kind="revenue"), "rfm"
    )
    assert found is not None and any(str(term).startswith(said) for term, _ in found.items)


def test_the_cells_of_the_cube_say_whether_their_money_is_past_or_to_come() -> None:
    seen = view(definition("value_cube", "ABCDEFGH", {"cells": CUBE, "axes": AXES}), [40] * 8)
    past = replace(seen, brief=seen.brief.assign(value=np.nan))
    found = [cube_page.loyal(one, "high") for one in (seen, past)]
    captions = [tiles.caption for tiles in found if tiles]
    assert "coming profit of 365 days" in captions[0] and "profit so far" in captions[1]


def test_the_segment_to_begin_with_is_that_with_most_coming_money_or_most_customers(t: Texts) -> None:
    frame = pd.DataFrame(
        {"segment": ["A", "B"], "name": ["Class A", "Class B"], "value": [2.0, 1.0], "customers": [10, 90]}
    )
    rich = start_page.next_step(t, frame, {}, "revenue").text
    large = start_page.next_step(t, frame.assign(value=np.nan), {}, "revenue").text
    assert "Class A" in rich and t("money.revenue") in rich
    assert "Class B" in large and t("money.revenue") not in large


# --- without amounts ---


def test_without_amounts_what_ranks_by_money_is_left_out_and_said_once(t: Texts) -> None:
    seen, without = two(language=t.language), systems.with_money(bare(two(language=t.language)))
    assert systems.with_money(seen).names == ("rfm", "pyramid") and systems.no_money(seen) is None
    assert without.names == ("rfm",)
    said = systems.no_money(without)
    assert said is not None and t("systems.pyramid.name") in said.text and t("systems.abc.name") not in said.text


def test_without_amounts_a_system_does_not_look_at_money(t: Texts) -> None:
    full = two(language=t.language)
    money = {"en": ("money", "spend"), "zh": ("值度", "消费", "三项")}[t.language]
    for name in ("rfm", "rfm125", "rfm_product", "clusters"):
        assert full.looks(name) == t(f"systems.{name}.looks") != bare(full).looks(name)
        assert not any(word in bare(full).looks(name) for word in money)
    assert "532" in full.note("rfm125") and "532" not in bare(full).note("rfm125")
    assert bare(full).looks("by_spend") == "" and bare(full).note("clusters") == t("systems.clusters.note")


def test_without_amounts_the_tables_of_segments_have_no_money() -> None:
    labels = {}
    for name, seen in (("money", two()), ("none", bare(two()))):
        table = segment_tables.table(seen, "rfm")
        assert table is not None
        labels[name] = [column.label for column in table.columns]
    assert labels["none"] == ["Class", "Customers", "Share", "What to do"]
    assert labels["money"][3:5] == ["Profit so far, USD", "Coming profit, 365 days, USD"]


def test_without_amounts_the_cells_have_no_money() -> None:
    for seen, count in ((two(), 6), (bare(two()), 4)):
        found = segment_tables.cells(seen, "rfm")
        assert found is not None and len(found.columns) == count


def test_without_amounts_the_summary_of_segments_has_no_money() -> None:
    frame = pd.DataFrame(
        {"name": ["A", "B"], "customers": [40, 60], "customer_share": [0.4, 0.6], "revenue": [9.0, 1.0],
         "value": [5.0, 1.0], "value_share": [0.8, 0.2], "frequency": 1.0, "probability_alive": 0.5}
    )  # fmt: skip
    full = value_page.table(texts("en"), project(), frame, title="x", money_kind="revenue")
    none = frame.assign(revenue=0.0, value=np.nan, value_share=0.0)
    left = value_page.table(texts("en"), project(), none, title="x", money_kind="revenue")
    assert len(full.columns) == 7
    assert [column.label for column in left.columns] == [
        "Segment",
        "Customers",
        "Share of customers",
        "Still a customer",
    ]


def test_without_amounts_the_tiles_count_customers_alone(t: Texts) -> None:
    rfm = definition("rfm", "AB", RFM)
    frame = tile_frame().assign(value=np.nan)
    past = segments_page.tiles(t, rfm, frame, project(), "revenue")
    none = segments_page.tiles(t, rfm, frame.assign(revenue=np.nan), project(), "revenue")
    assert past.title == t("untested.tiles") and any(cell.note for row in past.cells for cell in row)
    assert none.title == t("purchases.tiles") and not any(cell.note for row in none.cells for cell in row)


def test_without_amounts_r_and_f_are_cut_and_m_is_not_named() -> None:
    found = {name: segments_page.thresholds(seen, "rfm") for name, seen in (("money", two()), ("none", bare(two())))}
    written = {name: str(facts.items) for name, facts in found.items() if facts}
    assert "M (profit so far)" in written["money"] and "M has 3" in written["money"]
    assert "M " not in written["none"] and "R has 3, F has 3 effective classes" in written["none"]


def test_without_amounts_moves_are_of_customers_alone(t: Texts) -> None:
    rows = [("whole", was, now, n) for was, now, _, n in OBSERVED]
    found = definition("rfm", "ABC")
    seen = view(found, [100] * 3, language=t.language)
    paths = [moves_page.Moves(one, found, moves(*rows), BEFORE) for one in (seen, bare(seen))]
    full, none = (moves_page.largest(path, flows(*OBSERVED)) for path in paths)
    assert full is not None and none is not None
    assert all("USD" in str(item) for item in full.items) and "USD" not in str(none.items)
    assert all(str(item).endswith(t("join.stop").strip()) for item in none.items)
    assert [len(moves_page.directions(path).columns) for path in paths] == [4, 2]
    assert [moves_page.account_of_money(path) is None for path in paths] == [False, True]


def test_without_amounts_the_systems_are_compared_by_customers_alone() -> None:
    moved = pd.DataFrame(
        {"segmentation": "rfm", "from_date": BEFORE, "cause": ["ageing", "whole"], "customers": [20.0, 30.0],
         "share": [0.2, 0.3], "money": 0.0, "known": 100.0}
    )  # fmt: skip
    seen = view(definition("rfm", "AB"), [40, 60])
    full, none = (moves_over.by_system(one, moved) for one in (seen, bare(seen)))
    assert len(full.columns) == len(none.columns) + 1
    assert "profit" in full.columns[-1].label and "profit" not in str(none.columns)


def test_without_amounts_structure_is_of_customers_alone() -> None:
    frame = pd.DataFrame(
        {"value": ["web", "all"], "kind": ["value", "whole"], "customers": [60, 60], "customers_before": [50, 50],
         "change": [10, 10], "revenue": [9.0, 9.0], "share": [1.0, 1.0], "share_before": [1.0, 1.0],
         "products_per_customer": np.nan}
    )  # fmt: skip
    seen = view(definition("rfm", "AB"), [40, 60])
    full, none = (structure_page.structure_table(one, "channel", frame) for one in (seen, bare(seen)))
    assert "revenue" in full.title and len(full.columns) == 6
    assert none.title == "The base by channel" and len(none.columns) == 3


def test_where_systems_part_is_told_in_the_kind_of_money_of_the_project() -> None:
    seen = replace(two(), money_kind="revenue")
    pairs = pd.DataFrame({"first": list("AB"), "second": list("DC"), "customers": [40, 60], "value": [4.0, 6.0]})
    pairs = pd.concat([pairs, pairs.assign(second=list("CD"), customers=[20, 20])], ignore_index=True)
    found = agreement_page.apart(seen, {("rfm", "pyramid"): pairs}, "rfm")
    assert found is not None
    labels = [column.label for column in found.columns]
    assert "Their coming revenue, USD" in labels and "Apart, share of the customers" in labels


def test_without_amounts_the_figures_of_value_are_of_purchases() -> None:
    """A total that no customer has is null in the engine, whose column then has no type of a number."""
    totals = {"customers": 100.0, "repeat_customers": 60.0, "active": 30.0}
    whole = {"value": None, "expected_purchases": 40.0, "purchases_low": 30.0, "purchases_high": 50.0, "is_tested": 1.0}
    found = [value_page.kpis(texts("en"), project(), totals, whole | {"value": none}, "revenue")  # type: ignore[dict-item]
             for none in (None, np.nan)]  # fmt: skip
    assert found[0] == found[1] and found[0].items[-1].value == "40"
