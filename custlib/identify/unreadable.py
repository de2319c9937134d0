"""Says what money stands in amounts that cannot be read, which is not nought, and refuses a source with too much of it.

Reads ``transactions_checked``. The money is estimated by a lenient reading of each text: all but digits and marks is
struck out, and the last mark is that of the decimals where one or two digits follow it.
"""

from collections.abc import Sequence
from math import ceil
from typing import Any

import pandas as pd

from custlib import rules
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import TableError
from custlib.identify.orders import Remarks
from custlib.identify.reading.inputs import Input
from custlib.identify.store import Kept

RULE = "unreadable_amount"
_LONGEST = 24
_SHOWN = 3
_NO_NUMBER = "[^0-9.,]"
_SCIENTIFIC = "[0-9][eE][+-]?[0-9]"
_DECIMALS = "^(.*)[.,]([0-9]{1,2})$"


def said_of_unreadable(
    engine: Engine, inputs: Sequence[Input], entries: Sequence[Kept], quality: dict[str, Any]
) -> Remarks:
    """Estimate the money in amounts that cannot be read.

    Raises TableError if their share of the rows of a source, or of its money, is above its ``max_unreadable``.
    """
    rows = quality["reasons"].get(RULE, 0)
    if not rows:
        return Remarks({"money_unreadable": 0.0})
    remedy = next(rule["remedy"] for rule in rules.load("contract")["rule"] if rule["id"] == RULE)
    most = max(entry.source.max_amount for entry in inputs)
    sums = engine.fetch(_sums(engine.dialect), most=most).fillna(0).set_index("input").astype(float)
    sources = {lines.number: entry.source for lines, entry in zip(entries, inputs, strict=True)}
    sums["source"] = [sources[int(number)].label for number in sums.index]
    sums["limit"] = [sources[int(number)].max_unreadable for number in sums.index]
    texts, totals = _texts(engine), ["lines", "rows", "estimate", "money"]
    faults = [
        f"{source}: {_described(part, texts)}; max_unreadable allows {limit:.1%}. {remedy}; or set max_unreadable = "
        f"{min(ceil(100 * max(_shares(part))) / 100, 1):g} to leave that money out."
        for source, limit in dict.fromkeys(zip(sums["source"], sums["limit"], strict=True))
        if max(_shares(part := sums[(sums["source"] == source) & (sums["limit"] == limit)][totals].sum())) > limit
    ]
    if faults:
        raise TableError("\n".join(faults))
    whole = sums[totals].sum()
    caution = f"{_described(whole, texts)}. It is in no figure: {remedy[0].lower()}{remedy[1:]}"
    return Remarks({"money_unreadable": round(float(whole["estimate"]), 2)}, {"unreadable_money": caution})


def _shares(part: pd.Series) -> tuple[float, float]:
    return part["rows"] / part["lines"], part["estimate"] / ((part["estimate"] + part["money"]) or 1)


def _described(part: pd.Series, texts: str) -> str:
    of_rows, of_money = _shares(part)
    return (
        f"amount is no number in {int(part['rows']):,} of {int(part['lines']):,} rows ({of_rows:.1%}), for instance "
        f"{texts}; about {part['estimate']:,.2f} stands in them, {of_money:.1%} of all money"
    )


def _sums(sql: Dialect) -> str:
    """Write rows, unreadable rows, the money read and that estimated, by input."""
    bare = sql.stripped("amount_text", _NO_NUMBER)
    whole, cents = (f"regexp_extract({bare}, {sql.literal(_DECIMALS)}, {group})" for group in (1, 2))
    unmarked = [sql.stripped(text, "[.,]") for text in (whole, bare)]
    plain = f"case when {sql.matches(bare, _DECIMALS)} then concat({unmarked[0]}, '.', {cents}) else {unmarked[1]} end"
    is_read = f"reason = '{RULE}' and not {sql.matches('amount_text', _SCIENTIFIC)}"
    return f"""
        select input, count(*) as lines, count(case when reason = '{RULE}' then 1 end) as rows,
               sum(case when number <= cast(:most as double) then number end) as estimate,
               sum(case when reason is null then abs(amount) end) as money
        from (select input, reason, amount, case when {is_read} then {sql.number(plain)} end as number
              from transactions_checked)
        group by input"""


def _texts(engine: Engine) -> str:
    """Quote a few of the texts, cut short."""
    cut = engine.fetch(
        f"select left(amount_text, {_LONGEST}) as text, count(*) as n from transactions_checked"
        f" where reason = '{RULE}' group by left(amount_text, {_LONGEST}) order by n desc, text limit {_SHOWN}"
    )["text"]
    return ", ".join(repr(str(text)) for text in cut)
