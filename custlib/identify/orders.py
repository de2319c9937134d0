"""Looks at lines together: equal lines of an order, totals that repeat, the same line in two inputs, orders undone.

Reads the checked lines. What is only counted takes aggregates over numbers that stand for lines; what an option asks
for makes ``transactions_checked`` once, of ``lines_checked``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from custlib import rules
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import TableError
from custlib.identify.store import Kept
from custlib.project import Project

_SAME = ("product", "channel", "quantity", "margin_amount")  # of equal lines, beside customer, order, day and amount
_ORDER = (
    "case when coalesce(cancels, order_id) is null then cast(day as string)"
    " else concat('#', coalesce(cancels, order_id)) end"
)
_KEYS = ("order_key", "day")
_AGAIN = "overlap"
_AT_ONCE = 2_000_000  # lines
_LACKING = ("missing_customer_id", "missing_timestamp", "missing_amount")


@dataclass(frozen=True)
class Remarks:
    """What was found in the lines: counts for the quality record, cautions {code: sentence}, and further warnings."""

    record: dict[str, Any] = field(default_factory=dict)
    cautions: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def __add__(self, other: "Remarks") -> "Remarks":
        """Put together what was found in two ways."""
        return Remarks(self.record | other.record, self.cautions | other.cautions, (*self.warnings, *other.warnings))


def is_settled(project: Project) -> bool:
    """Tell whether an option asks for lines to be looked at together, so that they are made once."""
    return project.overlap == "keep_one" or _nets_any(project)


def _nets_any(project: Project) -> bool:
    return any(source.net_to_nothing == "no_purchase" for source in project.inputs)


def settle(engine: Engine, project: Project, entries: Sequence[Kept]) -> None:
    """Make ``transactions_checked`` of ``lines_checked``: a line of several inputs once, orders undone no purchase."""
    lines, names = "lines_checked", list(engine.columns("lines_checked"))
    if project.overlap == "keep_one":
        numbers = {entry.number: place for place, entry in enumerate(entries)}
        engine.attach_frame("inputs_read", pd.DataFrame({"input": list(numbers), "place": list(numbers.values())}))
        lines = "lines_once" if _nets_any(project) else "transactions_checked"
        engine.make(lines, _once(engine.dialect, names, common(entries)))
    if _nets_any(project):
        engine.make("orders_undone", _undone_keys(lines, by_day=True))
        engine.make("transactions_checked", _undone(names, lines))


def common(entries: Sequence[Kept]) -> list[str]:
    """Columns by which a line of one input is known in another: those that every input has."""
    shared = ["order_id", "product", "channel", "quantity"]
    return ["customer_id", "day", "amount", *(n for n in shared if all(n in e.opened.columns for e in entries))]


def _once(sql: Dialect, names: list[str], key: list[str]) -> str:
    """Write the lines in which one that stands in several inputs is used from the first that has it.

    The n-th of equal lines of an input is the n-th of another, so that a line that stands twice in each is used twice.
    """
    same = ", ".join(key)
    order = ", ".join(name for name in names if name not in (*key, "input", "bad", "reason"))
    again = "bad is null and nth_input > 1"
    columns = _replaced(
        names, bad=f"case when {again} then {sql.literal(_AGAIN)} else bad end",
        reason=f"case when {again} then {sql.literal(_AGAIN)} else reason end",
    )  # fmt: skip
    return f"""
        select {columns}
        from (select *, row_number() over (partition by {same}, bad is null, nth_line order by place) as nth_input
              from (select *, row_number() over (partition by {same}, bad is null, place order by {order}) as nth_line
                    from lines_checked join inputs_read using (input)))"""


def _undone(names: list[str], lines: str) -> str:
    """Write the lines in which those of an order that nets to nothing are no purchase."""
    undone = "may_net_to_nothing and bad is null and (o.money is not null or d.money is not null)"
    columns = _replaced([f"l.{name}" for name in names], **{"l.is_purchase": f"is_purchase and not ({undone})"})
    orders, days = (f"(select customer_id, {key}, money from orders_undone where {key} is not null)" for key in _KEYS)
    return f"""
        select {columns.replace(" as l.", " as ")}
        from (select *, {_ORDER} as order_key from {lines}) l
        left join {orders} o on l.customer_id = o.customer_id and l.order_key = o.order_key
        left join {days} d on l.customer_id = d.customer_id and l.day = d.day"""


def _undone_keys(lines: str, *, by_day: bool) -> str:
    """Write the orders that net to nothing, and other days on which all that was bought was cancelled, with its money.

    Only lines of orders with a return are added up, and of days with a cancellation.
    """
    good = f"(select *, {_ORDER} as order_key from {lines} where bad is null)"
    nets = "having sum(amount) = 0 and min(amount) < 0 and max(amount) > 0"
    money = "sum(case when amount > 0 then amount end) as money"
    returned = f"(select distinct customer_id, order_key from {good} where amount < 0)"
    orders = f"""
        select customer_id, order_key, cast(null as date) as day, {money}
        from {good} semi join {returned} using (customer_id, order_key) group by customer_id, order_key {nets}"""
    if not by_day:
        return orders
    cancelled = f"(select distinct customer_id, day from {good} where is_cancelled)"
    others = f"select * from {good} anti join ({orders}) using (customer_id, order_key)"
    return f"""{orders} union all
        select customer_id, cast(null as string) as order_key, day, {money}
        from ({others}) semi join {cancelled} using (customer_id, day) group by customer_id, day
        {nets} and count(case when is_refund and not is_cancelled then 1 end) = 0"""


def _replaced(names: list[str], **expressions: str) -> str:
    return ", ".join(f"{expressions[name]} as {name}" if name in expressions else name for name in names)


def refuse_first_lines(engine: Engine, name: str, quality: dict[str, Any]) -> None:
    """Refuse a source in which day and amount stand on the first line of an order only.

    Raises TableError if lines that lack an amount are of orders that have one in another line, unless they are few.
    """
    lacking = sum(quality["reasons"].get(code, 0) for code in _LACKING)
    if lacking < _limits()["first_line_share"] * quality["rows_read"] or "order_id" not in quality["columns"]:
        return
    codes = ", ".join(f"'{code}'" for code in _LACKING)
    orders = "select order_id from transactions_checked where reason is null and order_id is not null"
    counts = engine.fetch(f"""
        select count(*) as n, count(distinct order_id) as orders from transactions_checked
        where reason in ({codes}) and amount_text is null and amount is null and order_id in ({orders})""").iloc[0]
    rows, read = int(counts["n"]), quality["rows_read"]
    if rows < max(_limits()["first_line_share"] * read, lacking / 2, _limits()["first_line_rows"]):
        return
    raise TableError(
        f"{name}: {rows:,} of {read:,} rows have no amount (and often no day), but their order has them in another row "
        f"({int(counts['orders']):,} orders, by order_id): the amount stands on the first line of an order, as in "
        'exports of Shopify. Set order_totals = "first_line", and the other lines are lines of their order; or, if '
        "they are faults, leave order_id out of the columns and they are set aside."
    )


def said_of_orders(engine: Engine, project: Project, quality: dict[str, Any]) -> Remarks:
    """Count equal lines of an order, totals that repeat, and orders undone."""
    remarks = Remarks()
    if "order_id" in quality["columns"]:
        counts = _counted(engine, parts=1 + quality["rows_used"] // _AT_ONCE)
        remarks = remarks + _of_equal_lines(counts) + _of_totals(counts, quality)
    else:
        remarks = remarks + _of_doubled(engine, quality)
    return remarks + _of_undone(engine, project, quality)


def _counted(engine: Engine, *, parts: int) -> dict[str, float]:
    """Count equal lines and orders, some of the orders at a time: a group for each line takes memory."""
    counts: dict[str, float] = {}
    for select in (_equal, _orders):
        for part in range(parts):
            chosen = f"{_number(engine.dialect)} % {parts} in ({part}, {part - parts})" if parts > 1 else "true"
            row = engine.fetch(select(engine.dialect, chosen)).iloc[0]
            for name, n in row.fillna(0).items():
                counts[str(name)] = (
                    max(counts.get("totals", 0), n) if name == "totals" else counts.get(str(name), 0) + n
                )
    return counts


def _number(sql: Dialect) -> str:
    return sql.hash("cast(customer_id as string)", "order_id", "input")


def _equal(sql: Dialect, part: str) -> str:
    """Write one row: how many lines are equal to another of their order."""
    line = sql.hash("cast(customer_id as string)", "order_id", "input", "day", "amount", "moment", *_SAME)
    return f"""
        select sum(n) as lines, sum(n - 1) as equal_lines, sum((n - 1) * amount) as equal_money
        from (select {line} as line_number, count(*) as n, min(amount) as amount
              from transactions_checked where reason is null and order_id is not null and {part} group by {line})"""


def _orders(sql: Dialect, part: str) -> str:
    """Write one row: how many orders stand twice as a whole, and in how many all amounts are equal.

    The numbers of lines that stand an even number of times cancel out.
    """
    line = sql.hash("day", "amount", "moment", *_SAME)
    order = _number(sql)
    alike = "n > 1 and least = greatest and least <> 0"
    but_least, but_greatest = "total - least = (n - 1) * greatest", "total - greatest = (n - 1) * least"
    beside = f"n > 2 and least < greatest and ({but_least} or {but_greatest})"
    repeated = f"case when {but_least} then greatest else least end"
    return f"""
        select count(*) as orders, count(case when twofold = 0 then 1 end) as doubled,
               count(case when n > 1 then 1 end) as of_several, count(case when {alike} then 1 end) as alike,
               count(case when {alike} and first_line <> last_line then 1 end) as differing,
               sum(case when {alike} then (n - 1) * least end) as repeated_money,
               count(case when n > 2 then 1 end) as of_three, count(case when {beside} then 1 end) as beside,
               sum(case when {beside} then (n - 2) * {repeated} end) as beside_money,
               approx_count_distinct(case when {beside} then {repeated} end) as totals_beside,
               approx_count_distinct(case when {alike} then least end) as totals
        from (select {order} as order_number, count(*) as n, min(amount) as least, max(amount) as greatest,
                     sum(amount) as total, bit_xor({line}) as twofold, min({line}) as first_line,
                     max({line}) as last_line
              from transactions_checked where reason is null and order_id is not null and {part} group by {order})"""


def _of_equal_lines(counts: dict[str, float]) -> Remarks:
    """Say how many lines are equal to another of their order, and whether these are too many to be bought so."""
    rows, limits = int(counts["equal_lines"]), _limits()
    record = {"equal_line_rows": rows, "equal_line_money": _cents(counts["equal_money"])}
    if not rows:
        return Remarks(record)
    share = rows / counts["lines"]
    counted = f"{rows:,} {_are(rows, 'line is', 'lines are')} equal to another line of the same order"
    advice = "set order_lines = false to count one of them, or leave it if the same thing was bought twice in an order"
    odd = share >= limits["equal_line_share"] or counts["doubled"] >= limits["doubled_share"] * counts["orders"] > 1
    if odd and rows > 1 and counts["equal_money"]:
        sentence = (
            f"{counted} ({share:.1%} of the lines, money {counts['equal_money']:,.2f}; {int(counts['doubled']):,} "
            f"orders stand twice as a whole), as after two exports that overlap. All count: {advice}"
        )
        return Remarks(record, {"equal_lines": sentence})
    return Remarks(record, warnings=(f"{counted} (money {counts['equal_money']:,.2f}) and counted: {advice}",))


def _of_totals(counts: dict[str, float], quality: dict[str, Any]) -> Remarks:
    """Say so where the lines of nearly every order have one amount, which may be that of the order."""
    limits, orders, read = _limits(), counts["of_several"], quality["money_used"]
    are_many = orders >= limits["total_orders"] and counts["alike"] >= limits["total_share"] * orders
    if are_many and counts["differing"] >= counts["alike"] / 2 and counts["totals"] >= limits["totals"]:
        return Remarks({}, {"order_totals": (
            f"{int(counts['alike']):,} of {int(orders):,} orders of several lines have the same amount on all of them: "
            f"it may be the total of the order. As it was read the money is {read:,.2f}; with one amount per order it "
            f'is {read - counts["repeated_money"]:,.2f}. If so, set order_totals = "repeated"'
        )})  # fmt: skip
    return _of_totals_beside(counts, read)


def _of_totals_beside(counts: dict[str, float], read: float) -> Remarks:
    """Say so where all lines of nearly every order but one have one amount: shipping or a discount beside the total."""
    limits, orders = _limits(), counts["of_three"]
    least = max(limits["total_share"] * orders, limits["total_orders"])
    if counts["beside"] < least or counts["totals_beside"] < limits["totals"]:
        return Remarks({})
    return Remarks({}, {"order_totals": (
        f"{int(counts['beside']):,} of {int(orders):,} orders of three lines or more have the same amount on all lines "
        f"but one: it may be the total of the order, beside shipping or a discount. As it was read the money is "
        f"{read:,.2f}; with each amount once per order it is {read - counts['beside_money']:,.2f}, without orders of "
        'two lines. If so, set order_totals = "repeated"'
    )})  # fmt: skip


def _of_doubled(engine: Engine, quality: dict[str, Any]) -> Remarks:
    """Say so where nearly every line of a source without order ids stands twice; first an estimate tells if it may."""
    number = engine.dialect.hash("cast(customer_id as string)", "day", "amount", "input", *_SAME)
    lines = "from transactions_checked where reason is null"
    distinct = engine.fetch(f"select approx_count_distinct({number}) as n {lines}")["n"].item()
    if distinct > _limits()["distinct_share"] * quality["rows_used"]:
        return Remarks()
    counts = (
        engine.fetch(f"""
        select count(*) as kinds, count(case when n > 1 then 1 end) as doubled, sum(n - 1) as again,
               sum((n - 1) * amount) as money
        from (select count(*) as n, min(amount) as amount {lines} group by {number})""")
        .iloc[0]
        .fillna(0)
    )
    if counts["kinds"] < 2 or counts["doubled"] < _limits()["all_share"] * counts["kinds"]:
        return Remarks()
    return Remarks({}, {"doubled": (
        f"nearly every line stands twice or more: {int(counts['again']):,} of {quality['rows_used']:,} lines are equal "
        f"to another in customer, day and amount (money {float(counts['money']):,.2f}). The file may hold itself "
        "twice; export it again, or map order_id and set order_lines = false"
    )})  # fmt: skip


def _of_undone(engine: Engine, project: Project, quality: dict[str, Any]) -> Remarks:
    """Count the purchases of orders that net to nothing, where there is any return."""
    if not quality["refund_rows"] or not quality["has_amount"]:
        return Remarks({"undone_orders": 0})
    is_netted = _nets_any(project)
    by_day = bool(quality["cancelled_rows"])
    keys = "orders_undone" if is_netted else f"({_undone_keys('transactions_checked', by_day=by_day)})"
    counts = engine.fetch(f"select count(*) as n, coalesce(sum(money), 0) as money from {keys}").iloc[0]
    n, money = int(counts["n"]), float(counts["money"])
    record = {"undone_orders": n, "undone_money": _cents(money)}
    are = "no purchase, as net_to_nothing says" if is_netted else (
        'purchases all the same: set net_to_nothing = "no_purchase" if they are none'
    )  # fmt: skip
    what = _are(n, "order nets", "orders net")
    return Remarks(
        record, warnings=(f"{n:,} {what} to nothing with a return (money {money:,.2f}): {are}",) if n else ()
    )


def _are(n: int, one: str, several: str) -> str:
    return one if n == 1 else several


def _cents(money: float) -> float:
    return round(float(money), 4)


def _limits() -> dict[str, float]:
    return rules.load("contract")["together"]
