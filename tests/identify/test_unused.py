"""No option is accepted and unused: every key of a source has an effect that is shown here, or is refused."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from custlib.errors import TableError, UsageError
from custlib.identify.unused import NEEDS, NEVER_IDLE
from custlib.project import build
from custlib.source import Source
from tests.identify.conftest import Check

LINES = "customer_id,timestamp,amount,order_id,product,status,currency\nann,2025-01-01,10,1,tea,paid,EUR\n"
TWO = "customer_id,timestamp,amount\nann,2025-01-01,10\nbob,2025-01-02,0\n"


def typed(folder: Path, **columns: Any) -> Path:
    """A Parquet file of one purchase."""
    path = folder / "typed.parquet"
    day = pd.Timestamp("2025-01-01")
    pd.DataFrame({"customer_id": ["ann"], "timestamp": [day], "amount": [10.0]} | columns).to_parquet(path)
    return path


def workbook(folder: Path) -> Path:
    """A workbook of two sheets, with one purchase and with two."""
    path = folder / "sales.xlsx"
    header, line = ["customer_id", "timestamp", "amount"], ["ann", "2025-01-01", 1]
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "one"
    book.create_sheet("two")
    for name, rows in (("one", [header, line]), ("two", [header, line, line])):
        for row in rows:
            book[name].append(row)
    book.save(path)
    return path


def database(folder: Path) -> Path:
    """A database of two tables, with one purchase and with two."""
    path = folder / "shop.sqlite"
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as connection:
        for name, rows in (("one", 1), ("two", 2)):
            connection.execute(f"create table {name} (customer_id text, timestamp text, amount real)")
            connection.executemany(f"insert into {name} values (?, ?, ?)", [("ann", "2025-01-01", 1.0)] * rows)
    connection.close()
    return path


def used(check: Check, content: str | bytes | Path, **options: Any) -> tuple[int, float, int]:
    """Rows, money and purchases that are used."""
    quality = check(content, **options).quality
    return quality["rows_used"], quality["money_used"], quality["purchase_rows"]


# What shows that a key has an effect; those that say where the rows are, are shown by reading other rows.
Proof = Callable[[Check, Path], None]


def path(check: Check, folder: Path) -> None:
    (folder / "other.csv").write_text(TWO)
    assert used(check, LINES)[0] == 1 != used(check, folder / "other.csv")[0]


def package(check: Check, folder: Path) -> None:
    place = build(
        {"id": "a", "name": "A", "as_of": "2025-01-01", "source": {"path": "rules/map.toml", "package": "custlib"}}
    )
    assert place.source_path.parent.parent.name == "custlib"


def url_env(check: Check, folder: Path) -> None:
    assert Source(url_env="SHOP", table="sales").label == "sales"


def table(check: Check, folder: Path) -> None:
    assert [used(check, database(folder), table=name)[0] for name in ("one", "two")] == [1, 2]


def query(check: Check, folder: Path) -> None:
    assert used(check, database(folder), query="select * from two limit 1")[0] == 1


def sheet(check: Check, folder: Path) -> None:
    assert [used(check, workbook(folder), sheet=name)[0] for name in ("one", "two")] == [1, 2]


def columns(check: Check, folder: Path) -> None:
    content = "customer_id,timestamp,amount,net\nann,2025-01-01,10,7\n"
    assert (used(check, content)[1], used(check, content, columns={"amount": "net"})[1]) == (10, 7)


def names(check: Check, folder: Path) -> None:
    assert used(check, "ann,2025-01-01,10\n", names=["customer_id", "timestamp", "amount"])[:2] == (1, 10)


def encoding(check: Check, folder: Path) -> None:
    content = "customer_id,timestamp,amount\nJörg,2025-01-01,10\n".encode("cp1252")
    assert check(content, encoding="cp1252").table("transactions")["customer_id"].tolist() == ["Jörg"]


def delimiter(check: Check, folder: Path) -> None:
    assert used(check, TWO.replace(",", ";"), delimiter=";")[0] == 2


def decimal(check: Check, folder: Path) -> None:
    content = TWO.replace(",", ";").replace("10", "10,5")
    assert used(check, content, delimiter=";", decimal=",")[1] == 10.5


def thousands(check: Check, folder: Path) -> None:
    assert used(check, TWO.replace("10\n", '"1,000"\n'), thousands=",")[1] == 1000


def date_format(check: Check, folder: Path) -> None:
    content = "customer_id,timestamp,amount\nann,{0},1\n"
    days = [
        check(content.format("03/04/2025"), date_format=form).quality["last_day"] for form in ("%d/%m/%Y", "%m/%d/%Y")
    ]
    assert days == ["2025-04-03", "2025-03-04"]


def timezone(check: Check, folder: Path) -> None:
    content = "customer_id,timestamp,amount\nann,2025-01-01T23:30:00Z,1\n"
    days = [check(content, timezone=zone).quality["last_day"] for zone in ("UTC", "Asia/Tokyo")]
    assert days == ["2025-01-01", "2025-01-02"]


def cancel_prefix(check: Check, folder: Path) -> None:
    content = LINES + "ann,2025-01-02,10,C1,tea,paid,EUR\n"
    assert (used(check, content)[2], used(check, content, cancel_prefix="C")[1:]) == (2, (0, 1))


def guest_ids(check: Check, folder: Path) -> None:
    assert used(check, TWO, guest_ids=["bob"])[0] == 1


def exclude_products(check: Check, folder: Path) -> None:
    content = LINES + "ann,2025-01-02,5,2,post,paid,EUR\n"
    assert used(check, content, exclude_products=["post"])[:2] == (1, 10)


def count(check: Check, folder: Path) -> None:
    content = LINES + "ann,2025-01-02,5,2,tea,failed,EUR\n"
    assert used(check, content, count=["paid"])[:2] == (1, 10)


def currency_rates(check: Check, folder: Path) -> None:
    assert used(check, LINES, currency_rates={"EUR": 1.2})[1] == 12


def order_lines(check: Check, folder: Path) -> None:
    content = LINES + LINES.splitlines()[1] + "\n"
    assert [used(check, content, order_lines=lines)[:2] for lines in (True, False)] == [(2, 20), (1, 10)]


def order_totals(check: Check, folder: Path) -> None:
    content = LINES + LINES.splitlines()[1].replace("tea", "ale") + "\n"
    assert [used(check, content, order_totals=where)[1] for where in ("each_line", "repeated")] == [20, 10]


def net_to_nothing(check: Check, folder: Path) -> None:
    content = TWO + "ann,2025-01-01,-10\n"
    assert [used(check, content, net_to_nothing=what)[2] for what in ("purchase", "no_purchase")] == [2, 1]


def max_unreadable(check: Check, folder: Path) -> None:
    assert used(check, TWO + "cid,2025-01-03,?\n", max_unreadable=0.5)[0] == 2
    with pytest.raises(TableError, match="max_unreadable allows 10.0%"):
        check(TWO + "cid,2025-01-03,?\n", max_unreadable=0.1)


def zero_is_purchase(check: Check, folder: Path) -> None:
    assert [used(check, TWO, zero_is_purchase=counts)[2] for counts in (True, False)] == [2, 1]


def max_amount(check: Check, folder: Path) -> None:
    assert used(check, TWO + "cid,2025-01-03,5\n", max_amount=9)[0] == 2


def skip_rows(check: Check, folder: Path) -> None:
    assert used(check, "Sales;;\nof 2025;;\n" + TWO, skip_rows=2)[0] == 2


def null_words(check: Check, folder: Path) -> None:
    content = TWO + "nobody,2025-01-03,5\n"
    assert [used(check, content, null_words=words)[0] for words in ([], ["nobody"])] == [3, 2]


PROOFS: dict[str, Proof] = {
    proof.__name__: proof
    for proof in (
        path, package, url_env, table, query, sheet, columns, names, encoding, delimiter, decimal, thousands,
        date_format, timezone, cancel_prefix, guest_ids, exclude_products, count, currency_rates, order_lines,
        order_totals, net_to_nothing, max_unreadable, zero_is_purchase, max_amount,
        skip_rows, null_words,
    )
}  # fmt: skip

# A setting of every key that may be idle, and what is said of a file on which it is: a name, or a typed frame.
IDLE: dict[str, tuple[Any, str]] = {
    "sheet": ("one", "folder"),
    "names": (["customer_id", "timestamp", "amount"], "typed"),
    "null_words": (["nobody"], "whole"),
    "encoding": ("cp1252", "typed"),
    "delimiter": (";", "typed"),
    "decimal": (",", "typed"),
    "thousands": (",", "typed"),
    "date_format": ("%d/%m/%Y", "typed"),
    "timezone": ("Europe/Berlin", "typed"),
    "cancel_prefix": ("C", "bare"),
    "exclude_products": (["post"], "bare"),
    "count": (["paid"], "bare"),
    "currency_rates": ({"EUR": 1.0}, "bare"),
    "order_lines": (False, "bare"),
    "order_totals": ("repeated", "bare"),
    "net_to_nothing": ("no_purchase", "bare"),
    "zero_is_purchase": (False, "bare"),
    "max_amount": (5.0, "bare"),
}


@pytest.mark.parametrize("key", Source.model_fields)
@pytest.mark.sampled
def test_every_key_has_an_effect(check: Check, tmp_path: Path, key: str) -> None:
    PROOFS[key](check, tmp_path)


@pytest.mark.parametrize("key", Source.model_fields)
def test_every_key_without_an_effect_is_refused(check: Check, tmp_path: Path, key: str) -> None:
    assert (key in NEEDS) != (key in NEVER_IDLE)
    if key in NEVER_IDLE:
        return
    setting, kind = IDLE[key]
    (tmp_path / "folder").mkdir()
    for place in (tmp_path / "bare.csv", tmp_path / "folder" / "sales.csv"):
        place.write_text("customer_id,timestamp\nann,2025-01-01\n")
    whole = typed(tmp_path / "folder", customer_id=[1]) if kind == "whole" else None
    place = {"whole": whole, "typed": typed(tmp_path), "bare": tmp_path / "bare.csv", "folder": tmp_path / "folder"}[
        kind
    ]
    with pytest.raises(UsageError, match=f"source.{key} has no effect on"):
        check(place, **{key: setting})


def test_all_idle_options_are_named_at_once(check: Check, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as fault:
        check(typed(tmp_path), decimal=",", cancel_prefix="C")
    assert str(fault.value).splitlines() == [
        "source.decimal has no effect on typed.parquet: its numbers are numbers already, not texts: leave it out.",
        "source.cancel_prefix has no effect on typed.parquet: it has no order_id column: map one, as "
        'columns.order_id = "...", or leave the option out.',
    ]


def test_a_column_that_could_be_meant_is_named(check: Check) -> None:
    lines = "customer_id,timestamp,amount,Order Status\nann,2025-01-01,5,paid\n"
    with pytest.raises(UsageError, match='columns.status = "Order Status"'):
        check(lines, count=["paid"])


def test_defaults_are_never_refused(check: Check, tmp_path: Path) -> None:
    fields = Source.model_fields
    kept = {name: fields[name].default for name in NEEDS if fields[name].default is not None and name != "names"}
    assert used(check, typed(tmp_path), **kept)[0] == 1


def test_a_zone_moves_typed_moments_and_numbers_of_seconds(check: Check, tmp_path: Path) -> None:
    moment = pd.Series([pd.Timestamp("2025-01-01 23:30", tz="UTC")])
    assert check(typed(tmp_path, timestamp=moment), timezone="Asia/Tokyo").quality["last_day"] == "2025-01-02"
    seconds = typed(tmp_path, timestamp=[1735774200])
    assert check(seconds, timezone="Asia/Tokyo", date_format="epoch_s").quality["last_day"] == "2025-01-02"
    with pytest.raises(UsageError, match="timezone"):
        check(TWO.replace("2025-01-0", "0"), timezone="Asia/Tokyo", date_format="%d")


def test_options_of_side_tables_are_held_against_them_too(check: Check, tmp_path: Path) -> None:
    from custlib.identify.reading.inputs import Input
    from custlib.identify.reading.sources import Opened
    from custlib.identify.unused import refuse_unused
    from custlib.side_source import Customers

    crm = Customers(path="crm.csv", decimal=",", attributes={"region": "r"})
    opened = Opened({"customer_id": "id", "attribute_region": "r"}, {"customer_id": "VARCHAR"}, (), ())
    with pytest.raises(UsageError, match="customers.decimal has no effect on crm.csv"):
        refuse_unused(Input(crm, "crm.csv", Path("crm.csv")), opened)
