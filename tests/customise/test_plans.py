"""Cost, gain and verdict of a segment's actions, worked by hand."""

import math
import tomllib
from importlib.resources import files

import pandas as pd
import pytest

from custlib.customise import plans, segment_plans
from custlib.customise.plans import ContactCosts, contact_costs, segment_plan, total
from custlib.customise.playbook_file import Playbook
from custlib.engine.duckdb import DuckDB
from custlib.models import bgnbd
from custlib.models.bgnbd import BGNBD
from custlib.models.forecasting import as_lifetime_model

SHIPPED = files("custlib.rules").joinpath("playbooks", "music.toml").read_text(encoding="utf-8")


def entry(**changes):
    """The entry of one segment, with one action that may be changed."""
    given = tomllib.loads(SHIPPED)["segment"][0]
    action = given["action"][0] | changes.pop("action", {})
    return given | {"action": [action, *changes.pop("further", [])]} | changes


def play(**changes):
    book = {"playbook": tomllib.loads(SHIPPED)["playbook"], "segment": [entry(**changes)]}
    return Playbook.model_validate(book).segment[0]


HOLDOUT = {"share": 0.2, "min_control": 100, "window_days": 90, "alpha": 0.05, "power": 0.8, "seed": "s"}
WORDS = {"en": "Voucher", "zh": "券"}
VOUCHER = {
    "offer": {"kind": WORDS, "face": 5.0, "cost": 4.0, "min_margin": 0.2},
    "cost": {"fixed": 100.0, "per_contact": 0.5},
    "effect": {"lift_abs": 0.05, "sd": 0.02, "source": "guess"},
}


# --- a plan worked by hand ---


def test_one_action_by_hand():
    found = plans.plan(play(action=VOUCHER, holdout=HOLDOUT), customers=1000, base_rate=0.10, spend=24.0)
    assert (found.customers, found.treated, found.control) == (1000, 800, 200)
    # 100 fixed, 800 contacts of .5, and 15 % of 800 take an offer of 4
    assert found.cost == pytest.approx(100 + 400 + 480)
    # 5 % of 800 buy who would not have: 40 x 24 less the cost
    assert found.margin == pytest.approx(960 - 980)
    assert (found.lift_low, found.lift_high) == pytest.approx((0.05 - 1.959964 * 0.02, 0.05 + 1.959964 * 0.02))
    # each point of lift brings 24 and costs an offer of 4
    half = 1.959964 * 0.02 * 800 * (24 - 4)
    assert (found.margin_low, found.margin_high) == pytest.approx((-20 - half, -20 + half))
    # .125 + .5 + .10 x 4 a customer whether or not anybody is moved, over 20 a purchase
    assert found.break_even == pytest.approx(1.025 / 20)
    # 2.801585 x sqrt(.1 x .9 x (1 / 800 + 1 / 200))
    assert found.detectable == pytest.approx(2.801585 * math.sqrt(0.09 * (1 / 800 + 1 / 200)), rel=1e-6)
    assert not found.measurable  # .066 is more than the .05 assumed


def test_at_the_break_even_lift_the_margin_is_nothing():
    first = plans.plan(play(action=VOUCHER, holdout=HOLDOUT), customers=1000, base_rate=0.10, spend=24.0)
    effect = VOUCHER["effect"] | {"lift_abs": first.break_even}
    again = plans.plan(
        play(action=VOUCHER | {"effect": effect}, holdout=HOLDOUT), customers=1000, base_rate=0.10, spend=24.0
    )
    assert again.margin == pytest.approx(0, abs=1e-9)
    assert again.break_even == pytest.approx(first.break_even)


def test_two_actions_add_up():
    second = entry()["action"][0] | {
        "cost": {"fixed": 0.0, "per_contact": 0.06},
        "effect": {"lift_abs": 0.03, "sd": 0.015, "source": "prior"},
    }
    both = play(action=VOUCHER, further=[second], holdout=HOLDOUT)
    found = plans.plan(both, customers=1000, base_rate=0.10, spend=24.0)
    assert found.lift == pytest.approx(0.08)
    assert found.cost == pytest.approx(980 + 48)
    assert found.margin == pytest.approx(800 * 0.08 * 24 - 1028)
    half = 1.959964 * 800 * math.hypot(0.02 * 20, 0.015 * 24)
    assert found.margin_high - found.margin == pytest.approx(half)
    # lifts keep their ratio: 1.085 a customer over (5 x 20 + 3 x 24) / 8 a purchase
    assert found.break_even == pytest.approx(1.085 / 21.5)
    assert found.measurable  # .066 is less than the .08 assumed


def test_an_offer_dearer_than_a_purchase_never_pays():
    found = plans.plan(play(action=VOUCHER, holdout=HOLDOUT), customers=1000, base_rate=0.1, spend=4.0)
    assert found.break_even == math.inf


def test_an_action_without_lift_still_has_a_break_even():
    effect = {"lift_abs": 0.0, "sd": 0.0, "source": "guess"}
    found = plans.plan(
        play(action=VOUCHER | {"effect": effect}, holdout=HOLDOUT), customers=1000, base_rate=0.1, spend=24.0
    )
    assert found.break_even == pytest.approx(1.025 / 20)
    assert found.margin == -found.cost
    assert not found.measurable


# --- too small to measure ---


@pytest.mark.parametrize(
    ("customers", "base_rate", "detectable"),
    [(0, 0.1, False), (2, 0.1, False), (497, 0.1, True), (1000, 0.0, False), (1000, 1.0, False)],
)
def test_what_cannot_be_shown_is_said(customers, base_rate, detectable):
    effect = VOUCHER["effect"] | {"lift_abs": 0.5}
    found = plans.plan(
        play(action=VOUCHER | {"effect": effect}, holdout=HOLDOUT),
        customers=customers, base_rate=base_rate, spend=24.0,
    )  # fmt: skip
    assert (found.detectable is not None) == detectable
    assert not found.measurable
    assert found.treated + found.control == customers


def test_enough_customers_make_it_measurable():
    found = plans.plan(play(action=VOUCHER, holdout=HOLDOUT), customers=5000, base_rate=0.10, spend=24.0)
    assert found.detectable < 0.05
    assert found.measurable


# --- what the plan needs, from the customers ---


def test_measures_by_hand(tmp_path):
    engine = DuckDB(tmp_path)
    customers = pd.DataFrame(
        {
            "customer_id": ["a", "b", "c"],
            "frequency": [2, 0, 5], "recency": [170, 0, 300], "T": [200, 10, 310],
            "expected_spend": [40.0, 20.0, 99.0],
            "expected_margin": [40.0 * 0.3 - 2, 20.0 * 0.3 - 2, 99.0 * 0.3 - 2],
        }
    )  # fmt: skip
    engine.attach_frame("given_value", customers)
    engine.attach_frame(
        "given_segments",
        pd.DataFrame({"customer_id": ["a", "b", "c"], "segmentation": "rfm", "segment": ["x", "x", "y"]}),
    )
    # the tables of the dictionary have more columns; measures asks for these alone
    for name in ("customer_value", "customer_segments"):
        engine.attach_parquet(name, tmp_path / f"given_{name.removeprefix('customer_')}.parquet")
    model = BGNBD(0.25, 31.0, 0.8, 2.4)
    found = segment_plans.measures(engine, "rfm", as_lifetime_model(model), [30, 90])
    rows = found[90]
    bought = bgnbd.probability_alive(model, [2, 0], [170, 0], [200, 10]) * bgnbd.probability_of_purchase(
        model, 90, [2, 0], [200, 10]
    )
    assert rows["customers"].to_dict() == {"x": 2, "y": 1}
    assert rows["base_rate"]["x"] == pytest.approx(bought.mean(), rel=1e-12)
    # mean spend of the segment 30, a margin of .3, a cost to serve of 2
    assert rows["spend"]["x"] == pytest.approx(30 * 0.3 - 2)
    assert rows["purchase"]["x"] == pytest.approx(30)
    assert (found[30]["base_rate"] < rows["base_rate"]).all()


# --- money that is stated without a currency ---

CHEAP = ContactCosts({"email": 0.02, "letter": 1.0, "phone": 5.0}, "table")


def judged(*, customers=1000, base_rate=0.10, spend=24.0, purchase=24.0, contacts=CHEAP, **changes):
    given = play(holdout=HOLDOUT, **changes)
    return segment_plan(
        given, customers=customers, base_rate=base_rate, spend=spend, purchase=purchase, contacts=contacts
    )


def test_an_offer_is_a_share_of_the_usual_purchase_and_a_contact_costs_what_its_channel_costs():
    offer = {"kind": WORDS, "unit": "purchase", "face": 0.25, "cost": 0.2, "min_margin": 0.2}
    found = judged(purchase=30.0, action={"offer": offer, "cost": {"contacts": 3}, "effect": VOUCHER["effect"]})
    action = found.play.action[0]
    assert (action.offer.face, action.offer.cost, action.cost.per_contact) == pytest.approx((7.5, 6.0, 0.06))
    # 800 treated: three mails of .02, and 15 % take an offer of 6
    assert found.plan.cost == pytest.approx(800 * (0.06 + 0.15 * 6))
    assert found.contact_source == "table"
    stated = judged(action=VOUCHER)
    assert stated.contact_source == "playbook"
    assert stated.plan.cost == pytest.approx(980)


def test_a_contact_costs_what_the_project_states_else_the_table_else_a_share_of_a_purchase():
    assert contact_costs("EUR", 30.0, {}).source == "table"
    assert contact_costs("EUR", 30.0, {"email": 0.5}).by_channel["email"] == 0.5
    assert (
        contact_costs("EUR", 30.0, {"email": 0.5}).by_channel["letter"]
        == contact_costs("EUR", 1, {}).by_channel["letter"]
    )
    assert contact_costs("EUR", 30.0, {"email": 0.5}).source == "project"
    rare = contact_costs("THB", 1000.0, {})
    assert (rare.source, rare.by_channel["letter"]) == ("share", pytest.approx(30.0))


# --- verdicts, each with its opposite ---


def free(lift, sd=0.0, source="guess", per_contact=0.0):
    return {"cost": {"per_contact": per_contact}, "effect": {"lift_abs": lift, "sd": sd, "source": source}}


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        # .05 x 24 = 1.2 a customer: a contact of .2 pays at a sixth of the effect, one of .3 at a fourth, 1.3 never
        ({"action": free(0.05, per_contact=0.2)}, "do"),
        ({"action": free(0.05, per_contact=0.3)}, "test"),
        ({"action": free(0.05, per_contact=1.3)}, "leave"),
        ({"action": free(0.05, per_contact=0.2), "customers": 9}, "few"),
        ({"action": free(0.05, per_contact=0.2), "customers": 10}, "do"),
        ({"action": free(0.05, per_contact=0.2), "customers": 0}, "few"),
        # measured: .05 +- .02 is above the break-even of .0208, .05 +- .06 is not
        ({"action": free(0.05, sd=0.01, source="measured", per_contact=0.5)}, "do"),
        ({"action": free(0.05, sd=0.03, source="measured", per_contact=0.5)}, "test"),
        ({"action": free(0.05, sd=0.01, source="guess", per_contact=0.5)}, "test"),
        # a gain of less than half a unit of currency is none
        ({"action": free(0.0001), "customers": 250}, "leave"),
        ({"action": free(0.0002), "customers": 250}, "do"),
        ({"action": free(0.05), "spend": -1.0}, "leave"),
    ],
)
def test_the_verdict_is_a_rule(changes, verdict):
    assert judged(**changes).verdict == verdict


def test_an_action_that_costs_more_than_it_brings_is_left_out():
    dear = entry()["action"][0] | {"id": "letter"} | free(0.01, per_contact=1.0)
    found = judged(action=free(0.05, per_contact=0.1), further=[dear])
    assert found.left_out == {"letter"}
    assert found.plan == judged(action=free(0.05, per_contact=0.1)).plan
    assert found.is_recommended
    neither = judged(action=free(0.05, per_contact=2.0), further=[dear])
    assert (neither.verdict, len(neither.left_out), neither.is_recommended) == ("leave", 2, False)
    assert neither.plan.margin < 0
    few = judged(action=free(0.05, per_contact=0.1), further=[dear], customers=9)
    assert few.left_out == frozenset()  # what pays is not told of so few
    both = judged(action=free(0.05, per_contact=0.1), further=[dear | free(0.06, per_contact=1.0)])
    assert both.left_out == frozenset()


def test_collecting_money_owed_is_no_matter_of_lift():
    effect = {"metric": "payment", "lift_abs": 0.0, "sd": 0.0, "source": "guess"}
    owed = {"cost": {"contacts": 2}, "channel": "letter", "effect": effect}
    found = judged(action=owed)
    # nobody is left out of it: 1000 customers, two letters of 1
    assert (found.verdict, found.left_out, found.plan.control, found.plan.cost) == ("do", frozenset(), 0, 2000)
    assert judged(action=owed, customers=9).verdict == "few"
    whole = total([found, judged(action=free(0.05, per_contact=0.2))])
    assert (whole.recommended, whole.collecting) == (1, 1)
    assert (whole.cost, whole.owed_cost) == pytest.approx((160, 2000))
    assert whole.margin == pytest.approx(800 * (1.2 - 0.2))  # what is owed is no gain of this plan


def test_the_total_adds_up_what_is_recommended_only():
    good, bad = judged(action=free(0.05, sd=0.01, per_contact=0.2)), judged(action=free(0.05, per_contact=1.3))
    few = judged(action=free(0.05, per_contact=0.2), customers=9)
    sure = judged(action=free(0.12, sd=0.01, per_contact=0.2), customers=5000)
    whole = total([good, bad, few, sure])
    assert (whole.recommended, whole.provable, whole.segments) == (2, 1, 4)
    for name in ("cost", "margin", "margin_low", "margin_high"):
        assert getattr(whole, name) == pytest.approx(getattr(good.plan, name) + getattr(sure.plan, name))
    assert total([bad, few]).recommended == 0
    assert total([bad, few]).margin == 0
