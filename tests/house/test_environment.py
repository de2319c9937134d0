"""pyproject.toml is the truth: environment.yml and requirements.lock say the same."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.environment import environment_text, requirements
from tests.house.sources import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
LOCKED = dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", LOCK, flags=re.MULTILINE))


def test_environment_is_made_from_the_project() -> None:
    assert (ROOT / "environment.yml").read_text(encoding="utf-8") == environment_text(PROJECT), (
        "environment.yml is not that of pyproject.toml: make environment"
    )


def test_environment_parts_conda_from_pip() -> None:
    text = environment_text({"name": "shop", "requires-python": ">=3.11", "dependencies": ["duckdb>=2.0", "numpy>=2"]})
    assert text.endswith(
        "  - python>=3.11\n  - numpy>=2\n  - pip\n  - pip:\n      - duckdb>=2.0\n      - --editable .\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        *requirements(PROJECT),
        *(text for text in EXTRAS["dev"] if not text.startswith("custlib[")),
        *PYPROJECT["build-system"]["requires"],
    ],
)
def test_lock_holds_what_the_project_asks_for(text: str) -> None:
    asked = Requirement(text)
    name = canonicalize_name(asked.name)
    assert name in LOCKED, f"{name} is not in requirements.lock: make lock"
    assert asked.specifier.contains(LOCKED[name]), f"{text}, but {LOCKED[name]} is locked: make lock"


def test_base_is_light() -> None:
    assert len(PROJECT["dependencies"]) <= 8


def test_dev_holds_every_extra_for_users() -> None:
    included = set(re.findall(r"\w+", " ".join(text for text in EXTRAS["dev"] if text.startswith("custlib["))))
    assert set(EXTRAS) - included == {"reports", "spark", "bench", "dev"}  # lab holds reports


def test_lock_is_hashed_to_the_last_line() -> None:
    entries = LOCK.replace("\\\n", " ").splitlines()
    bare = [entry.split()[0] for entry in entries if entry and "--hash=sha256:" not in entry]
    assert not bare


def test_lock_names_no_address() -> None:
    assert not re.findall(r"https?:|file:|--index|--extra-index|--find-links|--trusted-host|@", LOCK)


def test_only_three_pythons_are_promised() -> None:
    promised = [text for text in PROJECT["classifiers"] if text.startswith("Programming Language :: Python :: 3.")]
    assert [text.rsplit(" ", 1)[1] for text in promised] == ["3.11", "3.12", "3.13"]
