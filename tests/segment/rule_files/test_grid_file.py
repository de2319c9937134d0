"""Grid maps: every cell has exactly one name, or the map is refused."""

import pandas as pd
import pytest

from custlib import rules
from custlib.engine.dialect import DUCKDB, SPARK
from custlib.engine.duckdb import DuckDB
from custlib.errors import UsageError
from custlib.segment import grid
from custlib.segment.rule_files import grid_file

WORDS = {"en": "x", "zh": "x"}
GRID = {"R": [1, 5], "F": [1, 5]}


def segment(name, *blocks, **given):
    return {"id": name, "where": list(blocks), "name": WORDS, "strategy": WORDS, **given}


def table(*segments, axes=GRID, **head):
    return {"map": {"id": "mine", "axes": axes, **head}, "segment": list(segments)}


# --- worked by hand ---

MATRIX = {"current": ["low", "high"], "potential": ["low", "high"]}


def test_a_matrix_of_four_cells_by_hand():
    best = segment("best", {"current": "high", "potential": "high"})
    grow = segment("grow", {"current": "low", "potential": ["low", "high"]})
    keep = segment("keep", {"current": "high", "potential": "low"})
    found = grid_file.parse(table(best, grow, keep, axes=MATRIX), "mine")
    assert found.cells == {
        "best": [["high", "high"]],
        "grow": [["low", "low"], ["low", "high"]],
        "keep": [["high", "low"]],
    }
    assert found.axes == MATRIX
    assert found.findings == ()
    assert [entry["id"] for entry in found.segments] == ["best", "grow", "keep"]
    assert grid.case(DUCKDB, found.cells, found.axes) == (
        "case when current * 10 + potential in (22) then 'best'"
        " when current * 10 + potential in (11, 12) then 'grow'"
        " when current * 10 + potential in (21) then 'keep' end"
    )


def test_holes_and_overlaps_are_named():
    given = table(segment("low", {"R": [1, 5], "F": [1, 4]}), segment("high", {"R": [2, 5], "F": [4, 5]}))
    with pytest.raises(UsageError) as said:
        grid_file.parse(given, "mine")
    assert str(said.value) == (
        "map mine: 1 of 25 cells (R1F5) without a name; 4 of 25 cells (R2F4, R3F4, R4F4, R5F4) with two names."
        " Give each of the 25 cells one name."
    )


def test_where_two_take_a_cell_the_lower_priority_wins_and_it_is_said():
    low, high = segment("low", {"F": [1, 4]}), segment("high", {"F": [4, 5]}, priority=1)
    found = grid_file.parse(table(low, high), "mine")
    assert len(found.cells["low"]) == 15 and len(found.cells["high"]) == 10
    assert found.findings == ("high wins over low in 5 of 25 cells (R1F4, R2F4, R3F4, R4F4, R5F4)",)


def test_equal_priorities_decide_nothing():
    low, high = segment("low", {"F": [1, 4]}, priority=1), segment("high", {"F": [4, 5]}, priority=1)
    with pytest.raises(UsageError, match="5 of 25 cells .R1F4, .* with two names"):
        grid_file.parse(table(low, high), "mine")


def test_a_priority_above_two_others_decides():
    a, b, c = segment("a", {"F": [1, 5]}), segment("b", {"F": [3, 3]}), segment("c", {"F": [3, 3]}, priority=9)
    with pytest.raises(UsageError, match="R1F3, .* with two names"):
        grid_file.parse(table(a, b), "mine")
    found = grid_file.parse(table(a, b, c), "mine")
    assert found.findings == (
        "c wins over a, b in 5 of 25 cells (R1F3, R2F3, R3F3, R4F3, R5F3)",
        "b is never reached: no cell has this name",
    )


def test_a_gap_goes_to_other_where_the_map_says_so():
    given = (segment("good", {"R": [4, 5]}), segment("other"))
    found = grid_file.parse(table(*given, on_gap="other"), "mine")
    assert {name: len(own) for name, own in found.cells.items()} == {"good": 10, "other": 15}
    with pytest.raises(UsageError, match="15 of 25 cells .R1F1, R1F2, .*R3F2 and 3 more. without a name"):
        grid_file.parse(table(*given), "mine")


def test_a_well_known_map_leaves_cells_without_a_name_and_names_without_a_cell():
    """Ten classes as the R package ``rfm`` publishes them: R, and one range for both F and M; the first wins."""
    published = [
        ("champions", [4, 5], [4, 5]),
        ("loyal", [2, 5], [3, 5]),
        ("potential_loyalist", [3, 5], [1, 3]),
        ("new", [4, 5], [1, 1]),
        ("promising", [3, 4], [1, 1]),
        ("need_attention", [2, 3], [2, 3]),
        ("about_to_sleep", [2, 3], [1, 2]),
        ("at_risk", [1, 2], [2, 5]),
        ("cannot_lose", [1, 1], [4, 5]),
        ("lost", [1, 2], [1, 2]),
    ]
    axes = {"R": [1, 5], "F": [1, 5], "M": [1, 5]}
    entries = [segment(name, {"R": r, "F": fm, "M": fm}, priority=n) for n, (name, r, fm) in enumerate(published)]
    found = grid_file.prove(table(*entries, axes=axes), "published")
    assert len(found.holes) == 36
    assert (1, 1, 5) in found.holes and (5, 5, 1) in found.holes
    assert found.unreachable == ("new", "promising", "cannot_lose")
    with pytest.raises(UsageError, match="map published: 36 of 125 cells .R1F1M3, .* and 24 more. without a name"):
        grid_file.parse(table(*entries, axes=axes), "published")


def test_a_text_in_one_language_serves_for_both_and_it_is_said():
    english, both = (
        segment("a", {"R": [1, 3]}) | {"name": {"en": "A"}, "strategy": {"en": "Go."}},
        segment("b", {"R": [4, 5]}),
    )
    found = grid_file.parse(table(english, both), "mine")
    assert found.segments[0] == {"id": "a", "name": {"en": "A", "zh": "A"}, "strategy": {"en": "Go.", "zh": "Go."}}
    assert found.findings == ("a: name and strategy are not given in zh and taken from the other language",)


# --- shipped maps ---


@pytest.mark.parametrize(
    ("name", "cells", "segments"), [("rf25", 25, 8), ("rfm11", 125, 11), ("value8", 8, 8), ("value4", 4, 4)]
)
def test_the_shipped_maps_have_their_cells(name, cells, segments):
    found = grid_file.read(name)
    assert sum(len(own) for own in found.cells.values()) == cells
    assert len(found.segments) == segments


@pytest.mark.parametrize("name", rules.names("maps"))
def test_every_shipped_map_names_every_cell_once(name):
    found = grid_file.read(name)
    assert found.findings == ()
    assert found.id == name
    assert list(found.cells) == [entry["id"] for entry in found.segments]
    assert all(entry[key][lang] for entry in found.segments for key in ("name", "strategy") for lang in ("en", "zh"))


@pytest.mark.parametrize("name", ["rf25", "rfm11"])
def test_one_time_buyers_are_never_mixed_with_those_who_came_back(name):
    for own in grid_file.read(name).cells.values():
        assert len({cell[1] == 1 for cell in own}) == 1


@pytest.mark.parametrize(
    ("levels", "wanted"),
    [
        ("high high high", "platinum"), ("high low high", "gold"), ("low low high", "loyal"),
        ("low high high", "potential"), ("high high low", "at_risk"), ("high low low", "short_term"),
        ("low low low", "least_value"), ("low high low", "developable"),
    ],
)  # fmt: skip
def test_the_eight_classes_of_value(levels, wanted):
    assert grid_file.read("value8").cells[wanted] == [levels.split()]


# --- in SQL ---


@pytest.mark.parametrize("name", rules.names("maps"))
def test_sql_names_each_cell_as_the_map_does(tmp_path, name):
    found = grid_file.read(name)
    wanted = {tuple(cell): segment for segment, own in found.cells.items() for cell in own}
    engine = DuckDB(tmp_path, threads=1)
    places = [
        [levels.index(level) + 1 for level, levels in zip(cell, found.axes.values(), strict=True)] for cell in wanted
    ]
    engine.attach_frame("grid", pd.DataFrame(places, columns=list(found.axes)))
    given = engine.fetch(f"select *, {grid.case(engine.dialect, found.cells, found.axes)} as segment from grid")
    names = {tuple(row[:-1]): row[-1] for row in given.itertuples(index=False)}
    assert names == {tuple(place): wanted[cell] for place, cell in zip(places, wanted, strict=True)}
    assert grid.case(SPARK, found.cells, found.axes) == grid.case(DUCKDB, found.cells, found.axes)


def test_levels_of_two_digits_and_words_beside_numbers(tmp_path):
    axes = {"age": [8, 12], "worth": ["low", "high"]}
    found = grid_file.parse(table(segment("a", {"age": [8, 10]}), segment("b", {"age": [11, 12]}), axes=axes), "mine")
    engine = DuckDB(tmp_path, threads=1)
    engine.attach_frame("grid", pd.DataFrame([(1, 1), (3, 2), (4, 1)], columns=["age", "worth"]))
    given = engine.fetch(f"select {grid.case(engine.dialect, found.cells, found.axes)} as segment from grid")
    assert given["segment"].tolist() == ["a", "a", "b"]


# --- a user's own file ---

OWN = """
[map]
id = "mine"
axes = { loyal = ["no", "yes"], worth = ["low", "high"] }
[[segment]]
id = "a"
where = [{ loyal = "yes" }]
name = { en = "A", zh = "甲" }
strategy = { en = "Keep.", zh = "保持。" }
[[segment]]
id = "b"
where = [{ loyal = "no" }]
name = { en = "B", zh = "乙" }
strategy = { en = "Win.", zh = "争取。" }
"""


def test_a_file_of_ones_own_is_read(tmp_path):
    (tmp_path / "own.toml").write_text(OWN, encoding="utf-8")
    assert grid_file.read(str(tmp_path / "own.toml")).cells["b"] == [["no", "low"], ["no", "high"]]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (table(segment("a", {"Q": [1, 5]})), "map mine: a: axis Q is unknown. Available: F, R"),
        (table(segment("a", {"R": [1, 6]})), "map mine: a: R: 6 is no level. Available: 1, 2, 3, 4, 5"),
        (table(segment("a", {"R": [5, 1]})), r"map mine: a: R: \[5, 1\] must be the lowest and the highest level"),
        (table(segment("a", {"R": 6})), "map mine: a: R: 6 is no level"),
        (table(segment("a", {"R": "high"})), "map mine: a: R: 'high' is no level"),
        (table(segment("a"), segment("a")), "map mine: a is there twice"),
        (table(segment("a"), on_gap="other"), 'on_gap = "other" needs a segment with the id other'),
        (table(segment("a"), on_gap="skip"), "map.on_gap: .*'other'"),
        (table(segment("a"), axes={"R": [1]}), r"map mine: axis R: \[1\] must be the lowest and the highest level"),
        (table(segment("a"), axes={"R": [5, 1]}), "axis R: .* must be the lowest and the highest level"),
        (table(segment("a"), axes={"R": ["low"]}), "axis R: .* must be two or more different words"),
        (table(segment("a"), axes={"R": ["low", "low"]}), "axis R: .* must be two or more different words"),
        (table(segment("a"), axes={"R": ["{x}", "low"]}), "axis R: .* must be two or more different words of letters"),
        (table(segment("a"), axes={"R": [1, 200], "F": [1, 200]}), "has 40,000 cells, and 10,000 are the most"),
        (table(segment("a", colour="red")), "map mine: segment.0.colour: unknown key"),
        (
            table(segment("a") | {"name": {}}),
            "map mine: segment.0.name: is required in one language at least: en or zh",
        ),
        (table(segment("a") | {"name": {"en": ""}}), "map mine: segment.0.name.en: "),
        (table(), "map mine: segment: "),
        ({"segment": []}, "map mine: map: "),
    ],
)
def test_what_is_no_map_is_refused(given, message):
    with pytest.raises(UsageError, match=message):
        grid_file.parse(given, "mine")


@pytest.mark.parametrize("highest", [10**9, 10**22])
def test_an_axis_of_too_many_levels_is_refused_before_they_are_listed(highest):
    words = {"en": "x", "zh": "x"}
    segment = {"id": "a", "where": [{}], "name": words, "strategy": words}
    with pytest.raises(UsageError, match="axis R: has .* levels, and 10,000 cells are the most"):
        grid_file.prove({"map": {"id": "mine", "axes": {"R": [1, highest]}}, "segment": [segment]}, "mine")
