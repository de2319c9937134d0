"""By its rules our summary is that of ``lifetimes``, row for row; by our rules it differs, and here is how."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from custlib.errors import TableError, UsageError
from custlib.lifetimes.adapters import fit_summary, lifetimes_summary
from custlib.lifetimes.crosscheck import restored_settings
from custlib.project import build
from custlib.run import Run

COLUMNS = ["frequency", "recency", "T", "monetary_value"]
NONE = float("nan")


@pytest.fixture(scope="module")
def cdnow():
    """The purchases of the CDNOW sample that lifetimes ships."""
    folder = Path(importlib.util.find_spec("lifetimes").submodule_search_locations[0]) / "datasets"
    names = ["master", "customer", "date", "cds", "dollars"]
    return pd.read_csv(folder / "CDNOW_sample.txt", sep=r"\s+", names=names, parse_dates=["date"])


def by_lifetimes(bought, *columns, **options):
    with restored_settings():
        from lifetimes.utils import summary_data_from_transaction_data

        return summary_data_from_transaction_data(bought, *columns, **options)


def assert_alike(found, wanted):
    """Counts and times are equal; money to the last digit of a sum; index and types too."""
    pd.testing.assert_frame_equal(found, wanted, check_exact=False, rtol=1e-13, atol=0)
    counted = [name for name in COLUMNS[:3] if name in wanted]
    pd.testing.assert_frame_equal(found[counted], wanted[counted], check_exact=True)


def purchases(*rows):
    return pd.DataFrame(rows, columns=["id", "day", "paid"])


def side_by_side(folder, bought, end, *, freq="D", **source):
    """Rows by customer of lifetimes, of our summary by its rules, and of our own rules (always in days)."""
    options = {"observation_period_end": end, "freq": freq}
    theirs, same = (sum_up(bought, "id", "day", "paid", **options) for sum_up in (by_lifetimes, lifetimes_summary))
    bought.set_axis(["customer_id", "timestamp", "amount"], axis=1).to_csv(folder / "sales.csv", index=False)
    source = {"path": "sales.csv"} | source
    mapping = {"id": "hand", "name": "By hand", "as_of": end, "folder": folder, "source": source}
    engine = Run(build(mapping), folder / "work").make("customer_activity")
    ours = engine.fetch("select * from customer_activity order by customer_id").set_index("customer_id")[COLUMNS]
    return tuple(
        {str(name): tuple(row) for name, row in zip(frame.index, frame.to_numpy(dtype=float), strict=True)}
        for frame in (theirs, same, ours)
    )


def assert_rows(found, wanted):
    assert set(found) == set(wanted)
    for name, row in wanted.items():
        np.testing.assert_allclose(found[name], row, rtol=1e-13, err_msg=name)  # NaN is equal to NaN


# --- the rules of lifetimes ---


def test_three_customers_by_hand():
    bought = purchases(
        ("b", "2025-01-08", 5.0), ("a", "2025-01-20", 40.0), ("a", "2025-01-01", 10.0), ("a", "2025-01-05", 20.0),
        ("a", "2025-01-05", 6.0), ("c", "2025-02-02", 9.0),
    )  # fmt: skip
    found = lifetimes_summary(bought, "id", "day", "paid", observation_period_end="2025-01-31")
    assert found.to_dict("index") == {
        "a": {"frequency": 2, "recency": 19, "T": 30, "monetary_value": 33},
        "b": {"frequency": 0, "recency": 0, "T": 23, "monetary_value": 0},
    }


@pytest.mark.parametrize("freq", ["D", "W"])
@pytest.mark.parametrize("include_first_transaction", [False, True])
@pytest.mark.parametrize("observation_period_end", [None, "1997-09-30"])
@pytest.mark.parametrize("money", ["dollars", None])
@pytest.mark.sampled
def test_cdnow_is_summed_up_as_lifetimes_does(cdnow, freq, include_first_transaction, observation_period_end, money):
    options = {
        "freq": freq, "include_first_transaction": include_first_transaction,
        "observation_period_end": observation_period_end,
    }  # fmt: skip
    found = lifetimes_summary(cdnow, "customer", "date", money, **options)
    assert len(found) == 2357
    assert_alike(found, by_lifetimes(cdnow, "customer", "date", money, **options))


def test_what_is_missing_is_left_out_as_lifetimes_does():
    bought = purchases(
        ("a", "2025-01-01", 10.0), ("a", "2025-01-09", NONE), ("a", "2025-01-10", 4.0), (None, "2025-01-02", 5.0),
        ("b", None, 6.0), ("c", "2025-01-03 23:59", 7.0), ("c", "2025-01-04 00:01", 8.0),
    )  # fmt: skip
    bought["day"] = pd.to_datetime(bought["day"], format="ISO8601")
    found = lifetimes_summary(bought, "id", "day", "paid")
    assert found.index.tolist() == ["a", "c"]
    assert_alike(found, by_lifetimes(bought, "id", "day", "paid"))


@pytest.mark.parametrize("end", ["2025-01-05", "2025-01-06", "2025-01-08", "2025-01-12", "2020-01-01"])
def test_any_day_of_a_week_ends_it_as_in_lifetimes(end):
    bought = purchases(*[("a", f"2025-01-{day:02}", float(day)) for day in (1, 5, 6, 9, 12, 13)])
    options = {"observation_period_end": end, "freq": "W"}
    found = lifetimes_summary(bought, "id", "day", "paid", **options)
    assert_alike(found, by_lifetimes(bought, "id", "day", "paid", **options).reindex(found.index))
    assert len(found) == (end > "2021")


def test_times_with_a_zone_count_by_the_day_as_written():
    bought = purchases(("a", "2025-01-01 23:30", 1.0), ("a", "2025-01-03 00:10", 2.0), ("b", "2025-01-02", 3.0))
    bought["day"] = pd.to_datetime(bought["day"], format="ISO8601").dt.tz_localize("Europe/Berlin")
    found = lifetimes_summary(bought, "id", "day", "paid", observation_period_end="2025-01-31")
    assert found["T"].tolist() == [30, 29] and found["recency"].tolist() == [2, 0]


def test_the_order_of_rows_changes_no_bit(cdnow):
    mixed = cdnow.sample(frac=1, random_state=1)
    columns = "customer", "date", "dollars"
    pd.testing.assert_frame_equal(
        lifetimes_summary(mixed, *columns), lifetimes_summary(cdnow, *columns), check_exact=True
    )


def test_its_frame_goes_into_the_fit(cdnow):
    frame = lifetimes_summary(cdnow, "customer", "date", observation_period_end="1997-09-30")
    assert fit_summary(frame, unit="day").lifetime.alpha / 7 == pytest.approx(4.41, abs=0.01)


def test_texts_are_sorted_as_days_and_not_as_texts():
    # the one place where lifetimes is not followed: given texts, it takes the first in the alphabet for the first
    bought = purchases(("a", "01/09/2025", 10.0), ("a", "01/10/2024", 70.0), ("a", "01/11/2024", 30.0))
    end = {"observation_period_end": "2025-12-31"}
    found = lifetimes_summary(bought, "id", "day", "paid", **end)
    theirs = by_lifetimes(bought, "id", "day", "paid", **end)
    assert found["monetary_value"].item() == (30 + 10) / 2
    assert theirs["monetary_value"].item() == (70 + 30) / 2
    assert_alike(found[COLUMNS[:3]], theirs[COLUMNS[:3]])


# --- our rules beside them ---


def test_a_refund_is_a_purchase_there_and_none_here(tmp_path):
    bought = purchases(
        ("a", "2025-01-01", 50.0), ("a", "2025-01-05", 30.0), ("a", "2025-01-06", -30.0),
        ("b", "2025-01-03", 20.0), ("b", "2025-01-10", 15.0), ("b", "2025-01-12", -5.0), ("c", "2025-01-04", -9.0),
    )  # fmt: skip
    theirs, same, ours = side_by_side(tmp_path, bought, "2025-02-01")
    assert_rows(theirs, {"a": (2, 5, 31, 0), "b": (2, 9, 29, 5), "c": (0, 0, 28, 0)})
    assert_rows(same, theirs)
    assert_rows(ours, {"a": (1, 4, 31, 0), "b": (1, 7, 29, 10)})


@pytest.mark.parametrize(("counts", "wanted"), [(True, (1, 4, 31, 0)), (False, (0, 0, 31, NONE))])
def test_a_day_of_nothing_is_a_purchase_there_and_here_if_you_say_so(tmp_path, counts, wanted):
    bought = purchases(("a", "2025-01-01", 50.0), ("a", "2025-01-05", 0.0), ("b", "2025-01-02", 5.0))
    theirs, same, ours = side_by_side(tmp_path, bought, "2025-02-01", zero_is_purchase=counts)
    assert_rows(theirs, {"a": (1, 4, 31, 0), "b": (0, 0, 30, 0)})
    assert_rows(same, theirs)
    assert_rows(ours, {"a": wanted, "b": (0, 0, 30, NONE)})


def test_days_of_a_week_are_merged_there_and_kept_here(tmp_path):
    # 6 January 2025 is a Monday; a buys three times in its week, b across a Sunday
    bought = purchases(
        ("a", "2025-01-06", 10.0), ("a", "2025-01-08", 20.0), ("a", "2025-01-11", 40.0),
        ("b", "2025-01-12", 5.0), ("b", "2025-01-13", 6.0),
    )  # fmt: skip
    theirs, same, ours = side_by_side(tmp_path, bought, "2025-02-03", freq="W")
    assert_rows(theirs, {"a": (0, 0, 4, 0), "b": (1, 1, 4, 6)})
    assert_rows(same, theirs)
    assert_rows(ours, {"a": (2, 5, 28, 30), "b": (1, 1, 22, 6)})


def test_a_week_counts_to_its_end_there_and_a_day_is_the_last_here(tmp_path):
    # looked at on Wednesday, 8 January: what is bought on Thursday and Sunday counts there, on Wednesday here too
    bought = purchases(
        ("a", "2025-01-01", 10.0), ("a", "2025-01-08", 20.0), ("b", "2025-01-02", 5.0), ("b", "2025-01-09", 6.0),
        ("c", "2025-01-12", 7.0),
    )  # fmt: skip
    theirs, same, ours = side_by_side(tmp_path, bought, "2025-01-08", freq="W")
    assert_rows(theirs, {"a": (1, 1, 1, 20), "b": (1, 1, 1, 6), "c": (0, 0, 0, 0)})
    assert_rows(same, theirs)
    assert_rows(ours, {"a": (1, 7, 7, 20), "b": (0, 0, 6, NONE)})


def test_the_first_day_is_left_out_of_the_money_in_both(tmp_path):
    # without a repeat purchase there is no mean: 0 there, null here
    bought = purchases(
        ("a", "2025-01-01", 100.0), ("a", "2025-01-01", 50.0), ("a", "2025-01-03", 10.0), ("b", "2025-01-02", 80.0)
    )
    theirs, same, ours = side_by_side(tmp_path, bought, "2025-01-31")
    assert_rows(theirs, {"a": (1, 2, 30, 10), "b": (0, 0, 29, 0)})
    assert_rows(same, theirs)
    assert_rows(ours, {"a": (1, 2, 30, 10), "b": (0, 0, 29, NONE)})


def test_a_day_begins_at_midnight_of_the_place_here_only(tmp_path):
    # half past eleven at night in London is the next day in Berlin
    bought = purchases(
        ("a", "2025-01-01T23:30Z", 10.0), ("a", "2025-01-02T08:00Z", 20.0), ("b", "2025-01-02T08:00Z", 5.0)
    )
    theirs, same, ours = side_by_side(tmp_path, bought, "2025-01-31", timezone="Europe/Berlin")
    assert_rows(theirs, {"a": (1, 1, 30, 20), "b": (0, 0, 29, 0)})
    assert_rows(same, theirs)
    assert_rows(ours, {"a": (0, 0, 29, NONE), "b": (0, 0, 29, NONE)})


# --- errors ---


def test_wrong_questions_are_refused():
    bought = purchases(("a", "2025-01-01", 1.0))
    with pytest.raises(UsageError, match="freq: 'M' is unknown. Available: D, W"):
        lifetimes_summary(bought, "id", "day", freq="M")
    with pytest.raises(UsageError, match="payed: no such column. Did you mean 'paid'?"):
        lifetimes_summary(bought, "id", "day", "payed")
    with pytest.raises(TableError, match="no row has a customer and a time"):
        lifetimes_summary(bought.assign(id=None), "id", "day")
