"""Reads tables and tile maps of published pages as claims: cross tables, moves, parts of a period."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from custlib.report.pages.methods_page import combination
from tests.report.attack import Key, step_of
from tests.report.attack_reader import BASE, GONE, NEW, Reader, T, begins

_METHODS = ("abc+rfm+clv", "abc+rfm", "abc+clv", "rfm+clv", "abc", "rfm", "clv", "")
_OF_MOVES = ("new", "returned", "more", "same", "less", "lapsed", "refunds")


def matrix(reader: Reader, labels: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    """Take a transition matrix: rows add up to sizes then, columns to sizes now."""
    reader.kinds.add("matrix")
    reader.step = step = step_of(text for row in rows for text in list(row.values())[1:])
    inside: dict[tuple[str, str], Key] = {}
    for row in rows:
        for label in labels[1:]:
            key = ("move", reader.followed, row[labels[0]], label)
            inside[row[labels[0]], label] = key
            reader.tell(key, row[label], step)
    for name in reader.systems[reader.followed]:
        for place, when in ((0, "then"), (1, "now")):
            own = [key for ends, key in inside.items() if ends[place] == name]
            reader.claims.total(own, reader.claims.know(("size", reader.followed, name, when)))


def account(reader: Reader, labels: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    """Take sizes at both dates; the one of the money says nothing of counts."""
    if any(re.search(r"\d k", text) for row in rows for text in row.values()):
        return
    reader.kinds.add("account")
    for label, when in ((labels[1], "then"), (labels[-1], "now")):
        column = [(("size", reader.followed, row[labels[0]], when), row[label]) for row in rows]
        if when == "now":
            reader.tells(column)
        else:
            step = step_of(text for _, text in column)
            for key, text in column:
                reader.tell(key, text, step)


def directions(reader: Reader, title: str, labels: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    """Take who went up and down: sums of the transition matrix, and shares of them in the title."""
    reader.kinds.add("directions")
    system = next(s for s in reader.systems if title.startswith(T.words.get(f"systems.{s}.name", s) + ":"))
    step = step_of(row[labels[1]] for row in rows)
    told = {row[labels[0]]: ("way", system, row[labels[0]]) for row in rows}
    for row in rows:
        reader.tell(told[row[labels[0]]], row[labels[1]], step)
    for n, label in enumerate(labels[2:]):
        reader.moneys((("money", "way", n, system, row[labels[0]]), told[row[labels[0]]], row[label]) for row in rows)
    reader.claims.total([key for way, key in told.items() if way != T("moves.gone")], BASE)
    there = [key for way, key in told.items() if way not in (T("moves.gone"), T("moves.new"))]
    reader.claims.total(there, reader.claims.know(("known", system)))
    ups = re.findall(r"([\d.]+ %)", title)
    for way, part in zip(("up", "down"), ups, strict=False):
        reader.shares.append((told[T(f"moves.{way}")], ("known", system), part, ()))
    reader.later.append(lambda: _ways(reader, system, told))


def _ways(reader: Reader, system: str, told: Mapping[str, Key]) -> None:
    """Add that directions are sums of the moves between classes in their order."""
    places = {name: n for n, name in enumerate(reader.systems[system])}
    moves = [key for key in reader.told if key[:2] == ("move", system)]
    for way, key in told.items():
        if own := [one for one in moves if _way(places, one[2], one[3]) == way]:
            reader.claims.total(own, key)


def by_system(reader: Reader, labels: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    """Take how many changed their class in each system: all who went up or down."""
    reader.kinds.add("changed")
    systems = {T.words.get(f"systems.{s}.name", s): s for s in reader.systems}
    for row in rows:
        system = systems[row[labels[0]]]
        key = ("moved", system)
        reader.tell(key, row[labels[1]])
        reader.shares.append((key, ("known", system), row[labels[2]], tuple(one[labels[2]] for one in rows)))
        ways = [("way", system, T(f"moves.{way}")) for way in ("up", "down")]
        if ways[0] in reader.told:
            reader.claims.total(ways, key)


def _way(places: Mapping[str, int], before: str, now: str) -> str:
    if before == NEW or now == GONE:
        return T("moves.new") if before == NEW else T("moves.gone")
    if places[before] == places[now]:
        return T("moves.stay")
    return T("moves.up" if places[now] < places[before] else "moves.down")


def overlap(reader: Reader, labels: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    """Take the eight parts that the best fifths of three methods make."""
    reader.kinds.add("overlap")
    step = step_of(row[labels[1]] for row in rows)
    named = {combination(T, one): one for one in _METHODS}
    keys = {named[row[labels[0]]]: ("overlap", named[row[labels[0]]]) for row in rows}
    for row in rows:
        reader.tell(keys[named[row[labels[0]]]], row[labels[1]], step)
    for n, measure in enumerate(("profit", "value")):
        column = ((named[row[labels[0]]], row[labels[2 + n]]) for row in rows)
        reader.moneys((("money", "overlap", n, one), keys[one], text) for one, text in column)
        reader.claims.total([("money", "overlap", n, one) for one in keys], ("money", measure))
    reader.claims.total(keys.values(), BASE)
    best = next(iter(reader.systems["abc"]))
    reader.claims.total([k for m, k in keys.items() if "abc" in m.split("+")], ("size", "abc", best, "now"))


def structure(reader: Reader, labels: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    """Take the customers of a period by the values of an attribute; of several at a time nothing adds up."""
    reader.kinds.add("structure")
    several = labels[0] in (T("structure.product"), T("structure.channel"))
    keys = [("group", labels[0], row[labels[0]]) for row in rows]
    reader.tells((key, row[labels[1]]) for key, row in zip(keys[:-1], rows, strict=False))
    reader.tell(keys[-1], rows[-1][labels[1]])
    reader.moneys((("money", *key), key, row[labels[3]]) for key, row in zip(keys, rows, strict=True))
    if not several:
        reader.claims.total(keys[:-1], keys[-1])
        reader.claims.add({("money", *k): 1 for k in keys[:-1]} | {("money", *keys[-1]): -1}, 0, 0)


def two_periods(reader: Reader, labels: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    """Take who came, stayed and left between two periods."""
    reader.kinds.add("periods")
    step = step_of(row[labels[1]] for row in rows)
    kinds = {T(f"audit.move_{kind}", what=T("money.revenue")): kind for kind in (*_OF_MOVES, "all")}
    for row in rows:
        kind = kinds[row[labels[0]]]
        reader.tell(("period", kind), row[labels[1]], step)
    for label in labels[2:]:
        told = [(kinds[row[labels[0]]], row[label]) for row in rows]
        reader.moneys((("money", "period", label, kind), ("period", kind), text) for kind, text in told)
    there = [k for k in _OF_MOVES if ("period", k) in reader.told]
    reader.claims.total([("period", kind) for kind in there], ("period", "all"))
    reader.claims.total([("period", k) for k in ("new", "returned", "more", "same", "less")], ("period", "now"))
    reader.claims.total([("period", k) for k in ("more", "same", "less", "lapsed")], ("period", "before"))
    for label in labels[2:]:
        reader.claims.total([("money", "period", label, k) for k in there], ("money", "period", label, "all"))


def tiles(reader: Reader, block: Mapping[str, Any]) -> None:
    texts_ = [cell["text"] for row in block["cells"] for cell in row]
    step, column = step_of(texts_), block["column_title"]
    if column == T("segments.frequency"):
        _grid(reader, block, step)
    elif column.startswith(begins("methods.tiles_columns")):
        _tiers(reader, block, step)
    elif column == T("cube.potential"):
        reader.kinds.add("cube")
        cells = [cell for row in block["cells"] for cell in row]
        system = next(s for s, c in reader.systems.items() if {cell["label"] for cell in cells} <= c.keys())
        keys = {cell["label"]: ("size", system, cell["label"], "now") for cell in cells}
        notes = {c["label"]: "" if c["text"].startswith("<") else c["note"].split(". ")[0] for c in cells}
        for cell in cells:
            reader.tell(keys[cell["label"]], cell["text"], step)
        reader.moneys((("money", "value", system, label), key, notes[label]) for label, key in keys.items())


def _grid(reader: Reader, block: Mapping[str, Any], step: int) -> None:
    """Take the cells of R and F, which add up to the classes of their names."""
    reader.kinds.add("grid")
    by_name: dict[str, dict[Key, str]] = defaultdict(dict)
    for r, row in zip(block["rows"], block["cells"], strict=True):
        for f, cell in zip(block["columns"], row, strict=True):
            reader.tell(("grid", r, f), cell["text"], step)
            by_name[cell["label"]]["grid", r, f] = cell["note"]
    for name, keys in by_name.items():
        reader.moneys((("money", *key), key, note) for key, note in keys.items())
        if name in reader.systems["rfm"]:
            reader.claims.total(keys, ("size", "rfm", name, "now"))
            whole = reader.claims.know(("money", "value", "rfm", name), -inf, whole=False)
            reader.claims.total([("money", *key) for key in keys], whole)


def _tiers(reader: Reader, block: Mapping[str, Any], step: int) -> None:
    """Take the classes of ABC by fifths of the coming money."""
    reader.kinds.add("tiers")
    for name, row in zip(block["rows"], block["cells"], strict=True):
        keys: list[Key] = [("tier", name, column) for column in block["columns"]]
        for key, cell in zip(keys, row, strict=True):
            reader.tell(key, cell["text"], step)
        notes = [cell["note"] for cell in row]
        reader.moneys((("money", *key), key, note) for key, note in zip(keys, notes, strict=True))
        reader.claims.total([("money", *key) for key in keys], ("money", "value", "abc", name))
        reader.claims.total(keys, ("size", "abc", name, "now"))
