"""Defines the blocks of a report: frozen values that JupyterLab displays and the exporter reads as JSON.

A notebook cell ends in a block; JupyterLab shows its HTML, the exporter reads its JSON
(``application/vnd.custlib.block+json``) and renders the page from it. Values are formatted text
(:mod:`custlib.report.formats`); a block computes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from pydantic import SerializeAsAny, SerializerFunctionWrapHandler, model_serializer
from pydantic.dataclasses import dataclass
from pydantic_core import to_jsonable_python

from custlib.errors import UsageError, hint, require
from custlib.report.codec import Checked, Many, Pair, is_relative
from custlib.report.page_limits import limit
from custlib.report.svg import check_pictures

if TYPE_CHECKING:
    import pandas as pd

MIME = "application/vnd.custlib.block+json"
VERSION = 1

Light = Literal["green", "amber", "red", "untested"]
Judged = Literal["do", "test", "leave", "few"]
Size = Literal["body", "lede"]
Shape = Literal["plain", "cards"]
OnCard = Literal["line", "head", "full", "none"]
MARKS = ("", "do", "test", "leave", "few", *(f"series{n}" for n in range(1, 9)))
Place = Literal["main", "left", "right"]
Tone = Literal["plain", "good", "warn", "bad"]
CallTone = Literal["note", "good", "warn", "bad"]
Align = Literal["left", "right"]


@dataclass(frozen=True)
class Block(Checked):
    """Base of all blocks: displays itself."""

    @classmethod
    def read(cls, mapping: Mapping[str, Any]) -> "Block":
        """Read a block within another from its JSON."""
        return from_json(mapping)

    def to_json(self) -> dict[str, Any]:
        """Return the block as plain JSON with its name and version."""
        content: dict[str, Any] = to_jsonable_python(self)
        return content

    @model_serializer(mode="wrap")
    def _named(self, content: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {"block": type(self).__name__.lower(), "version": VERSION, **content(self)}

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        require("jinja2", extra="reports", purpose="a block")
        from custlib.report.render import snippet

        return {"text/html": snippet(self), MIME: self.to_json()}


@dataclass(frozen=True)
class Title(Block):
    """The headline of a page: a finding after ``lead``, which ``tone`` colours, and the sentence that explains it."""

    text: str
    subtitle: str = ""
    light: Light | None = None
    lede: str = ""
    lead: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True)
class Section(Block):
    """Opens a section for the blocks after it. ``column`` applies to playbook pages only."""

    text: str
    id: str | None = None
    column: Place = "main"


@dataclass(frozen=True)
class Kpi(Checked):
    """A key figure: ``unit`` is small before the value, ``change`` bold before the note that ``tone`` colours."""

    label: str
    value: str
    note: str = ""
    tone: Tone = "plain"
    unit: str = ""
    change: str = ""
    svg: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        check_pictures([self.svg], f"Kpi {self.label!r}")


@dataclass(frozen=True)
class Kpis(Block):
    """A row of key figures.

    Examples
    --------
    >>> Kpis([Kpi("Customers", "2,357")]).to_json()["items"][0]["value"]
    '2,357'
    """

    items: Many[Kpi]
    caption: str = ""


@dataclass(frozen=True)
class Text(Block):
    """Paragraphs; ``**bold**``, ``*em*``, ```code``` and links to relative .html pages are rendered."""

    text: str
    size: Size = "body"


@dataclass(frozen=True)
class Callout(Block):
    """A highlighted note, with its tone in a word."""

    title: str
    text: str
    tone: CallTone = "note"


@dataclass(frozen=True)
class Facts(Block):
    """A list of terms and values."""

    items: Many[Pair]
    title: str = ""


@dataclass(frozen=True)
class Bullets(Block):
    """A list of short sentences."""

    items: Many[str]
    title: str = ""


@dataclass(frozen=True)
class Column(Checked):
    """A column of a table: label, alignment, and place on a card: a line, beside the name, over all of it, or none."""

    label: str
    align: Align = "left"
    card: OnCard = "line"


@dataclass(frozen=True)
class Table(Block):
    """A table of formatted text; ``header`` is the column naming the row, ``links`` hrefs by cell or empty.

    ``marks`` are verdicts and colours before a text, ``pictures`` miniatures beneath it. A phone shows ``cards``.

    Examples
    --------
    >>> Table("Tiers", [Column("Tier"), Column("Customers", "right")], [["Top", "24"]]).rows
    (('Top', '24'),)
    """

    title: str
    columns: Many[Column]
    rows: Many[Many[str]]
    caption: str = ""
    note: str = ""
    header: int = 0
    links: Many[Many[str]] = ()
    marks: Many[Many[str]] = ()
    pictures: Many[Many[str]] = field(default=(), repr=False)
    shape: Shape = "plain"

    def __post_init__(self) -> None:
        if unknown := {mark for row in self.marks for mark in row} - {*MARKS}:
            raise UsageError(f"Table {self.title!r}: mark {min(unknown)!r} is not known. {hint(min(unknown), MARKS)}")
        check_pictures([svg for row in self.pictures for svg in row], f"Table {self.title!r}")
        if len(self.rows) > (most := limit("page", "table_rows")):
            raise UsageError(f"Table {self.title!r}: {len(self.rows)} rows, at most {most}. Aggregate it.")
        uneven = [n for n, row in enumerate(self.rows) if len(row) != len(self.columns)]
        if uneven:
            raise UsageError(f"Table {self.title!r}: row {uneven[0]} has not {len(self.columns)} cells.")
        if outward := [h for row in self.links for h in row if h and not is_relative(h)]:
            raise UsageError(f"Table {self.title!r}: {outward[0]!r} is no relative link to an .html page.")

    @classmethod
    def of(
        cls,
        frame: "pd.DataFrame",
        *,
        title: str,
        caption: str = "",
        formats: Mapping[str, str | Callable[[Any], str]] | None = None,
        labels: Mapping[str, str] | None = None,
        header: str | None = None,
        note: str = "",
        links: Mapping[str, str] | None = None,
        language: str = "en",
    ) -> "Table":
        """Make a table from a frame; see :func:`custlib.report.table_text.table_text`."""
        from custlib.report.table_text import Layout, table_text

        layout = Layout(dict(formats or {}), dict(labels or {}), dict(links or {}), header, language)
        return cls(title=title, caption=caption, note=note, **table_text(frame, layout, title))


@dataclass(frozen=True)
class Action(Checked):
    """An action: verdict, what and to whom, how sure it is, and the gain, with a picture and words beneath."""

    mark: Judged | Literal[""]
    verdict: str
    what: str
    sure: str = ""
    gain: str = ""
    beneath: str = ""
    note: str = ""
    svg: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        check_pictures([self.svg], f"Action {self.what!r}")


@dataclass(frozen=True)
class Actions(Block):
    """Actions with their money; the last row is the whole plan. ``heads`` name the four columns."""

    title: str
    heads: Many[str]
    items: Many[Action]
    total: Action | None = None
    caption: str = ""


@dataclass(frozen=True)
class Figure(Block):
    """A chart whose title is the finding, with a table of its numbers."""

    title: str
    svg: str = field(repr=False)
    description: str
    caption: str = ""
    table: Table | None = field(default=None, repr=False)
    narrow_svg: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        check_pictures([self.svg, self.narrow_svg], f"Figure {self.title!r}")


@dataclass(frozen=True)
class Cell(Checked):
    """A tile: its count, a note, a weight from 0 to 1 for the tone, and a label such as the segment."""

    text: str
    note: str = ""
    weight: float = 0.0
    label: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.weight <= 1:
            raise UsageError(f"Cell: weight is {self.weight}, needs 0 to 1. Divide by the largest.")


@dataclass(frozen=True)
class Tiles(Block):
    """A tile map: a table whose cells are toned by weight (RFM 5 × 5, value cube).

    Examples
    --------
    >>> Tiles("Map", ["5"], ["1"], [[Cell("24")]], "F", "R", "", "R by F").cells[0][0].text
    '24'
    """

    title: str
    rows: Many[str]
    columns: Many[str]
    cells: Many[Many[Cell]]
    row_title: str
    column_title: str
    caption: str
    description: str

    def __post_init__(self) -> None:
        shape = [len(row) for row in self.cells]
        if shape != [len(self.columns)] * len(self.rows):
            raise UsageError(f"Tiles {self.title!r}: cells are not {len(self.rows)} × {len(self.columns)}.")


@dataclass(frozen=True)
class Details(Block):
    """Collapsible blocks with further detail."""

    title: str
    blocks: Many[SerializeAsAny[Block]]


@dataclass(frozen=True)
class Glossary(Block):
    """Definitions of terms, in the footer of the page."""

    items: Many[Pair]


@dataclass(frozen=True)
class Footer(Block):
    """Provenance of the page: run, data, parameters, versions, rows and money."""

    items: Many[Pair]


_KINDS = (
    Title, Section, Kpis, Text, Callout, Facts, Bullets, Table, Actions, Figure, Tiles, Details, Glossary, Footer,
)  # fmt: skip
BLOCKS: dict[str, type[Block]] = {kind.__name__.lower(): kind for kind in _KINDS}


def from_json(mapping: Mapping[str, Any]) -> Block:
    """Read a block from JSON; raise if it is unknown.

    Examples
    --------
    >>> from_json(Text("Hello").to_json())
    Text(text='Hello', size='body')
    """
    content = dict(mapping)
    name, version = content.pop("block", None), content.pop("version", None)
    if name not in BLOCKS:
        raise UsageError(f"block {name!r} is not known. {hint(str(name), list(BLOCKS))}")
    if version != VERSION:
        raise UsageError(f"block {name!r} is of version {version!r}, this custlib reads {VERSION}.")
    return BLOCKS[name](**content)
