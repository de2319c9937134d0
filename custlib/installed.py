"""Locates the notebooks and example projects: in a checkout beside the package, once installed inside it."""

import shutil
from pathlib import Path

from custlib.errors import UsageError, hint

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT_ONLY = ("crm_demo",)  # its purchases are too large for the package


def _folder(installed: str, checkout: str) -> Path:
    within = _PACKAGE / installed
    return within if within.is_dir() else _PACKAGE.parent / checkout


NOTEBOOKS = _folder("notebooks", checkout="notebooks")
PROJECTS = _folder("projects", checkout="data")


def find_project(name: str) -> Path:
    """Find a project file by its path, or by its name.

    Parameters
    ----------
    name : str
        Path of a file, or the name of one in ``data/`` of the current folder, of the checkout or of the package.

    Returns
    -------
    pathlib.Path
        The file; a path that ends in ``.toml`` is returned as it is.

    Raises
    ------
    UsageError
        If no project has this name.
    """
    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        return path
    folders = (Path("data"), PROJECTS)
    for folder in folders:
        if (file := folder / f"{name}.toml").is_file():
            return file
    if name in _CHECKOUT_ONLY:
        raise UsageError(
            f"run: {name} comes with the repository of custlib, not with the package. Run it in a checkout."
        )
    known = sorted({file.stem for folder in folders for file in folder.glob("*.toml")})
    raise UsageError(f"run: no project file named {name}. {hint(name, known)}")


def work_folder(project: Path) -> Path:
    """Choose where a project works by default.

    Parameters
    ----------
    project : pathlib.Path
        The project file.

    Returns
    -------
    pathlib.Path
        ``work/`` beside the file; for a project of the installed package ``data/work/`` in the current folder.
    """
    folder = project.resolve().parent
    return (Path("data").resolve() if folder.is_relative_to(_PACKAGE) else folder) / "work"


def copy_notebooks(folder: Path, *, force: bool = False) -> list[Path]:
    """Copy the notebooks to a folder, to work on them.

    Parameters
    ----------
    folder : pathlib.Path
        Where to; made when missing.
    force : bool, default False
        Whether files of the same name are overwritten.

    Returns
    -------
    list of pathlib.Path
        The copies.

    Raises
    ------
    UsageError
        If the folder is a file, or holds files of the same name.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"notebooks: {folder.name} is a file. Name a folder.")
    copies = {folder / source.name: source for source in sorted(NOTEBOOKS.glob("*.ipynb"))}
    if not force and (existing := [copy.name for copy in copies if copy.exists()]):
        raise UsageError(
            f"notebooks: {folder.name or folder} already holds {', '.join(existing)}. Name another folder, or "
            "overwrite them with --force."
        )
    folder.mkdir(parents=True, exist_ok=True)
    for copy, source in copies.items():
        shutil.copyfile(source, copy)
    return list(copies)


def make_private(folder: Path) -> None:
    """Make a folder, and open it to its owner only; one that is there already keeps its permissions."""
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
