import numpy as np
import pandas as pd
import pytest

from custlib.errors import TableError, UsageError
from custlib.lifetimes.summary import check_summary


def frame(**columns):
    """Three customers, the second with two repeat purchases, the third with three."""
    right = {"frequency": [0, 2, 3], "recency": [0, 14, 30], "T": [39, 38, 36], "monetary_value": [0.0, 12.5, 9.0]}
    return pd.DataFrame(right | columns)


def test_a_right_frame_has_no_remarks():
    assert check_summary(frame(), unit="day") == ()
    assert check_summary(frame().drop(columns="monetary_value"), unit="day") == ()


FAULTS = {
    "T is no finite number in 1 of 3 rows (first: row 1)": {"T": [39, np.nan, 36]},
    "recency is no finite number in 1 of 3 rows (first: row 2)": {"recency": [0, 14, np.inf]},
    "monetary_value is no finite number in 1 of 3 rows (first: row 1)": {"monetary_value": [0, np.nan, 9]},
    "recency is negative in 1 of 3 rows (first: row 0)": {"recency": [-1, 14, 30]},
    "frequency is not whole in 1 of 3 rows (first: row 1)": {"frequency": [0, 2.5, 3]},
    "weights is negative in 1 of 3 rows (first: row 2)": {"weights": [1, 1, -1]},
    "recency is above T in 1 of 3 rows (first: row 2)": {"T": [39, 38, 29]},
    "recency is above 0 with frequency 0 in 1 of 3 rows (first: row 0)": {"recency": [5, 14, 30]},
    "frequency is above the days between first and last purchase (unit: day) in 1 of 3 rows": {"recency": [0, 0, 30]},
    "monetary_value is not above 0 for a repeat buyer in 1 of 3 rows (first: row 2)": {"monetary_value": [0, 9, -4]},
    'T is not whole days in 3 of 3 rows (first: row 0): these look like weeks: state unit="week"': {
        "T": np.array([39, 38, 36]) + 2 / 7
    },
    "T is not whole days in 1 of 3 rows (first: row 0): state the unit, or count whole days": {"T": [39.5, 38, 36]},
}


@pytest.mark.parametrize("message", FAULTS)
def test_a_fault_is_named_with_its_rows(message):
    with pytest.raises(TableError) as caught:
        check_summary(frame(**FAULTS[message]), unit="day")
    assert message in str(caught.value)


DAYS = [39, 38, 36]
TIMES = {
    "lengths of time": pd.to_timedelta(DAYS, unit="D"),
    "dates": pd.to_datetime(["2024-01-01"] * 3),
    "dates of a zone": pd.to_datetime(["2024-01-01"] * 3, utc=True),
    "months": pd.PeriodIndex(["2024-01"] * 3, freq="M"),
    "lengths of time as objects": pd.Series(pd.to_timedelta(DAYS, unit="D"), dtype=object),
}


@pytest.mark.parametrize("times", TIMES)
def test_dates_and_lengths_of_time_are_no_numbers(times):
    with pytest.raises(TableError, match=r"^summary: T: holds dates or lengths of time, not numbers\. .*\.dt\.days"):
        check_summary(frame(T=TIMES[times]), unit="day")


def test_all_faults_are_named_at_once():
    with pytest.raises(TableError, match="(?s)recency is above T.*monetary_value is not above 0"):
        check_summary(frame(T=[39, 10, 36], monetary_value=[0, 0, 9]), unit="day")


def test_money_of_customers_who_never_came_back_does_not_count():
    assert check_summary(frame(monetary_value=[np.nan, 12.5, 9.0]), unit="day") == ()


REMARKS = {
    "T is 0 for 33.3% of the customers": ({"T": [0, 38, 36]}, "day"),
    "multiples of 7 days: purchases seem merged by week": ({"recency": [0, 14, 28], "T": [42, 35, 56]}, "day"),
    "whole weeks: purchases seem merged by week": ({}, "week"),
    "T is not in sevenths of a week": ({"T": [39.5, 38, 36]}, "week"),
}


@pytest.mark.parametrize("message", REMARKS)
def test_what_is_likely_not_meant_is_remarked(message):
    columns, unit = REMARKS[message]
    (remark,) = check_summary(frame(**columns), unit=unit)
    assert message in remark


def test_weeks_kept_to_two_decimals_are_weeks():
    weeks = {name: np.round(frame()[name] / 7, 2) for name in ("recency", "T")}
    assert check_summary(frame(**weeks), unit="week") == ()


def test_a_frame_without_its_columns_is_refused():
    with pytest.raises(TableError, match="T is missing. Available: frequency, monetary_value, recency"):
        check_summary(frame().drop(columns="T"), unit="day")
    with pytest.raises(TableError, match="recency, T are missing"):
        check_summary(frame()[["frequency"]], unit="day")
    with pytest.raises(TableError, match="no rows"):
        check_summary(frame().head(0), unit="day")
    with pytest.raises(TableError, match="something that is no number"):
        check_summary(frame(T=["a", "b", "c"]), unit="day")


def test_a_month_is_no_unit():
    with pytest.raises(UsageError, match="'month' is unknown. .* merge by day"):
        check_summary(frame(), unit="month")
