"""Validates a summary frame of ``frequency``, ``recency`` and ``T`` before a model is fitted to it.

``monetary_value`` and ``weights`` are optional columns. Faults are collected into one error; likely mistakes are
returned as remarks. Rows are counted from 0.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from custlib.errors import TableError, UsageError, hint
from custlib.project import DAYS_PER_YEAR

UNITS = {"day": DAYS_PER_YEAR, "week": DAYS_PER_YEAR / 7}  # periods of a year
REQUIRED = ("frequency", "recency", "T")
OPTIONAL = ("monetary_value", "weights")

_TIMES = ("datetime64", "datetime", "date", "timedelta64", "timedelta", "time", "period")
_DAYS = {"day": 1, "week": 7}
_UNSEEN = 0.1  # share of customers with T = 0, as in the flag zero_observation_share
_ROUNDED = 0.05  # days: weeks are often rounded to two decimals

Array = NDArray[np.float64]
Fault = tuple[str, NDArray[np.bool_], str]  # what, where, what to do


def check_summary(frame: pd.DataFrame, *, unit: str) -> tuple[str, ...]:
    """Validate a summary frame and return remarks on likely mistakes.

    Examples
    --------
    >>> check_summary(pd.DataFrame({"frequency": [0, 2], "recency": [0, 30], "T": [39, 20]}), unit="day")
    Traceback (most recent call last):
        ...
    custlib.errors.TableError: summary: recency is above T in 1 of 2 rows (first: row 1): both count from the
    first purchase, T to the end of observation.
    """
    if not isinstance(frame, pd.DataFrame):
        raise UsageError(f"summary: {type(frame).__name__} is no pandas frame. Others have a method to_pandas().")
    if unit not in UNITS:
        raise UsageError(
            f"summary: unit: {unit!r} is unknown. {hint(unit, list(UNITS))} Months differ in length, and merging "
            "purchases by month loses those of good customers: merge by day."
        )
    columns = _read(frame)
    _refuse(_number_faults(columns))
    _refuse(_history_faults(columns, unit))
    return tuple(_remarks(columns, unit))


def faulty_rows(frame: pd.DataFrame, *, unit: str) -> int:
    """Count the rows that `check_summary` refuses.

    Examples
    --------
    >>> faulty_rows(pd.DataFrame({"frequency": [0, 2], "recency": [0, 30], "T": [39, 20]}), unit="day")
    1
    """
    columns = _read(frame)
    faults = [rows for _, rows, _ in (*_number_faults(columns), *_history_faults(columns, unit))]
    return int(np.count_nonzero(np.any(faults, axis=0)))


def _read(frame: pd.DataFrame) -> dict[str, Array]:
    """Read the columns as numbers."""
    missing = [name for name in REQUIRED if name not in frame]
    if missing:
        raise TableError(
            f"summary: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing. "
            f"{hint(missing[0], [str(name) for name in frame.columns])}"
        )
    if frame.empty:
        raise TableError("summary: no rows. Give at least one customer.")
    _refuse_times(frame)
    try:
        return {
            name: frame[name].to_numpy(dtype=float, na_value=np.nan) for name in REQUIRED + OPTIONAL if name in frame
        }
    except (TypeError, ValueError) as error:
        raise TableError(f"summary: a column holds something that is no number ({error}).") from None


def _refuse_times(frame: pd.DataFrame) -> None:
    """Raise if a column holds dates or durations, which would be read as nanoseconds."""
    dated = [name for name in REQUIRED + OPTIONAL if name in frame and _is_time(frame[name])]
    if dated:
        raise TableError(
            f"summary: {', '.join(dated)}: holds dates or lengths of time, not numbers. Give numbers: of a length of "
            "time its days (.dt.days), of a date the days since the first purchase."
        )


def _is_time(column: "pd.Series[Any]") -> bool:
    """Whether a column holds dates, periods or durations, as a dtype or as objects."""
    return column.dtype.kind in "mM" or pd.api.types.infer_dtype(column, skipna=True) in _TIMES


def _refuse(faults: Iterable[Fault]) -> None:
    """Raise one error that names every fault."""
    messages = [
        f"{what} in {np.count_nonzero(rows):,} of {rows.size:,} rows (first: row {np.argmax(rows)}): {remedy}"
        for what, rows, remedy in faults
        if rows.any()
    ]
    if messages:
        raise TableError("summary: " + "\n".join(messages))


def _number_faults(columns: dict[str, Array]) -> Iterator[Fault]:
    """Yield values that are not finite, negative or fractional."""
    counted = columns | ({"monetary_value": _where_bought_again(columns)} if "monetary_value" in columns else {})
    for name, values in counted.items():
        yield (
            f"{name} is no finite number",
            ~np.isfinite(values),
            "fill or drop these rows; lifetimes would hand on NaN.",
        )
        if name != "monetary_value":
            yield f"{name} is negative", values < 0, "see how the frame was made, or drop these rows."
    x = columns["frequency"]
    yield "frequency is not whole", np.isfinite(x) & (x != np.floor(x)), "it counts repeat purchases."


def _where_bought_again(columns: dict[str, Array]) -> Array:
    """Return monetary_value of repeat buyers, and 1 for others, whatever the frame holds."""
    return np.where(columns["frequency"] == 0, 1.0, columns["monetary_value"])


def _history_faults(columns: dict[str, Array], unit: str) -> Iterator[Fault]:
    """Yield rows that cannot be a purchase history."""
    x, recency, T = (columns[name] for name in REQUIRED)
    days = recency * _DAYS[unit]
    yield (
        "recency is above T",
        recency > T,
        "both count from the first purchase, T to the end of observation.",
    )
    yield (
        "recency is above 0 with frequency 0",
        (x == 0) & (recency > 0),
        "recency is first to last purchase, not time since the last; frequency counts repeat purchases.",
    )
    yield (
        f"frequency is above the days between first and last purchase (unit: {unit})",
        x > days + _ROUNDED,
        "merge the purchases of a day into one, or state the right unit.",
    )
    if "monetary_value" in columns:
        yield (
            "monetary_value is not above 0 for a repeat buyer",
            _where_bought_again(columns) <= 0,
            "net refunds against purchases first; a refund is no purchase.",
        )
    if unit == "day":
        yield "T is not whole days", (T % 1) != 0, _fraction_remedy(T)


def _fraction_remedy(T: Array) -> str:
    """Suggest the remedy for a fractional T."""
    return 'these look like weeks: state unit="week".' if _in_days(T, 7) else "state the unit, or count whole days."


def _in_days(T: Array, days: int) -> bool:
    """Whether times are whole days at so many days per unit."""
    return bool(np.all(np.abs(T * days - np.round(T * days)) < _ROUNDED))


def _remarks(columns: dict[str, Array], unit: str) -> Iterator[str]:
    """Yield remarks on frames that are valid but likely wrong."""
    x, recency, T = (columns[name] for name in REQUIRED)
    unseen = float(np.mean(T == 0))
    if unseen > _UNSEEN:
        yield f"summary: T is 0 for {unseen:.1%} of the customers: nothing says yet if they return."
    if unit == "week" and _in_days(T, 1) and _in_days(recency, 1):
        yield (
            "summary: recency and T are whole weeks: purchases seem merged by week, which loses those of heavy "
            "buyers. Merge by day and divide by 7."
        )
    elif unit == "week" and not _in_days(T, 7):
        yield "summary: T is not in sevenths of a week: is the unit right, and was the end of observation a whole day?"
    if unit == "day" and _spaced(np.append(T, recency[x > 0])):
        yield "summary: T and recency are multiples of 7 days: purchases seem merged by week. Merge by day."


def _spaced(days: Array) -> bool:
    """Whether there are several distinct times, all multiples of a week."""
    return bool(np.unique(days).size > 2 and not (days % 7).any())
