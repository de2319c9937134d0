"""The verdict first, and texts filled from the data; each with its opposite data."""

import datetime as dt
import math
import re
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from custlib.customise import playbooks
from custlib.customise.plans import ContactCosts, SegmentPlan, contact_costs, segment_plan
from custlib.errors import UsageError
from custlib.report.front import start_page
from custlib.report.pages import segments_page
from custlib.report.playbook import plan_page, playbook_page
from custlib.report.playbook.playbook_page import Sheet
from custlib.report.playbook.rule_words import blocks, rule_of
from custlib.report.playbook_words import Filler, because, signed_verdict, sureness, verdict, verdict_word, whom
from custlib.report.texts import Texts, texts
from custlib.segment.definitions import Definition
from custlib.segment.rule_files import grid_file
from tests.report.segment_views import definition, project

SHOP = project(currency="CHF")
CONTACTS = ContactCosts({"email": 0.02, "letter": 1.5, "phone": 8.0, "face_to_face": 90.0, "website": 0.0}, "table")
AS_OF = dt.date(2024, 12, 30)
NO_MONEY: dict[str, Any] = {"spend": math.nan, "purchase": math.nan}


def planned(name: str, segment: str, **changes: Any) -> SegmentPlan:
    """The plan of a shipped entry, for 500 customers of whom a tenth buy, with a margin of 10 of 30."""
    numbers = {"customers": 500, "base_rate": 0.1, "spend": 10.0, "purchase": 30.0, "contacts": CONTACTS} | changes
    return segment_plan(playbooks.read_playbook(f"playbooks/{name}").play(segment), **numbers)


def sheet(one: SegmentPlan, *, t: Texts | None = None, kind: str = "profit", **row: Any) -> Sheet:
    """The page of a plan, of a segment called S."""
    t, customers = t or texts("en"), one.plan.customers
    values = {"name": "S", "customers": customers, "customer_share": 0.2, "revenue": 900.0, "revenue_share": 0.3,
              "profit": 300.0, "value": 200.0, "value_share": 0.25, "residual_lifetime_value": 700.0,
              "value_at_risk": 90.0, "probability_alive": 0.6, "frequency": 3.0, "days_since_last": 40.0,
              "spend": 30.0, "expected_purchases": 44.0, "value_per_customer": 2.0, "revenue_per_customer": 9.0,
              "purchases_per_customer": 4.0, "probability_of_purchase": 0.5} | row  # fmt: skip
    count = str(customers) if customers >= 10 or not customers else "<10"
    return Sheet(Filler(t, SHOP, one, "", whom(t, "S", count)), pd.Series(values), count, kind)


def said(block: Any) -> str:
    return str(block.to_json()) if not isinstance(block, list) else " ".join(said(one) for one in block)


def facts(block: Any) -> dict[str, str]:
    return dict(block.items)


def headline(one: SegmentPlan, kind: str = "profit") -> str:
    of = sheet(one, kind=kind)
    return verdict(of.t, of.fill, "S", kind)


# --- the verdict ---


@pytest.mark.parametrize(
    ("changes", "word", "sentence"),
    [
        (
            {},
            "Do it",
            "remind the 500 S shortly before their usual gap has passed; it costs CHF 10 and should leave CHF 65",
        ),
        (
            {"spend": 3.0},
            "Test it",
            "remind the 500 S shortly before their usual gap has passed; it costs CHF 10 and may leave CHF 12",
        ),
        ({"spend": 0.01}, "Leave it", "what is planned for the 500 S would cost CHF 10 and lose CHF 9.9"),
        ({"spend": 1.36}, "Leave it", "what is planned for the 500 S would cost CHF 10 and gain next to nothing"),
        ({"spend": 2.0, "customers": 9}, "Too few", "S has fewer than ten customers"),
        ({"customers": 0}, "Too few", "S has nobody at present"),
    ],
)
def test_the_verdict_is_one_sentence_with_the_money(changes: dict[str, Any], word: str, sentence: str) -> None:
    one = planned("rf25", "loyal", **changes)
    title = playbook_page.headline(sheet(one), playbooks.read_playbook("playbooks/rf25"), "green")
    assert title.lead.endswith(word.replace(" ", "\u00a0"))
    assert title.text.startswith(sentence)
    assert ("remind" in title.text) == one.is_recommended


def test_a_playbook_from_an_uncertain_forecast_says_so_beside_its_verdict() -> None:
    one, book = sheet(planned("rf25", "loyal")), playbooks.read_playbook("playbooks/rf25")
    green, red = (playbook_page.headline(one, book, light).lede for light in ("green", "red"))  # type: ignore[arg-type]
    assert red == f"{green} The forecast is uncertain by more than 50 %: do not rely on it."


def test_money_is_called_profit_only_where_a_cost_is_known() -> None:
    one = planned("rf25", "loyal")
    assert headline(one).endswith("more profit") and headline(one, "revenue").endswith("more revenue")
    assert "Profit so far" in facts(playbook_page.worth(sheet(one), SPAN))
    assert "Profit so far" not in facts(playbook_page.worth(sheet(one, kind="revenue"), SPAN))
    assert "net revenue" not in said(plan_page.money_plan(sheet(one)))


SPAN = {"value_low": 100.0, "value_high": 300.0, "purchases_low": 30.0, "purchases_high": 60.0}


def test_do_it_across_zero_says_why_it_is_right_all_the_same() -> None:
    """Guessed +3 +- 4 points: a loss is possible; pays at .13 of it. With +3 +- 1.96 x .1 no loss is."""
    crossing = planned("rf25", "loyal")
    assert crossing.plan.margin_low < 0 and crossing.verdict == "do"
    text = because(texts("en"), sheet(crossing).fill)
    assert "a loss included, since the effect is a guess" in text
    assert "right all the same: it pays at 13 % of that effect" in text and "50 % of them" in text
    sure = _with_sd(crossing, 0.001)
    assert sure.plan.margin_low > 0
    assert "a loss included" not in because(texts("en"), sheet(sure).fill)
    assert "It pays even at" in because(texts("en"), sheet(sure).fill)


def _with_sd(one: SegmentPlan, sd: float, source: str = "guess") -> SegmentPlan:
    """The same plan with another spread and source of its effects."""
    play = one.play
    effects = [action.effect.model_copy(update={"sd": sd, "source": source}) for action in play.action]
    actions = [a.model_copy(update={"effect": e}) for a, e in zip(play.action, effects, strict=True)]
    changed = play.model_copy(update={"action": tuple(actions)})
    return segment_plan(changed, customers=500, base_rate=0.1, spend=10.0, purchase=30.0, contacts=CONTACTS)


@pytest.mark.parametrize(
    ("changes", "wanted", "never"),
    [
        ({"spend": 3.0}, "it pays only from +1.3 points, 44 % of that effect", "all the same"),
        ({"spend": 0.01}, "costs more than it brings even with the effect assumed", "drawn by chance"),
        ({"spend": 1.36}, "brings next to nothing even with the effect assumed", "drawn by chance"),
        ({"customers": 5}, "Numbers of so few are not shown", "effect"),
    ],
)
def test_the_reason_fits_the_verdict(changes: dict[str, Any], wanted: str, never: str) -> None:
    text = because(texts("en"), sheet(planned("rf25", "loyal", **changes)).fill)
    assert wanted in text and never not in text


def test_how_sure_an_effect_is_has_a_sign_a_word_and_a_reason() -> None:
    t, one = texts("en"), planned("rf25", "loyal")
    assert sureness(t, one) == "●○○ a guess: nobody has measured it here"
    assert sureness(t, _with_sd(one, 0.001, "prior")).startswith("●●○ from elsewhere")
    measured = _with_sd(one, 0.001, "measured")
    assert sureness(t, measured).startswith("●●● measured")
    assert "was measured" in because(t, sheet(measured).fill)
    assert "was measured" not in because(t, sheet(one).fill)


def test_a_page_without_a_recommendation_recommends_nothing() -> None:
    book = playbooks.read_playbook("playbooks/rf25")
    for changes, is_done in (({"spend": 0.01}, False), ({}, True), ({"customers": 5}, False)):
        one = planned("rf25", "loyal", **changes)
        of = sheet(one)
        do, strip = facts(plan_page.do(of)), facts(playbook_page.strip(of, book))
        assert ("Action" in do) == ("Goal" in do) == is_done
        assert ("Not recommended" in do) == (one.verdict == "leave")
        assert ("E-mail" in said(plan_page.contact(of))) == is_done
        assert ("Control" in said(plan_page.money_plan(of))) == is_done
        assert ("Stop if" in said(plan_page.money_plan(of))) == is_done
        assert ("List" in facts(plan_page.audience(of))) == is_done
        assert ("Retain" in plan_page.do_section(of).text) == is_done
        assert (strip["To"] == "nobody") != is_done
        assert ("Begin by" in strip) == is_done == ("Look again by" not in strip)


def test_the_strip_says_by_whom_to_how_many_and_what_is_promised() -> None:
    strip = facts(playbook_page.strip(sheet(planned("rf25", "loyal")), playbooks.read_playbook("playbooks/rf25")))
    assert strip == {
        "Owner": "CRM manager", "Begin by": "13 Jan 2025", "To": "250 by e-mail, 250 get none",
        "Promise": "13 % of them buy in 90 days, not 10 %", "Read-out": "13 Apr 2025",
    }  # fmt: skip
    left = playbook_page.strip(sheet(planned("rf25", "loyal", spend=0.01)), playbooks.read_playbook("playbooks/rf25"))
    assert facts(left)["Promise"] == "none; 10 % of them buy in 90 days" and facts(left)["Read-out"] == "–"
    little = _with_lift(planned("rf25", "loyal"), 0.0002)
    assert facts(playbook_page.strip(sheet(little), playbooks.read_playbook("playbooks/rf25")))["Promise"] == (
        "+0.02 points on the 10 % of them who buy in 90 days"
    )


def _with_lift(one: SegmentPlan, lift: float) -> SegmentPlan:
    action = one.play.action[0]
    effect = action.effect.model_copy(update={"lift_abs": lift})
    play = one.play.model_copy(update={"action": (action.model_copy(update={"effect": effect}),)})
    return segment_plan(play, customers=5000, base_rate=0.1, spend=1000.0, purchase=3000.0, contacts=CONTACTS)


def test_a_small_control_group_is_not_told_by_the_rest() -> None:
    """Of 14 customers 10 would leave 4 in the control group; of 500 nothing is hidden."""
    few = sheet(planned("rf25", "at_risk", customers=14))
    assert few.planned.plan.control == 4
    assert few.counted(10) == "≈ 10" and few.counted(4) == "<10"
    assert sheet(planned("rf25", "loyal")).counted(250) == "250"


def test_what_would_stop_it_is_the_least_effect_that_pays() -> None:
    assert "less than +0.4 points" in facts(plan_page.money_plan(sheet(planned("rf25", "loyal"))))["Stop if"]
    free = planned("rf25", "loyal", contacts=ContactCosts({"email": 0.0}, "project"))
    assert "no more often" in facts(plan_page.money_plan(sheet(free)))["Stop if"]
    assert "it costs nothing" in headline(free)


def test_what_is_left_says_from_where_it_would_pay() -> None:
    pays = facts(plan_page.money_plan(sheet(planned("rf25", "loyal", spend=1.0))))
    assert pays["Pays from"] == "+4 points"  # two mails of .02 against a margin of 1
    never = facts(plan_page.money_plan(sheet(planned("rf25", "loyal", spend=-1.0))))
    assert never["Pays from"] == "never: no margin per purchase"
    assert "Pays from" not in facts(plan_page.money_plan(sheet(planned("rf25", "loyal"))))


def test_an_action_that_loses_is_named_and_not_recommended() -> None:
    small, large = planned("rf25", "at_risk"), planned("rf25", "at_risk", base_rate=0.02, spend=400.0, purchase=1000.0)
    assert small.left_out == {"win_back_letter"}
    assert large.left_out == frozenset()
    assert "It is expected to cost more than it brings" in said(plan_page.do(sheet(small)))
    assert "It is expected to cost more than it brings" not in said(plan_page.do(sheet(large)))


def test_the_act_is_that_of_the_first_action_that_pays_else_of_its_channel() -> None:
    assert headline(planned("rf25", "at_risk")).startswith("ask the 500 S what kept them away; ")
    bare = planned("pyramid", playbooks.read_playbook("playbooks/pyramid").segment[0].id, spend=4000.0, purchase=9000.0)
    assert bare.actions[0].act is None
    channel = playbooks.channel_acts()[bare.actions[0].channel]["en"]
    assert headline(bare).startswith(channel.replace("{whom}", "the 500 S"))


def test_costs_are_said_to_be_assumptions_until_they_are_stated() -> None:
    assert "contact costs are assumptions for CHF" in said(plan_page.money_plan(sheet(planned("rf25", "loyal"))))
    own = planned("rf25", "loyal", contacts=ContactCosts({"email": 0.01}, "project"))
    assert "as the project states them" in said(plan_page.money_plan(sheet(own)))
    assert "assumptions of the playbook" in said(plan_page.money_plan(sheet(planned("music", "loyal"))))


def test_collecting_is_read_out_in_payments_and_selling_in_purchases() -> None:
    owed, sold = sheet(planned("credit", "D")), sheet(planned("credit", "A"))
    assert "what is paid within 90 days" in said(plan_page.money_plan(owed))
    assert "who buys within 90 days" in said(plan_page.money_plan(sold))
    assert "Collect" in plan_page.do_section(owed).text
    assert "Collect" not in plan_page.do_section(sold).text
    assert "to bring in money owed" in headline(owed.planned)
    assert plan_page.ruler(owed) is None and plan_page.ruler(sold) is not None
    assert facts(playbook_page.strip(owed, playbooks.read_playbook("playbooks/credit")))["To"].startswith("all 500")


def test_the_ruler_has_what_pays_what_is_assumed_and_what_shows() -> None:
    figure = plan_page.ruler(sheet(planned("rf25", "loyal")))
    assert figure is not None and figure.table is not None
    assert [row[0] for row in figure.table.rows] == ["pays from", "assumed", "provable from"]
    assert figure.table.rows[1][1] == "+3 (−0.9 to 6.9)"
    bare = plan_page.ruler(sheet(planned("rf25", "loyal", **NO_MONEY)))
    assert bare is not None and bare.table is not None
    assert [row[0] for row in bare.table.rows] == ["assumed", "provable from"]


@pytest.mark.parametrize(
    ("changes", "heading"),
    [
        ({}, "It pays long before it can be proved"),
        ({"customers": 90000}, "It pays from +0.4 points, and that can be proved"),
        ({"spend": 0.01}, "It does not pay with the effect assumed"),
        ({"customers": 5}, "Neither cost nor proof for so few"),
        (NO_MONEY, "It pays if a purchase leaves at least CHF 1.3"),
    ],
)
def test_the_money_is_headed_by_whether_it_pays_and_can_be_proved(changes: dict[str, Any], heading: str) -> None:
    assert plan_page.money_section(sheet(planned("rf25", "loyal", **changes))).text == heading


def test_the_comparison_is_headed_by_the_measure_that_differs_most() -> None:
    base = pd.Series({"value_per_customer": 2.0, "revenue_per_customer": 3.0, "purchases_per_customer": 4.0,
                      "probability_of_purchase": 0.5})  # fmt: skip
    of = sheet(planned("rf25", "loyal"))
    assert playbook_page.why_section(of, base).text == "Why: revenue so far at 300, the base at 100"
    assert playbook_page.why_section(of, base.replace(3.0, 9.0).replace(4.0, 40.0)).text.startswith("Why: purchases so")
    loss = playbook_page.differs(of, base.replace(2.0, -1.0))  # no index over a base that is worth nothing
    assert len(loss.table.rows) == 3 and len(playbook_page.differs(of, base).table.rows) == 4
    bare = sheet(planned("rf25", "loyal", **NO_MONEY), value_per_customer=None, revenue_per_customer=None)
    shown = said(playbook_page.differs(bare, base))
    assert "purchases" in shown and "revenue" not in shown and "profit" not in shown


# --- without amounts ---


def test_without_amounts_the_gain_is_counted_in_purchases() -> None:
    """250 treated, +3 points: 7.5 purchases for ten mails' worth of 10, so a purchase must leave 1.33."""
    one = planned("rf25", "loyal", **NO_MONEY)
    assert one.verdict == "test" and one.plan.purchases[0] == pytest.approx(7.5)
    assert one.plan.least_profit == pytest.approx(10 / 7.5)
    assert headline(one).endswith("; it costs CHF 10 and may win 7.5 more purchases")
    assert "it pays if a purchase leaves at least CHF 1.3" in because(texts("en"), sheet(one).fill)
    found = facts(plan_page.money_plan(sheet(one)))
    assert found["Extra purchases expected"].startswith("7.5 purchases (−")
    assert not {"More profit", "More revenue", "Counted in"} & set(found)


def test_without_amounts_nothing_is_done_unless_it_costs_nothing() -> None:
    free = planned("rf25", "loyal", contacts=ContactCosts({"email": 0.0}, "project"), **NO_MONEY)
    assert free.verdict == "do" and "it costs nothing and should win 7.5 more purchases" in headline(free)
    for name in ("rf25", "rfm11", "value8", "pyramid", "lifecycle", "coffee", "music"):
        for play in playbooks.read_playbook(f"playbooks/{name}").segment:
            one = planned(name, play.id, **NO_MONEY)
            assert one.verdict != "do" or one.plan.cost == 0, (name, play.id)
    harm = _with_lift(planned("rf25", "loyal"), -0.01).play
    worse = segment_plan(harm, customers=500, base_rate=0.1, contacts=CONTACTS, **NO_MONEY)
    assert worse.verdict == "leave" and "expected to win no purchase" in headline(worse)


def test_without_amounts_an_offer_that_is_a_share_of_a_purchase_has_no_cost() -> None:
    one = planned("rf25", "at_risk", **NO_MONEY)
    assert one.left_out == {"win_back_letter"}
    assert "What it costs is not known without amounts" in said(plan_page.do(sheet(one)))
    second = planned("rf25", "new", **NO_MONEY)
    assert "nan" not in said(plan_page.do(sheet(second))) and "6 % of a usual purchase" in said(
        plan_page.do(sheet(second))
    )


def test_without_amounts_and_a_table_of_costs_the_cost_is_not_known() -> None:
    one = planned("rf25", "loyal", contacts=contact_costs("SEK", math.nan, {}), **NO_MONEY)
    assert one.verdict == "test" and one.actions
    assert headline(one).endswith("it may win 7.5 more purchases, at a cost that is not known")
    assert "segments.contact_costs" in because(texts("en"), sheet(one).fill)
    stated = planned("rf25", "loyal", contacts=contact_costs("SEK", math.nan, {"email": 0.2}), **NO_MONEY)
    assert "SEK" not in headline(stated) and "costs CHF 100 and may win" in headline(stated)  # 250 x 2 x .2


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
@pytest.mark.sampled
def test_no_placeholder_is_left(language: str, name: str) -> None:
    book = playbooks.read_playbook(f"playbooks/{name}")
    for play in book.segment:
        for changes in ({}, {"customers": 3}, {"customers": 0, "purchase": 0.0}, {"spend": -3.0}, NO_MONEY):
            of = sheet(planned(name, play.id, **changes), t=texts(language))
            blocks_ = [playbook_page.headline(of, book, "green"), playbook_page.strip(of, book), plan_page.do(of),
                       plan_page.contact(of), plan_page.money_section(of), plan_page.money_plan(of)]  # fmt: skip
            shown = said(blocks_)
            assert not any(f"{{{place}}}" in shown for place in ("target", "product", "offer", "currency", "whom"))
            assert not re.search(r"\b(nan|inf)\b", shown)


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
    assert rule_of(t, rfm, "loyal", "EUR", "profit") == "R 3, F 4–5; or R 4–5, F 4–5, M 1–3"
    cube = {"axes": {"ccv": {}, "cpv": {}, "loyalty": {}}, "cells": {"gold": [["high", "low", "high"]]}}
    assert rule_of(t, definition("value_cube", "G", cube), "gold", "EUR", "profit") == (
        "Current value (CCV) high, Potential value (CPV) low, Loyalty high"
    )
    assert "低" in rule_of(texts("zh"), definition("value_cube", "G", cube), "gold", "EUR", "profit")
    tiers = {"classes": ["A", "B"], "cuts": [1200.0], "floor": 0.0}
    assert rule_of(t, definition("abc", "AB", tiers), "A", "EUR", "profit") == "profit so far at least EUR 1.2 k"
    assert rule_of(t, definition("abc", "AB", tiers), "B", "EUR", "profit") == "profit so far below EUR 1.2 k, or none"
    assert rule_of(t, definition("abc", "AB", tiers), "A", "EUR", "revenue") == "revenue so far at least EUR 1.2 k"
    rules = {
        "alternatives": [{"segment": "A", "all": [{"measure": "T", "at_least": 9.0}]}, {"segment": "B", "all": []}]
    }
    assert rule_of(t, definition("need_level", "AB", rules), "A", "EUR", "profit") == "days as a customer at least 9"
    assert rule_of(t, definition("need_level", "AB", rules), "B", "EUR", "profit") == "everybody else"
    assert rule_of(t, definition("clusters", "AB"), "A", "EUR", "profit").startswith("definition ")


def test_the_map_of_tiles_takes_a_map_of_three_axes_and_none() -> None:
    named = grid_file.read("rfm11")
    three = Definition("rfm", "2024-12-30", {"axes": list(named.axes), "cells": named.cells}, tuple(named.segments))
    frame = pd.DataFrame({"R": [5, 1], "F": [5, 1], "customers": [40, 60], "revenue": [9.0, 1.0], "value": [5.0, 1.0]})
    tiles = segments_page.tiles(texts("en"), three, frame, project(), "profit")
    assert tiles.cells[0][4].label == "Champions · Loyal"  # R 5, F 5: by money
    assert tiles.cells[4][0].label == "Lost"
    bare = segments_page.tiles(texts("en"), Definition("rfm", "2024-12-30", {}, ()), frame, project(), "profit")
    assert {cell.label for row in bare.cells for cell in row} == {""}


def test_a_segmentation_that_the_playbooks_do_not_follow_is_refused_by_both_names() -> None:
    playbook_page.check_segmentation(project(), "rfm")
    with pytest.raises(UsageError, match="no playbook of 'abc': the playbooks of shop follow 'rfm'"):
        playbook_page.check_segmentation(project(), "abc")
    with pytest.raises(UsageError, match="no playbook of 'rfm': shop has no playbooks"):
        playbook_page.check_segmentation(project(segments={"playbook": ""}), "rfm")


def test_the_sign_of_a_verdict_stands_before_its_word_and_not_in_it() -> None:
    plans = [planned("rf25", "loyal", **changes) for changes in ({}, {"spend": 0.01}, {"customers": 5})]
    for t in (texts("en"), texts("zh")):
        for one in plans:
            assert not set("●◐○·") & set(verdict_word(t, one))
            assert signed_verdict(t, one)[1:] == f"\u00a0{verdict_word(t, one)}"


def test_a_gain_without_a_margin_is_called_overstated() -> None:
    known, unknown = sheet(planned("rf25", "loyal")), sheet(planned("rf25", "loyal"), kind="revenue")
    assert "overstated" not in said(plan_page.money_plan(known))
    assert "net revenue: no cost or margin is given" in said(plan_page.money_plan(replace(unknown, has_margin=False)))
    assert "less the cost to serve" in said(plan_page.money_plan(replace(known, has_margin=False)))


# --- the whole way ---


def test_the_start_page_begins_with_the_largest_gain() -> None:
    t = texts("en")
    frame = pd.DataFrame({"segment": ["A", "B"], "name": ["Class A", "Class B"], "value": [1.0, 2.0]})
    plans = {"A": planned("rf25", "loyal"), "B": planned("rf25", "loyal", spend=0.01)}
    assert "Begin with Class A." in said(start_page.next_step(t, frame, plans, "revenue"))
    none = said(start_page.next_step(t, frame, {}, "revenue"))
    assert "Class B" in none and "Each segment has a playbook" not in none
