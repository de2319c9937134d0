"""Reads the published blocks of all pages of a run as an attacker does: every number becomes a claim.

A count is known by its system, class and date, by the ends of a move, or by its place in a cross table.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

from custlib.report.blocks import MIME
from custlib.report.pages.methods_page import combination
from custlib.report.texts import texts
from tests.report.attack import (
    Claims,
    Key,
    change_between,
    count_between,
    figure_of,
    list_between,
    money_between,
    money_step_of,
    share_between,
    step_of,
)

T = texts("en")
BASE, GONE, NEW = "base", T("moves.gone"), T("moves.new")
_FLOW = re.compile(r"(.+?) ((?:≈ )?[\d,]+|<10)$")
_METHODS = ("abc+rfm+clv", "abc+rfm", "abc+clv", "rfm+clv", "abc", "rfm", "clv", "")
_OF_MOVES = ("new", "returned", "more", "same", "less", "lapsed", "refunds")


def blocks_of(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the blocks of all executed notebooks of a folder, with those inside them."""
    for path in sorted(folder.glob("*.ipynb")):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                if block := output.get("data", {}).get(MIME):
                    yield from _with_inner({**block, "page": path.stem})


def _with_inner(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield block
    for inner in [*block.get("blocks", []), *filter(None, [block.get("table")])]:
        yield from _with_inner({**inner, "page": block["page"]})


def begins(key: str) -> str:
    """The fixed beginning of a label of the pages."""
    return str(T.words[key]).split("{")[0]


@dataclass
class Reader:
    """What the pages say of each number, and the claims that follow.

    Attributes
    ----------
    systems : mapping of str to mapping of str to str
        By segmentation: the ids of its classes by name, the most valuable first.
    followed : str
        The segmentation that playbooks follow.
    told : dict
        By count: the texts that the pages write for it.
    kinds : set of str
        Kinds of blocks that were understood.
    """

    systems: Mapping[str, Mapping[str, str]]
    followed: str = "rfm"
    step: int = 10
    claims: Claims = field(default_factory=Claims)
    told: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    kinds: set[str] = field(default_factory=set)
    shares: list[tuple[Key, Key, str]] = field(default_factory=list)
    coarse: set[Key] = field(default_factory=set)
    amounts: dict[Key, set[Key]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        for system, classes in self.systems.items():
            now = [self.claims.know(("size", system, name, "now")) for name in classes]
            self.claims.total(now, self.claims.know(BASE))

    @property
    def hidden(self) -> list[Key]:
        """Counts that are hidden wherever they stand."""
        return [key for key, said in self.told.items() if said and all(text.startswith("<") for text in said)]

    def tells(self, told: Iterable[tuple[Key, str]]) -> None:
        """Take the counts of a list with a known total."""
        told = list(told)
        for (key, text), ends in zip(told, list_between([text.strip() for _, text in told]), strict=True):
            self._take(key, text, ends)

    def tell(self, key: Key, text: str, step: int = 10) -> None:
        """Take a written count."""
        self._take(key, text, count_between(text, step))

    def _take(self, key: Key, text: str, ends: tuple[float, float] | None) -> None:
        if ends:
            self.told[key].add(text.strip())
            self.claims.know(key, *ends)

    def money(self, key: Key, text: str) -> None:
        """Take a written amount."""
        self.claims.know(key, *(money_between(text) or (-inf, inf)), whole=False)

    def moneys(self, told: Iterable[tuple[Key, Key, str]]) -> None:
        """Take a column of amounts, each with the key of its customers; nobody brings nothing.

        Where a count is hidden, amounts may be rounded more than they show: to the widest step that fits all.
        """
        told = list(told)
        hides = any(text.startswith("<") for _, of, _ in told for text in self.told.get(of, ()))
        step = money_step_of(text for _, _, text in told) if hides else 0.0
        for key, of, text in told:
            nobody = self.claims.bounds.get(of) == (0, 0)
            self.claims.know(key, *((0.0, 0.0) if nobody else money_between(text, step) or (-inf, inf)), whole=False)
            self.amounts[of].add(key)
            self.coarse |= {key} if hides else set()

    def read(self, block: Mapping[str, Any]) -> None:
        """Take every number of a block."""
        kind = block["block"]
        if kind == "table":
            self._table(block)
        elif kind == "tiles":
            self._tiles(block)
        elif kind in ("kpis", "facts", "footer"):
            self._facts(block)

    def close(self) -> Claims:
        """Add what is known only when all is read: shares of counts, and what systems add up to."""
        for measure in ("profit", "value", "revenue", "residual"):
            for system, classes in self.systems.items():
                own = [("money", measure, system, name) for name in classes]
                if all(key in self.claims.bounds for key in own):
                    self.claims.total(own, self.claims.know(("money", measure), -inf, whole=False))
        for key, whole, text in self.shares:
            ends = share_between(text)
            base = self.claims.bounds.get(whole, (0, inf))
            about = [figure_of(said) for said in self.told[key] if said.startswith("≈")]
            if ends is None or base[0] != base[1]:
                continue
            # The share of a rounded count says no more than that count.
            if not any(ends[0] * base[0] - 1e-6 <= n <= ends[1] * base[0] + 1e-6 for n in about):
                self.claims.know(key, ends[0] * base[0], ends[1] * base[0])
        return self.claims

    def _table(self, block: Mapping[str, Any]) -> None:
        labels = [column["label"] for column in block["columns"]]
        rows = [dict(zip(labels, row, strict=True)) for row in block["rows"]]
        if labels[0] == T("moves.before_now"):
            self._matrix(labels, rows)
        elif labels[0] == T("moves.column_direction"):
            self._directions(block, labels, rows)
        elif labels[0] == T("methods.column_who"):
            self._overlap(labels, rows)
        elif T("structure.column_share_before") in labels and T("structure.column_change") in labels:
            self._structure(labels, rows)
        elif rows and rows[0][labels[0]] == T("audit.move_new"):
            self._two_periods(labels, rows)
        elif T("cause.ageing") in labels and labels[0] == T("moves.column_segment"):
            self._account(labels, rows)
        elif (system := self._system(block["title"], [row[labels[0]] for row in rows])) is not None:
            self._classes(system, labels, rows)
        self._bare(labels, rows)

    def _bare(self, labels: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
        """Find counts under ten in plain sight."""
        for row in rows:
            text = row.get(T("groups.column_customers"), "0")
            if text.isdigit() and 0 < int(text) < 10:
                self.told["plain", row[labels[0]]].add(text)

    def _system(self, title: str, names: Sequence[str]) -> str | None:
        """Find the system that classes belong to: the smallest that has all of them."""
        fit = {s: len(c) for s, c in self.systems.items() if len(names) > 1 and set(names) <= c.keys()}
        titled = [s for s in fit if title.startswith(T.words.get(f"systems.{s}.name", s))]
        return titled[0] if titled else min(fit, key=fit.__getitem__, default=None)

    def _classes(self, system: str, labels: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
        self.kinds.add("classes")
        column = [(("size", system, row[labels[0]], "now"), row.get(T("groups.column_customers"), "")) for row in rows]
        self.tells(column)
        names = {"groups.column_profit": "profit", "groups.column_value": "value", "value.column_value": "value",
                 "value.column_revenue": "revenue", "groups.column_residual_lifetime_value": "residual",
                 "groups.column_historic_value": "historic"}  # fmt: skip
        columns: dict[str, list[tuple[Key, Key, str]]] = defaultdict(list)
        shares = (T("groups.column_share"), T("value.column_customer_share"), T("chart.customers"))
        for row in rows:
            name = row[labels[0]]
            key = ("size", system, name, "now")
            for label, text in row.items():
                measure = next((m for k, m in names.items() if label.startswith(begins(k))), None)
                if label in shares:
                    self.shares.append((key, BASE, text))
                elif label.startswith(begins("overview.column_change")):
                    self._change(system, name, text)
                elif measure:
                    columns[measure].append((("money", measure, system, name), key, text))
        for column in columns.values():
            self.moneys(column)
        for row in rows:
            if text := row.get(T("value.column_value_share"), ""):
                self._part(("money", "value", system, row[labels[0]]), ("money", "value"), text)

    def _part(self, amount: Key, whole: Key, text: str) -> None:
        """Take the written share of an amount in a whole that is itself told only about."""
        ends = share_between(text)
        if ends and amount not in self.coarse:  # the share of a rounded amount says no more than the amount
            self.claims.add({amount: 1, whole: -ends[1]}, -inf, 0)
            self.claims.add({amount: 1, whole: -ends[0]}, 0, inf)

    def _change(self, system: str, name: str, text: str) -> None:
        ends = change_between(text.split(",")[0])
        if ends and text != "–":
            then = self.claims.know(("size", system, name, "then"))
            self.claims.add({("size", system, name, "now"): 1, then: -1}, *ends)

    def _matrix(self, labels: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
        """Take a transition matrix: rows add up to sizes then, columns to sizes now."""
        self.kinds.add("matrix")
        self.step = step = step_of(text for row in rows for text in list(row.values())[1:])
        inside: dict[tuple[str, str], Key] = {}
        for row in rows:
            for label in labels[1:]:
                key = ("move", self.followed, row[labels[0]], label)
                inside[row[labels[0]], label] = key
                self.tell(key, row[label], step)
        for name in self.systems[self.followed]:
            for place, when in ((0, "then"), (1, "now")):
                own = [key for ends, key in inside.items() if ends[place] == name]
                self.claims.total(own, self.claims.know(("size", self.followed, name, when)))

    def _account(self, labels: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
        """Take sizes at both dates; the one of the money says nothing of counts."""
        if any(re.search(r"\d k", text) for row in rows for text in row.values()):
            return
        self.kinds.add("account")
        for label, when in ((labels[1], "then"), (labels[-1], "now")):
            column = [(("size", self.followed, row[labels[0]], when), row[label]) for row in rows]
            if when == "now":
                self.tells(column)
            else:
                step = step_of(text for _, text in column)
                for key, text in column:
                    self.tell(key, text, step)

    def _directions(self, block: Mapping[str, Any], labels: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
        self.kinds.add("directions")
        system = next(s for s in self.systems if block["title"].startswith(T.words.get(f"systems.{s}.name", s) + ":"))
        step = step_of(row[labels[1]] for row in rows)
        told = {row[labels[0]]: ("way", system, row[labels[0]]) for row in rows}
        for row in rows:
            self.tell(told[row[labels[0]]], row[labels[1]], step)
        for n, label in enumerate(labels[2:]):
            self.moneys((("money", "way", n, system, row[labels[0]]), told[row[labels[0]]], row[label]) for row in rows)
        self.claims.total([key for way, key in told.items() if way != T("moves.gone")], BASE)
        places = {name: n for n, name in enumerate(self.systems[system])}
        for way, key in told.items():
            ends = [k for k in self.told if k[0] == "move" and k[1] == system and self._way(places, k[2], k[3]) == way]
            if ends:
                self.claims.total(ends, key)

    @staticmethod
    def _way(places: Mapping[str, int], before: str, now: str) -> str:
        if before == NEW or now == GONE:
            return T("moves.new") if before == NEW else T("moves.gone")
        if places[before] == places[now]:
            return T("moves.stay")
        return T("moves.up" if places[now] < places[before] else "moves.down")

    def _overlap(self, labels: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
        """Take the eight parts that the best fifths of three methods make."""
        self.kinds.add("overlap")
        step = step_of(row[labels[1]] for row in rows)
        named = {combination(T, one): one for one in _METHODS}
        keys = {named[row[labels[0]]]: ("overlap", named[row[labels[0]]]) for row in rows}
        for row in rows:
            self.tell(keys[named[row[labels[0]]]], row[labels[1]], step)
        for n, measure in enumerate(("profit", "value")):
            column = ((named[row[labels[0]]], row[labels[2 + n]]) for row in rows)
            self.moneys((("money", "overlap", n, one), keys[one], text) for one, text in column)
            self.claims.total([("money", "overlap", n, one) for one in keys], ("money", measure))
        self.claims.total(keys.values(), BASE)
        best = next(iter(self.systems["abc"]))
        self.claims.total([k for m, k in keys.items() if "abc" in m.split("+")], ("size", "abc", best, "now"))

    def _structure(self, labels: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
        """Take the customers of a period by the values of an attribute; of several at a time nothing adds up."""
        self.kinds.add("structure")
        several = labels[0] in (T("structure.product"), T("structure.channel"))
        keys = [("group", labels[0], row[labels[0]]) for row in rows]
        self.tells((key, row[labels[1]]) for key, row in zip(keys[:-1], rows, strict=False))
        self.tell(keys[-1], rows[-1][labels[1]])
        self.moneys((("money", *key), key, row[labels[3]]) for key, row in zip(keys, rows, strict=True))
        if not several:
            self.claims.total(keys[:-1], keys[-1])
            self.claims.add({("money", *k): 1 for k in keys[:-1]} | {("money", *keys[-1]): -1}, 0, 0)

    def _two_periods(self, labels: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
        """Take who came, stayed and left between two periods."""
        self.kinds.add("periods")
        step = step_of(row[labels[1]] for row in rows)
        kinds = {T(f"audit.move_{kind}"): kind for kind in (*_OF_MOVES, "all")}
        for row in rows:
            kind = kinds[row[labels[0]]]
            self.tell(("period", kind), row[labels[1]], step)
        for label in labels[2:]:
            told = [(kinds[row[labels[0]]], row[label]) for row in rows]
            self.moneys((("money", "period", label, kind), ("period", kind), text) for kind, text in told)
        there = [k for k in _OF_MOVES if ("period", k) in self.told]
        self.claims.total([("period", kind) for kind in there], ("period", "all"))
        self.claims.total([("period", k) for k in ("new", "returned", "more", "same", "less")], ("period", "now"))
        self.claims.total([("period", k) for k in ("more", "same", "less", "lapsed")], ("period", "before"))
        for label in labels[2:]:
            self.claims.total([("money", "period", label, k) for k in there], ("money", "period", label, "all"))

    def _tiles(self, block: Mapping[str, Any]) -> None:
        texts_ = [cell["text"] for row in block["cells"] for cell in row]
        step, column = step_of(texts_), block["column_title"]
        if column == T("segments.frequency"):
            self._grid(block, step)
        elif column == T("methods.tiles_columns"):
            self._tiers(block, step)
        elif column == T("cube.potential"):
            self.kinds.add("cube")
            cells = [cell for row in block["cells"] for cell in row]
            system = next(s for s, c in self.systems.items() if {cell["label"] for cell in cells} <= c.keys())
            keys = {cell["label"]: ("size", system, cell["label"], "now") for cell in cells}
            notes = {c["label"]: "" if c["text"].startswith("<") else c["note"].split(". ")[0] for c in cells}
            for cell in cells:
                self.tell(keys[cell["label"]], cell["text"], step)
            self.moneys((("money", "value", system, label), key, notes[label]) for label, key in keys.items())

    def _grid(self, block: Mapping[str, Any], step: int) -> None:
        """Take the cells of R and F, which add up to the classes of their names."""
        self.kinds.add("grid")
        by_name: dict[str, dict[Key, str]] = defaultdict(dict)
        for r, row in zip(block["rows"], block["cells"], strict=True):
            for f, cell in zip(block["columns"], row, strict=True):
                self.tell(("grid", r, f), cell["text"], step)
                by_name[cell["label"]]["grid", r, f] = cell["note"]
        for name, keys in by_name.items():
            self.moneys((("money", *key), key, note) for key, note in keys.items())
            if name in self.systems["rfm"]:
                self.claims.total(keys, ("size", "rfm", name, "now"))
                whole = self.claims.know(("money", "value", "rfm", name), -inf, whole=False)
                self.claims.total([("money", *key) for key in keys], whole)

    def _tiers(self, block: Mapping[str, Any], step: int) -> None:
        """Take the classes of ABC by fifths of the coming money."""
        self.kinds.add("tiers")
        for name, row in zip(block["rows"], block["cells"], strict=True):
            keys: list[Key] = [("tier", name, column) for column in block["columns"]]
            for key, cell in zip(keys, row, strict=True):
                self.tell(key, cell["text"], step)
            notes = [cell["note"] for cell in row]
            self.moneys((("money", *key), key, note) for key, note in zip(keys, notes, strict=True))
            self.claims.total([("money", *key) for key in keys], ("money", "value", "abc", name))
            self.claims.total(keys, ("size", "abc", name, "now"))

    def _facts(self, block: Mapping[str, Any]) -> None:
        for item in block["items"]:
            label, text = (item["label"], item["value"]) if isinstance(item, dict) else item
            note = item["note"] if isinstance(item, dict) else ""
            if label == T("footer.money"):
                self.money(("money", "revenue"), text)
            elif label == T("overview.customers") and text.replace(",", "").isdigit():
                self.tell(BASE, text)
            elif isinstance(item, dict) and label in (T("value.historic"), T("value.residual")):
                self.money(("money", "profit" if label == T("value.historic") else "residual"), text)
            elif label.startswith(begins("value.coming")) and isinstance(item, dict):
                self.money(("money", "value"), text)
            elif label.startswith(begins("audit.active")) and " first time" in note:
                self.tell(("period", "now"), text)
                self.tell(("period", "new"), note.split(" of ")[0])
        if str(block.get("title", "")).startswith(begins("playbook.since")):
            self._since(block)

    def _since(self, block: Mapping[str, Any]) -> None:
        """Take who stayed, came and went of one segment."""
        name = _segment_of(block["page"], self.systems[self.followed])
        self.kinds.add("since")
        items = dict(block["items"])
        self.tell(("move", self.followed, name, name), items[T("playbook.stayed")], self.step)
        self.tell(("move", self.followed, NEW, name), items[T("playbook.new")], self.step)
        for label, place in (("came_from", 1), ("went_to", 0)):
            for part in re.split(r", |; ", items[T(f"playbook.{label}")]):
                if found := _FLOW.match(part):
                    ends = (found[1], name) if place else (name, found[1])
                    self.tell(("move", self.followed, *ends), found[2], self.step)


def _segment_of(page: str, classes: Mapping[str, str]) -> str:
    identifier = page.removeprefix("playbook-").replace("-", "_")
    return next(name for name, own in classes.items() if own == identifier)


def read(blocks: Iterable[Mapping[str, Any]], systems: Mapping[str, Mapping[str, str]]) -> Reader:
    """Read all blocks of a run."""
    reader = Reader(systems)
    for block in sorted(blocks, key=lambda one: one["block"] == "facts"):
        reader.read(block)
    reader.close()
    return reader
