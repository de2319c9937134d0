"""Thirds and tenths in place of fifths: the option scores = 3 or 10 of RFM."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from custlib.engine.base import Engine
from custlib.errors import UsageError
from custlib.report.pages import segments_page
from custlib.report.texts import texts
from custlib.segment import grid, rfm
from custlib.segment.definitions import Definition
from custlib.segment.rule_files import grid_file
from tests.report.segment_views import project

# Thirty customers, each as long away, as frequent and as profitable as their number says; the first ten bought once.
SHOP = pd.DataFrame(
    {
        "customer_id": [f"c{n:02}" for n in range(30)],
        "days_since_last": [300.0 - n for n in range(30)],
        "frequency": [0.0] * 10 + [float(n) for n in range(1, 21)],
        "profit": [float(n + 1) for n in range(30)],
    }
)


@pytest.fixture
def engine(one_purchase: Engine) -> Engine:
    one_purchase.attach_frame("given", SHOP)
    return one_purchase


def assigned(engine: Engine, **options: Any) -> pd.DataFrame:
    rule = json.loads(json.dumps(rfm.define(engine, "given", {"segmentation": "rfm"} | options)))
    select = rfm.assign(engine.dialect, rule).format(activity="given")
    scores = rfm.scores(rule).format(activity="given")
    return engine.fetch(f"select * from ({select}) join ({scores}) using (customer_id) order by customer_id")


@pytest.mark.parametrize(("count", "each"), [(3, 10), (5, 6), (10, 3)])
def test_recency_and_money_are_parted_into_as_many_classes_of_equal_size(engine: Engine, count: int, each: int) -> None:
    found = assigned(engine, scores=count)
    for letter in "RM":
        assert found[letter].tolist() == [n // each + 1 for n in range(30)]


@pytest.mark.parametrize(
    ("count", "frequency"),
    [(3, [1] * 10 + [2] * 10 + [3] * 10), (5, [1] * 10 + [2] * 5 + [3] * 5 + [4] * 5 + [5] * 5)],
)
def test_who_bought_once_stays_the_lowest_class_of_frequency(engine: Engine, count: int, frequency: list[int]) -> None:
    assert assigned(engine, scores=count)["F"].tolist() == frequency


def test_five_is_what_a_table_by_name_gives(engine: Engine) -> None:
    pd.testing.assert_frame_equal(assigned(engine, scores=5), assigned(engine))
    assert "scores" not in rfm.define(engine, "given", {"segmentation": "rfm", "scores": 5})


@pytest.mark.parametrize("count", [3, 10])
def test_a_map_of_five_levels_is_spread_over_them(engine: Engine, count: int) -> None:
    found = assigned(engine, scores=count)
    segments = set(grid_file.read("rf25").cells)
    assert set(found["segment"]) <= segments
    assert found["segment"].iloc[-1] == "champions", "the last is best by each"
    assert set(found.loc[found["F"] == 1, "segment"]) <= {"one_time", "new"}, "one purchase is never more than one"
    assert not set(found.loc[found["F"] > 1, "segment"]) & {"one_time", "new"}
    # every cell has a name
    cells = rfm.read_map("rf25", rfm.read_scores("days"), count).cells
    assert sum(map(len, cells.values())) == count**2


def test_a_map_of_as_many_levels_is_taken_as_it_is(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "thirds.toml"
    file.write_text(
        '[map]\nid = "thirds"\naxes = { R = [1, 3] }\n[[segment]]\nid = "late"\nwhere = [{ R = 1 }]\n'
        'name = { en = "Late" }\nstrategy = { en = "Wait." }\n[[segment]]\nid = "lately"\nwhere = [{ R = [2, 3] }]\n'
        'name = { en = "Lately" }\nstrategy = { en = "Write." }\n'
    )
    found = assigned(engine, scores=3, map=str(file))
    assert found["segment"].tolist() == ["late"] * 10 + ["lately"] * 20
    with pytest.raises(UsageError, match="Scores are R, F, M from 1 to 10: take a map of these"):
        assigned(engine, scores=10, map=str(file))


@pytest.mark.parametrize(("count", "first", "cells"), [(3, "333", 27), (10, "10-10-10", 1000)])
def test_cells_are_named_by_their_scores(engine: Engine, count: int, first: str, cells: int) -> None:
    segments = rfm.cell_segments("rfm11", count)
    assert (segments[0]["id"], len({one["id"] for one in segments})) == (first, cells)
    found = assigned(engine, segmentation="rfm125", scores=count, names="cells", map="rfm11")
    assert set(found["segment"]) <= {one["id"] for one in segments}
    assert found["segment"].iloc[-1] == first
    assert found["segment"].iloc[0] == grid.separator(count).join("111")


def test_fixed_thresholds_are_of_a_table(engine: Engine) -> None:
    with pytest.raises(UsageError, match=r'scores 3: has no cuts\. .*set mode = "quantile"'):
        rfm.define(engine, "given", {"segmentation": "rfm", "mode": "fixed", "scores": 3})
    with pytest.raises(UsageError, match="segments.options.rfm: scores"):
        rfm.define(engine, "given", {"segmentation": "rfm", "scores": 4})


@pytest.mark.parametrize("count", [3, 10])
def test_the_tiles_have_as_many_rows_and_columns(engine: Engine, count: int) -> None:
    rule = rfm.define(engine, "given", {"segmentation": "rfm", "scores": count})
    frame = assigned(engine, scores=count).groupby(["R", "F"]).size().rename("customers").reset_index()
    tiles = segments_page.tiles(
        texts("en"),
        Definition("rfm", "2025-12-31", rule, tuple(rule["segments"])),
        frame.assign(value=1.0),
        project(),
        "revenue",
    )
    assert (len(tiles.rows), len(tiles.columns)) == (count, count)
    assert (tiles.rows[0], tiles.columns[0]) == (f"R {count}", "F 1")
    assert (
        tiles.row_title == f"Recency score ({count}: bought lately)"
        and f"from {count} (bought lately)" in tiles.caption
    )
