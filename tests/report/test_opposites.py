"""Sentences in both languages: some data give one key, the opposite data the other, and neither gives both."""

import re
from typing import Any

import pytest

from custlib.report.blocks import Details
from custlib.report.texts import Texts, texts
from tests.report import challenger_sentences, opposite_sentences

CASES = opposite_sentences.CASES | challenger_sentences.CASES


def words(block: Any) -> str:
    """All words of a block, without blanks, which Chinese sets by what stands beside."""
    if isinstance(block, str):
        return re.sub(r"\s|\*", "", block)
    parts = [block, *block.blocks] if isinstance(block, Details) else [block]
    return re.sub(r"\s|\*", "", " ".join(str(part.to_json()) for part in parts))


def says(t: Texts, key: str, block: Any) -> bool:
    """Whether a block holds the sentence of a key, with any values in its places."""
    return re.search(pattern(t, key), words(block), re.IGNORECASE) is not None


def pattern(t: Texts, key: str) -> str:
    fixed = [re.escape(re.sub(r"\s|\*", "", part)) for part in re.split(r"\{\w+\}", t.words[key])]
    return "[^'\"]+?".join(fixed)


def holds(t: Texts, key: str, part: str) -> bool:
    """Whether a sentence holds the other, as one that says more does, or one with a value in place of a word."""
    return re.search(pattern(t, part), re.sub(r"\s|\*", "", t.words[key]), re.IGNORECASE) is not None


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", CASES)
@pytest.mark.sampled
def test_opposite_data_give_the_other_key(name: str, language: str) -> None:
    one, key, other, opposite = CASES[name]
    t = texts(language)
    assert says(t, key, one(t)) and says(t, opposite, other(t))
    assert not says(t, opposite, one(t)) or holds(t, key, opposite)
    assert not says(t, key, other(t)) or holds(t, opposite, key)


def test_no_two_sentences_that_differ_in_english_are_one_in_chinese() -> None:
    en, zh = texts("en").words, texts("zh").words
    same: dict[str, set[str]] = {}
    for key, text in zh.items():
        same.setdefault(text, set()).add(en[key].lower())
    assert {text: own for text, own in same.items() if len(own) > 1 and len(text) > 1 and text.endswith("。")} == {}
