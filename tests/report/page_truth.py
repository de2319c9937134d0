"""Reads the blocks of every page of a run as a doubting reader does: amounts, shares and lights, each with its words.

Every amount has its word in the same block or heading (revenue, profit, cost, spend), every share says of what it is
one, and every light is the run's. New pages are found by themselves: the blocks are those of the executed notebooks.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from custlib.report.blocks import (
    MIME,
    Actions,
    Block,
    Bullets,
    Callout,
    Details,
    Facts,
    Figure,
    Kpis,
    Table,
    Text,
    Tiles,
    Title,
    from_json,
)
from custlib.report.texts import Texts, texts

_NUMBER = r"[−-]?\d[\d.,]*(?:[–\s]+\d[\d.,]*)?\s?(?:k|M|B|万|亿)?"
_CURRENCY = "(?:USD|EUR|CNY|GBP)"
AMOUNT = re.compile(rf"\b{_CURRENCY}\s?{_NUMBER}|{_NUMBER}\s?(?:{_CURRENCY}|元)")
IN_CURRENCY = re.compile(rf"[(（]{_CURRENCY}[)）]|[,，] {_CURRENCY}\b")
WORD = re.compile(
    r"\b(?:revenue|profit|costs?|spend|spends|margin|budget|owed|(?:lifetime|historic|potential|order) value)\b"
    r"|收入|利润|成本|花费|消费|预算|欠款|毛利|生命周期价值|历史价值|潜在价值|订单",
    re.IGNORECASE,
)
# Words that leave open whether revenue or profit is meant.
UNNAMED = re.compile(
    r"\b(?:coming|expected|future|more) (?:value|money)\b|\bmoney (?:so far|to come|will come)\b|\bvalue, coming\b"
    r"|未来(?:价值|金额|收益)|(?:累计|迄今)(?:金额|贡献)|迄今 .{0,9}的金额",
    re.IGNORECASE,
)
# A change has a sign, an interval its level, a rate its time, and a bound its verb: none of them is a share.
SHARE = re.compile(r"(?<![+−±–\d.,])(?<![+−±] )\d[\d.,]*\s?%")
NO_SHARE = re.compile(
    r"95\s?%|\d\s?%\s(?:a year|a day)|(?:power|功效) \d+\s?%|(?:up|down|下降|上升|减少|增加) [\d.]+\s?%"
    r"|(?:within|than|above|below|at) [\d.]+\s?%"
    r"|年[^，。；]{0,6}率[^，。；]{0,4}%|(?:以内|超过|低于)[^，。]{0,4}%"
)
OF_WHAT = re.compile(
    r"\b(?:of|share|still a customer|chance|probability|rate|leaving|off by|limit|active)\b"
    r"|占|比例|概率|率|中的|其中|可用|偏差|界限|流失|的.{0,12}%|%\s?的",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Unit:
    """What a reader takes in together: the words around some values, and these values."""

    page: str
    words: str
    values: tuple[str, ...]

    @property
    def whole(self) -> str:
        return " ".join([self.words, *self.values])


def blocks(work: Path) -> dict[str, list[Block]]:
    """Read the blocks of every page that a run executed, those within details laid open."""
    found: dict[str, list[Block]] = {}
    for path in sorted(work.glob("runs/*/*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        contents = [output["data"][MIME] for output in outputs if MIME in output.get("data", {})]
        found[path.stem] = [block for content in contents for block in _open(from_json(content))]
    return found


def _open(block: Block) -> Iterator[Block]:
    yield block
    if isinstance(block, Details):
        for within in block.blocks:
            yield from _open(within)


def units(page: str, block: Block) -> Iterator[Unit]:
    """Part a block into what is read together."""
    if isinstance(block, Title):
        yield Unit(page, block.text, (block.subtitle,))
    elif isinstance(block, Kpis):
        for item in block.items:
            yield Unit(page, f"{item.label} {item.note}", (f"{item.value} {item.unit}".strip(),))
    elif isinstance(block, Text):
        yield Unit(page, block.text, ())
    elif isinstance(block, Callout):
        yield Unit(page, block.title, (block.text,))
    elif isinstance(block, Facts):
        for term, value in block.items:
            yield Unit(page, f"{block.title} {term}", (value,))
    elif isinstance(block, Bullets):
        for item in block.items:
            yield Unit(page, f"{block.title} {item}", ())
    elif isinstance(block, Actions):
        yield from _of_actions(page, block)
    elif isinstance(block, Table):
        yield from _of_table(page, block)
    elif isinstance(block, Figure):
        yield from _of_figure(page, block)
    elif isinstance(block, Tiles):
        heading = f"{block.title} {block.caption} {block.row_title} {block.column_title}"
        cells = [f"{cell.text} {cell.note}" for row in block.cells for cell in row]
        yield Unit(page, heading, tuple(cells))


def _of_figure(page: str, block: Figure) -> Iterator[Unit]:
    """The words of a figure, and the table of its numbers beneath them."""
    yield Unit(page, f"{block.title} {block.caption}", ())
    if block.table is not None:
        yield from _of_table(page, block.table, f"{block.caption} {block.description}")


def _of_actions(page: str, block: Actions) -> Iterator[Unit]:
    """The plan as a whole, and each action under the heads of the columns."""
    yield Unit(page, f"{block.title} {block.caption}", ())
    for action in [*block.items, *([block.total] if block.total else [])]:
        told = (action.what, action.note, action.sure, action.beneath, action.gain)
        yield Unit(page, " ".join(block.heads), told)


def _of_table(page: str, block: Table, above: str = "") -> Iterator[Unit]:
    heading = f"{block.title} {block.caption} {block.note} {above}".strip()
    yield Unit(page, heading, ())
    for place, column in enumerate(block.columns):
        for row in block.rows:
            name = row[block.header] if place != block.header else ""
            yield Unit(page, f"{heading} {column.label} {name}", (row[place],))


def amounts_without_word(unit: Unit) -> bool:
    """Whether a unit holds an amount of money, and no word says of what."""
    said = AMOUNT.search(unit.whole) or (IN_CURRENCY.search(unit.words) and any(unit.values))
    return bool(said) and not WORD.search(unit.whole)


def money_unnamed(unit: Unit) -> bool:
    """Whether a unit speaks of money or value, and leaves open whether that is revenue or profit."""
    return bool(UNNAMED.search(unit.whole))


def shares_without_whole(unit: Unit) -> bool:
    """Whether a unit holds a share, and does not say of what it is one."""
    bare = NO_SHARE.sub(" ", unit.whole)
    return bool(SHARE.search(bare)) and not OF_WHAT.search(unit.whole)


def lights(page: list[Block], language: str = "en") -> set[str]:
    """Find the lights that a page shows: beside its title, and in the callout of the backtest."""
    t = texts(language)
    titles = {str(block.light) for block in page if isinstance(block, Title) and block.light}
    patterns = {light: light_pattern(t, light) for light in ("green", "amber", "red")}
    callouts = [block.title for block in page if isinstance(block, Callout)]
    told = {light for light, pattern in patterns.items() if any(re.fullmatch(pattern, title) for title in callouts)}
    return titles | told | ({"untested"} if t("untested.title") in callouts else set())


def light_pattern(t: Texts, light: str) -> str:
    """Write the expression that the title of a callout with a light matches, whatever its figures."""
    begin, end = t(f"trust.{light}", halves="@").split("@")
    return re.escape(begin) + ".+" + re.escape(end)


def faults_of_run(pages: dict[str, list[Block]]) -> list[str]:
    """List what the pages of a run leave without its word."""
    return [fault for page, content in pages.items() for fault in faults(page, content)]


def faults(page: str, content: list[Block]) -> list[str]:
    """List what a page leaves without its word."""
    found = []
    for block in content:
        for unit in units(page, block):
            said = {
                "amount without its word": amounts_without_word(unit),
                "share of what": shares_without_whole(unit),
                "revenue or profit": money_unnamed(unit),
            }
            found += [f"{page}: {what}: {unit.whole.strip()[:160]}" for what, is_so in said.items() if is_so]
    return list(dict.fromkeys(found))
