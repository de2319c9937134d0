"""The words in which engines differ: one text for each, and DuckDB agrees with the calendar."""

import datetime as dt

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custlib.engine.dialect import DUCKDB, SPARK, Dialect, literal

DAYS = st.dates(dt.date(1970, 1, 2), dt.date(2200, 1, 1))


@pytest.mark.parametrize(
    ("dialect", "days", "later", "halves"),
    [
        (DUCKDB, "date_diff('day', first_day, :as_of)", "(first_day + cast(7 as integer))", "(n // 2)"),
        (SPARK, "datediff(:as_of, first_day)", "date_add(first_day, cast(7 as int))", "(n div 2)"),
    ],
    ids=lambda value: value.engine if isinstance(value, Dialect) else "",
)
def test_each_engine_has_its_words(dialect: Dialect, days: str, later: str, halves: str) -> None:
    assert dialect.days(":as_of", "first_day") == days
    assert dialect.add_days("first_day", "7") == later
    assert dialect.divide("n", "2") == halves


@pytest.mark.parametrize(
    ("name", "duck", "spark"),
    [
        ("amount", '"amount"', "`amount`"),
        ('a"b', '"a""b"', '`a"b`'),
        ("a`b", '"a`b"', "`a``b`"),
        ("", '""', "``"),
    ],
)
def test_names_are_quoted(name: str, duck: str, spark: str) -> None:
    assert (DUCKDB.name(name), SPARK.name(name)) == (duck, spark)


def test_literals_are_quoted() -> None:
    assert literal("") == "''"
    assert literal("'; drop table t; --") == "'''; drop table t; --'"


def test_engines_differ_in_words_not_in_kind() -> None:
    assert (DUCKDB.engine, DUCKDB.min_by, DUCKDB.text_type) == ("duckdb", "arg_min", "varchar")
    assert (SPARK.engine, SPARK.min_by, SPARK.text_type) == ("spark", "min_by", "string")


@given(earlier=DAYS, later=DAYS)
def test_days_are_those_of_the_calendar(earlier: dt.date, later: dt.date) -> None:
    first, last = f"date '{earlier}'", f"date '{later}'"
    days = (later - earlier).days
    select = f"select {DUCKDB.days(last, first)}, {DUCKDB.add_days(first, str(days))}, {DUCKDB.divide('7', '2')}"
    assert duckdb.sql(select).fetchall() == [(days, later, 3)]
