"""Files of every kind of trouble get the verdict they deserve: counted, said, and never a trace."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from custlib import project as projects
from custlib.commands.file_check import check_file
from custlib.commands.verdict import REFUSED
from custlib.errors import CustlibError
from custlib.report.production import run_project
from tests.badinputs.score import CASES, faults, file_of, options_of
from tests.house.sources import ROOT
from tests.notebooks.shops import make_shop

# Cases that are judged otherwise than the manifest says, with the sentence of docs/data-contract.md that says why.
RULINGS = {
    "amount_thousands_undeclared": "A thousands sign that can be nothing else is read",
    "rfm_T_zero": "A customer with T = 0 is accepted",
    "cfg_segment_name_html": "YAML is refused unread",
}
REPAIRED = {
    "amount_thousands_undeclared": {"rows_read": 253, "rows_used": 253, "rows_quarantined": 0, "rows_repaired": 23},
}
NAMES = [case["case"] for case in CASES]


def ruled(case: dict[str, Any]) -> dict[str, Any]:
    """A case as this project judges it."""
    if case["case"] not in RULINGS:
        return case
    if case["case"] in REPAIRED:
        return case | {"kind": "repair", "expect": case["expect"] | {"counts": REPAIRED[case["case"]]}}
    return case | {"kind": "accept" if case["kind"] == "reject" else "reject"}


def test_there_are_cases_of_every_kind_and_layer() -> None:
    assert len(NAMES) == len(set(NAMES)) == 86
    assert {case["kind"] for case in CASES} == {"accept", "repair", "quarantine", "reject"}
    assert {case["layer"] for case in CASES} == {"data", "model", "summary", "identity", "security"}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_verdict_is_the_one_it_deserves(
    case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = file_of(case, tmp_path)
    try:
        verdict, text = check_file(file, options=options_of(case), out=tmp_path / "out")
        code = 3 if verdict.status == REFUSED else 0
    except CustlibError as error:
        code, text = error.exit_code, str(error)
    assert not faults(ruled(case), code, text, tmp_path / "out")


@pytest.mark.slow
def test_the_command_gives_the_same_verdicts(tmp_path: Path) -> None:
    wrong = {}
    for case in CASES:
        folder = tmp_path / case["case"]
        folder.mkdir()
        (folder / "options.json").write_text(json.dumps(options_of(case)))
        words = [str(file_of(case, folder)), "--options", str(folder / "options.json"), "--out", str(folder / "out")]
        done = subprocess.run(
            [sys.executable, "-m", "custlib.cli", "check", *words],
            cwd=folder, capture_output=True, text=True, timeout=30,
        )  # fmt: skip
        if found := faults(ruled(case), done.returncode, done.stdout + done.stderr, folder / "out"):
            wrong[case["case"]] = found
    assert not wrong


@pytest.mark.parametrize("name", sorted(RULINGS))
def test_another_ruling_is_written_down(name: str) -> None:
    assert RULINGS[name] in (ROOT / "docs" / "data-contract.md").read_text(encoding="utf-8")


NASTY = ("<img src=x onerror=alert(1)>", "B & C", "{{7*7}}", "${7*7}")


@pytest.mark.slow
def test_names_in_toml_are_text_and_nothing_else(tmp_path: Path) -> None:
    project, nasty = make_shop(tmp_path / "data"), iter(NASTY)
    shipped = (ROOT / "custlib" / "rules" / "maps" / "rf25.toml").read_text(encoding="utf-8")
    own = re.sub(r"(?m)^name = .*$", lambda line: f"name = {{ en = '{next(nasty)}' }}", shipped, count=len(NASTY))
    (tmp_path / "data" / "nasty.toml").write_text(own, encoding="utf-8")
    text = project.read_text().replace('name = "A simulated shop"', f"name = '{NASTY[0]}'")
    project.write_text(text + '[segments]\nplaybook = ""\n[segments.options.rfm]\nmap = "nasty.toml"\n')
    verdict, printed = check_file(project)
    assert verdict.status != REFUSED and "49" not in printed
    folder = run_project(
        projects.load(project), reports=tmp_path / "reports", work=tmp_path / "work", only=("50_segments",)
    )
    pages = [path.read_text(encoding="utf-8") for path in folder.glob("*.html")]
    assert pages and any("{{7*7}}" in page and "${7*7}" in page and "B &amp; C" in page for page in pages)
    for page in pages:
        assert "<img src=x" not in page and "&lt;img src=x onerror" in page
