"""Tells what kind of column a heading names, in many languages (``rules/headings.toml``)."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from custlib import rules

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LATIN = re.compile(r"^[\x00-\u024f]*$")
CLEAR, LIKELY = 1.0, 0.7
_PART = 0.85  # of the score, where a heading has words beside those that are known
_SHORTEST, _SHORTEST_IN_HAN = 4, 2


def folded(text: str) -> str:
    """Write a text without case, accents and punctuation, words parted by one blank.

    Examples
    --------
    >>> folded("N° de Commande"), folded("CustomerID"), folded("  Währg. ")
    ('n de commande', 'customer id', 'wahrg')
    """
    text = _CAMEL.sub(" ", unicodedata.normalize("NFKC", text).replace("№", " no ").replace("#", " no "))
    text = text.casefold().replace("ı", "i").replace("ł", "l").replace("ø", "o").replace("æ", "ae").replace("đ", "d")
    parts = unicodedata.normalize("NFD", text)
    bare = "".join(sign for sign in parts if not unicodedata.combining(sign) or not _LATIN.match(sign))
    bare = "".join(sign for sign in bare if not ("\u0300" <= sign <= "\u036f"))
    return re.sub(r"[\W_]+", " ", unicodedata.normalize("NFC", bare)).strip()


def compact(text: str) -> str:
    """Write a folded text without blanks, with one word for a number.

    Examples
    --------
    >>> compact("Kunden-Nr."), compact("Kundennummer"), compact("Order #")
    ('kundenno', 'kundenno', 'orderno')
    """
    words = folded(text).split()
    ends = _number_words()
    words = ["no" if word in ends else word for word in words]
    whole = "".join(words)
    long = next((end for end in ends if len(end) > 3 and whole.endswith(end) and whole != end), None)
    if long:
        return whole[: -len(long)] + "no"
    return whole[:-2] + "no" if whole.endswith("nr") else whole


@cache
def _number_words() -> tuple[str, ...]:
    return tuple(sorted(rules.load("headings")["words"]["numbers"], key=len, reverse=True))


@cache
def _known() -> dict[str, dict[str, float]]:
    """Every known heading, compact, with the score of each kind of column that it names."""
    known: dict[str, dict[str, float]] = {}
    headings = rules.load("headings")
    for kind, phrases in (headings["roles"] | headings["others"]).items():
        for score, name in ((LIKELY, "likely"), (CLEAR, "clear")):
            for phrase in phrases[name]:
                known.setdefault(compact(phrase), {})[kind] = score
    return known


@cache
def kinds_of(heading: str) -> Mapping[str, float]:
    """Score the kinds of column that a heading may name, between 0 and 1.

    Examples
    --------
    >>> kinds_of("Kunden-Nr."), kinds_of("数量"), kinds_of("f7")
    ({'customer_id': 1.0}, {'quantity': 1.0}, {})
    """
    key = compact(_bare(heading))
    if key in _known():
        return _known()[key]
    parts = [phrase for phrase in _known() if len(phrase) >= _least(phrase) and phrase in key]
    parts = [phrase for phrase in parts if _is_whole(phrase, heading)]
    longest = max((len(phrase) for phrase in parts), default=0)
    scores: dict[str, float] = {}
    for phrase in parts:
        if len(phrase) < longest:
            continue
        for kind, score in _known()[phrase].items():
            share = (len(phrase) / len(key)) ** 0.5
            scores[kind] = max(scores.get(kind, 0.0), round(_PART * score * share, 2))
    return scores


def _bare(heading: str) -> str:
    """Take off what stands in brackets, currencies and hundredths: ``Betrag (€)`` is ``Betrag``."""
    bare = re.sub(r"[(\[（][^)\]）]*[)\]）]", " ", heading)
    bare = re.sub(r"\b(EUR|USD|GBP|CHF|JPY|CNY|RMB|SEK|NOK|DKK|PLN|CZK|TRY|BRL|RUB|INR|KRW|AUD|CAD|HUF)\b", " ", bare)
    bare = re.sub(r"[\s_-]+(in[\s_-]+)?(cents?|pence|minor|centimes|centavos)$", "", bare, flags=re.IGNORECASE)
    return bare if compact(bare) else heading


def _least(phrase: str) -> int:
    return _SHORTEST if _LATIN.match(phrase) else _SHORTEST_IN_HAN


def _is_whole(phrase: str, heading: str) -> bool:
    """Tell whether a known phrase stands in a heading as words of its own; scripts without blanks have none."""
    if not _LATIN.match(phrase):
        return True
    words = compact_words(heading)
    return any(
        "".join(words[first:last]) == phrase for first in range(len(words)) for last in range(first + 1, len(words) + 1)
    )


def compact_words(heading: str) -> list[str]:
    """List the words of a heading, each compact."""
    return ["no" if word in _number_words() else word for word in folded(_bare(heading)).split()]


@cache
def words(kind: str) -> frozenset[str]:
    """The known words of a kind of value (``counts``, ``leaves_out``, ``guests``, ``totals``, ``yes``), folded."""
    return frozenset(folded(word) for word in rules.load("headings")["words"][kind])
