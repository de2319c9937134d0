"""Write docs/reference.md from the schemas of everything that can be set: ``make reference``.

Types and defaults are those of the schemas, meanings are the Attributes of their docstrings, and examples come from the
files in ``scripts/reference_examples``, which a test loads.
"""

import argparse
import datetime as dt
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from custlib import cli, rules
from custlib.customise import playbook_file
from custlib.project import Project, Segments, Value
from custlib.segment import ahp_value, clusters, definitions, pyramid, rfm, tiers, value_grid
from custlib.segment.rule_files import ahp_file, grid_file, tier_schema
from custlib.side_source import Customers, Invoices
from custlib.source import CurrencyRate, Source

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference.md"
EXAMPLES = Path(__file__).with_name("reference_examples")
HEAD = Path(__file__).with_name("reference_head.md")
UNITS = {
    "days": "days", "hours": "hours", "30d": "contacts", "rate": "per year", "share": "share", "shares": "shares",
    "margin": "share", "margins": "share", "serve": "currency", "amount": "currency", "hysteresis": "share",
    "replay": "snapshots", "periods": "periods", "k": "clusters", "face": "currency", "cost": "currency",
    "fixed": "currency", "contact": "currency", "abs": "share", "sd": "share", "alpha": "probability",
    "power": "probability", "control": "customers", "bands": "years",
    "costs": "currency", "contacts": "contacts", "priority": "rank", "plus": "measure", "least": "measure",
}  # fmt: skip
_UNITS_HERE = {
    ("CurrencyRate", "rate"): "project currency",
    ("Source", "currency_rates"): "project currency",
    ("CubeOptions", "rate"): "per period",
    ("Source", "max_unreadable"): "share",
    ("Source", "skip_rows"): "lines",
}
_LONGEST = 60
_SET_BY_PLACE = {"segmentation", "folder"}


@dataclass(frozen=True)
class Section:
    """A table of keys: its title, the schema, the file that exemplifies it and where it stands in there."""

    title: str
    model: type[BaseModel]
    file: str
    place: tuple[str, ...] = ()
    note: str = ""
    left_out: frozenset[str] = field(default_factory=frozenset)


_OF_SOURCE = frozenset(Source.model_fields) - {"columns"}
_OPTIONS = ("segments", "options")
SECTIONS = (
    Section("A project", Project, "project", note="A TOML file. It also has `[source]`, or several `[[sources]]`.",
            left_out=frozenset({"source"})),
    Section("`[source]`, `[[sources]]`", Source, "project", ("sources",),
            "A project has one `[source]`, or several `[[sources]]`. The keys are also those of `--options` (but for "
            "`path` and `package`) and of `custlib.open`."),
    Section("`currency_rates` with days", CurrencyRate, "project", ("sources", "currency_rates"),
            "A table of rates by currency, or a list of tables with:"),
    Section("`[customers]`", Customers, "project", ("customers",),
            "Beside these, the keys of `[source]` that say where it is and how it is written.", _OF_SOURCE),
    Section("`[invoices]`", Invoices, "project", ("invoices",),
            "Beside these, the keys of `[source]` that say where it is and how it is written.", _OF_SOURCE),
    Section("`[segments]`", Segments, "project", ("segments",)),
    Section("`[value]`", Value, "project", ("value",)),
    Section("`[segments.options.rfm]`", rfm.Options, "project", (*_OPTIONS, "rfm"),
            "Also of `rfm125`, `rfa`, `rfm_airline` and `rfm_product`; `custlib/rules/rfm.toml` has their defaults."),
    Section("`[segments.options.abc]`", pyramid.Options, "project", (*_OPTIONS, "abc"), "Also of `pyramid`."),
    Section("`[segments.options.clusters]`", clusters.Options, "project", (*_OPTIONS, "clusters")),
    Section("`[segments.options.value_matrix]`", value_grid.MatrixOptions, "project", (*_OPTIONS, "value_matrix"),
            "Defaults: `custlib/rules/value_matrix.toml`."),
    Section("`[segments.options.value_cube]`", value_grid.CubeOptions, "project", (*_OPTIONS, "value_cube"),
            "Defaults: `custlib/rules/value_cube.toml`."),
    Section("`[segments.options.bank5]`", tiers.Options, "project", (*_OPTIONS, "bank5"),
            "Also of `loyalty_value7`, `value_types`, `credit`, `lifecycle` and `need_level`. The options of each "
            "shipped file are in [a table below](#options-of-shipped-rules)."),
    Section("`[segments.options.ahp]`", ahp_value.Options, "project", (*_OPTIONS, "ahp")),
    Section("Map files", grid_file.MapFile, "map",
            note="A map names every cell of its axes; `custlib map check` proves it."),
    Section("Map files: `[map]`", grid_file.Head, "map", ("map",)),
    Section("Map files: `[[segment]]`", grid_file.Entry, "map", ("segment",)),
    Section("Texts: `name`, `strategy` and so on", definitions.Words, "map", ("segment", "name"),
            "A text in one language serves for both."),
    Section("Files of scores", rfm.ScoreTable, "scores", note="What is scored in RFM, and fixed cuts."),
    Section("Files of scores: `[measure]`", rfm.Measure, "scores", ("measure",), "A measure, or a table with:"),
    Section("Files of ordered rules", tier_schema.TierFile, "rules",
            note="The first rule that matches wins; `custlib map check` proves it."),
    Section("Files of ordered rules: `[tiers]`", tier_schema.Head, "rules", ("tiers",)),
    Section("Files of ordered rules: `[[segment]]`", tier_schema.Segment, "rules", ("segment",)),
    Section("Files of ordered rules: `expects`", tier_schema.Expects, "rules", ("segment", "expects")),
    Section("Files of ordered rules: `any`", tier_schema.Conditions, "rules", ("segment", "any")),
    Section("Files of ordered rules: a condition", tier_schema.Condition, "rules", ("segment", "any", "all")),
    Section("Files of ordered rules: a threshold", tier_schema.Threshold, "rules",
            ("segment", "any", "all", "*"), "A number, the name of an option, or a table with:"),
    Section("Hierarchies of judgements", ahp_file.HierarchyFile, "hierarchy"),
    Section("Hierarchies: `[hierarchy]`", ahp_file.Hierarchy, "hierarchy", ("hierarchy",)),
    Section("Hierarchies: `[[criterion]]`", ahp_file.Criterion, "hierarchy", ("criterion",)),
    Section("Hierarchies: `[[indicator]]`", ahp_file.Indicator, "hierarchy", ("indicator",)),
    Section("Hierarchies: `[[class]]`", ahp_file.Class, "hierarchy", ("class",)),
    Section("Playbook files", playbook_file.Playbook, "playbook"),
    Section("Playbook files: `[playbook]`", playbook_file.Head, "playbook", ("playbook",)),
    Section("Playbook files: `[[segment]]`", playbook_file.SegmentPlay, "playbook", ("segment",)),
    Section("Playbook files: `[[segment.action]]`", playbook_file.Action, "playbook", ("segment", "action")),
    Section("Playbook files: `offer`", playbook_file.Offer, "playbook", ("segment", "action", "offer")),
    Section("Playbook files: `cost`", playbook_file.Cost, "playbook", ("segment", "action", "cost")),
    Section("Playbook files: `effect`", playbook_file.Effect, "playbook", ("segment", "action", "effect")),
    Section("Playbook files: `eligible`", playbook_file.Eligible, "playbook", ("segment", "action", "eligible")),
    Section("Playbook files: `[segment.holdout]`", playbook_file.Holdout, "playbook", ("segment", "holdout")),
    Section("Playbook files: `[segment.export]`", playbook_file.Export, "playbook", ("segment", "export")),
    Section("Playbook files: texts", playbook_file.Words, "playbook", ("segment", "goal"),
            "Both languages are needed."),
)  # fmt: skip


def reference_page() -> str:
    """The text of docs/reference.md."""
    parts = [HEAD.read_text(encoding="utf-8"), *map(_section, SECTIONS), _shipped_options(), _commands()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).rstrip() + "\n"


def _section(section: Section) -> str:
    rows = [
        (f"`{key}`", kind_of(info.annotation, info), default_of(section.model, key, info),
         unit_of(section.model, key, info), meaning_of(section.model, key), shown(example_of(section, key)))
        for key, info in keys_of(section)
    ]  # fmt: skip
    table = _table(("key", "type", "default", "unit", "meaning", "example"), rows)
    return f"\n## {section.title}\n\n{section.note}\n\n{table}"


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in lines)


def keys_of(section: Section) -> Iterator[tuple[str, FieldInfo]]:
    """The keys of a section as they are written in a file, with their fields."""
    for name, info in section.model.model_fields.items():
        if name not in _SET_BY_PLACE and name not in section.left_out:
            yield info.alias or name, info


def meaning_of(model: type[BaseModel], key: str) -> str:
    """What a key means, from the docstring of its schema or of those it inherits from; empty where none says."""
    names = [key, *(name for name, info in model.model_fields.items() if info.alias == key)]
    for owner in model.__mro__:
        meanings = _attributes(owner.__doc__ or "")
        if meaning := next((meanings[name] for name in names if meanings.get(name)), ""):
            return meaning
    return ""


def _attributes(docstring: str) -> dict[str, str]:
    section = re.search(r"Attributes\n\s*-{3,}\n(.*?)(?:\n\s*\n|\Z)", docstring, re.DOTALL)
    meanings: dict[str, str] = {}
    names: list[str] = []
    for line in section[1].splitlines() if section else ():
        depth = len(line) - len(line.lstrip())
        if depth == 4:
            names = line.strip().partition(" : ")[0].split(", ")
            meanings |= dict.fromkeys(names, "")
        elif line.strip():
            meanings |= {name: f"{meanings[name]} {_marks(line.strip())}".strip() for name in names}
    return meanings


def _marks(text: str) -> str:
    return re.sub(r":\w+:`([^`]*)`", r"`\1`", text).replace("``", "`")


def kind_of(annotation: Any, info: FieldInfo | None = None) -> str:
    """The type of a key in words, with its bounds."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return kind_of(inner[0]) + _bounds(inner[1:])
    if origin in (Union, UnionType):
        words = " or ".join(dict.fromkeys(kind_of(one) for one in inner if one is not NoneType))
    elif origin is Literal:
        words = ", ".join(f"`{json.dumps(one)}`" for one in inner)
    elif origin in (list, tuple):
        words = f"list of {kind_of(inner[0])}" if inner else "list"
    elif origin is dict:
        words = f"table: {kind_of(inner[1])}"
    else:
        words = _name(annotation)
    return words + (_bounds(info.metadata) if info else "")


def _name(annotation: Any) -> str:
    plain = {str: "text", int: "whole number", float: "number", bool: "true or false", dt.date: "date", Any: "any"}
    return plain.get(annotation, "table")


def _bounds(metadata: Any) -> str:
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "min_length": "length ≥", "max_length": "length ≤"}
    inner = [one for entry in metadata for one in getattr(entry, "metadata", [entry])]
    bounds = [
        f"{sign} {getattr(one, name):g}" for one in inner for name, sign in signs.items()
        if getattr(one, name, None) is not None
    ]  # fmt: skip
    return f", {', '.join(bounds)}" if bounds else ""


def default_of(model: type[BaseModel], key: str, info: FieldInfo) -> str:
    """The default of a key, also where a rule file has it; a word where it is required, a dash where there is none."""
    value = info.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        value = _filled(model).get(key, PydanticUndefined)
    if value is PydanticUndefined:
        return "required"
    if value is None or value in ((), {}, "") or isinstance(value, BaseModel):
        return "–"
    return shown(list(value) if isinstance(value, tuple) else value)


def _filled(model: type[BaseModel]) -> dict[str, Any]:
    """The defaults that a schema takes from a rule file."""
    try:
        filled = model()
    except (ValidationError, TypeError):
        return {}
    return {name: getattr(filled, name) for name in model.model_fields}


def unit_of(model: type[BaseModel], key: str, info: FieldInfo) -> str:
    """The unit of a number, by the last word of its key; a dash for what has none."""
    if (model.__name__, key) in _UNITS_HERE:
        return _UNITS_HERE[model.__name__, key]
    words = kind_of(info.annotation)
    return UNITS.get(key.rpartition("_")[2], "–") if "number" in words or "list of text" in words else "–"


def documents(name: str) -> dict[str, Any]:
    """The example file of a name."""
    return tomllib.loads((EXAMPLES / f"{name}.toml").read_text(encoding="utf-8"))


def example_of(section: Section, key: str) -> Any:
    """The first value that the example file has for a key; None where it has none."""
    tables = [documents(section.file)]
    for step in section.place:
        tables = [inner for table in tables for inner in _inner(table, step)]
    return next((table[key] for table in tables if key in table), None)


def _inner(table: Mapping[str, Any], step: str) -> list[dict[str, Any]]:
    values = list(table.values()) if step == "*" else [table.get(step)]
    if step == "measure":
        values = [one for value in values if isinstance(value, dict) for one in value.values()]
    listed = [one for value in values for one in (value if isinstance(value, list) else [value])]
    return [one for one in listed if isinstance(one, dict)]


def shown(value: Any) -> str:
    """A value as TOML has it, cut where it is long; empty for None."""
    text = "" if value is None else _toml(value)
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 2]} …"
    return f"`{text}`" if text else "–"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml(one)}" for name, one in value.items()) + " }"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else f"{value}"


def _shipped_options() -> str:
    """The options that each shipped file of ordered rules declares, with their defaults and the words beside them."""
    rows = []
    for name in rules.names("tiers"):
        text = (Path(rules.__file__).parent / "tiers" / f"{name}.toml").read_text(encoding="utf-8")
        for option, value in rules.load(f"tiers/{name}")["tiers"].get("options", {}).items():
            beside = re.search(rf"^{option} = [^#\n]*#\s*(.*)$", text, re.MULTILINE)
            rows.append((f"`{name}`", f"`{option}`", shown(value), beside[1] if beside else ""))
    return "\n## Options of shipped rules\n\n" + _table(("segmentation", "key", "default", "meaning"), rows)


def _commands() -> str:
    """Every command with its arguments, from the parser."""
    parts = ["\n## Commands\n"]
    for name, parser in _parsers(cli.parser(), "custlib"):
        rows = [
            (f"`{' '.join(action.option_strings) or action.metavar or action.dest}`", action.help or "")
            for action in parser._actions
            if not isinstance(action, argparse._HelpAction | argparse._SubParsersAction)
        ]
        parts.append(f"\n### `{name}`\n\n" + _table(("argument", "meaning"), rows) if rows else "")
    return "\n".join(parts)


def _parsers(parser: argparse.ArgumentParser, name: str) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    yield name, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner, one in action.choices.items():
                yield from _parsers(one, f"{name} {inner}")


def main() -> None:
    """Rewrite docs/reference.md."""
    PAGE.write_text(reference_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
