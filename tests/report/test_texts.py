"""Words: equal keys and placeholders in every language."""

import re

import pytest

from custlib.errors import UsageError
from custlib.report.texts import languages, texts

PLACEHOLDER = re.compile(r"\{(\w+)[^}]*\}")


@pytest.mark.parametrize("language", languages())
def test_keys_are_equal(language: str) -> None:
    assert set(texts(language).words) == set(texts("en").words)


@pytest.mark.parametrize("language", languages())
def test_placeholders_are_equal(language: str) -> None:
    theirs, ours = texts(language).words, texts("en").words
    shared = set(theirs) & set(ours)
    differ = [k for k in sorted(shared) if set(PLACEHOLDER.findall(theirs[k])) != set(PLACEHOLDER.findall(ours[k]))]
    assert not differ


@pytest.mark.parametrize("language", languages())
def test_no_words_are_empty(language: str) -> None:
    assert not [key for key, words in texts(language).words.items() if not words.strip()]


def test_an_unknown_key_or_language_is_refused() -> None:
    with pytest.raises(UsageError, match="no words for 'page.content' in en. Did you mean 'page.contents'"):
        texts("en")("page.content")
    with pytest.raises(UsageError, match="language 'fr' is not known"):
        texts("fr")


def test_a_missing_value_is_named() -> None:
    with pytest.raises(UsageError, match="'index.as_of' needs a value for 'day'"):
        texts("en")("index.as_of")


def test_chinese_words_are_chinese() -> None:
    names = {
        "segments.under_ten",
        "validation.ours",
        "validation.theirs",
        "money.in_currency",
        "money.named",
        "money.exact",
        "footer.data_text",
    }
    names |= {"validation.choice_column_aic", "validation.choice_share"}
    frames = {
        "moved.note",
        "playbook.ruler_interval",
        "playbook.sure",
        "playbook.with_interval",
        "playbook.cost_text",
        "playbook.product",
        "segments.feature",
        "overview.head_cause",
        "overview.head_level",
        "overview.head_one",
        "systems.class",
        "interval.named",
        "trust.half",
    }  # brackets round what they are given
    foreign = {key for key, words in texts("zh").words.items() if not re.search("[\u3400-\u9fff]", words)}
    assert {key for key in foreign if not key.startswith("join.")} == names | frames


def test_chinese_words_have_chinese_punctuation() -> None:
    assert not [key for key, words in texts("zh").words.items() if re.search("[\u3400-\u9fff] ?[,;:?!(]", words)]
