"""Conditions of ordered rules: a measure, or the ratio of two, against a threshold; as SQL, in Python and in words.

A condition is data::

    {"measure": "invoices_late", "per": "invoices_due", "at_least": 0.1, "below": 0.5}

with ``at_least``, ``above``, ``at_most``, ``below`` (numbers), ``is`` (text) or ``is_missing``. Several tests in one
condition must all hold. A condition on a missing measure is false, but for ``is_missing``; so is one whose threshold
is null, which is what the mean of nobody is. A ratio is missing where its denominator is missing or 0.
"""

import operator
import re
from decimal import Decimal
from itertools import pairwise
from typing import Any

from custlib import rules
from custlib.engine.dialect import Dialect
from custlib.segment import measures as measured

BOUNDS = {"at_least": operator.ge, "above": operator.gt, "at_most": operator.le, "below": operator.lt}
_SIGNS = {"at_least": ">=", "above": ">", "at_most": "<=", "below": "<"}
_ATTRIBUTE = re.compile(rf"{measured.ATTRIBUTE}\w+")
_COUNTS = re.compile(r"frequency|recency|T|days_since_last|products|invoices_\w+|purchases_last_\d+d")
_PERIOD = re.compile(r"(\w+)_last_(\d+)d")

Condition = dict[str, Any]
Value = float | str | None


def in_activity() -> tuple[str, ...]:
    """Name the numbers that customer activity has of itself."""
    columns = rules.load("tables")["table"]["customer_activity"]["columns"]
    return tuple(name for name in columns if name not in ("customer_id", "first_day"))


def is_known(measure: str) -> bool:
    """Tell whether a measure has a name that can be made.

    Examples
    --------
    >>> [is_known(name) for name in ("profit", "profit_last_365d", "attribute_region", "profit_last_year")]
    [True, True, True, False]
    """
    made = measured.window(measure) is not None or measure in measured.COUNTED
    return made or measure in in_activity() or bool(_ATTRIBUTE.fullmatch(measure))


def measures(condition: Condition) -> tuple[str, ...]:
    """Name the measures of a condition, the denominator last."""
    return tuple(condition[key] for key in ("measure", "per") if condition.get(key))


def holds(condition: Condition, value: Value) -> bool:
    """Tell whether a condition holds for a value: the rule of this module, in Python.

    Examples
    --------
    >>> between = {"measure": "profit", "at_least": 10.0, "below": 20.0}
    >>> [holds(between, value) for value in (9.99, 10.0, 19.99, 20.0, None)]
    [False, True, True, False, False]
    >>> holds({"measure": "profit", "is_missing": True}, None)
    True
    """
    return all(_test(key, condition[key], value) for key in condition if key not in ("measure", "per"))


def _test(key: str, given: Any, value: Value) -> bool:
    if key == "is_missing":
        return (value is None) == given
    if key == "is":
        return value == given
    return isinstance(value, int | float) and given is not None and bool(BOUNDS[key](value, given))


def number(sql: Dialect, condition: Condition) -> str:
    """Write the measure of a condition, or its ratio, as a double.

    Examples
    --------
    >>> from custlib.engine.dialect import DUCKDB
    >>> number(DUCKDB, {"measure": "profit"})
    'cast(profit as double)'
    """
    values = [
        sql.number(sql.name(name)) if name.startswith(measured.ATTRIBUTE) else f"cast({name} as double)"
        for name in measures(condition)
    ]
    return values[0] if len(values) == 1 else f"case when {values[1]} <> 0 then {values[0]} / {values[1]} end"


def predicate(sql: Dialect, condition: Condition) -> str:
    """Write a condition as a predicate.

    Examples
    --------
    >>> from custlib.engine.dialect import DUCKDB
    >>> predicate(DUCKDB, {"measure": "profit", "above": 0.0})
    "cast(profit as double) > cast('0.0' as double)"
    """
    tests = []
    for key in (key for key in condition if key not in ("measure", "per")):
        if key == "is_missing":
            missing = _column(sql, condition) if "per" not in condition else number(sql, condition)
            tests.append(f"({missing}) is {'' if condition[key] else 'not '}null")
        elif key == "is":
            tests.append(f"cast({_column(sql, condition)} as {sql.text_type}) = {quoted(sql, condition[key])}")
        elif condition[key] is None:
            tests.append("false")
        else:
            tests.append(f"{number(sql, condition)} {_SIGNS[key]} cast('{float(condition[key])!r}' as double)")
    return " and ".join(tests)


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
    """Say a condition in words.

    Examples
    --------
    >>> words({"measure": "invoices_late", "per": "invoices_due", "at_least": 0.1, "below": 0.5})
    'invoices late per invoices due at least 0.1 and below 0.5'
    >>> words({"measure": "attribute_guarantor", "is": "yes"})
    'attribute guarantor is yes'
    """
    tests = []
    for key in (key for key in condition if key not in ("measure", "per")):
        given = condition[key]
        if key == "is_missing":
            tests.append("missing" if given else "given")
        else:
            tests.append(f"{key.replace('_', ' ')} {_threshold(given)}")
    return f"{' per '.join(_name(name) for name in measures(condition))} {' and '.join(tests)}"


def _threshold(given: Any) -> str:
    """Say a threshold: frozen, unknown, or to be measured."""
    if isinstance(given, dict):
        share = f" {given['share']:g}" if "share" in given else ""
        return f"{figure(given['times'])} x its {given['of']}{share}"
    return "unknown" if given is None else given if isinstance(given, str) else figure(given)


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


def points(conditions: list[Condition]) -> dict[tuple[str, ...], list[Value]]:
    """Take one value from every cell between all thresholds of each measure.

    Examples
    --------
    >>> points([{"measure": "products", "at_least": 2.0}])
    {('products',): [1.0, 2.0, 3.0, None]}
    """
    found: dict[tuple[str, ...], set[Any]] = {}
    for condition in conditions:
        own = found.setdefault(measures(condition), set())
        own |= {condition[key] for key in (*BOUNDS, "is") if condition.get(key) is not None}
    return {key: [*_numbers(key, own), *_texts(own), None] for key, own in found.items()}


def _texts(given: set[Any]) -> list[str]:
    texts = sorted(text for text in given if isinstance(text, str))
    return [*texts, "".join(texts) + "*"] if texts else []


def _numbers(key: tuple[str, ...], given: set[Any]) -> list[float]:
    cuts = sorted(float(cut) for cut in given if not isinstance(cut, str)) or [0.0]
    if len(key) == 1 and _COUNTS.fullmatch(key[0]):
        around = {float(n) for cut in cuts for n in (cut // 1 - 1, cut // 1, cut // 1 + 1)}
        return sorted(n for n in around if n >= 0)
    between = [(low + high) / 2 for low, high in pairwise(cuts)]
    beyond = [cuts[0] - 1 - abs(cuts[0]), cuts[-1] + 1 + abs(cuts[-1])]
    if key == ("probability_alive",):
        beyond = [cuts[0] / 2, (cuts[-1] + 1) / 2]
        return sorted({n for n in (*cuts, *between, *beyond) if 0 <= n <= 1})
    return sorted({*cuts, *between, *beyond})
