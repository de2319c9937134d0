"""Queries: names quoted, a query made one select, refusals said in our words."""

import sqlite3

import pytest

from custlib.identify.queries import is_refusal, quoted, refused, subquery, wrong


@pytest.mark.parametrize("name", ["day", 'the "day"', "a;b", "it's", "客户"])
def test_any_name_can_be_quoted(name: str) -> None:
    connection = sqlite3.connect(":memory:")
    assert connection.execute(f"select 1 as {quoted(name)}").description[0][0] == name
    connection.close()


@pytest.mark.parametrize("query", ["select 1 as x", " select 1 as x; ", "select 1 as x -- all;", "values (1)"])
def test_one_can_select_from_any_query(query: str) -> None:
    connection = sqlite3.connect(":memory:")
    assert connection.execute(f"select * from {subquery(query)}").fetchall() == [(1,)]
    connection.close()


@pytest.mark.parametrize("query", ["create table x (y)", "select 1; select 2", "drop table x"])
def test_what_is_no_select_is_an_error(query: str) -> None:
    connection = sqlite3.connect(":memory:")
    with pytest.raises(sqlite3.Error):
        connection.execute(f"select * from {subquery(query)}")
    connection.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('FATAL:  password authentication failed for user "shop"', "refuses the user or the password"),
        ("(1045, \"Access denied for user 'shop'@'10.0.0.7' (using password: YES)\")", "refuses the user"),
        ("Login failed for user 'shop'.", "refuses the user"),
        ('FATAL:  database "shop" does not exist', "has no database of that name"),
        ("(1049, \"Unknown database 'shop'\")", "has no database of that name"),
        ('could not translate host name "db" to address', "there is no host of that name"),
        ("[Errno -2] Name or service not known", "there is no host of that name"),
        ("connection to 10.0.0.7 failed: Connection refused", "cannot be reached"),
        ("timed out", "cannot be reached"),
        ("FATAL: sorry, too many clients already", "has too many connections"),
    ],
)
def test_refusals_of_drivers_are_said_without_their_words(text: str, said: str) -> None:
    fault = OSError(text)
    assert is_refusal(fault)
    message = str(refused("sales", "SHOP_DB_URL", fault))
    assert said in message
    assert not {"shop", "10.0.0.7", "db"} & set(message.replace("'", " ").replace('"', " ").split())


def test_an_unknown_refusal_is_named_by_its_kind_only() -> None:
    fault = ValueError("secret words")
    assert not is_refusal(fault)
    assert "cannot be opened (ValueError)" in str(refused("sales", "SHOP_DB_URL", fault))
    assert "secret" not in str(refused("sales", "SHOP_DB_URL", fault))


def test_a_wrong_query_says_what_to_correct() -> None:
    assert str(wrong("sales", "there is no such table")) == (
        "sales: there is no such table. Correct table or query in the project file."
    )
