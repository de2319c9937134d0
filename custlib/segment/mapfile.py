"""How a file of a grid map is written: axes, segments, blocks of cells; what is miswritten is refused.

Reads the parsed file. What the map then does with its cells is proved in :mod:`custlib.segment.maps`.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import product
from math import inf, prod
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from custlib.errors import UsageError, hint
from custlib.project import validated

Level = int | str
Cell = tuple[Level, ...]
OTHER = "other"
MOST_CELLS = 10_000
NAME = r"^(?:[a-z0-9_]+|.+\.toml)$"  # of a shipped map, or the path of a user's own
_WORD = re.compile(r"\w[\w -]*")


class Words(BaseModel):
    """A text in every language of the reports."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)


class Entry(BaseModel):
    """A segment of a map file, with the blocks of cells it takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str = Field(pattern=r"^\w+$")
    name: Words
    strategy: Words
    where: list[dict[str, Level | list[Level]]] = []
    priority: int | None = None

    @property
    def rank(self) -> float:
        """Its place where segments overlap: the lowest wins, and one without a priority comes last."""
        return inf if self.priority is None else self.priority


class Head(BaseModel):
    """What a map is called, its axes, and what becomes of the cells that no segment takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str = Field(pattern=r"^\w+$")
    axes: dict[str, list[int] | list[str]] = Field(min_length=1)
    on_gap: Literal["other"] | None = None


class MapFile(BaseModel):
    """A whole map file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    source: str | None = None
    as_of: Any = None
    map: Head
    segment: list[Entry] = Field(min_length=1)


def read(table: dict[str, Any], name: str) -> tuple[MapFile, dict[str, tuple[Level, ...]]]:
    """Check how a map is written.

    Examples
    --------
    >>> read({"map": {"id": "mine"}, "segment": []}, "mine")
    Traceback (most recent call last):
    custlib.errors.UsageError: map mine: map.axes: ...
    """
    file = validated(MapFile, table, f"map {name}")
    axes = {axis: _levels(axis, given, name) for axis, given in file.map.axes.items()}
    _check_segments(file, axes, name)
    return file, axes


def cells(entry: Entry, axes: dict[str, tuple[Level, ...]], name: str) -> set[Cell]:
    """List the cells that the blocks of a segment take."""
    return {cell for block in entry.where for cell in _cells(block, axes, f"map {name}: {entry.id}")}


def _levels(axis: str, given: Sequence[Level], name: str) -> tuple[Level, ...]:
    where = f"map {name}: axis {axis}"
    if not given or isinstance(given[0], str):
        if len(given) < 2 or len(set(given)) < len(given) or not all(_WORD.fullmatch(str(level)) for level in given):
            raise UsageError(f"{where}: {list(given)} must be two or more different words of letters and digits.")
        return tuple(given)
    if len(given) != 2 or not all(isinstance(level, int) for level in given) or given[0] >= given[1]:  # type: ignore[operator]
        raise UsageError(f"{where}: {list(given)} must be the lowest and the highest level, for instance [1, 5].")
    size = int(given[1]) - int(given[0]) + 1
    if size > MOST_CELLS:
        raise UsageError(f"{where}: has {size:,} levels, and {MOST_CELLS:,} cells are the most. Take fewer levels.")
    return tuple(range(int(given[0]), int(given[1]) + 1))


def _check_segments(file: MapFile, axes: dict[str, tuple[Level, ...]], name: str) -> None:
    ids = [entry.id for entry in file.segment]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise UsageError(f"map {name}: {', '.join(twice)} is there twice. Write one segment with all its blocks.")
    if file.map.on_gap and OTHER not in ids:
        raise UsageError(f'map {name}: on_gap = "{OTHER}" needs a segment with the id {OTHER}.')
    if (size := prod(len(levels) for levels in axes.values())) > MOST_CELLS:
        raise UsageError(f"map {name}: has {size:,} cells, and {MOST_CELLS:,} are the most. Take fewer levels.")


def _cells(block: dict[str, Any], axes: dict[str, tuple[Level, ...]], where: str) -> Iterable[Cell]:
    for axis in block:
        if axis not in axes:
            raise UsageError(f"{where}: axis {axis} is unknown. {hint(axis, list(axes))}")
    return product(*(_taken(block.get(axis), levels, f"{where}: {axis}") for axis, levels in axes.items()))


def _taken(given: Any, levels: tuple[Level, ...], where: str) -> tuple[Level, ...]:
    if given is None:
        return levels
    named = given if isinstance(given, list) else [given]
    if strange := [level for level in named if level not in levels]:
        raise UsageError(f"{where}: {strange[0]!r} is no level. Available: {', '.join(map(str, levels))}.")
    if isinstance(levels[0], str) or not isinstance(given, list):
        return tuple(level for level in levels if level in named)
    if len(given) != 2 or given[0] > given[1]:
        raise UsageError(f"{where}: {given} must be the lowest and the highest level, for instance [4, 5].")
    return tuple(range(given[0], given[1] + 1))
