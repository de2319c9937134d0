"""Age bands at a date: full years, every boundary, what gives no age."""

import datetime as dt
from pathlib import Path

import pytest

from custlib.audit.attributes import age, age_band, bands
from custlib.engine.dialect import DUCKDB
from custlib.engine.duckdb import DuckDB
from custlib.side_source import Customers

AS_OF = dt.date(2025, 6, 30)


def band(tmp_path: Path, born: str | None, *, as_of: dt.date = AS_OF, form: str | None = None) -> str | None:
    given = "cast(null as varchar)" if born is None else DUCKDB.literal(born)
    found = DuckDB(tmp_path).fetch(
        f"select {age_band(DUCKDB, 'b', as_of, form=form)} as band from (select {given} as b)"
    )
    return None if found["band"].isna().item() else str(found["band"].item())


@pytest.mark.parametrize(
    ("born", "said"),
    [
        ("2025-06-30", "0-17"), ("2007-07-01", "0-17"), ("2007-06-30", "18-24"), ("2000-07-01", "18-24"),
        ("2000-06-30", "25-34"), ("1990-07-01", "25-34"), ("1990-06-30", "35-44"), ("1980-06-30", "45-54"),
        ("1970-06-30", "55-64"), ("1960-07-01", "55-64"), ("1960-06-30", "65+"), ("1905-06-30", "65+"),
        ("1904-06-30", None), ("2025-07-01", None), ("soon", None), ("", None), (None, None), ("2001-02-30", None),
    ],
)  # fmt: skip
@pytest.mark.sampled
def test_the_band_at_every_boundary(tmp_path: Path, born: str | None, said: str | None) -> None:
    assert band(tmp_path, born) == said


def test_a_band_changes_with_the_date(tmp_path: Path) -> None:
    assert band(tmp_path, "2000-06-30", as_of=dt.date(2025, 6, 29)) == "18-24"
    assert band(tmp_path, "2000-06-30", as_of=dt.date(2025, 6, 30)) == "25-34"


@pytest.mark.parametrize(("as_of", "years"), [(dt.date(2025, 2, 28), 24), (dt.date(2025, 3, 1), 25)])
def test_who_is_born_on_a_leap_day_is_older_on_the_first_of_march(tmp_path: Path, as_of: dt.date, years: int) -> None:
    born = age("date '2000-02-29'", as_of)
    assert DuckDB(tmp_path).fetch(f"select {born} as years")["years"].item() == years


def test_birth_dates_may_be_written_as_declared(tmp_path: Path) -> None:
    assert band(tmp_path, "30.06.1990", form="%d.%m.%Y") == "35-44"
    assert band(tmp_path, "30.06.1990") is None


@pytest.mark.parametrize("given", [(), (30, 60), (1,)])
def test_bands_are_disjoint_and_rise(given: tuple[int, ...]) -> None:
    starts = [int(name.split("-")[0].rstrip("+")) for name in bands(given)]
    ends = [int(name.split("-")[1]) for name in bands(given) if "-" in name]
    assert starts == sorted(starts) == list(bands(given).values())
    assert [end + 1 for end in ends] == starts[1:]


@pytest.mark.parametrize(("born", "said"), [("1996-06-30", "0-29"), ("1995-06-30", "30-59"), ("1965-06-30", "60+")])
def test_a_project_has_bands_of_its_own(tmp_path: Path, born: str, said: str) -> None:
    """No age is left out: the youngest band begins at 0."""
    written = age_band(DUCKDB, DUCKDB.literal(born), AS_OF, starts=(30, 60))
    assert DuckDB(tmp_path).fetch(f"select {written} as band")["band"].item() == said


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"age_bands": (30,), "attributes": {"region": "r"}},
            "has no birth date. Name one under attributes: birth_date",
        ),
        ({"age_bands": (60, 30), "attributes": {"birth_date": "b"}}, r"age_bands: \[60, 30\] must rise"),
        ({"age_bands": (0,), "attributes": {"birth_date": "b"}}, "greater than or equal to 1"),
    ],
)
def test_bands_that_can_make_nothing_are_refused(given: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Customers(path="crm.csv", **given)
