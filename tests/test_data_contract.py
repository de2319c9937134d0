"""The page on the data contract names every rule, and is made from the rules."""

import pytest

from custlib import rules
from custlib.project import ON_REQUEST
from custlib.tables import describe
from scripts.data_contract import PAGE, data_contract_page

TEXT = PAGE.read_text(encoding="utf-8")
FILES = ("contract", "registers", "records")
LISTED = [
    entry["id"]
    for name in FILES
    for entries in rules.load(name).values()
    if isinstance(entries, list)
    for entry in entries
    if "id" in entry
]


def test_the_page_is_made_from_the_rules() -> None:
    assert data_contract_page() == TEXT, "docs/data-contract.md is out of date: make data-contract"


@pytest.mark.parametrize("code", sorted(set(LISTED)))
def test_every_rule_stands_on_it(code: str) -> None:
    assert f"| `{code}` |" in TEXT


def test_every_limit_stands_on_it() -> None:
    contract = rules.load("contract")
    for table, entries in contract.items():
        if isinstance(entries, dict):
            for name in entries:
                assert f"| `{table}.{name}` | " in TEXT


def test_every_message_says_what_to_do() -> None:
    for name in FILES:
        assert all(rule["what"] and rule["remedy"] for rule in rules.load(name)["rule"])


@pytest.mark.parametrize("name", ON_REQUEST)
def test_every_column_on_request_stands_on_it(name: str) -> None:
    columns = [column.name for column in describe(name).columns if column.name != "customer_id"]
    assert columns and [column for column in columns if f"| `{name}` | `{column}` |" not in TEXT] == []
