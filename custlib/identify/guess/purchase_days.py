"""Finds the column that holds the day of a purchase, and how its days are written."""

import datetime as dt

from custlib.errors import TableError, counted
from custlib.identify.guess.columns import Column
from custlib.identify.guess.questions import Answer
from custlib.identify.guess.understanding import Understanding
from custlib.identify.guess.written_dates import Dates, Reading

_NO_HEADING, _PAID, _OTHER = 0.4, 0.5, 0.15
_CLEARER = 0.1
_EQUAL = 0.99
_EXAMPLE_DAYS = 2
_FORMS = {"excel": "day numbers of Excel", "epoch_s": "seconds since 1970", "epoch_ms": "milliseconds since 1970"}


def find_day(understanding: Understanding) -> None:
    """Give the role ``timestamp``, and set ``date_format``; ask where two columns or two orders would do."""
    scored = sorted(_candidates(understanding), key=lambda pair: -pair[0])
    if not scored:
        raise TableError(_nothing(understanding))
    best = scored[0][1]
    rivals = [column for score, column in scored[1:] if scored[0][0] - score < _CLEARER and not _same(best, column)]
    understanding.take("timestamp", best, _why(best))
    _set_form(understanding, best)
    if rivals:
        _ask_which(understanding, [best, *rivals[:2]])
    if others := [column.name for score, column in scored[1:] if column not in rivals and not _same(best, column)]:
        understanding.assumptions.append(f"the day is that of {best.name!r}, not of {_listed(others)}")


def _candidates(understanding: Understanding) -> list[tuple[float, Column]]:
    return [(score, column) for column in understanding.columns if (score := _score(column)) > 0]


def _score(column: Column) -> float:
    """Score a column as the day of a purchase; numbers are days only where a heading or their form says so."""
    if column.kind("timestamp", "paid_date", "other_date", "time") == 0 and column.kinds and column.is_number:
        return 0.0
    dates = column.dates
    if dates is None or column.distinct < 2:
        return 0.0
    if dates.is_number and dates.readings[0].form == "excel" and column.kind("timestamp", "paid_date") == 0:
        return 0.0
    scores = (column.kind("timestamp"), _PAID * column.kind("paid_date"), _OTHER * column.kind("other_date"))
    score = max(scores) or _NO_HEADING * (0.5 if column.kinds else 1.0)
    return score - (0.3 if column.filled < 0.2 * len(column.values) else 0.0)


def _same(first: Column, second: Column) -> bool:
    """Tell whether two columns have the same day nearly everywhere."""
    if first.dates is None or second.dates is None:
        return False
    one, other = first.dates.readings[0].days, second.dates.readings[0].days
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a and b]
    return bool(pairs) and sum(a == b for a, b in pairs) >= _EQUAL * len(pairs)


def _why(column: Column) -> str:
    dates = column.dates
    assert dates is not None
    form = dates.readings[0].form
    how = _FORMS.get(form or "", "days" if form else "ISO days, or typed as days")
    return f"{column.name!r}: {how} in {counted(column.filled, 'line', 'lines')}"


def _set_form(understanding: Understanding, column: Column) -> None:
    dates = column.dates
    assert dates is not None
    understanding.days = dates.readings[0].days
    if dates.readings[0].form:
        example = next(str(value) for value in column.values if value is not None)
        understanding.set(
            "date_format", dates.readings[0].form, f"as in {example}{'; ' + dates.why if dates.why else ''}"
        )
    if dates.readings[0].form in ("epoch_s", "epoch_ms"):
        understanding.assumptions.append("days are those of UTC; set timezone for that of another place")
    if dates.note:
        _ask_forms(understanding, dates, column)
    if len(dates.readings) > 1:
        _ask_form(understanding, dates, column)
    if dates.zones and dates.readings[0].form and not dates.is_number:
        _ask_zone(understanding, column, dates)
    elif dates.zones:
        understanding.assumptions.append(
            f"times end in {_listed(dates.zones)}: the day is the one written; set timezone for that of another place"
        )


def _ask_form(understanding: Understanding, dates: Dates, column: Column) -> None:
    """Ask for the order of day and month, by a value whose readings differ."""
    place = next(
        (
            n
            for n in range(len(column.values))
            if len({reading.days[n] for reading in dates.readings}) == len(dates.readings)
        ),
        0,
    )
    words = " or ".join(_order_of(reading) for reading in dates.readings)
    count = sum(day is not None for day in dates.readings[0].days)
    text = f"Are dates {words}? All {count:,} of {column.name!r} fit both. What is {column.values[place]}?"
    answers = [Answer(_long(reading.days[place]), {"date_format": reading.form}) for reading in dates.readings]
    understanding.ask("date_format", text, *answers)


def _ask_forms(understanding: Understanding, dates: Dates, column: Column) -> None:
    """Say that days are written in several forms, of which one is read."""
    pairs = list(zip(column.values, dates.readings[0].days, strict=True))
    others = [str(value) for value, day in pairs if value is not None and day is None]
    text = f"{column.name!r} holds days in several forms: {len(others):,} of {column.filled:,} are as {others[0]}."
    understanding.ask("date_format", f"{text} One form is read: export them alike.", can_guess=False)


def _order_of(reading: Reading) -> str:
    names = {"d": "day", "m": "month", "b": "month", "y": "year", "Y": "year"}
    form = reading.form or "%Y-%m-%d"
    return "/".join(names[form[n + 1]] for n in range(len(form) - 1) if form[n] == "%" and form[n + 1] in names)


def _long(day: dt.date | None) -> str:
    return f"{day.day} {day:%B} {day.year}" if day else "no day"


def _ask_zone(understanding: Understanding, column: Column, dates: Dates) -> None:
    zone = dates.zones[0]
    form = dates.readings[0].form or ""
    if len(dates.zones) == 1 and not zone.startswith(("+", "-")):
        example = next(str(value) for value in column.values if value is not None)
        blank = " " if f" {zone}" in example else ""
        understanding.set("date_format", f"{form}{blank}{zone}", f"as in {example}")
        return
    understanding.ask(
        "date_format", f"Times of {column.name!r} end in {_listed(dates.zones)}, which is read with ISO dates only. "
        "Export the times as 2025-06-30 18:05:00+02:00.", can_guess=False,
    )  # fmt: skip


def _ask_which(understanding: Understanding, columns: list[Column]) -> None:
    names = _listed([column.name for column in columns])
    answers = [_choice(column) for column in columns]
    understanding.ask("columns.timestamp", f"Which is the day of the purchase: {names}? Their days differ.", *answers)


def _choice(column: Column) -> Answer:
    dates = column.dates
    assert dates is not None
    examples = ", ".join(str(value) for value in column.values if value is not None and str(value))[:40]
    return Answer(
        f"{column.name} ({examples} ...)", {"columns.timestamp": column.name, "date_format": dates.readings[0].form}
    )


def _nothing(understanding: Understanding) -> str:
    sample = understanding.sample
    names = ", ".join(sample.names[:12])
    return (
        f"{sample.path.name}: no column holds dates (columns: {names}). A line of purchases needs a customer, a day: "
        "give another file, or export the date too."
    )


def _listed(names: "tuple[str, ...] | list[str]") -> str:
    """Write names as a list in words."""
    shown = [repr(name) for name in names[:3]]
    return ", ".join(shown[:-1]) + " or " + shown[-1] if len(shown) > 1 else "".join(shown)
