"""Words that mean blank are no value; what only holds such a word is one."""

import gzip
from pathlib import Path

import pytest

from tests.identify.conftest import Check, ReadAll

HEADER = "customer_id,timestamp,amount,order_id,product\n"
GOOD = "".join(f"c{n},2025-01-0{1 + n % 9},10,o{n},tea\n" for n in range(20))
WORDS = ["NULL", "null", "(null)", "<NA>", "N/A", "n/a", "#N/A", "None", "\\N", "-", " NULL", "NULL "]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.sampled
def test_a_word_that_means_blank_is_missing_where_it_stands(check: Check, word: str) -> None:
    rows = f"{word},2025-01-01,10,o,tea\nann,{word},10,o,tea\nann,2025-01-01,{word},o,tea\n"
    result = check(HEADER + GOOD + rows)
    assert result.quality["reasons"] == {"missing_amount": 1, "missing_customer_id": 1, "missing_timestamp": 1}
    assert result.quality["rows_used"] == 20


def test_names_and_texts_that_hold_such_a_word_stay(check: Check) -> None:
    ids = ["C-NULL-7", "Null", "Nulla", "NA", "none", "null null", "nan-1"]
    rows = "".join(f"{name},2025-01-01,1,NULL,None\n" for name in ids)
    used = check(HEADER + rows).table("transactions")
    assert sorted(used["customer_id"]) == sorted(ids)
    assert used["order_id"].isna().all()
    assert set(used["product"]) == {"None"}


def test_numbers_that_are_none_keep_their_name(check: Check) -> None:
    assert check(HEADER + GOOD + "ann,2025-01-01,NaN,o,tea\n").quality["reasons"] == {"nonfinite_amount": 1}
    assert check(HEADER + GOOD + "NaN,2025-01-01,1,o,tea\n").quality["reasons"] == {"missing_customer_id": 1}


def test_the_words_of_the_project_replace_them(check: Check) -> None:
    rows = "NULL,2025-01-01,10,o,tea\nit's nobody,2025-01-01,10,o,tea\nNaN,2025-01-01,NaN,o,tea\n"
    result = check(HEADER + GOOD + rows, null_words=["it's nobody", "NaN"])
    assert result.quality["reasons"] == {"missing_customer_id": 2}
    assert "NULL" in set(result.table("transactions")["customer_id"])
    assert "NULL" in set(check(HEADER + GOOD + rows[:25], null_words=[]).table("transactions")["customer_id"])


@pytest.mark.parametrize("name", ["sales.jsonl", "sales.jsonl.gz"])
def test_other_kinds_have_them_too(check: Check, name: str) -> None:
    rows = "".join(
        f'{{"customer_id": "{who}", "timestamp": "2025-01-01", "amount": 1}}\n' for who in ("ann", "NULL", "b")
    )
    content = gzip.compress(rows.encode()) if name.endswith("gz") else rows
    assert check(content, name=name).quality["reasons"] == {"missing_customer_id": 1}


def test_texts_of_products_keep_their_words(read: ReadAll, tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text(HEADER + "NULL,2025-01-01,1,o,-\n")
    rows = read(path="sales.csv")[0].rows
    assert rows["customer_id"].isna().all()
    assert rows["product"].tolist() == ["-"]
