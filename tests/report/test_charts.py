"""Every chart keeps the same contract: a finding, words for the blind, few marks, the page's colours, equal bytes."""

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from functools import cache
from itertools import pairwise
from typing import Any

import matplotlib
import pandas as pd
import pytest

from custlib.errors import UsageError
from custlib.report import charts
from custlib.report.blocks import Column, Figure, Table
from custlib.report.charts.axes import apart
from custlib.report.charts.flows import End, SegmentFlow
from custlib.report.charts.marks import Ruler

GROUPS = pd.DataFrame({"group": ["0", "1", "2+"], "actual": [3.0, 2.0, 1.0], "expected": [2.5, 2.2, 1.1]})
WEEKS = pd.DataFrame(
    {"period": pd.date_range("1997-01-05", periods=4, freq="W"), "actual": [1.0, 3.0, 6.0, None],
     "expected": [1.0, 3.5, 6.5, 9.0], "low": [1.0, 3.0, 5.0, 7.0], "high": [1.0, 4.0, 8.0, 11.0]}
)  # fmt: skip
SHARES = pd.DataFrame({"customer_share": [0, 0.2, 1], "value_share": [0, 0.7, 1], "segment": ["$a$", "b_c", "客户"]})
FRAMES: dict[str, pd.DataFrame] = {
    "cumulative_curve": SHARES,
    "pyramid_bars": SHARES,
    "cumulative_tracking": WEEKS,
    "incremental_tracking": WEEKS,
    "paired_bars": GROUPS,
    "expected_against_actual": GROUPS,
    "dot_intervals": pd.DataFrame({"label": ["a", "b"], "value": [1.0, 9.0], "low": [0.5, 7.0], "high": [2.0, 12.0],
                                   "historic": [3.0, 4.0]}),
    "alive_heatmap": pd.DataFrame({"frequency": [0, 0, 1, 1], "days_since_last": [7, 14, 7, 14],
                                   "probability_alive": [0.9, 0.5, 0.8, 0.0], "outlined": [True, False, True, False]}),
    "bars": pd.DataFrame({"label": ["a", "b"], "value": [5.0, -2.0]}),
    "index_bars": pd.DataFrame({"label": ["a", "b"], "index": [160.0, 80.0]}),
    "cohort_stack": pd.DataFrame({"period": ["Q1", "Q2", "Q2"], "band": ["a", "a", "b"], "value": [5.0, None, -2.0]}),
    "age_lines": pd.DataFrame({"line": ["a", "a", "a", "b"], "age": [0, 1, 2, 0], "value": [1.0, None, 0.4, 0.9]}),
    "flow_picture": pd.DataFrame({"before": ["a", "a", "b"], "now": ["a", "b", "b"], "customers": [40.0, 20.0, 90.0]}),
    "share_bands": SHARES,
    "split_bars": pd.DataFrame({"period": ["Q1", "Q2"], "part": [5.0, None], "rest": [9.0, 2.0]}),
    "flow_bars": pd.DataFrame({"label": ["a", "b"], "customers_in": [40, 3], "customers_out": [12, 0]}),
}  # fmt: skip
NAMES = sorted(FRAMES)


@cache
def drawn(name: str, **more: Any) -> Figure:
    """A chart of its frame, drawn once for all tests that look at it."""
    return drawn_anew(name, **more)


def drawn_anew(name: str, **more: Any) -> Figure:
    chart: Callable[..., Figure] = getattr(charts, name)
    return chart(FRAMES[name], title="A $finding$ of 5 %", description="What it shows", **more)


def test_the_contract_holds_for_every_chart() -> None:
    assert set(charts.__all__) == {*FRAMES, "segment_colour", "segment_flow", "effect_ruler"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.sampled
def test_a_chart_is_a_figure_with_its_table(name: str) -> None:
    figure = drawn(name, caption="See")
    assert figure.title == "A $finding$ of 5 %" and figure.caption == "See"
    assert figure.table is not None and figure.table.rows


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.sampled
def test_a_chart_speaks_to_those_who_cannot_see_it(name: str) -> None:
    for svg in (drawn(name).svg, drawn(name).narrow_svg):
        ids = re.search(r'role="img" aria-labelledby="(\S+) (\S+)"', svg)
        assert ids is not None
        assert f'<title id="{ids[1]}">A $finding$ of 5 %</title><desc id="{ids[2]}">What it shows</desc>' in svg


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.sampled
def test_wide_and_narrow_do_not_share_ids(name: str) -> None:
    figure = drawn(name)
    ids = re.findall(r'id="([^"]+)"', figure.svg + figure.narrow_svg)
    assert len(ids) == len(set(ids)) == 4


@pytest.mark.parametrize("name", NAMES)
def test_colours_are_variables_and_text_is_text(name: str) -> None:
    svg = drawn(name).svg + drawn(name).narrow_svg
    assert "style=" not in svg and "#" not in svg and "font-family" not in svg
    assert set(re.findall(r'(?:fill|stroke)="([^"(]+)', svg)) <= {"var", "none"}
    assert "<text" in svg


@pytest.mark.parametrize("name", NAMES)
def test_text_is_large_enough(name: str) -> None:
    sizes = re.findall(r'font-size="([\d.]+)"', drawn(name).svg)
    assert min(map(float, sizes)) >= 11


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.sampled
def test_equal_tables_give_equal_bytes(name: str) -> None:
    assert drawn_anew(name) == drawn_anew(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_chart_is_small(name: str) -> None:
    assert len(drawn(name).svg) < 8_000


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.sampled
def test_the_frame_and_the_settings_stay_as_they_are(name: str) -> None:
    frame, settings = FRAMES[name].copy(), dict(matplotlib.rcParams)
    drawn_anew(name)
    pd.testing.assert_frame_equal(FRAMES[name], frame)
    assert dict(matplotlib.rcParams) == settings


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.sampled
def test_what_a_notebook_has_set_changes_no_picture(name: str) -> None:
    plain = drawn_anew(name)
    with matplotlib.rc_context({"figure.dpi": 200, "axes.grid": True, "font.size": 20, "lines.linewidth": 9}):
        assert drawn_anew(name) == plain


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.sampled
def test_a_chart_speaks_chinese(name: str) -> None:
    figure = drawn(name, language="zh")
    assert re.search("[\u4e00-\u9fff]", figure.svg)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_column_is_named(name: str) -> None:
    column = FRAMES[name].columns[0]
    with pytest.raises(UsageError, match=f"{name}: missing column '{column}'"):
        getattr(charts, name)(FRAMES[name].drop(columns=column), title="A")


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_table_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="the table has no rows"):
        getattr(charts, name)(FRAMES[name].head(0), title="A")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.sampled
def test_one_row_is_enough(name: str) -> None:
    assert getattr(charts, name)(FRAMES[name].head(1), title="A").table.rows


def test_a_picture_of_flows_has_at_most_twelve_nodes() -> None:
    frame = pd.DataFrame({"before": [f"s{n}" for n in range(7)], "now": "s0", "customers": 20.0})
    with pytest.raises(UsageError, match="flow_picture: 7 nodes on one side, at most 6"):
        charts.flow_picture(frame, title="A")
    assert charts.flow_picture(frame.head(6), title="A").table


def test_bands_of_flows_add_up_to_their_nodes() -> None:
    """100 customers in 320 pixels: 80 stay in 256, 20 go in 64."""
    frame = pd.DataFrame({"before": ["a", "a"], "now": ["a", "b"], "customers": [80.0, 20.0]})
    svg = charts.flow_picture(frame, title="A").svg
    assert "a → b: 20" in svg and "a → a: 80" in svg
    assert svg.count(" C ") + svg.count("C") >= 4  # two curves a band


def test_a_missing_number_is_refused() -> None:
    frame = pd.DataFrame({"label": ["a", "b"], "value": [1.0, None]})
    with pytest.raises(UsageError, match=r"bars: value is no number in 1 of 2 rows \(first: row 1\)"):
        charts.bars(frame, title="A")


def test_nought_everywhere_is_drawn() -> None:
    frame = pd.DataFrame({"label": ["a", "b"], "value": [0.0, 0.0]})
    assert charts.bars(frame, title="A").svg


def test_too_many_marks_are_refused() -> None:
    frame = pd.DataFrame({"label": [str(n) for n in range(199)], "customers_in": range(199),
                          "customers_out": range(199)})  # fmt: skip
    wide = pd.concat([frame] * 2)
    with pytest.raises(UsageError, match="at most"):
        charts.flow_bars(wide, title="A")


def test_small_flows_are_not_told() -> None:
    figure = drawn("flow_bars")
    assert ">&lt;10<" in figure.svg and ">3<" not in figure.svg


def test_small_counts_of_customers_are_not_told() -> None:
    one, nine = (FRAMES["paired_bars"].assign(actual=[50, n, 20], expected=[48, 12, 20]) for n in (1, 9))
    figure = charts.paired_bars(one, title="A")
    assert figure == charts.paired_bars(nine, title="A")
    assert figure.table is not None and figure.table.rows[1] == ("1", "<10", "12")


def test_a_length_does_not_tell_a_small_flow() -> None:
    one, nine = (pd.DataFrame({"label": ["a", "b"], "customers_in": [40, n], "customers_out": [12, 0]}) for n in (1, 9))
    assert charts.flow_bars(one, title="A").svg == charts.flow_bars(nine, title="A").svg


def test_the_cut_lies_within_the_periods() -> None:
    assert "forecast from here" in drawn("cumulative_tracking", cut=date(1997, 1, 12)).svg
    with pytest.raises(UsageError, match="the cut 1999-01-01 lies outside"):
        drawn("cumulative_tracking", cut=date(1999, 1, 1))


def test_the_baseline_is_drawn() -> None:
    assert "without a model" in drawn_anew("expected_against_actual", baseline=[1.0, 2.0, 3.0]).svg
    with pytest.raises(UsageError, match="baseline has 1 of 3 numbers"):
        drawn_anew("expected_against_actual", baseline=[1.0])


def test_the_largest_comes_first() -> None:
    table = drawn("dot_intervals").table
    assert table is not None and [row[0] for row in table.rows] == ["b", "a"]


@pytest.mark.slow
def test_pyplot_is_not_used() -> None:
    code = (
        "import sys, pandas, custlib.report.charts as charts\n"
        "charts.bars(pandas.DataFrame({'label': ['a'], 'value': [1]}), title='A')\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_labels_move_apart_in_their_order() -> None:
    places = apart([10, 10, 10], 16)
    assert sorted(places) == places and all(b - a >= 15.9 for a, b in pairwise(places))


def test_a_band_of_zeros_keeps_its_colour_in_the_legend() -> None:
    frame = pd.DataFrame({"period": ["Q1", "Q2", "Q1", "Q2"], "band": ["a", "a", "b", "b"], "value": [5.0, 3.0, 0, 0]})
    figure = charts.cohort_stack(frame, title="Revenue", caption="By cohort.", description="Two bands.")
    assert figure.svg.count("var(--series2)") >= 2  # refused otherwise, as matplotlib's own blue is not of the page


def test_a_ruler_draws_a_dot_with_its_interval_a_place_and_what_lies_beyond() -> None:
    rows = [Ruler("pays from", "+1", 1.0), Ruler("assumed", "+3", 3.0, -1.0, 7.0), Ruler("provable", "+9", 9.0, 9.0)]
    whole = charts.effect_ruler(rows, title="A", tone="good", x_label="points")
    assert whole.table is not None
    assert [row[0] for row in whole.table.rows] == ["pays from", "assumed", "provable"]
    assert whole.svg.count("<circle") == 1 and "var(--good)" in whole.svg
    assert "+3" in whole.narrow_svg
    assert "<circle" not in charts.effect_ruler(rows[:1], title="A").svg


def test_the_flows_of_a_segment_meet_it_in_the_order_of_the_segments() -> None:
    table = Table("Flows", [Column("Segment")], [["Top"]])
    whole = {"from": End("B", "80 at the start", 0, "80"), "to": End("B", "90", 0)}
    flow = SegmentFlow(whole, (End("A", "20", 20), End("C", "10", 10)), (End("A", "20 bought", 20, "20"),), "60 stayed",
                       60, ("A", "B", "C"))  # fmt: skip
    tops = {side: {end.name: top for end, top, _ in laid} for side, laid in flow._laid(17.0).items()}
    assert list(tops["from"]) == ["A", "B", "C"] and list(tops["to"]) == ["A", "B"]
    heights = {side: {end.name: high for end, _, high in laid} for side, laid in flow._laid(17.0).items()}
    assert heights["from"]["B"] == pytest.approx(flow.unit * 80)  # 60 stayed and 20 left
    assert heights["to"]["B"] == pytest.approx(flow.unit * 90)  # 60 stayed and 30 came
    figure = charts.segment_flow(flow, title="A", table=table)
    assert ">A  20 bought</text>" in figure.svg and ">20</text>" in figure.narrow_svg


def test_totals_that_would_touch_are_named_at_every_second_bar() -> None:
    revenue = pd.DataFrame(
        {"period": [f"Q{n}" for n in range(8)], "part": 0.0, "rest": [39_100.0 + n for n in range(8)]}
    )
    chinese = charts.split_bars(revenue, title="x", language="zh")
    assert chinese.svg.count(">3.91 万</text>") == 8 and chinese.narrow_svg.count(">3.91 万</text>") == 4
    assert charts.split_bars(revenue.tail(4), title="x", language="zh").narrow_svg.count(">3.91 万</text>") == 4


def test_a_name_is_broken_only_where_the_next_name_is_near() -> None:
    parts = {"Loyal": 0.9, "At risk": 0.05, "Need attention": 0.03, "New": 0.02}
    frame = pd.DataFrame({"segment": list(parts), "customer_share": [0.25] * 4, "value_share": list(parts.values())})
    svg = charts.share_bands(frame, title="x").svg
    assert ">At risk</text>" in svg and ">At</text>" not in svg
    near = frame.assign(value_share=[0.74, 0.05, 0.2, 0.01])
    assert ">At</text>" in charts.share_bands(near, title="x").svg


def test_a_table_of_numbers_says_how_many_of_its_rows_it_shows() -> None:
    long = pd.DataFrame({"period": pd.date_range("1997-01-05", periods=40, freq="W"), "actual": 1.0, "expected": 1.0})
    stack = pd.DataFrame({"period": range(40), "band": "a", "value": 5.0})
    for draw, frame in ((charts.cumulative_tracking, long), (charts.cohort_stack, stack)):
        words = {"title": "T", "caption": "C.", "description": "D."}
        all_of, some = draw(frame.head(21), **words).table, draw(frame, **words).table
        assert (len(all_of.rows), all_of.note) == (21, "")
        assert (len(some.rows), some.note) == (21, "Shown are 21 of 40 rows, evenly spaced.")
