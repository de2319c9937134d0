"""Write environment.yml, for conda users, from the dependencies of pyproject.toml: ``make environment``."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# Not to be had from conda-forge under this name, or not as new: pip installs them into the conda environment.
FROM_PIP = {"duckdb", "lifetimes"}

HEADING = """\
# Made from pyproject.toml by `make environment`; change it there.
# conda env create --file environment.yml && conda activate custlib
"""


def environment_text(project: dict[str, object]) -> str:
    """The text of environment.yml for the ``[project]`` table of pyproject.toml."""
    dependencies = [str(name) for name in project["dependencies"]]  # type: ignore[attr-defined]
    from_pip = [text for text in dependencies if _name(text) in FROM_PIP]
    from_conda = [text for text in dependencies if text not in from_pip]
    lines = [
        f"name: {project['name']}",
        "channels:",
        "  - conda-forge",
        "dependencies:",
        f"  - python{project['requires-python']}",
        *(f"  - {text}" for text in from_conda),
        "  - pip",
        "  - pip:",
        *(f"      - {text}" for text in from_pip),
        "      - --editable .",
    ]
    return HEADING + "\n".join(lines) + "\n"


def _name(requirement: str) -> str:
    return re.split(r"[<>=!~\[; ]", requirement, maxsplit=1)[0]


def main() -> None:
    """Rewrite environment.yml beside pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (ROOT / "environment.yml").write_text(environment_text(project), encoding="utf-8")


if __name__ == "__main__":
    main()
