"""Ids that look the same and are not: composed accents, width, signs that are not seen. They are said, never merged."""

import unicodedata

import pytest

from custlib import rules
from tests.identify.conftest import Check

NFC, NFD = (unicodedata.normalize(form, "Jos\u00e9 M\u00fcller \u0160\u0105\u0142 \u30ac") for form in ("NFC", "NFD"))


def said(check: Check, *ids: str) -> list[str]:
    """What is said of ids that are alike."""
    lines = "".join(f"{name},2025-01-0{1 + n},5\n" for n, name in enumerate(ids))
    shop = check("customer_id,timestamp,amount\n" + lines)
    assert len(set(shop.table("transactions")["customer_id"])) == len(ids)
    return [line for line in shop.said.splitlines() if "ids differ" in line]


@pytest.mark.parametrize(
    ("ids", "how"),
    [
        ((NFC, NFD), "accents written as one sign or as two"),
        (("K-17", "K-\u200b17"), "signs that are not seen"),
        (("K-17", "\u200fK-17\u200e"), "signs that are not seen"),
        (("K17", "\uff2b\uff11\uff17"), "full width and half width"),
        (("\u30a2\u30ab", "\uff71\uff76"), "full width and half width"),
        (("ann", "ANN"), "upper and lower case"),
        (("C1", "\u04211"), "letters of another script"),
        (("K17", "\uff2b\u200b17"), "how they are written"),
    ],
)  # fmt: skip
@pytest.mark.sampled
def test_ids_that_look_the_same_are_said(check: Check, ids: tuple[str, ...], how: str) -> None:
    (line,) = said(check, *ids, "other")
    assert line.startswith("2 ids differ only")
    assert how in line


@pytest.mark.parametrize("ids", [("Jos\u00e9", "Jose"), ("M\u00fcller", "Muller"), ("\u5f20\u4e09", "\u674e\u56db")])
def test_ids_of_other_letters_are_others(check: Check, ids: tuple[str, ...]) -> None:
    assert said(check, *ids) == []


def test_plain_ids_are_not_compared(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    from custlib.identify import findings

    monkeypatch.setattr(findings, "_alike", lambda: pytest.fail("compared"))
    assert said(check, "K-17", "K-18", "\u5f20\u4e09") == []


def test_a_spelling_names_the_id_seldom() -> None:
    """Spellings are put into one another, so each more would multiply their length."""
    counts = [rule["spelling"].count("{0}") for rule in rules.load("contract")["alike"]]
    assert counts == [*[1] * (len(counts) - 1), 2]
