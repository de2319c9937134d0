"""How ids of a register meet those of purchases: on both sides, on one, or only nearly."""

from pathlib import Path

import pandas as pd
import pytest

from custlib.engine.duckdb import DuckDB
from custlib.identify.meeting import Meeting, meet, said_of


def met(folder: Path, listed: list[object], bought: list[object]) -> Meeting:
    engine = DuckDB(folder)
    engine.attach_frame("given", pd.DataFrame({"customer_id": listed}))
    engine.attach_frame("lines", pd.DataFrame({"customer_id": bought}))
    others = (
        "date '2025-01-01' as day, 1 as amount, 1 as profit, true as is_purchase, false as is_refund, 'x' as product"
    )
    engine.make("transactions", f"select customer_id, {others} from lines")
    found = meet(engine, "given")
    engine.close()
    return found


def test_counts_by_hand(tmp_path: Path) -> None:
    assert met(tmp_path, ["a", "b", "b"], ["b", "c", "d"]) == Meeting(customers=2, buyers=3, both=1, alike={})


@pytest.mark.parametrize(
    ("listed", "bought", "how"),
    [
        ("7", "007", "leading zeros"), ("Ann", "ANN", "upper and lower case"), ("7.0", "7", "'.0'"),
        ("\u0430nn", "ann", "look alike"),
    ],
)  # fmt: skip
def test_ids_that_only_their_spelling_keeps_apart_are_said(tmp_path: Path, listed: str, bought: str, how: str) -> None:
    found = met(tmp_path, [listed, "b"], [bought, "b"])
    assert (found.both, list(found.alike.values())) == (1, [1])
    assert how in said_of(found)[0]
    assert bought not in said_of(found)[0].split()


def test_ids_that_are_found_on_both_sides_are_alike_to_nobody(tmp_path: Path) -> None:
    assert met(tmp_path, ["7", "007"], ["7", "007", "x"]).alike == {}


def test_whole_numbers_have_one_spelling(tmp_path: Path) -> None:
    assert met(tmp_path, [7, 8], [7, 9]) == Meeting(2, 2, 1, {})


def test_no_id_in_common_is_said(tmp_path: Path) -> None:
    assert said_of(met(tmp_path, ["a"], ["b"])) == [
        "no id is one of the purchases: it may be another column, or ids written in another way"
    ]
    assert said_of(Meeting(1, 0, 0, {})) == []
