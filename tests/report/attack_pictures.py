"""Reads what pictures say under the mouse and to who cannot see them, cohorts by age, and where systems part."""

import html
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from math import ceil, floor, inf
from typing import Any

from tests.report.attack import STEPS, Key, around, figure_of, share_between
from tests.report.attack_reader import BASE, Reader, T

_COUNT = r"(?:≈ )?[\d,]+|<10"
_MOVED = re.compile(rf"(.+): ({_COUNT}) left, ({_COUNT}) came, ({_COUNT}) stayed")
_FLOW = re.compile(r"(.+) → (.+): ([\d,]+)")
_START = re.compile(rf"(.+): ({_COUNT}) at the start")
_WENT = re.compile(r"([\d.]+ %) of the customers known at both dates went from (.+) to (.+)")
_PART = re.compile(r"(.+): ([\d.]+ %)")
_GROUP = re.compile(r"(.+?): (.+) / (.+?): (.+)")


def words_of(part: Any) -> Iterator[str]:
    """Yield the titles, descriptions and labels of all pictures in a block."""
    if isinstance(part, dict):
        part = [value for name, value in part.items() if name not in ("blocks", "table")]
    if isinstance(part, list):
        for one in part:
            yield from words_of(one)
    elif isinstance(part, str) and part.startswith("<svg"):
        yield from map(html.unescape, re.findall(r"<(?:title|desc)[^>]*>([^<]+)<", part))
        yield from map(html.unescape, re.findall(r'aria-label="([^"]+)"', part))


def pictures(reader: Reader, block: Mapping[str, Any]) -> None:
    """Take every count and share that a picture says."""
    classes, words = reader.systems[reader.followed], list(dict.fromkeys(words_of(dict(block))))
    for word in words:
        if found := _MOVED.fullmatch(word):
            _moved(reader, *found.groups())
        elif (found := _FLOW.fullmatch(word)) and {found[1], found[2]} <= classes.keys():
            reader.kinds.add("flows")
            reader.tell(("move", reader.followed, found[1], found[2]), f"≈ {found[3]}", reader.step)
        elif (found := _START.fullmatch(word)) and found[1] in classes:
            reader.kinds.add("start")
            reader.tell(("size", reader.followed, found[1], "then"), found[2], reader.step)
        elif (found := _WENT.fullmatch(word)) and {found[2], found[3]} <= classes.keys():
            reader.kinds.add("went")
            move = ("move", reader.followed, found[2], found[3])
            reader.shares.append((move, reader.claims.know(("known", reader.followed)), found[1], ()))
    _parts(reader, block, words)


def _moved(reader: Reader, name: str, left: str, came: str, stayed: str) -> None:
    """Take who left, came and stayed: sums of the transition matrix, and its diagonal."""
    reader.kinds.add("moved")
    same = ("move", reader.followed, name, name)
    reader.tell(same, stayed, reader.step)
    for way, text, when in (("left", left, "then"), ("came", came, "now")):
        key = ("moved", way, name)
        reader.tell(key, text, reader.step)
        reader.claims.total([key, same], reader.claims.know(("size", reader.followed, name, when)))


def _parts(reader: Reader, block: Mapping[str, Any], words: list[str]) -> None:
    """Take the shares of the customers that bands or bars show: the first of each class."""
    shares: dict[str, str] = {}
    for word in words:
        if found := _PART.fullmatch(word):
            shares.setdefault(found[1].removesuffix(f", {T('value.column_customer_share')}"), found[2])
    system = reader.system_of("", list(shares)) if block["page"] in ("overview", "value") else None
    if system and words and "customers" in str(block.get("title", "")):
        reader.kinds.add("parts")
        reader.shares += [(("size", system, name, "now"), BASE, text, ()) for name, text in shares.items()]


def parted(reader: Reader, block: Mapping[str, Any]) -> None:
    """Take the largest group that two systems judge unlike: no more than either of its classes."""
    labels = [column["label"] for column in block["columns"]]
    if T("agree.column_group") not in labels:
        return
    rows = [dict(zip(labels, row, strict=True)) for row in block["rows"]]
    short = {T.words.get(f"systems.{system}.short", system): system for system in reader.systems}
    for row in rows:
        found = _GROUP.fullmatch(row[T("agree.column_group")])
        if not found or not {found[1], found[3]} <= short.keys():
            continue
        reader.kinds.add("parted")
        ends = [("size", short[found[n]], found[n + 1], "now") for n in (1, 3)]
        key = ("parted", *ends)
        reader.tell(key, row[T("agree.column_customers")])
        for end in ends:
            if end in reader.claims.bounds:
                reader.claims.add({end: 1, key: -1}, 0, inf)


def cohorts(reader: Reader, block: Mapping[str, Any], sizes: Mapping[str, float], there: Mapping[str, float]) -> None:
    """Take the active customers of each cohort by age; those of a period have a known sum.

    Parameters
    ----------
    sizes, there : mapping of str to float
        By period: customers who came in it, and those who bought in it and had come before.
    """
    reader.kinds.add("cohorts")
    periods, texts = list(sizes), {}
    for name, row in zip(block["rows"], block["cells"], strict=True):
        for age, cell in zip(block["columns"], row, strict=True):
            if name in sizes and (place := periods.index(name) + int(age)) < len(periods):
                texts[name, periods[place]] = cell["text"]
    hides = any(text.startswith("<") for text in texts.values())
    step = _step_of_shares(texts, sizes) if hides else 1
    by_period: dict[str, list[Key]] = defaultdict(list)
    for (name, period), text in texts.items():
        key = reader.claims.know(("active", name, period), 0, sizes[name])
        by_period[period].append(key)
        if text.startswith("<"):
            reader.tell(key, text)
        elif ends := share_between(text, texts.values()):
            reader.claims.know(key, *_counts(ends, sizes[name], step))
    for period, keys in by_period.items():
        if len(keys) == periods.index(period):  # every earlier cohort is there
            reader.claims.add(dict.fromkeys(keys, 1.0), there[period], there[period])


def _step_of_shares(texts: Mapping[tuple[str, str], str], sizes: Mapping[str, float]) -> int:
    """Find the widest step of which a multiple fits every written share."""
    told = [(share_between(text, texts.values()), sizes[name]) for (name, _), text in texts.items()]
    shown = [(ends, size) for ends, size in told if ends]
    return next((s for s in STEPS if all(_multiples(ends, size, s) for ends, size in shown)), 1)


def _multiples(ends: tuple[float, float], size: float, step: int) -> list[float]:
    """List the multiples of a step that make a written share; a share is never told to be above all."""
    low, high = max(ends[0], 0) * size, ends[1] * size
    found: list[float] = [step * n for n in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]
    return [*found, size] if ends[1] >= 1 else found


def _counts(ends: tuple[float, float], size: float, step: int) -> tuple[float, float]:
    """Turn a written share into what its count may be."""
    if step == 1:
        return max(ends[0] * size, 0), ends[1] * size
    found = [n for n in _multiples(ends, size, step) if n]
    if not found:
        return 0, 0
    return around(min(found), step)[0], min(around(max(found), step)[1], size)


def contacted(reader: Reader, key: Key, label: str, text: str) -> None:
    """Take those contacted and the control group of a playbook, which make up its segment."""
    if label == T("playbook.to") and (found := re.match(rf"({_COUNT}) by .+, ({_COUNT}) get none", text)):
        reader.kinds.add("contacted")
        parts = [(("contacted", key), found[1]), (("control", key), found[2])]
        for part, said in parts:
            reader.tell(part, said)
        reader.claims.total([part for part, _ in parts], key)
    elif label == T("playbook.control") and (found := re.search(rf"({_COUNT}) customers;", text)):
        reader.tell(("control", key), found[1])


def series(block: Mapping[str, Any]) -> tuple[dict[str, float], dict[str, float]] | None:
    """Read the customers of every period, who are new and who were there before; None of another block."""
    labels = [column["label"] for column in block["columns"]]
    if labels[1:] != [T("audit.existing"), T("audit.new")]:
        return None
    rows = [row for row in block["rows"] if "–" not in row]
    sizes, there = ({row[0]: figure_of(row[n]) for row in rows} for n in (2, 1))
    return sizes, there
