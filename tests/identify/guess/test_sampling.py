"""A sample is laid out as the file is, and small of a large file."""

from pathlib import Path

import pytest

from custlib.errors import TableError
from custlib.identify.guess.sampling import MOST_ROWS, sample_of, spread


@pytest.mark.parametrize(
    ("text", "encoding", "settings"),
    [
        ("client;montant\nZoë;1,5\nAnaïs;2,5\n", "cp1252", {"encoding": "cp1252", "delimiter": ";"}),
        ("Müşteri No|Tutar\nŞule|5\nİnci|6\n", "cp1254", {"encoding": "cp1254", "delimiter": "|"}),
        ("Сумма\tКлиент\n5\tАнна\n7\tИгорь\n", "cp1251", {"encoding": "cp1251", "delimiter": "\t"}),
        ("sep=;\ncustomer;total\nann;1\nbob;2\n", "utf-8", {"delimiter": ";", "skip_rows": 1}),
        ("Report;\n\ncustomer;total\nann;1\nbob;2\n", "utf-8", {"delimiter": ";", "skip_rows": 2}),
        ("customer,total\nann,1\n", "utf-16", {"encoding": "utf-16"}),
        ("ann 1 20240101\nbob 2 20240102\n", "utf-8",
         {"delimiter": "whitespace", "names": ["column_1", "column_2", "column_3"]}),
    ],
)  # fmt: skip
def test_a_layout_by_hand(text: str, encoding: str, settings: dict[str, object], tmp_path: Path) -> None:
    path = tmp_path / "sales.txt"
    path.write_bytes(text.encode(encoding))
    sample = sample_of(path)
    assert sample.settings == settings
    assert sample.is_whole


@pytest.mark.slow
def test_a_sample_of_a_large_file_reaches_its_end(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("id,total\n" + "".join(f"{n},{n % 90}.50\n" for n in range(600_000)))
    sample = sample_of(path)
    assert not sample.is_whole
    assert len(sample.rows) <= MOST_ROWS
    assert sample.rows[0] == ("0", "0.50")
    assert sample.rows[-1] == ("599999", f"{599_999 % 90}.50")


def test_runs_of_rows_are_taken_from_everywhere() -> None:
    rows = [(n,) for n in range(100_000)]
    chosen = spread(rows)
    assert chosen[0] == (0,) and chosen[-1] == (99_999,)
    assert 0.9 * MOST_ROWS < len(chosen) <= MOST_ROWS
    assert any(40_000 < n < 60_000 for (n,) in chosen)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-----------------\n|a|b|\n-----------------\n|1|2|\n", "is a printed list, with ruled lines"),
        ("alone\nbob\n", "none of , ; tab"),
        ('a,b\n"1,2\n' + "3,4\n" * 300, "a quote is opened and never closed"),
    ],
)
def test_what_is_no_table_is_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text(text)
    with pytest.raises(TableError, match=message):
        sample_of(path)
