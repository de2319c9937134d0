import argparse
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import scale, scale_contenders, scale_page, transactions

LINES = 20_000


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("purchases")
    for ids in transactions.IDS:
        transactions.write(LINES, folder / f"{ids}.parquet", ids=ids)
    return folder


@pytest.fixture(scope="module")
def sold(files):
    return pq.read_table(files / "text.parquet").to_pandas()


def measured(name, file, folder):
    task = scale_contenders.Task(file, folder, "500MB", LINES)
    return {row["contender"]: row for row in scale_contenders.run(name, task)}


def row(name, wall, *, cpu=None, **more):
    return {"contender": name, "wall": wall, "cpu": cpu or wall, "peak_bytes": 400_000_000} | more


def made_up(lines, *, ids="text", date="2026-01-02", times=1.0, **walls):
    given = {"scan_floor": 2.0, "reduction": 10.0, "custlib_value": 50.0, "lifetimes": 80.0, "polars": 12.5} | walls
    contenders = [row(name.replace("_", " "), wall * times, rows=lines // 10) for name, wall in given.items()]
    limit = scale.memory_for(lines)
    about = {"lines": lines, "ids": ids, "date": date, "memory_limit": limit, "file_bytes": 2_000_000}
    return about | {"contenders": contenders}


def test_the_simulated_file_has_about_ten_lines_for_each_customer_over_two_years(sold):
    assert len(sold) == pytest.approx(LINES, rel=0.03)
    assert sold["customer_id"].nunique() == LINES // 10
    assert sold["customer_id"].str.fullmatch("C1[0-9]{8}").all()
    assert sold["timestamp"].dt.date.min() >= transactions.START
    assert sold["timestamp"].dt.date.max() == transactions.AS_OF
    assert sold["timestamp"].is_monotonic_increasing
    assert (sold["amount"] > 0).all()


def test_whole_numbers_as_ids_name_the_same_customers(files, sold):
    found = pq.read_table(files / "number.parquet")
    assert found.schema.field("customer_id").type == pa.int64()
    assert ("C" + found["customer_id"].to_pandas().astype(str) == sold["customer_id"]).all()
    assert found.drop_columns("customer_id").to_pandas().equals(sold.drop(columns="customer_id"))


def test_contenders_look_at_the_last_day_that_is_simulated():
    assert transactions.AS_OF == scale_contenders.AS_OF
    assert tuple(transactions.IDS) == scale.IDS


def test_every_contender_is_named_once():
    assert tuple(scale_contenders.CONTENDERS) == scale.CONTENDERS


@pytest.mark.parametrize("name", ["reduction", "reduction, unchecked", "reduction, like for like"])
@pytest.mark.parametrize("ids", ["text", "number"])
@pytest.mark.sampled
def test_our_reduction_gives_a_row_for_each_customer(name, ids, files, tmp_path):
    found = measured(name, files / f"{ids}.parquet", tmp_path)[name]
    assert found["rows"] == LINES // 10
    assert found["wall"] > 0
    assert found["cpu"] > 0
    assert found["peak_bytes"] > 1e7
    assert found["disk_bytes"] > 1e4


def test_checked_and_unchecked_reduction_and_polars_agree(files, tmp_path):
    pl = pytest.importorskip("polars")
    from custlib.engine.duckdb import DuckDB

    for name in ("reduction, unchecked", "polars", "bare SQL", "reduction"):
        measured(name, files / "text.parquet", tmp_path)
    summary, bare = (pl.read_parquet(tmp_path / f"{name}.parquet").sort("customer_id") for name in ("summary", "bare"))
    assert summary["frequency"].min() == 0
    for name in ("customer_id", "frequency", "recency"):
        assert (summary[name] == bare[name]).all()
    for name in ("revenue", "first_amount"):
        assert (summary[name] - bare[name]).abs().max() < 1e-6
    made = [tmp_path / "tables", *(tmp_path / "work" / "tables").iterdir()]
    assert len(made) == 2
    for folder in made:
        engine = DuckDB(folder)
        engine.open("customer_history")
        money = "sum(cast(amount_now as double)) as revenue, sum(cast(first_amount as double)) as first_amount"
        found = engine.fetch(f"select sum(purchase_days_now - 1) as frequency, {money} from customer_history").iloc[0]
        engine.close()
        assert found["frequency"] == summary["frequency"].sum()
        assert found["revenue"] == pytest.approx(summary["revenue"].sum())
        assert found["first_amount"] == pytest.approx(summary["first_amount"].sum())


def test_like_for_like_gives_what_lifetimes_gives(files, tmp_path):
    from lifetimes.utils import summary_data_from_transaction_data

    from custlib.engine.duckdb import DuckDB
    from custlib.lifetimes.crosscheck import restored_settings

    measured("reduction, like for like", files / "number.parquet", tmp_path)
    engine = DuckDB(tmp_path / "tables")
    engine.open("summary")
    made = engine.fetch("select * from summary order by customer_id").set_index("customer_id")
    engine.close()
    sold = pq.read_table(files / "number.parquet").to_pandas()
    with restored_settings():
        theirs = summary_data_from_transaction_data(
            sold, "customer_id", "timestamp", "amount", observation_period_end=scale_contenders.AS_OF
        )
    assert (made.columns == theirs.columns).all()
    assert (made - theirs).abs().max().max() < 1e-9


def test_reading_the_frame_counts_in_a_second_row_of_lifetimes(files, tmp_path):
    from custlib.lifetimes.crosscheck import restored_settings

    with restored_settings():
        found = measured("lifetimes", files / "number.parquet", tmp_path)
    assert list(found) == ["lifetimes", "lifetimes, with reading"]
    assert found["lifetimes, with reading"]["wall"] > found["lifetimes"]["wall"]
    assert {entry["rows"] for entry in found.values()} == {LINES // 10}


def test_of_several_rounds_the_best_is_kept():
    first = [
        row("polars", 4.0, cpu=5.0, peak_bytes=1),
        {"contender": "lifetimes", "error": "too large"},
        row("floor", 1.0),
    ]
    second = [row("polars", 3.0, cpu=6.0, peak_bytes=2), row("lifetimes", 2.0), {"contender": "floor", "error": "gone"}]
    found = {result["contender"]: result for result in scale.best([first, second])}
    assert found["polars"] == row("polars", 3.0, cpu=5.0, peak_bytes=2)
    assert found["lifetimes"]["error"] == "too large"
    assert found["floor"]["error"] == "gone"


def test_a_contender_that_is_not_installed_is_reported_as_missing(files, tmp_path, monkeypatch):
    def absent(task):
        raise ModuleNotFoundError("No module named 'polars'", name="polars")

    monkeypatch.setitem(scale_contenders.CONTENDERS, "polars", absent)
    found = measured("polars", files / "text.parquet", tmp_path)["polars"]
    assert found == {"contender": "polars", "error": "missing: polars is not installed"}


def test_a_contender_that_fails_is_a_result_with_its_message(tmp_path):
    found = measured("reduction", tmp_path / "nowhere.parquet", tmp_path)["reduction"]
    assert "nowhere.parquet" in found["error"]
    assert "wall" not in found


def test_the_best_of_three_times_is_kept(tmp_path):
    task = scale_contenders.Task(tmp_path, tmp_path, "500MB", 1)
    assert task.measure("quick", lambda: 4, repeats=3) == 4
    assert [entry["contender"] for entry in task.found] == ["quick"]
    assert 0 <= task.found[0]["wall"] < 1


def test_a_contender_runs_in_a_process_of_its_own_and_cleans_up(files, tmp_path):
    file = tmp_path / "text.parquet"
    file.write_bytes((files / "text.parquet").read_bytes())
    (found,) = scale._contend("scan floor", LINES, file, "500MB")
    assert found["rows"] == 1
    assert found["version"]
    assert list(tmp_path.iterdir()) == [file]


def test_lifetimes_is_not_run_where_it_does_not_fit(tmp_path):
    (found,) = scale._contend("lifetimes", 10_000_001, tmp_path / "none.parquet", "1GB")
    assert found["error"] == "not run above 10,000,000 lines: it does not fit in memory"


def test_purchases_are_made_once_and_found_again(tmp_path):
    file = scale.purchases(1000, "number", tmp_path)
    written = file.stat().st_mtime_ns
    assert scale.purchases(1000, "number", tmp_path) == file
    assert file.stat().st_mtime_ns == written
    assert list(tmp_path.iterdir()) == [file]


def test_the_folder_is_kept_only_where_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_FOLDER", str(tmp_path / "bench"))
    with scale._folder() as named:
        pass
    assert named.is_dir()
    monkeypatch.delenv("BENCH_FOLDER")
    with scale._folder() as lent:
        assert lent.is_dir()
    assert not lent.exists()


@pytest.mark.parametrize(("text", "lines"), [("10m", 10_000_000), ("20k", 20_000), ("5000", 5000), (" 1M", 1_000_000)])
def test_a_size_is_a_number_of_lines(text, lines):
    assert scale.size(text) == lines


@pytest.mark.parametrize("text", ["", "ten", "0m", "1g", "-1m"])
def test_a_size_that_is_none_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="is no number of lines; write 1m, 10m or 100m"):
        scale.size(text)


def test_an_unknown_kind_of_ids_is_refused():
    with pytest.raises(argparse.ArgumentTypeError, match="'uuid' is no kind of ids"):
        scale._kinds("text,uuid")


def test_the_memory_limit_is_larger_above_ten_million_lines():
    assert [scale.memory_for(lines) for lines in (1_000_000, 10_000_000, 100_000_000)] == ["500MB", "500MB", "1GB"]


def test_a_size_that_is_not_run_again_keeps_what_was_measured():
    old = [made_up(100_000_000), made_up(10_000_000, date="2026-01-01"), made_up(10_000_000, ids="number")]
    kept = scale.merged(old, [made_up(10_000_000, date="2026-02-02")])
    assert [(run["lines"], run["ids"], run["date"]) for run in kept] == [
        (10_000_000, "text", "2026-02-02"), (10_000_000, "number", "2026-01-02"), (100_000_000, "text", "2026-01-02"),
    ]  # fmt: skip


def test_results_are_kept_after_every_size(tmp_path, monkeypatch):
    monkeypatch.setattr(scale, "RESULTS", tmp_path)
    scale._keep([made_up(1_000_000)])
    scale._keep([made_up(10_000_000)])
    kept = json.loads((tmp_path / "scale.json").read_text())["runs"]
    assert [run["lines"] for run in kept] == [1_000_000, 10_000_000]
    assert (tmp_path / "scale.md").read_text() == scale_page.page(kept)


def test_the_table_holds_ratios_to_the_floor_and_dashes():
    run = made_up(1_000_000)
    run["contenders"] += [{"contender": "late", "error": "stopped"}, row("small", 1.0, cpu=0.5, disk_bytes=7_000_000)]
    lines = scale_page.page([run]).splitlines()
    assert "## 1,000,000 lines, ids are texts" in lines
    assert "| reduction | 5 | 5 | 400 | – | 100,000 |" in lines
    assert "| late | – | – | – | – | – |" in lines
    assert "| small | 0.5 | 0.25 | 400 | 7 | – |" in lines
    assert "late: stopped." in lines
    assert "## Growth" not in lines
    assert "## Aims" not in lines


def test_growth_is_told_of_sizes_with_the_same_ids():
    runs = [made_up(1_000_000), made_up(10_000_000, ids="number"), made_up(10_000_000, times=100.0, date="2026-02-02")]
    text = scale_page.page(runs)
    assert "| reduction | text | 1,000,000 | 10,000,000 | 10 | 100 | 2.00 | 100 | 2.00 | different days |" in text
    assert "| reduction | number |" not in text


def test_aims_are_held_against_the_sizes_they_are_for():
    text = scale_page.page([made_up(10_000_000), made_up(100_000_000, times=13.0, polars=9.0)])
    before = "| 10,000,000 | text |"
    after = "| 100,000,000 | text |"
    for line in (
        f"{before} lifetimes (reading not counted) to the reduction | 6 or more | 8 (8) | met |",
        f"{before} reduction to polars | 1 or less | 0.8 (0.8) | met |",
        f"{before} the same, like for like | 1 or less | – | not measured |",
        f"{before} custlib value to the floor | 40 or less, better 20 | 25 (25) | met |",
        f"{before} peak memory of ours, MB, limit 500MB | 1,000 or less | 400 | met |",
        f"{after} reduction to the floor | 13 or less, better 6 | 5 (5) | met, the better too |",
        f"{after} reduction to polars | 1 or less | 1.111 (1.111) | not met |",
        f"{after} peak memory of ours, MB, limit 1GB | 1,500 or less | 400 | met |",
        f"{after} reduction, times as long as for 10,000,000 | 12 or less | 13 (13) | not met |",
        f"{after} custlib value, times as long as for 10,000,000 | 12 or less | 13 (13) | not met |",
    ):
        assert line in text


def test_an_aim_without_its_contender_is_not_measured():
    run = made_up(10_000_000)
    run["contenders"] = [entry for entry in run["contenders"] if entry["contender"] != "polars"]
    assert "| reduction to polars | 1 or less | – | not measured |" in scale_page.page([run])


def test_days_of_the_simulated_file_are_two_years():
    seen = transactions.AS_OF - transactions.START
    assert seen.days == transactions.DAYS - 1
