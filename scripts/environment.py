"""Write environment.yml, for conda users, from the dependencies of pyproject.toml: ``make environment``."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

# Not to be had from conda-forge under this name, or not as new: pip installs them into the conda environment.
FROM_PIP = {"duckdb", "lifetimes"}
# Extras for those who ask: a cluster, the peers of the benchmarks, the tools of development.
LEFT_OUT = {"spark", "bench", "dev"}

HEADING = """\
# Made from pyproject.toml by `make environment`; change it there.
# conda env create --file environment.yml && conda activate custlib
"""


def requirements(project: Mapping[str, Any]) -> list[str]:
    """Dependencies of the project and of its extras, each once, in order of their names."""
    extras = project.get("optional-dependencies", {})
    texts = {*project["dependencies"], *(text for name in extras if name not in LEFT_OUT for text in extras[name])}
    return sorted(text for text in texts if _name(text) != project["name"])


def environment_text(project: Mapping[str, Any]) -> str:
    """The text of environment.yml for the ``[project]`` table of pyproject.toml."""
    dependencies = requirements(project)
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
