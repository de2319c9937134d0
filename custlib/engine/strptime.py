"""Reads the day of a text in a form of ``strptime`` with what every SQL engine has: one regular expression.

The codes are those of Python and DuckDB. The pattern of a form has one group for each code, so that a text of
another form is null and never a guess; a calendar day is put together from year, month and day.
"""

import re
from collections.abc import Callable

from custlib.errors import UsageError, hint

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_LONG_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_TWO = "[0-9]{1,2}"
_DAYS_OF_THE_WEEK = "(?:mon|tue|wed|thu|fri|sat|sun)"
_CODES = {
    "Y": "[0-9]{1,4}", "y": "[0-9]{2}", "m": _TWO, "d": _TWO, "j": "[0-9]{1,3}",
    "b": f"(?:{_MONTHS.replace(' ', '|')})", "B": f"(?:{_LONG_MONTHS})", "a": _DAYS_OF_THE_WEEK, "A": "[a-z]+day",
    "H": "(?:[01]?[0-9]|2[0-3])", "I": "(?:0?[1-9]|1[0-2])", "M": "[0-5]?[0-9]", "S": "[0-5]?[0-9]",
    "f": "[0-9]{1,6}", "p": "(?:am|pm)", "z": "[+-][0-9]{2}(?::?[0-9]{2})?",
}  # fmt: skip
_TURN_OF_THE_CENTURY = 69


def spark_day(text: str, form: str, literal: Callable[[str], str]) -> str:
    """Write the day of a text in a form.

    Examples
    --------
    >>> spark_day("x", "%Y", repr)
    Traceback (most recent call last):
    custlib.errors.UsageError: source.date_format: '%Y' names no day. Give year, month and day, as in %d/%m/%Y.
    """
    pattern, codes = _pattern(form)
    part = {code: f"regexp_extract({text}, {literal(pattern)}, {place})" for place, code in enumerate(codes, 1)}
    year, month = _year(part), _month(part)
    if not year or not month or "d" not in part:
        raise UsageError(f"source.date_format: {form!r} names no day. Give year, month and day, as in %d/%m/%Y.")
    day = f"try_cast(concat({year}, '-', {month}, '-', {part['d']}) as date)"
    return f"case when regexp_like({text}, {literal(pattern)}) then {day} end"


def _pattern(form: str) -> tuple[str, list[str]]:
    """The regular expression of a form, and its codes in the order of the groups."""
    pattern, codes = "", []
    for found in re.finditer(r"%-?(.)|(\s+)|(.)", form.replace("%T", "%H:%M:%S"), re.DOTALL):
        code, blank, other = found.groups()
        if code == "%" or other:
            pattern += re.escape(other or "%")
        elif blank:
            pattern += " +" if blank.isspace() else blank
        elif code in _CODES:
            pattern += f"({_fixed(code, form[found.end() : found.end() + 1])})"
            codes.append(code)
        else:
            raise UsageError(f"source.date_format: %{code} is not read by this engine. {hint(code, list(_CODES))}")
    return f"(?i)^{pattern}$", codes


def _fixed(code: str, following: str) -> str:
    """The pattern of a code; numbers that nothing parts from the next one have both digits."""
    return re.sub(r"{1,([24])}", r"{\1}", _CODES[code]) if following == "%" else _CODES[code]


def _year(part: dict[str, str]) -> str:
    if "y" not in part:
        return f"lpad({part['Y']}, 4, '0')" if "Y" in part else ""
    century = f"case when cast({part['y']} as int) >= {_TURN_OF_THE_CENTURY} then '19' else '20' end"
    return f"concat({century}, {part['y']})"


def _month(part: dict[str, str]) -> str:
    if "m" in part:
        return part["m"]
    name = part.get("b") or part.get("B")
    if not name:
        return ""
    return f"cast((instr('{_MONTHS}', lower(left({name}, 3))) + 3) div 4 as string)"
