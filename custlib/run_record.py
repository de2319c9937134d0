"""The record of a run: what its notebooks open, all of it inside the work folder.

A run lies in ``<work>/runs/<id>``; its record names the folder of tables in ``<work>/tables``. Files that the project
names (maps, rules, a playbook) are copied beside the record. So whatever a record says, nothing outside the work folder
is opened: names are plain, symbolic links are refused, and purchases are not read again.
"""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from custlib import project as projects
from custlib.errors import UsageError
from custlib.project import Project

RECORD = "run.json"
_TABLES = re.compile(r"[0-9a-f]{8,64}")
_FILE = re.compile(r"[\w-][\w.-]{0,100}\.toml")


@dataclass(frozen=True)
class RunRecord:
    """What a run was made of: project, work folder, name of its folder of tables, engine, and SHA-256 of its inputs."""

    project: Project
    work: Path
    tables: str
    engine: str
    source_hash: str


def write_record(folder: Path, project: Project, *, tables: str, engine: str) -> None:
    """Write the record of a run in its folder, and copy the files that its project names."""

    def copied(place: tuple[str, ...], named: str) -> str:
        copy = folder / f"{'-'.join(place)}.toml"
        shutil.copyfile(project.folder / named, copy)
        return copy.name

    content = project.model_dump(mode="json")
    content["segments"] = _with_files(content["segments"], copied)
    record = {"project": content, "tables": tables, "engine": engine}
    (folder / RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")


def read_record(folder: Path) -> RunRecord:
    """Read the record of a run.

    Raises
    ------
    UsageError
        If it is damaged, or names anything outside the work folder.
    """
    place = folder.resolve()

    def beside(where: tuple[str, ...], named: str) -> str:
        del where
        if not _FILE.fullmatch(named) or (place / named).is_symlink():
            raise ValueError(named)
        return str(place / named)

    try:
        if (place / RECORD).is_symlink() or place.parent.name != "runs":
            raise ValueError(RECORD)
        record = json.loads((place / RECORD).read_text(encoding="utf-8"))
        content = record["project"] | {"folder": place}
        content["segments"] = _with_files(content["segments"], beside)
        project = projects.build(content, where=f"{folder.name}/{RECORD}")
        tables = _tables(place.parents[1], record["tables"])
        source_hash = json.loads((tables / "source_hash.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise UsageError(f"{folder.name}/{RECORD}: is damaged, or was moved. Run the project again.") from None
    return RunRecord(project, place.parents[1], tables.name, str(record["engine"]), str(source_hash))


def _with_files(segments: dict[str, Any], rename: Callable[[tuple[str, ...], str], str]) -> dict[str, Any]:
    """Rename the files that the settings of segments name."""

    def renamed(place: tuple[str, ...], value: Any) -> Any:
        is_file = isinstance(value, str) and value.endswith(".toml")
        return rename(place, value) if is_file else value

    options = {
        name: {key: renamed((name, key), value) for key, value in chosen.items()}
        for name, chosen in segments["options"].items()
    }
    return segments | {"options": options, "playbook_file": renamed(("playbook",), segments["playbook_file"])}


def _tables(work: Path, name: Any) -> Path:
    """Check that a folder of tables is a real one of the work folder, and holds no link that leads elsewhere."""
    folder = work / "tables" / name
    if not _TABLES.fullmatch(name) or not folder.is_dir() or not folder.resolve().is_relative_to(work):
        raise ValueError(name)
    if any(path.is_symlink() for path in folder.rglob("*")):
        raise ValueError(name)
    return folder
