"""Checks where a run shall publish, before anything is computed."""

import os
from pathlib import Path

from custlib.errors import UsageError
from custlib.project import Project
from custlib.report.published.leftovers import temporary


def check_places(reports: Path, work: Path, project: Project) -> None:
    """Check that reports can be written to a folder, and that it is apart from the tables and the purchases.

    Who serves or shares the folder of reports shares all that lies in it; what lies in a folder of purchases is read as
    purchases.

    Raises
    ------
    UsageError
        If the folder is a file or a device, cannot be written to, holds the work folder or the data, or is in them.
    """
    if _is_within(reports, work) or _is_within(work, reports):
        raise UsageError(f"--reports: {reports} and the work folder {work} lie in one another. Name another folder.")
    for folder in _data_folders(project):
        if _is_within(folder, reports):
            raise UsageError(f"--reports: {reports} holds the data ({folder}). Name a folder of its own.")
    for folder in _read_whole(project):
        if _is_within(reports, folder):
            raise UsageError(f"--reports: {reports} is in {folder}, whose files are read. Name another folder.")
    _check_writable(reports)


def _is_within(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents


def _data_folders(project: Project) -> list[Path]:
    """Folders that hold the project file and its files of purchases."""
    return [project.folder.resolve(), *(path.resolve().parent for path in _named(project))]


def _read_whole(project: Project) -> list[Path]:
    """Folders of purchases of which every file is read, or every one that fits a pattern."""
    paths = _named(project)
    patterns = [path.parent.resolve() for path in paths if any(sign in path.name for sign in "*?[")]
    return patterns + [path.resolve() for path in paths if path.is_dir()]


def _named(project: Project) -> list[Path]:
    """Paths that the sources of a project name, but for those of installed packages and databases."""
    sources = (*project.inputs, *project.registers.values())
    return [project.folder / source.path for source in sources if source.path and source.package is None]


def _check_writable(reports: Path) -> None:
    if os.path.lexists(reports) and not reports.is_dir():
        raise UsageError(f"--reports: {reports} is no folder. Name a folder; it is made when missing.")
    trial = temporary(reports / "trial", "part")
    try:
        reports.mkdir(parents=True, exist_ok=True)
        trial.write_bytes(b"")
        trial.unlink()
    except OSError as fault:
        raise UsageError(f"--reports: {reports} cannot be written to: {fault.strerror}.") from None
