"""Files as systems write them: understood rightly or asked about, never silently wrong."""

from collections import Counter
from pathlib import Path

import pytest

from tests.identify.guess.held_out_files import HELD_OUT
from tests.identify.guess.scored import AWAITED, Score, score
from tests.identify.guess.wild_files import WILD

LEAST_GOOD = 57
QUICK = ("uci_online_retail", "cdnow_textbook", "tr_satis", "zh_taobao", "en_dayfirst_unclear", "cryptic_headings")


@pytest.mark.parametrize("name", QUICK)
@pytest.mark.sampled
def test_a_wild_file_is_right_or_asked_about(name: str, tmp_path: Path) -> None:
    wild = next(wild for wild in WILD if wild.name == name)
    assert score(wild, tmp_path).verdict in ({"right", "asked"} | ({"pending"} if AWAITED else set()))


@pytest.mark.slow
def test_sixty_wild_files(tmp_path: Path) -> None:
    scores = [score(wild, tmp_path / wild.name) for wild in WILD]
    verdicts = shown(scores)
    assert len(scores) == 60
    assert verdicts["WRONG"] == 0
    assert verdicts["right"] + verdicts["asked"] + verdicts["pending"] >= LEAST_GOOD
    assert verdicts["right"] >= 46 - verdicts["pending"]
    assert AWAITED or not verdicts["pending"]


@pytest.mark.slow
def test_layouts_written_after_the_rules(tmp_path: Path) -> None:
    scores = [score(wild, tmp_path / wild.name) for wild in HELD_OUT]
    verdicts = shown(scores)
    assert verdicts["WRONG"] == 0
    assert verdicts["right"] + verdicts["pending"] >= len(HELD_OUT) // 2


def shown(scores: list[Score]) -> Counter[str]:
    """Print the table of scores, and count them by verdict."""
    verdicts = Counter(one.verdict for one in scores)
    print("\n" + "\n".join(one.row().rstrip() for one in scores) + f"\n{dict(verdicts)}")
    return verdicts
