"""Simulated invoices show the grade that they are drawn by, and nothing that is not known by then."""

import datetime as dt

import numpy as np
import pytest

from custlib.demo.crm import invoices_of

AS_OF = dt.date(2025, 12, 31)
BILLS = [(dt.date(2025, month, 1), 1000 * month) for month in range(1, 9)]  # all due long ago


def drawn(grade, bills=BILLS):
    account = {"term": 30, "early": 20, "grade": {grade: 1.0}}
    return invoices_of(np.random.default_rng(3), bills, AS_OF, account)


def delays(made):
    return [(one.paid - one.due).days if one.paid else None for one in made]


def test_who_is_good_is_never_late():
    grade, made = drawn("A")
    assert grade == "A"
    assert all(delay <= 0 for delay in delays(made))
    assert [(one.day, one.cents) for one in made] == BILLS


def test_who_is_late_now_and_then_pays_within_a_month():
    grade, made = drawn("B")
    assert grade == "B"
    late = [delay for delay in delays(made) if delay > 0]
    assert 1 <= len(late) <= len(made) / 2
    assert max(late) <= 30


def test_who_is_often_late_pays_within_two_months():
    grade, made = drawn("C")
    assert grade == "C"
    late = [delay for delay in delays(made) if delay > 0]
    assert len(late) > len(made) / 2
    assert 30 < max(late) <= 60


def test_who_does_not_pay_leaves_the_latter_half_open():
    grade, made = drawn("D")
    assert grade == "D"
    assert [one.paid is None for one in made] == [False] * 4 + [True] * 4


@pytest.mark.parametrize("grade", ["B", "C"])
def test_a_grade_that_a_few_invoices_cannot_show_is_not_given(grade):
    found, made = drawn(grade, BILLS[:1])
    assert found == "A"
    assert delays(made)[0] <= 0


@pytest.mark.parametrize("grade", ["A", "B", "C", "D"])
def test_what_is_not_due_yet_shows_no_grade(grade):
    found, made = drawn(grade, [(dt.date(2025, 12, 30), 500)])
    assert found == ""
    assert made[0].paid is None


def test_nobody_without_purchases_is_billed():
    assert drawn("A", []) == ("", [])
