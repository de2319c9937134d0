"""Where the SQL of engines differs, so that every step is written once.

A step is a function from a :class:`Dialect` to one select. It quotes identifiers that a user chose with
:meth:`Dialect.name`, and leaves values as ``:parameters`` for the engine to bind.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from custlib.errors import UsageError, hint

PARAMETER = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<![:\w]):([a-z_]\w*)""")

# Codes of strptime, as Python and DuckDB read them; Spark has no such function.
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


@dataclass(frozen=True)
class Dialect:
    """Templates of the expressions that differ between engines.

    Examples
    --------
    >>> DUCKDB.days("as_of", "day")
    "date_diff('day', day, as_of)"
    >>> SPARK.days("as_of", "day")
    'datediff(as_of, day)'
    """

    engine: str
    quote: str
    days_template: str
    add_days_template: str
    integer_division: str
    min_by: str
    text_type: str
    escape: str
    group: str
    matches_template: str
    clean_template: str
    together_template: str
    hash_template: str
    strip_template: str
    number_template: str
    float_text_template: str
    moment_template: str
    instant_template: str
    seconds_template: str
    local_day_template: str
    day_of_text: Callable[[str, str, Callable[[str], str]], str]

    def name(self, identifier: str) -> str:
        """Quote an identifier that a user chose.

        Examples
        --------
        >>> SPARK.name("net amount")
        '`net amount`'
        """
        return self.quote + identifier.replace(self.quote, self.quote * 2) + self.quote

    def days(self, later: str, earlier: str) -> str:
        """Write the days from ``earlier`` to ``later``."""
        return self.days_template.format(later=later, earlier=earlier)

    def add_days(self, day: str, days: str) -> str:
        """Write the date ``days`` after ``day``."""
        return self.add_days_template.format(day=day, days=days)

    def divide(self, number: str, by: str) -> str:
        """Write an integer division that drops the remainder."""
        return f"({number} {self.integer_division} {by})"

    def literal(self, text: str) -> str:
        """Write a text as a literal.

        Examples
        --------
        >>> SPARK.literal("it's"), DUCKDB.literal("[.]")
        ("'it''s'", "'[.]'")
        """
        return literal(text.replace("\\", self.escape))

    def matches(self, text: str, pattern: str) -> str:
        """Write whether a text matches a regular expression of Python somewhere."""
        return self.matches_template.format(text=text, pattern=self.literal(pattern))

    def replaced(self, text: str, pattern: str, by: str) -> str:
        """Write the text in which a pattern that holds for all of it is replaced; ``{1}`` is its first group."""
        groups = re.sub(r"{([0-9])}", lambda match: self.group + match[1], by)
        return f"regexp_replace({text}, {self.literal(pattern)}, {self.literal(groups)})"

    def number(self, text: str) -> str:
        """Write a text as a double, null where it is none."""
        return self.number_template.format(text=text)

    def text(self, column: str, kind: str) -> str:
        """Write a column of a type (in the words of DuckDB) as text; whole floats end in ``.0``."""
        if kind in ("FLOAT", "DOUBLE"):
            return self.float_text_template.format(column=column)
        return f"cast({column} as {self.text_type})"

    def unless_clean(self, text: str, cleaned: str) -> str:
        """Write a text that is cleaned only where it begins or ends in other than a visible ASCII character."""
        return self.clean_template.format(text=text, cleaned=cleaned)

    def together(self, column: str) -> str:
        """Write that rows equal in a column are brought together once, for all that is grouped by it afterwards."""
        return self.together_template.format(column=self.name(column))

    def hash(self, *columns: str) -> str:
        """Write a number of 64 bits that is the same for equal values of some columns."""
        return self.hash_template.format(columns=", ".join(columns))

    def stripped(self, text: str, pattern: str) -> str:
        """Write a text without all that matches a pattern.

        Examples
        --------
        >>> SPARK.stripped("amount_text", "[a-z]")
        "regexp_replace(amount_text, '[a-z]', '')"
        """
        return self.strip_template.format(text=text, pattern=self.literal(pattern))

    def moment(self, text: str) -> str:
        """Write an ISO text as a local time, whatever offset it ends in; null where it is none."""
        return self.moment_template.format(text=text)

    def instant(self, text: str) -> str:
        """Write an ISO text as a point in time; null where it is none."""
        return self.instant_template.format(text=text)

    def since_1970(self, seconds: str) -> str:
        """Write seconds since 1970 as a point in time."""
        return self.seconds_template.format(seconds=seconds)

    def local_day(self, instant: str, zone: str) -> str:
        """Write the day of a point in time on the calendar of a time zone."""
        return self.local_day_template.format(instant=instant, zone=self.literal(zone))

    def formatted_day(self, text: str, form: str) -> str:
        """Write the day of a text in a form of ``strptime``; null where it has another form."""
        return self.day_of_text(text, form, self.literal)


def literal(text: str) -> str:
    """Write a text as an SQL literal, for the few places where an engine cannot bind a value.

    Examples
    --------
    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def day_literal(day: dt.date) -> str:
    """Write a day as an SQL literal.

    Examples
    --------
    >>> day_literal(dt.date(1970, 2, 1))
    "date '1970-02-01'"
    """
    return f"date '{day.isoformat()[:10]}'"


def inlined(select: str, values: Mapping[str, Any], quote: Callable[[str], str] = literal) -> str:
    """Write values into a select that is stored, where an engine cannot bind them.

    Examples
    --------
    >>> inlined("select :rate * T as x where name = :name", {"rate": 0.5, "name": "it's"})
    "select cast('0.5' as double) * T as x where name = 'it''s'"
    """
    return PARAMETER.sub(lambda m: _value(values[m[1]], quote) if m[1] in values else m[0], select)


def _value(value: object, quote: Callable[[str], str]) -> str:
    if isinstance(value, dt.date):
        return day_literal(value)
    if isinstance(value, float):
        return f"cast('{float(value)!r}' as double)"
    return quote(value) if isinstance(value, str) else str(value)


def spark_day(text: str, form: str, literal: Callable[[str], str]) -> str:
    """Write the day of a text in a form of ``strptime`` with one regular expression.

    A group for each code makes a text of another form null, never a guess.

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
    for match in re.finditer(r"%-?(.)|(\s+)|(.)", form.replace("%T", "%H:%M:%S"), re.DOTALL):
        code, blank, other = match.groups()
        if code == "%" or other:
            pattern += re.escape(other or "%")
        elif blank:
            pattern += " +" if blank.isspace() else blank
        elif code in _CODES:
            pattern += f"({_fixed(code, form[match.end() : match.end() + 1])})"
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


DUCKDB = Dialect(
    engine="duckdb",
    quote='"',
    days_template="date_diff('day', {earlier}, {later})",
    add_days_template="({day} + cast({days} as integer))",
    integer_division="//",
    min_by="arg_min",
    text_type="varchar",
    escape="\\",
    group="\\",
    matches_template="regexp_matches({text}, {pattern})",
    clean_template=(
        "case when {text} >= '!' and {text} < chr(127) and unicode({text}[-1]) between 33 and 126 then {text}"
        " else {cleaned} end"
    ),
    together_template="",
    hash_template="hash({columns})",
    strip_template="regexp_replace({text}, {pattern}, '', 'g')",
    number_template="try_cast({text} as double)",
    float_text_template="cast({column} as varchar)",
    moment_template="try_cast({text} as timestamp)",
    instant_template="try_cast({text} as timestamptz)",
    seconds_template="to_timestamp({seconds})",
    local_day_template="cast({instant} at time zone {zone} as date)",
    day_of_text=lambda text, form, quoted: f"cast(try_strptime({text}, {quoted(form)}) as date)",
)
# Spark reads 12d and 0x1p3 as numbers, writes ten milliards as 1.0E10, and takes 10:30 for a time
# of today; DuckDB reads 1_000 as a thousand.
_ISO = r"'^([0-9]{{1,4}})([-/ \\\\])([0-9]{{1,2}})\\2([0-9]{{1,2}})([ T]+(.*))?$'"
_ISO_TEXT = f"case when regexp_like({{text}}, {_ISO}) then regexp_replace({{text}}, {_ISO}, '$1-$3-$4 $6') end"
SPARK = Dialect(
    engine="spark",
    quote="`",
    days_template="datediff({later}, {earlier})",
    add_days_template="date_add({day}, cast({days} as int))",
    integer_division="div",
    min_by="min_by",
    text_type="string",
    escape="\\\\",
    group="$",
    matches_template="regexp_like({text}, {pattern})",
    clean_template="{cleaned}",
    together_template="distribute by {column}",
    hash_template="xxhash64({columns})",
    strip_template="regexp_replace({text}, {pattern}, '')",
    number_template=(
        "case when regexp_like({text}, '[0-9.][dDfF] *$|[xX]') then null when contains({text}, '_')"
        " then try_cast(regexp_replace({text}, '([0-9])_(?=[0-9])', '$1') as double)"
        " else try_cast({text} as double) end"
    ),
    float_text_template=(
        "case when abs({column}) >= 1e16 then replace(cast({column} as string), 'E', 'e+')"
        " when {column} = floor({column}) then concat(cast(cast({column} as bigint) as string), '.0')"
        " else cast({column} as string) end"
    ),
    moment_template=f"try_cast({_ISO_TEXT} as timestamp_ntz)",
    instant_template=f"try_cast({_ISO_TEXT} as timestamp)",
    seconds_template="timestamp_micros(cast(floor({seconds} * 1e6) as bigint))",
    local_day_template="cast(from_utc_timestamp({instant}, {zone}) as date)",
    day_of_text=spark_day,
)
