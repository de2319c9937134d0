"""Checks records of persons with five elements: name, sex, day of birth, kind and number of a document.

Counts persons by equality of all five, which merges nobody by likeness; a document that two persons show is a conflict
for review. Rules and codes are data (``rules/records.toml``). Nothing of a record is written: rows are counted.
"""

import datetime as dt
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from custlib import rules
from custlib.commands.verdict import Verdict
from custlib.engine.duckdb import DuckDB
from custlib.errors import TableError, UsageError, counted
from custlib.explore.opening import TemporaryWork
from custlib.identify.casts import texts
from custlib.identify.reading.faults import explain
from custlib.identify.reading.inputs import Input
from custlib.identify.reading.sources import open_input, stage
from custlib.project import validated
from custlib.source import Source

_ELEMENTS = ("name", "sex", "birth_date", "doc_type", "doc_number")
_ROLES = (*_ELEMENTS, "source", "source_id")
_FIELDS = ("encoding", "delimiter")


class Records(Source):
    """Records of persons: a file with the five elements."""

    section: ClassVar[str] = "source"
    required: ClassVar[tuple[str, ...]] = _ELEMENTS
    columns: dict[str, str] = Field(default_factory=dict)

    @property
    def roles(self) -> tuple[str, ...]:
        """The five elements, and where a record comes from."""
        return _ROLES


def is_records(header: list[str]) -> bool:
    """Whether the columns are those of records of persons.

    Examples
    --------
    >>> is_records(["source", "name", "sex", "birth_date", "doc_type", "doc_number"]), is_records(["name", "sex"])
    (True, False)
    """
    return set(_ELEMENTS) <= set(header)


def check_records(file: Path, options: dict[str, Any]) -> Verdict:
    """Hold records against their rules, and count the persons that all five elements tell apart."""
    others = [name for name in options if name not in (*_FIELDS, "as_of")]
    if others:
        raise UsageError(f"options: {', '.join(others)}: not of records of persons. Available: {', '.join(_FIELDS)}.")
    named = {name: options[name] for name in _FIELDS if name in options}
    source = validated(Records, named | {"path": str(file.resolve())}, "options")
    as_of = dt.date.fromisoformat(str(options.get("as_of") or dt.date.today()))
    with closing(TemporaryWork("custlib-check-")) as work, closing(DuckDB(work.path)) as engine:
        entry = Input(source, file.name, file.resolve())
        try:
            entry = stage(entry, engine.folder)
            opened = open_input(engine, entry)
            engine.make("records", _checked(engine, texts(engine.dialect, opened, _ROLES)), as_of=as_of)
        except Exception as fault:
            raise explain(fault, entry) from None
        return _verdict(file.name, engine)


def _checked(engine: DuckDB, read: str) -> str:
    """Write the select of all records with the first rule that each breaks, and sexes by one code."""
    sql, words = engine.dialect, rules.load("records")
    cases = " ".join(f"when {rule['bad']} then {sql.literal(rule['id'])}" for rule in words["rule"])
    codes = " ".join(
        f"when lower(sex_text) in ({', '.join(sql.literal(word) for word in spelled)}) then {sql.literal(code)}"
        for code, spelled in words["sex"].items()
    )
    born = f"cast({sql.moment('birth_date_text')} as date)"
    return f"""
        select name_text as name, born, doc_type_text as doc_type, doc_number_text as doc_number, sex_text,
               case {codes} end as sex, case {cases} end as reason
        from (select *, {born} as born from ({read}))"""


def _verdict(name: str, engine: DuckDB) -> Verdict:
    counts = engine.fetch("select coalesce(reason, '') as reason, count(*) as n from records group by reason")
    by_reason = {str(code): int(n) for code, n in zip(counts["reason"], counts["n"], strict=True)}
    used, read = by_reason.pop("", 0), int(counts["n"].sum())
    if read == 0:
        raise TableError(f"{name}: no rows under the header (0 rows). Export it again.")
    listed = {rule["id"]: rule for rule in rules.load("records")["rule"]}
    faults = tuple(
        f"{name}: {listed[code]['what']} in {n:,} of {read:,} rows. {listed[code]['remedy']}."
        for code, n in by_reason.items()
        if n >= listed[code]["error_if"] * read
    )
    totals = _counted(engine)
    record = {
        "records": read, "rows_read": read, "rows_used": used, "rows_quarantined": read - used, "rows_removed": 0,
        "reasons": dict(sorted(by_reason.items())), **totals,
    }  # fmt: skip
    set_aside = [
        f"{counted(n, 'row', 'rows')} set aside: {listed[code]['what']}. {listed[code]['remedy']}"
        for code, n in by_reason.items()
    ]
    facts = (
        ("rows", f"{read:,} read, {used:,} used, {read - used:,} set aside, 0 removed"),
        ("persons", f"{totals['persons']:,}, equal in all of {', '.join(_ELEMENTS)}; nobody is merged by likeness"),
    )
    return Verdict(name, facts, (), (*set_aside, *_cautions(totals)), faults, record)


def _counted(engine: DuckDB) -> dict[str, int]:
    person = "select distinct name, born, sex, doc_type, doc_number from records where reason is null"
    selects = {
        "persons": f"select count(*) as n from ({person})",
        "conflicts": f"select count(*) as n from (select doc_type, doc_number from ({person})"
                     " where doc_number is not null group by all having count(*) > 1)",
        "sex_recoded": "select count(*) as n from records where sex is not null and sex <> sex_text",
        "sex_unknown": "select count(*) as n from records where sex is null and sex_text is not null",
    }  # fmt: skip
    return {name: int(engine.fetch(select)["n"].item()) for name, select in selects.items()}


def _cautions(totals: dict[str, int]) -> tuple[str, ...]:
    messages = []
    if n := totals["conflicts"]:
        documents = counted(n, "document (doc_type, doc_number) belongs", "documents (doc_type, doc_number) belong")
        messages.append(f"conflict: {documents} to several persons: each was left a person of its own; review them")
    if n := totals["sex_recoded"]:
        messages.append(f"{counted(n, 'row', 'rows')} repaired: sex was written in other codes and became M or F")
    if n := totals["sex_unknown"]:
        messages.append(
            f"{counted(n, 'row has', 'rows have')} a sex that no code is known for: it was taken as unknown"
        )
    return tuple(messages)
