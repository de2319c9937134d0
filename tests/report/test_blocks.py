"""Blocks check what they hold, travel as JSON and come back equal."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError

import pandas as pd
import pytest
from markupsafe import Markup

from custlib.errors import UsageError
from custlib.report.blocks import (
    BLOCKS,
    MIME,
    Action,
    Actions,
    Block,
    Bullets,
    Callout,
    Cell,
    Column,
    Details,
    Facts,
    Figure,
    Footer,
    Glossary,
    Kpi,
    Kpis,
    Section,
    Table,
    Text,
    Tiles,
    Title,
    from_json,
)
from custlib.report.palette import colours

SVG = '<svg viewBox="0 0 9 9"><path d="M0 0L9 9"/><text x="1" y="8">words</text></svg>'
TABLE = Table("Tiers", [Column("Tier"), Column("Customers", "right")], [["Top", "24"]])
ONE_OF_EACH: list[Block] = [
    Title("A finding", "and more", "green"),
    Section("Why", id="why", column="left"),
    Kpis([Kpi("Customers", "2,357", "+3 %", "good")]),
    Text("One **two**."),
    Callout("Look", "here", "warn"),
    Facts([("Rows", "12")], "Data"),
    Bullets(["one", "two"]),
    TABLE,
    Actions(
        "Do one", ["Verdict", "What", "Sure", "Gain"], [Action("do", "Do it", "Write", svg=SVG)], Action("", "All", "")
    ),
    Figure("Finding", SVG, "A line", "See", TABLE, SVG),
    Tiles("Map", ["5"], ["1"], [[Cell("24", "9 k", 0.5, "Top")]], "F", "R", "", "R by F"),
    Details("More", [Text("inside"), TABLE]),
    Glossary([("T", "days")]),
    Footer([("Run", "1")]),
]
IDS = [type(block).__name__ for block in ONE_OF_EACH]


def test_the_sample_holds_one_of_each() -> None:
    assert {type(block) for block in ONE_OF_EACH} == set(BLOCKS.values())


@pytest.mark.parametrize("block", ONE_OF_EACH, ids=IDS)
def test_a_block_comes_back_from_json_equal(block: Block) -> None:
    assert from_json(json.loads(json.dumps(block.to_json()))) == block


@pytest.mark.parametrize("block", ONE_OF_EACH, ids=IDS)
def test_a_block_shows_in_the_lab(block: Block) -> None:
    bundle = block._repr_mimebundle_()
    assert set(bundle) == {"text/html", MIME}
    assert bundle["text/html"].startswith('<div class="custlib"><style>')
    assert bundle[MIME]["block"] == type(block).__name__.lower()


@pytest.mark.parametrize("block", ONE_OF_EACH, ids=IDS)
def test_without_its_styles_a_block_hides_pictures_with_their_words(block: Block) -> None:
    """JupyterLab keeps the words of a picture that it removes from a notebook that is not trusted."""
    html = block._repr_mimebundle_()["text/html"].partition("</style>")[2]
    hidden = re.sub(r'<span hidden="hidden"><svg.*?</svg></span>', "", html, flags=re.DOTALL)
    assert "svg" not in hidden and "</text>" not in hidden
    assert ("Pictures are not shown" in hidden) == ("</text>" in html)
    assert "<div><dt>" not in hidden  # a list of terms keeps its order
    assert not re.search(r'<td(?! style="text-align:left"| class="r)', hidden)


def test_the_styles_of_the_lab_outweigh_those_of_jupyterlab_and_follow_its_theme() -> None:
    style = Text("a")._repr_mimebundle_()["text/html"].partition("</style>")[0]
    assert not re.search(r"(?<!\.custlib)\.custlib(?!\.custlib)", style.partition("<style>")[2])
    for theme, light in (("light", "true"), ("dark", "false")):
        rule = style.partition(f"[data-jp-theme-light={light}] .custlib.custlib.custlib{{")[2].partition("}")[0]
        assert f"--ink:{colours(theme)['ink']};" in rule and "--paper:var(--jp-layout-color0)" in rule


@pytest.mark.parametrize("block", ONE_OF_EACH, ids=IDS)
def test_an_unknown_key_is_refused(block: Block) -> None:
    with pytest.raises(UsageError, match="key 'onclick' is not known"):
        from_json({**block.to_json(), "onclick": "alert(1)"})


@pytest.mark.parametrize("name", ["script", "Text", None, 3])
def test_an_unknown_block_is_refused(name: object) -> None:
    with pytest.raises(UsageError, match="is not known"):
        from_json({"block": name, "version": 1})


def test_another_version_is_refused() -> None:
    with pytest.raises(UsageError, match="of version 2, this custlib reads 1"):
        from_json({"block": "text", "version": 2, "text": "a"})


def test_a_missing_key_is_named() -> None:
    with pytest.raises(UsageError, match="Callout: missing title, text"):
        from_json({"block": "callout", "version": 1})


def test_a_block_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Text("a").text = "b"  # type: ignore[misc]


def test_values_are_text_already() -> None:
    with pytest.raises(UsageError, match=r"Kpi: value is int, needs str\. Format it first"):
        Kpi("Customers", 2357)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Kpis([{"label": "a", "value": "b", "onclick": "c"}]), "Kpi: key 'onclick' is not known"),
        (lambda: Kpis([{"label": "a"}]), "Kpi: missing value"),
        (lambda: Kpis([3]), r"Kpis: items\[0\] is int, needs Kpi"),
        (lambda: Details("a", [Kpi("a", "b")]), r"Details: blocks\[0\] is Kpi, needs Block"),
        (lambda: Details("a", [{"block": "text", "version": 1, "text": 3}]), "Text: text is int, needs str"),
        (lambda: Figure("a", SVG, "b", table=Text("c").to_json()), "Figure: table is Text, needs Table"),
        (lambda: Table("a", [Column("b")], [["1"]], header=True), "Table: header is bool, needs int"),
        (lambda: Cell("a", weight="1"), "Cell: weight is str, needs float"),
        (lambda: Facts([["a", 1]]), r"Facts: items\[0\]\[1\] is int, needs str"),
    ],
)
def test_parts_and_blocks_within_are_checked_too(make: Callable[[], Block], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()


def test_marked_up_text_is_plain_text_again() -> None:
    assert type(Text(Markup("<b>")).text) is str


def test_a_light_has_one_of_three_colours() -> None:
    with pytest.raises(UsageError, match="Title: light is 'blue'. Use one of: 'green'"):
        Title("a", light="blue")  # type: ignore[arg-type]


def test_lists_become_tuples() -> None:
    assert Facts([["a", "b"]]).items == (("a", "b"),)  # type: ignore[list-item]


def test_a_pair_has_two_values() -> None:
    with pytest.raises(UsageError, match=r"Facts: items\[0\] needs 2 values"):
        Facts([("a", "b", "c")])  # type: ignore[list-item]


def test_text_is_no_list() -> None:
    with pytest.raises(UsageError, match="Bullets: items is str, needs a list"):
        Bullets("one")


def test_rows_and_columns_fit() -> None:
    with pytest.raises(UsageError, match="row 1 has not 2 cells"):
        Table("T", [Column("a"), Column("b")], [["1", "2"], ["3"]])


def test_a_long_table_is_refused() -> None:
    with pytest.raises(UsageError, match="201 rows, at most 200"):
        Table("T", [Column("a")], [["1"]] * 201)
    with pytest.raises(UsageError, match="201 rows, at most 200"):
        Table.of(pd.DataFrame({"a": range(201)}), title="T")


@pytest.mark.parametrize("href", ["https://a.example/x.html", "/x.html", "javascript:x.html", "//a/x.html"])
def test_links_lead_to_pages_beside(href: str) -> None:
    with pytest.raises(UsageError, match="no relative link"):
        Table("T", [Column("a")], [["1"]], links=[[href]])


def test_tiles_fill_their_map() -> None:
    with pytest.raises(UsageError, match="cells are not 1 × 2"):
        Tiles("Map", ["5"], ["1", "2"], [[Cell("24")]], "F", "R", "", "")


@pytest.mark.parametrize("weight", [-0.1, 1.1, float("nan")])
def test_a_weight_lies_between_nought_and_one(weight: float) -> None:
    with pytest.raises(UsageError, match="needs 0 to 1"):
        Cell("24", weight=weight)


def test_a_picture_with_a_script_is_refused() -> None:
    with pytest.raises(UsageError, match="Figure 'A': <script> is not allowed"):
        Figure("A", "<svg><script>1</script></svg>", "a")


def test_importing_blocks_is_light() -> None:
    code = "import sys, custlib.report.blocks; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not set(loaded.split()) & {"matplotlib", "pandas", "numpy", "nbconvert", "jinja2", "mistune"}
