"""Write docs/glossary.md from custlib/rules/glossary.toml: ``make glossary``."""

from pathlib import Path
from typing import Any

from custlib import rules

PAGE = Path(__file__).resolve().parents[1] / "docs" / "glossary.md"

HEADING = """\
# Glossary

Made from `custlib/rules/glossary.toml` by `make glossary`; change it there. Pages explain their terms with the same
words. A `column` is in the data dictionary (`custlib/rules/tables.toml`), an *option* in the project file; symbols are
those of Fader, Hardie and Lee (2005).

| word | column, *option*, symbol | meaning | 中文 | 释义 |
|---|---|---|---|---|
"""


def glossary_page(words: dict[str, dict[str, Any]]) -> str:
    """The text of docs/glossary.md for the words of the rule file, in order of the English terms."""
    rows = sorted(words.values(), key=lambda word: word["en"][0].casefold())
    return HEADING + "".join(f"| {' | '.join(_cells(word))} |\n" for word in rows)


def _cells(word: dict[str, Any]) -> list[str]:
    signs = [f"`{word['column']}`"] if "column" in word else []
    signs += [f"*{word['option']}*"] if "option" in word else []
    signs += [word["symbol"]] if "symbol" in word else []
    return [word["en"][0], ", ".join(signs), word["en"][1], *word["zh"]]


def main() -> None:
    """Rewrite docs/glossary.md."""
    PAGE.write_text(glossary_page(rules.load("glossary")["word"]), encoding="utf-8")


if __name__ == "__main__":
    main()
