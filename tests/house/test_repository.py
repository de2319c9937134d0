"""What is committed names no registry and no path of a machine, and holds no big data and no pickles."""

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.house.sources import ROOT

DATA = {".csv", ".tsv", ".parquet", ".json", ".jsonl", ".xlsx", ".feather", ".db", ".duckdb", ".gz", ".zip"}
MOST_BYTES = 100_000
MAY_BE_BIGGER = ("data/crm_demo/",)
TEXTS = {".ipynb", ".md", ".py", ".toml", ".yml"}
PAGE = re.compile(r"[\w/-]+\.md\b")
PICKLES = {".pkl", ".pickle", ".joblib"}
LOCKS_WITH_ADDRESSES = {
    "uv.lock",
    "package-lock.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "poetry.lock",
    "Pipfile.lock",
}

# Written in parts, so that this file does not hold what it looks for.
HOSTS = [
    "py" + r"pi\.org",
    "python" + r"hosted\.org",
    "np" + r"mjs\.(org|com)",
    "deb" + r"ian\.org",
    "ana" + r"conda\.org",
]
FOLDERS = ["wo" + "rk", "ro" + "ot", "ho" + "me", "opt/whe" + "els"]
NAMED = re.compile("|".join(HOSTS) + r"|(?<![\w.)}>\]*-])/(" + "|".join(FOLDERS) + ")/")


@cache
def committed() -> list[Path]:
    """Every file that git holds or would add."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("not a git work tree")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def named_in(text: str) -> list[str]:
    """The registry hosts and machine paths in a text."""
    return [match.group() for match in NAMED.finditer(text)]


def test_no_file_names_a_registry_or_a_machine() -> None:
    found = {
        str(path.relative_to(ROOT)): names
        for path in committed()
        if (names := named_in(path.read_bytes().decode("utf-8", errors="ignore")))
    }
    assert not found


@pytest.mark.parametrize("folder", ["wo" + "rk", "ro" + "ot", "ho" + "me"])
def test_a_path_of_a_machine_is_known(folder: str) -> None:
    assert named_in(f'open("/{folder}/sales.csv")') == [f"/{folder}/"]
    assert not named_in(f"data/{folder}/, {{data}}/{folder}/, <run>/{folder}/")


def test_a_registry_is_known() -> None:
    assert named_in("--index-" + "url https://py" + "pi.org/simple")


def test_no_lock_records_addresses() -> None:
    assert not [path for path in committed() if path.name in LOCKS_WITH_ADDRESSES]


def test_no_big_data() -> None:
    big = [
        f"{path.relative_to(ROOT)} ({path.stat().st_size:,} bytes)"
        for path in committed()
        if path.suffix in DATA and path.stat().st_size > MOST_BYTES
        if not str(path.relative_to(ROOT)).startswith(MAY_BE_BIGGER)
    ]
    assert not big


def test_every_page_that_is_named_is_in_the_repository() -> None:
    pages = {path.name for path in committed() if path.suffix == ".md"}
    missing = {
        str(path.relative_to(ROOT)): names
        for path in committed()
        if path.suffix in TEXTS
        if (names := sorted({Path(name).name for name in PAGE.findall(path.read_text(encoding="utf-8"))} - pages))
    }
    assert not missing


def test_no_pickles() -> None:
    assert not [path for path in committed() if path.suffix in PICKLES or is_pickle(path)]


def is_pickle(path: Path) -> bool:
    """Whether a file opens as pickles do since protocol 2."""
    with path.open("rb") as file:
        return bool(re.match(rb"\x80[\x02-\x05]", file.read(2)))
