"""A made-up shop whose truth is known, and how its lines are written the way many systems write them."""

import csv
import io
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

Cell = Callable[["Line"], Any]
PRODUCTS = (
    ("TEA-01", "Green tea", "4.95"), ("TEA-02", "Black tea", "5.40"), ("COF-11", "Coffee beans", "13.90"),
    ("COF-12", "Espresso, ground", "9.25"), ("CUP-03", "Cup", "7.80"), ("POT-09", "Teapot", "34.50"),
    ("FIL-07", "Filters", "2.15"), ("MIL-21", "Mill", "1249.00"), ("HON-31", "Honey", "6.75"),
)  # fmt: skip
NAMES = ("Ana Rossi", "Ben Okafor", "Chloé Martin", "Dora Weiß", "Emil Nowak", "Filiz Kaya", "Gina Silva", "Hugo Lund")


@dataclass(frozen=True)
class Line:
    """One line of an order."""

    order: int
    place: int
    size: int
    customer: int
    when: datetime
    product: int
    quantity: int
    status: str
    total: Decimal
    number: int

    @property
    def sku(self) -> str:
        return PRODUCTS[self.product][0]

    @property
    def title(self) -> str:
        return PRODUCTS[self.product][1]

    @property
    def price(self) -> Decimal:
        return Decimal(PRODUCTS[self.product][2])

    @property
    def amount(self) -> Decimal:
        return self.price * self.quantity

    @property
    def person(self) -> str:
        return f"{NAMES[self.customer % len(NAMES)]} {self.customer}"

    @property
    def email(self) -> str:
        return f"{NAMES[self.customer % 8].split()[0].lower().replace('é', 'e')}{self.customer}@mail.test"


@cache
def lines(*, returns: bool = True, single: bool = False, early: bool = False) -> tuple[Line, ...]:
    """The lines of 300 orders of 70 customers, by time; ``early``: days up to the 12th only."""
    chance = random.Random(11)
    orders = []
    for order in range(300):
        when = datetime(2023, 7, 1, 8) + timedelta(minutes=chance.randrange(690 * 24 * 60))
        when = when.replace(day=1 + when.day % 12) if early else when
        orders.append((when, int(70 * chance.random() ** 1.6), order))
    made: list[Line] = []
    for order, (when, customer, _) in enumerate(sorted(orders), 1):
        size = 1 if single else chance.choice((1, 1, 2, 2, 3, 4))
        products = chance.sample(range(len(PRODUCTS)), size)
        sign = -1 if returns and order % 23 == 0 else 1
        quantities = [sign * chance.choice((1, 1, 1, 2, 2, 3, 4, 6)) for _ in range(size)]
        status = chance.choices(("completed", "cancelled", "refunded"), (88, 7, 5))[0]
        total = sum(Decimal(PRODUCTS[p][2]) * q for p, q in zip(products, quantities, strict=True))
        for place, (product, quantity) in enumerate(zip(products, quantities, strict=True)):
            made.append(
                Line(order, place, size, customer, when, product, quantity, status, Decimal(total), len(made) + 1)
            )
    return tuple(made)


@dataclass(frozen=True)
class Wild:
    """A file as some system writes it, and what is true of it.

    ``roles`` names the column of a role (or several that are as right), ``settings`` what the project must hold.
    """

    name: str
    columns: Mapping[str, Cell]
    roles: Mapping[str, str | tuple[str, ...]]
    settings: Mapping[str, Any] = field(default_factory=dict)
    file: str = "export.csv"
    delimiter: str = ","
    encoding: str = "utf-8"
    quote: int = csv.QUOTE_MINIMAL
    header: bool = True
    above: Sequence[str] = ()
    below: Sequence[str] = ()
    money: Cell = lambda line: line.amount
    counts: Callable[[Line], bool] = lambda line: True
    lines: Sequence[Line] = ()
    writer: Callable[["Wild", Path], None] | None = None
    currency: str | None = None

    @property
    def used(self) -> Sequence[Line]:
        return self.lines or lines()

    def write(self, folder: Path) -> Path:
        """Write the file."""
        path = folder / self.file
        if self.writer is not None:
            self.writer(self, path)
        else:
            path.write_bytes(self.text().encode(self.encoding))
        return path

    def rows(self) -> list[list[Any]]:
        return [[cell(line) for cell in self.columns.values()] for line in self.used]

    def text(self) -> str:
        """The file as text."""
        out = io.StringIO()
        writer = csv.writer(out, delimiter=self.delimiter, quoting=self.quote, lineterminator="\r\n")
        if self.header:
            writer.writerow(self.columns)
        writer.writerows(self.rows())
        return "".join(f"{line}\r\n" for line in self.above) + out.getvalue() + "".join(f"{x}\r\n" for x in self.below)

    @property
    def total(self) -> Decimal:
        """The money that counts."""
        return sum((Decimal(self.money(line)) for line in self.used if self.counts(line)), Decimal(0))

    @property
    def customers(self) -> int:
        """The customers that count."""
        return len({line.customer for line in self.used if self.counts(line)})


def number(
    get: Cell, decimal: str = ",", thousands: str = ".", *, before: str = "", after: str = "", minus: str = "before"
) -> Cell:
    """Write money with signs of its own."""

    def write(line: Line) -> str:
        value = get(line)
        if value is None or value == "":
            return ""
        text = f"{abs(Decimal(value)):,.2f}".replace(",", "#").replace(".", decimal).replace("#", thousands)
        text = f"{before}{text}{after}"
        if Decimal(value) >= 0:
            return text
        return {"before": f"-{text}", "after": f"{text}-", "parentheses": f"({text})"}[minus]

    return write


def on(form: str) -> Cell:
    """Write the time of a line in a form of strftime; ``%-d`` without zeros everywhere."""

    def write(line: Line) -> str:
        bare = {
            "%-d": line.when.day,
            "%-m": line.when.month,
            "%-H": line.when.hour,
            "%-I": (line.when.hour - 1) % 12 + 1,
        }
        text = form
        for code, value in bare.items():
            text = text.replace(code, str(value))
        return line.when.strftime(text)

    return write


def first(get: Cell) -> Cell:
    """Only on the first line of an order."""
    return lambda line: get(line) if line.place == 0 else ""


def fixed(value: Any) -> Cell:
    return lambda line: value


def amount(line: Line) -> Decimal:
    return line.amount


def total(line: Line) -> Decimal:
    return line.total


def price(line: Line) -> Decimal:
    return line.price


def first_total(line: Line) -> Decimal:
    return line.total if line.place == 0 else Decimal(0)


def completed(line: Line) -> bool:
    return line.status == "completed"


def texts(rows: Iterable[Iterable[Any]]) -> list[list[str]]:
    return [["" if cell is None else str(cell) for cell in row] for row in rows]
