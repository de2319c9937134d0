"""Encodings: declared ones are read, clear ones taken on request, the rest is asked for."""

import gzip
import random
import sys
from pathlib import Path

import pytest

from custlib.errors import TableError
from custlib.identify.reading import encodings
from custlib.identify.reading.encodings import candidates, encoding_of, transcode
from tests.identify.conftest import ReadAll

SHOP = "customer_id,timestamp,product\n张三,2025-01-01,龙井茶\n李四,2025-02-01,普洱茶\n"
WEST = "customer_id,timestamp,product\nZoë,2025-01-01,café\nJürgen,2025-02-01,Käse\n"
CHINESE = ["gb18030", "gbk", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "big5hkscs"]


# --- by hand ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", [name for name in CHINESE if name != "big5hkscs"])
def test_a_declared_encoding_is_read(read: ReadAll, tmp_path: Path, encoding: str) -> None:
    (tmp_path / "sales.csv").write_bytes(SHOP.encode(encoding))
    (shop,) = read(path="sales.csv", encoding=encoding)
    assert shop.rows["customer_id"].tolist() == ["张三", "李四"]
    assert shop.rows["product"].tolist() == ["龙井茶", "普洱茶"]
    assert shop.opened.remarks == ()


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "iso-8859-15", "mac-roman", "cp037"])
def test_western_encodings_are_read(read: ReadAll, tmp_path: Path, encoding: str) -> None:
    (tmp_path / "sales.csv").write_bytes(WEST.encode(encoding))
    (shop,) = read(path="sales.csv", encoding=encoding)
    assert shop.rows["customer_id"].tolist() == ["Jürgen", "Zoë"]


def test_a_packed_file_is_read(read: ReadAll, tmp_path: Path) -> None:
    (tmp_path / "sales.csv.gz").write_bytes(gzip.compress(SHOP.encode("gb18030")))
    assert read(path="sales.csv.gz", encoding="gb18030")[0].rows["customer_id"].tolist() == ["张三", "李四"]


def test_utf8_is_read_where_it_is(read: ReadAll, tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text(SHOP, encoding="utf-8")
    assert read(path="sales.csv")[0].given.staged is None
    assert read(path="sales.csv", encoding="auto")[0].given.staged is None


def test_quotes_and_line_ends_stay_as_they_are(read: ReadAll, tmp_path: Path) -> None:
    text = 'customer_id,timestamp,product\r\n"张, ""三""",2025-01-01,"一\r\n二"\r\n'
    (tmp_path / "sales.csv").write_bytes(text.encode("utf-16"))
    (shop,) = read(path="sales.csv", encoding="utf-16")
    assert shop.rows.iloc[0].tolist() == ['张, "三"', "2025-01-01", "一\r\n二"]


# --- asked to tell ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_an_encoding_with_a_mark_needs_it(read: ReadAll, tmp_path: Path, encoding: str) -> None:
    (tmp_path / "sales.csv").write_text(SHOP, encoding="utf-8")
    with pytest.raises(TableError, match=f"sales.csv: encoding is not {encoding}"):
        read(path="sales.csv", encoding=encoding)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_auto_takes_what_is_clear_and_says_so(read: ReadAll, tmp_path: Path, encoding: str) -> None:
    (tmp_path / "sales.csv").write_bytes(SHOP.encode(encoding))
    (shop,) = read(path="sales.csv", encoding="auto")
    assert shop.rows["customer_id"].tolist() == ["张三", "李四"]
    said = f"encoding {encoding} was taken, as the bytes say"
    assert shop.opened.remarks == (() if encoding == "utf-8-sig" else (said,))


@pytest.mark.parametrize(
    ("text", "encoding", "named"),
    [
        (WEST, "cp1252", "cp1252, cp1251"),
        ("고객,날짜\n김철수,1\n", "euc_kr", "euc_kr"),
        ("顧客,日付\n山田さん,1\n", "shift_jis", "shift_jis"),
        ("клиент,дата\nИван,1\n", "cp1251", "cp1251"),
        ("Müller,Bäcker\n", "cp1252", "cp1252"),
    ],
)
def test_auto_names_the_likely_ones_where_it_is_not_clear(text: str, encoding: str, named: str) -> None:
    with pytest.raises(TableError, match=rf"x.csv: encoding is not UTF-8 .*{named}.* Set encoding = "):
        encoding_of(text.encode(encoding), "auto", "x.csv")


@pytest.mark.parametrize(
    ("words", "encoding"),
    [
        ("김철수 이영희 서울 사과", "euc_kr"),
        ("山田太郎 鈴木一郎 東京 りんご", "shift_jis"),
        ("張三 李四 綠茶 會員 門市", "big5"),
        ("Иван Мария Москва чай", "cp1251"),
        ("Müller Jäger Käse Größe", "cp1252"),
        ("张三 李四 龙井茶 北京", "gb18030"),
    ],
)
def test_the_likeliest_is_named_first(words: str, encoding: str) -> None:
    assert (
        candidates("\n".join(f"{word},2025-01-01,5" for word in words.split()).encode(encoding) + b"\n")[0] == encoding
    )


def test_a_base_install_names_the_same_encodings(monkeypatch: pytest.MonkeyPatch) -> None:
    content = "Müller\nKäse\n".encode("cp1252")
    guessed = candidates(content)
    monkeypatch.setitem(sys.modules, "charset_normalizer", None)
    assert sorted(candidates(content)) == sorted(guessed)


def test_a_byte_order_mark_goes_before_the_declaration(read: ReadAll, tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_bytes(SHOP.encode("utf-8-sig"))
    (shop,) = read(path="sales.csv", encoding="gb18030")
    assert shop.rows["customer_id"].tolist() == ["张三", "李四"]
    assert shop.opened.remarks == ("encoding utf-8 was taken, as the byte order mark says, not gb18030",)


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (SHOP.encode("gb18030"), r"not UTF-8 at byte 30 \(line 2\); it could be GB18030.*set encoding = \"gb18030\""),
        (WEST.encode("cp1252"), r"not UTF-8 at byte \d+ \(line 2\); it could be CP1252"),
        (SHOP.encode("utf-16"), r"encoding is UTF-16, not UTF-8. Save it as UTF-8, or set encoding = \"utf-16\""),
        (b"a,b\nc\0,d\n", "a zero byte at byte 5"),
    ],
)
def test_nothing_is_guessed_unasked(content: bytes, said: str) -> None:
    with pytest.raises(TableError, match=said):
        encoding_of(content, "utf-8", "x.csv")


def test_bytes_of_another_encoding_than_declared_are_refused_with_their_line(read: ReadAll, tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_bytes(SHOP.encode("gb18030") + b"\xff\xff,2025-01-01,x\n")
    with pytest.raises(TableError, match=r"sales.csv: is not gb18030 after line \d \(near byte \d+\)"):
        read(path="sales.csv", encoding="gb18030")
    assert not list((tmp_path / "tables").glob("staged_*"))


@pytest.mark.slow
def test_a_truncated_file_is_refused(read: ReadAll, tmp_path: Path) -> None:
    draw = random.Random(1)
    text = "".join(f"{draw.random()},2025-01-01,x\n" for _ in range(90_000))
    (tmp_path / "sales.csv.gz").write_bytes(gzip.compress(text.encode("utf-16"))[:-2000])
    with pytest.raises(TableError, match=r"sales.csv.gz: cannot be read, truncated or corrupt"):
        read(path="sales.csv.gz", encoding="utf-16", names=["customer_id", "timestamp", "product"])
    assert not list((tmp_path / "tables").glob("staged_*"))


# --- properties -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-8", "shift_jis"])
@pytest.mark.parametrize("block", [1, 3, 7, 1 << 20])
def test_the_size_of_a_block_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, block: int
) -> None:
    text = "日付,x\n山,1\n川,2\n" * 20
    (tmp_path / "a").write_bytes(text.encode(encoding))
    monkeypatch.setattr(encodings, "_BLOCK", block)
    transcode(tmp_path / "a", encoding, tmp_path / "b", "a")
    assert (tmp_path / "b").read_bytes() == text.encode()


def test_a_sign_cut_off_at_the_end_of_the_head_is_no_fault() -> None:
    assert encoding_of("客户".encode()[:-1], "utf-8", "x") == ("utf-8", ())
    assert candidates("客户".encode("gb18030")[:-1])[0] == "gb18030"
