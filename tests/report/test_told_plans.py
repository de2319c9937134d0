"""What pages say of a plan is of the customers as told: neither its cost nor its proof gives a count away."""

from dataclasses import replace

import pytest

from custlib.customise.plans import ContactCosts, SegmentPlan, segment_plan
from custlib.report.playbook.told_plans import as_told
from custlib.report.privacy import shown_counts
from tests.customise.test_plans import HOLDOUT, VOUCHER, play

FREE = ContactCosts({}, "table")


def planned(customers: int) -> SegmentPlan:
    own = play(action=VOUCHER | {"cost": {"fixed": 0.0, "per_contact": 0.5}}, holdout=HOLDOUT | {"share": 0.5})
    found = segment_plan(own, customers=customers, base_rate=0.1, spend=40.0, purchase=40.0, contacts=FREE)
    return replace(found, contact_source="project")


def test_two_sizes_that_are_told_alike_have_one_plan() -> None:
    """9 and 25, or 3 and 31, are 34 together: about 30. At half a unit a contact their costs would tell 25 from 31."""
    assert shown_counts([9, 25]) == shown_counts([3, 31]) == [None, 30]
    assert planned(25).plan.cost != planned(31).plan.cost
    assert planned(25).plan.detectable != planned(31).plan.detectable
    first, second = as_told(planned(25), 30), as_told(planned(31), 30)
    assert first == second
    assert (first.plan.customers, first.plan.treated, first.plan.control) == (30, 15, 15)
    assert first.plan.cost == pytest.approx(15 * (0.5 + 0.15 * 4))  # 15 % of them take an offer of 4
    assert first.contact_source == "project"
    assert first.stated == planned(25).stated


def test_where_no_number_is_told_the_plan_is_of_the_fewest() -> None:
    assert as_told(planned(12), None).plan.customers == 10


def test_exact_counts_and_small_segments_keep_their_plan() -> None:
    for one in (planned(400), planned(7), planned(0)):
        told = shown_counts([one.plan.customers])[0]
        assert as_told(one, told) is one
