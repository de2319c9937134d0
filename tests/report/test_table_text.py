"""Frames become text: formatted, aligned, linked."""

import pandas as pd
import pytest

from custlib.errors import UsageError
from custlib.report.blocks import Column, Table

FRAME = pd.DataFrame(
    {
        "segment": ["Top", "Tail"],
        "customers": pd.array([24, None], dtype="Int64"),
        "worth": [84_200.0, 310.5],
        "since": pd.to_datetime(["2026-10-31", None]),
        "page": ["top.html", None],
    }
)


def test_a_frame_becomes_text() -> None:
    table = Table.of(
        FRAME, title="Tiers", formats={"worth": "money:USD"}, labels={"worth": "Worth"},
        links={"segment": "page"},
    )  # fmt: skip
    assert table.columns == (Column("segment"), Column("customers", "right"), Column("Worth", "right"), Column("since"))
    assert table.rows == (("Top", "24", "USD 84 k", "31 Oct 2026"), ("Tail", "–", "USD 310", "–"))
    assert table.links == (("top.html", "", "", ""), ("", "", "", ""))


def test_the_frame_stays_as_it_is() -> None:
    before = FRAME.copy()
    Table.of(FRAME, title="T")
    pd.testing.assert_frame_equal(FRAME, before)


def test_a_function_may_format() -> None:
    assert Table.of(FRAME[["worth"]], title="T", formats={"worth": "{:.1f}".format}).rows[1] == ("310.5",)


def test_the_row_header_is_chosen() -> None:
    assert Table.of(FRAME, title="T", header="worth").header == 2
    assert Table.of(FRAME, title="T").header == 0


@pytest.mark.parametrize("given", [{"formats": {"wort": "number"}}, {"labels": {"wort": "W"}}, {"header": "wort"}])
def test_an_unknown_column_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="no column 'wort'. Did you mean 'worth'"):
        Table.of(FRAME, title="T", **given)  # type: ignore[arg-type]


def test_an_empty_frame_is_an_empty_table() -> None:
    assert Table.of(FRAME.head(0), title="T").rows == ()


def test_numbers_are_written_in_the_language() -> None:
    table = Table.of(FRAME[["worth", "since"]], title="T", formats={"worth": "compact"}, language="zh")
    assert table.rows[0] == ("8.42 万", "2026年10月31日")
