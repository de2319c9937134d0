"""Reads the manifests and failure notes below a folder of reports, and believes none of them.

Whoever can write to the folder can write a manifest. Names in it are plain, so that no link and no path leads out of
its folder; symbolic links are not followed. What cannot be read is listed by its name.
"""

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MANIFEST = "manifest.json"
_LARGEST = 10_000_000  # bytes
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NOTE = re.compile(r"failure-(.+)\.json")
# Their length is not in the patterns: pydantic writes a repetition out, and takes a seventh of a second to read it.
_Name = Annotated[str, Field(pattern=r"^\w[\w-]*$", max_length=201)]
_Link = Annotated[str, Field(pattern=r"^\w[\w-]*\.html$", max_length=206)]


class _Read(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class _Page(_Read):
    name: _Name


class _PageLink(_Read):
    title: str
    href: _Link
    group: str = "other"
    note: str = ""


class _Number(_Read):
    label: str
    value: str
    note: str = ""


class _Index(_Read):
    light: Literal["green", "amber", "red", "untested"] | None
    numbers: list[_Number]
    pages: list[_PageLink]
    reason: str = ""


class _Project(_Read):
    name: str
    language: Literal["en", "zh"]


class _Manifest(_Read):
    run_id: str
    published: str = ""
    project: _Project
    pages: Annotated[list[_Page], Field(min_length=1)]
    index: _Index


class _Failure(_Read):
    as_of: str
    stage: str
    code: str
    when: str
    name: str


@dataclass(frozen=True)
class Report:
    """A published report: its folder, named after its date, and its manifest."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def as_of(self) -> dt.date:
        """The day of the analysis."""
        return dt.date.fromisoformat(self.folder.name)


@dataclass(frozen=True)
class Home:
    """What lies in the folder of one project: reports and failure notes, newest first, and names of unreadable ones."""

    folder: Path
    reports: list[Report]
    failures: list[dict[str, Any]]
    unreadable: list[str]


def homes(reports: Path) -> list[Home]:
    """Read the folders of all projects that hold a report, or a note of one that failed."""
    read = [read_home(folder) for folder in sorted(reports.iterdir()) if _is_own_folder(folder)]
    return [home for home in read if home.reports or home.failures or home.unreadable]


def read_home(folder: Path) -> Home:
    """Read the folder of one project."""
    home = Home(folder, [], [], [])
    if not _is_own_folder(folder):
        return home
    for path in sorted(folder.iterdir(), reverse=True):
        if _is_day(path.name):
            manifest = read_manifest(path)
            home.unreadable.append(path.name) if manifest is None else home.reports.append(Report(path, manifest))
        elif match := _NOTE.fullmatch(path.name):
            note = _read(path, _Failure)
            is_good = note is not None and note["as_of"] == match[1] and _is_day(match[1])
            home.failures.append(note or {}) if is_good else home.unreadable.append(path.name)
    return home


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Read the manifest of a published report; None where there is none that can be used."""
    return _read(folder / MANIFEST, _Manifest) if _is_own_folder(folder) else None


def note_path(home: Path, as_of: dt.date) -> Path:
    """Path of the note that the run of a date failed."""
    return home / f"failure-{as_of.isoformat()}.json"


def noted_days(home: Path) -> Iterator[str]:
    """Days whose failure is noted, whether or not the note can be read."""
    for path in sorted(home.glob("failure-*.json")):
        if (match := _NOTE.fullmatch(path.name)) and _is_day(match[1]):
            yield match[1]


def _read(path: Path, model: type[BaseModel]) -> dict[str, Any] | None:
    """Read JSON of a form; None for anything else, a symbolic link, or a file too large to be ours."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
            return None
        content: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return model.model_validate(content).model_dump()
    except (OSError, ValueError, RecursionError, ValidationError):
        return None


def _is_own_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and path.name[:1] != "."


def _is_day(name: str) -> bool:
    try:
        return bool(_DAY.fullmatch(name) and dt.date.fromisoformat(name))
    except ValueError:
        return False
