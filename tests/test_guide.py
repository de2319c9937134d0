"""The guide for users of lifetimes runs, and the figures in it are what comes out."""

import doctest
import re

import pytest

from custlib.differentiate.crosscheck import settings_kept
from tests.house.sources import ROOT

GUIDE = ROOT / "docs" / "coming-from-lifetimes.md"
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def code_of(text: str) -> str:
    """The blocks of Python of a page, one after the other; the lines of prose stay, empty."""
    lines, inside = [], False
    for line in text.splitlines():
        fence = line.startswith("```")
        lines.append(line if inside and not fence else "")
        inside = line == "```python" if fence else inside
    return "\n".join(lines) + "\n"


def test_the_guide_runs(capsys: pytest.CaptureFixture[str]) -> None:
    code = code_of(GUIDE.read_text(encoding="utf-8"))
    found = doctest.DocTestParser().get_doctest(code, {}, GUIDE.name, str(GUIDE), 0)
    assert len(found.examples) > 30
    with settings_kept():
        result = doctest.DocTestRunner(optionflags=OPTIONS).run(found)
    assert result.failed == 0, capsys.readouterr().out


def test_links_of_the_guide_lead_somewhere() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    headings = {
        re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in re.findall(r"^#+ (.*)$", text, re.M)
    }
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert target[1:] in headings if target.startswith("#") else (GUIDE.parent / target).is_file(), target


def test_blocks_are_found_line_by_line() -> None:
    assert code_of("Text\n```python\n>>> 1 + 1\n2\n```\nmore\n```\nno code\n```") == "\n\n>>> 1 + 1\n2\n\n\n\n\n\n"
