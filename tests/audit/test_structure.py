"""Structure tables: by channel, product, attribute, age and segment; money adds up, whatever is folded or missing."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from custlib import rules
from custlib.audit import structure
from custlib.audit.attributes import Attribute, Periods, of_ages, of_customers, of_lines, of_segments
from custlib.engine import open_engine
from custlib.errors import TableError, UsageError

AS_OF, MIDDLE = dt.date(2025, 12, 31), dt.date(2025, 9, 30)
PERIODS = Periods(AS_OF, MIDDLE)  # 92 days each: from 1 July 2025 on
# customer, day, amount, product, channel; the profit is half the amount
FOUR = [
    ("ann", "2025-05-01", 5, "tea", "store"),  # before both periods: a product that she uses, no money
    ("ann", "2025-08-01", 10, "tea", "store"),
    ("ann", "2025-11-01", 20, "cake", "web"),
    ("ann", "2025-11-01", 30, "tea", "store"),
    ("bob", "2025-07-01", 100, "cake", "store"),  # the first day of the period before
    ("bob", "2025-12-01", -40, "cake", None),  # gives back, buys nothing: money, no customer
    ("cid", "2025-10-01", 7, "jam", "web"),  # the first day of the latest period
    ("dot", "2025-12-31", 3, "tea", "store"),  # the last
]
LIST = [("ann", "north", "1990-10-01"), ("bob", "south", "2000-12-31"), ("cid", "", None), ("eve", "north", None)]


def open_shop(folder, rows=FOUR, *, kind="duckdb", listed=LIST):
    engine = open_engine(kind, folder)
    lines = pd.DataFrame(rows, columns=["customer_id", "day", "amount", "product", "channel"])
    engine.attach_frame("lines", lines.assign(amount=lines["amount"].astype(float)))
    text = engine.dialect.text_type
    engine.make(
        "transactions",
        f"select cast(customer_id as {text}) as customer_id, cast(day as date) as day, cast(amount as decimal(18, 4))"
        " as amount, cast(amount / 2 as decimal(18, 4)) as profit, amount >= 0 as is_purchase, amount < 0 as is_refund,"
        f" cast(product as {text}) as product, cast(channel as {text}) as channel from lines",
    )
    frame = pd.DataFrame(listed, columns=["customer_id", "attribute_region", "attribute_birth_date"])
    engine.attach_frame("listed", frame)
    columns = ", ".join(f"cast({name} as {text}) as {name}" for name in frame.columns)
    engine.make("customer_attributes", f"select {columns} from listed")
    return engine


def make(engine, *attributes, periods=PERIODS):
    structure.make_customer_structure(engine, "customer_structure", attributes, periods)
    return engine


def read(engine, attribute, column):
    found = structure.structure(engine, attribute)
    label = found["value"].where(found["kind"] == "value", found["kind"])
    return dict(zip(label, found[column].tolist(), strict=True))


@pytest.fixture
def four(tmp_path):
    engine = open_shop(tmp_path)
    return make(
        engine, of_lines("channel"), of_lines("product"), of_customers(engine.dialect, "region"),
        of_ages(engine.dialect, "birth_date", PERIODS),
    )  # fmt: skip


# --- worked by hand ---


def test_channels_of_four_customers(four):
    assert read(four, "channel", "customers") == {"store": 2, "web": 2, "missing": 0, "whole": 3}
    assert read(four, "channel", "customers_before") == {"store": 2, "web": 0, "missing": 0, "whole": 2}
    assert read(four, "channel", "change") == {"store": 0, "web": 2, "missing": 0, "whole": 1}
    assert read(four, "channel", "revenue") == {"store": 33, "web": 27, "missing": -40, "whole": 20}
    assert read(four, "channel", "revenue_before") == {"store": 110, "web": 0, "missing": 0, "whole": 110}
    assert read(four, "channel", "profit") == {"store": 16.5, "web": 13.5, "missing": -20, "whole": 10}
    assert read(four, "channel", "share") == pytest.approx({"store": 1.65, "web": 1.35, "missing": -2, "whole": 1})


def test_a_customer_of_two_channels_counts_in_both_and_is_said(four):
    for attribute, again in (("channel", 1), ("region", 0)):  # ann
        *parts, whole = structure.structure(four, attribute)["customers"]
        assert sum(parts) - whole == again


def test_products_held_are_all_that_were_ever_bought(four):
    # ann uses tea and cake, dot tea, cid jam; bob's cake is of the period before
    assert read(four, "product", "customers") == {"tea": 2, "jam": 1, "cake": 1, "whole": 3}
    assert read(four, "product", "products_per_customer") == pytest.approx(
        {"tea": 1.5, "jam": 1, "cake": 2, "whole": 4 / 3}
    )
    assert read(four, "product", "products_per_customer_before")["whole"] == 1  # ann tea, bob cake


def test_regions_with_those_of_whom_none_is_known(four):
    # cid has a blank region, dot is not in the list
    assert read(four, "region", "customers") == {"north": 1, "south": 0, "missing": 2, "whole": 3}
    assert read(four, "region", "revenue") == {"north": 50, "south": -40, "missing": 10, "whole": 20}
    assert read(four, "region", "revenue_before") == {"north": 10, "south": 100, "missing": 0, "whole": 110}


def test_age_is_that_of_the_end_of_each_period(four):
    # ann turns 35 on the day after the period before; bob turns 25 on the last day of the latest
    assert read(four, "age_band", "revenue") == {"35-44": 50, "25-34": -40, "18-24": 0, "missing": 10, "whole": 20}
    assert read(four, "age_band", "revenue_before") == {
        "35-44": 0, "25-34": 10, "18-24": 100, "missing": 0, "whole": 110,
    }  # fmt: skip


def test_segments_are_those_of_the_end_of_each_period(tmp_path):
    engine = open_shop(tmp_path)
    now = "select customer_id, 'gold' as segment, '' as reason from customer_attributes"
    before = "select customer_id, 'lead' as segment, '' as reason from customer_attributes where customer_id = 'ann'"
    make(engine, of_segments("pyramid", now, before))
    assert read(engine, "pyramid", "revenue") == {"gold": 17, "lead": 0, "missing": 3, "whole": 20}
    assert read(engine, "pyramid", "revenue_before") == {"gold": 0, "lead": 10, "missing": 100, "whole": 110}


# --- what is folded, absent, refused ---


def test_values_with_less_money_are_one_row(tmp_path):
    most = rules.load("structure")["most"]
    names = [f"p{n:02}" for n in range(most + 3)]
    rows = [(f"c{n % 4}", "2025-12-01", 100 - n, name, "web") for n, name in enumerate(names)]
    engine = make(open_shop(tmp_path, rows), of_lines("product"))
    found = structure.structure(engine, "product")
    assert found["value"].tolist()[:most] == names[:most]
    assert found["kind"].tolist()[most:] == ["other", "whole"]
    assert found["revenue"].tolist()[most:] == [(100 - most) + (99 - most) + (98 - most), found["revenue"][:-1].sum()]
    assert found["customers"].tolist()[most:] == [3, 4]  # each once, of however many folded products


def test_equal_money_is_in_the_order_of_the_names(tmp_path):
    rows = [("ann", "2025-12-01", 5, name, "web") for name in ("b", "c", "a")]
    engine = make(open_shop(tmp_path, rows), of_lines("product"))
    assert structure.structure(engine, "product")["value"].tolist()[:3] == ["a", "b", "c"]


@pytest.mark.parametrize("seed", range(3))
def test_money_adds_up_to_the_last_digit(tmp_path, seed):
    random = np.random.default_rng(seed)
    days = [(dt.date(2025, 4, 1) + dt.timedelta(days=int(n))).isoformat() for n in random.integers(0, 275, 500)]
    rows = [
        (f"c{random.integers(90)}", day, round(float(random.normal(5, 9)), 4), f"p{random.integers(30)}",
         random.choice(["web", "store", None, " "]))
        for day in days
    ]  # fmt: skip
    listed = [(f"c{n}", f"r{n % 20}", None) for n in range(0, 90, 2)]
    engine = open_shop(tmp_path, rows, listed=listed)
    make(engine, of_lines("channel"), of_lines("product"), of_customers(engine.dialect, "region"))
    wanted = sum(Decimal(str(row[2])) for row in rows if row[1] > MIDDLE.isoformat())
    found = engine.fetch(
        "select attribute, kind = 'whole' as is_whole, cast(sum(revenue) as varchar) as revenue"
        " from customer_structure group by all"
    )
    assert {Decimal(value) for value in found["revenue"]} == {wanted}
    assert len(found) == 6


def test_a_source_without_products_holds_none(tmp_path):
    rows = [("ann", "2025-12-01", 5, None, "web")]
    found = structure.structure(make(open_shop(tmp_path, rows), of_lines("channel")), "channel")
    assert found["products_per_customer"].isna().all()
    assert found["share"].tolist() == [1, 1]
    assert found["share_before"].isna().all()


def test_nothing_bought_is_a_table_without_rows(tmp_path):
    rows = [("ann", "2024-12-01", 5, None, "web")]
    engine = make(open_shop(tmp_path, rows), of_lines("channel"))
    assert engine.fetch("select * from customer_structure").empty


def test_no_attributes_are_a_table_without_rows(tmp_path):
    assert make(open_shop(tmp_path)).fetch("select * from customer_structure").empty


def test_two_values_of_a_customer_are_refused(tmp_path):
    engine = open_shop(tmp_path)
    both = "select customer_id, 'a' as value from customer_attributes union all select 'ann', 'b'"
    with pytest.raises(TableError, match="money by mood does not add up to the whole"):
        make(engine, of_lines("channel"), Attribute("mood", both, both))


def test_an_attribute_without_a_table_is_named(four):
    with pytest.raises(UsageError, match="structure: regon has no table. Did you mean 'region'"):
        structure.structure(four, "regon")


# --- properties ---


def test_the_order_of_lines_changes_nothing(tmp_path):
    one, other = (
        make(open_shop(tmp_path / name, rows), of_lines("channel"), of_lines("product"))
        for name, rows in (("one", FOUR), ("other", FOUR[::-1]))
    )
    for attribute in ("channel", "product"):
        pd.testing.assert_frame_equal(structure.structure(one, attribute), structure.structure(other, attribute))
