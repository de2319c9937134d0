"""Keeps the definitions of segmentations: thresholds, centres, maps and names, as JSON with a date and a version.

The one in force assigns; a new one is accepted only where there is none, where its options changed, or by
``refit = true``. Earlier ones are kept, so that moves which a new definition makes can be told from all others.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_serializer, model_validator

from custlib.engine.shelf import write_text
from custlib.errors import UsageError, hint
from custlib.rules.schema import Exact

LANGUAGES = ("en", "zh")


class Strict(Exact):
    """A part of a rule file: unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Words(Strict):
    """A text in the languages of the reports; one that is given in one language only serves for both.

    Attributes
    ----------
    en : str
        The text in English.
    zh : str
        The text in Chinese.
    """

    en: str | None = Field(None, min_length=1)
    zh: str | None = Field(None, min_length=1)

    @model_validator(mode="after")
    def _give_one(self) -> "Words":
        if self.en is None and self.zh is None:
            raise ValueError(f"is required in one language at least: {' or '.join(LANGUAGES)}")
        return self

    @property
    def lacking(self) -> str:
        """The language that it is not given in; empty where it is given in both."""
        return next((language for language in LANGUAGES if getattr(self, language) is None), "")

    @model_serializer
    def in_both(self) -> dict[str, str]:
        """Give the text in both languages."""
        return {"en": self.en or self.zh or "", "zh": self.zh or self.en or ""}


class Named(Strict):
    """A segment of a rule file.

    Attributes
    ----------
    id : str
        Its name in tables.
    name : Words
        What pages call it: ``{ en = "...", zh = "..." }``.
    strategy : Words
        What to do for it, in a sentence.
    """

    id: str = Field(pattern=r"^\w+$")
    name: Words
    strategy: Words


def in_one_language(segments: Iterable[Named]) -> str:
    """Say which segments lack a name or strategy in a language; empty where none does.

    Examples
    --------
    >>> in_one_language([Named(id="a", name=Words(en="A"), strategy=Words(en="Keep."))])
    'a: name and strategy are not given in zh and taken from the other language'
    """
    parts: dict[str, list[str]] = {}
    for segment in segments:
        texts = {"name": segment.name.lacking, "strategy": segment.strategy.lacking}
        for language in LANGUAGES:
            if lacking := [text for text, own in texts.items() if own == language]:
                verb = "are" if len(lacking) > 1 else "is"
                line = f"{' and '.join(lacking)} {verb} not given in {language} and taken from the other language"
                parts.setdefault(line, []).append(segment.id)
    return "; ".join(f"{', '.join(ids)}: {line}" for line, ids in parts.items())


@dataclass(frozen=True)
class Definition:
    """A frozen segmentation."""

    segmentation: str
    fitted: str  # the as_of date it was defined on, ISO
    rule: dict[str, Any]  # what assign of the segmentation needs
    segments: tuple[dict[str, Any], ...]  # id, name and strategy of each, the most valuable first

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

    def names(self, language: str) -> dict[str, str]:
        """Names of the segments in a language, by id."""
        return {str(entry["id"]): str(entry["name"][language]) for entry in self.segments}

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
        paths = sorted([*self.folder.glob("*.json"), *self.folder.glob("earlier/*.json")])
        return [path.read_text(encoding="utf-8", errors="replace") for path in paths]

    def in_force(self, segmentation: str) -> Definition | None:
        """Read the definition that assigns now; None before the first."""
        path = self.folder / f"{segmentation}.json"
        return _read(path) if path.is_file() else None

    def earlier(self, segmentation: str) -> list[Definition]:
        """Read the definitions that were before the one in force, the latest first."""
        definitions = [_read(path) for path in (self.folder / "earlier").glob(f"{segmentation}.*.json")]
        return sorted(definitions, key=lambda definition: (definition.fitted, definition.version), reverse=True)

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
        present = None if refit else self.in_force(segmentation)
        if present is not None and present.rule.get("options") == options:
            return present, "kept"
        definition = make()
        self.accept(definition)
        return definition, "refit" if refit else "options" if present is not None else "first"

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
        message = str(fault).removeprefix("definition: ").removesuffix(" Set refit = true.")
        raise UsageError(f"{path}: {message.rstrip('.')}. Put the file back, or remove it: one is made anew.") from None


def _read_log(path: Path) -> list[dict[str, Any]]:
    try:
        log: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        TypeAdapter(list[_Drift]).validate_python(log)
    except ValidationError:
        raise UsageError(f"{path}: is no log of drift. Remove it: what earlier runs found is lost.") from None
    except (ValueError, RecursionError) as fault:
        raise UsageError(f"{path}: is not JSON ({fault}). Remove it: what earlier runs found is lost.") from None
    return log
