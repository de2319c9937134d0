"""Write docs/data-contract.md from the rules that files are held against: ``make data-contract``."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from custlib import rules
from custlib.commands.exit_codes import EXIT_CODES
from custlib.project import ON_REQUEST
from custlib.tables import describe

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "data-contract.md"
RULES = ROOT / "custlib" / "rules"
_ENTRY = re.compile(r"^(\w+) = ([^#]+?)\s*(?:#\s*(.*))?$")
_TABLE = re.compile(r"^\[(\w+)\]$")

HEAD = Path(__file__).with_name("data_contract_head.md")


def data_contract_page() -> str:
    """The text of docs/data-contract.md."""
    contract, sides, persons = (rules.load(name) for name in ("contract", "registers", "records"))
    parts = [
        _head(),
        _rules(
            "Purchases: rules of a line", contract["rule"], "Tried in this order; the first that holds is the reason."
        ),
        _suspects(contract["suspect"]),
        _listed(
            "What is repaired", contract["repair"], "done", "Counted in `repairs`, and together in `rows_repaired`."
        ),
        _listed(
            "What is kept and said", contract["finding"], "says", "Each is a count of this name in `quality.json`."
        ),
        _listed("Ids that look alike", contract["alike"], "says", "Nothing is merged; it is said how many there are."),
        _limits("contract", contract),
        _rules("Side tables: rules of a row", sides["rule"], "Of `[customers]` and `[invoices]` of a project."),
        _rules("Records of persons", persons["rule"], "Held by `custlib check`."),
        _codes(persons["sex"]),
        _on_request(),
    ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).rstrip() + "\n"


def _on_request() -> str:
    """Every column of customers that is made on request."""
    note = (
        'Asked for by name: `[value] columns` of a project, `run.customers(columns=["next_purchase"])`, or '
        "`custlib value --columns next_purchase --out value.csv`. Each is also a table with a row per customer, "
        '`run.table("next_purchase")`. Nothing is computed of what nobody asks for.'
    )
    rows = [
        (f"`{name}`", f"`{column.name}`", column.type, column.unit, column.meaning)
        for name in ON_REQUEST
        for column in describe(name).columns
        if column.name != "customer_id"
    ]
    header = ("asked for as", "column", "type", "unit", "meaning")
    return f"\n## Columns of customers on request\n\n{note}\n\n" + _table(header, rows)


def _head() -> str:
    codes = "".join(f"| {code} | {meaning} |\n" for code, meaning in EXIT_CODES.items())
    return HEAD.read_text(encoding="utf-8").replace("{exit_codes}\n", codes)


def _cell(text: Any) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def _table(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    names = list(header)
    lines = [names, ["---"] * len(names), *rows]
    return "".join(f"| {' | '.join(map(_cell, row))} |\n" for row in lines)


def _rules(title: str, listed: list[Mapping[str, Any]], note: str) -> str:
    rows = [
        (f"`{rule['id']}`", f"`{rule['column']}`", rule["what"], _fate(rule), _remedy(rule)) for rule in listed
    ]  # fmt: skip
    return f"\n## {title}\n\n{note}\n\n" + _table(("reason", "column", "what", "then", "what to do"), rows)


def _fate(rule: Mapping[str, Any]) -> str:
    """What becomes of a row, and from which share of rows the file is refused."""
    fate = "removed" if rule.get("action") == "remove" else "set aside"
    limit = rule["error_if"]
    if limit > 1:
        return fate
    return "the file is refused" if limit == 0 else f"{fate}; refused from {100 * limit:g} % of rows"


def _remedy(rule: Mapping[str, Any]) -> str:
    option = f"; option `{rule['option']}`" if "option" in rule else ""
    return f"{rule['remedy']}{option}"


def _suspects(listed: list[Mapping[str, Any]]) -> str:
    rows = [(f"`{one['rule']}`", f"`{one['form']}`", one["says"]) for one in listed]
    note = "When a column is refused, what most of its texts look like is said with it."
    return f"\n## What unreadable texts look like\n\n{note}\n\n" + _table(("reason", "form", "message"), rows)


def _listed(title: str, listed: list[Mapping[str, Any]], key: str, note: str) -> str:
    words = [one.get("what" if key == "done" else key, "counted only") for one in listed]
    rows = [(f"`{one['id']}`", text) for one, text in zip(listed, words, strict=True)]
    return f"\n## {title}\n\n{note}\n\n" + _table(("name", "message"), rows)


def _limits(name: str, contract: Mapping[str, Any]) -> str:
    """Every limit of a rule file with the words beside it."""
    tables = [table for table, entries in contract.items() if isinstance(entries, dict)]
    rows = [row for table in tables for row in _limit_rows(name, table)]
    note = "The numbers behind cautions and refusals; they are data, with what is meant beside them."
    return f"\n## Limits\n\n{note}\n\n" + _table(("limit", "value", "meaning"), rows)


def _limit_rows(name: str, wanted: str) -> Iterator[tuple[str, str, str]]:
    inside = False
    for line in (RULES / f"{name}.toml").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            inside = bool((table := _TABLE.match(line)) and table[1] == wanted)
        elif inside and (entry := _ENTRY.match(line)):
            yield (
                f"`{wanted}.{entry[1]}`",
                entry[2].replace("_", ",") if entry[2][0].isdigit() else entry[2],
                entry[3] or "",
            )


def _codes(codes: Mapping[str, list[str]]) -> str:
    rows = [(f"`{code}`", ", ".join(f"`{word}`" for word in words)) for code, words in codes.items()]
    return "\nSexes are written in many ways; others than these are counted as unknown.\n\n" + _table(
        ("code", "is"), rows
    )


def main() -> None:
    """Rewrite docs/data-contract.md."""
    PAGE.write_text(data_contract_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
