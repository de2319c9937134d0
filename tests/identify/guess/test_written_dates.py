"""Days are read in every form that fits all of them; what the rest of the values proves leaves one."""

import datetime as dt

import pytest

from custlib.identify.guess.written_dates import dates_of

TODAY = dt.date(2026, 3, 1)
DAYS = [dt.date(2024, 1, 1) + dt.timedelta(days=11 * n) for n in range(60)]


def forms(values: list[object]) -> list[str | None]:
    dates = dates_of(values, TODAY)
    assert dates is not None
    return [reading.form for reading in dates.readings]


@pytest.mark.parametrize(
    "form",
    ["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y%m%d", "%d-%b-%y", "%d %B %Y", "%b %d, %Y", "%Y/%m/%d", "%d.%m.%y",
     "%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%Y年%m月%d日", "%d. %m. %Y", "%Y.%m.%d."],
)  # fmt: skip
def test_a_form_that_the_values_prove(form: str) -> None:
    values: list[object] = [dt.datetime.combine(day, dt.time(9, 5)).strftime(form) for day in reversed(DAYS)]
    dates = dates_of(values, TODAY)
    assert dates is not None
    assert forms(values) == [form]
    assert list(dates.readings[0].days) == DAYS[::-1]


@pytest.mark.parametrize("values", [["2024-01-05", "2024-02-07"], ["2024-01-05T10:00:00Z"], [dt.date(2024, 1, 5)]])
def test_iso_days_need_no_form(values: list[object]) -> None:
    assert forms(values) == [None]


@pytest.mark.parametrize(
    ("text", "form"), [("45726", "excel"), ("1741600000", "epoch_s"), ("1741600000000", "epoch_ms")]
)
def test_numbers_of_days(text: str, form: str) -> None:
    dates = dates_of([text], TODAY)
    assert dates is not None
    assert (dates.readings[0].form, dates.readings[0].days[0]) == (form, dt.date(2025, 3, 10))


def test_days_up_to_the_twelfth_may_be_either() -> None:
    assert forms(["03/04/2025", "07/02/2025", "01/05/2025"]) == ["%d/%m/%Y", "%m/%d/%Y"]
    assert forms(["03.04.2025", "07.02.2025"]) == ["%d.%m.%Y"]


def test_days_in_order_of_time_one_way_only_are_clear() -> None:
    days = [dt.date(2023 + n // 12, 1 + n % 12, 1 + 5 * n % 11) for n in range(30)]
    assert forms([f"{day:%d/%m/%Y}" for day in days]) == ["%d/%m/%Y"]


def test_a_day_that_has_not_come_is_none() -> None:
    assert forms(["03/04/2025", "01/04/2026"]) == ["%m/%d/%Y"]
    assert forms(["03/04/2025", "01/12/2025"]) == ["%d/%m/%Y", "%m/%d/%Y"]
    assert dates_of(["31/12/2031"], TODAY) is None
    assert dates_of(["ann", "bob"], TODAY) is None
