"""Who moved, and why: ledger, picture, causes and sentences from moves worked by hand."""

import re
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from custlib.move import ledger
from custlib.report.blocks import Callout, Figure
from custlib.report.formats import day
from custlib.report.pages import moves_over, systems
from custlib.report.pages.moves_page import (
    Moves,
    account,
    account_of_money,
    causes,
    directions,
    largest,
    matrix,
    picture,
    steps,
)
from custlib.report.playbook import observed_moves
from custlib.report.texts import Texts, texts
from tests.report.segment_views import AS_OF, BEFORE, definition, moves, view

# 100 in A and 200 in B. Time takes 40 from A to B; purchases bring 15 of B to A, and 12 new customers to B.
STEPS = [
    ("data", "A", "A", 100), ("data", "B", "B", 200),
    ("ageing", "A", "A", 60), ("ageing", "A", "B", 40), ("ageing", "B", "B", 200),
    ("purchases", "A", "A", 60), ("purchases", "B", "A", 15), ("purchases", "B", "B", 225),
    ("purchases", "none", "B", 12),
    ("whole", "A", "A", 60), ("whole", "A", "B", 40), ("whole", "B", "A", 15), ("whole", "B", "B", 185),
    ("whole", "none", "B", 12),
]  # fmt: skip


def of(*rows: tuple[str, str, str, int], ids: str = "AB", language: str = "en") -> Moves:
    found = definition("rfm", ids)
    return Moves(view(found, [100] * len(ids), language=language), found, moves(*rows), BEFORE)


@pytest.fixture(params=["en", "zh"])
def t(request: pytest.FixtureRequest) -> Texts:
    return texts(request.param)


def test_a_row_of_the_ledger_adds_up() -> None:
    found = account(of(*STEPS))
    # A: 100 − 40 + 15 = 75; B: 200 + 40 − 15 + 12 = 237
    assert found.rows == (("Class A", "≈ 100", "−40", "+20", "75"), ("Class B", "≈ 200", "+40", "−1–9", "237"))
    assert found.title == "Class B gained about 40 customers, Class A lost about 20"


def test_a_cause_that_did_nothing_is_left_out_but_time_and_purchases() -> None:
    labels = [column.label for column in account(of(("whole", "A", "A", 50))).columns]
    assert labels == ["Segment", "30 Sep 2024", "Time passed", "Purchases", "30 Dec 2024"]
    redefined = account(of(("definition", "A", "B", 30), ("whole", "A", "B", 30)))
    assert "New definition" in [column.label for column in redefined.columns]


def test_segments_that_only_the_earlier_definition_had_are_named_and_not_new_customers() -> None:
    earlier = definition("rfm", "ZA")
    rows = ("definition", "Z", "A", 50), ("definition", "A", "A", 60), ("whole", "Z", "A", 50), ("whole", "A", "A", 60)
    found = replace(of(*rows), earlier=earlier)
    assert [row[0] for row in account(found).rows] == ["Class A", "Class Z"]
    assert [row[0] for row in account_of_money(found).rows] == ["Class A", "Class Z"]
    assert matrix(found).rows == (("Class A", "60"), ("Class Z", "50"))
    figure, said = picture(found), largest(found, flows(("Z", "A", "definition", 50), ("A", "A", "stay", 60)))
    assert isinstance(figure, Figure) and "from Class Z to Class A" in figure.title
    assert said is not None and "Class Z" in said.items[0]
    shown = {row[0]: row[1] for row in directions(found).rows}
    assert shown == {"Up": "0", "Stayed": "60", "Down": "0", "Between segments that have no order": "50"}
    assert account(of(*rows)).rows[1][0] == "Z"  # where the earlier definition is not given


def test_money_is_not_told_of_groups_under_ten() -> None:
    found = account_of_money(of(("purchases", "A", "B", 4), ("purchases", "A", "A", 96), ("whole", "A", "A", 96),
                                ("whole", "A", "B", 4)))  # fmt: skip
    assert set(found.rows[1][1:]) == {"–"}


def test_the_ledger_does_not_give_a_hidden_count_away() -> None:
    """Four go from A to B: A's loss is told by its sign alone, and B not at all."""
    rows = account(of(("ageing", "A", "A", 96), ("ageing", "A", "B", 4), ("whole", "A", "A", 96),
                      ("whole", "A", "B", 4))).rows  # fmt: skip
    assert rows == (("Class A", "≈ 100", "−1–9", "0", "≈ 100"), ("Class B", "0", "+1–9", "0", "<10"))


def test_the_picture_names_the_largest_flow() -> None:
    figure = picture(of(*STEPS))
    assert isinstance(figure, Figure)
    assert figure.title == "13 % of the customers known at both dates went from Class A to Class B"
    assert figure.table is not None and figure.table.rows[0] == ("Class A", "60", "40")
    assert figure.table.rows[2] == ("New customers", "0", "12")


def test_small_segments_stand_together_in_the_picture() -> None:
    ids = "ABCDEFGH"
    rows = [("whole", s, s, 200 - 10 * n) for n, s in enumerate(ids)]
    figure = picture(of(*rows, ids=ids))
    assert isinstance(figure, Figure)
    assert "All other segments" in figure.svg and "Class E" in figure.svg and "Class F" not in figure.svg
    assert figure.title == "Since 30 Sep 2024 hardly anybody changed segment"


def test_flows_under_ten_are_not_drawn() -> None:
    figure = picture(of(("whole", "A", "A", 90), ("whole", "A", "B", 4), ("whole", "B", "B", 50)))
    assert isinstance(figure, Figure) and figure.table is not None
    assert "Class A → Class B" not in figure.svg
    assert figure.table.rows[0] == ("Class A", "≈ 90", "<10")
    assert isinstance(picture(of(("whole", "A", "A", 4))), Callout)


def test_the_main_cause_is_the_finding(t: Texts) -> None:
    figure = causes(of(*STEPS, language=t.language))
    assert isinstance(figure, Figure) and figure.table is not None
    assert "40" in figure.title and t("cause.ageing") in figure.table.rows[0]
    assert figure.table.rows[0][3] == t("cause.ageing_means")
    # new customers are moves by purchases too: 15 + 12
    assert figure.table.rows[1][1] == "27"


def test_a_bar_of_a_hidden_count_tells_nothing() -> None:
    drawn = [causes(of(("ageing", "A", "B", 40), ("data", "A", "B", n), ("whole", "A", "B", 40))) for n in (2, 9)]
    assert all(isinstance(figure, Figure) for figure in drawn)
    assert drawn[0].svg == drawn[1].svg  # type: ignore[union-attr]


def test_nobody_moved_is_said() -> None:
    assert isinstance(causes(of(("whole", "A", "A", 50))), Callout)
    assert largest(of(("whole", "A", "A", 50)), flows(("A", "A", "stay", 50), ("A", "B", "ageing", 4))) is None


def test_the_largest_flows_are_said_in_words() -> None:
    seen = [("A", "A", "stay", 60), ("A", "B", "ageing", 40), ("B", "A", "purchases", 10), ("B", "A", "data", 5),
            ("B", "B", "stay", 185), ("none", "B", "purchases", 12)]  # fmt: skip
    said = largest(of(*STEPS), flows(*seen))
    assert said is not None and said.title == "The 3 largest flows, each with its main cause"
    assert said.items == (
        "≈ 40 slipped from **Class A** to **Class B** because time passed; profit so far USD 480.",
        "≈ 20 came from **Class B** to **Class A** because they bought; profit so far USD 180.",
        "≈ 10 new customers began as **Class B**; profit so far USD 144.",
    )


@pytest.mark.parametrize("cause", ["ageing", "purchases", "definition", "data", "identity"])
def test_every_cause_has_a_sentence(t: Texts, cause: str) -> None:
    gone = ("A", "none", cause, 12)
    said = largest(of(("whole", "A", "B", 30), language=t.language), flows(("A", "B", cause, 30), gone))
    assert said is not None and len(said.items) == 2
    even = largest(of(("whole", "A", "B", 30), language=t.language), flows(("A", "B", cause, 15), ("A", "B", "x", 15)))
    assert even is not None and ("several reasons" if t.language == "en" else "多种原因") in even.items[0]


def test_up_and_down_follow_the_order_of_the_segments() -> None:
    found = directions(of(*STEPS))
    assert found.title == "RFM named segments: 5 % of the customers known at both dates rose, 13 % fell"
    assert [row[:2] for row in found.rows] == [("Up", "15"), ("Stayed", "245"), ("Down", "40"),
                                               ("New customers", "12")]  # fmt: skip


def test_the_matrix_hides_and_blurs() -> None:
    found = matrix(of(("whole", "A", "A", 96), ("whole", "A", "B", 4), ("whole", "B", "B", 51)))
    assert [row[1:] for row in found.rows] == [("≈ 100", "<10"), ("0", "≈ 50")]


def over(*shares: tuple[str, float], known: float = 1000.0) -> pd.DataFrame:
    """Moves of one segmentation from each of some days to the next."""
    days = [pd.Timestamp(day).date() for day, _ in shares]
    rows = [("rfm", day, after, cause, share * known, 100.0, known, share)
            for day, after, (_, share) in zip(days, [*days[1:], AS_OF], shares, strict=True)
            for cause in ("ageing", "whole")]  # fmt: skip
    columns = ["segmentation", "from_date", "to_date", "cause", "customers", "money", "known", "share"]
    return pd.DataFrame(rows, columns=columns)


def test_the_last_interval_is_held_against_those_before() -> None:
    seen = view(definition("rfm", "AB"), [500, 500])
    figure = moves_over.over_time(seen, over(("2024-06-30", 0.3), ("2024-09-30", 0.2)), "rfm")
    assert isinstance(figure, Figure) and figure.table is not None
    assert figure.title == "20 % changed segment last: less than in any interval before"
    assert figure.table.rows[0] == ("30 Jun 2024 – 30 Sep 2024", "30 %")
    few = moves_over.over_time(seen, over(("2024-06-30", 0.3), ("2024-09-30", 0.004)), "rfm")
    assert isinstance(few, Figure) and few.title.startswith("<1 % changed segment last")
    assert isinstance(moves_over.over_time(seen, over(("2024-09-30", 0.3)), "rfm"), Callout)


def test_every_system_is_one_line() -> None:
    seen = view(definition("rfm", "AB"), [500, 500])
    both = pd.concat([over(("2024-09-30", 0.2)), over(("2024-09-30", 0.004)).assign(segmentation="abc")])
    found = moves_over.by_system(replace(seen, names=("rfm", "abc")), both)
    assert found.title == "ABC moved <1 % of the customers known at both dates, RFM named segments 20 %"
    assert found.rows == (
        ("RFM named segments", "≈ 200", "20 %", "20 %", "0", "100"),
        ("ABC", "<10", "–", "–", "0", "–"),
    )


# Three segments. A: 80 stayed (30 of them would have slipped and bought), 25 to B; 40 from C and 12 from B; 12 new.
OBSERVED = [
    ("A", "A", "stay", 80), ("A", "B", "ageing", 25), ("B", "A", "purchases", 12), ("B", "C", "definition", 11),
    ("C", "A", "purchases", 40), ("C", "C", "stay", 32), ("none", "A", "purchases", 12),
]  # fmt: skip


def flows(*rows: tuple[str, str, str, int]) -> pd.DataFrame:
    """Observed moves of (from, to, cause, customers)."""
    return moves(*[(cause, was, now, customers) for was, now, cause, customers in rows])


def drawn(t: Texts, *rows: tuple[str, str, str, int], segment: str = "A", ids: str = "ABC", count: str = "144") -> Any:
    found = definition("rfm", ids)
    moves = observed_moves.Moves(flows(*rows), segment, found, found.names(t.language), BEFORE, AS_OF)
    return observed_moves.picture(t, moves, count)


def listed(figure: Any) -> list[tuple[str, ...]]:
    return [tuple(row) for row in figure.table.rows]


def test_the_playbook_tells_moves_that_happened(t: Texts) -> None:
    figure, is_english = drawn(t, *OBSERVED), t.language == "en"
    assert figure.title == (
        "Class A: ≈ 40 came from Class C, mostly because they bought" if is_english
        else "A 类：≈ 40 人来自 C 类，主要因购买"
    )  # fmt: skip
    assert listed(figure) == [
        (t("playbook.stayed"), "", "≈ 80"),
        (t("playbook.came_from"), "Class B" if is_english else "B 类", f"≈ 10 {t('moved.short_purchases')}"),
        (t("playbook.came_from"), "Class C" if is_english else "C 类", f"≈ 40 {t('moved.short_purchases')}"),
        (t("playbook.came_from"), t("moved.nobody_from"), "≈ 10"),
        (t("playbook.went_to"), "Class B" if is_english else "B 类", f"≈ 20 {t('moved.short_ageing')}"),
    ]
    # nobody came to C by time, and nobody left it but by purchases
    assert listed(drawn(texts("en"), *OBSERVED, segment="C"))[1:] == [
        ("Came from", "Class B", "≈ 10 redefined"), ("Went to", "Class A", "≈ 40 bought"),
    ]  # fmt: skip


def test_the_largest_flow_is_the_heading() -> None:
    en = texts("en")
    assert drawn(en, ("A", "A", "stay", 60), ("A", "B", "ageing", 40)).title == (
        "Class A: ≈ 40 went to Class B, mostly because time passed"
    )
    new = drawn(en, ("A", "A", "stay", 60), ("none", "A", "purchases", 40), ("A", "B", "ageing", 20))
    assert new.title == "Class A: ≈ 40 are new since 30 Sep 2024"
    gone = drawn(en, ("A", "A", "stay", 60), ("A", "none", "data", 40))
    assert gone.title == "Class A: ≈ 40 are no longer there since 30 Sep 2024"
    few = drawn(en, ("A", "A", "stay", 600), ("A", "B", "ageing", 4))
    assert few.title == "Class A: hardly anybody came or went since 30 Sep 2024"
    assert "too few" in drawn(en, ("A", "A", "stay", 6), ("A", "B", "ageing", 40)).text
    assert "nobody came or went" in drawn(en, ("A", "A", "stay", 60)).text


def test_a_main_cause_is_more_than_half_and_no_cause_is_told_of_few() -> None:
    en, stay = texts("en"), ("A", "A", "stay", 60)
    assert listed(drawn(en, stay, ("A", "B", "ageing", 30), ("A", "B", "purchases", 20)))[1][2] == "≈ 50 time passed"
    assert listed(drawn(en, stay, ("A", "B", "ageing", 20), ("A", "B", "purchases", 30)))[1][2] == "≈ 50 bought"
    even = drawn(en, stay, ("A", "B", "ageing", 25), ("A", "B", "purchases", 25))
    assert listed(even)[1][2] == "≈ 50" and "mostly" not in even.title
    assert listed(drawn(en, stay, ("A", "B", "ageing", 4)))[1:] == [("Went to", "Others", "under ten each")]


def test_the_playbook_tells_no_more_than_the_matrix() -> None:
    """Flows are named as they are shown, and small ones have no number; as there, 84 beside 9 are to the twenty."""
    rows = [("A", "A", "stay", 84), ("A", "B", "ageing", 9), ("A", "C", "ageing", 31), ("A", "D", "ageing", 38),
            ("A", "E", "ageing", 11), ("A", "F", "ageing", 14), ("A", "none", "data", 3)]  # fmt: skip
    figure = drawn(texts("en"), *rows, ids="ABCDEF")
    whole = [("whole", was, now, customers) for was, now, _, customers in rows]
    shown = matrix(of(*whole, ids="ABCDEF"))
    cells = dict(zip([column.label for column in shown.columns], shown.rows[0], strict=True))
    said = {name: text for _, name, text in listed(figure)}
    assert said[""] == cells["Class A"] and said[""].startswith("≈")
    assert {name: text for name, text in said.items() if name.startswith("Class")} == {
        f"Class {name}": f"{cells[f'Class {name}']} time passed" for name in "CDE"
    }
    assert said["Others"] == "several segments"
    twenty = drawn(texts("en"), ("A", "A", "stay", 84), ("A", "B", "ageing", 9), ids="AB")
    assert "to the nearest 20" in twenty.caption and "to the nearest 10" in figure.caption
    numbers = [int(n) for n in re.findall(r"≈ (\d+)", str(twenty.svg))]
    assert numbers and all(n % 20 == 0 for n in numbers)


def test_who_changed_segment_is_of_those_known_at_both_dates(t: Texts) -> None:
    """88 of 200 known at both dates; 12 new ones are in neither."""
    whole = moves(*[("whole", was, now, customers) for was, now, _, customers in OBSERVED])
    assert ledger.changed(whole) == {"customers": 88.0, "known": 200.0}
    seen = replace(view(definition("rfm", "ABC"), [144, 25, 43], language=t.language))
    frame = pd.DataFrame({"segmentation": "rfm", "from_date": BEFORE, "cause": ["whole"], "customers": [88.0],
                          "known": [200.0]})  # fmt: skip
    # 90 of 200: no share is more exact than a count to the ten
    assert systems.kpis(seen, frame, "rfm", missing={}).items[2].value.startswith("45")


@pytest.mark.parametrize(("grown", "shrunk"), [(230, 0), (230, 4), (0, 230), (4, 230), (4, 3), (230, 230), (0, 0)])
def test_nobody_grew_or_shrank_is_said_only_if_both_are_true(t: Texts, grown: int, shrunk: int) -> None:
    """A grows by new customers (240 to 470), B shrinks by lost ones."""
    rows = [("whole", "A", "A", 240), ("whole", "none", "A", grown), ("whole", "B", "none", shrunk),
            ("whole", "B", "B", 300)]  # fmt: skip
    title = account(of(*(row for row in rows if row[3]), language=t.language)).title
    names = definition("rfm", "AB").names(t.language)
    assert (title == t("moves.account_plain", day=day(BEFORE, t.language))) == (grown < 10 and shrunk < 10)
    assert (names["A"] in title) == (grown >= 10) and (names["B"] in title) == (shrunk >= 10)


def test_hardly_anybody_moved_is_not_said_of_many_small_flows() -> None:
    pairs = [(was, now) for was in "ABCD" for now in "ABCD"]
    many = picture(of(*[("whole", was, now, 12 if was == now else 9) for was, now in pairs], ids="ABCD"))
    calm = picture(of(*[("whole", was, now, 900 if was == now else 9) for was, now in pairs], ids="ABCD"))
    assert isinstance(many, Figure) and many.title.endswith("in many small flows")
    assert isinstance(calm, Figure) and "hardly anybody" in calm.title


def test_counterfactual_steps_say_what_they_are(t: Texts) -> None:
    said = steps(of(*STEPS, language=t.language)).text
    assert ("not people who moved" if t.language == "en" else "并不是真正换群的人") in said
