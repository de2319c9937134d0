"""The list of customers: one row per customer, what was done to its rows said, prospects kept and counted."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from custlib.errors import TableError, UsageError
from custlib.identify.customer_attributes import prospects
from tests.identify.listed_shops import SALES, listed, open_shop, rows_of

LIST = "customer_id,Region,geb\n007,North,1980-05-01\nann,South,\nzoe,East,2000-02-29\n"


def test_three_customers_by_hand(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, customers=listed(LIST))
    assert rows_of(shop, "customer_attributes") == [
        ("007", "North", "1980-05-01"), ("ann", "South", None), ("zoe", "East", "2000-02-29")
    ]  # fmt: skip
    quality = shop.get("quality")["registers"]["customers"]
    assert {name: quality[name] for name in ("rows_read", "rows_used", "rows_quarantined", "rows_removed")} == {
        "rows_read": 3, "rows_used": 3, "rows_quarantined": 0, "rows_removed": 0
    }  # fmt: skip
    assert (quality["customers"], quality["prospects"], quality["customers_unlisted"]) == (3, 1, 1)
    assert quality["filled"] == {"region": 3, "birth_date": 2}
    assert shop.get("quality")["warnings"] == [
        "customers: 1 customer with purchases not in the list: attributes unknown",
        "customers: 1 customer of the list never bought: prospects, in no model and no segment",
    ]


def test_prospects_are_in_no_activity_and_counted_by_attribute(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, customers=listed(LIST))
    engine = shop.make("customer_activity", "customer_attributes")
    assert engine.fetch("select count(*) as n from customer_activity")["n"].item() == 3
    sql, now = engine.dialect, dt.date(2025, 6, 30)
    assert engine.fetch(prospects(sql, as_of=now))["customers"].item() == 1
    found = engine.fetch(prospects(sql, by="attribute_region", as_of=now))
    assert found.to_dict("records") == [{"part": "East", "customers": 1}]
    # ann bought first on 1 February: the day before she was a prospect
    before = engine.fetch(f"{prospects(sql, by='attribute_region', as_of=dt.date(2025, 1, 31))} order by part")
    assert before["part"].tolist() == ["East", "South"]


def test_ids_are_trimmed_and_keep_their_zeros(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, customers=listed("customer_id,Region,geb\n\u00a0ann ,South,\n007,North,\n"))
    assert [row[0] for row in rows_of(shop, "customer_attributes")] == ["007", "ann"]
    assert shop.get("quality")["registers"]["customers"]["ids_trimmed"] == 1
    assert "customers: 1 row repaired: blanks around customer_id were taken off" in shop.get("quality")["warnings"]


def test_ids_without_their_zeros_are_not_joined_but_said(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, customers=listed("customer_id,Region,geb\n7,North,\nANN,South,\n"))
    assert shop.get("quality")["registers"]["customers"]["prospects"] == 2
    said = "\n".join(shop.get("quality")["warnings"])
    assert "ids differ only by leading zeros, as after a round trip through Excel from those of purchases (1)" in said
    assert "ids differ only by upper and lower case from those of purchases (1): not joined, write them alike" in said
    assert "no id is one of the purchases: it may be another column, or ids written in another way" in said


def test_blank_attributes_are_unknown(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, customers=listed('customer_id,Region,geb\nann,"  ",\t\n'))
    assert rows_of(shop, "customer_attributes") == [("ann", None, None)]


def test_of_several_rows_the_fullest_is_taken_then_the_first_of_the_alphabet(tmp_path: Path) -> None:
    rows = ["ann,,", "ann,South,1990-01-01", "ann,North,1990-01-01", "bob,East,", "bob,East,", "007,,"]
    kept = [("007", None, None), ("ann", "North", "1990-01-01"), ("bob", "East", None)]
    for number, order in enumerate((rows, rows[::-1])):
        text = "customer_id,Region,geb\n" + "\n".join(order) + "\n"
        shop = open_shop(tmp_path / str(number), customers=listed(text))
        assert rows_of(shop, "customer_attributes") == kept
    quality = shop.get("quality")["registers"]["customers"]
    assert (quality["rows_read"], quality["rows_used"], quality["rows_removed"]) == (6, 3, 3)
    assert (quality["rows_repeated"], quality["customers_differing"]) == (1, 1)
    assert quality["warnings"][0].startswith(
        "3 further rows of customers who have one already: 1 say the same; 1 customer with rows that differ: the row "
        "with most attributes filled was taken"
    )


def test_rows_without_an_id_are_set_aside(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, customers=listed("customer_id,Region,geb\nann,South,\n  ,North,\nbob,,\n"))
    quality = shop.get("quality")["registers"]["customers"]
    assert quality["reasons"] == {"missing_customer_id": 1}
    assert quality["rows_read"] == quality["rows_used"] + quality["rows_quarantined"] + quality["rows_removed"]
    assert "customers: 1 row set aside: customer_id is missing. Map the column" in "\n".join(
        shop.get("quality")["warnings"]
    )


def test_ids_are_whole_numbers_where_those_of_purchases_are(tmp_path: Path) -> None:
    sales = pd.DataFrame({"customer_id": [7, 8], "timestamp": ["2025-01-01", "2025-02-01"], "amount": [1.0, 2.0]})
    shop = open_shop(tmp_path, sales=sales, customers=listed("customer_id,Region,geb\n007,N,\n8.0,S,\n9,,\nx9,,\n"))
    assert shop.make("customer_attributes").columns("customer_attributes")["customer_id"] == "BIGINT"
    assert [row[0] for row in rows_of(shop, "customer_attributes")] == ["7", "8", "9"]
    quality = shop.get("quality")["registers"]["customers"]
    assert quality["reasons"] == {"customer_id_not_whole": 1}
    assert (quality["prospects"], quality["rows_quarantined"]) == (1, 1)


def test_ids_that_purchases_cannot_have_are_refused_when_most_are_so(tmp_path: Path) -> None:
    sales = pd.DataFrame({"customer_id": [7], "timestamp": ["2025-01-01"], "amount": [1.0]})
    shop = open_shop(tmp_path, sales=sales, customers=listed("customer_id,Region,geb\nann,N,\nbob,S,\n7,S,\n"))
    with pytest.raises(TableError, match=r"customers.csv: customer_id is no whole number, .* in 2 of 3 rows"):
        shop.make("transactions")
    assert not (shop.folder / "quality.json").exists()


def test_typed_columns_become_text_as_they_read(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "customer_id": [7.0, 8.0],
            "Region": [3.0, None],
            "geb": pd.to_datetime(["1980-05-01 00:00", "1990-01-01 10:30"]),
            "Zone": pd.to_datetime(["2025-01-01T23:30Z", None]),
        }
    )
    (tmp_path / "x").mkdir()
    frame.to_parquet(tmp_path / "x" / "crm.parquet")
    sales = "customer_id,timestamp\n7,2025-01-01\n8,2025-01-02\n"
    given = {"path": "crm.parquet", "attributes": {"area": "Region", "born": "geb", "since": "Zone"}}
    shop = open_shop(tmp_path / "x", sales=sales, customers=given | {"timezone": "Europe/Berlin"})
    assert rows_of(shop, "customer_attributes") == [
        ("7", "3", "1980-05-01", "2025-01-02"), ("8", None, "1990-01-01 10:30:00", None)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "keys", "said"),
    [
        (b"", {}, r"customers.csv: the file is empty \(0 bytes\)"),
        (b"\n\n", {}, "customers.csv: the file is empty: no header and no rows"),
        ("customer_id,Region,geb\n", {}, r"customers.csv: no rows under the header \(0 rows\). Export it again"),
        ("id,Region,geb\nann,,\n", {}, "column 'customer_id' is missing. .*Available: Region, geb, id"),
        ("id,Region,geb\nann,,\n", {}, r"Name your columns, for instance \[customers.columns\] customer_id = "),
        ("customer_id,Regoin,geb\nann,,\n", {}, "mapped from attribute_region. is missing. Did you mean 'Regoin'"),
        ("customer_id,Region,geb\n,N,\n,S,\nann,,\n", {}, r"is missing in 2 of 3 rows \(first: rows 1, 2\). Map"),
        ("customer_id,Region,geb\n6.22848E+17,N,\nann,,\nbob,,\n", {}, "scientific notation .* in 1 of 3 rows"),
        ("customer_id,Region,geb\nann,Köln,\n".encode("cp1252"), {}, r"encoding is not UTF-8 at byte 28 \(line 2\)"),
        ("customer_id,Region,geb\nann,N,\n", {"path": "none.csv"}, r"none.csv: no such file .*Correct customers.path"),
        ("customer_id,Region,geb\nann,N,\n", {"path": "*.tsv"}, "no file fits this pattern. Correct customers.path"),
        ("customer_id;Region;geb\nann;N;\n", {}, "header has no delimiter ',' but ';' parts it"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_on_one_screen(
    tmp_path: Path, text: str | bytes, keys: dict[str, str], said: str
) -> None:
    with pytest.raises((TableError, UsageError), match=said) as fault:
        open_shop(tmp_path, customers=listed(text, **keys)).make("transactions")
    assert len(str(fault.value).splitlines()) <= 3


def test_a_register_that_is_refused_leaves_the_increment_of_purchases_alone(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="no rows under the header"):
        open_shop(tmp_path, customers=listed("customer_id,Region,geb\n")).make("transactions")
    shop = open_shop(tmp_path, customers=listed(LIST))
    shop.make("transactions")
    assert shop.get("increment")["rows_new"] == SALES.count("\n") - 1


def test_several_files_are_one_list(tmp_path: Path) -> None:
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm" / "a.csv").write_text("customer_id,Region,geb,Tel\nann,South,,1\n")
    (tmp_path / "crm" / "b.csv").write_text("geb,customer_id,Region\n1980-05-01,007,North\n,ann,South\n")
    shop = open_shop(tmp_path, customers={"path": "crm", "attributes": {"region": "Region", "birth_date": "geb"}})
    assert rows_of(shop, "customer_attributes") == [("007", "North", "1980-05-01"), ("ann", "South", None)]
    assert "columns ignored: Tel" in shop.get("quality")["registers"]["customers"]["warnings"]


def test_the_worst_of_several_files_is_named(tmp_path: Path) -> None:
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm" / "a.csv").write_text("customer_id,Region,geb\nann,South,\n")
    (tmp_path / "crm" / "b.csv").write_text("customer_id,Region,geb\n,North,\n,West,\n")
    given = {"path": "crm", "attributes": {"region": "Region"}}
    with pytest.raises(TableError, match=r"b.csv: .* in 2 of 2 rows \(first: rows 1, 2\), in all inputs 2 of 3 rows"):
        open_shop(tmp_path, customers=given).make("transactions")


def test_a_list_without_attributes_tells_prospects(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, customers={"text": "customer_id\nann\nzoe\n"})
    assert shop.get("quality")["registers"]["customers"]["prospects"] == 1
    assert rows_of(shop, "customer_attributes") == [("ann",), ("zoe",)]


def test_without_a_list_there_are_no_attributes(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    assert rows_of(shop, "customer_attributes") == []
    assert shop.get("quality")["registers"] == {}
