"""What is said of the rows: a count of one has the words of one."""

import re

import pytest

from custlib import rules
from custlib.errors import counted

FINDINGS = [finding for finding in rules.load("contract")["finding"] if finding.get("says")]
SEVERAL = re.compile(r"\b(lines|returns|are|have|were|their|them|they)\b")


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: str(finding["id"]))
def test_every_finding_has_words_of_one(finding: dict[str, str]) -> None:
    one, many = (counted(n, finding["says_of_one"], finding["says"]) for n in (1, 2))
    assert one.startswith("1 ") and many.startswith("2 ")
    assert not SEVERAL.search(finding["says_of_one"]) and SEVERAL.search(finding["says"])


def test_counts_are_followed_by_their_words() -> None:
    assert counted(1, "line is", "lines are") == "1 line is"
    assert counted(0, "line is", "lines are") == "0 lines are"
    assert counted(1204, "line is", "lines are") == "1,204 lines are"
