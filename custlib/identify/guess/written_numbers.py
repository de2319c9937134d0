"""Tells how numbers are written: decimal sign, thousands, minus, currency; and reads them so."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from custlib.identify.guess.headings import folded, words
from custlib.identify.numbers import PLAIN, currency_named

_CORE = re.compile(r"^(\d[\d.,' ]*|[.,]\d+)$")
_UNIT = re.compile(r"^([^\W\d_]{1,4}\.?(?=\s|\d|[-−])|)\s*(.*?)\s*([^\W\d_]{1,5}\.?|)$")
_SOME = 5
_BLANKS = dict.fromkeys(map(ord, "\u00a0\u202f\u2009\u2007\u3000"), " ") | {ord("’"): "'", ord("−"): "-"} | PLAIN
ISO_OF_SIGN = {
    "€": "EUR", "£": "GBP", "¥": "JPY", "￥": "CNY", "₩": "KRW", "₹": "INR", "₺": "TRY", "₽": "RUB", "$": "USD",
    "₫": "VND", "฿": "THB", "₪": "ILS", "₴": "UAH", "₱": "PHP",
}  # fmt: skip


@dataclass(frozen=True)
class Number:
    """A number as it is written: its digits with separators, its sign, what stands around it."""

    core: str
    is_negative: bool = False
    minus: str = ""
    sign: str = ""
    unit: str = ""

    @property
    def currency(self) -> str:
        """The one name of the currency beside it; empty where there is none, or letters that name none.

        Examples
        --------
        >>> number_of("R$ 5").currency, number_of("5 eur").currency, number_of("5").currency
        ('BRL', '€', '')
        """
        return currency_named(self.unit + self.sign) or currency_named(self.sign + self.unit) or ""


@dataclass(frozen=True)
class Style:
    """How numbers of a file are written; ``either`` counts those that two styles would read differently."""

    decimal: str = "."
    thousands: str = ""
    either: int = 0
    other: "Style | None" = None
    faults: int = 0

    def value(self, number: Number) -> float | None:
        """Read a number in this style; None where it is written in another."""
        core = number.core.replace(" ", "" if self.thousands == " " else "?")
        core = core.replace("'", "" if self.thousands == "'" else "?")
        if self.thousands in (".", ","):
            core = core.replace(self.thousands, "")
        core = core.replace(self.decimal, ".") if self.decimal == "," else core
        try:
            value = float(core)
        except ValueError:
            return None
        return -value if number.is_negative else value


@cache
def number_of(text: str) -> Number | None:
    """Take a text apart as a number; None if it is none.

    Examples
    --------
    >>> number_of("1.234,50-"), number_of("ann")
    (Number(core='1.234,50', is_negative=True, minus='after', sign='', unit=''), None)
    >>> number_of("(€ 12)")
    Number(core='12', is_negative=True, minus='parentheses', sign='€', unit='')
    """
    bare = text.translate(_BLANKS).strip()
    minus = ""
    if bare.startswith("(") and bare.endswith(")"):
        bare, minus = bare[1:-1].strip(), "parentheses"
    sign = "".join(one for one in bare if unicodedata.category(one) == "Sc")
    for one in sign:
        bare = bare.replace(one, " " if bare.find(one) not in (0, len(bare) - 1) else "")
    match = _UNIT.match(bare.strip())
    before, bare, after = match.groups() if match else ("", bare, "")
    bare = bare.strip()
    if bare.startswith(("-", "+")):
        minus, bare = ("before" if bare[0] == "-" else minus), bare[1:].strip()
    elif bare.endswith("-"):
        minus, bare = "after", bare[:-1].strip()
    unit = before or after
    if not _CORE.match(bare) or len(sign) > 1 or (before and after) or not _is_unit(unit, sign):
        return None
    return Number(bare, bool(minus), minus, sign, unit)


def _is_unit(unit: str, sign: str) -> bool:
    """Tell whether letters beside a number name a currency; one Latin letter does with a sign only, as in R$."""
    if not unit:
        return True
    return folded(unit) in words("units") and (bool(sign) or len(unit) > 1 or not unit.isascii())


@cache
def marks_of(core: str) -> tuple[str, str] | None:
    """Say what the separators of a number prove: ``('decimal', ',')``, ``('thousands', '.')``, ``('either', ',')``.

    Examples
    --------
    >>> marks_of("1.234,5"), marks_of("12,50"), marks_of("1.234"), marks_of("1234"), marks_of("1.2.3")
    (('both', '.,'), ('decimal', ','), ('either', '.'), ('long', ''), None)
    """
    signs = [one for one in core if not one.isdigit()]
    if not signs:
        return ("whole" if len(core) <= 3 else "long", "")
    last, kinds = signs[-1], list(dict.fromkeys(signs))
    tail = core.rpartition(last)[2]
    if len(kinds) == 2:
        groups = core.rpartition(last)[0].split(kinds[0])
        fits = last in ".," and signs.count(last) == 1 and _are_groups(groups)
        return ("both", kinds[0] + last) if fits else None
    if len(kinds) > 2:
        return None
    if len(signs) > 1 or last in " '":
        return ("thousands", last) if _are_groups(core.split(last)) else None
    head = core.partition(last)[0]
    if len(tail) != 3 or head in ("", "0") or len(head) > 3:
        return ("decimal", last)
    return ("either", last)


def _are_groups(groups: Sequence[str]) -> bool:
    """Tell whether digits are parted as thousands are: the last group of three, those before of two or three."""
    return 1 <= len(groups[0]) <= 3 and len(groups[-1]) == 3 and all(len(group) in (2, 3) for group in groups[1:])


@dataclass
class Written:
    """The numbers of one column, in the order of the rows: texts taken apart, or what a file types as numbers."""

    numbers: list[Number | float | None]
    filled: int
    marks: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def share(self) -> float:
        """Share of the filled values that are numbers."""
        return sum(number is not None for number in self.numbers) / self.filled if self.filled else 0.0

    def values(self, style: Style) -> list[float | None]:
        """Read them in a style."""
        return [style.value(number) if isinstance(number, Number) else number for number in self.numbers]

    def common(self, name: str) -> str:
        """The sign, unit or minus that most of them have; empty if most have none."""
        texts = Counter(getattr(number, name) for number in self.numbers if isinstance(number, Number))
        texts.pop("", None)
        return texts.most_common(1)[0][0] if texts else ""


def written(values: Iterable[Any]) -> Written:
    """Take the values of a column apart as numbers."""
    cells = list(values)
    numbers = [_taken_apart(value) for value in cells]
    column = Written(numbers, sum(value is not None for value in cells))
    for number in numbers:
        if isinstance(number, Number):
            mark = marks_of(number.core)
            column.marks[mark or ("none", "")] += 1
    return column


def _taken_apart(value: Any) -> Number | float | None:
    if isinstance(value, str):
        return number_of(value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return float(value) if value == value else None


def style_of(columns: Iterable[Written]) -> Style:
    """Tell the one style of all columns of money of a file, and how many numbers leave it open.

    Examples
    --------
    >>> style_of([written(["1.234", "12,50"])])
    Style(decimal=',', thousands='.', either=0, other=None, faults=0)
    >>> style_of([written(["1.234", "2.500"])]).other
    Style(decimal='.', thousands='', either=0, other=None, faults=0)
    """
    marks: Counter[tuple[str, str]] = Counter()
    for column in columns:
        marks += column.marks
    decimal = _most(
        {
            sign: marks["decimal", sign] + sum(n for (kind, s), n in marks.items() if kind == "both" and s[1] == sign)
            for sign in ".,"
        }
    )
    thousands = _most(
        {
            sign: marks["thousands", sign] + sum(n for (kind, s), n in marks.items() if kind == "both" and s[0] == sign)
            for sign in ".,' "
        }
    )
    open_signs = [sign for sign in ".," if marks["either", sign]]
    if not decimal and thousands in (".", ","):
        decimal = "," if thousands == "." else "."
    if not decimal and len(open_signs) == 1 and thousands not in (".", ","):
        return _open_style(open_signs[0], thousands, marks)
    decimal = decimal or ("," if open_signs == ["."] else ".")
    if not thousands and any(sign != decimal for sign in open_signs):
        thousands = "," if decimal == "." else "."
    wrong = sum(n for (kind, sign), n in marks.items() if kind == "decimal" and sign != decimal) + marks["none", ""]
    return Style(decimal, thousands if thousands != decimal else "", faults=wrong)


def _open_style(sign: str, thousands: str, marks: Counter[tuple[str, str]]) -> Style:
    """The style of numbers such as 1.234 and no others: grouped if there are small ones without a separator."""
    count = marks["either", sign]
    grouped = Style("," if sign == "." else ".", sign)
    parted = Style(sign, thousands)
    if thousands:
        return Style(sign, thousands)
    if marks["whole", ""] >= _SOME and not marks["long", ""]:  # small numbers are whole, so no decimals are written
        return grouped
    return Style(grouped.decimal, grouped.thousands, count, parted)


def _most(counts: dict[str, int]) -> str:
    best = max(counts, key=lambda sign: counts[sign])
    return best if counts[best] else ""
