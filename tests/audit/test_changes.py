import itertools

import numpy as np
import pandas as pd
import pytest

from custlib.audit import changes, periods
from tests.audit.test_periods import four, large, music, purchases

__all__ = ["four", "large", "music", "purchases"]


def test_lens_two_tells_who_came_left_stayed_changed(four):
    found = changes.moves(*four).set_index("move")
    assert found["customers"].to_dict() == {
        "new": 1, "returned": 1, "more": 1, "same": 0, "less": 0, "lapsed": 1, "refunds": 1,
    }  # fmt: skip
    assert found["change"].to_dict() == {
        "new": 50, "returned": 15, "more": 40, "same": 0, "less": 0, "lapsed": -50, "refunds": -8,
    }  # fmt: skip


def test_the_change_by_hand(four):
    totals = periods.period_totals(*four).set_index("period")
    found = changes.change_parts(totals.loc[1], totals.loc[0])
    # 2 customers x 1 day x 35 become 3 x 4/3 x 29.25
    by_order = []
    for order in itertools.permutations(range(3)):
        now, before, parts = [3, 4 / 3, 29.25], [2, 1, 35], [0, 0, 0]
        for factor in order:
            left = np.prod(before)
            before[factor] = now[factor]
            parts[factor] = np.prod(before) - left
        by_order.append(parts)
    assert list(found.values()) == pytest.approx([*np.mean(by_order, axis=0), 0])
    assert sum(found.values()) == pytest.approx(47)


@pytest.mark.parametrize(
    ("before", "now", "wanted"),
    [
        ((1, 1, 10), (2, 2, 20), (10, 0, 0, 0)),  # twice the customers
        ((1, 1, 10), (1, 2, 20), (0, 10, 0, 0)),  # twice as often
        ((1, 1, 10), (1, 1, 20), (0, 0, 10, 0)),  # twice as much
        ((0, 0, 0), (3, 4, 60), (60, 0, 0, 0)),  # nobody before
        ((3, 4, 60), (0, 0, 0), (-60, 0, 0, 0)),  # nobody now
        ((3, 4, 60), (0, 0, -5), (-60, 0, 0, -5)),  # nobody buys, one gives back
        ((0, 0, 0), (0, 0, 0), (0, 0, 0, 0)),
        ((2, 2, 20), (2, 2, -10), (0, 0, -30, 0)),  # more given back than bought
    ],
)
def test_changes_of_one_thing_only(before, now, wanted):
    names = ("customers", "purchase_days", "revenue")
    found = changes.change_parts(*(pd.Series(dict(zip(names, row, strict=True))) for row in (before, now)))
    assert list(found.values()) == pytest.approx(wanted)


def test_without_money_purchases_are_parted(four):
    totals = periods.period_totals(*four).set_index("period")
    found = changes.change_parts(totals.loc[1], totals.loc[0], measure="purchase_days")
    # 2 x 1 become 3 x 4/3
    assert found == pytest.approx({"customers": 7 / 6, "frequency": 5 / 6, "spend": 0, "other": 0})
    moved = changes.moves(*four, measure="purchase_days").set_index("move")
    assert moved["change"].to_dict() == {
        "new": 1, "returned": 1, "more": 1, "same": 0, "less": 0, "lapsed": -1, "refunds": 0,
    }  # fmt: skip


@pytest.mark.parametrize("now", [0, 1, 4])
def test_moves_and_parts_of_the_change_add_up_to_it(large, now):
    (engine, when), _ = large
    totals = periods.period_totals(engine, when).set_index("period")
    change = totals.loc[now, "revenue"] - totals.loc[now + 1, "revenue"]
    moved = changes.moves(engine, when, before=now + 1, now=now).set_index("move")
    assert moved["change"].sum() == pytest.approx(change, abs=0.005)
    assert sum(changes.change_parts(totals.loc[now + 1], totals.loc[now]).values()) == pytest.approx(change, abs=0.005)
    here = moved["customers"]
    assert here[["new", "returned", "more", "same", "less"]].sum() == totals.loc[now, "customers"]
    assert here[["more", "same", "less", "lapsed"]].sum() == totals.loc[now + 1, "customers"]


def test_cdnow_moves(music, purchases):
    wide = purchases.pivot_table(index="id", columns="quarter", values="amount", aggfunc="sum")
    before, now = wide[pd.Period("1998Q1")], wide[pd.Period("1998Q2")]
    both = before.notna() & now.notna()
    found = changes.moves(*music).set_index("move")
    assert found["customers"].to_dict() == {
        "new": 0, "returned": (now.notna() & before.isna()).sum(), "more": (both & (now > before + 1e-9)).sum(),
        "same": (both & ((now - before).abs() < 1e-9)).sum(), "less": (both & (now < before - 1e-9)).sum(),
        "lapsed": (before.notna() & now.isna()).sum(), "refunds": 0,
    }  # fmt: skip
    assert found.loc["lapsed", "change"] == pytest.approx(-before[now.isna()].sum(), abs=0.005)
