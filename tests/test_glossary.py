"""The glossary: one source for the pages and docs/glossary.md, in both languages, with columns that exist."""

import json
import re

import pytest

from custlib import rules
from custlib.errors import UsageError
from custlib.project import Project, Segments
from custlib.report.pages.foot import glossary
from custlib.report.texts import languages, texts
from scripts.glossary import PAGE, glossary_page
from tests.house.sources import ROOT

WORDS = rules.load("glossary")["word"]
LINES = [line.strip("|\n ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
ROWS = {row[0]: row for row in LINES[2:]}


def test_the_page_is_made_from_the_rule_file() -> None:
    assert PAGE.read_text(encoding="utf-8") == glossary_page(WORDS), "docs/glossary.md is out of date: make glossary"


def test_a_word_by_hand() -> None:
    word = {"column": "frequency", "symbol": "x", "en": ["Frequency", "Repeats."], "zh": ["购买频次", "重复。"]}
    assert glossary_page({"frequency": word}).endswith(
        "| Frequency | `frequency`, x | Repeats. | 购买频次 | 重复。 |\n"
    )


@pytest.mark.parametrize("language", languages())
def test_pages_explain_terms_in_the_words_of_the_page(language: str) -> None:
    terms, at = list(WORDS), {"en": (0, 2), "zh": (3, 4)}[language]
    shown = glossary(texts(language), *terms).items
    assert [tuple(item) for item in shown] == [tuple(ROWS[WORDS[term]["en"][0]][i] for i in at) for term in terms]


def test_there_are_forty_words_in_both_languages() -> None:
    assert len(WORDS) == len(ROWS) == 40
    for name, word in WORDS.items():
        assert set(word) <= {"column", "option", "symbol", "en", "zh"}, name
        assert {"column", "option", "symbol"} & set(word), name
        for language in ("en", "zh"):
            term, meaning = word[language]
            assert term, name
            assert meaning.endswith({"en": ".", "zh": "。"}[language]), name
        assert re.search("[\u3400-\u9fff]", word["zh"][1]), name
        assert not re.search("[\u3400-\u9fff] ?[,;:?!(]", "".join(word["zh"])), name
    for language in ("en", "zh"):
        assert len({word[language][0] for word in WORDS.values()}) == len(WORDS)


def test_columns_are_in_the_data_dictionary_and_options_in_the_project() -> None:
    columns = {name for table in rules.load("tables")["table"].values() for name in table["columns"]}
    assert {word["column"] for word in WORDS.values() if "column" in word} <= columns
    options = set(Project.model_fields) | {f"segments.{name}" for name in Segments.model_fields}
    assert {word["option"] for word in WORDS.values() if "option" in word} <= options


def test_terms_of_the_notebooks_are_in_the_glossary() -> None:
    calls = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        source = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        calls += re.findall(r"foot\.glossary\(t, (.*)\)", source)
    for path in (ROOT / "custlib" / "report" / "pages").glob("*.py"):
        calls += re.findall(r"foot\.glossary\(\s*(?:t|view\.t), ([^)]*)\)", path.read_text(encoding="utf-8"))
    terms = {term for call in calls for term in re.findall(r'"(\w+)"', call)}
    assert len(calls) > 5
    assert terms <= set(WORDS)


def test_an_unknown_term_is_refused() -> None:
    with pytest.raises(UsageError, match="glossary: there is no 'frequenzy'. Did you mean 'frequency'"):
        glossary(texts("en"), "frequenzy")
