"""Makes ``transactions``: casts the source, holds every row against the contract, sets bad rows aside.

Reads the view ``source``; the rules are data (``rules/contract.toml``). Promise: no row and no money vanishes
uncounted, so ``rows_read = rows_used + rows_quarantined + rows_removed`` and the same for money.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from custlib import rules
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import TableError
from custlib.identify.casts import has_whole_ids, shown, transactions_read
from custlib.identify.findings import count, make_product_margins, margin_gaps, refuse_margins, removals
from custlib.identify.reading.inputs import Input
from custlib.identify.reading.sources import Gathered, Opened, agree, explain, open_input, release, stage
from custlib.identify.store import SEPARATOR, Kept, adopt, changes, keep, twins
from custlib.project import Project, Source

_SHOWN_ROWS = 3
_FLAGS = {
    "is_purchase": 1, "is_refund": 2, "is_cancelled": 4, "is_trimmed": 8, "has_thousands": 16, "in_parentheses": 32,
}  # fmt: skip
_LATER = "after_as_of"  # lines are kept for later runs, so this rule is held against them by each run


def make_transactions(engine: Engine, project: Project, gathered: Gathered | None = None) -> dict[str, Any]:
    """Read, cast and check the inputs of a project; define ``transactions`` and ``quarantine``.

    Returns the quality record: rows and money by what became of them, ``reasons``, ``removed`` and ``repairs`` {code:
    rows}, ``warnings``, and ``increment``: what is new since the last run. Checked lines are kept from run to run in
    the store of ``gathered``, within the folder of tables without one. Raises TableError if an input cannot be read,
    breaks a rule too often, or holds no usable row.
    """
    gathered = gathered or Gathered(project, engine.folder)
    entries = keep(engine, gathered, lambda *arguments: _read(engine, *arguments))
    for entry in entries:
        refuse_margins(project, entry.opened.columns, entry.name)
    together = agree([entry.opened for entry in entries], gathered.inputs)
    _define_checked(engine, project, adopt(engine, entries))
    quality = count(engine, together)
    _reject(_Checked(engine, project, gathered.inputs, entries, quality))
    quality["warnings"] += [*_bad_inputs(entries), *twins(entries, gathered.fingerprints)]
    quality["increment"] = changes(engine, entries, gathered.store, quality["last_day"])
    return _define_transactions(engine, project, together, quality)


def _read(engine: Engine, entry: Input, table: str, rows: int) -> Opened:
    """Make the checked lines of one input."""
    path = entry.path or Path(entry.name)
    staged = stage(entry, engine.folder)
    try:
        opened = open_input(engine, staged)
        select = lines(engine.dialect, opened, entry.source)
        engine.make(table, select, rows=rows, max_amount=entry.source.max_amount)
    except Exception as fault:
        raise explain(fault, path) from None
    finally:
        if staged is not entry:
            release(staged)
    return opened


def _define_checked(engine: Engine, project: Project, shapes: list[tuple[str, Opened]]) -> None:
    """Define ``transactions_checked`` over the lines of every shape; ids of several types become texts."""
    kinds = {has_whole_ids(opened) for _, opened in shapes}
    customer = "cast(customer_id as string)" if len(kinds) > 1 else "customer_id"
    parts = [transactions_checked(engine.dialect, opened, table, customer) for table, opened in shapes]
    tables = tuple(table for table, _ in shapes)
    engine.define("transactions_checked", " union all ".join(parts), of=tables, as_of=project.as_of)


def _define_transactions(engine: Engine, project: Project, opened: Opened, quality: dict[str, Any]) -> dict[str, Any]:
    whole_ids = "customer_id_float" in quality["repairs"]
    if project.product_margins:
        make_product_margins(engine, project.product_margins)
        quality = quality | margin_gaps(engine, project, quality["warnings"])
    by_product = bool(project.product_margins)
    margin = None if "cost" in opened.columns else project.margin
    select = transactions(engine.dialect, margin=margin, whole_ids=whole_ids, by_product=by_product)
    read = ("transactions_checked", *(("product_margins",) if by_product else ()))
    engine.define("transactions", select, of=read)
    engine.define("quarantine", quarantine(engine.dialect), of=read)
    return quality


def lines(sql: Dialect, opened: Opened, source: Source) -> str:
    """Write the one pass that casts every row and names the first rule it breaks, with the columns that it has.

    What is true or false of a row is one number, ``flags``; a row that breaks a rule has a text in ``bad``: the rule
    and what stood there. So a hundred million rows stay narrow; :func:`transactions_checked` spells them out.
    """
    prefix = source.cancel_prefix
    cancelled = f"coalesce(left(order_id, {len(prefix)}) = {sql.literal(prefix)}, false)" if prefix else "false"
    sign = "case when is_cancelled then -abs(amount_number) else amount_number end" if prefix else "amount_number"
    purchase = ">= 0" if source.zero_is_purchase else "> 0"
    texts = ", ".join(f"coalesce({shown(sql, name, opened)}, '')" for name in ("timestamp", "amount"))
    flags = {
        "is_purchase": f"not is_cancelled and (not has_amount or amount_number {purchase})",
        "is_refund": "is_cancelled or coalesce(amount_number < 0, false)",
        **dict.fromkeys(("is_cancelled", "is_trimmed", "has_thousands", "in_parentheses")),
    }
    bits = " + ".join(f"case when {flags[name] or name} then {bit} else 0 end" for name, bit in _FLAGS.items())
    return f"""
        select {", ".join(_own(opened))},
               case when abs(amount_number) <= :max_amount then {_decimal(sign)} end as amount, {_margin(sign, opened)}
               cast({bits} as smallint) as flags,
               case when reason is not null then concat_ws({SEPARATOR}, reason, {texts}) end as bad
        from (select *, case {_cases(sql, opened, source)} end as reason
              from (select *, {cancelled} as is_cancelled, {_in_parentheses(opened)} as in_parentheses
                    from ({transactions_read(sql, opened, source)})))"""


def transactions_checked(sql: Dialect, opened: Opened, table: str, customer: str = "customer_id") -> str:
    """Write the select of the checked rows of a table of lines with all columns of the contract, as of ``:as_of``."""
    text = f"cast(null as {sql.text_type})"
    absent = {"order_id": text, "product": text, "channel": text, "symbol": text, "quantity": "cast(null as double)",
              "margin_amount": "cast(null as decimal(18, 4))"}  # fmt: skip
    own = _own(opened) + (["margin_amount"] if "cost" in opened.columns else [])
    other = [name if name in own else f"{null} as {name}" for name, null in absent.items()]
    flags = [f"(flags & {bit}) <> 0 as {name}" for name, bit in _FLAGS.items()]
    texts = [
        f"nullif(split_part(bad, {SEPARATOR}, {place}), '') as {name}"
        for place, name in enumerate(("reason", "timestamp_text", "amount_text"), 1)
    ]
    has_cost = "true" if "cost" in opened.columns else "false"
    later = f"case when day > :as_of then concat({sql.literal(_LATER)}, {SEPARATOR}, cast(day as string)) end"
    return f"""
        select {", ".join(["customer_id", "day", "amount", *absent, *_FLAGS, *(["has_cost"])])}, bad, {", ".join(texts)}
        from (select {customer} as customer_id, day, amount, {", ".join([*other, *flags])}, {has_cost} as has_cost,
                     coalesce(bad, {later}) as bad from {table})"""


def _own(opened: Opened) -> list[str]:
    """Columns that the rows of a source have beside their money."""
    also = [name for name in ("order_id", "product", "channel", "quantity") if name in opened.columns]
    return ["customer_id", "day", *also, *(["symbol"] if opened.types.get("amount") == "VARCHAR" else [])]


def _decimal(number: str) -> str:
    return f"try_cast(round(({number}) * 1e4) / 1e4 as decimal(18, 4))"


def _margin(sign: str, opened: Opened) -> str:
    """Write what the cost leaves of the amount, where the source has a cost."""
    if "cost" not in opened.columns:
        return ""
    known = "abs(amount_number) <= :max_amount and abs(cost_number) <= :max_amount"
    return f"case when {known} then {_decimal(f'{sign} - sign({sign}) * abs(cost_number)')} end as margin_amount,"


def _cases(sql: Dialect, opened: Opened, source: Source) -> str:
    return " ".join(f"when {rule['bad']} then {sql.literal(rule['id'])}" for rule in _rules_for(opened, source))


def _in_parentheses(opened: Opened) -> str:
    typed = opened.types.get("amount") != "VARCHAR"
    return "false" if typed else "coalesce(amount_number < 0 and contains(amount_text, '('), false)"


def _rules_for(opened: Opened, source: Source) -> list[dict[str, Any]]:
    """The rules that a source can break: ids that are whole numbers have no spelling, and unset options no rule."""
    whole = has_whole_ids(opened)
    able = [rule for rule in _rules() if rule["id"] != _LATER and not (whole and rule.get("of_text"))]
    return [rule for rule in able if "option" not in rule or getattr(source, rule["option"])]


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
        from transactions_checked {margins} where bad is null"""


def quarantine(sql: Dialect) -> str:
    """Write the select of the rows that cannot be used; what an option removes is not among them."""
    left_out = "".join(f" and reason <> {sql.literal(code)}" for code in removals())
    return f"select * from transactions_checked where bad is not null{left_out}"


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
    """What was read of each input, held against the contract, with what was counted."""

    engine: Engine
    project: Project
    inputs: list[Input]
    entries: list[Kept]
    quality: dict[str, Any]

    @property
    def name(self) -> str:
        """The only input, or the first and how many others."""
        first, others = self.inputs[0].name, len(self.inputs) - 1
        return f"{first} and {others:,} other input{'s' if others > 1 else ''}" if others else first


def _bad_inputs(entries: list[Kept]) -> list[str]:
    """Say which of several inputs broke a rule so often that it would have been refused alone."""
    return [
        f"{entry.name}: {_rule(code)['what']} in {n:,} of its {entry.rows:,} rows, so it may be written in another "
        "way than the other inputs"
        for entry in entries
        for code, n in sorted(entry.reasons.items())
        if len(entries) > 1 and n >= _rule(code)["error_if"] * entry.rows
    ]


def _reject(checked: _Checked) -> None:
    """Raise once, naming every fault, when what was read cannot be used."""
    quality, read = checked.quality, checked.quality["rows_read"]
    if read == 0:
        raise TableError(f"{checked.name}: no rows under the header (0 rows). Export it again.")
    codes = [code for code, n in quality["reasons"].items() if n >= _rule(code)["error_if"] * read]
    if not codes and quality["rows_used"] == 0:
        codes = list(quality["reasons"])
    faults = [_say(checked, code) for code in codes]
    if quality["rows_used"] == 0 and codes == [_LATER]:
        faults = [
            f"{checked.name}: no transactions up to as_of {checked.project.as_of}: all {read:,} rows are later. "
            "Set a later as_of, not one before the data."
        ]
    if len(quality["currency_signs"]) > 1:
        signs = " and ".join(quality["currency_signs"])
        faults.append(f"{checked.name}: amount is in several currencies ({signs}). Give one source per currency.")
    if faults:
        raise TableError("\n".join(faults), record=quality)


def _say(checked: _Checked, code: str) -> str:
    """Say how often a rule is broken, in which rows, and in which of several inputs most."""
    rule, quality = _rule(code), checked.quality
    place = max(range(len(checked.entries)), key=lambda n: checked.entries[n].reasons.get(code, 0))
    worst, many = checked.entries[place], len(checked.entries) > 1 and code != _LATER
    column = worst.opened.columns.get(rule["column"], rule["column"])
    mapped = f" (column {column!r})" if column != rule["column"] else ""
    rows = ", ".join(f"{row:,}" for row in _first_rows(checked, code, place)) if code != _LATER else ""
    first = f" (first: rows {rows})" if rows else ""
    in_all = f"{quality['reasons'][code]:,} of {quality['rows_read']:,} rows"
    how_many = (
        f"{worst.reasons[code]:,} of {worst.rows:,} rows{first}, in all inputs {in_all}" if many else in_all + first
    )
    name = worst.name if many else checked.name
    return f"{name}: {rule['what']}{mapped} in {how_many}. {_suspected(checked, code)}{rule['remedy']}."


def _suspected(checked: _Checked, code: str) -> str:
    """Say what most of the texts that broke a rule look like, where the contract knows their form."""
    suspects = [suspect for suspect in rules.load("contract")["suspect"] if suspect["rule"] == code]
    if not suspects:
        return ""
    text = f"{_rule(code)['column']}_text"
    sql = checked.engine.dialect
    counts = [f"count(*) filter (where {sql.matches(text, s['form'])})" for s in suspects]
    totals = checked.engine.fetch(
        f"select {', '.join(f'{c} as s{i}' for i, c in enumerate(counts))}"
        f" from transactions_checked where reason = {sql.literal(code)}"
    )
    most = checked.quality["reasons"][code] / 2
    messages = [s["says"] for i, s in enumerate(suspects) if totals[f"s{i}"].item() > most]
    return f"{messages[0]}. " if messages else ""


def _first_rows(checked: _Checked, code: str, place: int) -> list[int]:
    """Find the first rows of an input that break a rule, by reading it once more in order."""
    engine, entry = checked.engine, stage(checked.inputs[place], checked.engine.folder)
    opened = open_input(engine, entry)
    view = f"({lines(engine.dialect, opened, entry.source)})"
    broken = f"split_part(bad, {SEPARATOR}, 1) = {engine.dialect.literal(code)}"
    return engine.first_rows(view, broken, rows=_SHOWN_ROWS, max_amount=entry.source.max_amount)
