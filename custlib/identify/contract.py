"""Makes ``transactions``: casts the source, holds every row against the contract, sets bad rows aside.

Reads the view ``source``; the rules are data (``rules/contract.toml``). Promise: no row and no money vanishes
uncounted, so ``rows_read = rows_used + rows_quarantined + rows_removed`` and the same for money.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from custlib import rules
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import TableError
from custlib.identify.accepted import define_transactions
from custlib.identify.casts import has_whole_ids, money_of, shown, transactions_read
from custlib.identify.findings import count, refuse_margins
from custlib.identify.meaning import Lines, cautions
from custlib.identify.numbers import is_text
from custlib.identify.order_lines import kept_of_orders, once_per_order
from custlib.identify.orders import is_settled, refuse_first_lines, settle
from custlib.identify.reading.faults import explain
from custlib.identify.reading.inputs import Input
from custlib.identify.reading.sources import Gathered, Opened, agree, open_input, release, stage
from custlib.identify.store import SEPARATOR, Kept, adopt, changes, keep, twins
from custlib.identify.together import look_together
from custlib.identify.unused import refuse_unused
from custlib.project import Project, Source

_SHOWN_ROWS, _NAMED = 3, 8
_FLAGS = {
    "is_purchase": 1, "is_refund": 2, "is_cancelled": 4, "is_trimmed": 8, "has_thousands": 16, "in_parentheses": 32,
    "is_order_line": 64, "may_net_to_nothing": 128,
    "is_returned": 256, "has_odd_sign": 512, "has_other_digits": 1024,
    "has_offset": 4096,
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
    _define_checked(engine, project, entries)
    quality = count(engine, together)
    checked = _Checked(engine, project, gathered.inputs, entries, quality)
    refuse_first_lines(engine, checked.name, quality)
    _reject(checked)
    quality["warnings"] += cautions(Lines(engine, project, gathered.inputs, entries, together))
    quality["warnings"] += _bad_inputs(entries)
    if project.overlap == "keep_all":
        quality["warnings"] += twins(entries, gathered.fingerprints)
    quality |= look_together(engine, project, gathered.inputs, entries, quality)
    quality["increment"] = changes(engine, entries, gathered.store, quality["last_day"])
    return define_transactions(engine, project, quality)


def _read(engine: Engine, entry: Input, table: str, rows: int, number: int) -> Opened:
    """Make the checked lines of one input, which they hold the number of."""
    staged = stage(entry, engine.folder)
    try:
        opened = open_input(engine, staged)
        refuse_unused(entry, opened)
        select = f"select *, cast({number} as bigint) as input from ({lines(engine.dialect, opened, entry.source)})"
        engine.make(table, select, rows=rows, max_amount=entry.source.max_amount)
    except Exception as fault:
        raise explain(fault, staged) from None
    finally:
        if staged is not entry:
            release(staged)
    return opened


def _define_checked(engine: Engine, project: Project, entries: list[Kept]) -> None:
    """Define ``transactions_checked`` over the lines of every shape; ids of several types become texts."""
    shapes = adopt(engine, entries)
    kinds = {has_whole_ids(opened) for _, opened in shapes}
    customer = "cast(customer_id as string)" if len(kinds) > 1 else "customer_id"
    parts = [
        transactions_checked(engine.dialect, opened, table, engine.columns(table), customer) for table, opened in shapes
    ]
    tables, select = tuple(table for table, _ in shapes), " union all ".join(parts)
    if is_settled(project):
        engine.define("lines_checked", select, of=tables, as_of=project.as_of)
        settle(engine, project, entries)
    else:
        engine.define("transactions_checked", select, of=tables, as_of=project.as_of)


def lines(sql: Dialect, opened: Opened, source: Source) -> str:
    """Write the one pass that casts every row and names the first rule it breaks, with the columns that it has.

    What is true or false of a row is one number, ``flags``; a row that breaks a rule has a text in ``bad``: the rule
    and what stood there. So a hundred million rows stay narrow; :func:`transactions_checked` spells them out.
    """
    prefix = source.cancel_prefix
    cancelled = f"coalesce(left(order_id, {len(prefix)}) = {sql.literal(prefix)}, false)" if prefix else "false"
    back = " or ".join(
        [*(["is_cancelled"] if prefix else []), *(["is_returned"] if "quantity" in opened.columns else [])]
    )
    sign = f"case when {back} then -abs(amount_number) else amount_number end" if back else "amount_number"
    purchase = ">= 0" if source.zero_is_purchase else "> 0"
    below = "coalesce(quantity < 0, false)" if "quantity" in opened.columns else "false"
    texts = ", ".join(f"coalesce({shown(sql, name, opened)}, '')" for name in ("timestamp", "amount"))
    flags = {
        "is_purchase": f"not is_cancelled and not {below} and (not has_amount or paid_number {purchase})",
        "is_refund": f"is_cancelled or {below} or coalesce(paid_number < 0, false)",
        "may_net_to_nothing": "true" if source.net_to_nothing == "no_purchase" else "false",
    }
    bits = " + ".join(f"case when {flags.get(name, name)} then {bit} else 0 end" for name, bit in _FLAGS.items())
    rows = f"""
        select *, case {_cases(sql, opened, source)} end as reason
        from (select *, {cancelled} as is_cancelled, {_in_parentheses(opened)} as in_parentheses
              from ({transactions_read(sql, opened, source)}))"""
    return f"""
        select {", ".join([*_as_kept(_own(opened), source), *kept_of_orders(opened, source, _decimal(sign))])},
               case when is_repeated then 0 when abs(amount_number) <= :max_amount then {_decimal(sign)} end as amount,
               {_margin(sign, back, opened)}
               cast({bits} as smallint) as flags,
               case when reason is not null then concat_ws({SEPARATOR}, reason, {texts}) end as bad
        from ({once_per_order(source, rows)})"""


def transactions_checked(
    sql: Dialect, opened: Opened, table: str, columns: Collection[str], customer: str = "customer_id"
) -> str:
    """Write the select of the checked rows of a table of lines with all columns of the contract, as of ``:as_of``.

    Other columns than those that the table has are null.
    """
    text, money = f"cast(null as {sql.text_type})", "cast(null as decimal(18, 4))"
    absent = {"order_id": text, "product": text, "channel": text, "symbol": text, "quantity": "cast(null as double)",
              "status": text, "currency": text, "margin_amount": money, "amount_repeated": money, "cancels": text,
              "moment": "cast(null as integer)", "input": "cast(null as bigint)"}  # fmt: skip
    other = [name if name in columns else f"{null} as {name}" for name, null in absent.items()]
    flags = [f"(flags & {bit}) <> 0 as {name}" for name, bit in _FLAGS.items()]
    texts = [
        f"nullif(split_part(bad, {SEPARATOR}, {place}), '') as {name}"
        for place, name in enumerate(("reason", "timestamp_text", "amount_text"), 1)
    ]
    known = [f"{'true' if name in opened.columns else 'false'} as has_{name}" for name in ("cost", "profit")]
    later = f"case when day > :as_of then concat({sql.literal(_LATER)}, {SEPARATOR}, cast(day as string)) end"
    return f"""
        select {", ".join(["customer_id", "day", "amount", *absent, *_FLAGS])}, has_cost, has_profit, bad,
               {", ".join(texts)}
        from (select {customer} as customer_id, day, amount, {", ".join([*other, *flags, *known])},
                     coalesce(bad, {later}) as bad from {table})"""


def _own(opened: Opened) -> list[str]:
    """Columns that the rows of a source have beside their money."""
    also = [
        name for name in ("order_id", "product", "channel", "quantity", "status", "currency") if name in opened.read
    ]
    return ["customer_id", "day", *also, *(["symbol"] if is_text(opened, money_of(opened)) else [])]


def _as_kept(columns: list[str], source: Source) -> list[str]:
    """Write the columns of the lines; money that was converted is of no currency but that of the project."""
    converted = "case when reason is not null then currency end as currency"
    return [converted if name == "currency" and source.rates else name for name in columns]


def _decimal(number: str) -> str:
    return f"try_cast(round(({number}) * 1e4) / 1e4 as decimal(18, 4))"


def _margin(sign: str, back: str, opened: Opened) -> str:
    """Write what the cost leaves of the amount, or the profit given, which goes back as the amount does."""
    if "profit" in opened.columns:
        profit = f"case when amount_number > 0 and ({back}) then -profit_number else profit_number end"
        known = "abs(amount_number) <= :max_amount and abs(profit_number) <= :max_amount"
        margin = _decimal(profit if back else "profit_number")
        return f"case when is_repeated then 0 when {known} then {margin} end as margin_amount,"
    if "cost" not in opened.columns:
        return ""
    known = "abs(amount_number) <= :max_amount and abs(cost_number) <= :max_amount"
    margin = _decimal(f"{sign} - sign({sign}) * abs(cost_number)")
    return f"case when is_repeated then 0 when {known} then {margin} end as margin_amount,"


def _cases(sql: Dialect, opened: Opened, source: Source) -> str:
    return " ".join(f"when {rule['bad']} then {sql.literal(rule['id'])}" for rule in _rules_for(opened, source))


def _in_parentheses(opened: Opened) -> str:
    typed = not is_text(opened, money_of(opened))
    return "false" if typed else "coalesce(money_number < 0 and contains(amount_text, '('), false)"


def _rules_for(opened: Opened, source: Source) -> list[dict[str, Any]]:
    """The rules that a source can break: ids that are whole numbers have no spelling, and unset options no rule."""
    whole = has_whole_ids(opened)
    able = [rule for rule in _rules() if rule["id"] != _LATER and not (whole and rule.get("of_text"))]
    return [rule for rule in able if "option" not in rule or getattr(source, rule["option"])]


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
        rows = "the only row is" if read == 1 else f"all {read:,} rows are"
        faults = [
            f"{checked.name}: no transactions up to as_of {checked.project.as_of}: {rows} later. "
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
    if named := _rule(code).get("named"):
        return _values_of(checked, code, named)
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


def _values_of(checked: _Checked, code: str, column: str) -> str:
    """Name the values of a column that broke a rule, those of most rows first."""
    broken = f"reason = {checked.engine.dialect.literal(code)}"
    counts = checked.engine.fetch(
        f"select coalesce({column}, '(blank)') as value, count(*) as n from transactions_checked where {broken}"
        f" group by {column} order by n desc, value limit {_NAMED}"
    )
    return (
        f"They are: {', '.join(f'{value} in {n:,}' for value, n in zip(counts['value'], counts['n'], strict=True))}. "
    )


def _first_rows(checked: _Checked, code: str, place: int) -> list[int]:
    """Find the first rows of an input that break a rule, by reading it once more in order."""
    engine, entry = checked.engine, stage(checked.inputs[place], checked.engine.folder)
    opened = open_input(engine, entry)
    view = f"({lines(engine.dialect, opened, entry.source)})"
    broken = f"split_part(bad, {SEPARATOR}, 1) = {engine.dialect.literal(code)}"
    return engine.first_rows(view, broken, rows=_SHOWN_ROWS, max_amount=entry.source.max_amount)
