"""The data dictionary: every table described, and made tables held against it."""

import pytest

from custlib import tables
from custlib.errors import TableError


def test_a_table_that_fits_passes() -> None:
    tables.check("cells", ["frequency", "recency", "T", "customers"])
    tables.check("cells", iter(["customers", "frequency", "recency", "T", "cohort"]))


def test_a_table_that_nobody_documented_is_not_checked() -> None:
    tables.check("made_up", [])


@pytest.mark.parametrize("name", sorted(tables.dictionary()))
def test_every_table_is_described_whole(name: str) -> None:
    table = tables.describe(name)
    assert table.name == name
    assert table.meaning
    assert set(table.key) <= set(table.names)
    assert len(set(table.names)) == len(table.names)
    assert all(column.type and column.unit and column.meaning for column in table.columns)


def test_one_missing_column_is_named() -> None:
    with pytest.raises(TableError, match=r"cells: column T is missing. Available: customers, frequency, recency"):
        tables.check("cells", ["frequency", "recency", "customers"])


def test_all_missing_columns_are_named_at_once() -> None:
    with pytest.raises(TableError, match="cells: columns recency, T, customers are missing"):
        tables.check("cells", ["frequency"])
    with pytest.raises(TableError, match="Available: none"):
        tables.check("cells", [])


def test_an_unknown_table_names_the_likeliest() -> None:
    with pytest.raises(TableError, match="custmer_value: no such table. Did you mean 'customer_value'?"):
        tables.describe("custmer_value")
