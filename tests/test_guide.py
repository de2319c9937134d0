"""The guide for users of lifetimes runs, and the figures in it are what comes out."""

import doctest
import re

import numpy as np
import pytest

from custlib.lifetimes.adapters import to_lifetimes
from custlib.lifetimes.crosscheck import restored_settings
from custlib.models.bgnbd import BGNBD
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


@pytest.mark.slow
def test_the_guide_runs(capsys: pytest.CaptureFixture[str]) -> None:
    code = code_of(GUIDE.read_text(encoding="utf-8"))
    found = doctest.DocTestParser().get_doctest(code, {}, GUIDE.name, str(GUIDE), 0)
    assert len(found.examples) > 30
    with restored_settings():
        result = doctest.DocTestRunner(optionflags=OPTIONS).run(found)
    assert result.failed == 0, capsys.readouterr().out


def test_as_many_hard_cases_are_wrong_in_lifetimes_as_it_says() -> None:
    cases = np.genfromtxt(ROOT / "tests" / "reference" / "bgnbd_expected_purchases.csv", delimiter=",", names=True)
    with restored_settings():
        np.seterr(all="ignore")
        theirs = np.array([of_lifetimes(case) for case in cases])
        off = ~(np.abs(theirs / cases["expected_purchases_if_alive"] - 1) < 1e-6)
    assert len(cases) == 480
    assert (~np.isfinite(theirs)).mean() == pytest.approx(0.11, abs=0.01)
    assert off.mean() == pytest.approx(0.19, abs=0.01)


def of_lifetimes(case: np.void) -> float:
    """The expected purchases of lifetimes, given alive, of a customer seen at T."""
    model = BGNBD(*(float(case[name]) for name in ("r", "alpha", "a", "b")))
    history = case["frequency"], case["T"], case["T"]
    alive = to_lifetimes(model).conditional_probability_alive(*history)
    expected = to_lifetimes(model).conditional_expected_number_of_purchases_up_to_time(case["t"], *history)
    return float(np.squeeze(expected / alive))


def test_links_of_the_guide_lead_somewhere() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    headings = {
        re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in re.findall(r"^#+ (.*)$", text, re.M)
    }
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert target[1:] in headings if target.startswith("#") else (GUIDE.parent / target).is_file(), target


def test_blocks_are_found_line_by_line() -> None:
    assert code_of("Text\n```python\n>>> 1 + 1\n2\n```\nmore\n```\nno code\n```") == "\n\n>>> 1 + 1\n2\n\n\n\n\n\n"
