"""Formats a frame as the text of a table: values, alignment of columns, and row header.

:meth:`custlib.report.blocks.Table.of` makes the block from it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from numbers import Number
from typing import TYPE_CHECKING, Any

from custlib.errors import UsageError, hint
from custlib.report import formats
from custlib.report.page_limits import limit

if TYPE_CHECKING:
    import pandas as pd

_NUMBER_TEXT = re.compile(r"[<≈±+−-]{0,2} ?\d[\d.,  ]*( ?(k|M|bn|%|万|亿))?|–")
Format = str | Callable[[Any], str]
_OF_A_COLUMN: dict[Any, Callable[..., list[str]]] = {"share": formats.shares, "change": formats.changes}


@dataclass(frozen=True)
class Layout:
    """Layout of a table: formats, labels and link columns by column; ``header`` is the row header."""

    formats: dict[str, Format] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    header: str | None = None
    language: str = "en"


def table_text(frame: "pd.DataFrame", layout: Layout, title: str) -> dict[str, Any]:
    """Format a frame as the text of a table.

    Examples
    --------
    >>> import pandas as pd
    >>> tiers = pd.DataFrame({"tier": ["Top", "Tail"], "value": [84_200.0, None]})
    >>> table_text(tiers, Layout({"value": "money:EUR"}), "Tiers")["rows"]
    [('Top', 'EUR 84 k'), ('Tail', '–')]
    """
    _check(frame, layout, title)
    shown = [str(name) for name in frame.columns if name not in layout.links.values()]
    values = {name: _values(frame[name]) for name in shown}
    texts = {name: _texts(values[name], name, layout) for name in shown}
    labels = {name: layout.labels.get(name, name.replace("_", " ")) for name in shown}
    return {
        "columns": [{"label": labels[name], "align": _side(values[name])} for name in shown],
        "rows": list(zip(*texts.values(), strict=True)),
        "header": shown.index(layout.header) if layout.header else 0,
        "links": _links(frame, shown, layout),
    }


def _check(frame: "pd.DataFrame", layout: Layout, title: str) -> None:
    named = [*layout.formats, *layout.labels, *layout.links, *layout.links.values()]
    known = [str(name) for name in frame.columns]
    for name in [*named, layout.header or known[0]]:
        if name not in known:
            raise UsageError(f"Table {title!r}: no column {name!r}. {hint(name, known)}")
    if len(frame) > (most := limit("page", "table_rows")):
        raise UsageError(f"Table {title!r}: {len(frame)} rows, at most {most}. Aggregate or cut it.")


def _values(column: "pd.Series[Any]") -> list[Any]:
    """Return a column as plain objects, None for missing values."""
    return list(column.astype(object).where(column.notna(), None))


def _texts(values: list[Any], name: str, layout: Layout) -> list[str]:
    """Format a column; shares and changes have one precision in it."""
    if (column_format := layout.formats.get(name)) in _OF_A_COLUMN:
        return _OF_A_COLUMN[column_format](values, layout.language)
    return [_text(value, name, layout) for value in values]


def _text(value: Any, name: str, layout: Layout) -> str:
    if value is None:
        return formats.MISSING
    column_format = layout.formats.get(name)
    if callable(column_format):
        return column_format(value)
    if column_format:
        return formats.formatter(column_format, layout.language)(value)
    return _by_type(value, layout.language)


def _by_type(value: Any, language: str) -> str:
    if isinstance(value, date):
        return formats.day(value, language)
    if isinstance(value, Number) and not isinstance(value, bool):
        return formats.number(value, language)  # type: ignore[arg-type]
    return str(value)


def _side(values: list[Any]) -> str:
    known = [v for v in values if v is not None]
    numbers = [_is_number(v) for v in known]
    return "right" if 2 * sum(numbers) > len(known) else "left"


def _is_number(value: Any) -> bool:
    """Whether a value is a number, or the text of one: "1.2 k", "<10", "−12 %", "≈ 80"."""
    if isinstance(value, str):
        return bool(_NUMBER_TEXT.fullmatch(value))
    return isinstance(value, Number) and not isinstance(value, bool)


def _links(frame: "pd.DataFrame", shown: list[str], layout: Layout) -> list[list[str]]:
    if not layout.links:
        return []
    columns = [_hrefs(frame[layout.links[n]]) if n in layout.links else [""] * len(frame) for n in shown]
    return [list(row) for row in zip(*columns, strict=True)]


def _hrefs(column: "pd.Series[Any]") -> list[str]:
    return [str(value or "") for value in _values(column)]
