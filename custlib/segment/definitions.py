"""Keeps the definitions of segmentations: cuts, centres, maps and names, frozen as JSON with a date and a version.

The one in force assigns; a new one is accepted only where there is none, where its options changed, or by
``refit = true``. Earlier ones are kept, so that moves which a new definition makes can be told from all others.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from custlib.engine.shelf import write_text
from custlib.errors import UsageError, hint


@dataclass(frozen=True)
class Definition:
    """A frozen segmentation.

    Attributes
    ----------
    segmentation : str
        Its name.
    fitted : str
        The as_of date it was defined on, ISO.
    rule : dict
        What the family's ``assign`` needs.
    segments : tuple of dict
        Each with ``id``, ``name`` and ``strategy`` per language, the most valuable first.
    """

    segmentation: str
    fitted: str
    rule: dict[str, Any]
    segments: tuple[dict[str, Any], ...]

    @property
    def version(self) -> str:
        """First eight hexadecimal digits of the SHA-256 of the content."""
        return hashlib.sha256(json.dumps([self.fitted, self.rule, self.segments], sort_keys=True).encode()).hexdigest()[
            :8
        ]

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the segments, the most valuable first."""
        return tuple(segment["id"] for segment in self.segments)

    @property
    def needs(self) -> tuple[str, ...]:
        """Measures that it reads beside the activity."""
        return tuple(self.rule.get("needs", ()))

    @property
    def frozen(self) -> dict[str, Any]:
        """Models that it froze, by the measure they make."""
        return dict(self.rule.get("frozen", {}))

    def name(self, segment: str, language: str) -> str:
        """Name of a segment in a language.

        Raises UsageError if there is no such segment.
        """
        for entry in self.segments:
            if entry["id"] == segment:
                return str(entry["name"][language])
        raise UsageError(f"segment: {segment} is not in {self.segmentation}. {hint(segment, self.ids)}")

    def to_json(self) -> str:
        """Write the definition as JSON."""
        return json.dumps(asdict(self) | {"version": self.version}, indent=1, sort_keys=True) + "\n"


class _Stored(BaseModel):
    """A definition as its file holds it."""

    model_config = ConfigDict(strict=True)

    segmentation: str
    fitted: str
    rule: dict[str, Any]
    segments: list[dict[str, Any]]
    version: str


class _Drift(BaseModel):
    """An entry of a log of drift; what else it holds is up to :mod:`custlib.move.drift`."""

    model_config = ConfigDict(strict=True)

    as_of: str
    version: str


def from_json(text: str) -> Definition:
    """Read a definition and hold its content against its version.

    Raises UsageError if it is not one, or was changed by hand.

    Examples
    --------
    >>> from_json("{}")
    Traceback (most recent call last):
    custlib.errors.UsageError: definition: fitted, rule, segmentation, segments, version missing. Set refit = true.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise UsageError(f"definition: is not JSON ({fault}). Set refit = true.") from None
    try:
        stored = _Stored.model_validate(content if isinstance(content, dict) else {})
    except ValidationError as fault:
        raise UsageError(f"definition: {_wrong_keys(fault)}. Set refit = true.") from None
    definition = Definition(stored.segmentation, stored.fitted, stored.rule, tuple(stored.segments))
    if definition.version != stored.version:
        raise UsageError(
            f"definition: {definition.segmentation} was changed by hand (version {stored.version}, "
            f"content {definition.version}). Set refit = true."
        )
    return definition


def _wrong_keys(fault: ValidationError) -> str:
    """Name the keys that are missing, else those of the wrong type."""
    entries = fault.errors(include_url=False)
    missing = {str(entry["loc"][0]) for entry in entries if entry["type"] == "missing"}
    if missing:
        return f"{', '.join(sorted(missing))} missing"
    return f"{', '.join(sorted({str(entry['loc'][0]) for entry in entries}))} of the wrong type"


class Keeper:
    """The definitions of one project: those in force, and those that were before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def texts(self) -> list[str]:
        """Content of every definition that was ever accepted, in the order of their names."""
        kept = sorted([*self.folder.glob("*.json"), *self.folder.glob("earlier/*.json")])
        return [path.read_text(encoding="utf-8", errors="replace") for path in kept]

    def in_force(self, segmentation: str) -> Definition | None:
        """Read the definition that assigns now; None before the first."""
        path = self.folder / f"{segmentation}.json"
        return _read(path) if path.is_file() else None

    def earlier(self, segmentation: str) -> list[Definition]:
        """Read the definitions that were before the one in force, the latest first."""
        found = (self.folder / "earlier").glob(f"{segmentation}.*.json")
        read = [_read(path) for path in found]
        return sorted(read, key=lambda definition: (definition.fitted, definition.version), reverse=True)

    def before(self, definition: Definition, day: str) -> Definition:
        """Find the definition that was in force on a day; of a segmentation that is younger, its first."""
        known = [definition, *self.earlier(definition.segmentation)]
        return next((one for one in known if one.fitted <= day), known[-1])

    def accept(self, definition: Definition) -> None:
        """Put a definition in force; the one before it is kept beside."""
        old = self.in_force(definition.segmentation)
        if old is not None and old.version != definition.version:
            name = f"{old.segmentation}.{old.fitted}.{old.version}.json"
            write_text(self.folder / "earlier" / name, old.to_json())
        write_text(self.folder / f"{definition.segmentation}.json", definition.to_json())

    def resolve(
        self, segmentation: str, options: dict[str, Any], make: Callable[[], Definition], *, refit: bool
    ) -> tuple[Definition, str]:
        """Take the definition in force, or make and accept one where there is none or its options changed.

        The reason is ``"kept"``, ``"first"``, ``"options"`` or ``"refit"``.
        """
        kept = None if refit else self.in_force(segmentation)
        if kept is not None and kept.rule.get("options") == options:
            return kept, "kept"
        made = make()
        self.accept(made)
        return made, "refit" if refit else "options" if kept is not None else "first"

    def log_drift(self, segmentation: str, entry: dict[str, Any]) -> list[dict[str, Any]]:
        """Add an entry to the drift log of a definition, one per date, and return those of its version so far."""
        path = self.folder / "drift" / f"{segmentation}.json"
        log = _read_log(path) if path.is_file() else []
        others = [one for one in log if (one["as_of"], one["version"]) != (entry["as_of"], entry["version"])]
        log = sorted([*others, entry], key=lambda one: (one["as_of"], one["version"]))
        write_text(path, json.dumps(log, indent=1, sort_keys=True) + "\n")
        return [one for one in log if one["version"] == entry["version"] and one["as_of"] <= entry["as_of"]]


def _read(path: Path) -> Definition:
    try:
        return from_json(path.read_text(encoding="utf-8"))
    except (UsageError, UnicodeDecodeError) as fault:
        said = str(fault).removeprefix("definition: ").removesuffix(" Set refit = true.")
        raise UsageError(f"{path}: {said.rstrip('.')}. Put the file back, or remove it: one is made anew.") from None


def _read_log(path: Path) -> list[dict[str, Any]]:
    try:
        log: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        TypeAdapter(list[_Drift]).validate_python(log)
    except ValidationError:
        raise UsageError(f"{path}: is no log of drift. Remove it: what earlier runs found is lost.") from None
    except (ValueError, RecursionError) as fault:
        raise UsageError(f"{path}: is not JSON ({fault}). Remove it: what earlier runs found is lost.") from None
    return log
