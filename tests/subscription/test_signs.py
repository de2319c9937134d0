"""Whether purchases look like those of a contract: by hand, and against shops that only resemble it."""

import datetime as dt

import pytest

from custlib.subscription import signs
from tests.bases import open_base
from tests.subscription.subscribers import AS_OF, basket_shop, one_price_shop, open_run, subscribers


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("signs")


@pytest.fixture(scope="module")
def monthly(folder):
    return open_run(folder / "monthly", subscribers(120))


def test_gaps_and_amounts_by_hand(tmp_path):
    # Ann pays 10 on three first days of a month; Ben 20, then 25 a month later, then again 40 days later
    engine = open_base(tmp_path, [
        ("ann", "2025-01-01", 10), ("ann", "2025-02-01", 10), ("ann", "2025-03-01", 4), ("ann", "2025-03-01", 6),
        ("ben", "2025-01-05", 20), ("ben", "2025-02-05", 25), ("ben", "2025-03-17", 25), ("cy", "2025-01-09", 7),
    ])  # fmt: skip
    found = signs.signs_of(engine, signs.payments("purchases", AS_OF), "month")
    assert found == {"period": "month", "customers": 2, "gaps": 4, "regular": 0.75, "equal": pytest.approx(2 / 3)}
    earlier = signs.signs_of(engine, signs.payments("purchases", dt.date(2025, 2, 28)), "month")
    assert (earlier["gaps"], earlier["customers"]) == (2, 0)


def test_monthly_payments_of_one_amount_are_a_contract(monthly):
    found = monthly.get("subscription_signs")
    assert (found["period"], found["source"]) == ("month", "purchases")
    assert found["regular"] == found["equal"] == 1
    assert monthly.get("subscription_terms").is_stated is False
    assert "lifetime.looks_contractual" in monthly.get("flags")


@pytest.mark.parametrize("shop", [basket_shop, one_price_shop])
def test_other_amounts_or_other_days_are_none(folder, shop):
    run = open_run(folder / shop.__name__, shop(120))
    assert run.get("subscription_signs")["period"] == ""
    assert run.reason("retention_models") == run.reason("subscription_value") == "no_contract"
    assert "lifetime.looks_contractual" not in run.get("flags")


def test_a_stated_contract_is_no_caution(folder):
    run = open_run(folder / "stated", subscribers(120), subscription="month")
    assert run.get("subscription_terms").is_stated
    assert "lifetime.looks_contractual" not in run.get("flags")


def test_yearly_invoices_show_a_contract_that_purchases_do_not(folder):
    bills = [
        (f"y{n}", dt.date(year, 1 + n % 12, 5), dt.date(year, 1 + n % 12, 5 + n % 20), 100)
        for n in range(40)
        for year in range(2020, 2026 if n % 4 else 2023)
    ]
    run = open_run(folder / "bills", one_price_shop(60), invoices=bills)
    found = run.get("subscription_signs")
    assert (found["period"], found["source"], found["customers"]) == ("year", "invoices", 40)
    totals = run.get("subscription_totals")
    assert (totals["customers"], totals["lost"]) == (40, 10)


def test_an_unpaid_invoice_is_no_payment(tmp_path):
    engine = open_base(tmp_path, [("ann", "2025-01-01", 10)])
    engine.make("invoices", "select 'ann' as customer_id, date '2025-03-01' as due, date '2025-05-02' as paid, 5 as"
                " amount union all select 'ann', date '2025-04-01', null, 5")  # fmt: skip
    late = engine.fetch(f"select count(*) as n from ({signs.payments('invoices', dt.date(2025, 5, 1))})")["n"].item()
    paid = engine.fetch(f"select count(*) as n from ({signs.payments('invoices', dt.date(2025, 5, 2))})")["n"].item()
    assert (late, paid) == (0, 1)
