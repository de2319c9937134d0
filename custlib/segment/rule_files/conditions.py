"""The second form of a segmentation, ordered rules: conditions over measures, the first rule that holds wins.

A condition is data::

    {"measure": "invoices_late", "per": "invoices_due", "at_least": 0.1, "below": 0.5}

with ``at_least``, ``above``, ``at_most``, ``below`` (numbers), ``is`` (text) or ``is_missing``. Several tests in one
condition must all hold. A condition on a missing measure is false, but for ``is_missing``; so is one whose threshold
is null, which is what the mean of nobody is. A ratio is missing where its denominator is missing or 0.
Written here as SQL, in Python and in words; and proved: which rules can win anybody, and which overlap.
"""

import json
import operator
import re
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any

from custlib import rules
from custlib.engine.dialect import Dialect
from custlib.segment import measures as measured

BOUNDS = {"at_least": operator.ge, "above": operator.gt, "at_most": operator.le, "below": operator.lt}
_SIGNS = {"at_least": ">=", "above": ">", "at_most": "<=", "below": "<"}
ATTRIBUTE_NAME = re.compile(rf"{measured.ATTRIBUTE}\w+")
_COUNTS = re.compile(r"frequency|recency|T|days_since_last|products|invoices_\w+|purchases_last_\d+d")
_PERIOD = re.compile(r"(\w+)_last_(\d+)d")

Condition = dict[str, Any]
Value = float | str | None
Alternative = list[Condition]
Cells = dict[tuple[str, ...], list[Value]]


def in_activity() -> tuple[str, ...]:
    """Name the numbers that customer activity has of itself."""
    columns = rules.load("tables")["table"]["customer_activity"]["columns"]
    return tuple(name for name in columns if name not in ("customer_id", "first_day"))


def double(number: float) -> str:
    """Write a number that every engine reads to the last digit."""
    return f"cast('{float(number)!r}' as double)"


def is_known(measure: str) -> bool:
    """Tell whether a measure has a name that can be made."""
    known = measured.window(measure) or measure in measured.COUNTED or measure in in_activity()
    return bool(known or ATTRIBUTE_NAME.fullmatch(measure))


def measures(condition: Condition) -> tuple[str, ...]:
    """Name the measures of a condition, the denominator last."""
    return tuple(condition[key] for key in ("measure", "per") if condition.get(key))


def holds(condition: Condition, value: Value) -> bool:
    """Tell whether a condition holds for a value: the rule of this module, in Python."""
    return all(_test(key, limit, value) for key, limit in _tests(condition))


def _tests(condition: Condition) -> list[tuple[str, Any]]:
    return [(key, limit) for key, limit in condition.items() if key not in ("measure", "per")]


def _test(key: str, limit: Any, value: Value) -> bool:
    if key == "is_missing":
        return (value is None) == limit
    if key == "is":
        return value == limit
    return isinstance(value, int | float) and limit is not None and bool(BOUNDS[key](value, limit))


def number(sql: Dialect, condition: Condition) -> str:
    """Write the measure of a condition, or its ratio, as a double."""
    values = [
        sql.number(sql.name(name)) if name.startswith(measured.ATTRIBUTE) else f"cast({name} as double)"
        for name in measures(condition)
    ]
    return values[0] if len(values) == 1 else f"case when {values[1]} <> 0 then {values[0]} / {values[1]} end"


def predicate(sql: Dialect, condition: Condition) -> str:
    """Write a condition as a predicate."""
    return " and ".join(_predicate(sql, condition, key, limit) for key, limit in _tests(condition))


def _predicate(sql: Dialect, condition: Condition, key: str, limit: Any) -> str:
    if key == "is_missing":
        value = number(sql, condition) if "per" in condition else _column(sql, condition)
        return f"({value}) is {'' if limit else 'not '}null"
    if key == "is":
        return f"cast({_column(sql, condition)} as {sql.text_type}) = {quoted(sql, limit)}"
    return "false" if limit is None else f"{number(sql, condition)} {_SIGNS[key]} {double(limit)}"


def _column(sql: Dialect, condition: Condition) -> str:
    name = condition["measure"]
    return sql.name(name) if name.startswith(measured.ATTRIBUTE) else str(name)


def quoted(sql: Dialect, text: str) -> str:
    """Write a text as a literal without braces, for a select with the placeholder ``{activity}``.

    Examples
    --------
    >>> from custlib.engine.dialect import DUCKDB
    >>> quoted(DUCKDB, "north"), quoted(DUCKDB, "{0}")
    ("'north'", "concat('', chr(123), '0', chr(125), '')")
    """
    parts = re.split(r"([{}])", text)
    written = [f"chr({ord(part)})" if part in ("{", "}") else sql.literal(part) for part in parts]
    return written[0] if len(written) == 1 else f"concat({', '.join(written)})"


def words(condition: Condition) -> str:
    """Say a condition in words."""
    names = " per ".join(_name(name) for name in measures(condition))
    return f"{names} {' and '.join(_words(key, limit) for key, limit in _tests(condition))}"


def _words(key: str, limit: Any) -> str:
    if key == "is_missing":
        return "missing" if limit else "given"
    if isinstance(limit, dict):  # yet to be measured
        share = f" {limit['share']:g}" if "share" in limit else ""
        limit = f"{figure(limit['times'])} x its {limit['of']}{share}"
    words = "unknown" if limit is None else limit if isinstance(limit, str) else figure(limit)
    return f"{key.replace('_', ' ')} {words}"


def _name(measure: str) -> str:
    period = _PERIOD.fullmatch(measure)
    return f"{period[1]} of the last {int(period[2]):,} days" if period else measure.replace("_", " ")


def figure(number: float) -> str:
    """Write a number for reading: four digits after the point at most, none without need.

    Examples
    --------
    >>> figure(5e6), figure(0.25), figure(33.33333)
    ('5,000,000', '0.25', '33.3333')
    """
    return f"{number:,.4f}".rstrip("0").rstrip(".")


def product(number: float, factor: float) -> float:
    """Multiply as on paper: 110 is 1.1 times 100, to the last digit.

    Examples
    --------
    >>> 100 * 1.1, product(100, 1.1)
    (110.00000000000001, 110.0)
    """
    return float(Decimal(repr(float(number))) * Decimal(repr(float(factor))))


def assign(sql: Dialect, alternatives: list[dict[str, Any]], *, table: str = "{activity}", lead: str = "") -> str:
    """Write the select of the first rule that holds for every customer; ``lead`` is SQL that begins the reason."""
    tried = alternatives[:-1]
    cases = " ".join(
        f"when {' and '.join(predicate(sql, one) for one in rule['all'])} then {place}"
        for place, rule in enumerate(tried)
    )
    place = f"case {cases} else {len(tried)} end" if tried else "0"
    segment, reason = (_by_place(sql, [rule[key] for rule in alternatives]) for key in ("segment", "reason"))
    return f"""
        select customer_id, {segment} as segment, {f"concat({lead}, {reason})" if lead else reason} as reason
        from (select *, {place} as place from {table}) placed"""


def _by_place(sql: Dialect, texts: list[str]) -> str:
    *tried, last = (quoted(sql, text) for text in texts)
    cases = " ".join(f"when {place} then {text}" for place, text in enumerate(tried))
    return f"case place {cases} else {last} end" if tried else last


def from_top(measure: str, classes: list[str], thresholds: list[float], reasons: list[str]) -> list[dict[str, Any]]:
    """Write classes from the top of one measure as rules; the last class is all others.

    Examples
    --------
    >>> from_top("profit", ["A", "B"], [100.0], ["much", "little"])[0]
    {'segment': 'A', 'all': [{'measure': 'profit', 'at_least': 100.0}], 'reason': 'much'}
    """
    tried = [
        {"segment": segment, "all": [{"measure": measure, "at_least": threshold}], "reason": reason}
        for segment, threshold, reason in zip(classes, thresholds, reasons, strict=False)
    ]
    return [*tried, {"segment": classes[-1], "all": [], "reason": reasons[-1]}]


# What the rules come to, proved on one value of every cell between the thresholds of a measure: within a cell every
# condition holds for all values or for none. Measures are taken as free of each other, so that a rule that is called
# unreachable wins no customer whatever the data.


def sample(conditions: list[Condition]) -> dict[tuple[str, ...], list[Value]]:
    """Take one value from every cell between all thresholds of each measure."""
    limits: dict[tuple[str, ...], set[Any]] = {}
    for condition in conditions:
        own = limits.setdefault(measures(condition), set())
        own |= {condition[key] for key in (*BOUNDS, "is") if condition.get(key) is not None}
    return {key: [*_numbers(key, own), *_texts(own), None] for key, own in limits.items()}


def _texts(limits: set[Any]) -> list[str]:
    texts = sorted(text for text in limits if isinstance(text, str))
    return [*texts, "".join(texts) + "*"] if texts else []


def _numbers(key: tuple[str, ...], limits: set[Any]) -> list[float]:
    own = sorted(float(limit) for limit in limits if not isinstance(limit, str)) or [0.0]
    if len(key) == 1 and _COUNTS.fullmatch(key[0]):
        around = {float(n) for limit in own for n in (limit // 1 - 1, limit // 1, limit // 1 + 1)}
        return sorted(n for n in around if n >= 0)
    between = [(low + high) / 2 for low, high in pairwise(own)]
    beyond = [own[0] - 1 - abs(own[0]), own[-1] + 1 + abs(own[-1])]
    if key == ("probability_alive",):
        beyond = [own[0] / 2, (own[-1] + 1) / 2]
        return sorted({n for n in (*own, *between, *beyond) if 0 <= n <= 1})
    return sorted({*own, *between, *beyond})


def unreachable(alternatives: list[Alternative]) -> list[int]:
    """Find the alternatives that can win nobody, the last of all included."""
    return list(_unreachable(json.dumps(alternatives)))


@lru_cache(maxsize=512)  # the same options are validated for every table that reads them
def _unreachable(text: str) -> tuple[int, ...]:
    alternatives: list[Alternative] = json.loads(text)
    cells = sample([condition for one in alternatives for condition in one])
    return tuple(
        place
        for place, one in enumerate(alternatives)
        if not _is_left(restricted(cells, one), [e for e in alternatives[:place] if _meet(cells, e, one)])
    )


def overlaps(first: list[Alternative], second: list[Alternative]) -> bool:
    """Tell whether a customer can satisfy both of two rules."""
    cells = sample([condition for one in (*first, *second) for condition in one])
    return any(_meet(cells, one, other) for one in first for other in second)


def restricted(cells: Cells, alternative: Alternative) -> Cells:
    """Keep the values for which every condition of an alternative holds."""
    left = dict(cells)
    for condition in alternative:
        left[measures(condition)] = [value for value in left[measures(condition)] if holds(condition, value)]
    return left


def _meet(cells: Cells, one: Alternative, other: Alternative) -> bool:
    return all(restricted(restricted(cells, one), other).values())


def _is_left(cells: Cells, earlier: list[Alternative]) -> bool:
    """Tell whether a cell is left where none of the earlier alternatives holds."""
    if not all(cells.values()):
        return False
    if not earlier:
        return True
    if not all(restricted(cells, earlier[0]).values()):  # no cell of it is left: nothing needs to be taken away
        return _is_left(cells, earlier[1:])
    for condition in earlier[0]:
        key = measures(condition)
        if _is_left(cells | {key: [v for v in cells[key] if not holds(condition, v)]}, earlier[1:]):
            return True
    return False
