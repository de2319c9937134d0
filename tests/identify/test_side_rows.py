"""Rows of side tables are held against the rules, and their ids against those of the purchases."""

import json
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custlib import rules
from custlib.engine.duckdb import DuckDB
from custlib.errors import TableError, UsageError
from custlib.identify.side_rows import Meeting, meet, rule_named, rules_of, said_of, some
from tests.identify.listed_shops import open_shop, rows_of

MADE = [("007", "North"), ("ann", "South")]


def test_the_rules_are_whole() -> None:
    for rule in rules.load("registers")["rule"]:
        words = {"what", "remedy", "what_zh", "remedy_zh"}
        assert set(rule) == {"of", "id", "column", "bad", "error_if", *words}
        assert set(rule["of"]) <= {"customers", "invoices"}
        assert not rule["what"].endswith(".")
        assert not rule["remedy"].endswith(".")
    codes = [rule["id"] for rule in rules.load("registers")["rule"]]
    assert len(set(codes)) == len(codes)


def test_rules_are_tried_in_order() -> None:
    assert rules_of("customers")[0]["id"] == "missing_customer_id"
    assert {"missing_due", "unreadable_due"} <= {rule["id"] for rule in rules_of("invoices")}
    assert rule_named("missing_due")["column"] == "due"


def test_numbers_of_things_are_said_as_one_says_them() -> None:
    assert (some(0, "row"), some(1, "row"), some(2, "row")) == ("0 rows", "1 row", "2 rows")


def lay(folder: Path, kind: str) -> str:
    """Write the list of customers as a file of this kind."""
    path = folder / f"crm.{kind}"
    rows = [{"customer_id": customer, "Region": region} for customer, region in MADE]
    if kind == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif kind == "xlsx":
        book = openpyxl.Workbook()
        for line in (["customer_id", "Region"], *MADE):
            book.active.append(list(line))
        book.save(path)
        book.close()
    else:
        path.write_text(
            "customer_id;Region\n" + "".join(f"{customer};{region}\n" for customer, region in MADE), "utf-16"
        )
    return path.name


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "xlsx"])
@pytest.mark.sampled
def test_every_kind_of_file_is_read_through_the_doors_of_purchases(tmp_path: Path, kind: str) -> None:
    keys = {"encoding": "utf-16", "delimiter": ";"} if kind == "csv" else {}
    given = {"path": lay(tmp_path, kind), "attributes": {"region": "Region"}} | keys
    shop = open_shop(tmp_path, customers=given)
    assert rows_of(shop, "customer_attributes") == MADE
    assert not list(shop.folder.glob("staged_*"))


def test_a_database_without_its_variable_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_CRM_URL", raising=False)
    with pytest.raises(UsageError, match="crm: the environment variable NO_CRM_URL is not set"):
        open_shop(tmp_path, customers={"url_env": "NO_CRM_URL", "table": "crm"})


def test_a_wrong_form_of_days_is_said_of_its_own_section(tmp_path: Path) -> None:
    text = "customer_id,due,paid\nann,31.01.2025,\n"
    with pytest.raises(UsageError, match="invoices.date_format: "):
        open_shop(tmp_path, invoices={"text": text, "date_format": "%Q"}).make("transactions")


def test_a_register_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, customers={"text": "customer_id\nann\n"})
    (tmp_path / "customers.csv").write_text("customer_id\nann\nbob\n")
    with pytest.raises(TableError, match="customers.csv: changed while it was read"):
        shop.make("transactions")


def met(folder: Path, listed: list[object], bought: list[object]) -> Meeting:
    engine = DuckDB(folder)
    engine.attach_frame("given", pd.DataFrame({"customer_id": listed}))
    engine.attach_frame("lines", pd.DataFrame({"customer_id": bought}))
    others = (
        "date '2025-01-01' as day, 1 as amount, 1 as profit, true as is_purchase, false as is_refund, 'x' as product"
    )
    engine.make("transactions", f"select customer_id, {others} from lines")
    found = meet(engine, "given")
    engine.close()
    return found


def test_counts_by_hand(tmp_path: Path) -> None:
    assert met(tmp_path, ["a", "b", "b"], ["b", "c", "d"]) == Meeting(customers=2, buyers=3, both=1, alike={})


@pytest.mark.parametrize(
    ("listed", "bought", "how"),
    [
        ("7", "007", "leading zeros"), ("Ann", "ANN", "upper and lower case"), ("7.0", "7", "'.0'"),
        ("\u0430nn", "ann", "look alike"),
    ],
)  # fmt: skip
def test_ids_that_only_their_spelling_keeps_apart_are_said(tmp_path: Path, listed: str, bought: str, how: str) -> None:
    found = met(tmp_path, [listed, "b"], [bought, "b"])
    assert (found.both, list(found.alike.values())) == (1, [1])
    assert how in said_of(found)[0]
    assert bought not in said_of(found)[0].split()


def test_ids_that_are_found_on_both_sides_are_alike_to_nobody(tmp_path: Path) -> None:
    assert met(tmp_path, ["7", "007"], ["7", "007", "x"]).alike == {}


def test_whole_numbers_have_one_spelling(tmp_path: Path) -> None:
    assert met(tmp_path, [7, 8], [7, 9]) == Meeting(2, 2, 1, {})


def test_no_id_in_common_is_said(tmp_path: Path) -> None:
    assert said_of(met(tmp_path, ["a"], ["b"])) == [
        "no id is one of the purchases: it may be another column, or ids written in another way"
    ]
    assert said_of(Meeting(1, 0, 0, {})) == []
