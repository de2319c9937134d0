"""Makes ``transactions``: casts the source, holds every row against the contract, sets bad rows aside.

Reads the view ``source``; the rules are data (``rules/contract.toml``). Promise: no row and no money vanishes
uncounted, so ``rows_read = rows_used + rows_quarantined + rows_removed`` and the same for money.
"""

from dataclasses import dataclass
from typing import Any

from custlib import rules
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import TableError
from custlib.identify.casts import has_whole_ids, shown, transactions_read
from custlib.identify.findings import count
from custlib.identify.margins import make_product_margins, margin_gaps, refuse_margins
from custlib.identify.sources import Opened, about_rows, explain, open_source
from custlib.project import Project, Source

_SHOWN_ROWS = 3


def make_transactions(engine: Engine, project: Project) -> dict[str, Any]:
    """Read, cast and check the source of a project; make ``transactions`` and ``quarantine``.

    Parameters
    ----------
    engine : Engine
        Where to make them.
    project : Project
        Source, mapping and as_of.

    Returns
    -------
    dict
        The quality record: rows and money read, used, quarantined and removed, ``reasons`` {code: rows},
        ``repairs`` {code: rows}, ``warnings`` and ``ignored_columns``.

    Raises
    ------
    TableError
        If the source cannot be read, breaks a rule too often, or holds no usable row.
    """
    path = project.source_path
    opened = open_source(engine, project.source, path)
    refuse_margins(project, opened.columns, path.name)
    checked = _checked(engine.dialect, opened, project.source)
    values = {"as_of": project.as_of, "max_amount": project.source.max_amount}
    try:
        engine.make("transactions_checked", checked, split_by="customer_id", rows=about_rows(path), **values)
        quality = count(engine, opened)
        _reject(_Checked(engine, project, opened, quality))
    except Exception as fault:
        raise explain(fault, path) from None
    whole_ids = "customer_id_float" in quality["repairs"]
    if project.product_margins:
        make_product_margins(engine, project.product_margins)
        quality = quality | margin_gaps(engine, project, quality["warnings"])
    by_product = bool(project.product_margins)
    margin = None if "cost" in opened.columns else project.margin
    made = transactions(engine.dialect, margin=margin, whole_ids=whole_ids, by_product=by_product)
    read = ("transactions_checked", *(("product_margins",) if by_product else ()))
    engine.define("transactions", made, of=read)
    engine.define("quarantine", "select * from transactions_checked where reason is not null", of=read)
    return quality


def _checked(sql: Dialect, opened: Opened, source: Source) -> str:
    """Write the one pass that casts every row and names the first rule it breaks."""
    cases = " ".join(f"when {rule['bad']} then {sql.literal(rule['id'])}" for rule in _rules_for(opened))
    prefix = source.cancel_prefix
    cancelled = f"coalesce(left(order_id, {len(prefix)}) = {sql.literal(prefix)}, false)" if prefix else "false"
    sign = f"case when {cancelled} then -abs(amount_number) else amount_number end"
    money = "case when abs(amount_number) <= :max_amount then try_cast(round({} * 1e4) / 1e4 as decimal(18, 4)) end"
    purchase = ">= 0" if source.zero_is_purchase else "> 0"
    return f"""
        select customer_id, day, order_id, product, channel, quantity,
               case when reason is not null then {shown(sql, "timestamp", opened)} end as timestamp_text,
               case when reason is not null then {shown(sql, "amount", opened)} end as amount_text,
               {money.format(sign)} as amount,
               case when abs({sign}) <= :max_amount and abs(cost_number) <= :max_amount
                    then try_cast(round(({sign} - sign({sign}) * abs(cost_number)) * 1e4) / 1e4 as decimal(18, 4))
               end as margin_amount,
               not {cancelled} and (not has_amount or amount_number {purchase}) as is_purchase,
               {cancelled} or coalesce(amount_number < 0, false) as is_refund,
               {cancelled} as is_cancelled,
               has_cost, is_trimmed, has_thousands, {_in_parentheses(opened)} as in_parentheses, symbol, reason
        from (select *, case {cases} end as reason from ({transactions_read(sql, opened, source)}))"""


def _in_parentheses(opened: Opened) -> str:
    typed = opened.types.get("amount") != "VARCHAR"
    return "false" if typed else "coalesce(amount_number < 0 and contains(amount_text, '('), false)"


def _rules_for(opened: Opened) -> list[dict[str, Any]]:
    """The rules that a source can break: ids that are whole numbers have no spelling."""
    whole = has_whole_ids(opened)
    return [rule for rule in _rules() if not (whole and rule.get("of_text"))]


def transactions(sql: Dialect, *, margin: float | None = 1.0, whole_ids: bool = False, by_product: bool = False) -> str:
    """Write the select of the accepted rows; profit is amount less cost, or amount times the margin.

    The margin is that of the product where products have one, else that of the project; None where there are costs.
    """
    customer = "regexp_replace(customer_id, '[.]0$', '')" if whole_ids else "customer_id"
    margins = "left join product_margins m using (product)" if by_product else ""
    return f"""
        select {customer} as customer_id, day, amount, {_profit(margin, by_product=by_product)} as profit,
               is_purchase, is_refund, order_id, cast(product as {sql.text_type}) as product,
               cast(channel as {sql.text_type}) as channel, quantity
        from transactions_checked {margins} where reason is null"""


def _profit(margin: float | None, *, by_product: bool) -> str:
    """Write the profit of a line; where it is the amount, engines need to add up only one of them."""
    if margin is None:
        return "coalesce(margin_amount, amount)"
    if margin == 1 and not by_product:
        return "amount"
    share = f"cast('{margin!r}' as double)"
    share = f"coalesce(m.margin, {share})" if by_product else share
    return f"cast(round(cast(amount as double) * {share} * 1e4) / 1e4 as decimal(18, 4))"


def _rules() -> list[dict[str, Any]]:
    return rules.load("contract")["rule"]


def _rule(code: str) -> dict[str, Any]:
    return next(rule for rule in _rules() if rule["id"] == code)


@dataclass(frozen=True)
class _Checked:
    """A source whose rows are held against the contract, with what was counted."""

    engine: Engine
    project: Project
    opened: Opened
    quality: dict[str, Any]

    @property
    def name(self) -> str:
        return self.project.source_path.name


def _reject(checked: _Checked) -> None:
    """Raise once, naming every fault, when the source as a whole cannot be used."""
    quality, read = checked.quality, checked.quality["rows_read"]
    if read == 0:
        raise TableError(f"{checked.name}: no rows under the header (0 rows). Export it again.")
    codes = [code for code, n in quality["reasons"].items() if n >= _rule(code)["error_if"] * read]
    if not codes and quality["rows_used"] == 0:
        codes = list(quality["reasons"])
    faults = [_say(checked, code) for code in codes]
    if quality["rows_used"] == 0 and codes == ["after_as_of"]:
        faults = [
            f"{checked.name}: no transactions up to as_of {checked.project.as_of}: all {read:,} rows are later. "
            "Set a later as_of, not one before the data."
        ]
    if len(quality["currency_signs"]) > 1:
        signs = " and ".join(quality["currency_signs"])
        faults.append(f"{checked.name}: amount is in several currencies ({signs}). Give one source per currency.")
    if faults:
        raise TableError("\n".join(faults))


def _say(checked: _Checked, code: str) -> str:
    rule, quality = _rule(code), checked.quality
    given = checked.opened.columns.get(rule["column"], rule["column"])
    mapped = f" (column {given!r})" if given != rule["column"] else ""
    rows = ", ".join(f"{row:,}" for row in _first_rows(checked, code))
    how_many = f"{quality['reasons'][code]:,} of {quality['rows_read']:,} rows (first: rows {rows})"
    return f"{checked.name}: {rule['what']}{mapped} in {how_many}. {_suspected(checked, code)}{rule['remedy']}."


def _suspected(checked: _Checked, code: str) -> str:
    """Say what most of the texts that broke a rule look like, where the contract knows their form."""
    suspects = [suspect for suspect in rules.load("contract")["suspect"] if suspect["rule"] == code]
    if not suspects:
        return ""
    text = f"{_rule(code)['column']}_text"
    sql = checked.engine.dialect
    counts = [f"count(*) filter (where {sql.matches(text, s['form'])})" for s in suspects]
    found = checked.engine.fetch(
        f"select {', '.join(f'{c} as s{i}' for i, c in enumerate(counts))}"
        f" from transactions_checked where reason = {sql.literal(code)}"
    )
    most = checked.quality["reasons"][code] / 2
    said = [s["says"] for i, s in enumerate(suspects) if found[f"s{i}"].item() > most]
    return f"{said[0]}. " if said else ""


def _first_rows(checked: _Checked, code: str) -> list[int]:
    """Find the first rows of the source that break a rule, by reading it once more in order."""
    engine, project = checked.engine, checked.project
    view = f"({_checked(engine.dialect, checked.opened, project.source)})"
    values = {"as_of": project.as_of, "max_amount": project.source.max_amount}
    return engine.first_rows(view, f"reason = {engine.dialect.literal(code)}", rows=_SHOWN_ROWS, **values)
