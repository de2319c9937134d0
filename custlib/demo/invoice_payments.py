"""Simulates the payments of a customer's invoices from a known credit grade.

The grades are those of ``rules/tiers/credit.toml``: A is never late; B is sometimes late, by at most 30 days, and has
paid; C is late with most invoices, by up to 60 days, and has paid; D leaves the latter half unpaid. Where the invoices
are too few or too recent to show a grade, the customer is graded A.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np

_LONG = 60  # days: the longest delay of B and C, after which the delay of an invoice is known


@dataclass(frozen=True)
class Invoice:
    """One invoice: the day of the purchase, when it is due, when it was paid, and its money in cents."""

    day: dt.date
    due: dt.date
    paid: dt.date | None
    cents: int


def invoices_of(
    random: np.random.Generator, bills: list[tuple[dt.date, int]], as_of: dt.date, account: dict[str, Any]
) -> tuple[str, list[Invoice]]:
    """Draw a credit grade and the payments that show it.

    Examples
    --------
    >>> account = {"term": 30, "early": 20, "grade": {"A": 1, "B": 0, "C": 0, "D": 0}}
    >>> bills = [(dt.date(2025, 1, 1), 1250), (dt.date(2025, 12, 20), 990)]
    >>> grade, invoices = invoices_of(np.random.default_rng(0), bills, dt.date(2025, 12, 31), account)
    >>> grade, invoices[0].due, invoices[0].paid <= invoices[0].due, invoices[1].paid
    ('A', datetime.date(2025, 1, 31), True, None)
    """
    shares = np.cumsum(list(account["grade"].values()))
    drawn = list(account["grade"])[int(np.searchsorted(shares, random.random() * shares[-1], side="right"))]
    dues = [day + dt.timedelta(days=account["term"]) for day, _ in bills]
    past = [due for due in dues if due < as_of]
    grade = drawn if _shows(drawn, past, as_of) else "A"
    invoices = []
    for place, ((day, cents), due) in enumerate(zip(bills, dues, strict=True)):
        early = due - dt.timedelta(days=int(random.integers(0, account["early"])))
        paid = _paid_by(grade, random, due, early, (place, len(past))) if due < as_of else early
        invoices.append(Invoice(day, due, paid if paid and paid <= as_of else None, cents))
    return grade if any(due <= as_of for due in dues) else "", invoices


def _shows(grade: str, past: list[dt.date], as_of: dt.date) -> bool:
    """Return whether due invoices are enough, and old enough, to show a grade."""
    if grade == "B":
        return len(past) >= 3 and (as_of - past[-1]).days > _LONG
    if grade == "C":
        return len(past) >= 2 and (as_of - past[-1]).days > _LONG
    if grade == "D":  # an unpaid invoice is overdue by more than the delay of B
        return bool(past) and (as_of - past[len(past) // 2]).days > _LONG // 2
    return True


def _paid_by(
    grade: str, random: np.random.Generator, due: dt.date, early: dt.date, place_of: tuple[int, int]
) -> dt.date | None:
    """Draw the day of payment of a due invoice by its place in the sequence; None where it is never paid."""
    place, past = place_of
    if grade == "D" and place >= past // 2:
        return None
    if grade == "B" and place % 3 == 1:
        return due + dt.timedelta(days=int(random.integers(1, _LONG // 2 + 1)))
    if grade == "C" and place % 4 != 3:
        return due + dt.timedelta(days=int(random.integers(_LONG // 2 + 1, _LONG + 1)))
    return early
