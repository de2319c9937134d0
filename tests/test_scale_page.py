"""The page on scale: the limits that it names are those of the code, and its bounds are counted here."""

import re

import pytest

from benchmarks import scale
from custlib import machine
from custlib.engine import sorting, spark_session
from custlib.engine.base import FETCH_LIMIT
from custlib.value.activity import CELL_LIMIT, DAY_BINS
from tests.house.sources import ROOT

TEXT = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
WORDS = " ".join(TEXT.split())
LIMIT = 500_000
WIDEST = DAY_BINS[-1]


def grid(days: int) -> int:
    """Cells of the widest bins that customers seen for so many days can lie in: frequency <= recency <= T."""
    last = (days - 1) // WIDEST
    longest = [min(WIDEST * bin + WIDEST - 1, days - 1) for bin in range(last + 1)]
    return sum((last - bin + 1) * (most + (bin == 0)) for bin, most in enumerate(longest))


def pairs(days: int) -> int:
    """Frequencies and T that customers seen for so many days can have."""
    return days * (days + 1) // 2


def test_the_grid_of_a_month_is_counted_by_hand():
    assert WIDEST == 14
    # recency 0-13: frequency 0-13, T in 3 bins; recency 14-27: 1-27, 2 bins; recency 28 or 29: 1-29, 1 bin
    assert grid(30) == 14 * 3 + 27 * 2 + 29


@pytest.mark.parametrize(("count", "most", "said"), [(grid, 812, "365,900"), (pairs, 999, "266,815")])
def test_what_python_holds_is_bounded_over_two_years(count, most, said):
    assert f"{count(730):,}" == said
    assert said in WORDS
    assert count(most) <= LIMIT < count(most + 1)
    assert f"{most + 1:,} days" in WORDS


def test_the_limits_of_the_page_are_those_of_the_code():
    assert CELL_LIMIT == FETCH_LIMIT == LIMIT
    assert TEXT.count("500,000") >= 4
    assert spark_session._SESSION["spark.sql.autoBroadcastJoinThreshold"] == "64MB"
    assert "below 64 MB" in WORDS


def test_memory_and_disk_are_said_as_they_are_reckoned():
    assert f"{sorting._WAITING:.0%} of the limit are sorted in memory".replace("%", " %") in WORDS
    assert f"{machine.BYTES_EACH} bytes of free disk for each line" in WORDS
    assert machine.size_of("100MB") == machine.LEAST_MEMORY


def test_the_table_to_be_filled_names_sizes_that_are_timed():
    head = re.search(r"\|((?: \| 1\d* million lines, \w+)+) \|\n\|.*\n\| memory limit \| (.+) \|", TEXT)
    assert head
    sizes = [int(lines) * 10**6 for lines in re.findall(r"(\d+) million", head[1])]
    assert sizes == [scale.SMALL_MEMORY_AT_MOST, scale.SMALL_MEMORY_AT_MOST, 100_000_000]
    assert [scale.memory_for(lines) for lines in sizes] == head[2].split(" | ")
