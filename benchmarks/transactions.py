"""Simulates purchases as a shop exports them, in order of time, up to a hundred million lines in a Parquet file.

Ids are text or whole numbers, times are to the second, money is a float with two decimals. Run as a program it writes
the file: ``python -m benchmarks.transactions 10000000 purchases.parquet --ids number``. Customers differ in rate
(Gamma) and in how long they stay (exponential); there are about ten lines for each.
"""

import argparse
import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

DAYS = 730
AS_OF = dt.date(2025, 12, 31)
START = AS_OF - dt.timedelta(days=DAYS - 1)
LINES_EACH = 10
SHAPE, STAY = 0.7, 300.0  # of the rates; mean days that a customer stays
SLICE = 1_000_000
IDS = {"text": pa.string(), "number": pa.int64()}


def write(lines: int, path: Path, *, seed: int = 0, ids: str = "text") -> None:
    """Write a file of about so many lines, a row group for each million; both kinds of ids name the same customers."""
    random = np.random.default_rng(seed)
    customers = max(lines // LINES_EACH, 1)
    who, day = _purchases(customers, lines, random)
    order = np.argsort(day, kind="stable")
    names = _names(customers, ids, random)
    level = random.lognormal(3.0, 0.6, customers)
    schema = pa.schema([("customer_id", IDS[ids]), ("timestamp", pa.timestamp("us")), ("amount", pa.float64())])
    with pq.ParquetWriter(path, schema) as writer:
        for begin in range(0, len(order), SLICE):
            rows = order[begin : begin + SLICE]
            writer.write_table(_slice(who[rows], day[rows], names, level, random).cast(schema))


def _purchases(customers: int, lines: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw who buys on which day."""
    begin = random.uniform(0, DAYS / 2, customers)
    stay = np.minimum(random.exponential(STAY, customers), DAYS - begin)
    mean = random.gamma(SHAPE, 1.0, customers) * stay
    mean *= max(lines - customers, 0) / mean.sum()
    count = random.poisson(mean).astype(np.int64)
    again = np.repeat(np.arange(customers, dtype=np.int32), count)
    day = begin[again] + random.random(len(again), dtype=np.float32) * stay[again]
    who = np.concatenate([np.arange(customers, dtype=np.int32), again])
    return who, np.minimum(np.concatenate([begin, day]), DAYS - 1).astype(np.uint16)


def _names(customers: int, ids: str, random: np.random.Generator) -> pa.Array:
    numbers = pa.array(random.permutation(customers) + 100_000_000)
    if ids == "number":
        return numbers
    return pc.binary_join_element_wise("C", numbers.cast(pa.string()), "")


def _slice(
    who: np.ndarray, day: np.ndarray, names: pa.Array, level: np.ndarray, random: np.random.Generator
) -> pa.Table:
    seconds = np.sort(random.integers(0, 86_400, len(who)))
    time = np.datetime64(START, "s") + day.astype("timedelta64[D]") + seconds
    amount = np.round(level[who] * random.lognormal(0.0, 0.4, len(who)), 2)
    columns = [names.take(pa.array(who)), pa.array(time.astype("datetime64[us]")), pa.array(amount)]
    return pa.table(columns, names=["customer_id", "timestamp", "amount"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write simulated purchases to a Parquet file.")
    parser.add_argument("lines", type=int, help="about how many")
    parser.add_argument("path", type=Path, help="the file")
    parser.add_argument("--ids", choices=sorted(IDS), default="text", help="kind of customer_id (text)")
    given = parser.parse_args()
    write(given.lines, given.path, ids=given.ids)
