"""The structure of a project: what its customers are told apart by, over which periods."""

import datetime as dt
from pathlib import Path

import pytest

from custlib.audit import structure
from custlib.project import load
from custlib.run import Run

SALES = (
    "customer_id,timestamp,amount,till\nann,2025-08-01,10,1\nann,2025-11-01,50,1\nbob,2025-09-01,5,2\n"
    "cid,2025-10-02,20,2\ndot,2025-12-31,1,1\n"
)
PROJECT = """
id = "shop"
name = "Shop"
as_of = 2025-12-31

[source]
path = "sales.csv"

[segments]
playbook = "abc"
segmentations = ["abc"]
"""
CUSTOMERS = """
[customers]
path = "list.csv"
date_format = "%d.%m.%Y"
attributes = { town = "Town", birth_date = "Born" }
"""


def open_shop(folder: Path, text: str) -> Run:
    (folder / "sales.csv").write_text(SALES)
    (folder / "list.csv").write_text("customer_id,Town,Born\nann,Ulm,31.12.2000\nbob,Bonn,01.01.1980\ncid,Ulm,\n")
    (folder / "shop.toml").write_text(text)
    return Run(load(folder / "shop.toml"), folder / "work")


def test_a_list_of_customers_makes_towns_and_ages(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, PROJECT + CUSTOMERS)
    engine = shop.make("customer_structure")
    assert [attribute.name for attribute in shop.get("structure_attributes")] == ["town", "age_band", "abc"]
    towns = structure.structure(engine, "town").set_index("value")
    assert towns["revenue"].tolist() == [70, 0, 1, 71]  # Ulm, Bonn, nobody knows, all
    assert towns["revenue_before"].tolist() == [10, 5, 0, 15]
    ages = structure.structure(engine, "age_band").set_index("value")
    assert ages.loc["25-34", ["customers", "revenue"]].tolist() == [1, 50]  # ann is 25 on the last day
    assert ages.loc["18-24", ["customers_before", "revenue_before"]].tolist() == [1, 10]
    assert towns["products_per_customer"].isna().all()


def test_an_attribute_named_like_a_column_of_the_lines_is_told_apart(tmp_path: Path) -> None:
    text = PROJECT.replace('path = "sales.csv"', 'path = "sales.csv"\ncolumns = { channel = "till" }')
    shop = open_shop(tmp_path, text + '[customers]\npath = "list.csv"\nattributes = { channel = "Town" }\n')
    engine = shop.make("customer_structure")
    assert [attribute.name for attribute in shop.get("structure_attributes")] == ["channel", "attribute_channel", "abc"]
    assert structure.structure(engine, "attribute_channel")["value"].tolist()[:2] == ["Ulm", "Bonn"]


def test_the_periods_are_those_that_segments_are_compared_over(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, PROJECT.replace("as_of", "compare_days = 30\nas_of"))
    cut = shop.get("structure_periods")
    assert (cut.start, cut.middle, cut.as_of) == (dt.date(2025, 11, 1), dt.date(2025, 12, 1), dt.date(2025, 12, 31))


def test_without_a_list_there_are_segments_only(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, PROJECT)
    found = structure.structure(shop.make("customer_structure"), "abc")
    assert [attribute.name for attribute in shop.get("structure_attributes")] == ["abc"]
    assert found["customers"].iloc[-1] == 3
    assert found["revenue"].iloc[-1] == pytest.approx(71)


def test_where_no_playbook_is_followed_there_are_no_segments(tmp_path: Path) -> None:
    shop = open_shop(tmp_path, PROJECT.replace('playbook = "abc"', 'playbook = "rfm"'))
    assert shop.get("structure_attributes") == []
    assert shop.make("customer_structure").fetch("select * from customer_structure").empty
