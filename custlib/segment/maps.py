"""Grid maps: every cell of two or three axes has exactly one name, and that is proved when the map is read.

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
    name = { en = "Champions", zh = "..." }
    strategy = { en = "...", zh = "..." }

A cell that nobody takes, or that two take without a priority between them, is an error. Overlaps that a priority
decides, and names that no cell is left for, are findings. Reads the file, writes nothing but SQL.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from custlib import rules
from custlib.engine.dialect import Dialect
from custlib.errors import UsageError
from custlib.segment import mapfile
from custlib.segment.mapfile import OTHER, Cell, Entry, Level

_SHOWN = 12


@dataclass(frozen=True)
class Proof:
    """What a map does with each of its cells.

    Attributes
    ----------
    id : str
        Name of the map.
    axes : dict of str to tuple
        Levels of each axis, rising.
    cells : dict of str to list of tuple
        Cells that each segment wins, one level per axis.
    holes : tuple of tuple
        Cells without a name.
    overlaps : dict of tuple to tuple of str
        Cells that more than one segment takes and a priority decides: the winner first.
    ties : dict of tuple to tuple of str
        Cells that more than one segment takes, and no priority decides.
    """

    id: str
    axes: dict[str, tuple[Level, ...]]
    cells: dict[str, list[Cell]]
    holes: tuple[Cell, ...]
    overlaps: dict[Cell, tuple[str, ...]]
    ties: dict[Cell, tuple[str, ...]]

    @property
    def size(self) -> int:
        """Number of cells."""
        return prod(len(levels) for levels in self.axes.values())

    @property
    def unreachable(self) -> tuple[str, ...]:
        """Segments that no cell leads to."""
        return tuple(segment for segment, own in self.cells.items() if not own)

    @property
    def faults(self) -> tuple[str, ...]:
        """Why the map cannot be used: cells without a name, cells with two."""
        said = []
        if self.holes:
            said.append(f"{self.said(self.holes)} without a name")
        if self.ties:
            said.append(f"{self.said(self.ties)} with two names")
        return tuple(said)

    @property
    def decided(self) -> tuple[str, ...]:
        """Overlaps that a priority decides, with the winner."""
        return tuple(
            f"{names[0]} wins over {', '.join(names[1:])} in {self.said(cells)}"
            for names, cells in _by_names(self.overlaps).items()
        )

    @property
    def undecided(self) -> tuple[str, ...]:
        """Overlaps that no priority decides."""
        return tuple(f"{' and '.join(names)} in {self.said(cells)}" for names, cells in _by_names(self.ties).items())

    @property
    def findings(self) -> tuple[str, ...]:
        """What is decided, but worth knowing: overlaps with their winner, and unreachable segments."""
        return (*self.decided, *(f"{segment} is never reached: no cell has this name" for segment in self.unreachable))

    def said(self, cells: Iterable[Cell]) -> str:
        """Count cells and name the first of them."""
        words = [cell_name(self.axes, cell) for cell in cells]
        more = f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
        return f"{len(words)} of {self.size} cells ({', '.join(words[:_SHOWN])}{more})"


def _by_names(cells: dict[Cell, tuple[str, ...]]) -> dict[tuple[str, ...], list[Cell]]:
    found: dict[tuple[str, ...], list[Cell]] = {}
    for cell, names in cells.items():
        found.setdefault(names, []).append(cell)
    return found


@dataclass(frozen=True)
class GridMap:
    """A map that names each cell exactly once.

    Attributes
    ----------
    id : str
        Name of the map.
    axes : dict of str to list
        Levels of each axis, rising.
    cells : dict of str to list of list
        Cells of each segment, one level per axis.
    segments : list of dict
        ``id``, ``name`` and ``strategy`` of each, the most valuable first.
    findings : tuple of str
        Overlaps that a priority decided, and segments that no cell leads to.
    """

    id: str
    axes: dict[str, list[Level]]
    cells: dict[str, list[list[Level]]]
    segments: list[dict[str, Any]]
    findings: tuple[str, ...]


def read(name: str) -> GridMap:
    """Read a map and prove that each cell has exactly one name.

    Examples
    --------
    >>> read("rf25").cells["champions"]
    [[5, 4], [5, 5]]
    """
    return parse(load(name), name)


def parse(table: dict[str, Any], name: str) -> GridMap:
    """Make a map of a parsed file."""
    proof = prove(table, name)
    if proof.faults:
        raise UsageError(f"map {name}: {'; '.join(proof.faults)}. Give each of the {proof.size} cells one name.")
    return GridMap(
        proof.id,
        {axis: list(levels) for axis, levels in proof.axes.items()},
        {segment: [list(cell) for cell in own] for segment, own in proof.cells.items()},
        [{key: entry[key] for key in ("id", "name", "strategy")} for entry in table["segment"]],
        proof.findings,
    )


def load(name: str) -> dict[str, Any]:
    """Parse the file of a shipped map (by name) or of a user's own (by path, ending in ``.toml``)."""
    return rules.read(Path(name)) if name.endswith(".toml") else rules.load(f"maps/{name}")


def prove(table: dict[str, Any], name: str) -> Proof:
    """Find out which segment wins each cell.

    Examples
    --------
    >>> words = {"en": "x", "zh": "x"}
    >>> segment = {"id": "good", "where": [{"R": [2, 3]}], "name": words, "strategy": words}
    >>> prove({"map": {"id": "mine", "axes": {"R": [1, 3]}}, "segment": [segment]}, "mine").faults
    ('1 of 3 cells (R1) without a name',)
    """
    file, axes = mapfile.read(table, name)
    taken: dict[Cell, list[Entry]] = {cell: [] for cell in product(*axes.values())}
    for entry in sorted(file.segment, key=lambda entry: entry.rank):
        for cell in mapfile.cells(entry, axes, name):
            taken[cell].append(entry)
    names = {cell: tuple(entry.id for entry in entries) for cell, entries in taken.items()}
    tied = {cell for cell, entries in taken.items() if len(entries) > 1 and entries[0].rank == entries[1].rank}
    if file.map.on_gap:
        names = {cell: given or (OTHER,) for cell, given in names.items()}
    cells: dict[str, list[Cell]] = {entry.id: [] for entry in file.segment}
    for cell, given in names.items():
        if given and cell not in tied:
            cells[given[0]].append(cell)
    return Proof(
        file.map.id,
        axes,
        cells,
        holes=tuple(cell for cell, given in names.items() if not given),
        overlaps={cell: given for cell, given in names.items() if len(given) > 1 and cell not in tied},
        ties={cell: names[cell] for cell in names if cell in tied},
    )


def cell_name(axes: Iterable[str], cell: Sequence[Level]) -> str:
    """Name a cell by its levels.

    Examples
    --------
    >>> cell_name(["R", "F"], [5, 4]), cell_name(["current", "potential"], ["high", "low"])
    ('R5F4', 'current high potential low')
    """
    if any(isinstance(level, str) for level in cell):
        return " ".join(f"{axis} {level}" for axis, level in zip(axes, cell, strict=True))
    return "".join(f"{axis}{level}" for axis, level in zip(axes, cell, strict=True))


def case(sql: Dialect, cells: dict[str, list[list[Level]]], axes: Iterable[str]) -> str:
    """Write the CASE that gives the segment of a cell.

    Examples
    --------
    >>> from custlib.engine.dialect import DUCKDB
    >>> case(DUCKDB, {"good": [[5, 4], [5, 5]], "bad": [[1, 4]]}, ["R", "F"])
    "case when R * 10 + F in (54, 55) then 'good' when R * 10 + F in (14) then 'bad' end"
    >>> case(DUCKDB, {"good": [["yes", "low"], ["yes", "high"]]}, ["loyal", "worth"])
    "case when (loyal = 'yes' and worth in ('low', 'high')) then 'good' end"
    """
    columns = list(axes)
    digits = all(isinstance(level, int) and 0 <= level <= 9 for own in cells.values() for cell in own for level in cell)
    whens = [
        f"when {_among(columns, own) if digits else _within(sql, columns, own)} then {sql.literal(segment)}"
        for segment, own in cells.items()
        if own
    ]
    return f"case {' '.join(whens)} end"


def _among(columns: list[str], cells: list[list[Level]]) -> str:
    """Hold the levels against those of the cells as one number, 532 for R5 F3 M2: a third of the time of blocks."""
    places = [f"{column} * {10 ** (len(columns) - n)}" for n, column in enumerate(columns[:-1], start=1)]
    return f"{' + '.join([*places, columns[-1]])} in ({', '.join(''.join(map(str, cell)) for cell in cells)})"


def _within(sql: Dialect, columns: list[str], cells: list[list[Level]]) -> str:
    return " or ".join(_block(sql, columns, block) for block in _blocks(cells))


def _blocks(cells: Sequence[Sequence[Level]]) -> list[tuple[tuple[Level, ...], ...]]:
    """Join cells to blocks: per axis the levels, so that the text stays short."""
    if len(cells[0]) == 1:
        return [(tuple(cell[0] for cell in cells),)]
    rest: dict[Level, list[Sequence[Level]]] = {}
    for cell in cells:
        rest.setdefault(cell[0], []).append(cell[1:])
    alike: dict[tuple[tuple[tuple[Level, ...], ...], ...], list[Level]] = {}
    for level, left in rest.items():
        alike.setdefault(tuple(_blocks(left)), []).append(level)
    return [(tuple(levels), *block) for blocks, levels in alike.items() for block in blocks]


def _block(sql: Dialect, columns: list[str], block: tuple[tuple[Level, ...], ...]) -> str:
    def word(level: Level) -> str:
        return sql.literal(level) if isinstance(level, str) else str(level)

    said = [
        f"{column} = {word(levels[0])}" if len(levels) == 1 else f"{column} in ({', '.join(map(word, levels))})"
        for column, levels in zip(columns, block, strict=True)
    ]
    return f"({' and '.join(said)})"
