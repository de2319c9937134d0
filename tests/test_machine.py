import shutil
from collections import namedtuple

import pytest

from custlib import machine
from custlib.errors import RunError


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
    assert machine.size_of(text) == size


def test_a_disk_that_is_too_small_is_said_before_anything_is_written(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**10, 9 * 10**9, 10**9))
    machine.check_disk(10_000_000, tmp_path)
    with pytest.raises(
        RunError, match=r"100,000,000 lines need about 8.0 GB of free disk for tables, and 1.0 GB are free"
    ):
        machine.check_disk(100_000_000, tmp_path)
