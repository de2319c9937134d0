"""Runs in one work folder, and threads on one run, do not disturb each other."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

import custlib

_OPEN = """
import sys
import custlib
run = custlib.open(sys.argv[1], work=sys.argv[2], as_of=sys.argv[3])
print(len(run.customers()))
"""


def _sales(lines=6_000, customers=900):
    random = np.random.default_rng(5)
    days = pd.Timestamp("2023-01-01") + pd.to_timedelta(random.integers(0, 700, lines), unit="D")
    ids, amounts = random.integers(0, customers, lines), random.gamma(2, 20, lines).round(2)
    return pd.DataFrame({"customer_id": ids, "timestamp": days, "amount": amounts})


@pytest.mark.slow
def test_threads_open_runs_in_one_work_folder(tmp_path):
    sales, days = _sales(), ("2024-11-30", "2024-11-30", "2024-06-30", "2024-09-30")
    with ThreadPoolExecutor(4) as threads:
        tables = list(threads.map(lambda day: custlib.open(sales, work=tmp_path, as_of=day).customers(), days))
    pd.testing.assert_frame_equal(tables[0], tables[1])
    alone = (
        custlib.open(sales, as_of="2024-06-30").table("customer_value").to_pandas()
    )  # segments are frozen by the first
    pd.testing.assert_frame_equal(tables[2][alone.columns], alone.sort_values("customer_id", ignore_index=True))


@pytest.mark.slow
def test_processes_open_runs_in_one_work_folder(tmp_path):
    _sales().to_parquet(tmp_path / "sales.parquet")
    work = tmp_path / "work"
    command = [sys.executable, "-c", _OPEN, str(tmp_path / "sales.parquet"), str(work)]
    processes = [
        subprocess.Popen([*command, day], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for day in ("2024-11-30", "2024-11-30", "2024-09-30")
    ]
    results = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], results
    assert results[0][0] == results[1][0]


def test_threads_share_a_run():
    run = custlib.open(_sales(), as_of="2024-11-30")
    with ThreadPoolExecutor(4) as threads:
        tables = list(threads.map(lambda _: run.customers(), range(4)))
        heads = list(threads.map(lambda _: run.table("customer_activity").to_pandas(), range(8)))
    assert all(table.equals(tables[0]) for table in tables)
    assert {len(head) for head in heads} == {len(tables[0])}
