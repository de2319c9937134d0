"""The verdict first, and texts filled from the data; each with its opposite data."""

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from custlib.customise import playbooks
from custlib.customise.plans import ContactCosts, SegmentPlan, segment_plan
from custlib.report import playbook_words
from custlib.report.pages import overview_page, playbook_page, segments_page
from custlib.report.playbook_words import Filler, blocks, rule_of, verdict
from custlib.report.texts import texts
from custlib.segment.definitions import Definition
from custlib.segment.rule_files import grid_file
from tests.report.segment_views import definition, project

SHOP = project(currency="CHF")
CONTACTS = ContactCosts({"email": 0.02, "letter": 1.5, "phone": 8.0, "face_to_face": 90.0, "website": 0.0}, "table")
AS_OF = dt.date(2024, 12, 30)


def planned(name: str, segment: str, **changes: Any) -> SegmentPlan:
    """The plan of a shipped entry, for 500 customers of whom a tenth buy, with a margin of 10 of 30."""
    numbers = {"customers": 500, "base_rate": 0.1, "spend": 10.0, "purchase": 30.0} | changes
    return segment_plan(playbooks.read_playbook(f"playbooks/{name}").play(segment), contacts=CONTACTS, **numbers)


def said(block: Any) -> str:
    return str(block.to_json()) if not isinstance(block, list) else " ".join(said(one) for one in block)


# --- the verdict ---


@pytest.mark.parametrize(
    ("changes", "word", "never"),
    [
        ({}, "Do it: S. Costs CHF", "Leave"),
        ({"spend": 3.0}, "Test it: S. Costs CHF", "Do it"),
        ({"spend": 0.01}, "Leave it: S. It would cost CHF 10 and lose money: expected gain CHF −9.9", "Do it"),
        ({"spend": 2.0, "customers": 9}, "Too few: S has fewer than ten customers", "CHF"),
        ({"customers": 0}, "Too few: S has nobody at present", "CHF"),
    ],
)
def test_the_verdict_is_one_sentence_with_the_money(changes: dict[str, Any], word: str, never: str) -> None:
    sentence = verdict(texts("en"), SHOP, planned("rf25", "loyal", **changes), "S")
    assert sentence.startswith(word)
    assert never not in sentence


def test_a_gain_of_next_to_nothing_is_not_called_a_loss() -> None:
    little = planned("rf25", "one_time", customers=50, spend=12.0)
    assert 0 < little.plan.margin < 0.5
    assert verdict(texts("en"), SHOP, little, "S").endswith("and gain next to nothing")


def test_a_page_without_a_recommendation_recommends_nothing() -> None:
    t = texts("en")
    for one, is_done in ((planned("rf25", "loyal", spend=0.01), False), (planned("rf25", "loyal"), True)):
        fill = Filler(t, SHOP, one)
        actions = said(playbook_page.do(t, fill))
        assert ("Action 1" in actions) == is_done
        assert ("Not recommended" in actions) != is_done
        assert ("% of them buy within" in actions) == is_done
        assert ("E-mail" in said(playbook_page.contact(t, one, AS_OF))) == is_done
        assert ("Control group" in said(playbook_page.proof(t, one, AS_OF, "500")) and
                "Nothing to prove" not in said(playbook_page.proof(t, one, AS_OF, "500"))) == is_done  # fmt: skip
        assert bool(playbook_words.because(t, SHOP, one)) == is_done


def test_an_action_that_loses_is_named_and_not_recommended() -> None:
    t = texts("en")
    small, large = planned("rf25", "at_risk"), planned("rf25", "at_risk", base_rate=0.02, spend=400.0, purchase=1000.0)
    assert small.left_out == {"win_back_letter"}
    assert large.left_out == frozenset()
    assert "It is expected to cost more than it brings" in said(playbook_page.do(t, Filler(t, SHOP, small)))
    assert "It is expected to cost more than it brings" not in said(playbook_page.do(t, Filler(t, SHOP, large)))


def test_costs_are_said_to_be_assumptions_until_they_are_stated() -> None:
    t = texts("en")
    assert "contact costs are assumptions for CHF" in said(
        playbook_page.money_plan(t, planned("rf25", "loyal"), SHOP, "")
    )
    own = ContactCosts({"email": 0.01}, "project")
    play = playbooks.read_playbook("playbooks/rf25").play("loyal")
    stated = segment_plan(play, customers=500, base_rate=0.1, spend=10.0, purchase=30.0, contacts=own)
    assert "as the project states them" in said(playbook_page.money_plan(t, stated, SHOP, ""))
    assert "assumptions of the playbook" in said(playbook_page.money_plan(t, planned("music", "loyal"), SHOP, ""))


def test_collecting_is_read_out_in_payments_and_selling_in_purchases() -> None:
    t = texts("en")
    owed, sold = planned("credit", "D"), planned("credit", "A")
    assert "what is paid within 90 days" in said(playbook_page.proof(t, owed, AS_OF, "500"))
    assert "purchases within 90 days" in said(playbook_page.proof(t, sold, AS_OF, "500"))
    assert "Collect" in said(playbook_page.do(t, Filler(t, SHOP, owed)))
    assert "Collect" not in said(playbook_page.do(t, Filler(t, SHOP, sold)))
    assert "it brings in money owed" in verdict(t, SHOP, owed, "D")
    assert "Pays from" not in said(playbook_page.money_plan(t, owed, SHOP, "revenue"))


# --- texts filled from the data ---


def test_texts_are_filled_where_the_data_know_and_neutral_where_not() -> None:
    t, one = texts("en"), planned("rf25", "new")
    second = one.play.action[1]
    assert "“green tea”" in Filler(t, SHOP, one, "green tea")(second.what, second)
    assert Filler(t, SHOP, one, "")(second.what, second).startswith("Show what is new as the step")
    assert "worth CHF 1.8" in Filler(t, SHOP, one)(second.what, second)  # .06 of a usual purchase of 30
    few = planned("rf25", "new", customers=5)
    text = Filler(t, SHOP, few, "green tea")(few.play.action[1].what, few.play.action[1])
    assert "green tea" not in text and "CHF" not in text
    assert "worth 6 % of a usual purchase" in text
    assert Filler(t, SHOP, few)(few.play.goal).startswith("Some of them buy")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", ["rf25", "rfm11", "value8", "pyramid", "lifecycle", "credit", "coffee", "music"])
def test_no_placeholder_is_left(language: str, name: str) -> None:
    t = texts(language)
    for play in playbooks.read_playbook(f"playbooks/{name}").segment:
        for changes in ({}, {"customers": 3}, {"customers": 0, "purchase": 0.0}, {"spend": -3.0}):
            one = planned(name, play.id, **changes)
            shown = said(playbook_page.do(t, Filler(t, SHOP, one, "x")))
            assert not any(place in shown for place in ("{target}", "{product}", "{offer}", "{currency}"))


# --- rules of any segmentation ---


def test_cells_are_joined_to_blocks() -> None:
    cells = grid_file.read("rfm11").cells
    assert blocks(cells["champions"]) == [((4, 5), (4, 5), (4, 5))]
    assert len(blocks(cells["at_risk"])) == 4
    joined = [cell for own in cells.values() for cell in own]
    assert blocks(joined) == [((1, 5), (1, 5), (1, 5))]


def test_a_rule_is_written_whatever_the_segmentation() -> None:
    t = texts("en")
    rfm = Definition("rfm", "2024-12-30", {"axes": ["R", "F", "M"], "cells": grid_file.read("rfm11").cells}, ())
    assert rule_of(t, rfm, "loyal", "EUR") == "R 3, F 4–5; or R 4–5, F 4–5, M 1–3"
    cube = {"axes": {"ccv": {}, "cpv": {}, "loyalty": {}}, "cells": {"gold": [["high", "low", "high"]]}}
    assert rule_of(t, definition("value_cube", "G", cube), "gold", "EUR") == (
        "Current value (CCV) high, Potential value (CPV) low, Loyalty high"
    )
    assert "低" in rule_of(texts("zh"), definition("value_cube", "G", cube), "gold", "EUR")
    tiers = {"classes": ["A", "B"], "cuts": [1200.0], "floor": 0.0}
    assert rule_of(t, definition("abc", "AB", tiers), "A", "EUR") == "profit so far at least EUR 1.2 k"
    assert rule_of(t, definition("abc", "AB", tiers), "B", "EUR") == "profit so far below EUR 1.2 k, or none"
    rules = {
        "alternatives": [{"segment": "A", "all": [{"measure": "T", "at_least": 9.0}]}, {"segment": "B", "all": []}]
    }
    assert rule_of(t, definition("need_level", "AB", rules), "A", "EUR") == "days as a customer at least 9"
    assert rule_of(t, definition("need_level", "AB", rules), "B", "EUR") == "everybody else"
    assert rule_of(t, definition("clusters", "AB"), "A", "EUR").startswith("definition ")


def test_the_map_of_tiles_takes_a_map_of_three_axes_and_none() -> None:
    named = grid_file.read("rfm11")
    three = Definition("rfm", "2024-12-30", {"axes": list(named.axes), "cells": named.cells}, tuple(named.segments))
    frame = pd.DataFrame({"R": [5, 1], "F": [5, 1], "customers": [40, 60], "revenue": [9.0, 1.0], "value": [5.0, 1.0]})
    tiles = segments_page.tiles(texts("en"), three, frame, "EUR")
    assert tiles.cells[0][4].label == "Champions · Loyal"  # R 5, F 5: by money
    assert tiles.cells[4][0].label == "Lost"
    bare = segments_page.tiles(texts("en"), Definition("rfm", "2024-12-30", {}, ()), frame, "EUR")
    assert {cell.label for row in bare.cells for cell in row} == {""}


# --- the whole way ---


def test_the_start_page_begins_with_the_largest_gain() -> None:
    t = texts("en")
    frame = pd.DataFrame({"segment": ["A", "B"], "name": ["Class A", "Class B"], "value": [1.0, 2.0]})
    plans = {"A": planned("rf25", "loyal"), "B": planned("rf25", "loyal", spend=0.01)}
    assert "Begin with Class A." in said(overview_page.next_step(t, frame, plans))
    none = said(overview_page.next_step(t, frame, {}))
    assert "Class B" in none and "Each segment has a playbook" not in none
