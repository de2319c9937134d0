"""Between two runs: lines that came late or were corrected move customers by the cause `data`."""

import datetime as dt

import pytest

from custlib import project
from custlib.engine.shelf import remove
from custlib.move import ledger
from custlib.run import Run

FIRST, SECOND = dt.date(2025, 3, 31), dt.date(2025, 6, 30)
LINES = [
    ("steady", "2025-03-30", 10), ("steady", "2025-06-29", 10),
    ("gone", "2025-03-29", 10),
    ("dear", "2025-03-28", 10),
]  # fmt: skip
LATE = [("late", "2025-03-27", 10)]


def run(folder, lines, as_of, engine="duckdb"):
    written = [f"{customer},{day},{amount}" for customer, day, amount in lines]
    (folder / "sales.csv").write_text("\n".join(["customer_id,timestamp,amount", *written]) + "\n")
    (folder / "shop.toml").write_text(
        'id = "shop"\nname = "Shop"\nas_of = 2025-06-30\n[source]\npath = "sales.csv"\n'
        '[segments]\nsegmentations = ["rfm"]\n[segments.options.rfm]\nmode = "fixed"\n'
    )
    given = project.load(folder / "shop.toml").replace(as_of=as_of)
    opened = Run(given, folder / "work", engine=engine)
    opened.make("customer_segments", "segment_moves")
    return opened


def book_of(opened):
    return ledger.ledger(ledger.moves(opened.engine, "rfm"), opened.get("definitions")["rfm"].ids)


@pytest.fixture
def second(tmp_path):
    run(tmp_path, LINES, FIRST).engine.close()
    corrected = [(customer, day, 30 if customer == "dear" else amount) for customer, day, amount in LINES + LATE]
    # `gone` was a mistake of the export
    return run(tmp_path, [line for line in corrected if line[0] != "gone"], SECOND)


def test_late_corrected_and_gone_lines_by_hand(second):
    assert second.get("compared_with") == FIRST
    moves = ledger.moves(second.engine, "rfm")
    by_data = moves[(moves["cause"] == "data") & (moves["from_segment"] != moves["to_segment"])]
    assert by_data[["from_segment", "to_segment", "customers"]].to_numpy().tolist() == [
        ["new", "none", 1],
        ["none", "new", 1],
    ]
    new = book_of(second).loc["new"]
    # recorded: steady, gone, dear with 10 each; then late comes, gone goes, and dear has 20 more
    assert new[["customers_before", "customers_data"]].tolist() == [3, 0]
    assert new[["money_before", "money_data"]].tolist() == [30, 20]


def test_the_ledger_of_two_runs_adds_up(second):
    book = book_of(second)
    for kind in ("customers", "money"):
        gained = sum(book[f"{kind}_{cause}"] for cause in ("ageing", "purchases", "definition", "data", "identity"))
        assert (book[f"{kind}_before"] + gained).tolist() == pytest.approx(book[f"{kind}_after"].tolist())
    assert book["customers_identity"].tolist() == [0] * len(book)


def test_without_an_earlier_run_nothing_is_by_data(tmp_path):
    moves = ledger.moves(run(tmp_path, LINES, SECOND).engine, "rfm")
    by_data = moves[moves["cause"] == "data"]
    assert (by_data["from_segment"] == by_data["to_segment"]).all()


def test_a_run_on_the_same_lines_moves_nobody_by_data(tmp_path):
    run(tmp_path, LINES, FIRST).engine.close()
    again = run(tmp_path, LINES, SECOND)
    assert book_of(again)[["customers_data", "money_data"]].abs().to_numpy().sum() == 0


def test_tables_that_were_removed_are_no_record(tmp_path):
    first = run(tmp_path, LINES, FIRST)
    first.engine.close()
    for kept in first.folder.glob("segment_history*"):
        remove(kept)
    moves = ledger.moves(run(tmp_path, LINES + LATE, SECOND).engine, "rfm")
    by_data = moves[moves["cause"] == "data"]
    assert (by_data["from_segment"] == by_data["to_segment"]).all()
