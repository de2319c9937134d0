"""The inputs of a project: one per file, database table or frame, each read and fingerprinted by itself."""

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote

from custlib.project import Project, Source
from custlib.source import kind_of, pattern_base

_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Staged:
    """What was streamed into the run's folder, because the engine cannot read it where it is.

    Attributes
    ----------
    path : pathlib.Path
        The staged file: Parquet, or CSV in UTF-8.
    available : tuple of str
        Every column of the source, also those that nothing reads and that were left out; empty for a CSV.
    remarks : tuple of str
        What the reader should know of it.
    """

    path: Path
    available: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Input:
    """One file, database table or frame of a project.

    Attributes
    ----------
    source : Source
        How it is read.
    name : str
        What messages call it: the file below its folder, or the table; no two inputs of a project have one name.
    path : pathlib.Path or None
        The file; None for a database or frame.
    partitions : dict of str to (str or None)
        Columns that the names of the folders give, as ``channel=web/`` does.
    staged : Staged or None
        Where it was streamed to, once it is.
    """

    source: Source
    name: str
    path: Path | None
    partitions: dict[str, str | None] = field(default_factory=dict)
    staged: Staged | None = None

    @property
    def kind(self) -> str | None:
        """``csv``, ``jsonl``, ``parquet``, ``excel``, ``sqlite``, ``database`` or ``frame``; None if not read."""
        if self.source.url_env is not None:
            return "database"
        return "frame" if self.path is None else kind_of(self.path)


def inputs(project: Project) -> list[Input]:
    """List the inputs of a project.

    Raises TableError if a folder or pattern holds no file that is read, or files of several kinds.

    Examples
    --------
    >>> from custlib import project
    >>> shop = {"id": "shop", "name": "Shop", "as_of": "2025-06-30", "source": {"path": "sales.csv"}}
    >>> [entry.name for entry in inputs(project.build(shop))]
    ['sales.csv']
    """
    listed = [(n, entry) for n, source in enumerate(project.inputs, 1) for entry in inputs_of(source, project.folder)]
    times = Counter(entry.name for _, entry in listed)
    return [
        replace(entry, name=f"{entry.name} (source {number})") if times[entry.name] > 1 else entry
        for number, entry in listed
    ]


def inputs_of(source: Source, folder: Path) -> list[Input]:
    """List the inputs of one source."""
    if source.url_env is not None:
        return [Input(source, source.label, None)]
    base = pattern_base(source.location(folder))
    return [_file(source, path, base) for path in source.files(folder)]


def _file(source: Source, path: Path, base: Path) -> Input:
    below = path.relative_to(base) if path.is_relative_to(base) else Path(path.name)
    return Input(source, below.as_posix(), path, partitions(below))


def partitions(below: Path) -> dict[str, str | None]:
    """Read the columns that the names of folders give (``year=2025/channel=web/part-0.parquet``).

    Examples
    --------
    >>> partitions(Path("year=2025/channel=by%20mail/part-0.parquet"))
    {'year': '2025', 'channel': 'by mail'}
    """
    pairs = [unquote(part).split("=", 1) for part in below.parts[:-1] if "=" in part]
    return {name: None if value == _NO_VALUE else value for name, value in pairs if name}
