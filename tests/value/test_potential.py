"""Who may begin with what: by hand, by simulated truth, and whatever the order of the rows."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from custlib.models.adoption import Adoption
from custlib.value import holdings, potential
from custlib.value.holdings import KEY, Window
from custlib.value.potential import Chances, Learned
from tests.adopters import AS_OF, NAMES, PRICES, WINDOW, simulate
from tests.bases import DAILY_RATE, open_base


def made(engine, **changes):
    options = {"as_of": AS_OF, "window_days": WINDOW, "daily_rate": 0.0} | changes
    return potential.make_customer_potential(engine, **options)


def customers(engine):
    return engine.fetch("select * from customer_potential order by customer_id").set_index("customer_id")


@pytest.fixture(scope="module")
def truth():
    return simulate()


@pytest.fixture(scope="module")
def shop(truth, tmp_path_factory):
    """Four thousand customers with known chances, their potential and its record."""
    engine = open_base(tmp_path_factory.mktemp("adopters"), truth[0])
    return engine, made(engine)


# --- by hand ---

DAY = dt.date(2025, 6, 30)
LINES = [
    # a uses tea and jam, bought on three days; b uses tea; c bought what has no name; d came later
    ("a", "2025-06-01", 10, "tea"), ("a", "2025-06-05", 10, "tea"), ("a", "2025-06-30", 5, "jam"),
    ("b", "2025-05-11", 10, "tea"),
    ("c", "2025-06-20", 10, None),
    ("d", "2025-07-01", 7, "tea"),
    # a buys jam again and gives cake back; b begins with jam, twice; c with tea
    ("a", "2025-07-02", 5, "jam"), ("a", "2025-07-03", -3, "cake"),
    ("b", "2025-07-10", 5, "jam"), ("b", "2025-07-20", 4, "jam"), ("c", "2025-08-09", 10, "tea"),
    ("b", "2025-08-30", 9, "cake"),
]  # fmt: skip


@pytest.fixture
def by_hand(base):
    engine = base(LINES)
    engine.attach_frame("potential_products", holdings.products_table(["tea", "jam", "cake"]))
    return engine


def test_cells_by_hand(by_hand):
    select = holdings.customers_at(by_hand.dialect)
    found = by_hand.fetch(f"select * from ({select}) order by customer_id", since=DAY, window_days=40.0)
    # tea 1 + jam 2; three days are two repeats (class 2); bought today, 50 of 40 days ago, 10 of 40 days ago
    assert found.to_dict("list") == {
        "customer_id": ["a", "b", "c"], "holdings": [3, 1, 0], "frequency_class": [2, 0, 0], "recency_class": [0, 3, 1],
    }  # fmt: skip


def test_who_began_by_hand(by_hand):
    found = holdings.read_window(by_hand, DAY, DAY + dt.timedelta(days=40), 40, DAILY_RATE, 3)
    assert found.cells[[*KEY, "customers"]].to_numpy().tolist() == [[0, 0, 1, 1], [1, 0, 3, 1], [3, 2, 0, 1]]
    # c began with tea, b with jam; a used jam already, and giving cake back is no beginning; d was not there
    assert found.beginners.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]
    discounted = [10 * 1.1 ** (-40 / 365), 5 * 1.1 ** (-10 / 365) + 4 * 1.1 ** (-20 / 365)]
    np.testing.assert_allclose([found.profits[0, 0], found.profits[1, 1]], discounted, atol=1e-6)


def test_potential_is_chance_times_profit_by_hand():
    cells = pd.DataFrame({"holdings": [0, 1, 3], "frequency_class": 0, "recency_class": 0, "customers": [5, 4, 1]})
    now = Window(cells, np.zeros((3, 2)), np.zeros((3, 2)))
    learned = [
        Learned(Chances(0, 0.1), 20.0),
        Learned(Chances(1, 0.3, Adoption(0.0, (0.0,) * 16)), 8.0),
    ]
    found = potential.scores(now, learned, ["tea", "jam"])
    # nothing used: .1 x 20 + .5 x 8 = 6, most of it jam; tea used: .5 x 8; both used: nothing is left
    np.testing.assert_allclose(found["potential_value"], [6, 4, 0])
    assert found["best_product"].fillna("").tolist() == ["jam", "jam", ""]
    np.testing.assert_allclose(found["best_probability"], [0.5, 0.5, np.nan])


def test_a_product_that_lost_money_adds_nothing():
    cells = pd.DataFrame({"holdings": [0], "frequency_class": 0, "recency_class": 0, "customers": [5]})
    now = Window(cells, np.zeros((1, 1)), np.zeros((1, 1)))
    found = potential.scores(now, [Learned(Chances(0, 0.5), -3.0)], ["tea"])
    assert found["potential_value"].item() == 0
    assert found[["best_product", "best_probability"]].isna().all(axis=None)


# --- simulated truth ---


def test_as_many_begin_as_expected(shop, truth):
    _, record = shop
    _, chances, came = truth
    for product in record["products"]:
        place = NAMES.index(product["product"])
        if place == 0:
            assert (product["not_yet"], product["potential"]) == (0, 0)
            continue
        # four thousand customers: the sum of chances is known to about 15 % from two windows of learning
        assert product["expected_next"] == pytest.approx(chances[:, place].sum(), rel=0.15)
        assert product["expected_next"] == pytest.approx(came[:, place].sum(), rel=0.25)
        assert product["profit"] == pytest.approx(PRICES[place])
    assert record["is_checked"] and record["customers"] == 4000


def test_the_check_finds_the_model_better_where_holdings_matter(shop):
    cake = next(p for p in shop[1]["products"] if p["product"] == "cake")
    assert cake["by"] == "model" and cake["brier"] < cake["base_brier"]
    assert cake["expected"] == pytest.approx(cake["actual"], rel=0.25)


def test_who_is_likelier_begins_more_often(shop, truth):
    engine, record = shop
    tenths = record["tenths"]
    assert tenths[-1]["actual"] > 3 * tenths[0]["actual"]
    for tenth in tenths:
        error = 4 * np.sqrt(tenth["expected"] / tenth["customers"])
        assert tenth["expected"] == pytest.approx(tenth["actual"], abs=error)
    # the potential of each customer follows the truth: chance times price of what is not used yet
    expected = (truth[1] * PRICES).sum(axis=1)
    found = customers(engine)["potential_value"].to_numpy(dtype=float)
    assert np.corrcoef(found, expected)[0, 1] > 0.9
    assert found.sum() == pytest.approx(expected.sum(), rel=0.1)


def test_the_best_product_is_not_used_yet(shop):
    engine, _ = shop
    used = engine.fetch(
        "select count(*) as n from customer_potential p join transactions t"
        " on p.customer_id = t.customer_id and p.best_product = t.product"
    )
    assert used["n"].item() == 0
    found = customers(engine)
    assert len(found) == 4000 and found["potential_value"].notna().all()
    assert found["best_probability"].dropna().between(0, 1).all()
    assert (found["best_product"].isna() == (found["potential_value"] == 0)).all()


def test_the_order_of_rows_changes_nothing(shop, truth, tmp_path):
    rows = [truth[0][n] for n in np.random.default_rng(5).permutation(len(truth[0]))]
    mixed = open_base(tmp_path, rows)
    assert made(mixed) == shop[1]
    assert customers(mixed).equals(customers(shop[0]))


def test_a_rate_is_taken_where_holdings_say_nothing(base):
    # a coin decides who begins with jam, so nothing is gained by looking
    random = np.random.default_rng(3)
    rows = [(f"c{n:04}", AS_OF - dt.timedelta(days=2 * WINDOW), 5, "staple") for n in range(3000)]
    rows += [(f"c{n:04}", AS_OF - dt.timedelta(days=WINDOW + 1), 9, "tea") for n in random.choice(3000, 900)]
    rows += [
        (f"c{n:04}", AS_OF - dt.timedelta(days=age), 9, "jam")
        for age in (2 * WINDOW, WINDOW + 5, 5) for n in random.choice(3000, 100, replace=False)
    ]  # fmt: skip
    jam = next(p for p in made(base(rows))["products"] if p["product"] == "jam")
    assert jam["by"] == "rate" or jam["brier"] == pytest.approx(jam["base_brier"], rel=0.01)
    assert jam["expected"] == pytest.approx(jam["actual"], rel=0.3)


# --- where little is known ---


def test_a_few_beginners_teach_nothing(base):
    rows = [(f"c{n:04}", AS_OF - dt.timedelta(days=2 * WINDOW + n % 9), 5, "staple") for n in range(200)]
    rows += [(f"c{n:04}", AS_OF - dt.timedelta(days=2 * WINDOW), 8, "tea") for n in range(60)]
    rows += [(f"c{n:04}", AS_OF - dt.timedelta(days=WINDOW + 3), 8, "tea") for n in range(60, 74)]
    record = made(base(rows))
    tea = record["products"][1]
    assert (tea["product"], tea["by"], tea["brier"]) == ("tea", "rate", None)
    # 14 of the 140 without it began; 126 are left in the last window, and today
    assert tea["expected"] == pytest.approx(126 * 0.1)
    # nobody began in the last window: that is the rate of today
    assert tea["expected_next"] == 0
    assert (tea["users"], tea["not_yet"], tea["actual"]) == (74, 126, 0)
    assert tea["base_brier"] == pytest.approx(0.01)


def test_without_an_earlier_window_the_rate_of_the_last_is_taken_and_not_checked(base):
    rows = [(f"c{n:04}", AS_OF - dt.timedelta(days=WINDOW + 2), 5, "staple") for n in range(100)]
    rows += [(f"c{n:04}", AS_OF - dt.timedelta(days=WINDOW + 2), 5, "tea") for n in range(60)]
    rows += [(f"c{n:04}", AS_OF - dt.timedelta(days=3), 5, "tea") for n in range(60, 70)]
    record = made(base(rows))
    tea = record["products"][1]
    assert not record["is_checked"] and record["tenths"] == []
    assert tea["expected"] is None and tea["by"] == "rate"
    assert tea["expected_next"] == pytest.approx(30 * 10 / 40)


def test_without_products_nothing_is_said(base):
    engine = base([("a", "2025-01-01", 5), ("b", "2025-02-01", -5)])
    assert made(engine)["reason"] == "no_products"
    found = customers(engine)
    assert found.index.tolist() == ["a"] and found["potential_value"].isna().all()


def test_a_history_shorter_than_the_window_is_said(base):
    engine = base([(f"c{n}", AS_OF, 5, "tea") for n in range(60)])
    assert made(engine)["reason"] == "too_short"
    assert customers(engine)["potential_value"].isna().all()


def test_without_money_there_is_no_potential(base):
    engine = base([(f"c{n}", "2025-01-01", 5, "tea") for n in range(60)])
    assert made(engine, has_money=False)["reason"] == "no_money"


def test_at_most_twelve_products_are_looked_at(base):
    rows = [(f"c{n:03}", AS_OF - dt.timedelta(days=WINDOW + 1), 1, f"p{p:02}") for n in range(60) for p in range(15)]
    rows += [("more", AS_OF - dt.timedelta(days=WINDOW + 1), 1, "p14")]
    record = made(base(rows))
    assert [p["product"] for p in record["products"]] == ["p14", *(f"p{p:02}" for p in range(11))]
    assert record["known_products"] == 15


def test_the_cells_of_all_products_fit_into_a_fetch():
    chosen, classes = holdings._RULES["products"]["most"], holdings._RULES["classes"]
    cells = 2**chosen * (len(classes["frequency"]) + 1) * (len(classes["recency"]) + 1)
    assert cells * chosen / 2 <= 500_000
