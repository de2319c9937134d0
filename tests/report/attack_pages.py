"""Reads the published blocks of all pages of a run, and its manifest, as an attacker does: every number is a claim."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from custlib.report.blocks import MIME
from tests.report import attack_pictures as seen
from tests.report import attack_tables as tables
from tests.report.attack import Key
from tests.report.attack_reader import BASE, NEW, Reader, T, begins

_OF_ALL = re.compile(r"(.+?), (.+ %) of the customers; (.+) since")
_COUNT = re.compile(r"(≈ )?[\d,]+|<10")
_NOTED = re.compile(r"((?:[≈≥] )?[\d,]+|<\d+|–) customers")
_SYSTEM = re.compile(
    "^(" + "|".join(re.escape(text) for key, text in T.words.items() if key.endswith(".short")) + "): "
)
_MEASURES = {"Profit so far": "profit", "Revenue so far": "revenue", "Coming profit": "value",
             "Coming revenue": "value", "Value, coming": "value", "Past, carried": "historic",
             "Future: narrow": "residual", "Sum: wide": "wide"}  # fmt: skip
_FLOW = re.compile(r"(.+?) ((?:≈ )?[\d,]+|<10)$")


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


def read_block(reader: Reader, block: Mapping[str, Any]) -> None:
    """Take every number of a block, its classes without the system that is written before their names."""
    if block["block"] == "table":
        seen.parted(reader, block)
    block, kind = _without_systems(block), block["block"]
    reader.later.append(lambda: seen.pictures(reader, block))
    if kind == "table":
        _table(reader, block)
    elif kind == "tiles":
        tables.tiles(reader, block)
    elif kind in ("kpis", "facts", "footer"):
        _facts(reader, block)


def _without_systems(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: _without_systems(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_without_systems(value) for value in part]
    return _SYSTEM.sub("", part) if isinstance(part, str) and not _SYSTEM.fullmatch(part) else part


def _table(reader: Reader, block: Mapping[str, Any]) -> None:
    labels = [column["label"] for column in block["columns"]]
    rows = [dict(zip(labels, row, strict=True)) for row in block["rows"]]
    if labels[0] == T("moves.before_now"):
        tables.matrix(reader, labels, rows)
    elif labels[0] == T("moves.column_direction"):
        tables.directions(reader, block["title"], labels, rows)
    elif labels[:2] == [T("moves.column_system"), T("moves.column_moved")]:
        reader.later.append(lambda: tables.by_system(reader, labels, rows))
    elif labels[1:3] == [T("playbook.stayed"), T("playbook.came_from")]:
        reader.later.append(lambda: _by_segment(reader, block["title"], labels, rows))
    elif labels[0] == T("moved.column_way"):
        reader.later.append(lambda: _since(reader, block["page"], rows))
    elif labels[0] == T("methods.column_who"):
        tables.overlap(reader, labels, rows)
    elif T("structure.column_share_before") in labels and T("structure.column_change") in labels:
        tables.structure(reader, labels, rows)
    elif rows and rows[0][labels[0]] == T("audit.move_new"):
        tables.two_periods(reader, labels, rows)
    elif T("cause.ageing") in labels and labels[0] == T("moves.column_segment"):
        tables.account(reader, labels, rows)
    elif (system := reader.system_of(block["title"], [row[labels[0]] for row in rows])) is not None:
        _classes(reader, system, labels, rows)
    _bare(reader, labels, rows)


def _bare(reader: Reader, labels: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    """Find counts under ten in plain sight."""
    for row in rows:
        text = row.get(T("groups.column_customers"), "0")
        if text.isdigit() and 0 < int(text) < 10:
            reader.told["plain", row[labels[0]]].add(text)


def _classes(reader: Reader, system: str, labels: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    reader.kinds.add("classes")
    column = [(("size", system, row[labels[0]], "now"), row.get(T("groups.column_customers"), "")) for row in rows]
    reader.tells((key, text) for key, text in column if "%" not in text)
    columns: dict[str, list[tuple[Key, Key, str]]] = defaultdict(list)
    parts: list[tuple[Key, str, list[str]]] = []
    shares = (T("groups.column_share"), T("value.column_customer_share"), T("chart.customers"))
    for row in rows:
        name = row[labels[0]]
        key = ("size", system, name, "now")
        for label, text in row.items():
            measure = next((m for start, m in _MEASURES.items() if label.startswith(start)), None)
            if label in shares or (label == T("groups.column_customers") and "%" in text):
                reader.shares.append((key, BASE, text, tuple(one[label] for one in rows)))
            elif label.startswith(begins("overview.column_change")):
                reader.change(system, name, text)
            elif measure == "value" and "%" in text:
                parts.append((("money", measure, system, name), text, [one[label] for one in rows]))
            elif measure:
                columns[measure].append((("money", measure, system, name), key, text))
    for column in columns.values():
        reader.moneys(column)
    for key, text, beside in parts:
        reader.part(key, ("money", "value"), text, beside)
    for label in (one for one in labels if one.startswith("Share of the coming")):
        for row in rows:
            key = ("money", "value", system, row[labels[0]])
            reader.part(key, ("money", "value"), row[label], [one[label] for one in rows])


def _facts(reader: Reader, block: Mapping[str, Any]) -> None:
    for item in block["items"]:
        label, text = (item["label"], item["value"]) if isinstance(item, dict) else item
        note = item["note"] if isinstance(item, dict) else ""
        if label == T("footer.money"):
            reader.money(("money", "revenue"), text)
        elif label == T("systems.kpi_customers") and text.replace(",", "").isdigit():
            reader.tell(BASE, text)
        elif isinstance(item, dict) and block["page"] == "value":
            totals = _MEASURES | {T("value.residual"): "residual"}
            for measure in {m for start, m in totals.items() if label.startswith(start)}:
                reader.money(("money", measure), text)
        elif label.startswith(begins("audit.active")) and " first time" in note:
            reader.tell(("period", "now"), text)
            reader.tell(("period", "new"), note.split(" of ")[0])
    if block["page"].startswith("playbook-"):
        _of_playbook(reader, block)


def _of_playbook(reader: Reader, block: Mapping[str, Any]) -> None:
    """Take the size of the segment of a playbook, its share, and its half that is drawn by chance."""
    key = ("size", reader.followed, _segment_of(block["page"], reader.systems[reader.followed]), "now")
    for label, text in block["items"]:
        seen.contacted(reader, key, label, text)
        if label == T("playbook.customers") and (found := _OF_ALL.match(text)):
            reader.tells([(key, found[1])] if found[1].isdigit() else [])
            reader.shares.append((key, BASE, found[2], ()))
            reader.change(reader.followed, key[2], found[3])


def _since(reader: Reader, page: str, rows: Sequence[Mapping[str, str]]) -> None:
    """Take who stayed, came and went of the segment of a playbook."""
    name, (way, other, count) = _segment_of(page, reader.systems[reader.followed]), rows[0].keys()
    reader.kinds.add("since")
    for row in rows:
        ends = (name, row[other]) if row[way] == T("playbook.went_to") else (row[other] or name, name)
        found = _COUNT.match(row[count])
        if found and all(end in (*reader.systems[reader.followed], NEW) for end in ends):
            reader.tell(("move", reader.followed, *ends), found[0], reader.step)


def _by_segment(reader: Reader, title: str, labels: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    """Take who stayed, came and went of every segment."""
    system = reader.system_of("", [row[labels[0]] for row in rows])
    if system != reader.followed:
        return
    reader.kinds.add("by_segment")
    for row in rows:
        name = row[labels[0]]
        reader.tell(("move", system, name, name), row[T("playbook.stayed")], reader.step)
        reader.tell(("move", system, NEW, name), row.get(NEW, "–"), reader.step)
        for label, place in (("came_from", 1), ("went_to", 0)):
            for part in re.split(r", |; ", row[T(f"playbook.{label}")]):
                if found := _FLOW.match(part):
                    ends = (found[1], name) if place else (name, found[1])
                    reader.tell(("move", system, *ends), found[2], reader.step)


def _segment_of(page: str, classes: Mapping[str, str]) -> str:
    identifier = page.removeprefix("playbook-").replace("-", "_")
    return next(name for name, own in classes.items() if own == identifier)


def _cohorts(reader: Reader, blocks: Sequence[Mapping[str, Any]]) -> None:
    """Take the cohorts, with the customers of the periods beside them."""
    periods = [found for block in blocks if block["block"] == "table" and (found := seen.series(block))]
    for block in blocks:
        if block["block"] == "tiles" and block["row_title"] == T("audit.column_cohort") and periods:
            seen.cohorts(reader, block, *periods[0])


def _manifest(reader: Reader, manifest: Mapping[str, Any]) -> None:
    """Take the sizes in the notes on playbooks, in the order of the definition."""
    classes = reader.systems[reader.followed]
    notes = {page["title"]: _NOTED.search(page.get("note", "")) for page in manifest["index"]["pages"]}
    told = [(name, notes[name]) for name in classes if notes.get(name)]
    reader.tells((("size", reader.followed, name, "now"), found[1]) for name, found in told if found)
    reader.kinds |= {"manifest"} if told else set()


def read(
    blocks: Iterable[Mapping[str, Any]], systems: Mapping[str, Mapping[str, str]], manifest: Mapping[str, Any]
) -> Reader:
    """Read all blocks of a run, and its manifest."""
    reader = Reader(systems)
    _manifest(reader, manifest)
    every = sorted(blocks, key=lambda one: one["block"] == "facts")
    for block in every:
        read_block(reader, block)
    _cohorts(reader, [block for block in every if block["page"] == "audit"])
    reader.close()
    return reader
