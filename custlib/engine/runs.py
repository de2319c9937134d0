"""Holds more lines than memory does: sorted in runs, in memory or on disk, and read again by ranges of customers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from threading import Lock

import numpy as np
import numpy.typing as npt

from custlib.engine.sorted_lines import BITS, SAMPLED, Columns, Field, Lines, UnfitError, Whole, in_order

_NUMBERS = "_numbers"
_SMALL = 2**52
_LARGEST = 3  # a range, in multiples of what was asked for


class Runs:
    """Lines sorted in runs, which threads may add at once: some in memory, the others in a folder."""

    def __init__(self, folder: Path, held_bytes: int) -> None:
        self.folder = folder
        self._left, self._lock = held_bytes, Lock()
        self._runs: dict[int, _Run] = {}
        self._most: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._runs)

    def add(self, number: int, columns: Columns) -> None:
        """Sort some lines, one at least, and keep them as a run."""
        lines = in_order(columns)
        size = sum(column.nbytes for column in (lines.numbers, *lines.loose.values()))
        most = {name: _most(column) for name, column in columns.items()}
        with self._lock:
            self._left -= size
            is_held = self._left >= 0
            self._most = {name: self._most.get(name, 0) + much for name, much in most.items()}
        self._runs[number] = self._kept(lines) if is_held else self._written(number, lines)

    def _kept(self, lines: Lines) -> "_Run":
        return _Run(lines.some_customers(), lines.fields, lines.numbers, lines.loose)

    def _written(self, number: int, lines: Lines) -> "_Run":
        self.folder.mkdir(parents=True, exist_ok=True)

        def put(name: str, column: npt.NDArray) -> _Stored:
            path = self.folder / f"{number}.{name}"
            path.write_bytes(column.data)
            return _Stored(path, column.dtype)

        loose = {name: put(name, column) for name, column in lines.loose.items()}
        return _Run(lines.some_customers(), lines.fields, put(_NUMBERS, lines.numbers), loose)

    def ranges(self, rows: int, sums: tuple[str, ...]) -> Iterator[Callable[[], Lines]]:
        """Give what reads the lines of a range of customers, about so many at once, range by range."""
        if max((self._most[name] for name in sums), default=0) >> BITS:
            raise UnfitError
        runs = list(self._runs.values())
        customers = np.sort(np.concatenate([run.customers for run in runs]))
        bounds = np.unique(customers[:: max(rows // SAMPLED, 1)][1:]).tolist()
        places = np.array([run.places(bounds) for run in runs])
        for begins, ends in pairwise(places.T.tolist()):
            size = sum(ends) - sum(begins)
            if size > _LARGEST * max(rows, SAMPLED * len(runs)):
                raise UnfitError
            if size:
                yield partial(_read, runs, begins, ends)


@dataclass(frozen=True)
class _Stored:
    """A column on disk, of which parts are read."""

    path: Path
    kind: np.dtype

    def __getitem__(self, part: slice) -> npt.NDArray:
        found = np.fromfile(self.path, self.kind, part.stop - part.start, offset=part.start * self.kind.itemsize)
        if len(found) < part.stop - part.start:
            raise OSError(f"{self.path.name} is shorter than it was written")
        return found

    def mapped(self) -> npt.NDArray:
        return np.memmap(self.path, self.kind, "r")


@dataclass(frozen=True)
class _Run:
    """Sorted lines, as :class:`Lines` has them, in memory or on disk, and a few of their customers."""

    customers: Whole
    fields: tuple[Field, ...]
    numbers: Whole | _Stored
    loose: Mapping[str, npt.NDArray | _Stored]

    def places(self, customers: list[int]) -> Whole:
        """Places where the lines of some customers begin or would, with those of the first and after the last line."""
        numbers = self.numbers.mapped() if isinstance(self.numbers, _Stored) else self.numbers
        found = Lines(numbers, self.fields, {}).places(customers)
        return np.concatenate([[0], found, [len(numbers)]])

    def part(self, begin: int, end: int) -> Columns:
        """Columns of some lines."""
        here = slice(begin, end)
        return Lines(self.numbers[here], self.fields, {name: held[here] for name, held in self.loose.items()}).columns()


def _most(column: npt.NDArray) -> int:
    """Give a bound of what a column, or any part of it, can add up to; a close one where that matters."""
    bound = max(int(column.max()), -int(column.min())) * len(column)
    return bound if bound < _SMALL else int(np.abs(column.astype(np.float64)).sum() * 1.001)


def _read(runs: list[_Run], begins: list[int], ends: list[int]) -> Lines:
    """Read what every run has of a range, and sort it."""
    parts = [run.part(*here) for run, *here in zip(runs, begins, ends, strict=True) if here[0] < here[1]]
    return in_order({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
