"""The inputs of a project, gathered when they are first asked for: listed, copied where they may change, hashed.

A database or frame may change while it is read, so it is copied into the work folder first, and what is hashed is what
is read.
"""

import hashlib
from functools import cached_property
from itertools import chain
from pathlib import Path

from custlib.identify.inputs import Input, inputs, inputs_of
from custlib.identify.sources import CHANGING, fingerprint_of, release, stage
from custlib.project import Project


class Gathered:
    """The inputs of one project.

    Attributes
    ----------
    store : pathlib.Path
        Folder of the checked lines that later runs need not read again.
    """

    def __init__(self, project: Project, work: Path) -> None:
        self._project = project
        self._folder = work / "staged" / project.id
        self.store = work / "lines" / project.id

    @cached_property
    def inputs(self) -> list[Input]:
        """One per file, table or frame."""
        return self._copied(inputs(self._project))

    @cached_property
    def registers(self) -> dict[str, list[Input]]:
        """The same of what there is beside purchases, by section of the project file."""
        project = self._project
        return {name: self._copied(inputs_of(source, project.folder)) for name, source in project.registers.items()}

    def _copied(self, found: list[Input]) -> list[Input]:
        if any(given.kind in CHANGING for given in found):
            self._folder.mkdir(parents=True, exist_ok=True)
        return [stage(given, self._folder) if given.kind in CHANGING else given for given in found]

    @cached_property
    def fingerprints(self) -> list[str]:
        """SHA-256 of each input; ``missing`` for a file that is not there."""
        return [fingerprint_of(given) for given in self.inputs]

    @cached_property
    def register_fingerprints(self) -> dict[str, list[str]]:
        """SHA-256 of each input of each register."""
        return {name: [fingerprint_of(given) for given in found] for name, found in self.registers.items()}

    @property
    def listed(self) -> list[tuple[Input, str]]:
        """Every input with its SHA-256: those of purchases, then those of registers."""
        found = [*self.fingerprints, *chain.from_iterable(self.register_fingerprints.values())]
        return list(zip(self._every, found, strict=True))

    @property
    def _every(self) -> list[Input]:
        return [*self.inputs, *chain.from_iterable(self.registers.values())]

    @property
    def hash(self) -> str:
        """SHA-256 of the only input, or of those of all inputs, registers included."""
        found = [fingerprint for _, fingerprint in self.listed]
        return found[0] if len(found) == 1 else hashlib.sha256(" ".join(found).encode()).hexdigest()

    @property
    def paths(self) -> tuple[Path, ...]:
        """Files that an engine reads."""
        places = [given.staged.path if given.staged else given.path for given in self._every]
        return tuple(place for place in places if place is not None)

    def release(self) -> None:
        """Remove what was copied into the work folder."""
        for given in self._every:
            release(given)
