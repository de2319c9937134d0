"""Reads the rows of a side table: holds them against the rules, and their ids against those of the purchases.

Makes ``<side table>_read_<n>``, one per input, bad rows named by their rule. The rules are data
(``rules/registers.toml``). What is set aside is counted with its reason; a side table whose rows are mostly bad is
refused with one screen, as purchases are. Ids are taken as the purchases have them: whole numbers where those are,
else trimmed text, with its leading zeros.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from custlib import rules
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.errors import TableError
from custlib.identify.reading.faults import explain
from custlib.identify.reading.inputs import Input
from custlib.identify.reading.sources import Gathered, Opened, fingerprint_of, open_input, release, stage
from custlib.identify.unused import refuse_unused
from custlib.project import Source

Select = Callable[[Dialect, Opened, Source], str]
_SHOWN_ROWS = 3
_DAY_FORMS = "unreadable_timestamp"  # the rule of the contract whose suspects know how days are written
_FLOAT, _WHOLE = "^[0-9]+[.]0$", "^[+-]?[0-9]{1,19}$"
NOT_WHOLE = "customer_id_not_whole"


@dataclass(frozen=True)
class Read:
    """One input of a side table that was read.

    Attributes
    ----------
    name : str
        What messages call it.
    table : str
        Its rows, with the first rule that each breaks in ``reason``.
    opened : Opened
        Its columns.
    rows : int
        How many rows it has.
    reasons : dict of str to int
        Rows that break a rule, by the rule.
    first : dict of str to list of int
        The first rows that break a rule, for rules that may refuse it.
    suspected : dict of str to str
        What most texts that break a rule look like, where that is known.
    """

    name: str
    table: str
    opened: Opened
    rows: int
    reasons: dict[str, int]
    first: dict[str, list[int]]
    suspected: dict[str, str]


@dataclass(frozen=True)
class SideTable:
    """A side table that was read and holds mostly good rows: its section of the project file, and its inputs."""

    name: str
    reads: tuple[Read, ...]

    @property
    def select(self) -> str:
        """The select of the good rows of all inputs."""
        return " union all ".join(f"select * from {read.table} where reason is null" for read in self.reads)

    @property
    def rows(self) -> int:
        """Rows of all inputs."""
        return sum(read.rows for read in self.reads)

    @property
    def reasons(self) -> dict[str, int]:
        """Rows that break a rule, by the rule, of all inputs."""
        return dict(sum((Counter(read.reasons) for read in self.reads), Counter()))

    def drop(self, engine: Engine) -> None:
        """Remove the rows as they were read."""
        for read in self.reads:
            engine.drop(read.table)


def read_side_table(engine: Engine, gathered: Gathered, name: str, select: Select) -> SideTable:
    """Read every input of a side table and hold its rows against the rules.

    Raises TableError if an input cannot be read, lacks a column, changed meanwhile, or most rows are bad.
    """
    pairs = list(zip(gathered.side_tables[name], gathered.side_table_fingerprints[name], strict=True))
    reads = []
    for number, (entry, fingerprint) in enumerate(pairs):
        reads.append(_read(engine, entry, f"{name}_read_{number}", select))
        if fingerprint_of(entry) != fingerprint:
            raise TableError(f"{entry.name}: changed while it was read. Run again once it is written.")
    side_table = SideTable(name, tuple(reads))
    _reject(side_table)
    return side_table


def some(n: int, what: str) -> str:
    """Write how many there are of something.

    Examples
    --------
    >>> some(1, "row"), some(1204, "row")
    ('1 row', '1,204 rows')
    """
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def rules_of(name: str) -> list[dict[str, Any]]:
    """List the rules that rows of a side table are held against, in order."""
    return [rule for rule in rules.load("registers")["rule"] if name in rule["of"]]


def rule_named(code: str) -> dict[str, Any]:
    """Look one rule up by its id."""
    rule: dict[str, Any] = next(rule for rule in rules.load("registers")["rule"] if rule["id"] == code)
    return rule


def _read(engine: Engine, entry: Input, table: str, select: Select) -> Read:
    source, staged = entry.source, stage(entry, engine.folder)
    try:
        opened = open_input(engine, staged)
        refuse_unused(entry, opened)
        cases = " ".join(
            f"when {rule['bad']} then {engine.dialect.literal(rule['id'])}" for rule in rules_of(source.section)
        )
        view = f"select *, case {cases} end as reason from ({select(engine.dialect, opened, source)})"
        engine.make(table, view)
        return _counted(engine, entry, opened, table, view)
    except Exception as fault:
        raise explain(fault, staged) from None
    finally:
        if staged is not entry:
            release(staged)


def _counted(engine: Engine, entry: Input, opened: Opened, table: str, view: str) -> Read:
    """Count the rows of an input by the rule they break; find the first ones where there are many."""
    counts = engine.fetch(f"select reason, count(*) as n from {table} group by reason")
    bad = counts.dropna(subset=["reason"])
    rows, reasons = int(counts["n"].sum()), dict(zip(bad["reason"], map(int, bad["n"]), strict=True))
    many = [code for code, n in reasons.items() if sum(reasons.values()) >= _least(code) * rows]
    broken = {code: f"reason = {engine.dialect.literal(code)}" for code in many}
    first = {code: engine.first_rows(f"({view})", holds, rows=_SHOWN_ROWS) for code, holds in broken.items()}
    suspected = {code: message for code in many if (message := _suspected(engine, table, code, reasons[code]))}
    return Read(entry.name, table, opened, rows, reasons, first, suspected)


def _least(code: str) -> float:
    return float(min(rule_named(code)["error_if"], rules.load("registers")["most_bad"]))


def _suspected(engine: Engine, table: str, code: str, rows: int) -> str:
    """Say what most of the days that cannot be read look like, where the contract knows their form."""
    if not code.startswith("unreadable_"):
        return ""
    text, sql = f"{rule_named(code)['column']}_text", engine.dialect
    suspects = [suspect for suspect in rules.load("contract")["suspect"] if suspect["rule"] == _DAY_FORMS]
    counts = [f"count(*) filter (where {sql.matches(text, one['form'])}) as s{i}" for i, one in enumerate(suspects)]
    totals = engine.fetch(f"select {', '.join(counts)} from {table} where reason = {sql.literal(code)}")
    messages = [one["says"] for i, one in enumerate(suspects) if totals[f"s{i}"].item() > rows / 2]
    return f"{messages[0]}. " if messages else ""


def _reject(side_table: SideTable) -> None:
    """Raise once, naming every fault, when a side table cannot be used."""
    read, reasons = side_table.rows, side_table.reasons
    if read == 0:
        raise TableError(f"{_called(side_table)}: no rows under the header (0 rows). Export it again.")
    codes = [code for code, n in reasons.items() if n >= rule_named(code)["error_if"] * read]
    if sum(reasons.values()) >= rules.load("registers")["most_bad"] * read:
        codes = list(reasons)
    if codes:
        ordered = sorted(codes, key=lambda code: (-reasons[code], code))
        raise TableError("\n".join(_say(side_table, code) for code in ordered))


def _called(side_table: SideTable) -> str:
    """The only input, or the first and how many others."""
    first, others = side_table.reads[0].name, len(side_table.reads) - 1
    return f"{first} and {some(others, 'other input')}" if others else first


def _say(side_table: SideTable, code: str) -> str:
    """Say how often a rule is broken, in which rows, and in which of several inputs most."""
    rule = rule_named(code)
    worst = max(side_table.reads, key=lambda read: read.reasons.get(code, 0))
    column = worst.opened.columns.get(rule["column"], rule["column"])
    mapped = f" (column {column!r})" if column != rule["column"] else ""
    rows = ", ".join(f"{row:,}" for row in worst.first.get(code, []))
    how_many = f"{worst.reasons[code]:,} of {worst.rows:,} rows" + (f" (first: rows {rows})" if rows else "")
    if len(side_table.reads) > 1:
        how_many += f", in all inputs {side_table.reasons[code]:,} of {side_table.rows:,} rows"
    return f"{worst.name}: {rule['what']}{mapped} in {how_many}. {worst.suspected.get(code, '')}{rule['remedy']}."


@dataclass(frozen=True)
class Meeting:
    """How the customers of a table meet those who bought.

    Attributes
    ----------
    customers, buyers, both : int
        Customers of the table, customers with a purchase, and those who are both.
    alike : dict of str to int
        Ids of the table without purchase that one spelling would make those of a buyer who is not in the table, by
        how they differ.
    """

    customers: int
    buyers: int
    both: int
    alike: dict[str, int]


def rows_kept(side_table: SideTable, *, fit: int, used: int) -> dict[str, Any]:
    """State what became of the rows of a side table: ``rows_read`` is the sum of used, quarantined and removed."""
    reasons = dict(side_table.reasons)
    not_whole = side_table.rows - sum(reasons.values()) - fit
    reasons |= {NOT_WHOLE: not_whole} if not_whole else {}
    return {
        "rows_read": side_table.rows,
        "rows_used": used,
        "rows_quarantined": sum(reasons.values()),
        "rows_removed": fit - used,
        "reasons": dict(sorted(reasons.items())),
    }


def known_rows(engine: Engine, side_table: SideTable, columns: str) -> str:
    """Write the select of the good rows of a side table, with ids as the purchases have them.

    Their ``customer_id`` is null where the purchases cannot have such an id. Raises TableError if most ids are such.
    """
    select = f"select {_id(engine, side_table)} as customer_id{columns} from ({side_table.select})"
    if _has_texts(engine):
        return select
    counts = engine.fetch(f"select count(*) as n, count(customer_id) as whole from ({select})").iloc[0]
    rows, rule = int(counts["n"]), rule_named(NOT_WHOLE)
    bad = rows - int(counts["whole"])
    if bad and bad >= rule["error_if"] * rows:
        raise TableError(
            f"{side_table.reads[0].name}: {rule['what']} in {bad:,} of {rows:,} rows that are used. {rule['remedy']}."
        )
    return select


def _has_texts(engine: Engine) -> bool:
    return engine.columns("transactions")["customer_id"] == "VARCHAR"


def _id(engine: Engine, side_table: SideTable) -> str:
    """Write the id; '.0' is taken off where every id has it, as floats do, and where purchases have whole numbers."""
    sql = engine.dialect
    bare = sql.replaced("customer_id", "[.]0$", "")
    if not _has_texts(engine):
        return f"case when {sql.matches(bare, _WHOLE)} then try_cast({bare} as bigint) end"
    others = f"select 1 as one from ({side_table.select}) where not {sql.matches('customer_id', _FLOAT)} limit 1"
    return bare if engine.fetch(f"select count(*) as n from ({others})")["n"].item() == 0 else "customer_id"


def meet(engine: Engine, table: str) -> Meeting:
    """Hold the customers of a table against those who bought."""
    counts = engine.fetch(f"""
        select count(l.customer_id) as customers, count(b.customer_id) as buyers,
               count(case when l.customer_id = b.customer_id then 1 end) as both
        from ({_ids(table)}) l full join ({_buyers()}) b on l.customer_id = b.customer_id""").iloc[0]
    customers, buyers, both = (int(counts[name]) for name in ("customers", "buyers", "both"))
    apart = _has_texts(engine) and both < min(customers, buyers)
    return Meeting(customers, buyers, both, _alike(engine, table) if apart else {})


def _ids(table: str) -> str:
    return f"select distinct customer_id from {table}"


def _buyers() -> str:
    return "select distinct customer_id from transactions where is_purchase"


def _alike(engine: Engine, table: str) -> dict[str, int]:
    """Count ids on both sides that only their spelling keeps apart, by the rules of the contract."""
    left = f"select * from ({_ids(table)}) anti join ({_buyers()}) using (customer_id)"
    right = f"select * from ({_buyers()}) anti join ({_ids(table)}) using (customer_id)"
    alike = {}
    for rule in rules.load("contract")["alike"]:
        spelled = f"select distinct {rule['spelling'].format('customer_id')} as spelled"
        both = f"({spelled} from ({left})) join ({spelled} from ({right})) using (spelled)"
        if n := int(engine.fetch(f"select count(*) as n from {both}")["n"].item()):
            alike[str(rule["says"])] = n
    return alike


def said_of(meeting: Meeting) -> list[str]:
    """Say which ids were not joined though they look alike, and that none was."""
    messages = [
        f"ids {how} from those of purchases ({n:,}): not joined, write them alike in both"
        for how, n in sorted(meeting.alike.items())
    ]
    if meeting.buyers and not meeting.both:
        messages.append("no id is one of the purchases: it may be another column, or ids written in another way")
    return messages
