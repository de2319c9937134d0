"""The few words in which SQL engines differ, so that every step is written once.

A step is a function from a :class:`Dialect` to one select. It names columns as they are, quotes what a user
named through :meth:`Dialect.name`, and leaves values as ``:parameters`` for the engine to bind.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from custlib.engine.strptime import spark_day

PARAMETER = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<![:\w]):([a-z_]\w*)""")


@dataclass(frozen=True)
class Dialect:
    """Templates of the words that differ between engines.

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
        """Write whether a regular expression, as Python writes it, is found in a text."""
        return self.matches_template.format(text=text, pattern=self.literal(pattern))

    def replaced(self, text: str, pattern: str, by: str) -> str:
        """Write the text in which a pattern that holds for all of it is replaced; ``{1}`` is its first group."""
        groups = re.sub(r"{([0-9])}", lambda found: self.group + found[1], by)
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
    """Write values into a select that is kept, where an engine cannot bind them.

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
