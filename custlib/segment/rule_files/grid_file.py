"""Files of grid maps: every cell of the axes has exactly one name, and that is proved when the map is read.

A map is a TOML file: shipped in ``custlib/rules/maps``, or a user's own. It names its axes with their levels (whole
numbers from and to, or words in rising order) and lists segments with the blocks of cells they take::

    [map]
    id = "rf25"
    axes = { R = [1, 5], F = [1, 5] }       # or { current = ["low", "high"], ... }
    on_gap = "other"                        # optional: what no block takes goes to the segment "other"

    [[segment]]                             # the most valuable first
    id = "champions"
    where = [{ R = [5, 5], F = [4, 5] }]    # an axis that is not named may have any level
    priority = 1                            # optional: where two segments take a cell, the lower number wins
    name = { en = "Champions", zh = "..." } # one language is enough: it then serves for both
    strategy = { en = "...", zh = "..." }

A cell that nobody takes, or that two take without a priority between them, is an error. Overlaps that a priority
decides, names that no cell is left for, and texts in one language only are findings.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from math import inf, prod
from typing import Any, Literal

from pydantic import Field

from custlib import rules
from custlib.errors import UsageError, hint
from custlib.project import validated
from custlib.segment.definitions import Named, Strict, in_one_language
from custlib.segment.grid import Level

Cell = tuple[Level, ...]
OTHER = "other"
MOST_CELLS = 10_000
NAME = r"^(?:[a-z0-9_]+|.+\.toml)$"  # of a shipped file, or the path of a user's own
_WORD = re.compile(r"\w[\w -]*")
_SHOWN = 12


class Entry(Named):
    """A segment of a map file, with the blocks of cells it takes.

    Attributes
    ----------
    where : list of dict
        Blocks of cells: by axis the level, a list of words, or lowest and highest number. An axis that is not named may
        have any level.
    priority : int, optional
        Where two segments take a cell, the lower number wins.
    """

    where: list[dict[str, Level | list[Level]]] = Field(default_factory=list)
    priority: int | None = None

    @property
    def rank(self) -> float:
        """Its place where segments overlap: the lowest wins, and one without a priority comes last."""
        return inf if self.priority is None else self.priority


class Head(Strict):
    """What a map is called, its axes, and what becomes of the cells that no segment takes.

    Attributes
    ----------
    id : str
        Name of the map.
    axes : dict of str to list
        Levels of each axis: lowest and highest number, or words in rising order.
    on_gap : {"other"}, optional
        Cells that no segment takes go to the segment ``other``, which must be there; an error if left out.
    """

    id: str = Field(pattern=r"^\w+$")
    axes: dict[str, list[int] | list[str]] = Field(min_length=1)
    on_gap: Literal["other"] | None = None


class MapFile(Strict):
    """A whole map file.

    Attributes
    ----------
    source : str, optional
        Where the map comes from.
    as_of : datetime.date, optional
        The day it was written down.
    map : Head
        The table ``[map]``.
    segment : list of Entry
        A table ``[[segment]]`` each, the most valuable first.
    """

    source: str | None = None
    as_of: Any = None
    map: Head
    segment: list[Entry] = Field(min_length=1)


@dataclass(frozen=True)
class GridMap:
    """A map, and what it does with each of its cells."""

    id: str
    axes: dict[str, list[Level]]  # levels of each axis, rising
    cells: dict[str, list[list[Level]]]  # that each segment wins
    segments: list[dict[str, Any]]  # id, name and strategy of each, the most valuable first
    takers: dict[Cell, tuple[str, ...]]  # segments that take each cell, the winner first
    tied: frozenset[Cell]  # cells that no priority decides
    one_language: str  # which texts are given in one language only

    @property
    def holes(self) -> list[Cell]:
        """Cells without a name."""
        return [cell for cell, names in self.takers.items() if not names]

    @property
    def unreachable(self) -> tuple[str, ...]:
        """Segments that no cell leads to."""
        return tuple(segment for segment, own in self.cells.items() if not own)

    @property
    def faults(self) -> list[str]:
        """Why the map cannot be used: cells without a name, cells with two."""
        holes, tied = self.holes, [cell for cell in self.takers if cell in self.tied]
        faults = [f"{self.counted(holes)} without a name"] if holes else []
        return faults + ([f"{self.counted(tied)} with two names"] if tied else [])

    def overlaps(self, *, tied: bool) -> list[str]:
        """Say where more than one segment takes a cell: undecided (``tied``), or decided by a priority."""
        cells: dict[tuple[str, ...], list[Cell]] = {}
        for cell, names in self.takers.items():
            if len(names) > 1 and (cell in self.tied) == tied:
                cells.setdefault(names, []).append(cell)
        return [f"{_both(names, tied)} in {self.counted(own)}" for names, own in cells.items()]

    @property
    def findings(self) -> tuple[str, ...]:
        """What is decided, but worth knowing."""
        never = [f"{segment} is never reached: no cell has this name" for segment in self.unreachable]
        return (*self.overlaps(tied=False), *never, *([self.one_language] if self.one_language else []))

    def counted(self, cells: Sequence[Cell]) -> str:
        """Count cells and name the first of them."""
        words = [cell_name(self.axes, cell) for cell in cells]
        more = f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
        return f"{len(words)} of {len(self.takers)} cells ({', '.join(words[:_SHOWN])}{more})"


def _both(names: Sequence[str], tied: bool) -> str:
    return " and ".join(names) if tied else f"{names[0]} wins over {', '.join(names[1:])}"


def cell_name(axes: Iterable[str], cell: Sequence[Level]) -> str:
    """Name a cell by its levels.

    Examples
    --------
    >>> cell_name(["R", "F"], [5, 4]), cell_name(["current", "potential"], ["high", "low"])
    ('R5F4', 'current high potential low')
    """
    pairs = list(zip(axes, cell, strict=True))
    if any(isinstance(level, str) for level in cell):
        return " ".join(f"{axis} {level}" for axis, level in pairs)
    return "".join(f"{axis}{level}" for axis, level in pairs)


def read(name: str) -> GridMap:
    """Read a shipped map (by name) or a user's own (by path) and prove that each cell has exactly one name."""
    return rules.checked(name, "maps", parse)


def parse(table: dict[str, Any], name: str) -> GridMap:
    """Make a map of a parsed file."""
    grid = prove(table, name)
    if faults := grid.faults:
        raise UsageError(f"map {name}: {'; '.join(faults)}. Give each of the {len(grid.takers)} cells one name.")
    return grid


def prove(table: dict[str, Any], name: str) -> GridMap:
    """Find out which segment wins each cell."""
    file = validated(MapFile, table, f"map {name}")
    axes = {axis: _levels(axis, levels, name) for axis, levels in file.map.axes.items()}
    _check_segments(file, axes, name)
    entries: dict[Cell, list[Entry]] = {cell: [] for cell in product(*axes.values())}
    for entry in sorted(file.segment, key=lambda entry: entry.rank):
        for cell in {cell for block in entry.where for cell in _block(block, axes, f"map {name}: {entry.id}")}:
            entries[cell].append(entry)
    tied = frozenset(cell for cell, own in entries.items() if len(own) > 1 and own[0].rank == own[1].rank)
    gap = (OTHER,) if file.map.on_gap else ()
    takers = {cell: tuple(entry.id for entry in own) or gap for cell, own in entries.items()}
    cells: dict[str, list[list[Level]]] = {entry.id: [] for entry in file.segment}
    for cell, names in takers.items():
        if names and cell not in tied:
            cells[names[0]].append(list(cell))
    segments = [entry.model_dump(include={"id", "name", "strategy"}) for entry in file.segment]
    return GridMap(file.map.id, axes, cells, segments, takers, tied, in_one_language(file.segment))


def _levels(axis: str, levels: Sequence[Level], name: str) -> list[Level]:
    where = f"map {name}: axis {axis}"
    if not levels or isinstance(levels[0], str):
        if len(levels) < 2 or len(set(levels)) < len(levels) or not all(_WORD.fullmatch(str(one)) for one in levels):
            raise UsageError(f"{where}: {list(levels)} must be two or more different words of letters and digits.")
        return list(levels)
    first, *others = (int(level) for level in levels)
    if len(others) != 1 or first >= others[0]:
        raise UsageError(f"{where}: {list(levels)} must be the lowest and the highest level, for instance [1, 5].")
    size = others[0] - first + 1
    if size > MOST_CELLS:
        raise UsageError(f"{where}: has {size:,} levels, and {MOST_CELLS:,} cells are the most. Take fewer levels.")
    return list(range(first, others[0] + 1))


def _check_segments(file: MapFile, axes: dict[str, list[Level]], name: str) -> None:
    ids = [entry.id for entry in file.segment]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise UsageError(f"map {name}: {', '.join(twice)} is there twice. Write one segment with all its blocks.")
    if file.map.on_gap and OTHER not in ids:
        raise UsageError(f'map {name}: on_gap = "{OTHER}" needs a segment with the id {OTHER}.')
    if (size := prod(len(levels) for levels in axes.values())) > MOST_CELLS:
        raise UsageError(f"map {name}: has {size:,} cells, and {MOST_CELLS:,} are the most. Take fewer levels.")


def _block(block: dict[str, Any], axes: dict[str, list[Level]], where: str) -> Iterable[Cell]:
    for axis in block:
        if axis not in axes:
            raise UsageError(f"{where}: axis {axis} is unknown. {hint(axis, list(axes))}")
    return product(*(_within(block.get(axis), levels, f"{where}: {axis}") for axis, levels in axes.items()))


def _within(limits: Any, levels: list[Level], where: str) -> list[Level]:
    """List the levels that a block takes of an axis."""
    if limits is None:
        return levels
    named = limits if isinstance(limits, list) else [limits]
    if strange := [level for level in named if level not in levels]:
        raise UsageError(f"{where}: {strange[0]!r} is no level. Available: {', '.join(map(str, levels))}.")
    if isinstance(levels[0], str) or not isinstance(limits, list):
        return [level for level in levels if level in named]
    if len(limits) != 2 or limits[0] > limits[1]:
        raise UsageError(f"{where}: {limits} must be the lowest and the highest level, for instance [4, 5].")
    return list(range(limits[0], limits[1] + 1))


def check(table: dict[str, Any], name: str) -> tuple[list[str], list[str]]:
    """Say what a map does with every cell, and what is wrong with it."""
    grid = prove(table, name)
    axes = " x ".join(f"{axis} ({_range(levels)})" for axis, levels in grid.axes.items())
    width, holes, never = max(len(segment) for segment in grid.cells), grid.holes, ", ".join(grid.unreachable)
    lines = [f"map {name}: {axes}, {len(grid.takers)} cells"]
    lines += [f"  {segment:<{width}}  {len(own):>5}" for segment, own in grid.cells.items()]
    lines += [f"holes: {grid.counted(holes) if holes else 'none'}"]
    overlaps = [*grid.overlaps(tied=True), *grid.overlaps(tied=False)]
    lines += [f"overlaps: {line}" for line in overlaps] or ["overlaps: none"]
    lines += [f"never reached: {never or 'none'}"]
    lines += [f"languages: {grid.one_language}"] if grid.one_language else []
    faults = grid.faults + ([f"{never}: no cell has this name"] if never else [])
    return lines, [f"map {name}: {'; '.join(faults)}. Give each cell one name, and each name a cell."] if faults else []


def _range(levels: list[Level]) -> str:
    return ", ".join(map(str, levels)) if isinstance(levels[0], str) else f"{levels[0]} to {levels[-1]}"
