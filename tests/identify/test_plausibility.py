"""What cannot be true is said with numbers, and honest purchases are left alone."""

import datetime as dt
import random

import pytest

from tests.bases import shop as small_shop
from tests.identify.conftest import Check

HEADER = "customer_id,timestamp,amount\n"
START = dt.date(2024, 1, 1)


def honest(*, customers: int = 200, seed: int = 0) -> list[str]:
    """Purchases of a small shop, as lines of a CSV."""
    return [f"{who},{day},{amount}\n" for who, day, amount in small_shop(customers, seed=seed)]


def day(number: int) -> str:
    return str(START + dt.timedelta(days=number))


def test_honest_purchases_are_left_alone(check: Check) -> None:
    quality = check(HEADER + "".join(honest()), as_of=dt.date(2025, 12, 31)).quality
    assert quality["cautions"] == {}
    assert quality["warnings"] == []
    assert quality["usual_first_day"] == quality["first_day"]


# --- lonely dates -----------------------------------------------------------------------------------------------------


def test_a_lonely_date_is_said_and_the_usual_days_begin_after_it(check: Check) -> None:
    lines = [f"c{n % 30},{day(n)},{n % 7 + 1}.5\n" for n in range(300)]
    quality = check(HEADER + "".join([*lines, "c1,1971-05-05,9\n"])).quality
    assert (quality["first_day"], quality["usual_first_day"], quality["lonely_rows"]) == ("1971-05-05", "2024-01-01", 1)
    assert quality["cautions"]["lonely_date"].startswith(
        "1 line is of 1971-05-05, 52.7 years before all others, which begin on 2024-01-01: a default date?"
    )
    assert quality["rows_used"] == 301


def test_several_lonely_dates_are_one_caution(check: Check) -> None:
    lines = [f"c{n % 30},{day(n)},{n % 7 + 1}.5\n" for n in range(300)]
    quality = check(HEADER + "".join([*lines, "c1,1971-05-05,9\n", "c1,1980-01-01,9\n", "c2,1980-01-01,9\n"])).quality
    assert quality["usual_first_day"] == "2024-01-01"
    assert quality["cautions"]["lonely_date"].startswith("3 lines are of 1971-05-05 and 1 other day, 44.0 years before")


@pytest.mark.parametrize(
    "early",
    [[f"c{n},{day(-1500 + n)},5.5\n" for n in range(60)], ["c1,2023-01-01,9\n"], []],
    ids=["many lines", "a year before", "none"],
)
def test_an_early_season_is_no_lonely_date(check: Check, early: list[str]) -> None:
    lines = [f"c{n % 30},{day(n)},{n % 7 + 1}.5\n" for n in range(300)]
    quality = check(HEADER + "".join([*early, *lines])).quality
    assert "lonely_date" not in quality["cautions"]
    assert quality["usual_first_day"] == quality["first_day"]


def test_purchases_that_are_rare_throughout_have_no_lonely_date(check: Check) -> None:
    lines = [f"c{n},{1995 + 3 * n}-01-01,{n + 1}\n" for n in range(10)]
    assert check(HEADER + "".join(lines)).quality["cautions"] == {}


def test_no_purchase_at_all_has_no_usual_day(check: Check) -> None:
    assert check(HEADER + "ann,2025-01-01,-5\n").quality["usual_first_day"] is None


def test_a_lonely_last_day_is_said(check: Check) -> None:
    lines = [f"c{n % 30},{day(n)},{n % 7 + 1}.5\n" for n in range(300)]
    said = check(HEADER + "".join([*lines, "c1,2025-06-01,9\n"])).quality["cautions"]["lonely_end"]
    assert said.startswith("1 line is of 2025-06-01 or later, 218 days after all others, which end on 2024-10-26")
    assert "set as_of = 2024-10-26" in said


@pytest.mark.parametrize("late", [["c1,2024-12-01,9\n"], [f"c{n},{day(400 + n)},5.5\n" for n in range(60)]])
def test_a_late_season_is_no_lonely_day(check: Check, late: list[str]) -> None:
    lines = [f"c{n % 30},{day(n)},{n % 7 + 1}.5\n" for n in range(300)]
    assert "lonely_end" not in check(HEADER + "".join([*lines, *late])).quality["cautions"]


# --- amounts and days -------------------------------------------------------------------------------------------------


def test_amounts_that_never_vary_are_said(check: Check) -> None:
    lines = [f"c{n % 30},{day(n)},1\n" for n in range(120)]
    assert (
        check(HEADER + "".join(lines))
        .quality["cautions"]["amounts_equal"]
        .startswith("all 120 purchases have the same amount, 1.00")
    )
    assert check(HEADER + "".join(lines) + "c1,2024-01-01,-2\n").quality["cautions"].keys() == {"amounts_equal"}
    assert check(HEADER + "".join(lines[:99])).quality["cautions"] == {}
    assert check(HEADER + "".join(lines) + "c1,2024-01-01,2\n").quality["cautions"] == {}


def test_days_of_months_are_said(check: Check) -> None:
    lines = [f"c{n % 30},{2024 + n % 12 // 12}-{n % 12 + 1:02}-01,{n}.5\n" for n in range(120)]
    assert (
        check(HEADER + "".join(lines))
        .quality["cautions"]["day_of_month"]
        .startswith("120 of 120 purchases are on day 1 of a month, in 12 months")
    )
    ends = [f"c{n % 30},{dt.date(2024 + (n % 12 + 1) // 12, (n % 12 + 1) % 12 + 1, 1) - dt.timedelta(days=1)},{n}.5\n"
            for n in range(120)]  # fmt: skip
    assert "are on the last day of a month" in check(HEADER + "".join(ends)).quality["cautions"]["day_of_month"]
    mixed = [*lines, *(f"c1,2024-02-{n + 2:02},1\n" for n in range(9))]
    assert check(HEADER + "".join(mixed)).quality["cautions"] == {}


# --- one id for many --------------------------------------------------------------------------------------------------


def test_an_id_with_a_share_that_nobody_can_have_is_said_without_the_id(check: Check) -> None:
    draw = random.Random(1)
    guests = [f"secret-guest,{day(draw.randint(0, 500))},{draw.randint(1, 99)}\n" for _ in range(900)]
    shop = check(HEADER + "".join([*honest(), *guests]), as_of=dt.date(2025, 12, 31))
    said = shop.quality["cautions"]["crowded_id"]
    assert said.startswith("one customer_id has 900 of ")
    assert "guest_ids" in said
    assert "secret" not in shop.said


def test_ids_that_are_words_for_no_customer_are_said(check: Check) -> None:
    said = check(HEADER + "ann,2025-01-01,5\nGuest,2025-01-02,7\nguest,2025-01-02,2\nTotal,2025-01-02,14\n").quality
    assert said["cautions"]["no_customer"].startswith(
        "customer_id reads like no customer: 'guest' 2 lines 9.00, 'total' 1 line 14.00. Each is taken for one customer"
    )


def test_a_fifth_of_the_lines_in_one_of_few_ids_is_said(check: Check) -> None:
    lines = [f"c{n % 60},{day(n)},{n % 7 + 1}.5\n" for n in range(300)] + [f"007,{day(3 * n)},2.5\n" for n in range(90)]
    said = check(HEADER + "".join(lines)).quality["cautions"]["crowded_id"]
    assert said.startswith("one customer_id has 90 of 390 lines (23.1%)")


def test_an_id_that_buys_every_day_is_said(check: Check) -> None:
    till = [f"till,{day(366 + n)},3.5\n" for n in range(365)]
    others = honest(customers=3000)
    shop = check(HEADER + "".join([*others, *till]), as_of=dt.date(2025, 12, 31))
    assert 0.05 * shop.quality["rows_used"] > 365
    assert "365 of 365 days with purchases" in shop.quality["cautions"]["crowded_id"]


def test_two_such_ids_are_counted(check: Check) -> None:
    tills = [f"{name},{day(366 + n)},3.5\n" for n in range(365) for name in ("a", "b")]
    shop = check(HEADER + "".join([*honest(customers=1000), *tills]), as_of=dt.date(2025, 12, 31))
    assert shop.quality["cautions"]["crowded_id"].startswith("2 values of customer_id have 730 of ")


def test_a_small_shop_may_have_a_regular(check: Check) -> None:
    lines = [f"ann,{day(n)},{n}.5\n" for n in range(150)] + [f"c{n},{day(n)},{n}.5\n" for n in range(40)]
    assert check(HEADER + "".join(lines)).quality["cautions"] == {}
