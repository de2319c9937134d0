"""Reads the texts of pages in every language from ``i18n/<language>.toml``.

To add a language, copy ``en.toml`` and translate it; a test compares keys and placeholders.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from custlib.errors import UsageError, hint
from custlib.graph import value
from custlib.project import Project


@dataclass(frozen=True)
class Texts:
    """Texts of one language; call it with a key: ``t("page.contents")``.

    Examples
    --------
    >>> t = texts("en")
    >>> t("page.contents"), t("chart.mark_share", customers="20 %", value="71 %")
    ('Contents', '20 % of customers bring 71 %')
    """

    language: str
    words: Mapping[str, str]

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the text of a key, with its placeholders filled."""
        if key not in self.words:
            raise UsageError(f"texts: no words for {key!r} in {self.language}. {hint(key, list(self.words))}")
        try:
            return self.words[key].format_map(values)
        except KeyError as fault:
            raise UsageError(f"texts: {key!r} needs a value for {fault}.") from None

    def paragraph(self, *sentences: str) -> str:
        """Join sentences and leave out empty ones; in Chinese no blank stands between them.

        Examples
        --------
        >>> texts("en").paragraph("Green.", "", "Go."), texts("zh").paragraph("绿灯。", "可用。")
        ('Green. Go.', '绿灯。可用。')
        """
        return ("" if self.language == "zh" else " ").join(filter(None, sentences))


def capitalised(text: str) -> str:
    """Capitalise the first letter of a heading.

    Examples
    --------
    >>> capitalised("the month to 30 Dec 2024: 73 customers"), capitalised("Q2 1998")
    ('The month to 30 Dec 2024: 73 customers', 'Q2 1998')
    """
    return text[:1].upper() + text[1:]


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, entry in table.items():
        if isinstance(entry, Mapping):
            yield from _flat(entry, f"{prefix}{key}.")
        else:
            yield prefix + key, str(entry)


def languages() -> list[str]:
    """List the available languages.

    Examples
    --------
    >>> languages()
    ['en', 'zh']
    """
    folder = files("custlib.report").joinpath("i18n")
    return sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))


@cache
def texts(language: str) -> Texts:
    """Load the texts of a language.

    Examples
    --------
    >>> texts("zh")("page.contents")
    '目录'
    """
    if language not in languages():
        raise UsageError(f"texts: language {language!r} is not known. {hint(language, languages())}")
    source = files("custlib.report").joinpath("i18n", f"{language}.toml").read_text("utf-8")
    return Texts(language, dict(_flat(tomllib.loads(source))))


@value
def t(project: Project) -> Texts:
    """Texts of the pages in the language of the project."""
    return texts(project.language)
