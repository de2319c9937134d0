import shutil
from collections import namedtuple

import pytest

from custlib.engine import parts
from custlib.errors import RunError


def test_small_tables_stay_whole_and_parts_are_powers_of_two():
    assert parts.count(1_999_999, 10**8) == 1
    counts = [parts.count(rows, 10**9) for rows in range(2_000_000, 400_000_000, 7_000_000)]
    assert counts == sorted(counts)
    assert set(counts) <= {1, 2, 4, 8, 16, 32, 64}


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("500MB", 5 * 10**8),
        ("2gb", 2 * 10**9),
        ("1 GiB", 2**30),
        ("12.5 MiB", 13107200),
        ("7", 7),
        ("-5GB", 0),
        ("lots", 0),
    ],
)
def test_sizes(text, size):
    assert parts.size_of(text) == size


def test_a_disk_that_is_too_small_is_said_before_anything_is_written(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**10, 9 * 10**9, 10**9))
    parts.check_disk(10_000_000, tmp_path)
    with pytest.raises(
        RunError, match=r"100,000,000 lines need about 8.0 GB of free disk for tables, and 1.0 GB are free"
    ):
        parts.check_disk(100_000_000, tmp_path)
