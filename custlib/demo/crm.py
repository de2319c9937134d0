"""Simulates a shop with products, channels, customer attributes and invoices, all with known truth: data/crm_demo.

Reads ``rules/crm_demo.toml``. Purchases follow the BG/NBD model. The probability of adopting a product depends on the
products in use. Customers on account pay according to their grade. Each customer has a random stream of their own, so
that adding one changes no other; equal seeds give identical files.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import exp
from typing import Any

import numpy as np

from custlib import rules

HEADS = {
    "sales": "customer_id,date,order_id,product,quantity,amount,channel",
    "customers": "customer_id,region,birth_date",
    "invoices": "invoice_id,customer_id,due,paid,amount",
    "truth": "customer_id,left,grade",
}


@dataclass(frozen=True)
class Invoice:
    """One invoice: the day of the purchase, when it is due, when it was paid, and its money in cents."""

    day: dt.date
    due: dt.date
    paid: dt.date | None
    cents: int


@dataclass(frozen=True)
class Line:
    """One line of a purchase or a return; money in cents."""

    day: dt.date
    product: str
    quantity: int
    cents: int
    channel: str


@dataclass
class Customer:
    """One customer, with the true lifetime and grade.

    Attributes
    ----------
    name, region, birth_date : str
        Attributes of the customer; blank where unknown.
    days : list of datetime.date
        Purchase days.
    left : datetime.date or None
        Day of the last purchase if the customer left after it; None for active customers.
    grade : str
        Credit grade; blank for customers not on account or without a due invoice.
    lines : list of Line
        Purchases and returns.
    invoices : list of Invoice
        Invoices of customers on account.
    """

    name: str
    region: str
    birth_date: str
    days: list[dt.date] = field(default_factory=list)
    left: dt.date | None = None
    grade: str = ""
    lines: list[Line] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)


def crm(customers: int = 0, *, seed: int | None = None) -> list[Customer]:
    """Simulate the customers and prospects of the shop.

    Examples
    --------
    >>> customers = crm(3)
    >>> [one.name for one in customers[:3]], all(one.days for one in customers[:3])
    (['C0001', 'C0002', 'C0003'], True)
    """
    truth = rules.load("crm_demo")
    buyers = customers or int(truth["customers"])
    streams = ((n, np.random.default_rng([truth["seed"] if seed is None else seed, n]))
               for n in range(1, buyers + truth["prospects"] + 1))  # fmt: skip
    return [_customer(n, random, truth, buys=n <= buyers) for n, random in streams]


def _customer(n: int, random: np.random.Generator, truth: dict[str, Any], *, buys: bool) -> Customer:
    listed = truth["list"]
    region = "" if random.random() < listed["no_region"] else _pick(random, truth["region"])
    born = dt.date(int(random.integers(listed["born"][0], listed["born"][1] + 1)), 1, 1)
    born += dt.timedelta(days=int(random.integers(365)))
    one = Customer(f"C{n:04}", region, "" if random.random() < listed["no_birth_date"] else born.isoformat())
    if buys:
        one.days, one.left = _life(random, truth)
        one.lines = list(_lines(random, truth, one.days))
        if random.random() < truth["account"]["share"]:
            one.grade, one.invoices = invoices_of(random, _bills(one), truth["last_day"], truth["account"])
    return one


def _life(random: np.random.Generator, truth: dict[str, Any]) -> tuple[list[dt.date], dt.date | None]:
    """Draw purchase days from the BG/NBD model, and the last of them if the customer left after it."""
    life, first, last = truth["life"], truth["first_day"], truth["last_day"]
    rate = max(float(random.gamma(life["r"], 1 / life["alpha"])), 1e-9)
    leaving = float(random.beta(life["a"], life["b"]))
    clock = float(random.uniform(0, truth["joining_days"]))
    days = [first + dt.timedelta(days=int(clock))]
    while True:
        clock += float(random.exponential(1 / rate))
        if clock >= (last - first).days + 1:
            return sorted(set(days)), None
        days.append(first + dt.timedelta(days=int(clock)))
        if random.random() < leaving:
            return sorted(set(days)), days[-1]


def _lines(random: np.random.Generator, truth: dict[str, Any], days: list[dt.date]) -> Iterator[Line]:
    """Draw the lines of each purchase day and their returns."""
    basket, own = truth["basket"], _pick(random, truth["channel"])
    level = basket["least_spend"] + float(random.gamma(*basket["spend"]))
    owned: set[str] = set()
    for day in days:
        channel = own if random.random() < truth["habit"]["own_channel"] else _pick(random, truth["channel"])
        channel = "" if random.random() < truth["habit"]["no_channel"] else channel
        for product in _products(random, truth, owned):
            entry = truth["product"][product]
            units = 1 + int(random.poisson(basket["units"])) * (entry["again"] > 0)
            cents = round(entry["price"] * 100 * level) * units
            yield Line(day, product, units, cents, channel)
            back = day + dt.timedelta(days=int(random.integers(1, basket["returned_days"] + 1)))
            if random.random() < basket["returned"] and back <= truth["last_day"]:
                yield Line(back, product, -units, -cents, channel)


def _products(random: np.random.Generator, truth: dict[str, Any], owned: set[str]) -> list[str]:
    """Draw the products of a purchase, and add them to those owned."""
    products = truth["product"]
    if not owned:
        bought = {_pick(random, {name: entry["entry"] for name, entry in products.items()})}
    else:
        again = {name: products[name]["again"] for name in products if name in owned and products[name]["again"] > 0}
        times = 1 + (random.random() < truth["basket"]["second"])
        bought = {_pick(random, again) for _ in range(times)} if again else set()
        chances = {name: adoption_probability(products, name, owned) for name in products if name not in owned}
        bought |= {name for name, chance in chances.items() if random.random() < chance}
        bought = bought or {"beans"}  # customers who own only durable products come back for beans
    owned |= bought
    return [name for name in products if name in bought]


def adoption_probability(products: dict[str, Any], name: str, owned: Iterable[str]) -> float:
    """Return the true probability that a customer adopts a product at a purchase.

    Examples
    --------
    >>> products = rules.load("crm_demo")["product"]
    >>> [round(adoption_probability(products, "descaler", [other]), 3) for other in ("beans", "machine")]
    [0.002, 0.269]
    """
    lifts = products[name].get("lift", {})
    return 1 / (1 + exp(-products[name]["begin"] - sum(lifts.get(other, 0.0) for other in owned)))


def _pick(random: np.random.Generator, weights: dict[str, float]) -> str:
    ends = np.cumsum(list(weights.values()))
    return list(weights)[int(np.searchsorted(ends, random.random() * ends[-1], side="right"))]


def _bills(one: Customer) -> list[tuple[dt.date, int]]:
    """List the purchase days with their amounts in cents, for the invoices."""
    return [(day, sum(line.cents for line in one.lines if line.day == day and line.cents > 0)) for day in one.days]


def files(customers: Iterable[Customer]) -> dict[str, str]:
    """Write customers as CSV files: purchases by quarter, customer attributes, invoices, and the truth.

    Examples
    --------
    >>> sorted(files(crm(20)))[:3]
    ['customers.csv', 'invoices.csv', 'sales/2024-q1.csv']
    """
    everybody = list(customers)
    buyers = [one for one in everybody if one.days]
    orders = {key: 10001 + place for place, key in enumerate(sorted({(line.day, one.name) for one in buyers
                                                                     for line in one.lines}))}  # fmt: skip
    texts = {
        "customers.csv": [f"{one.name},{one.region},{one.birth_date}" for one in everybody],
        "invoices.csv": [
            f"{orders[bill.day, one.name]},{one.name},{bill.due},{bill.paid or ''},{bill.cents / 100:.2f}"
            for one in buyers for bill in one.invoices
        ],
        "truth.csv": [f"{one.name},{one.left or ''},{one.grade}" for one in buyers],
    }  # fmt: skip
    sold = sorted((orders[line.day, one.name], place, one.name, line)
                  for one in buyers for place, line in enumerate(one.lines))  # fmt: skip
    for order, _, name, line in sold:
        row = f"{name},{line.day},{order},{line.product},{line.quantity},{line.cents / 100:.2f},{line.channel}"
        texts.setdefault(f"sales/{line.day.year}-q{(line.day.month + 2) // 3}.csv", []).append(row)
    return {path: _text(HEADS[path.split("/")[0].removesuffix(".csv")], rows) for path, rows in texts.items()}


def _text(head: str, rows: list[str]) -> str:
    return "\n".join([head, *rows]) + "\n"


_LONG = 60  # days: the longest delay of B and C, after which the delay of an invoice is known


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
