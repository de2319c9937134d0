"""Lists what nobody stated about purchases and was therefore taken as usual."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from custlib.project import Project, Source
from custlib.source import kind_of

_TEXT_KINDS = ("csv", "jsonl")


def assumptions(project: Project, quality: Mapping[str, Any], *, last_day: dt.date | None = None) -> tuple[str, ...]:
    """List what a project does not state; ``last_day`` where it is the day of the analysis for want of another.

    Examples
    --------
    >>> from custlib.project import build
    >>> shop = {"id": "a", "name": "A", "as_of": "2025-06-30", "currency": "EUR", "source": {"path": "a.parquet"}}
    >>> assumptions(build(shop), {"has_amount": True, "has_cost": True})
    ('equal lines are lines of their own (order_lines = true)',)
    """
    lines = [f"as of {last_day}, the last day in the data (--as-of, or as_of)"] if last_day else []
    for source in project.inputs:
        name = f"{source.label}: " if len(project.inputs) > 1 else ""
        lines += [f"{name}{line}" for line in _format(source)]
    sources = project.inputs
    if any("order_lines" not in source.model_fields_set for source in sources):
        lines.append("equal lines are lines of their own (order_lines = true)")
    if quality.get("zero_amount_rows") and any("zero_is_purchase" not in one.model_fields_set for one in sources):
        lines.append("lines of amount 0 are purchases (zero_is_purchase = true)")
    if quality["has_amount"] and "currency" not in project.model_fields_set:
        lines.append("all money is in one currency")
    if quality["has_amount"] and not quality["has_cost"] and "margin" not in project.model_fields_set:
        lines.append("profit is the whole amount, as there is no cost (margin = 1)")
    return tuple(lines)


def _format(source: Source) -> list[str]:
    """Say how texts were taken to be written, where the source does not state it."""
    if source.url_env is not None or (kind_of(Path(source.path)) or "csv") not in _TEXT_KINDS:
        return []
    stated = source.model_fields_set
    usual = {
        "encoding": "text in UTF-8",
        "delimiter": "columns parted by ','",
        "decimal": "decimal sign '.'",
        "thousands": "no thousands sign",
        "date_format": "ISO dates (2025-06-30)",
    }
    if kind_of(Path(source.path)) == "jsonl":
        del usual["delimiter"]
    unnamed = [words for name, words in usual.items() if name not in stated]
    return [f"{', '.join(unnamed)} ({', '.join(name for name in usual if name not in stated)})"] if unnamed else []
