"""Writes the casts of texts to numbers: signs, currency signs, parentheses, decimal and thousands marks.

A text is first cast as the source declares. Only what is none then is looked at again: a minus of another letter or
behind the digits, parentheses, a currency sign or code, digits of other scripts, and thousands marks that can be
nothing else.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from custlib import rules
from custlib.engine.dialect import Dialect
from custlib.identify.reading.sources import Opened
from custlib.project import Source

# Letters that stand for others: minus signs, blanks that do not break a line, apostrophes.
_LETTERS = ("\u2212\u2013\ufe63\uff0d\u00a0\u202f\u2009\u2007\u3000\u2019\u02bc\uff07", "----     '''")
# Digits of full width, Arabic, Persian and Devanagari, their decimal and thousands marks, and marks of direction.
_ZEROS = "\uff10\u0660\u06f0\u0966"
_DIGITS = "".join(chr(ord(zero) + digit) for zero in _ZEROS for digit in range(10))
_DECIMAL, _THOUSANDS, _UNSEEN = "\u066b", "\u066c", "\u200e\u200f\u061c\u202a\u202b\u202c"
_WIDE = ("\uff0e\uff0c\uff0b\uff08\uff09", ".,+()")
PLAIN = {ord(digit): str(unicodedata.digit(digit)) for digit in _DIGITS} | str.maketrans(
    _DECIMAL + _THOUSANDS + _WIDE[0], ".'" + _WIDE[1], _UNSEEN
)
_OTHER_DIGIT = f"[{_DIGITS}]"
_NEGATIVE = "^(?:[(](.*)[)]|([0-9].*?) *-|- +(.*))$"
_ODD_SIGN = "[\u2212\u2013\ufe63\uff0d]|[0-9.,] *-[^0-9]*$"
_NEITHER = r"[^\p{L}\p{Sc}0-9]"  # letter, currency sign nor digit
_PARTING = " '"  # they part thousands and nothing else
_MARKS = {".": ",", ",": "."}  # the thousands mark that fits a decimal mark


def is_text(opened: Opened, name: str) -> bool:
    """Tell whether a column is text, so that it is read as the source declares."""
    return opened.types.get(name) == "VARCHAR"


def number(sql: Dialect, name: str, opened: Opened, source: Source) -> str:
    """Write a column of :func:`~custlib.identify.casts.texts` as a number; null where it is none.

    What a source types as a float is shown to the engine as a case: the statistics of a Parquet file know no NaN,
    and an engine that trusts them takes ``amount between a and b`` for true without looking.
    """
    if name not in opened.columns:
        return "cast(null as double)"
    if not is_text(opened, name):
        typed = f"cast({name}_given as double)"
        return f"case when isnan({typed}) then cast('infinity' as double) else {typed} end"
    return f"coalesce({name}_plain, {undeclared(sql, f'{name}_bare', source)})"


def with_plain(sql: Dialect, names: Iterable[str], opened: Opened, source: Source, select: str) -> str:
    """Add to a select what :func:`number` reads: ``<name>_plain`` as declared, and ``<name>_bare``, the other texts.

    They are steps of their own, because engines work out an expression that stands twice for every row, though a case
    asks for it in almost none.
    """
    steps = (
        ("plain", lambda name: declared(sql, f"{name}_text", source)),
        (
            "other",
            lambda name: f"case when {name}_plain is null then {_without_symbol(sql, f'{name}_text', source)} end",
        ),
        ("bare", lambda name: _with_minus_in_front(sql, f"{name}_other")),
    )
    texts = [name for name in names if is_text(opened, name)]
    for step, cast in steps if texts else ():
        select = f"select {', '.join(['*', *(f'{cast(name)} as {name}_{step}' for name in texts)])} from ({select})"
    return select


def declared(sql: Dialect, text: str, source: Source) -> str:
    """Write the cast of a text with the declared decimal and thousands; null where it has another form.

    Thousands must part groups of three (the groups before the last may have two, as in India): 12,34 is
    not 1234. With a decimal comma an undeclared point is not read as one.
    """
    plain = f"replace({text}, {sql.literal(source.thousands)}, '')" if source.thousands else text
    plain = plain if source.decimal == "." else f"replace({plain}, ',', '.')"
    number = sql.number(plain)
    if source.decimal == "," and source.thousands != ".":
        number = f"case when not contains({text}, '.') then {number} end"
    if source.thousands:
        mark, point = (f"[{sign}]" for sign in (source.thousands, source.decimal))
        grouped = f"^[^0-9]*[0-9]{{1,3}}({mark}[0-9]{{2,3}})*{mark}[0-9]{{3}}({point}[0-9]*)?[^0-9]*$"
        fits = f"not contains({text}, {sql.literal(source.thousands)}) or {sql.matches(text, grouped)}"
        number = f"case when {fits} then {number} end"
    return number


def undeclared(sql: Dialect, bare: str, source: Source) -> str:
    """Write the cast of a bare text, which is no number as declared, but may only be one number."""
    digits = f"translate({bare}, {sql.literal(_MARKS[source.decimal] + _PARTING)}, '')"
    plain = digits if source.decimal == "." else f"replace({digits}, ',', '.')"
    whole = f"case when {sql.matches(bare, _unambiguous(source))} then {sql.number(plain)} end"
    return f"coalesce({declared(sql, bare, source)}, {whole})"


def has_marks(sql: Dialect, bare: str, source: Source) -> str:
    """Write whether a bare text, which is a number, has thousands marks: else it would be one as declared."""
    mark = f" or contains({bare}, {sql.literal(source.thousands)})" if source.thousands else ""
    return f"({declared(sql, bare, source)} is null{mark})"


def has_odd_sign(sql: Dialect, text: str) -> str:
    """Write whether the minus of a negative number is another letter, or stands behind the digits."""
    return sql.matches(text, _ODD_SIGN)


def has_other_digits(sql: Dialect, text: str) -> str:
    """Write whether a text has digits of another script or width."""
    return sql.matches(text, _OTHER_DIGIT)


def letters_beside(sql: Dialect, text: str) -> str:
    """Write the currency sign or code at an end of a text in capitals; empty where it has none."""
    pattern = sql.literal(f"^{_NEITHER}*(?:{_currency()})|(?:{_currency()}){_NEITHER}*$")
    return f"upper({sql.stripped(f'regexp_extract({text}, {pattern}, 0)', _NEITHER)})"


def symbol(sql: Dialect, letters: str) -> str:
    """Write the one name of a currency for a column of :func:`letters_beside`; null where they are empty."""
    same = " ".join(
        f"when {sql.literal(other)} then {sql.literal(sign)}" for other, sign in _currencies()["same"].items()
    )
    return f"nullif(case {letters} {same} else {letters} end, '')"


def currency_named(letters: str) -> str | None:
    """Tell what :func:`symbol` makes of the letters beside a number; None where they name no currency.

    Examples
    --------
    >>> currency_named("Eur"), currency_named("R$"), currency_named("kr."), currency_named("pcs")
    ('€', 'BRL', 'KR', None)
    """
    name = letters.strip().removesuffix(".")
    if len(name) == 1 and unicodedata.category(name) == "Sc":
        return name
    kinds = _currencies()
    known = any(re.fullmatch(form, name) for form in kinds["letters"]) or name.upper() in kinds["codes"]
    return kinds["same"].get(name.upper(), name.upper()) if known else None


def _without_symbol(sql: Dialect, text: str, source: Source) -> str:
    """Write a text without its currency sign or code; minus signs, blanks, apostrophes and digits are of one kind."""
    letters = _LETTERS[0] + _DIGITS + _DECIMAL + _THOUSANDS + _WIDE[0] + _UNSEEN
    plain = _LETTERS[1] + "0123456789" * len(_ZEROS) + source.decimal + "'" + _WIDE[1]
    return sql.replaced(f"translate({text}, {sql.literal(letters)}, {sql.literal(plain)})", _beside(), "{1}{2}{3}{4}")


def _beside() -> str:
    """The form of a number with a currency before or behind it; in the midst of digits it is no sign but a fault."""
    before, behind = "[(+-]*", "[)-]*"
    return rf"(?s)^(?:({before})\s*(?:{_currency()})[.]?\s*(.*)|(.*?)\s*(?:{_currency()})[.]?({behind}))$"


def _currency() -> str:
    names = _currencies()
    return "|".join([*names["letters"], f"(?i:{'|'.join(names['codes'])})", r"\p{Sc}"])


def _currencies() -> dict[str, Any]:
    kinds: dict[str, Any] = rules.load("contract")["currencies"]
    return kinds


def _with_minus_in_front(sql: Dialect, text: str) -> str:
    """Write a text with a minus in front where it has one behind, parentheses, or blanks after its minus."""
    may_have = f"left({text}, 1) in ('(', '-') or right({text}, 1) = '-'"
    return f"case when {may_have} then {sql.replaced(text, _NEGATIVE, '-{1}{2}{3}')} else {text} end"


def _unambiguous(source: Source) -> str:
    """The form of numbers whose thousands mark can be no decimal mark.

    Blanks and apostrophes part thousands only. A comma (or point, where the decimal mark is a comma) does where it
    comes before the decimal mark, or twice: 1,234 alone may be either and is left unreadable.
    """
    point, mark = (f"[{re.escape(sign)}]" for sign in (source.decimal, _MARKS[source.decimal]))
    first, groups = "[0-9]{1,3}", f"(?:{mark}[0-9]{{2,3}})"
    forms = [
        f"{first}{groups}*{mark}[0-9]{{3}}{point}[0-9]+",
        f"{first}{groups}+{mark}[0-9]{{3}}",
        *(f"{first}(?:{sign}[0-9]{{3}})+(?:{point}[0-9]*)?" for sign in _PARTING),
    ]
    return f"^[+-]?(?:{'|'.join(forms)})$"
