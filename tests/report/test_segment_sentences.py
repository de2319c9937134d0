"""Generated sentences of the pages of segments: for each, the opposite data give the opposite sentence."""

from dataclasses import replace

import pandas as pd
import pytest

from custlib.report.blocks import Figure
from custlib.report.pages import (
    agreement_page,
    cube_page,
    moves_by_segment,
    moves_over,
    moves_page,
    segment_tables,
    segments_page,
    systems,
)
from custlib.report.pages.systems import View
from custlib.report.texts import Texts, texts
from custlib.segment import registry
from tests.report.segment_views import BEFORE, brief, definition, moves, view
from tests.report.test_move_pages import OBSERVED, flows, over
from tests.report.test_segment_pages import AXES, CUBE


@pytest.fixture(params=["en", "zh"])
def t(request: pytest.FixtureRequest) -> Texts:
    return texts(request.param)


def both(*, names_system: bool = False, language: str = "en") -> View:
    """The segmentation that playbooks follow, and a pyramid with classes of the same names but one."""
    first, second = definition("rfm", "AB"), definition("pyramid", "BC")
    rows = pd.concat([brief(one, [50, 50], each=[1.0, 1.0], language=language) for one in (first, second)])
    seen = view(first, [50, 50], language=language)
    made = {"rfm": first, "pyramid": second}
    return replace(seen, names=tuple(made), definitions=made, brief=rows, names_system=names_system)


# --- classes and their systems ---


def test_two_classes_of_one_name_stand_with_their_system() -> None:
    seen = both()
    names = {name: [row[0] for row in table.rows] for name in seen.names if (table := segment_tables.table(seen, name))}
    assert names == {"rfm": ["Class A", "RFM: Class B"], "pyramid": ["pyramid: Class B", "Class C"]}


def test_on_the_appendix_every_class_stands_with_its_system() -> None:
    seen = both(names_system=True)
    names = {name: [row[0] for row in table.rows] for name in seen.names if (table := segment_tables.table(seen, name))}
    assert names == {"rfm": ["RFM: Class A", "RFM: Class B"], "pyramid": ["pyramid: Class B", "pyramid: Class C"]}
    cube = definition("value_cube", "ABCDEFGH", {"cells": CUBE, "axes": AXES})
    tiles = cube_page.loyal(replace(view(cube, [40] * 8), names_system=True), "high")
    assert tiles is not None and tiles.cells[0][0].label == "cube: Class A"


def test_every_shipped_system_has_a_short_name_of_its_own(t: Texts) -> None:
    short = [t(f"systems.{name}.short") for name in registry.SHIPPED]
    assert len(set(short)) == len(short)


def test_a_registered_system_is_called_by_its_own_name() -> None:
    seen = replace(view(definition("by_spend", "AB"), [50, 50]), names_system=True)
    assert seen.class_name("by_spend", "A") == "by_spend: Class A"


def test_what_is_shown_above_is_not_shown_again() -> None:
    beside = both().without("pyramid")
    assert beside.section("pyramid") is None and segment_tables.table(beside, "pyramid") is None
    assert beside.section("rfm") is not None


# --- systems ---


def test_what_is_made_on_request_says_how_to_ask_for_it(t: Texts) -> None:
    said = systems.missing(t, {"credit": ["invoices"], "bank5": ["products"]}, ("bank5", "rfm_airline"))
    assert said is not None
    items = dict(said.items)
    assert '"rfm_airline"' in items[t("systems.rfm_airline.name")]
    assert items[t("systems.bank5.name")] == t("lacking.products")
    assert systems.missing(t, {}) is None


# --- what stands out ---


@pytest.mark.parametrize(
    ("customers", "each", "said"),
    [
        ([20, 80], [40.0, 2.5], "Class A – 20 %"),  # brings 80 % of the value
        ([500] + [50] * 10, [2.0] + [8.0] * 10, "Class A – 50 %"),  # half of the customers, a fifth of the value
        ([50, 50], [10.0, 10.4], "no class stands out"),
    ],
)
def test_a_class_stands_out_by_bringing_more_or_less(customers: list[int], each: list[float], said: str) -> None:
    found = definition("abc", "ABCDEFGHIJK"[: len(customers)])
    assert said in segment_tables.finding(view(found, customers, each=each), "abc")


@pytest.mark.parametrize(("historic", "future", "is_share"), [(100.0, 200.0, True), (-50.0, 200.0, False),
                                                              (100.0, -20.0, False)])  # fmt: skip
def test_what_is_to_come_is_a_share_only_of_a_sum_of_gains(historic: float, future: float, is_share: bool) -> None:
    seen = view(definition("pyramid", "AB"), [50, 50])
    rows = seen.brief.assign(historic_value=historic, residual_lifetime_value=future)
    found = segment_tables.lifetime(replace(seen, brief=rows), "pyramid")
    assert found is not None and ("still to come" in found.title) == is_share


def weighed(*weights: float, ratio: float = 0.0) -> View:
    names = ["profit", "purchases", "lately_seen"][: len(weights)]
    rule = {
        "options": {}, "indicators": [{"id": n, "weight": w} for n, w in zip(names, weights, strict=True)],
        "criteria": [{"id": "value", "weights": dict(zip(names, weights, strict=True)), "consistency_ratio": ratio}],
    }  # fmt: skip
    return view(definition("ahp", "AB", rule), [20, 80])


def test_the_heaviest_indicator_is_named_and_all_that_weigh_as_much() -> None:
    one, two = segment_tables.weights(weighed(0.5, 0.3, 0.2)), segment_tables.weights(weighed(0.4, 0.4, 0.2))
    assert one is not None and one.title == "Profit per day as a customer weighs most: 50 % of the value"
    assert two is not None and two.title.startswith("Profit per day as a customer, Repeat purchases")
    assert two.title.endswith("weigh most: 40 % of the value each")


def test_only_judgements_without_contradiction_are_said_to_have_none() -> None:
    perfect, some = (segment_tables.consistency(weighed(0.6, 0.4, ratio=ratio)) for ratio in (0.0, 0.08))
    assert perfect is not None and perfect.title == "The judgements do not contradict each other"
    assert some is not None and some.title == "The judgements are consistent enough" and "0.080" in some.text


@pytest.mark.parametrize(("away", "said"), [(8, "Those below"), (0, "Hardly anybody"), (400, "50 % of the customers")])
def test_hardly_anybody_is_leaving_only_where_few_are(away: int, said: str) -> None:
    """Eight of 48 are not told, and are not hardly anybody."""
    stay = 400 if away != 8 else 40
    seen = view(definition("value_cube", "ABCDEFGH", {"cells": CUBE, "axes": AXES}), [stay, 0, 0, 0, away, 0, 0, 0])
    tiles = cube_page.loyal(seen, "low")
    assert tiles is not None and tiles.title.startswith(said)


def test_the_axes_of_the_cube_are_named_as_drawn(t: Texts) -> None:
    seen = view(definition("value_cube", "ABCDEFGH", {"cells": CUBE, "axes": AXES}), [40] * 8, language=t.language)
    for level in ("high", "low"):
        tiles = cube_page.loyal(seen, level)
        assert tiles is not None
        assert (tiles.row_title, tiles.column_title) == (t("cube.current"), t("cube.potential"))
        assert t(f"cube.loyal_{level}") in tiles.caption


# --- moves ---


def of(*rows: tuple[str, str, str, int], ids: str = "ABC", language: str = "en") -> moves_page.Moves:
    found = definition("rfm", ids)
    return moves_page.Moves(view(found, [100] * len(ids), language=language), found, moves(*rows), BEFORE)


WHOLES = [("whole", was, now, n) for was, now, _, n in OBSERVED]


def test_who_stayed_came_and_went_stands_segment_by_segment() -> None:
    found = moves_by_segment.by_segment(of(*WHOLES), flows(*OBSERVED))
    assert [column.label for column in found.columns] == ["Segment", "Stayed", "Came from", "Went to", "New customers"]
    assert found.rows[0] == ("Class A", "80", "Class C 40, Class B 12; because they bought",
                             "Class B 25; because time passed", "12")  # fmt: skip
    # 112 of 200 known at both dates; the twelve new ones are in neither
    assert found.title == "56 % of the customers known at both dates stayed in their segment"


def test_a_segment_that_nobody_was_in_is_no_row_and_few_movers_no_finding(t: Texts) -> None:
    few = moves_by_segment.by_segment(of(("whole", "A", "A", 90), ("whole", "A", "B", 4), language=t.language),
                                flows(("A", "A", "stay", 90), ("A", "B", "ageing", 4)))  # fmt: skip
    names = definition("rfm", "ABC").names(t.language)
    assert [row[0] for row in few.rows] == [names["A"], names["B"]]
    assert few.title.startswith("Who stayed" if t.language == "en" else "自")


def test_new_customers_are_no_flow_between_segments() -> None:
    """Most of all are the 60 new ones, who were known at one date only."""
    figure = moves_page.picture(of(("whole", "A", "A", 90), ("whole", "A", "B", 30), ("whole", "none", "A", 60)))
    assert isinstance(figure, Figure)
    assert figure.title == "25 % of the customers known at both dates went from Class A to Class B"


def test_the_picture_says_which_segments_stand_together() -> None:
    ids = "ABCDEFGH"
    rows = [("whole", s, s, 200 - 10 * n) for n, s in enumerate(ids)]
    merged, all_shown = moves_page.picture(of(*rows, ids=ids)), moves_page.picture(of(*rows[:3], ids=ids))
    assert isinstance(merged, Figure) and isinstance(all_shown, Figure)
    assert merged.caption.endswith("“All other segments” holds the smallest: Class F, Class G, Class H.")
    assert "All other segments" not in all_shown.caption


@pytest.mark.parametrize(("time", "bought", "data", "is_most"), [(60, 20, 15, True), (40, 35, 30, False)])
def test_most_steps_are_more_than_half(time: int, bought: int, data: int, is_most: bool) -> None:
    steps = [("ageing", "A", "B", time), ("purchases", "B", "A", bought), ("data", "A", "B", data)]
    figure = moves_page.causes(of(*steps, ("whole", "A", "B", 40)))
    assert isinstance(figure, Figure)
    assert figure.title.startswith("Most steps are time passing" if is_most else "No single cause")


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ((0.3, 0.25, 0.2), "20 % changed segment last: less than in any interval before"),
        ((0.2, 0.25, 0.3), "30 % changed segment last: more than in any interval before"),
        ((0.2, 0.3, 0.2), "20 % changed segment last, between 20 % and 30 % over the intervals"),
        ((0.3, 0.2, 0.3), "30 % changed segment last, between 20 % and 30 % over the intervals"),
        ((0.2, 0.3, 0.25), "25 % changed segment last, between 20 % and 30 % over the intervals"),
        ((0.2, 0.2, 0.2), "20 % changed segment in every interval"),
    ],
)
def test_the_last_interval_is_most_or_least_only_if_it_is(shares: tuple[float, ...], said: str) -> None:
    days = ("2024-03-31", "2024-06-30", "2024-09-30")
    figure = moves_over.over_time(
        view(definition("rfm", "AB"), [500, 500]), over(*zip(days, shares, strict=True)), "rfm"
    )
    assert isinstance(figure, Figure) and figure.title == said


def test_steps_over_time_are_in_a_table_of_their_own() -> None:
    seen = view(definition("rfm", "AB"), [500, 500])
    found = moves_over.steps_over_time(seen, over(("2024-06-30", 0.3), ("2024-09-30", 0.2)), "rfm")
    assert (
        found is not None
        and found.title == "RFM named segments: share of the customers moved by each counterfactual step"
    )
    assert found.rows[0] == ("30 Jun 2024 – 30 Sep 2024", "30 %", "30 %", "0")
    assert moves_over.steps_over_time(seen, over(("2024-09-30", 0.3)), "rfm") is None


def test_systems_that_moved_alike_are_not_set_against_each_other() -> None:
    seen = replace(view(definition("rfm", "AB"), [500, 500]), names=("rfm", "abc"))
    alike = pd.concat([over(("2024-09-30", 0.201)), over(("2024-09-30", 0.199)).assign(segmentation="abc")])
    assert moves_over.by_system(seen, alike).title == "Who changed segment, by every system"


# --- agreement ---


def test_systems_are_set_against_each_other_only_where_they_differ() -> None:
    seen = both()
    same = pd.DataFrame({"first": list("AB"), "second": list("AB"), "customers": 50, "value": 1.0})
    pairs = [("rfm", "abc"), ("rfm", "pyramid"), ("abc", "pyramid")]
    found = agreement_page.matrix(replace(seen, names=("rfm", "abc", "pyramid")), dict.fromkeys(pairs, same))
    assert found is not None and found.title == "All systems agree equally: 1.00"


def test_systems_that_are_not_compared_are_named() -> None:
    same = pd.DataFrame({"first": list("AB"), "second": list("AB"), "customers": 50, "value": 1.0})
    found = agreement_page.matrix(replace(both(), names=("rfm", "pyramid", "rfm125")), {("rfm", "pyramid"): same})
    assert found is not None and found.caption.endswith("too many classes: RFM cells.")


# --- first numbers ---


def test_the_first_numbers_say_how_many_segments_hold_anybody() -> None:
    seen = view(definition("rfm", "ABC"), [60, 40, 0])
    moved = over(("2024-09-30", 0.3), known=100.0)
    assert [item.value for item in segments_page.kpis(seen, moved, "rfm").items] == ["100", "2 of 3", "30 %"]
    full = replace(seen, brief=seen.brief[seen.brief["customers"] > 0])
    assert segments_page.kpis(full, moved, "rfm").items[1].value == "all 2"


def test_each_class_is_told_by_its_cells_or_its_amounts_on_the_appendix() -> None:
    cells = {"cells": {"A": [[5, 4], [5, 5]], "B": [[1, 1]]}}
    said = segments_page.class_rules(replace(view(definition("rfm", "AB", cells), [50, 50]), names_system=True), "rfm")
    assert said is not None and said.title == "RFM named segments: what makes each class"
    assert [name for name, _ in said.blocks[0].items] == ["RFM: Class A", "RFM: Class B"]  # type: ignore[attr-defined]
    assert "5" in said.blocks[0].items[0][1]  # type: ignore[attr-defined]
    tops = {"classes": ["A", "B"], "cuts": [300.0], "floor": 0.0}
    told = segments_page.class_rules(view(definition("abc", "AB", tops), [50, 50]), "abc")
    assert told is not None and "USD 300" in told.blocks[0].items[0][1]  # type: ignore[attr-defined]
    assert segments_page.class_rules(view(definition("abc", "AB", tops), [50, 50]), "rfm") is None


def test_expectations_stand_in_the_order_of_a_life() -> None:
    expects = {"basic": {"en": "More.", "zh": "多"}, "latent": {"en": "Care.", "zh": "关怀"}}
    plain = definition("lifecycle", "AB", {"alternatives": [{"segment": "B", "all": []}, {"segment": "A", "all": []}]})
    seen = view(replace(plain, segments=tuple(one | {"expects": expects} for one in plain.segments)), [50, 50])
    found = segment_tables.expectations(seen, "lifecycle")
    assert found is not None and found.rows == (("Class B", "More.", "Care."), ("Class A", "More.", "Care."))
    assert segment_tables.expectations(view(plain, [50, 50]), "lifecycle") is None
    assert segment_tables.expectations(seen, "credit") is None
