"""Says how the ids of a register meet those of the purchases: written in the same way, known or not, or nearly so.

Ids are taken as the purchases have them: whole numbers where those are, else trimmed text, with its leading zeros.
"""

from dataclasses import dataclass
from typing import Any

from custlib import rules
from custlib.engine.base import Engine
from custlib.errors import TableError
from custlib.identify.register import Register, rule_named

_FLOAT, _WHOLE = "^[0-9]+[.]0$", "^[+-]?[0-9]{1,19}$"
NOT_WHOLE = "customer_id_not_whole"


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


def rows_kept(register: Register, *, fit: int, used: int) -> dict[str, Any]:
    """State what became of the rows of a register: ``rows_read`` is the sum of used, quarantined and removed."""
    reasons = dict(register.reasons)
    not_whole = register.rows - sum(reasons.values()) - fit
    reasons |= {NOT_WHOLE: not_whole} if not_whole else {}
    return {
        "rows_read": register.rows,
        "rows_used": used,
        "rows_quarantined": sum(reasons.values()),
        "rows_removed": fit - used,
        "reasons": dict(sorted(reasons.items())),
    }


def known_rows(engine: Engine, register: Register, columns: str) -> str:
    """Write the select of the good rows of a register, with ids as the purchases have them.

    Their ``customer_id`` is null where the purchases cannot have such an id. Raises TableError if most ids are such.
    """
    select = f"select {_id(engine, register)} as customer_id{columns} from ({register.select})"
    if _has_texts(engine):
        return select
    found = engine.fetch(f"select count(*) as n, count(customer_id) as whole from ({select})").iloc[0]
    rows, rule = int(found["n"]), rule_named(NOT_WHOLE)
    bad = rows - int(found["whole"])
    if bad and bad >= rule["error_if"] * rows:
        raise TableError(
            f"{register.reads[0].name}: {rule['what']} in {bad:,} of {rows:,} rows that are used. {rule['remedy']}."
        )
    return select


def _has_texts(engine: Engine) -> bool:
    return engine.columns("transactions")["customer_id"] == "VARCHAR"


def _id(engine: Engine, register: Register) -> str:
    """Write the id; '.0' is taken off where every id has it, as floats do, and where purchases have whole numbers."""
    sql = engine.dialect
    bare = sql.replaced("customer_id", "[.]0$", "")
    if not _has_texts(engine):
        return f"case when {sql.matches(bare, _WHOLE)} then try_cast({bare} as bigint) end"
    others = f"select 1 as one from ({register.select}) where not {sql.matches('customer_id', _FLOAT)} limit 1"
    return bare if engine.fetch(f"select count(*) as n from ({others})")["n"].item() == 0 else "customer_id"


def meet(engine: Engine, table: str) -> Meeting:
    """Hold the customers of a table against those who bought."""
    found = engine.fetch(f"""
        select count(l.customer_id) as customers, count(b.customer_id) as buyers,
               count(case when l.customer_id = b.customer_id then 1 end) as both
        from ({_ids(table)}) l full join ({_buyers()}) b on l.customer_id = b.customer_id""").iloc[0]
    customers, buyers, both = (int(found[name]) for name in ("customers", "buyers", "both"))
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
    found = {}
    for rule in rules.load("contract")["alike"]:
        spelled = f"select distinct {rule['spelling'].format('customer_id')} as spelled"
        both = f"({spelled} from ({left})) join ({spelled} from ({right})) using (spelled)"
        if n := int(engine.fetch(f"select count(*) as n from {both}")["n"].item()):
            found[str(rule["says"])] = n
    return found


def said_of(meeting: Meeting) -> list[str]:
    """Say which ids were not joined though they look alike, and that none was."""
    said = [
        f"ids {how} from those of purchases ({n:,}): not joined, write them alike in both"
        for how, n in sorted(meeting.alike.items())
    ]
    if meeting.buyers and not meeting.both:
        said.append("no id is one of the purchases: it may be another column, or ids written in another way")
    return said
