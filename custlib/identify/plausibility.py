"""Says what cannot be true of purchases that can each be read: cautions with numbers, and nothing is changed.

Reads ``transactions_checked`` in two passes: lines by day, and customers by their number of lines. Thresholds are rules
(``rules/contract.toml``).
"""

from typing import Any

import numpy as np
import pandas as pd

from custlib import rules
from custlib.engine.base import Engine
from custlib.identify.orders import Remarks

_GOOD = "from transactions_checked where reason is null"
_BY_DAY = (
    f"select day, count(*) as n, min(amount) as least, max(amount) as greatest {_GOOD} and is_purchase"
    " group by day order by day"
)
_BY_LINES = (
    "select n, word, count(*) as customers, sum(money) as money from (select n, money, case when name in ({words})"
    " then name end as word from (select lower(cast(customer_id as string)) as name, count(*) as n,"
    " sum(amount) as money"
    f" {_GOOD} group by customer_id)) group by n, word order by n desc, word"
)
_DAYS_OF_YEAR = 365.25
_NAMED = 8


def said_of_all(engine: Engine, quality: dict[str, Any]) -> Remarks:
    """Look at the days, the amounts and the customers of the lines that are used."""
    days = engine.fetch(_BY_DAY)
    days = days.assign(day=pd.to_datetime(days["day"]))
    if days.empty:
        return Remarks({"usual_first_day": quality["first_day"]})
    remarks = _of_lonely(days) + _of_lonely_end(days) + _of_day_of_month(days)
    if quality["has_amount"]:
        remarks = remarks + _of_amounts(days)
    return remarks + _of_customers(engine, days)


def _of_lonely(days: pd.DataFrame) -> Remarks:
    """Find a few days long before all others, as default dates are; the usual days begin after them."""
    limits, lines = _limits(), days["n"].sum()
    gaps = days["day"].diff().dt.days.fillna(0).to_numpy()
    before = days["n"].cumsum().shift(fill_value=0).to_numpy()
    most = max(limits["lonely_rows"], limits["lonely_share"] * lines)
    is_start = (gaps >= limits["lonely_days"]) & (before <= most) & (before <= limits["lonely_part"] * lines)
    place = int(np.flatnonzero(is_start).max(initial=0))
    usual = gaps[place + 1 :].max(initial=1)
    first = days["day"].iloc[place]
    if not place or gaps[place] < limits["lonely_factor"] * usual:
        return Remarks({"usual_first_day": _text(days["day"].iloc[0])})
    rows, years = int(before[place]), gaps[place] / _DAYS_OF_YEAR
    are = "line is" if rows == 1 else "lines are"
    others = f" and {place - 1:,} other day{'s' if place > 2 else ''}" if place > 1 else ""
    span = f"{_text(days['day'].iloc[0])}{others}"
    return Remarks({"usual_first_day": _text(first), "lonely_rows": rows}, {"lonely_date": (
        f"{rows:,} {are} of {span}, {years:,.1f} years before all others, which begin on {_text(first)}: a default "
        "date? It is used as it is; where no holdout is set, half of the time since then is the holdout"
    )})  # fmt: skip


def _of_lonely_end(days: pd.DataFrame) -> Remarks:
    """Find a few days long after all others, up to which all customers would seem to have stopped."""
    limits, lines, gaps = _limits(), int(days["n"].sum()), days["day"].diff().dt.days.to_numpy()
    after = lines - days["n"].cumsum().shift(fill_value=0).to_numpy()
    most = max(limits["lonely_rows"], limits["lonely_share"] * lines)
    is_end = (gaps >= limits["late_days"]) & (after <= most) & (after <= limits["lonely_part"] * lines)
    place = int(np.flatnonzero(is_end).min(initial=len(days)))
    if place == len(days) or gaps[place] < limits["lonely_factor"] * gaps[1:place].max(initial=1):
        return Remarks()
    rows, last = int(after[place]), _text(days["day"].iloc[place - 1])
    are = "line is" if rows == 1 else "lines are"
    return Remarks({}, {"lonely_end": (
        f"{rows:,} {are} of {_text(days['day'].iloc[place])} or later, {int(gaps[place]):,} days after all others, "
        f"which end on {last}: a wrong date? Where as_of is the last day in the data, all others seem to have stopped: "
        f"correct it, or set as_of = {last}"
    )})  # fmt: skip


def _of_day_of_month(days: pd.DataFrame) -> Remarks:
    limits, lines = _limits(), int(days["n"].sum())
    if lines < limits["fewest_rows"]:
        return Remarks()
    by_place = np.bincount(days["day"].dt.day, weights=days["n"])
    at_end = int(days.loc[days["day"].dt.is_month_end, "n"].sum())
    months = days["day"].dt.to_period("M").nunique()
    rows, place = max((int(by_place.max()), f"day {int(by_place.argmax())}"), (at_end, "the last day"))
    if months < limits["months"] or rows < limits["day_share"] * lines:
        return Remarks()
    return Remarks({}, {"day_of_month": (
        f"{rows:,} of {lines:,} purchases are on {place} of a month, in {months:,} months: the dates may be those "
        "of months, not of purchases, and several purchases of a month are one. Give the day of each purchase"
    )})  # fmt: skip


def _of_amounts(days: pd.DataFrame) -> Remarks:
    lines, least, greatest = int(days["n"].sum()), days["least"].min(), days["greatest"].max()
    if lines < _limits()["fewest_rows"] or pd.isna(least) or least != greatest or not least:
        return Remarks()
    return Remarks({}, {"amounts_equal": (
        f"all {lines:,} purchases have the same amount, {float(least):,.2f}: it may be a placeholder or a price per "
        "unit, and says nothing about who spends more. Map the column that holds the money"
    )})  # fmt: skip


def _of_customers(engine: Engine, days: pd.DataFrame) -> Remarks:
    """Find ids with a share of the lines, or of the days, that no customer can have."""
    limits, counts = _limits(), engine.fetch(_BY_LINES.format(words=_no_customers(engine)))
    customers, lines = int(counts["customers"].sum()), int((counts["n"] * counts["customers"]).sum())
    mean, most = lines / max(customers, 1), int(counts["n"].max())
    named = _of_words(counts[counts["word"].notna()])
    least = _least_lines(lines, len(days), mean)
    if customers < limits["customers"] or most < least:
        return named
    frequent = f"select customer_id {_GOOD} group by customer_id having count(*) >= {least}"
    ids = engine.fetch(
        f"select count(*) as n, count(distinct day) as days {_GOOD} and customer_id in ({frequent})"
        " group by customer_id order by n desc",
        limit=lines,
    )
    is_share = (ids["n"] >= limits["line_share"] * lines) & (ids["n"] >= limits["lines_times_mean"] * mean)
    is_share |= ids["n"] >= limits["share_alone"] * lines
    is_daily = (ids["days"] >= limits["open_share"] * len(days)) & (len(days) >= limits["open_days"])
    is_daily &= ids["n"] >= limits["days_times_mean"] * mean
    odd = ids[is_share | is_daily]
    if odd.empty:
        return named
    return named + Remarks({}, {"crowded_id": _crowded(odd, lines, len(days), mean)})


def _least_lines(lines: int, days: int, mean: float) -> int:
    """Lines below which an id can have neither share: nobody has more days than lines."""
    limits = _limits()
    share = max(limits["line_share"] * lines, limits["lines_times_mean"] * mean)
    daily = max(limits["open_share"] * days, limits["days_times_mean"] * mean)
    rules_of_size = [share, limits["share_alone"] * lines, *([daily] if days >= limits["open_days"] else [])]
    return int(np.ceil(min(rules_of_size)))


def _no_customers(engine: Engine) -> str:
    """Write the words that stand for no customer: guests, and totals of an export."""
    kinds = rules.load("headings")["words"]
    return ", ".join(engine.dialect.literal(word) for word in sorted({*kinds["guests"], *kinds["totals"]}))


def _of_words(counts: pd.DataFrame) -> Remarks:
    """Say which ids are words that name no customer."""
    if counts.empty:
        return Remarks()
    by_word = counts.assign(n=counts["n"] * counts["customers"]).groupby("word", as_index=False)[["n", "money"]].sum()
    by_word = by_word.sort_values(["n", "word"], ascending=[False, True])
    words = [
        f"{word!r} {int(n):,} line{'s' if n > 1 else ''} {float(money or 0):,.2f}"
        for word, n, money in zip(by_word["word"], by_word["n"], by_word["money"], strict=True)
    ]
    more = " ..." if len(words) > _NAMED else ""
    return Remarks({}, {"no_customer": (
        f"customer_id reads like no customer: {', '.join(words[:_NAMED])}{more}. Each is taken for one customer: name "
        "it in guest_ids and its lines are left out; leave totals out of the export"
    )})  # fmt: skip


def _crowded(odd: pd.DataFrame, lines: int, days: int, mean: float) -> str:
    first = odd.iloc[0]
    which = "one customer_id has" if len(odd) == 1 else f"{len(odd):,} values of customer_id have"
    most = "" if len(odd) == 1 else ", the first of them"
    return (
        f"{which} {odd['n'].sum():,} of {lines:,} lines ({odd['n'].sum() / lines:.1%}){most} on {int(first['days']):,} "
        f"of {days:,} days with purchases; a customer has {mean:,.1f} lines on average. It may stand for guests or a "
        "till: if so, name it in guest_ids and its lines are left out"
    )


def _text(day: pd.Timestamp) -> str:
    return str(day.date())


def _limits() -> dict[str, float]:
    return rules.load("contract")["plausible"]
