"""Times with an offset beside times without one: on the calendar of the business where it is named, said where not."""

import datetime as dt
import os
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custlib.engine.dialect import SPARK
from custlib.errors import TableError, UsageError
from tests.identify.conftest import Check

FIRST, SECOND = dt.date(2025, 1, 1), dt.date(2025, 1, 2)
# As written, and the day in Berlin (one hour before UTC).
MIXED = {
    "2025-01-01": FIRST,
    "2025-01-01 23:30:00": FIRST,
    "2025-01-01T23:30:00Z": SECOND,
    "2025-01-01T23:30Z": SECOND,
    "2025-01-01 23:30:00 UTC": SECOND,
    "2025-01-01T23:30:00.123+00:00": SECOND,
    "2025-01-01T23:30:00+02:00": FIRST,
    "2025-01-01 23:30:00+02": FIRST,
    "2025-01-01 23:30:00 +0200": FIRST,
    "2025-01-01 20:30:00-05": SECOND,
    "2025-01-01T20:30:00-0500": SECOND,
}
NUMBER_WITH_OFFSET = 9
SAID = "a time with an offset or zone"


def days(check: Check, *written: str, **options: object) -> tuple[list[dt.date], str]:
    """The days that texts are read as, and what is said of them."""
    lines = "".join(f"c{n:02d},{text},1\n" for n, text in enumerate(written))
    shop = check("customer_id,timestamp,amount\n" + lines, **options)
    return [day.date() for day in shop.table("transactions", "customer_id")["day"]], shop.said


def test_every_way_to_write_an_offset_is_brought_to_the_local_day(check: Check) -> None:
    read, said = days(check, *MIXED, timezone="Europe/Berlin")
    assert dict(zip(MIXED, read, strict=True)) == MIXED
    assert SAID not in said


def test_a_date_alone_is_that_day_west_of_greenwich(check: Check) -> None:
    assert days(check, "2025-01-01", "2025-01-02", timezone="America/New_York")[0] == [FIRST, SECOND]


def test_without_a_time_zone_the_day_is_as_written_and_said(check: Check) -> None:
    read, said = days(check, *MIXED)
    assert set(read) == {FIRST}
    assert f"{NUMBER_WITH_OFFSET} lines have {SAID}" in said
    assert SAID not in days(check, "2025-01-01", "2025-01-01 10:00", "2025-01-01 10:00 PM")[1]


@pytest.mark.parametrize("zone", ["CET", "Europe/Paris"])
def test_a_named_zone_is_never_guessed(check: Check, zone: str) -> None:
    assert SAID in days(check, f"2025-01-01 23:30:00 {zone}")[1]
    with pytest.raises(TableError, match="timestamp is not a date"):
        days(check, f"2025-01-01 23:30:00 {zone}", timezone="America/New_York")


def test_a_format_with_an_offset_has_both_days(check: Check) -> None:
    written, form = ["01/01/2025 23:30 +0000", "01/01/2025 20:30 -0500", "01/01/2025 23:30 +0200"], "%d/%m/%Y %H:%M %z"
    assert days(check, *written, date_format=form, timezone="Europe/Berlin")[0] == [SECOND, SECOND, FIRST]
    read, said = days(check, *written, date_format=form)
    assert read == [FIRST] * 3
    assert SAID in said
    with pytest.raises(UsageError, match="not read by this engine"):
        SPARK.formatted_instant("x", form)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of the process cannot be set")
def test_the_day_is_not_that_of_the_machine(check: Check, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    moment = dt.datetime(2025, 1, 1, 23, 30, tzinfo=dt.UTC)
    columns = {"customer_id": ["ann"], "timestamp": pa.array([moment], pa.timestamp("us", "UTC")), "amount": [1.0]}
    pq.write_table(pa.table(columns), tmp_path / "s.parquet")
    for zone in ("America/New_York", "Asia/Tokyo"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        try:
            shop = check(tmp_path / "s.parquet")
            assert shop.table("transactions")["day"].item().date() == FIRST
            assert f"1 line has {SAID}" in shop.said
        finally:
            monkeypatch.delenv("TZ")
            time.tzset()
    assert "TZ" not in os.environ or os.environ["TZ"]
