"""The attack finds what follows from written numbers, and the rule of privacy leaves it nothing."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custlib.report import privacy
from tests.report.attack import (
    Claims,
    change_between,
    count_between,
    list_between,
    money_between,
    money_step_of,
    share_between,
    step_of,
)
from tests.report.attack_pictures import cohorts, contacted, parted, pictures
from tests.report.attack_reader import GONE, Reader, T


def claims_of(*told: tuple[str, float, float]) -> Claims:
    found = Claims()
    for key, low, high in told:
        found.know(key, low, high)
    return found


def test_a_hidden_count_follows_from_a_sum_and_its_other_part() -> None:
    """65 less 58 are 7."""
    found = claims_of(("new", 1, 9), ("old", 58, 58), ("all", 65, 65))
    found.total(["new", "old"], "all")
    assert found.ends("new") == (7, 7) and found.possible("new") == 1


def test_a_count_that_is_exact_on_one_page_only_is_enough() -> None:
    """Loyal is told about beside the hidden one here, exactly there: 800 less the others are 7."""
    others = [("champions", 116, 116), ("promising", 99, 99), ("rest", 416, 416)]
    found = claims_of(("new", 1, 9), ("loyal", 155, 165), *others, ("all", 800, 800))
    found.total(["new", "loyal", "champions", "promising", "rest"], "all")
    assert found.possible("new") == 3 and found.ends("new") == (4, 9)
    found.know("loyal", 162, 162)
    assert found.ends("new") == (7, 7)


def test_whole_numbers_tell_more_than_numbers() -> None:
    """Twice a hidden count and three times another are 17 together: 1 and 5, or 4 and 3, or 7 and 1."""
    found = claims_of(("a", 1, 9), ("b", 1, 9))
    found.add({"a": 2, "b": 3}, 17, 17)
    assert found.ends("a") == (1, 7) and found.possible("a", most=9) == 3


def test_a_share_with_two_figures_may_be_exact() -> None:
    """4 % of 800, to the hundredth of a point, are 32: with 120 and 640 the fourth class has 8."""
    low, high = share_between("4 %") or (0, 0)
    found = claims_of(("gold", low * 800, high * 800), ("brass", 120, 120), ("lead", 640, 640), ("d", 1, 9))
    found.add(dict.fromkeys(("gold", "brass", "lead", "d"), 1.0), 800, 800)
    assert found.ends("d") == (8, 8)


def test_crossed_sums_are_solved_together() -> None:
    """No row or column alone gives the count away, all four sums together do."""
    found = claims_of(("a", 1, 9), ("b", 15, 24), ("c", 15, 24), ("d", 35, 44))
    for parts, whole in ((("a", "b"), 16), (("a", "c"), 24), (("b", "d"), 50), (("c", "d"), 58)):
        found.add(dict.fromkeys(parts, 1.0), whole, whole)
    assert found.ends("a") == (1, 1)


def test_claims_that_contradict_each_other_are_an_error() -> None:
    found = claims_of(("a", 1, 9), ("b", 10, 12))
    found.add({"a": 1, "b": 1}, 40, 40)
    with pytest.raises(ValueError, match="contradict"):
        found.ends("a")


def test_a_hidden_amount_is_bound_by_the_total_and_the_last_figures() -> None:
    found = Claims()
    for key, text in {"all": "147 k", "gold": "30 k", "brass": "42 k", "lead": "56 k"}.items():
        found.know(key, *(money_between(text) or (0, 0)), whole=False)
    found.know("diamond", -1e9, 1e9, whole=False)
    found.total(["diamond", "gold", "brass", "lead"], "all")
    assert found.ends("diamond") == pytest.approx((17_000, 21_000))


@pytest.mark.parametrize(
    ("text", "step", "ends"),
    [("1,234", 1, (1234, 1234)), ("<10", 10, (1, 9)), ("0", 10, (0, 0)), ("–", 10, None), ("≥ 10", 10, (10, math.inf)),
     ("≈ 80", 10, (75, 85)), ("≈ 70", 10, (66, 74)), ("≈ 10", 10, (10, 14)), ("≈ 20", 20, (10, 29)),
     ("≈ 40", 20, (30, 50))],
)  # fmt: skip
def test_a_written_count_is_read_as_all_it_may_be(text: str, step: int, ends: tuple[float, float] | None) -> None:
    assert count_between(text, step) == ends
    if ends and text[0] == "≈":
        own = [n for n in range(10, 200) if privacy.to_step(n, step=step) == text]
        assert (own[0], own[-1]) == ends


def test_amounts_changes_and_steps_are_read() -> None:
    assert money_between("EUR 8 k") == pytest.approx((7950, 8050)) and money_between("–") is None
    assert money_between("−35") == pytest.approx((-35.5, -34.5)) and money_between("8,510", 20) == (8460, 8560)
    assert money_step_of(["35 k", "40 k", "55 k", "–"]) == 5000 and money_step_of(["31 k", "40 k"]) == 1000
    assert money_between("778") == (777.5, 778.5) and money_between("780") == (775, 785)
    assert share_between("9 %", ["9 %", "14 %"]) == (0.085, 0.095)
    assert share_between("4.2 %") == pytest.approx((0.0415, 0.0425)) and share_between("≈ 5 %") is None
    assert change_between("+20") == (15, 25) and change_between("−1–9") == (-9, -1) and change_between("0") == (0, 0)
    assert step_of(["≈ 40", "<10", "≈ 120", "7"]) == 20 and step_of(["≈ 40", "≈ 50"]) == 10


COUNTS = st.lists(st.one_of(st.integers(0, 9), st.integers(10, 14), st.integers(10, 400)), min_size=2, max_size=8)


@given(COUNTS)
def test_no_list_gives_a_hidden_count_away(sizes: list[int]) -> None:
    texts = privacy.counts(sizes)
    found = Claims()
    for n, ends in enumerate(list_between(texts)):
        found.know(n, *(ends or (1, 999)))
    found.add(dict.fromkeys(range(len(sizes)), 1.0), sum(sizes), sum(sizes))
    assert_hidden(found, dict(enumerate(sizes)), whole=sum(sizes))


CELLS = st.one_of(st.integers(0, 9), st.integers(10, 90))
TABLES = st.integers(2, 4).flatmap(
    lambda wide: st.lists(st.lists(CELLS, min_size=wide, max_size=wide), min_size=2, max_size=4)
)


@settings(max_examples=20)
@given(TABLES)
@pytest.mark.slow
def test_no_cross_table_gives_a_hidden_count_away(rows: list[list[int]]) -> None:
    assert_cross_table_hides(rows)


@pytest.mark.slow
@given(TABLES)
def test_none_of_many_cross_tables_gives_a_hidden_count_away(rows: list[list[int]]) -> None:
    assert_cross_table_hides(rows)


def assert_cross_table_hides(rows: list[list[int]]) -> None:
    """Who knows the step, the total, the sums of columns as a list tells them, and those of rows to the ten."""
    step = privacy.step_across(rows)
    if step == privacy.UNTOLD:
        return  # the table tells nothing: what follows from its margins alone is not its doing
    sizes = {(r, c): n for r, row in enumerate(rows) for c, n in enumerate(row)}
    found = Claims()
    for key, n in sizes.items():
        found.know(key, *(count_between(privacy.to_step(n, step=step), step) or (1, 999)))
    found.add(dict.fromkeys(sizes, 1.0), sum(sizes.values()), sum(sizes.values()))
    columns = list_between(privacy.counts([sum(column) for column in zip(*rows, strict=True)]))
    across = [count_between(privacy.to_step(sum(row))) for row in rows]
    for axis, sums in enumerate((across, columns)):
        for place, ends in enumerate(sums):
            found.add({key: 1.0 for key in sizes if key[axis] == place}, *(ends or (0, 9999)))
    assert_hidden(found, sizes, whole=sum(sizes.values()))


def assert_hidden(found: Claims, sizes: dict, *, whole: int) -> None:
    """Every hidden count is among three possible values or more, unless all together are hidden."""
    for key, n in sizes.items():
        if privacy.is_small(n) and whole >= 10:
            low, high = found.ends(key)
            assert low <= n <= high and found.possible(key) >= 3


# --- pictures, cohorts and groups apart ---


def test_who_left_and_stayed_in_a_picture_are_sums_of_the_matrix() -> None:
    """40 were there and exactly 34 stayed: of the 6 who left for two segments neither is 9."""
    reader = Reader({"rfm": {"Top": "top", "Rest": "rest"}}, step=1)
    for key in (("move", "rfm", "Top", "Rest"), ("move", "rfm", "Top", GONE)):
        reader.tell(key, "<10")
    reader.claims.total(
        [("move", "rfm", "Top", end) for end in ("Top", "Rest", GONE)],
        reader.claims.know(("size", "rfm", "Top", "then")),
    )
    svg = "<svg><title>Top: 40 at the start</title><desc>Top: &lt;10 left, 12 came, 34 stayed</desc></svg>"
    pictures(reader, {"block": "figure", "page": "overview", "title": "Who moved", "svg": svg})
    assert {"moved", "start"} <= reader.kinds
    assert reader.claims.ends(("move", "rfm", "Top", "Rest")) == (1, 5)
    assert reader.claims.ends(("size", "rfm", "Top", "now")) == (46, 46)


def tiles_of(*rows: tuple[str, ...]) -> dict:
    cells = [[{"text": text} for text in row] for row in rows]
    return {"rows": ["Q1", "Q2"], "columns": ["1", "2"], "cells": cells}


def test_a_hidden_cell_of_cohorts_follows_from_the_share_beside_it() -> None:
    """27 % of 100 and a few of 40 are the 32 there before: 5. Told to the ten, 20 are 15 to 25: 7 to 9 or more."""
    sizes, there = {"Q1": 100.0, "Q2": 40.0, "Q3": 0.0}, {"Q1": 0.0, "Q2": 50.0, "Q3": 32.0}
    told = Reader({})
    cohorts(told, tiles_of(("50 %", "20 %"), ("<10", "–")), sizes, there)
    assert told.claims.ends(("active", "Q2", "Q3")) == (7, 9)
    exact = Reader({})
    cohorts(exact, tiles_of(("51 %", "27 %"), ("<10", "–")), sizes, there | {"Q2": 51.0})
    assert exact.claims.possible(("active", "Q2", "Q3")) == 1


def test_a_group_apart_is_no_larger_than_its_classes() -> None:
    reader = Reader({"rfm": {"Top": "top"}, "abc": {"A": "a"}})
    reader.tell(("size", "abc", "A", "now"), "<10")
    labels = [T(f"agree.column_{name}") for name in ("system", "group", "customers")]
    block = {"columns": [{"label": label} for label in labels], "rows": [["ABC", "RFM: Top / ABC: A", "≈ 10"]]}
    parted(reader, block)
    with pytest.raises(ValueError, match="contradict"):  # ten or more of less than ten
        reader.claims.ends(("size", "abc", "A", "now"))


def test_those_contacted_and_the_control_group_make_up_the_segment() -> None:
    reader = Reader({"rfm": {"Top": "top"}})
    key = reader.claims.know(("size", "rfm", "Top", "now"))
    contacted(reader, key, T("playbook.to"), "36 by e-mail, ≈ 10 get none")
    assert reader.claims.ends(key) == (46, 50)
    contacted(reader, key, T("playbook.control"), "30 % by chance, 11 customers; counted: who buys within 90 days")
    assert reader.claims.ends(key) == (47, 47)
