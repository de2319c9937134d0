"""Refuses options that can have no effect on the input at hand: whoever set them expects one.

Every key of a source is listed here or in ``NEVER_IDLE``, with what gives it an effect. Keys at their defaults are
never refused, so that a copy of a project may hold them all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from custlib import rules
from custlib.errors import UsageError
from custlib.identify.numbers import is_text
from custlib.identify.reading.inputs import DAYS, MONEY, PRODUCT, Input
from custlib.identify.reading.sources import Opened
from custlib.side_source import ATTRIBUTE
from custlib.source import STANDARD_COLUMNS, Source

_TEXT_KINDS = ("csv", "jsonl")
_EPOCH = ("epoch_s", "epoch_ms")
# Keys that say where the rows are, which the schema holds against the kind of the source; one of any lines; a limit.
NEVER_IDLE = ("path", "package", "url_env", "table", "query", "skip_rows", "columns", "guest_ids", "max_unreadable")


@dataclass(frozen=True)
class Need:
    """What an option needs to have an effect.

    Attributes
    ----------
    holds : callable
        Whether an input, as it was opened, has it.
    lacks : str
        What to say of an input without it, and what to do; ``{status}`` is a column of that kind that is not mapped.
    """

    holds: Callable[[Input, Opened], bool]
    lacks: str


def _column(role: str) -> Need:
    lacks = f'it has no {role} column: map one, as columns.{role} = "{{{role}}}", or leave the option out'
    return Need(lambda entry, opened: role in opened.columns, lacks)


def _of_kind(*kinds: str) -> Need:
    return Need(lambda entry, opened: entry.kind in kinds, f"it is of {' and '.join(kinds)} files: leave it out")


def _has_texts(entry: Input, opened: Opened) -> bool:
    return any(is_text(opened, role) for role in MONEY)


def _has_day_texts(entry: Input, opened: Opened) -> bool:
    return any(not opened.types[role].startswith(("TIMESTAMP", "DATE")) for role in _days(opened))


def _has_zones(entry: Input, opened: Opened) -> bool:
    """Texts may end in an offset unless they have a form of their own, epochs have none but UTC."""
    form = entry.source.date_format
    if _has_day_texts(entry, opened):
        return form is None or form in _EPOCH or "%z" in form
    return any("TIME ZONE" in kind or "TIMESTAMPTZ" in kind for kind in opened.types.values())


def _days(opened: Opened) -> list[str]:
    births = [ATTRIBUTE + name for name in rules.load("structure")["birth_dates"]]
    return [role for role in (*DAYS, *births) if role in opened.columns]


_TYPED = "its numbers are numbers already, not texts: leave it out"
NEEDS: dict[str, Need] = {
    "sheet": _of_kind("excel"),
    "names": _of_kind("csv", "excel"),
    "null_words": Need(
        lambda entry, opened: "VARCHAR" in opened.types.values(), "it has no column of texts: leave it out"
    ),
    "encoding": _of_kind(*_TEXT_KINDS),
    "delimiter": _of_kind("csv"),
    "decimal": Need(_has_texts, _TYPED),
    "thousands": Need(_has_texts, _TYPED),
    "date_format": Need(_has_day_texts, "its days are days already, not texts: leave it out"),
    "timezone": Need(_has_zones, "its days have no time zone to be moved from: leave it out"),
    "cancel_prefix": _column("order_id"),
    "exclude_products": _column("product"),
    "count": _column("status"),
    "currency_rates": _column("currency"),
    "order_lines": _column("order_id"),
    "order_totals": Need(
        lambda entry, opened: {"order_id", "amount"} <= opened.columns.keys() and opened.types["amount"] != PRODUCT,
        "it has no order_id or no amount column of its own: map them, or leave the option out",
    ),
    "net_to_nothing": _column("amount"),
    "zero_is_purchase": _column("amount"),
    "max_amount": _column("amount"),
}


def refuse_unused(entry: Input, opened: Opened) -> None:
    """Refuse the options that are set and can have no effect on an input.

    Raises UsageError if there are such options; all of them are named.
    """
    source, columns = entry.source, dict.fromkeys(STANDARD_COLUMNS, "...") | opened.noticed
    faults = [
        f"{source.section}.{name} has no effect on {entry.name}: {need.lacks.format(**columns)}."
        for name, need in NEEDS.items()
        if is_set(source, name) and not need.holds(entry, opened)
    ]
    if faults:
        raise UsageError("\n".join(faults))


def is_set(source: Source, name: str) -> bool:
    """Tell whether an option differs from its default."""
    fields: dict[str, Any] = dict(type(source).model_fields)
    return bool(getattr(source, name) != fields[name].default)
