"""The store of checked lines: several inputs, and runs that read only what is new."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from custlib import project as projects
from custlib.engine import parts
from custlib.errors import TableError
from custlib.workspace import Workspace

AS_OF = dt.date(2025, 3, 31)
JANUARY = "customer_id,timestamp,amount\nann,2025-01-05,10\nann,2025-01-05,5\nbob,2025-01-20,7\n"
FEBRUARY = "customer_id,timestamp,amount\nann,2025-02-10,20\ncid,2025-02-11,1.50\n"
SHOP = {"id": "shop", "name": "Shop", "as_of": AS_OF, "holdout_days": 30, "annual_discount_rate": 0.1}


def shop(tmp_path: Path, work: str = "work", **changes) -> Workspace:
    given = SHOP | {"source": {"path": "sales"}, "folder": tmp_path} | changes
    if "sources" in changes:
        given.pop("source")
    return Workspace(projects.build(given), tmp_path / work)


def write(tmp_path: Path, **files: str) -> None:
    (tmp_path / "sales").mkdir(exist_ok=True)
    for name, text in files.items():
        (tmp_path / "sales" / f"{name}.csv").write_text(text)


def table(workspace: Workspace, name: str = "customer_activity") -> pd.DataFrame:
    found = workspace.need(name).fetch(f"select * from {name} order by customer_id")
    workspace.engine.close()
    return found


def increment(workspace: Workspace) -> dict:
    workspace.need("transactions")
    return workspace.record("increment", dict)


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
    monkeypatch.setattr(contract, "_read", lambda *given: (read.append(given[2].name), old(*given))[1])
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
    assert early.quality["reasons"] == {"after_as_of": 2}
    assert early.quality["money_quarantined"] == 21.5
    late = shop(tmp_path)
    assert late.quality["reasons"] == {}
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


def test_inputs_that_disagree_on_money_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text("customer_id,timestamp,amount\nann,2025-01-05,10\n")
    (tmp_path / "b.csv").write_text("customer_id,timestamp\nann,2025-01-05\n")
    with pytest.raises(TableError, match=r"a.csv, b.csv: some inputs have a column amount and others have none"):
        shop(tmp_path, sources=[{"path": "a.csv"}, {"path": "b.csv"}]).need("transactions")


def test_a_base_in_parts_is_the_same_base(tmp_path, monkeypatch):
    days = pd.date_range("2025-01-01", periods=80).astype(str)
    rows = "".join(f"c{i % 37},{days[(i * i) % 80]},{i % 11 - 1}\n" for i in range(900))
    write(tmp_path, all="customer_id,timestamp,amount\n" + rows)
    whole = shop(tmp_path)
    history = table(whole, "customer_history")
    monkeypatch.setattr(parts, "count", lambda rows, memory: 4)
    split = shop(tmp_path, work="split")
    pd.testing.assert_frame_equal(table(split, "customer_history"), history)
    made = split.folder / "customer_history.split"
    assert len(list(made.iterdir())) == 4
    assert not list(split.work.rglob("*.part"))
