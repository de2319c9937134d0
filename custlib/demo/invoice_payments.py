"""Simulates when the invoices of one customer are paid, so that the grade of credit is known for certain.

The grades are those of ``rules/tiers/credit.toml``: A is never late; B is sometimes late, by at most 30 days, and has
paid; C is late with most invoices, by up to 60 days, and has paid; D leaves the latter half unpaid. A grade that the
invoices at hand could not show is not given: the customer is A then.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np

_LONG = 60  # days: the longest delay of B and C; an invoice due so long ago has shown its delay


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
    """Draw a grade of credit and the payments that show it.

    Examples
    --------
    >>> account = {"term": 30, "early": 20, "grade": {"A": 1, "B": 0, "C": 0, "D": 0}}
    >>> bills = [(dt.date(2025, 1, 1), 1250), (dt.date(2025, 12, 20), 990)]
    >>> grade, made = invoices_of(np.random.default_rng(0), bills, dt.date(2025, 12, 31), account)
    >>> grade, made[0].due, made[0].paid <= made[0].due, made[1].paid
    ('A', datetime.date(2025, 1, 31), True, None)
    """
    shares = np.cumsum(list(account["grade"].values()))
    drawn = list(account["grade"])[int(np.searchsorted(shares, random.random() * shares[-1], side="right"))]
    dues = [day + dt.timedelta(days=account["term"]) for day, _ in bills]
    past = [due for due in dues if due < as_of]
    grade = drawn if _shows(drawn, past, as_of) else "A"
    made = []
    for place, ((day, cents), due) in enumerate(zip(bills, dues, strict=True)):
        early = due - dt.timedelta(days=int(random.integers(0, account["early"])))
        paid = _paid_by(grade, random, due, early, (place, len(past))) if due < as_of else early
        made.append(Invoice(day, due, paid if paid and paid <= as_of else None, cents))
    return grade if any(due <= as_of for due in dues) else "", made


def _shows(grade: str, past: list[dt.date], as_of: dt.date) -> bool:
    """Tell whether the invoices that are due are enough, and old enough, to show a grade."""
    if grade == "B":
        return len(past) >= 3 and (as_of - past[-1]).days > _LONG
    if grade == "C":
        return len(past) >= 2 and (as_of - past[-1]).days > _LONG
    if grade == "D":  # one of those it will not pay is due for longer than what is still in time
        return bool(past) and (as_of - past[len(past) // 2]).days > _LONG // 2
    return True


def _paid_by(
    grade: str, random: np.random.Generator, due: dt.date, early: dt.date, place_of: tuple[int, int]
) -> dt.date | None:
    """Draw the day of payment of an invoice that is due, by its place among so many; None where it is never paid."""
    place, past = place_of
    if grade == "D" and place >= past // 2:
        return None
    if grade == "B" and place % 3 == 1:
        return due + dt.timedelta(days=int(random.integers(1, _LONG // 2 + 1)))
    if grade == "C" and place % 4 != 3:
        return due + dt.timedelta(days=int(random.integers(_LONG // 2 + 1, _LONG + 1)))
    return early
