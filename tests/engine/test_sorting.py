"""Tables of customers made by sorting are those made by grouping; what cannot be sorted is grouped."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custlib.engine import sorted_lines, sorting
from custlib.engine.duckdb import DuckDB
from custlib.engine.reduction import Count, Reduction, Sum
from custlib.engine.sorted_lines import Runs, UnfitError
from custlib.errors import RunError

GROUPED = """
    select customer_id, count(*) as days, sum(amount) as amount
    from (select customer_id, day, sum(amount) as amount from lines group by all) group by customer_id"""


COLUMNS = (Count("days"), Sum("amount", "amount"))


def sorted_by(*columns):
    """The table declared by some columns."""
    return Reduction("select customer_id, day, amount from lines", ("amount",), (), columns)


SORTED = sorted_by(*COLUMNS)


class Stopping(Sum):
    """A column that cannot be computed after some ranges."""

    def __init__(self, fault, ranges=0):
        super().__init__("amount", "amount")
        object.__setattr__(self, "fault", fault)
        object.__setattr__(self, "left", [None] * ranges)

    def array(self, days):
        if not self.left:
            raise self.fault
        self.left.pop()
        return super().array(days)


def engine_with(folder, ids, amounts, *, days=300, seed=0, memory=None):
    """An engine with lines of these customers and amounts on random days."""
    random = np.random.default_rng(seed)
    day = pd.to_datetime("2024-01-01") + pd.to_timedelta(random.integers(0, days, len(ids)), "D")
    table = {"customer_id": ids, "day": pa.array(day.date), "amount": amounts}
    pq.write_table(pa.table(table), folder / "lines.parquet")
    engine = DuckDB(folder / "tables", memory_limit=memory, threads=2)
    engine.attach_parquet("lines", folder / "lines.parquet")
    return engine


def cents(rows, *, seed=0):
    return pa.array(np.random.default_rng(seed).integers(-500, 5000, rows) / 100)


def made(engine, reduction=None):
    """The table by grouping, or of a reduction."""
    engine.reduce("made", reduction) if reduction else engine.make("made", GROUPED)
    found = engine.fetch("select * from made").rename(columns=str.lower).sort_values("customer_id", ignore_index=True)
    assert [path.name for path in engine.folder.iterdir()] == ["made.parquet"]
    return found.astype({"amount": float})


def same(engine):
    """The table by sorting, once it is what grouping gives, by hand and as it is declared."""
    found = made(engine, SORTED)
    pd.testing.assert_frame_equal(found, made(engine), check_dtype=False)
    grouped = engine.fetch(SORTED.select(engine.dialect)).rename(columns=str.lower)
    grouped = grouped.sort_values("customer_id", ignore_index=True)
    pd.testing.assert_frame_equal(found, grouped, check_dtype=False)
    return found


@pytest.fixture
def sorts(monkeypatch):
    """What became of every attempt to sort."""
    seen = []

    def write(self, path, kept=sorting.Sorting.write):
        seen.append(kept(self, path))
        return seen[-1]

    monkeypatch.setattr(sorting.Sorting, "write", write)
    return seen


NAMES = np.random.default_rng(1).integers(0, 400, 5000)


@pytest.mark.parametrize(
    "ids",
    [
        pa.array(NAMES),
        pa.array(NAMES - 200, pa.int16()),
        pa.array([f"kunde {name}" for name in NAMES]),
        pa.array([f"{name}" * 30 for name in NAMES]),
        pa.array(NAMES * (2**62 // 500) - 2**61),
        pa.array(NAMES * 7.5),
        pa.array(NAMES.astype(np.uint64) + 2**63),
    ],
    ids=["numbers", "small", "texts", "long texts", "far apart", "floats", "unsigned"],
)
def test_ids_of_any_kind(ids, tmp_path, sorts):
    assert len(same(engine_with(tmp_path, ids, cents(5000)))) == 400
    assert sorts == [True]


@pytest.mark.parametrize("amounts", [cents(5000), cents(5000).cast(pa.decimal128(18, 4))], ids=["float", "decimal"])
def test_several_runs_and_ranges(amounts, tmp_path, sorts, monkeypatch):
    monkeypatch.setattr(sorting, "_MOST", 512)
    monkeypatch.setattr(sorting, "_FEWEST", 512)
    monkeypatch.setattr(sorting, "_WAITING", 0)
    same(engine_with(tmp_path, pa.array(NAMES), amounts))
    assert sorts == [True]


ODD = [0.123456, float("nan"), 1e15, None]


@pytest.mark.parametrize("odd", ODD, ids=map(str, ODD))
def test_what_is_no_whole_unit_is_grouped(odd, tmp_path, sorts):
    amounts = pa.array([1.25] * 99 + [odd])
    engine = engine_with(tmp_path, pa.array(np.arange(100) % 7), amounts)
    pd.testing.assert_frame_equal(made(engine, SORTED), made(engine))
    assert sorts == [False]


def test_a_customer_without_a_name_is_grouped(tmp_path, sorts):
    for ids in (pa.array(["ann", None, "ann"]), pa.array([1, None, 1])):
        engine = engine_with(tmp_path, ids, cents(3))
        assert len(made(engine, SORTED)) == 2
        engine.drop("made")
    assert sorts == [False, False]


def test_nobody_is_an_empty_table(tmp_path, sorts):
    engine = engine_with(tmp_path, pa.array([], pa.int64()), pa.array([], pa.float64()))
    assert list(made(engine, SORTED).columns) == ["customer_id", "days", "amount"]
    assert sorts == [False]


def test_what_is_found_out_while_writing_is_grouped_too(tmp_path, sorts, monkeypatch):
    monkeypatch.setattr(sorting, "_FEWEST", 512)
    monkeypatch.setattr(sorting, "_MOST", 512)
    engine = engine_with(tmp_path, pa.array(NAMES), cents(5000))
    found = made(engine, sorted_by(Count("days"), Stopping(UnfitError(), ranges=3)))
    pd.testing.assert_frame_equal(found, made(engine), check_dtype=False)
    assert sorts == [False]


def test_a_fault_of_ours_is_told_as_it_is(tmp_path):
    engine = engine_with(tmp_path, pa.array(NAMES), cents(5000))

    with pytest.raises(ZeroDivisionError):
        engine.reduce("made", sorted_by(Stopping(ZeroDivisionError())))
    assert not list(engine.folder.iterdir())
    assert len(made(engine)) == 400


@pytest.mark.parametrize("ids", [pa.array(NAMES), pa.array([f"c{name}" for name in NAMES])], ids=["numbers", "texts"])
def test_what_is_found_out_in_the_first_of_many_runs_is_grouped_too(ids, tmp_path, sorts, monkeypatch):
    monkeypatch.setattr(sorting, "_FEWEST", 100)
    monkeypatch.setattr(sorting, "_MOST", 100)
    amounts = pa.array([None, *[1.25] * 4999])
    engine = engine_with(tmp_path, ids, amounts)
    for _ in range(2):
        pd.testing.assert_frame_equal(made(engine, SORTED), made(engine), check_dtype=False)
    assert sorts == [False, False]


@pytest.mark.parametrize("ids", [pa.array(NAMES), pa.array([f"c{name}" for name in NAMES])], ids=["numbers", "texts"])
@pytest.mark.parametrize("stage", ["add", "ranges"])
@pytest.mark.parametrize("fault", [KeyboardInterrupt, MemoryError, ValueError])
@pytest.mark.sampled
def test_whatever_stops_it_is_told_as_it_is_and_the_next_time_works(ids, stage, fault, tmp_path, monkeypatch):
    monkeypatch.setattr(sorting, "_FEWEST", 100)
    monkeypatch.setattr(sorting, "_MOST", 100)
    engine = engine_with(tmp_path, ids, cents(5000))
    with monkeypatch.context() as broken:
        if stage == "add":
            broken.setattr(Runs, "add", raising(fault))
        else:
            broken.setattr(sorting, "by_day", raising(fault))
        with pytest.raises(RunError if fault is MemoryError else fault):
            engine.reduce("made", SORTED)
    assert not list(engine.folder.iterdir())
    same(engine)


def raising(fault):
    """A function that stops with a fault, whatever it is given."""

    def stop(*given, **named):
        raise fault

    return stop


def test_one_customer_with_most_of_the_lines_is_grouped(tmp_path, sorts, monkeypatch):
    monkeypatch.setattr(sorting, "_FEWEST", 1000)
    monkeypatch.setattr(sorting, "_MOST", 1000)
    monkeypatch.setattr(sorted_lines, "SAMPLED", 16)
    ids = np.where(np.arange(20_000) % 10 < 7, 1, np.arange(20_000))
    same(engine_with(tmp_path, pa.array(ids), cents(20_000)))
    assert sorts == [False]


def test_names_in_other_letters_and_of_our_own(tmp_path, sorts):
    engine = engine_with(tmp_path, pa.array(NAMES), cents(5000))
    engine.attach_parquet("given", tmp_path / "lines.parquet")
    engine.attach_select("lines", "select customer_id as Customer_ID, day as Day, amount as AMOUNT from given")
    same(engine)
    engine.drop("made")
    engine.reduce("sorting", SORTED)
    assert sorts == [True, True]


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    from pathlib import Path

    def full(self, data):
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(sorting, "_WAITING", 0)
    engine = engine_with(tmp_path, pa.array(NAMES), cents(5000))
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(RunError, match="engine: the disk is full"):
        engine.reduce("made", SORTED)
    assert not list(engine.folder.iterdir())


def test_little_memory_is_enough(tmp_path, sorts):
    ids = np.random.default_rng(0).integers(0, 30_000, 400_000)
    engine = engine_with(tmp_path, pa.array([f"c{name}" for name in ids]), cents(400_000), memory="100MB")
    assert len(same(engine)) == 30_000
    assert sorts == [True]
