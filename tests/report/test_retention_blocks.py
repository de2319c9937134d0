"""Blocks on customers under contract: each sentence from its numbers, and nothing where there is no contract."""

import dataclasses

import pandas as pd
import pytest

from custlib import project
from custlib.graph import Refusal
from custlib.models.retention.bdw import BDW
from custlib.models.retention.sbg import SBG
from custlib.report.formats import MISSING
from custlib.report.pages.subscription import retention_page
from custlib.report.texts import texts
from custlib.subscription.renewal_counts import curve
from custlib.subscription.signs import Terms

MONTH = Terms("month", 30.4167, 15, "purchases", is_stated=False)
SIGNS = {"period": "month", "source": "purchases", "customers": 90, "gaps": 800, "regular": 0.97, "equal": 0.93}
MODELS = {"kind": "sbg", "chosen": SBG(1.0, 1.0), "sbg": SBG(1.0, 1.0), "bdw": BDW(1.0, 1.0, 1.0)}
NONE = Refusal("no_contract", "", "subscription_terms")
PROJECT = project.build({"id": "s", "name": "S", "as_of": "2025-12-31", "source": {"path": "x.csv"}})
TOTALS = {"customers": 90.0, "lost": 40.0, "expected_payments": 400.4, "discounted_payments": 380.0,
          "residual_payments": 1000.0, "value": 4_200.0, "residual_lifetime_value": 11_000.0}  # fmt: skip


@pytest.fixture
def t():
    return texts("en")


def test_a_likely_contract_says_why_and_what_to_do(t):
    said = retention_page.basis(t, SIGNS, MONTH)
    assert said.tone == "warn"
    assert said.title == "These customers seem to pay by the month under a contract"
    assert said.text.startswith("97 % of the gaps between purchases of a customer are about a month long, and in 93 %")
    assert 'set subscription = "month" in the project file' in said.text


def test_a_stated_contract_says_what_follows_from_it(t):
    stated = dataclasses.replace(MONTH, is_stated=True)
    said = retention_page.basis(t, SIGNS, stated)
    assert said.tone == "note"
    assert "97 % of the gaps" in said.text
    assert "The purchases do not show it" not in said.text
    unseen = retention_page.basis(t, SIGNS | {"period": ""}, stated)
    assert "The purchases do not show it" in unseen.text
    assert "97 %" not in unseen.text


def test_invoices_are_named_as_such(t):
    said = retention_page.basis(t, SIGNS | {"source": "invoices"}, MONTH)
    assert "gaps between paid invoices of a customer" in said.text


def test_the_title_of_the_curve_is_read_off_the_projection(t):
    counts = pd.DataFrame({"renewal": [1, 2, 3], "lost": [50.0, 17, 8], "remaining": [0.0, 0, 25]})
    figure = retention_page.curve(t, MONTH, curve(counts, MODELS), MODELS)
    # of all customers 1 / (t + 1) are there after t renewals
    assert figure.title == "Of the new customers 25 % are still there after 3 renewals, and 14 % after 6"
    assert "shifted beta geometric model, sBG (alpha 1, beta 1)" in figure.caption
    assert figure.table.rows[1] == ("1", "50 %", "50 %")
    other = MODELS | {"kind": "bdw", "chosen": MODELS["bdw"]}
    assert "BdW (alpha 1, beta 1, c 1)" in retention_page.curve(t, MONTH, curve(counts, other), other).caption


def test_what_payments_are_worth(t):
    facts = dict(retention_page.worth(t, PROJECT, "profit", MONTH, TOTALS).items)
    assert facts["Customers whose contract runs, or is overdue by at most 15 days"] == "50"
    assert facts["Customers who have left"] == "40"
    assert facts["Payments expected, 365 days"] == "400"
    assert facts["Coming profit, 365 days"] == "USD 4.2 k"
    assert facts["Payments to come per customer, discounted (DERL)"] == "20"


def test_money_of_a_few_customers_is_not_told(t):
    facts = dict(retention_page.worth(t, PROJECT, "profit", MONTH, TOTALS | {"lost": 86.0}).items)
    assert facts["Coming profit, 365 days"] == MISSING
    assert facts["Payments expected, 365 days"] == MISSING


@pytest.mark.parametrize(("expected", "tone", "title"), [
    (105.0, "good", "The payments expected in the test period were off by +5 %"),
    (130.0, "warn", "The payments expected in the test period were off by +30 %"),
])  # fmt: skip
def test_the_payments_of_the_test_period(t, expected, tone, title):
    said = retention_page.tested(t, {"customers": 50.0, "expected": expected, "actual": 100.0}, {"predicted": 140.2})
    assert (said.tone, said.title) == (tone, title)
    assert f"{expected:.0f} payments were expected" in said.text
    assert "The model for free purchases expected 140." in said.text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_without_a_contract_there_is_no_block(language):
    t = texts(language)
    blocks = [
        retention_page.section(t, NONE),
        retention_page.basis(t, SIGNS, NONE),
        retention_page.curve(t, NONE, NONE, NONE),
        retention_page.worth(t, PROJECT, "profit", NONE, NONE),
        retention_page.tested(t, NONE),
    ]
    assert blocks == [None] * 5


def test_chinese_blocks_are_written(t):
    zh = texts("zh")
    assert "按月签约付款" in retention_page.basis(zh, SIGNS, MONTH).title
    assert "97 %" in retention_page.basis(zh, SIGNS, MONTH).text or "97%" in retention_page.basis(zh, SIGNS, MONTH).text
    assert retention_page.worth(zh, PROJECT, "profit", MONTH, TOTALS).title == "今后各次付款值多少"
