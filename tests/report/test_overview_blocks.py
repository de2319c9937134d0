"""Actions, segments and shares of the overview: each sentence with data that turn it round; few customers hidden."""

import math
import re
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from custlib.report.blocks import Actions, Callout, Table
from custlib.report.front import action_rows, over_time, run_summary, segment_lines, trust_line
from custlib.report.texts import texts
from tests.report.segment_views import brief, definition, moves
from tests.report.test_playbook_pages import SHOP, planned
from tests.report.tested import held

T = texts("en")


def frame(*customers: int, each: list[float] | None = None) -> pd.DataFrame:
    return brief(definition("rfm", "ABCDEF"[: len(customers)]), list(customers), each=each or [10.0] * len(customers))


def actions(plans: dict[str, Any], *customers: int, kind: str = "profit") -> Any:
    return action_rows.rows(T, SHOP, frame(*customers), kind, plans, {})


PAYS, TESTS = planned("rf25", "loyal"), planned("rf25", "attention", spend=9.0)
LOSES = planned("rf25", "loyal", spend=0.01)


# --- what to do ---


def test_the_best_gain_of_each_verdict_is_shown_and_the_plan_added_up() -> None:
    plans = {"A": LOSES, "B": TESTS, "C": PAYS, "D": planned("rf25", "loyal", spend=11.0)}
    block = actions(plans, 500, 500, 500, 500)
    assert isinstance(block, Actions)
    assert block.title == "2 to do, 1 to test, 1 to leave: CHF 172 more profit expected, after a cost of CHF 30"
    assert [one.mark for one in block.items] == ["do", "test", "leave"]
    assert [re.findall(r"Class \w", one.what)[0] for one in block.items] == ["Class D", "Class B", "Class A"]
    assert block.items[0].what.endswith("](playbook-D.html)")
    assert block.items[0].gain.startswith("**+72** (") and "costs 10" in block.items[0].gain
    assert block.items[2].gain.startswith("**−10** (")
    assert block.total is not None and block.total.gain.startswith("**+172** (")
    assert "What is left would lose CHF 9.9." in block.total.what
    assert block.caption.startswith("Of each verdict the one with the most gain; all 4 stand")
    assert "Of each verdict" not in actions({"A": LOSES, "B": TESTS}, 500, 500).caption


def test_the_heading_of_the_plan_turns_round() -> None:
    assert action_rows.heading(T, SHOP, {"A": LOSES}, "profit").startswith("Nothing is recommended")
    assert action_rows.heading(T, SHOP, {"A": PAYS}, "revenue").startswith("1 to do: CHF 65 more revenue expected")
    assert action_rows.heading(T, SHOP, {"A": planned("credit", "D")}, "profit").startswith("Collecting money owed")
    few = actions({"A": planned("rf25", "loyal", customers=5)}, 5)
    assert isinstance(few, Callout) and few.title.startswith("Every segment has fewer than ten")
    assert actions({}, 500) is None


def test_what_can_be_proved_turns_round() -> None:
    small = action_rows.provable(T, {"A": PAYS})
    large = action_rows.provable(T, {"A": planned("rf25", "loyal", customers=9000)})
    some = action_rows.provable(T, {"A": PAYS, "B": planned("rf25", "loyal", customers=9000)})
    assert "No effect would show" in small and "1 of 2 would show" in some and "Every effect would show" in large
    assert small.startswith("No effect is measured yet")
    assert action_rows.provable(T, {"A": LOSES}) == ""


def test_an_unmeasured_effect_is_called_a_guess() -> None:
    sure = actions({"A": PAYS}, 500).items[0].sure
    assert "●○○ a guess" in sure and "by " in sure
    measured = PAYS.play.action[0].effect.model_copy(update={"source": "measured"})
    play = PAYS.play.model_copy(
        update={"action": tuple(one.model_copy(update={"effect": measured}) for one in PAYS.play.action)}
    )
    assert "●●● measured" in actions({"A": replace(PAYS, play=play)}, 500).items[0].sure
    assert action_rows.provable(T, {"A": replace(PAYS, play=play)}).startswith("Every effect is measured.")


# --- the segments ---

MOVES = [("whole", "A", "A", 200), ("whole", "A", "B", 12), ("whole", "B", "A", 60), ("whole", "B", "B", 90),
         ("whole", "none", "C", 4)]  # fmt: skip


def lines(*customers: int, plans: dict[str, Any] | None = None, rows: Any = MOVES, **more: Any) -> Table:
    return segment_lines.table(T, SHOP, "profit", frame(*customers), moves(*rows), plans or {}, {}, **more)


def column(table: Table, label: str) -> list[str]:
    place = next(n for n, one in enumerate(table.columns) if one.label.startswith(label))
    return [row[place] for row in table.rows]


def test_segments_are_sorted_by_coming_profit_with_their_verdict() -> None:
    table = lines(260, 300, 5, plans={"A": LOSES, "B": PAYS, "C": planned("rf25", "loyal", customers=5)})
    assert [row[0] for row in table.rows] == ["Class B", "Class A", "Class C"]
    assert [word.replace("\xa0", " ") for word in column(table, "Verdict")] == ["Do it", "Leave it", "Too few"]
    assert column(table, "More profit") == ["+65", "−10", "–"]
    assert column(table, "Coming profit") == ["3 k", "2.6 k", "–"]
    assert column(table, "Customers")[2] == "<10" and column(table, "First action")[2] == "none"
    assert {mark for row in table.marks for mark in row} == {"", "do", "leave", "few", "series1", "series2", "series3"}
    assert table.links[0][0] == "playbook-B.html" and table.shape == "cards"
    assert "Do it:" in table.note and "Leave it:" in table.note and "Test it:" not in table.note


def test_without_playbooks_no_verdict_and_no_link() -> None:
    table = lines(260, 300)
    assert not {"Verdict", "First action"} & {one.label for one in table.columns}
    assert not any(href for row in table.links for href in row)


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        (MOVES, "Class A grew by ≈ 50 customers in 91 days, Class B shrank by ≈ 50"),
        ([("whole", "none", "A", 40)], "Class A grew by ≈ 40 customers in 91 days; no segment shrank by ten"),
        ([("whole", "A", "none", 40)], "Class A shrank by ≈ 40 customers in 91 days; no segment grew by ten"),
        ([("whole", "A", "B", 8)], "No segment grew or shrank by ten customers in 91 days"),
    ],
)
def test_the_heading_of_the_segments_turns_round(rows: Any, title: str) -> None:
    assert lines(260, 300, rows=rows).title == title


def test_changes_are_to_the_ten_and_few_are_not_drawn() -> None:
    table = lines(260, 300, 40)
    assert column(table, "Change") == ["−50", "+50", "+1–9"]
    pictures = dict(zip([row[0] for row in table.rows], table.pictures, strict=True))
    assert "≈ 60 left, ≈ 10 came, ≈ 90 stayed" in "".join(pictures["Class B"])
    assert not any(pictures["Class C"]), "four came: no picture"


def test_who_stayed_is_told_no_more_exactly_than_in_the_matrix() -> None:
    """With the 9 who are gone from A the matrix is told to twenty: to the ten, those who came would be ≈ 10."""
    rows = [("whole", "A", "A", 84), ("whole", "A", "B", 14), ("whole", "A", "none", 9), ("whole", "B", "A", 12),
            ("whole", "B", "B", 30)]  # fmt: skip
    assert segment_lines.step_of_moves(moves(*rows), ["A", "B"]) == 20
    table = lines(96, 44, rows=rows)
    pictures = dict(zip([row[0] for row in table.rows], table.pictures, strict=True))
    assert "≈ 20 left, ≈ 20 came, ≈ 80 stayed" in "".join(pictures["Class A"])


def test_the_past_is_a_ring_beside_the_forecast() -> None:
    spans = pd.DataFrame({"segment": ["A", "B"], "value_low": [1000.0, 2000.0], "value_high": [4000.0, 5000.0]})
    spans["is_tested"] = 1.0
    past = pd.Series({"A": 9000.0, "B": 100.0, "all": 9100.0})
    table = lines(260, 300, segment_intervals=spans, recent_profit=past)
    pictures = "".join(svg for row in table.pictures for svg in row)
    assert "9 k in the past as long" in pictures and pictures.count('stroke-width="2"') == 2
    assert "in the past" not in str(lines(260, 300, segment_intervals=spans).pictures)
    assert "95 % interval" in str(table.columns) and "95 % interval" in table.note
    grey = lines(260, 300, segment_intervals=spans.assign(is_tested=0.0))
    assert "95 %" not in str(grey) and "untested interval" in grey.note


# --- customers beside profit ---


def test_few_who_bring_much_are_named_and_likeness_is_said() -> None:
    few = over_time.customers_beside_profit(T, SHOP, frame(100, 900, each=[90.0, 1.0]), "profit")
    alike = over_time.customers_beside_profit(T, SHOP, frame(500, 500), "profit")
    assert few is not None and few.title == "Class A: 10 % of the customers, 91 % of the coming profit"
    assert alike is not None and alike.title == (
        "The coming profit is spread over the segments much as the customers are"
    )
    assert over_time.customers_beside_profit(T, SHOP, frame(500, 500, each=[0.0, 0.0]), "profit") is None


def test_a_segment_of_few_is_not_drawn() -> None:
    found = over_time.customers_beside_profit(T, SHOP, frame(100, 900, 5, each=[90.0, 1.0, 50.0]), "revenue")
    assert found is not None and "Class C" not in found.svg and "not drawn" in found.caption


# --- how sure ---


def test_the_sentence_of_trust_has_the_light_of_every_page() -> None:
    result = held("green", actual=1446, predicted=1444.2, bias=-0.001)
    green = trust_line.sentence(T, SHOP, result).text
    red = trust_line.sentence(T, SHOP, held("red", predicted=700.0, bias=-0.5)).text
    assert "light green. Asked for the last" in green and "said 1,444 purchases; 1,446 came (−0.1 %)" in green
    assert "light red" in red and "700 purchases" in red and "green" not in red
    revenue = {"expected": 69.0, "actual": 100.0, "bias": -0.31, "currency": "CHF"}
    off = trust_line.sentence(T, SHOP, held("green", "amber", revenue=revenue)).text
    assert "±12 % for purchases and ±31 % for revenue: light amber" in off and "CHF 69" in off
    few = trust_line.sentence(T, SHOP, held("untested")).text
    assert "with what came: 2; needed: 3." in few and "95 %" not in few and "light" in few
    missing = {"light": "untested", "reason": "nobody_yet", "covered_days": 30}
    none = trust_line.sentence(T, SHOP, missing).text
    assert "purchases; " not in none and "It would be wrong if" in none


def test_a_season_that_cannot_be_seen_is_said() -> None:
    short, long = (trust_line.sentence(T, SHOP, held("green", covered_days=days)).text for days in (729, 730))
    assert "a season cannot be seen" in short and "a season cannot be seen" not in long


# --- the index ---


def test_the_index_has_the_gain_of_each_verdict_and_of_few_none() -> None:
    found = run_summary.verdicts_of(T, {"A": LOSES, "B": PAYS, "C": planned("rf25", "loyal", customers=5)})
    assert found["A"] == {"mark": "leave", "verdict": "Leave\xa0it", "note": "−10"}
    assert found["B"]["note"] == "+65" and found["C"]["note"] == ""
    assert run_summary.verdicts_of(T) == {}


def test_an_earlier_run_is_told_by_its_headline() -> None:
    entry = {"headline": "Revenue is up", "light": "red", "numbers": [{"label": "x", "value": "9", "unit": "EUR"}]}
    assert run_summary.result_of(entry) == {
        "headline": "Revenue is up",
        "light": "red",
        "number": "EUR 9",
        "label": "x",
    }
    assert run_summary.result_of({}) == {"headline": "", "light": "", "number": "", "label": ""}


# --- without amounts ---

BARE = {"spend": math.nan, "purchase": math.nan}


def test_without_amounts_gains_are_counted_in_purchases() -> None:
    plans = {"A": planned("rf25", "attention", **BARE), "B": planned("rf25", "loyal", **BARE)}
    block = actions(plans, 500, 500)
    assert block.title.endswith("more purchases expected") and "CHF" not in block.title
    assert "purchases** (" in block.items[0].gain and block.items[0].beneath.startswith("pays if a purchase leaves CHF")
    assert "nan" not in str(block.to_json())
    table = segment_lines.table(
        T, SHOP, "revenue", frame(500, 500).assign(value=math.nan, expected_purchases=[90.0, 400.0]), moves(*MOVES),
        plans, {},
    )  # fmt: skip
    assert [row[0] for row in table.rows] == ["Class B", "Class A"] and "nan" not in str(table.to_json())
    assert column(table, "More purchases")[0].startswith("+") and column(table, "Purchases expected") == ["400", "90"]
