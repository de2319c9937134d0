"""Makes ``transactions``: casts the source, holds every row against the contract, sets bad rows aside.

Reads the view ``source``; the rules are data (``rules/contract.toml``). Promise: no row and no money vanishes
uncounted, so ``rows_read = rows_used + rows_quarantined + rows_removed`` and the same for money.
"""

from typing import Any

from custlib import rules
from custlib.engine.dialect import Dialect, literal
from custlib.engine.duckdb import DuckDB
from custlib.errors import TableError
from custlib.identify.sources import Opened, explain, open_source
from custlib.project import Project, Source

_BLANKS = " \t\r\n\u00a0\u2007\u202f\u3000\ufeff"
_SHOWN_ROWS = 3


def make_transactions(engine: DuckDB, project: Project) -> dict[str, Any]:
    """Read, cast and check the source of a project; make ``transactions`` and ``quarantine``.

    Parameters
    ----------
    engine : DuckDB
        Where to make them.
    project : Project
        Source, mapping and as_of.

    Returns
    -------
    dict
        The quality record: rows and money read, used, quarantined and removed, ``reasons`` {code: rows},
        ``warnings`` and ``ignored_columns``.

    Raises
    ------
    TableError
        If the source cannot be read, breaks a rule too often, or holds no usable row.
    """
    path = project.source_path
    opened = open_source(engine, project.source, path)
    values = {"as_of": project.as_of, "max_amount": project.source.max_amount}
    try:
        engine.make("transactions_checked", _checked(engine.dialect, opened, project.source), **values)
        quality = _quality(engine, opened)
        _reject(engine, quality, opened, project, values)
    except Exception as fault:
        raise explain(fault, path) from None
    margin = 1.0 if "cost" in opened.columns else project.margin
    engine.make("transactions", transactions(engine.dialect), margin=margin)
    engine.make("quarantine", "select * from transactions_checked where reason is not null")
    return quality


def transactions_read(sql: Dialect, opened: Opened, source: Source) -> str:
    """Write the select that casts the columns of the source."""
    columns, types = opened.columns, opened.types

    def text(name: str) -> str:
        if name not in columns:
            return f"cast(null as {sql.text_type})"
        return f"nullif(trim(cast({sql.name(columns[name])} as {sql.text_type}), {literal(_BLANKS)}), '')"

    amount = f"cast(replace({text('amount')}, ',', '.') as {sql.text_type})"
    amount = text("amount") if source.decimal == "." else amount
    if source.thousands:
        amount = f"replace({text('amount')}, {literal(source.thousands)}, '')"
        amount = amount if source.decimal == "." else f"replace({amount}, ',', '.')"
    cost = f"try_cast({text('cost')} as double)"
    return f"""
        select {text("customer_id")} as customer_id,
               {text("timestamp")} as timestamp_text,
               {_day(sql, columns["timestamp"], types["timestamp"], text("timestamp"), source)} as day,
               {text("amount")} as amount_text,
               try_cast({amount} as double) as amount_number,
               {"true" if "amount" in columns else "false"} as has_amount,
               {cost if "cost" in columns else "cast(null as double)"} as cost_number,
               {text("order_id")} as order_id,
               {text("product")} as product,
               {text("channel")} as channel,
               try_cast({text("quantity")} as double) as quantity
        from source"""


def _day(sql: Dialect, column: str, kind: str, text: str, source: Source) -> str:
    """Write the local business day of the timestamp column."""
    zone = f"at time zone {literal(source.timezone or 'UTC')}"
    if kind.startswith("TIMESTAMP WITH TIME ZONE"):
        return f"cast({sql.name(column)} {zone} as date)"
    if kind.startswith(("TIMESTAMP", "DATE")):
        return f"cast({sql.name(column)} as date)"
    if source.date_format:
        return f"cast(try_strptime({text}, {literal(source.date_format)}) as date)"
    local = f"cast(try_cast({text} as timestamp) as date)"
    if not source.timezone:
        return local
    offset = f"regexp_matches({text}, '(Z|[+-][0-9]{{2}}:?[0-9]{{2}})$')"
    return f"case when {offset} then cast(try_cast({text} as timestamptz) {zone} as date) else {local} end"


def _checked(sql: Dialect, opened: Opened, source: Source) -> str:
    """Write the one pass that casts every row and names the first rule it breaks."""
    cases = " ".join(f"when {rule['bad']} then {literal(rule['id'])}" for rule in _rules())
    prefix = source.cancel_prefix
    cancelled = f"coalesce(starts_with(order_id, {literal(prefix)}), false)" if prefix else "false"
    sign = f"case when {cancelled} then -abs(amount_number) else amount_number end"
    money = "case when abs(amount_number) <= :max_amount then cast(round({}, 4) as decimal(18, 4)) end"
    purchase = ">= 0" if source.zero_is_purchase else "> 0"
    return f"""
        select customer_id, day, timestamp_text, amount_text, order_id, product, channel, quantity,
               {money.format(sign)} as amount,
               case when cost_number is not null and abs({sign}) <= :max_amount
                    then cast(round({sign} - sign({sign}) * abs(cost_number), 4) as decimal(18, 4))
               end as margin_amount,
               not {cancelled} and (not has_amount or amount_number {purchase}) as is_purchase,
               {cancelled} or coalesce(amount_number < 0, false) as is_refund,
               {cancelled} as is_cancelled,
               case {cases} end as reason
        from ({transactions_read(sql, opened, source)})"""


def transactions(sql: Dialect) -> str:
    """Write the select of the accepted rows; profit is amount less cost, or amount times ``:margin``."""
    return f"""
        select customer_id, day, amount,
               coalesce(margin_amount, cast(amount * cast(:margin as decimal(9, 6)) as decimal(18, 4))) as profit,
               is_purchase, is_refund, order_id, cast(product as {sql.text_type}) as product,
               cast(channel as {sql.text_type}) as channel, quantity
        from transactions_checked where reason is null"""


def _rules() -> list[dict[str, Any]]:
    return rules.load("contract")["rule"]


def _quality(engine: DuckDB, opened: Opened) -> dict[str, Any]:
    """Count rows and money by what became of them."""
    counts = engine.fetch(
        "select reason, count(*) as n, coalesce(sum(amount), 0) as money,"
        " count(*) filter (where is_refund) as refunds, count(*) filter (where amount = 0) as zero,"
        " count(*) filter (where is_cancelled) as cancelled, count(*) filter (where amount > 0) as positive"
        " from transactions_checked group by reason"
    )
    good, bad = counts[counts["reason"].isna()], counts[counts["reason"].notna()]
    quality: dict[str, Any] = {
        "rows_read": int(counts["n"].sum()),
        "rows_used": int(good["n"].sum()),
        "rows_quarantined": int(bad["n"].sum()),
        "rows_removed": 0,
        "rows_repaired": 0,
        "money_read": round(float(counts["money"].sum()), 4),
        "money_used": round(float(good["money"].sum()), 4),
        "money_quarantined": round(float(bad["money"].sum()), 4),
        "reasons": {str(r): int(n) for r, n in sorted(zip(bad["reason"], bad["n"], strict=True))},
        "has_amount": "amount" in opened.columns,
        "has_cost": "cost" in opened.columns,
        "refund_rows": int(good["refunds"].sum()),
        "cancelled_rows": int(good["cancelled"].sum()),
        "zero_amount_rows": int(good["zero"].sum()),
        "positive_amount_rows": int(good["positive"].sum()),
        "ignored_columns": list(opened.ignored),
        "columns": opened.columns,
    }
    return quality | {"warnings": _warnings(quality, opened)}


def _warnings(quality: dict[str, Any], opened: Opened) -> list[str]:
    said = list(opened.remarks)
    said += [f"{n:,} rows set aside: {_rule(code)['what']}" for code, n in quality["reasons"].items()]
    if quality["ignored_columns"]:
        said.append(f"columns ignored: {', '.join(quality['ignored_columns'])}")
    if quality["refund_rows"]:
        said.append(f"{quality['refund_rows']:,} returns (negative or cancelled lines) are netted, never a purchase")
    if quality["zero_amount_rows"]:
        said.append(f"{quality['zero_amount_rows']:,} lines have amount zero (free goods)")
    if not quality["has_amount"]:
        said.append("there is no amount column: purchases are forecast, money is not")
    return said


def _rule(code: str) -> dict[str, Any]:
    return next(rule for rule in _rules() if rule["id"] == code)


def _reject(engine: DuckDB, quality: dict[str, Any], opened: Opened, project: Project, values: dict[str, Any]) -> None:
    """Raise once, naming every fault, when the source as a whole cannot be used."""
    name, read = project.source_path.name, quality["rows_read"]
    if read == 0:
        raise TableError(f"{name}: no rows under the header (0 rows). Export it again.")
    faults = [
        _say(engine, name, code, n, read, opened, project, values)
        for code, n in quality["reasons"].items()
        if n >= _rule(code)["error_if"] * read
    ]
    if not faults and quality["rows_used"] == 0:
        faults = [_say(engine, name, code, n, read, opened, project, values) for code, n in quality["reasons"].items()]
        if set(quality["reasons"]) == {"after_as_of"}:
            faults = [
                f"{name}: no transactions up to as_of {project.as_of}: all {read:,} rows are later. "
                "Set a later as_of, not one before the data."
            ]
    if faults:
        raise TableError("\n".join(faults))


def _say(
    engine: DuckDB,
    name: str,
    code: str,
    n: int,
    read: int,
    opened: Opened,
    project: Project,
    values: dict[str, Any],
) -> str:
    rule = _rule(code)
    given = opened.columns.get(rule["column"], rule["column"])
    mapped = f" (column {given!r})" if given != rule["column"] else ""
    rows = ", ".join(f"{row:,}" for row in first_rows(engine, code, opened, project.source, values))
    return f"{name}: {rule['what']}{mapped} in {n:,} of {read:,} rows (first: rows {rows}). {rule['remedy']}."


def first_rows(engine: DuckDB, code: str, opened: Opened, source: Source, values: dict[str, Any]) -> list[int]:
    """Find the first rows of the source that break a rule, by reading it once more in order.

    Parameters
    ----------
    engine : DuckDB
        Where the view ``source`` is.
    code : str
        Id of the rule.
    opened : Opened
        The columns of the source.
    source : Source
        How it is written.
    values : dict
        ``as_of`` and ``max_amount``.

    Returns
    -------
    list of int
        Up to three row numbers, from 1.
    """
    view = f"({_checked(engine.dialect, opened, source)})"
    return engine.first_rows(view, f"reason = {literal(code)}", rows=_SHOWN_ROWS, **values)
