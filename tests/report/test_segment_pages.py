"""The page of segmentations: one table for every system, rules in words, the cube, weights, drift and agreement."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from custlib.errors import UsageError
from custlib.report.blocks import Callout, Figure
from custlib.report.pages import agreement_page, cube_page, moves_over, segment_tables, segments_page, systems
from custlib.report.texts import texts
from custlib.segment import measures, registry
from custlib.segment.pyramid import ParetoPoint
from tests.report.segment_views import AS_OF, brief, definition, view

LANGUAGES = ("en", "zh")
CUBE = {
    segment: [[ccv, cpv, loyalty]]
    for segment, (ccv, cpv, loyalty) in zip(
        "ABCDEFGH",
        [(c, p, y) for y in ("high", "low") for c in ("high", "low") for p in ("high", "low")],
        strict=True,
    )
}
AXES = {
    "ccv": {"measure": "profit_last_365d", "factor": 3.79, "threshold": 61.0},
    "cpv": {"measure": "potential", "factor": 1.0, "threshold": None},
    "loyalty": {"measure": "probability_alive", "factor": 1.0, "threshold": 0.5},
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_system_and_every_lack_has_words(language: str) -> None:
    t = texts(language)
    parts = ("name", "looks", "note")
    assert all(t(f"systems.{name}.{part}", kind="profit") for name in registry.names() for part in parts)
    assert all(t(f"lacking.{source}") for source in measures.SOURCES)


def test_a_list_of_segmentations_must_be_made() -> None:
    with pytest.raises(UsageError, match=r"segmentations: value_cub is not made here\..*\nsegmentations: x is not"):
        systems.chosen(["rfm", "value_cube"], ["value_cub", "rfm", "x"])
    assert systems.chosen(["rfm", "abc"], []) == ("rfm", "abc")


def test_the_table_of_a_system_states_customers_money_and_what_to_do() -> None:
    found = segment_tables.table(view(definition("abc", "AB"), [20, 80], each=[40.0, 2.5]), "abc")
    assert found is not None
    # 20 customers of 100 with 800 of 1,000
    assert found.title == "ABC: Class A – 20 % of the customers, 80 % of the coming profit"
    assert found.rows[0] == ("Class A", "20", "20 %", "800", "800", "Do A")


def test_where_money_is_spread_as_customers_are_no_class_is_named() -> None:
    found = segment_tables.table(view(definition("abc", "AB"), [50, 50]), "abc")
    assert found is not None and found.title.startswith("ABC: no class stands out")


def test_without_a_forecast_the_finding_looks_back() -> None:
    seen = view(definition("abc", "AB"), [20, 80], each=[40.0, 2.5])
    past = replace(seen, brief=seen.brief.assign(value=np.nan, value_share=0.0))
    found = segment_tables.table(past, "abc")
    assert found is not None and found.title.endswith("80 % of the profit so far")
    assert len(found.columns) == 5 and segment_tables.lifetime(past, "abc") is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_a_small_class_only_that_is_shown(language: str) -> None:
    found = segment_tables.table(view(definition("abc", "ABC"), [3, 40, 200], language=language), "abc")
    assert found is not None
    assert found.rows[0][1:5] == ("<10", "–", "–", "–")
    assert found.rows[1][1].startswith("≈") and found.rows[1][2].startswith("≈")
    assert found.note == texts(language)("groups.note")


def test_what_is_not_shown_makes_no_block() -> None:
    seen = view(definition("abc", "AB"), [20, 80])
    made = [
        segment_tables.table(seen, "rfm"),
        segment_tables.rules(seen, "lifecycle"),
        segment_tables.cells(seen, "rfm125"),
        cube_page.loyal(seen, "high"),
        cube_page.matrix(seen),
        cube_page.thresholds(seen, "value_cube"),
        segment_tables.weights(seen),
        segment_tables.consistency(seen),
        seen.section("ahp", "ahp"),
        segment_tables.lifetime(seen, "pyramid"),
    ]
    assert made == [None] * len(made)


def test_rules_are_said_in_the_order_they_are_tried() -> None:
    rule = {"alternatives": [
        {"segment": "B", "all": [{"measure": "profit_last_365d", "at_least": 5e6}]},
        {"segment": "B", "all": [{"measure": "invoices_late", "per": "invoices_due", "at_least": 0.1, "below": 0.5}]},
        {"segment": "A", "all": []},
    ]}  # fmt: skip
    said = segment_tables.rules(view(definition("bank5", "AB", rule), [20, 80]), "bank5")
    assert said is not None
    assert [tuple(pair) for pair in said.blocks[0].items] == [  # type: ignore[attr-defined]
        ("Class B", "profit of the last 365 days at least 5,000,000; or invoices paid late per invoices due at least "
                    "0.1 and below 0.5"),
        ("Class A", "everybody else"),
    ]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_measure_and_test_has_words(language: str) -> None:
    t = texts(language)
    names = [*measures.COUNTED, "profit", "frequency", "T", "days_since_last", "quantity_last_30d", "attribute_region"]
    assert all(segment_tables.measure_in_words(t, name) for name in names)
    tests: list[dict[str, Any]] = [{"is": "yes"}, {"is_missing": True}, {"is_missing": False}, {"above": None}]
    assert all(segment_tables.rule_in_words(t, [{"measure": "profit"} | one]) for one in tests)


def test_the_largest_cells_are_listed_and_the_rest_added_up() -> None:
    ids = [f"{n}" for n in range(6)]
    cells = definition("rfm125", "012345")
    found = segment_tables.cells(view(cells, [50, 3, 30, 20, 4, 0]), "rfm125", count=2)
    assert found is not None and len(ids) == 6
    assert found.title == "RFM cells: 5 of 6 cells are in use; the largest 2 hold 75 %"
    assert [row[:2] for row in found.rows] == [("Class 0", "50"), ("Class 2", "30"), ("3 other cells", "27")]
    assert found.columns[0].align == "left"


def test_lifetime_value_in_the_wide_sense_is_past_and_future() -> None:
    found = segment_tables.lifetime(view(definition("pyramid", "AB"), [20, 80], each=[40.0, 2.5]), "pyramid")
    assert found is not None
    # 800 so far, twice that to come
    assert found.rows[0] == ("Class A", "20", "800", "1.6 k", "2.4 k", "120")
    assert found.title == "67 % of lifetime value is profit still to come"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_cube_is_two_blocks_of_four_tiles(language: str) -> None:
    seen = view(definition("value_cube", "ABCDEFGH", {"cells": CUBE, "axes": AXES}), [40] * 8, language=language)
    high, low = cube_page.loyal(seen, "high"), cube_page.loyal(seen, "low")
    assert high is not None and low is not None
    labels = [[cell.label for cell in row] for row in (*high.cells, *low.cells)]
    names = [seen.definitions["value_cube"].name(s, language) for s in "ABCDEFGH"]
    assert [label for row in labels for label in row] == names
    assert all(cell.text == "40" and cell.note for row in high.cells for cell in row)


def test_a_small_class_of_the_cube_blurs_all_others() -> None:
    """The matrix folds the cube over loyalty: 44 high-high customers less an exact 40 would tell the hidden 4."""
    seen = view(definition("value_cube", "ABCDEFGH", {"cells": CUBE, "axes": AXES}), [40, 40, 40, 40, 4, 40, 40, 40])
    found = cube_page.loyal(seen, "high"), cube_page.loyal(seen, "low")
    told = [cell.text for tiles in found if tiles for row in tiles.cells for cell in row]
    assert told[4] == "<10" and all(text == "≈ 40" for n, text in enumerate(told) if n != 4)


def test_thresholds_say_what_they_measure() -> None:
    seen = view(definition("value_cube", "ABCDEFGH", {"cells": CUBE, "axes": AXES}), [40] * 8)
    said = cube_page.thresholds(seen, "value_cube")
    assert said is not None
    assert dict(said.items)["Current value (CCV)"] == (
        "USD 61; measured by profit of the last 365 days, carried over the expected lifetime (× 3.79)"
    )
    assert dict(said.items)["Potential value (CPV)"].startswith("none")
    assert dict(said.items)["Loyalty"].startswith("50 %")


def test_where_potential_is_not_known_one_line_says_so() -> None:
    seen = view(definition("abc", "AB"), [20, 80])
    said = cube_page.absent(seen, {"value_cube": ["potential"], "value_matrix": ["potential"]})
    assert said is not None and "products with money" in said.text
    assert cube_page.absent(seen, {}) is None


def test_weights_go_down_the_hierarchy() -> None:
    weigh = {"profit": 0.5, "purchases": 1 / 6, "lately_seen": 0.25, "tenure": 1 / 12}
    rule = {
        "options": {}, "indicators": [{"id": name, "weight": weight} for name, weight in weigh.items()],
        "criteria": [
            {"id": "value", "weights": {"current": 2 / 3, "loyalty": 1 / 3}, "consistency_ratio": 0.0},
            {"id": "current", "weights": {"profit": 0.75, "purchases": 0.25}, "consistency_ratio": 0.02},
            {"id": "loyalty", "weights": {"lately_seen": 0.75, "tenure": 0.25}, "consistency_ratio": 0.0},
        ],
    }  # fmt: skip
    seen = view(definition("ahp", "AB", rule), [20, 80])
    figure, said = segment_tables.weights(seen), segment_tables.consistency(seen)
    assert isinstance(figure, Figure) and figure.table is not None and said is not None
    assert figure.title == "Profit per day as a customer weighs most: 50 % of the value"
    assert figure.table.rows[0] == ("Customer value", "Current value", "67 %", "67 %")
    assert figure.table.rows[3] == ("Current value", "Repeat purchases per day as a customer", "25 %", "17 %")
    assert "0.020 (of Current value)" in said.text


def test_the_twenty_eighty_point_is_said() -> None:
    seen = replace(view(definition("pyramid", "AB"), [20, 80]), money_kind="revenue")
    said = segments_page.pareto(seen, ParetoPoint(0.2, 0.674, 0.331))
    assert said.title == "The best 20 % of the customers account for 67 % of the revenue so far"
    assert said.text.startswith("80 % of the revenue so far came from 33 %")
    assert segments_page.pareto(seen, ParetoPoint(0.2, float("nan"), float("nan"))).tone == "warn"


def test_every_number_of_clusters_that_was_tried_is_listed() -> None:
    tried = [
        {"k": 2, "prediction_strength": 0.95, "smallest_jaccard": 0.9, "smallest_share": 0.4, "passes": True,
         "why_not": []},
        {"k": 3, "prediction_strength": 0.5, "smallest_jaccard": None, "smallest_share": None, "passes": False,
         "why_not": ["prediction_strength", "smallest_customers"]},
    ]  # fmt: skip
    found = segments_page.criteria(texts("en"), definition("clusters", "AB", {"criteria": tried, "k_by": "criteria"}))
    assert found is not None and found.title == "2 clusters: the most that are stable"
    assert found.rows[0][:2] == ("2 (taken)", "0.95")
    assert found.rows[1][4] == "prediction strength too low, too few customers for a holdout"
    assert segments_page.criteria(texts("en"), definition("clusters", "AB")) is None


def test_on_the_day_of_the_fit_there_is_nothing_to_hold_against() -> None:
    seen = view(definition("abc", "AB"), [20, 80])
    assert moves_over.drift_verdict(seen, {"abc": None}).title.startswith("The definitions are of 30 Dec 2024")
    assert moves_over.drift_table(seen, {"abc": None}) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_proposal_says_how_to_accept_it(language: str) -> None:
    seen = view(definition("abc", "AB"), [20, 80], language=language)
    drift = {"adjusted_rand_index": 0.4567, "relabelled": 0.234, "lost": {"B": 0.3}, "is_proposed": True}
    said, table = moves_over.drift_verdict(seen, {"abc": drift}), moves_over.drift_table(seen, {"abc": drift})
    assert said.tone == "warn" and "refit = true" in said.text
    assert table is not None and table.rows[0][2] == "0.46"
    assert seen.definitions["abc"].name("B", language) in table.rows[0][4]


def test_a_definition_that_holds_is_good_news() -> None:
    seen = view(definition("abc", "AB"), [20, 80])
    kept = {"adjusted_rand_index": 0.96, "relabelled": 0.01, "lost": {}, "is_proposed": False}
    assert moves_over.drift_verdict(seen, {"abc": kept}).tone == "good"
    assert "0.96" in moves_over.drift_verdict(seen, {"abc": kept}).text


def agreeing() -> tuple[systems.View, agreement_page.Tables]:
    """Three systems of 100 customers: the first two alike but for 20, the third unlike both."""
    made = [definition(name, "AB") for name in ("rfm", "abc", "pyramid")]
    rows = pd.concat([brief(one, [50, 50], each=[10.0, 10.0]) for one in made], ignore_index=True)
    first = view(made[0], [50, 50])
    seen = replace(first, names=("rfm", "abc", "pyramid"), brief=rows, definitions={d.segmentation: d for d in made})
    sides = {"first": ["A", "A", "B"], "second": ["A", "B", "B"]}
    alike = pd.DataFrame(sides | {"customers": [50, 20, 30], "value": [500.0, 200.0, 300.0]})
    unlike = pd.DataFrame({"first": list("AABB"), "second": list("ABAB"), "customers": 25, "value": 250.0})
    return seen, {("rfm", "abc"): alike, ("rfm", "pyramid"): unlike, ("abc", "pyramid"): unlike}


def test_who_agrees_most_and_least_is_named() -> None:
    seen, tables = agreeing()
    found = agreement_page.matrix(seen, tables)
    assert found is not None
    assert found.title.startswith("RFM named segments and ABC agree most; ")
    assert [row[0] for row in found.rows] == ["1 RFM named segments", "2 ABC", "3 Pyramid"]
    assert found.rows[0][1:] == ("", "") and re.fullmatch(r"0\.\d\d", found.rows[1][1])
    assert {column.align for column in found.columns[1:]} == {"right"}


def test_the_largest_disagreement_is_in_customers_and_money() -> None:
    seen, tables = agreeing()
    found = agreement_page.apart(seen, tables, "abc")
    assert found is not None
    # seen from abc the sides are turned: those that abc calls B and rfm A
    assert found.rows[0][0] == "RFM named segments"
    # two systems have a class of this name, so each stands with its system
    assert found.rows[0][2:] == ("20 %", "200", "ABC: Class B / RFM: Class A", "≈ 20", "200")
    assert agreement_page.apart(seen, {}, "abc") is None and agreement_page.matrix(seen, {}) is None


def test_fine_grids_are_not_compared() -> None:
    seen, _ = agreeing()
    grid = definition("pyramid", "ABCDEFGHIJKLMNOPQRSTU")
    assert agreement_page.compared(replace(seen, definitions={**seen.definitions, "pyramid": grid})) == ["rfm", "abc"]


def test_the_link_is_there_only_where_the_page_is() -> None:
    seen, _ = agreeing()
    assert "(value.html)" in agreement_page.methods(seen).text
    past = replace(seen, brief=seen.brief.assign(value=float("nan")))
    assert "value.html" not in agreement_page.methods(past).text


def test_a_first_number_says_how_many_moved() -> None:
    seen = view(definition("rfm", "AB"), [500, 500])
    day = pd.Timestamp("2024-09-30").date()
    moved = pd.DataFrame({"segmentation": "rfm", "from_date": day, "cause": ["ageing", "purchases", "whole"],
                          "customers": [200.0, 4.0, 203.0], "known": 1000.0})  # fmt: skip
    items = systems.kpis(seen, moved, "rfm", missing={"credit": ["invoices"]}).items
    assert [item.value for item in items] == ["1,000", "1", "20 %", "20 %"]
    assert items[3].note.endswith("purchases then moved –"), "four customers are too few to be told"
    notes = {given: systems.kpis(seen, moved, "rfm", missing={}, on_request=given).items[1].note
             for given in ((), ("bank5",))}  # fmt: skip
    assert notes == {(): "all that there are", ("bank5",): "1 on request"}


def test_where_every_segment_is_small_the_headline_names_none() -> None:
    few = view(definition("rfm", "AB"), [3, 1]).brief.assign(revenue_share=0.5)
    assert (
        segments_page.headline(texts("en"), few, AS_OF, "profit").text
        == "Too few customers to tell any segment from the others"
    )
    some = view(definition("rfm", "AB"), [3, 40]).brief.assign(revenue_share=0.5)
    assert segments_page.headline(texts("en"), some, AS_OF, "profit").text.startswith("Class B: 93 %"), "about 40 of 43"


def test_what_the_data_lack_is_named() -> None:
    said = systems.missing(texts("en"), {"credit": ["invoices"], "bank5": ["products", "probability_alive"]})
    assert said is not None
    assert dict(said.items)["Credit grade"] == "invoices with due and paid dates"
    assert not isinstance(said, Callout)
