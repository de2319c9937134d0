"""Pictures in a line: on a common scale, spoken of, and of the page's colours."""

import re

from custlib.report.charts.miniatures import Scale, dot, moves, spark
from custlib.report.svg import check_svg


def test_the_longest_bar_is_the_largest_and_bars_start_at_zero() -> None:
    svg = spark([2.0, 4.0, -1.0], {0: "Q1", 2: "Q3"}, title="Revenue", description="2, 4, −1")
    assert [float(h) for h in re.findall(r'height="([\d.]+)" fill', svg)] == [15, 30, 0.5]
    assert re.findall(r'fill="([^"]+)"/>|fill="(none)"', svg)[0][0] == "var(--ink)" and ">Q1<" in svg
    check_svg(svg, "spark")


def test_a_dot_lies_on_the_scale_of_its_rows() -> None:
    scale = Scale.of([-10.0, 90.0], 112)
    assert (scale.low, scale.high, scale(-10.0), scale(90.0)) == (-10, 90, 6, 106)
    one = dot((0.0, 40.0, 90.0), scale, colour="good", title="Gain", description="0–90", before=10.0)
    assert 'cx="56.0"' in one and 'cx="26.0"' in one
    check_svg(one, "dot")


def test_pictures_of_different_content_have_different_ids() -> None:
    first, second = (moves(10.0, came, 40.0, title="A", description="B") for came in (20.0, 30.0))
    assert re.findall(r' id="(\w+)"', first) != re.findall(r' id="(\w+)"', second)
    assert "<title" in first and 'role="img"' in first


def test_words_are_escaped() -> None:
    assert "<i>" not in moves(1.0, 2.0, 3.0, title="<i>", description="<i>")
