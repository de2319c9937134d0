"""JSON lines: values as text as they stand, keys that come late found, what is no object refused."""

import gzip
from pathlib import Path

import pytest

from custlib.errors import TableError
from tests.identify.conftest import Check, ReadAll

SHOP = '{"customer_id":"ann","timestamp":"2025-01-01","amount":10}\n{"customer_id":"bob","timestamp":"2025-02-01"}\n'


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_objects_become_rows(read: ReadAll, tmp_path: Path) -> None:
    (tmp_path / "sales.jsonl").write_text(SHOP)
    (shop,) = read(path="sales.jsonl")
    assert shop.rows["customer_id"].tolist() == ["ann", "bob"]
    assert shop.rows["amount"].tolist()[0] == "10"
    assert shop.rows["amount"].isna().tolist() == [False, True]
    assert shop.opened.types == {"customer_id": "VARCHAR", "timestamp": "VARCHAR", "amount": "VARCHAR"}


def test_they_go_through_the_contract_as_a_csv_does(check: Check) -> None:
    rows = [("ann", "2025-01-01", 10.5), ("bob", "2025-02-01", 20), ("bob", "2025-02-03", -1)]
    lines = "".join(f'{{"customer_id":"{c}","timestamp":"{t}","amount":{a}}}\n' for c, t, a in rows)
    plain = "customer_id,timestamp,amount\n" + "".join(f"{c},{t},{a}\n" for c, t, a in rows)
    assert check(lines, name="sales.ndjson").quality == check(plain).quality


@pytest.mark.parametrize("name", ["s.jsonl.gz", "s.ndjson.gz"])
def test_packed_lines_are_read(read: ReadAll, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(gzip.compress(SHOP.encode()))
    assert len(read(path=name)[0].rows) == 2


def test_another_encoding_is_read(read: ReadAll, tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_bytes(SHOP.replace("ann", "张三").encode("gb18030"))
    assert "张三" in read(path="s.jsonl", encoding="gb18030")[0].rows["customer_id"].tolist()
    assert [path.name for path in (tmp_path / "tables").glob("staged_*")] == ["staged_1.parquet"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("12345678901234567890", "12345678901234567890"),
        ('"007"', "007"),
        ("17850.0", "17850.0"),
        ("6.22848E+17", "6.22848e+17"),
        ("true", "true"),
        ('"a\\"b"', 'a"b'),
        ('"\\u5f20"', "张"),
    ],
)
def test_ids_stay_as_they_are(read: ReadAll, tmp_path: Path, value: str, text: str) -> None:
    (tmp_path / "s.jsonl").write_text(f'{{"customer_id":{value},"timestamp":"2025-01-01"}}\n')
    assert read(path="s.jsonl")[0].rows["customer_id"].tolist() == [text]


def test_numbers_are_numbers_also_under_a_decimal_comma(check: Check) -> None:
    text = (
        '{"customer_id":"a","timestamp":"2025-01-01","amount":1.5}\n'
        '{"customer_id":"a","timestamp":"2025-01-02","amount":"2,5"}\n'
    )
    assert check(text, name="s.jsonl", decimal=",").quality["money_used"] == 4


def test_a_key_that_comes_up_far_down_is_found(read: ReadAll, tmp_path: Path) -> None:
    line = '{"customer_id":"ann","timestamp":"2025-01-01"}\n'
    (tmp_path / "s.jsonl").write_text(line * 30_000 + line.replace("}", ',"cost":3}'))
    (shop,) = read(path="s.jsonl")
    assert "amount" not in shop.opened.columns
    assert shop.rows["cost"].count() == 1


def test_keys_that_nothing_reads_are_ignored_and_may_be_nested(read: ReadAll, tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text(SHOP.replace('"amount"', '"basket":[{"x":1}],"amount"'))
    assert read(path="s.jsonl")[0].opened.ignored == ("basket",)


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("{broken\n", "s.jsonl: line 3 is no JSON object"),
        ("[1, 2]\n", "s.jsonl: line 3 is no JSON object"),
        ('{"customer_id":{"id":1},"timestamp":"2025-01-01"}\n', "column 'customer_id' holds a list or nested value"),
        ('{"customer_id":1,"timestamp":[1]}\n', "column 'timestamp' holds a list or nested value"),
    ],
)
@pytest.mark.parametrize("far", [False, True])
@pytest.mark.sampled
def test_lines_that_are_no_purchase_are_refused(read: ReadAll, tmp_path: Path, more: str, said: str, far: bool) -> None:
    before = SHOP * 10_001 if far else SHOP
    (tmp_path / "s.jsonl").write_text(before + more)
    with pytest.raises(TableError, match=said.replace("line 3", "line 20,003") if far else said) as fault:
        read(path="s.jsonl")
    assert "broken" not in str(fault.value)
    assert not list((tmp_path / "tables").glob("staged_*"))


def test_a_missing_key_is_named(read: ReadAll, tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text(SHOP)
    with pytest.raises(TableError, match=r"s.jsonl: column 'price' \(mapped from amount\) is missing"):
        read(path="s.jsonl", columns={"amount": "price"})
    (tmp_path / "s.jsonl").write_text('{"customer_id":1}\n')
    with pytest.raises(TableError, match="s.jsonl: column 'timestamp' is missing"):
        read(path="s.jsonl")


@pytest.mark.parametrize("content", [b"\n\n", gzip.compress(SHOP.encode(), mtime=0)[:-12]])
def test_an_empty_or_truncated_file_is_refused(read: ReadAll, tmp_path: Path, content: bytes) -> None:
    name = "s.jsonl" if content == b"\n\n" else "s.jsonl.gz"
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TableError, match=rf"{name}: (the file is empty|cannot be read, truncated or corrupt)"):
        read(path=name)
    assert not list((tmp_path / "tables").glob("staged_*"))


# --- marks, arrays, twins ---------------------------------------------------------------------------------------------

PURCHASE = '{"customer_id": "ann", "timestamp": "2025-01-01", "amount": 10}'


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8", "auto"])
@pytest.mark.sampled
def test_a_byte_order_mark_is_no_part_of_the_first_object(check: Check, packed: bool, encoding: str) -> None:
    content = f"\ufeff{PURCHASE}\r\n{PURCHASE}\r\n".encode()
    name = "sales.jsonl.gz" if packed else "sales.jsonl"
    result = check(gzip.compress(content) if packed else content, name=name, encoding=encoding)
    assert (result.quality["rows_used"], result.quality["money_used"]) == (2, 20)


@pytest.mark.parametrize("name", ["sales.json", "sales.json.gz", "sales.jsonl"])
def test_an_array_is_said(check: Check, name: str) -> None:
    with pytest.raises(TableError, match="JSON array.* Write one object a line, as .jsonl"):
        check(gzip.compress(f"[{PURCHASE}]".encode()) if name.endswith("gz") else f"[{PURCHASE}]", name=name)


def test_a_key_that_stands_twice_is_named_with_its_line(check: Check) -> None:
    twice = PURCHASE.replace("}", ', "amount": 11}')
    with pytest.raises(TableError, match="line 2: column 'amount' stands twice in one object"):
        check(f"{PURCHASE}\n{twice}\n", name="sales.jsonl")
    with pytest.raises(TableError, match="line 60,001: column 'amount' stands twice in one object"):
        check(f"{PURCHASE}\n" * 60_000 + f"{twice}\n", name="sales.jsonl")
