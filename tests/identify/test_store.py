"""The store of checked lines: several inputs, and runs that read only what is new."""

import datetime as dt
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from custlib import project as projects
from custlib.errors import TableError, UsageError
from custlib.run import Run

AS_OF = dt.date(2025, 3, 31)
JANUARY = "customer_id,timestamp,amount\nann,2025-01-05,10\nann,2025-01-05,5\nbob,2025-01-20,7\n"
FEBRUARY = "customer_id,timestamp,amount\nann,2025-02-10,20\ncid,2025-02-11,1.50\n"
SHOP = {"id": "shop", "name": "Shop", "as_of": AS_OF, "holdout_days": 30, "annual_discount_rate": 0.1}


def shop(tmp_path: Path, work: str = "work", **changes) -> Run:
    given = SHOP | {"source": {"path": "sales"}, "folder": tmp_path} | changes
    if "sources" in changes:
        given.pop("source")
    return Run(projects.build(given), tmp_path / work)


def write(tmp_path: Path, **files: str) -> None:
    (tmp_path / "sales").mkdir(exist_ok=True)
    for name, text in files.items():
        (tmp_path / "sales" / f"{name}.csv").write_text(text)


def table(workspace: Run, name: str = "customer_activity") -> pd.DataFrame:
    found = workspace.make(name).fetch(f"select * from {name} order by customer_id")
    workspace.engine.close()
    return found


def increment(workspace: Run) -> dict:
    workspace.make("transactions")
    return workspace.get("increment")


def test_two_files_by_hand(tmp_path):
    write(tmp_path, jan=JANUARY, feb=FEBRUARY)
    found = table(shop(tmp_path)).set_index("customer_id")
    assert found["frequency"].to_dict() == {"ann": 1, "bob": 0, "cid": 0}
    assert found["revenue"].to_dict() == {"ann": 35, "bob": 7, "cid": 1.5}
    assert found.loc["ann", "monetary_value"] == 20


def test_a_new_file_is_read_alone_and_gives_what_a_full_run_gives(tmp_path, monkeypatch):
    write(tmp_path, jan=JANUARY)
    table(shop(tmp_path))
    write(tmp_path, feb=FEBRUARY)
    from custlib.identify import contract

    read, old = [], contract._read
    monkeypatch.setattr(contract, "_read", lambda *given: (read.append(given[1].name), old(*given))[1])
    night = shop(tmp_path)
    pd.testing.assert_frame_equal(table(night), table(shop(tmp_path, work="fresh")))
    assert read == ["feb.csv", "feb.csv", "jan.csv"]  # the second run has a work folder of its own
    assert increment(shop(tmp_path)) == {
        "inputs_kept": 1, "inputs_new": 1, "inputs_corrected": 0, "inputs_gone": 0,
        "rows_new": 2, "rows_late": 0, "rows_restated": 0,
    }  # fmt: skip


def test_late_and_corrected_rows_are_counted_and_restated(tmp_path):
    write(tmp_path, jan=JANUARY, feb=FEBRUARY)
    table(shop(tmp_path))
    # ann's 5 was 6, bob came twice more, one of them before the last day of the run before
    write(tmp_path, jan=JANUARY.replace(",5\n", ",6\n") + "bob,2025-01-21,2\nbob,2025-03-01,3\n")
    night = shop(tmp_path)
    assert increment(night) == {
        "inputs_kept": 1, "inputs_new": 0, "inputs_corrected": 1, "inputs_gone": 0,
        "rows_new": 3, "rows_late": 2, "rows_restated": 1,
    }  # fmt: skip
    found = table(night)
    assert found.set_index("customer_id")["revenue"].to_dict() == {"ann": 36, "bob": 12, "cid": 1.5}
    pd.testing.assert_frame_equal(found, table(shop(tmp_path, work="fresh")))


def test_a_file_that_goes_takes_its_rows_with_it(tmp_path):
    write(tmp_path, jan=JANUARY, feb=FEBRUARY)
    table(shop(tmp_path))
    (tmp_path / "sales" / "feb.csv").unlink()
    night = shop(tmp_path)
    assert increment(night)["rows_restated"] == 2
    assert increment(night)["inputs_gone"] == 1
    assert list(table(night)["customer_id"]) == ["ann", "bob"]


def test_rows_after_as_of_count_once_their_day_has_come(tmp_path):
    write(tmp_path, jan=JANUARY, feb=FEBRUARY)
    early = shop(tmp_path, as_of=dt.date(2025, 1, 31))
    assert early.get("quality")["reasons"] == {"after_as_of": 2}
    assert early.get("quality")["money_quarantined"] == 21.5
    late = shop(tmp_path)
    assert late.get("quality")["reasons"] == {}
    assert increment(late)["inputs_kept"] == 2
    pd.testing.assert_frame_equal(table(late), table(shop(tmp_path, work="fresh")))


def test_two_sources_with_names_of_their_own(tmp_path):
    write(tmp_path, web=JANUARY)
    (tmp_path / "tills.txt").write_text("Kunde;Tag;Betrag\nann;05.01.2025;1,5\ndan;06.01.2025;2\n")
    tills = {"path": "tills.txt", "delimiter": ";", "decimal": ",", "date_format": "%d.%m.%Y",
             "columns": {"customer_id": "Kunde", "timestamp": "Tag", "amount": "Betrag"}}  # fmt: skip
    found = table(shop(tmp_path, sources=[{"path": "sales/web.csv"}, tills])).set_index("customer_id")
    assert found["revenue"].to_dict() == {"ann": 16.5, "bob": 7, "dan": 2}
    assert found.loc["ann", "frequency"] == 0  # both on one day


def test_ids_that_are_numbers_in_one_source_only_become_texts(tmp_path):
    (tmp_path / "a.csv").write_text("customer_id,timestamp,amount\n7,2025-01-05,10\n")
    pd.DataFrame(
        {"customer_id": [7, 8], "timestamp": pd.to_datetime(["2025-01-06"] * 2), "amount": [1.0, 2.0]}
    ).to_parquet(tmp_path / "b.parquet")
    found = table(shop(tmp_path, sources=[{"path": "a.csv"}, {"path": "b.parquet"}]))
    assert found[["customer_id", "frequency"]].to_numpy().tolist() == [["7", 1], ["8", 0]]


def test_the_same_file_twice_is_said(tmp_path):
    write(
        tmp_path,
        jan=JANUARY,
        copy=JANUARY,
        empty="customer_id,timestamp,amount\n",
        none="customer_id,timestamp,amount\n",
    )
    found = shop(tmp_path)
    same, twice = found.get("quality")["warnings"]
    assert same == (
        "copy.csv, jan.csv: 2 inputs hold the same content (3 rows), which counts 2 times. Leave out all but one"
    )
    assert "3 lines stand in two inputs and count twice (money 22.00, 50.0% of the lines used)" in twice
    assert found.get("quality")["rows_used"] == 6


def test_files_of_one_name_in_two_sources_are_two_inputs(tmp_path):
    for folder, text in (("web", JANUARY), ("till", FEBRUARY)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "sales.csv").write_text(text)
    sources = [{"path": "web"}, {"path": "till"}]
    first = increment(shop(tmp_path, sources=sources))
    assert (first["inputs_new"], first["inputs_kept"]) == (2, 0)
    (tmp_path / "web" / "sales.csv").write_text(JANUARY + "bob,2025-03-01,3\n")
    night = increment(shop(tmp_path, sources=sources))
    assert (night["inputs_corrected"], night["inputs_kept"], night["rows_new"]) == (1, 1, 1)


def test_a_bad_file_among_many_is_named(tmp_path):
    many = "".join(f"c{i},2025-01-05,1\n" for i in range(60))
    bad = "customer_id,timestamp,amount\nann,13.02.2025,1\nbob,14.02.2025,1\n"
    write(tmp_path, jan=JANUARY + many, feb=bad)
    said = shop(tmp_path).get("quality")["warnings"]
    assert any("feb.csv: timestamp is not a date in 2 of its 2 rows" in text for text in said)
    write(tmp_path, jan=JANUARY)
    told = r"feb.csv: timestamp is not a date in 2 of 2 rows \(first: rows 1, 2\), in all inputs 2 of 5 rows"
    for _ in range(2):  # with a cold store and a warm one
        with pytest.raises(TableError, match=told):
            shop(tmp_path).make("transactions")


def test_margins_by_product_beside_a_cost_are_refused_whatever_the_store_holds(tmp_path):
    write(tmp_path, jan="customer_id,timestamp,amount,cost,product\nann,2025-01-05,10,4,tea\n")
    shop(tmp_path).make("transactions")
    with pytest.raises(UsageError, match=r"jan.csv also has a cost"):
        shop(tmp_path, product_margins={"tea": 0.4}).make("transactions")


def test_a_corrected_cost_is_a_restated_row(tmp_path):
    write(tmp_path, jan="customer_id,timestamp,amount,cost\nann,2025-01-05,10,4\nbob,2025-01-06,3,1\n")
    shop(tmp_path).make("transactions")
    write(tmp_path, jan="customer_id,timestamp,amount,cost\nann,2025-01-05,10,6\nbob,2025-01-06,3,1\n")
    night = increment(shop(tmp_path))
    assert (night["rows_new"], night["rows_restated"]) == (1, 1)


def test_lines_of_an_earlier_version_are_compared_with(tmp_path):
    write(tmp_path, jan="customer_id,timestamp,amount\nann,2025-01-05,10\nbob,2025-01-06,3\n")
    shop(tmp_path).make("transactions")
    for path in (tmp_path / "work" / "lines").rglob("input.json"):
        record = json.loads(path.read_text())
        for name in ("columns", "days", "number"):
            record.pop(name)
        record["opened"].pop("noticed")
        path.write_text(json.dumps(record))
    write(tmp_path, jan="customer_id,timestamp,amount\nann,2025-01-05,12\nbob,2025-01-06,3\n")
    night = increment(shop(tmp_path))
    assert (night["inputs_corrected"], night["rows_new"], night["rows_restated"]) == (1, 1, 1)


def test_late_is_what_is_not_after_the_last_day_used(tmp_path):
    write(tmp_path, jan=JANUARY + "bob,2099-01-01,1\n")
    shop(tmp_path).make("transactions")
    write(tmp_path, feb=FEBRUARY)
    assert increment(shop(tmp_path))["rows_late"] == 0  # a day long after as_of was never used
    write(tmp_path, more="customer_id,timestamp,amount\nann,2025-02-11,1\nann,2025-02-12,1\n")
    assert increment(shop(tmp_path))["rows_late"] == 1


@pytest.mark.parametrize("header", ["customer_id,timestamp,amount\n", "customer_id,timestamp,amount,product\n"])
def test_an_empty_file_is_an_input_too(tmp_path, header):
    write(tmp_path, jan=JANUARY, empty=header)
    assert list(table(shop(tmp_path))["customer_id"]) == ["ann", "bob"]


def test_a_file_that_changes_after_it_was_hashed_is_refused(tmp_path):
    write(tmp_path, jan=JANUARY)
    opened = shop(tmp_path)
    write(tmp_path, jan=FEBRUARY)
    with pytest.raises(TableError, match=r"jan.csv: changed while it was read. Run again"):
        opened.make("transactions")
    write(tmp_path, jan=JANUARY)
    assert list(table(shop(tmp_path))["customer_id"]) == ["ann", "bob"]


def test_a_file_of_another_kind_is_read_anew(tmp_path):
    (tmp_path / "a.csv").write_text(JANUARY)
    shop(tmp_path, source={"path": "a.csv"}).make("transactions")
    (tmp_path / "a.csv").rename(tmp_path / "a.jsonl")
    with pytest.raises(TableError, match=r"a.jsonl: line 1 is no JSON object"):
        shop(tmp_path, source={"path": "a.jsonl"}).make("transactions")


def test_lines_that_lost_their_file_are_read_again(tmp_path):
    write(tmp_path, jan=JANUARY, feb=FEBRUARY)
    first = shop(tmp_path)
    first.make("transactions")
    next(first.inputs.store.rglob("*.parquet")).unlink()
    assert shop(tmp_path, as_of=dt.date(2025, 3, 30)).get("quality")["rows_used"] == 5


def test_a_run_cut_short_before_its_record_is_made_again(tmp_path):
    write(tmp_path, jan=JANUARY)
    first = shop(tmp_path)
    quality = first.get("quality")
    (first.folder / "quality.json").unlink()
    assert shop(tmp_path).get("quality") == quality


def test_copies_of_a_database_do_not_stay(tmp_path):
    with closing(sqlite3.connect(tmp_path / "shop.sqlite")) as base, base:
        base.execute("create table sales (customer_id text, timestamp text, amount real)")
        base.execute("insert into sales values ('ann', '2025-01-05', 10)")
    for _ in range(2):
        assert shop(tmp_path, source={"path": "shop.sqlite"}).get("quality")["rows_used"] == 1
        assert list((tmp_path / "work" / "staged").rglob("staged_*")) == []


def test_inputs_that_disagree_on_money_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text("customer_id,timestamp,amount\nann,2025-01-05,10\n")
    (tmp_path / "b.csv").write_text("customer_id,timestamp\nann,2025-01-05\n")
    with pytest.raises(TableError, match=r"b.csv: no column amount in 1 of 2 inputs, while others have one"):
        shop(tmp_path, sources=[{"path": "a.csv"}, {"path": "b.csv"}]).make("transactions")


def test_what_was_compared_does_not_stay_among_the_tables(tmp_path):
    write(tmp_path, jan=JANUARY, feb=FEBRUARY)
    table(shop(tmp_path))
    write(tmp_path, jan=JANUARY.replace(",5\n", ",6\n"))
    night = shop(tmp_path)
    assert increment(night)["rows_restated"] == 1
    assert {path.name.split(".")[0] for path in night.folder.glob("lines_*")} == {"lines_0"}
