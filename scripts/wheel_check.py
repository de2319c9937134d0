"""Check that the wheel works by itself, in an empty environment outside the checkout: ``make wheel-check``.

The base install values the CDNOW purchases; with its extras it publishes every page of the example project.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
CUSTOMERS = 2357  # of CDNOW_sample.txt
OPTIONS = {
    "delimiter": "whitespace",
    "names": ["master_id", "sample_id", "date", "cds", "dollars"],
    "date_format": "%Y%m%d",
    "columns": {"customer_id": "sample_id", "timestamp": "date", "amount": "dollars", "quantity": "cds"},
}


def build(folder: Path) -> Path:
    """Build the wheel into a folder, with the build tools of this environment."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", folder, ROOT], check=True)
    (wheel,) = folder.glob("custlib-*.whl")
    return wheel


def constraints() -> str:
    """Versions of requirements.lock without hashes, as the wheel itself has none there."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return "\n".join(re.findall(r"^[a-z0-9._-]+==[^\\\n]+", lock, flags=re.MULTILINE)) + "\n"


class Environment:
    """An empty virtual environment and an empty folder to work in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "anywhere"
        self.folder.mkdir()
        self._bin = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
        self._constraints = folder / "constraints.txt"
        self._constraints.write_text(constraints(), encoding="utf-8")
        venv.create(folder / "venv", with_pip=True)

    def install(self, requirement: str) -> None:
        """Install a requirement, at the versions of the lock."""
        words = ["-m", "pip", "install", "-qq", "--disable-pip-version-check", "--prefer-binary"]
        subprocess.run([self._bin / "python", *words, "--constraint", self._constraints, requirement], check=True)

    def custlib(self, *words: str, exit_code: int = 0) -> "subprocess.CompletedProcess[str]":
        """Call the installed command in the empty folder, without the checkout on its path."""
        environment = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
        done = subprocess.run(
            [self._bin / "custlib", *words], cwd=self.folder, env=environment, capture_output=True, text=True
        )
        check(done.returncode == exit_code, f"custlib {words[0]} ended with {done.returncode}: {done.stderr}")
        return done


def check(condition: bool, message: str) -> None:
    """End with a message unless a condition holds."""
    if not condition:
        sys.exit(f"wheel-check: {message}")


def check_base(environment: Environment) -> None:
    """Value the CDNOW purchases, and be told what a report needs."""
    package = find_spec("lifetimes")
    assert package is not None and package.submodule_search_locations
    shutil.copy(Path(package.submodule_search_locations[0]) / "datasets" / "CDNOW_sample.txt", environment.folder)
    (environment.folder / "options.json").write_text(json.dumps(OPTIONS), encoding="utf-8")
    words = [
        "CDNOW_sample.txt",
        "--as-of",
        "1998-06-30",
        "--options",
        "options.json",
        "--out",
        "values.parquet",
        "--json",
    ]
    summary = json.loads(environment.custlib("value", *words).stdout)
    check(summary["totals"]["customers"] == CUSTOMERS, f"valued {summary['totals']['customers']} customers")
    refusal = environment.custlib("run", "cdnow", exit_code=2).stderr
    check('pip install "custlib[reports]"' in refusal, f"run without its extra says: {refusal}")


def check_reports(environment: Environment) -> None:
    """Publish every page of the example project, and copy the notebooks."""
    target = environment.folder / "reports" / "cdnow" / "1998-06-30"
    environment.custlib("run", "cdnow")
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    names = {page["name"] for page in manifest["pages"]}
    check(names == {page.stem for page in target.glob("*.html")}, f"pages differ from the manifest: {names}")
    # What is made of purchases without amounts is no page of this project.
    without = notebook_names() - {page["notebook"] for page in manifest["pages"]}
    check(without == {"41_purchases"}, f"no page of {without}")
    environment.custlib("notebooks", "notebooks")
    copies = {path.stem for path in (environment.folder / "notebooks").glob("*.ipynb")}
    check(copies == notebook_names(), f"copied {copies}")
    print(f"wheel-check: {len(names)} pages published from the wheel")


def notebook_names() -> set[str]:
    """Names of the notebooks of the checkout."""
    return {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}


def main() -> None:
    """Build, install and use the wheel."""
    with TemporaryDirectory(prefix="custlib-wheel-") as name:
        folder = Path(name)
        wheel, environment = build(folder), Environment(folder)
        environment.install(str(wheel))
        check_base(environment)
        environment.install(f"{wheel}[reports,lifetimes]")
        check_reports(environment)


if __name__ == "__main__":
    main()
