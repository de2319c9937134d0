"""Reads the texts of pages in every language from ``i18n/<language>.toml``.

To add a language, copy ``en.toml`` and translate it; a test compares keys and placeholders.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any

from custlib.errors import UsageError, hint
from custlib.graph import value
from custlib.project import Project

_HAN = "[\u3400-\u9fff]"
_DATE = "[年月日第季]"  # parts of a date stand close to their figures
_MISSING_BLANK = re.compile(f"(?<={_HAN})(?<!{_DATE})(?=[A-Za-z0-9+±−≈<])|(?<=[A-Za-z0-9+%])(?!{_DATE})(?={_HAN})")
_NEEDLESS_BLANK = re.compile(f"(?<={_HAN}) (?={_HAN})")


@dataclass(frozen=True)
class Texts:
    """Texts of one language; call it with a key: ``t("page.contents")``.

    Examples
    --------
    >>> t = texts("en")
    >>> t("page.contents"), t("chart.mark_share", customers="20 %", value="71 %")
    ('Contents', '20 % of the customers: 71 %')

    In Chinese a blank stands between a value and the words round it where one of them is Latin or a figure, and none
    between two that are Chinese, whatever the value is.

    >>> zh = texts("zh")
    >>> zh("structure.plain", attribute="RFM"), zh("structure.plain", attribute="地区")
    ('按 RFM 的客户结构', '按地区的客户结构')
    """

    language: str
    words: Mapping[str, str]

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the text of a key, with its placeholders filled."""
        if key not in self.words:
            raise UsageError(f"texts: no words for {key!r} in {self.language}. {hint(key, list(self.words))}")
        try:
            if self.language == "zh":
                return _filled(self.words[key], values)
            return self.words[key].format_map(values)
        except KeyError as fault:
            raise UsageError(f"texts: {key!r} needs a value for {fault}.") from None

    def placed(self, words: str, place: str, value: str) -> str:
        """Put a value in its places in a text from elsewhere, with the blanks that the language wants.

        Examples
        --------
        >>> texts("zh").placed("提醒{whom}", "{whom}", "163 位客户"), texts("en").placed("ask {whom}", "{whom}", "us")
        ('提醒 163 位客户', 'ask us')
        """
        if self.language != "zh":
            return words.replace(place, value)
        text, *others = words.split(place)
        for rest in others:
            text = _joined(_joined(text, value), rest)
        return text

    def paragraph(self, *sentences: str) -> str:
        """Join sentences and leave out empty ones; in Chinese no blank stands between them.

        Examples
        --------
        >>> texts("en").paragraph("Green.", "", "Go."), texts("zh").paragraph("绿灯。", "可用。")
        ('Green. Go.', '绿灯。可用。')
        """
        return ("" if self.language == "zh" else " ").join(filter(None, sentences))

    def punctuated(self, text: str) -> str:
        """Write the signs of a text that was put together of values as the language does: in Chinese in full width.

        Examples
        --------
        >>> texts("zh").punctuated("新客户: 1,204 (1,100 – 1,300)"), texts("en").punctuated("New: 12")
        ('新客户：1,204（1,100 – 1,300）', 'New: 12')
        """
        if self.language != "zh":
            return text
        for narrow, wide in ((": ", "："), (", ", "，"), (" (", "（"), (")", "）")):
            text = text.replace(narrow, wide)
        return text


def _filled(words: str, values: Mapping[str, object]) -> str:
    """Fill the placeholders of a Chinese text and mend the blanks at their ends, nowhere else."""
    text = ""
    for literal, name, form, _ in Formatter().parse(words):
        text = _joined(text, literal)
        if name is not None:
            text = _joined(text, format(values[name], form or ""))
    return text


def _joined(left: str, right: str) -> str:
    """Join two pieces of a Chinese text: with the blank that is missing between them, without one that is needless."""
    text, end = left + right, len(left)
    if _MISSING_BLANK.match(text, end):
        return f"{left} {right}"
    for at in (end, end - 1):
        if at > 0 and _NEEDLESS_BLANK.match(text, at):
            return text[:at] + text[at + 1 :]
    return text


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
