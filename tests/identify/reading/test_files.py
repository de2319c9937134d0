"""Files: delimiters told on request, folders of CSV and Parquet, columns from the names of folders."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custlib.errors import TableError
from tests.identify.conftest import ReadAll

SHOP = "customer_id,timestamp,amount\nann,2025-01-01,10\nbob,2025-02-01,20\n"


def lay(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


# --- delimiters -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sign", "shown"), [(",", "','"), (";", "';'"), ("\t", "tab"), ("|", "'|'")])
def test_auto_takes_the_delimiter_that_parts_evenly_and_says_so(
    read: ReadAll, tmp_path: Path, sign: str, shown: str
) -> None:
    lay(tmp_path / "sales.csv", SHOP.replace(",", sign))
    (shop,) = read(path="sales.csv", delimiter="auto")
    assert shop.rows["customer_id"].tolist() == ["ann", "bob"]
    assert shop.opened.remarks == (f"delimiter {shown} was taken, as the first lines say",)


def test_auto_is_not_misled_by_decimal_commas(read: ReadAll, tmp_path: Path) -> None:
    lay(tmp_path / "sales.csv", "customer_id;timestamp;amount\nann;2025-01-01;1,5\nbob;2025-02-01;20,0\n")
    (shop,) = read(path="sales.csv", delimiter="auto", decimal=",")
    assert shop.rows["amount"].tolist() == ["1,5", "20,0"]


def test_auto_is_not_misled_by_quotes(read: ReadAll, tmp_path: Path) -> None:
    lay(tmp_path / "sales.csv", 'customer_id;timestamp;product\n"a;n,n";2025-01-01;"x\ny"\n')
    assert read(path="sales.csv", delimiter="auto")[0].rows["customer_id"].tolist() == ["a;n,n"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("customer_id\nann\n", "none does"),
        ("a,b;c\n1,2;3\n", "several do: ',' ';'"),
        ("a,b\n1,2,3\n", "none does"),
    ],
)
def test_auto_asks_where_it_is_not_clear(read: ReadAll, tmp_path: Path, content: str, said: str) -> None:
    lay(tmp_path / "sales.csv", content)
    with pytest.raises(TableError, match=rf"no single delimiter .* \({said}\)"):
        read(path="sales.csv", delimiter="auto")


def test_a_wrong_delimiter_is_not_corrected_unasked(read: ReadAll, tmp_path: Path) -> None:
    lay(tmp_path / "sales.csv", SHOP.replace(",", ";"))
    with pytest.raises(TableError, match="the header has no delimiter ',' but ';' parts it"):
        read(path="sales.csv")


# --- folders ----------------------------------------------------------------------------------------------------------


def test_each_file_of_a_folder_is_read_by_itself(read: ReadAll, tmp_path: Path) -> None:
    lay(tmp_path / "s" / "2025-02.csv", SHOP)
    lay(tmp_path / "s" / "2025-01.csv", "amount,customer_id,timestamp,note\n5,zoe,2025-01-05,x\n")
    january, february = read(path="s/*.csv")
    assert january.rows.to_dict("list") == {"customer_id": ["zoe"], "timestamp": ["2025-01-05"], "amount": ["5"]}
    assert january.opened.ignored == ("note",)
    assert february.rows["customer_id"].tolist() == ["ann", "bob"]


def test_a_fault_names_the_file_of_the_folder(read: ReadAll, tmp_path: Path) -> None:
    lay(tmp_path / "s" / "a.csv", SHOP)
    lay(tmp_path / "s" / "2025" / "b.csv", "customer_id,day\nann,2025-01-01\n")
    with pytest.raises(TableError, match="^2025/b.csv: column 'timestamp' is missing"):
        read(path="s")


def test_folders_of_parquet_give_their_columns(read: ReadAll, tmp_path: Path) -> None:
    rows = pa.table({"customer_id": [1, 2], "timestamp": ["2025-01-01", "2025-02-01"], "amount": [1.5, 2.5]})
    for place in ("year=2024/channel=web", "year=2025/channel=__HIVE_DEFAULT_PARTITION__"):
        (tmp_path / "s" / place).mkdir(parents=True)
        pq.write_table(rows, tmp_path / "s" / place / "part-0.parquet")
    web, unknown = read(path="s")
    assert web.rows["channel"].tolist() == ["web", "web"]
    assert unknown.rows["channel"].isna().all()
    assert web.opened.types == {
        "customer_id": "BIGINT", "timestamp": "VARCHAR", "amount": "DOUBLE", "channel": "VARCHAR",
    }  # fmt: skip
    assert web.opened.ignored == ("year",)


def test_a_column_of_the_file_goes_before_that_of_its_folder(read: ReadAll, tmp_path: Path) -> None:
    lay(tmp_path / "s" / "channel=web" / "a.csv", "customer_id,timestamp,Channel\nann,2025-01-01,till\n")
    assert read(path="s")[0].rows["channel"].tolist() == ["till"]


def test_a_column_of_a_folder_may_be_mapped(read: ReadAll, tmp_path: Path) -> None:
    lay(tmp_path / "s" / "shop=it's%20ours" / "a.csv", SHOP)
    (shop,) = read(path="s", columns={"channel": "shop"})
    assert shop.rows["channel"].tolist() == ["it's ours", "it's ours"]


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "", r"a.csv: the file is empty \(0 bytes\)"),
        ("a.csv", "\n\n", "a.csv: the file is empty: no header"),
        ("a.xls", "x", "old Excel workbooks"),
        ("a.pkl", "x", "files ending in '.pkl' are not read"),
        ("a.parquet", "PAR1xxPAR1", "a.parquet: is no valid Parquet file"),
    ],
)
def test_what_is_no_file_of_purchases_is_refused(
    read: ReadAll, tmp_path: Path, name: str, content: str, said: str
) -> None:
    lay(tmp_path / name, content)
    with pytest.raises(TableError, match=said) as fault:
        read(path=name)
    assert str(tmp_path) not in str(fault.value)
