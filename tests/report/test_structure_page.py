"""Structure tables on the page: what brings most, against the period before; small groups hidden."""

from typing import Any

import numpy as np
import pandas as pd

from custlib.report.blocks import Details, Table
from custlib.report.pages import structure_page
from tests.report.segment_views import definition, view


def channels(*rows: tuple[str, str | None, int, int]) -> pd.DataFrame:
    """A structure of (kind, value, customers, customers before), each with a revenue of 10 now and 8 before."""
    frame = pd.DataFrame(rows, columns=["kind", "value", "customers", "customers_before"])
    frame = frame.assign(revenue=frame["customers"] * 10.0, change=frame["customers"] - frame["customers_before"])
    for when, money in (("", frame["customers"] * 10.0), ("_before", frame["customers_before"] * 8.0)):
        frame[f"share{when}"] = money / money.iloc[-1]
    return frame.assign(products_per_customer=np.nan)


SHOP = channels(
    ("value", "store", 150, 180), ("value", "web", 50, 20), ("missing", None, 4, 0), ("whole", None, 200, 200)
)
SEEN = view(definition("rfm", "AB"), [150, 50])


def test_what_brings_most_is_the_finding() -> None:
    found = structure_page.structure_table(SEEN, "channel", SHOP)
    assert found.title == "By channel: store brings 75 % of the revenue, 90 % before"
    assert found.rows[1] == ("web", "50", "+30", "500", "25 %", "10 %")
    assert found.rows[3][:2] == ("All", "200")
    assert found.columns[0].label == "channel"


def test_of_a_small_group_only_that_is_shown() -> None:
    rows: Any = structure_page.structure_table(SEEN, "channel", SHOP).rows
    assert rows[2] == ("not given", "<10", "–", "–", "–", "–")
    assert rows[0][1].startswith("≈"), "one hidden: another is told about only"


def test_segments_go_by_their_names() -> None:
    frame = channels(("value", "A", 150, 150), ("value", "B", 50, 50), ("whole", None, 200, 200))
    assert [row[0] for row in structure_page.structure_table(SEEN, "rfm", frame).rows] == ["Class A", "Class B", "All"]


def test_ages_stand_by_age_whatever_they_bring() -> None:
    rows = [("value", "35-44", 90, 90), ("value", "65+", 60, 60), ("value", "0-17", 30, 30), ("missing", None, 20, 20),
            ("whole", None, 200, 200)]  # fmt: skip
    found = structure_page.structure_table(SEEN, "age_band", channels(*rows))
    assert [row[0] for row in found.rows] == ["0-17", "35-44", "65+", "not given", "All"]
    assert found.title == "By age: 35-44 brings 45 % of the revenue, 45 % before"


def test_products_held_have_a_column_where_they_are_known() -> None:
    found = structure_page.structure_table(SEEN, "channel", SHOP.assign(products_per_customer=2.25))
    assert found.rows[0][-1] == "2.2" and len(found.columns) == 7


def test_one_table_stands_open_and_several_behind_a_click() -> None:
    assert isinstance(structure_page.structure_tables(SEEN, {"channel": SHOP}), Table)
    both = structure_page.structure_tables(SEEN, {"channel": SHOP, "attribute_job": SHOP})
    assert isinstance(both, Details) and both.title == "Customers, money and products by channel, job"
    assert structure_page.structure_tables(SEEN, {}) is None
