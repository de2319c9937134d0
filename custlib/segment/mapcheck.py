"""Checks a file of rules that put customers into segments, for the command ``custlib map check``.

Reads a grid map (``[map]``) or ordered rules (``[tiers]``): shipped ones by name, a user's own by path.
"""

from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

from custlib import rules
from custlib.errors import UsageError, hint
from custlib.segment import maps
from custlib.segment.mapfile import Level

FOLDERS = {"map": "maps", "tiers": "tiers"}


def check(given: str) -> tuple[list[str], list[str]]:
    """Say what a file of rules does with every cell, or with every rule.

    Examples
    --------
    >>> lines, faults = check("value4")
    >>> lines[0], faults
    ('map value4: current (low, high) x potential (low, high), 4 cells', [])
    """
    table, name = find(given)
    kinds = [kind for kind in FOLDERS if kind in table]
    if len(kinds) != 1:
        raise UsageError(f"{given}: must have one of the tables [map] and [tiers], and has {len(kinds)} of them.")
    return _grid(table, name) if kinds == ["map"] else _ordered(name)


def find(given: str) -> tuple[dict[str, Any], str]:
    """Read a file by its path or by the name of a shipped one."""
    if given.endswith(".toml") or Path(given).is_file():
        return rules.read(Path(given)), given
    shipped = {name: folder for folder in FOLDERS.values() for name in _names(folder)}
    if given not in shipped:
        raise UsageError(f"{given}: no such file, and no such map. {hint(given, list(shipped))}")
    return rules.load(f"{shipped[given]}/{given}"), given


def _names(folder: str) -> list[str]:
    return rules.names(folder) if files("custlib.rules").joinpath(folder).is_dir() else []


def _grid(table: dict[str, Any], name: str) -> tuple[list[str], list[str]]:
    proof = maps.prove(table, name)
    axes = " x ".join(f"{axis} ({_levels(levels)})" for axis, levels in proof.axes.items())
    width = max(len(segment) for segment in proof.cells)
    lines = [f"map {name}: {axes}, {proof.size} cells"]
    lines += [f"  {segment:<{width}}  {len(own):>5}" for segment, own in proof.cells.items()]
    lines += [f"holes: {proof.said(proof.holes) if proof.holes else 'none'}"]
    lines += [f"overlaps: {line}" for line in (*proof.undecided, *proof.decided)] or ["overlaps: none"]
    lines += [f"never reached: {', '.join(proof.unreachable) or 'none'}"]
    faults = list(proof.faults)
    if proof.unreachable:
        faults.append(f"{', '.join(proof.unreachable)}: no cell has this name")
    return lines, [f"map {name}: {'; '.join(faults)}. Give each cell one name, and each name a cell."] if faults else []


def _levels(levels: tuple[Level, ...]) -> str:
    return ", ".join(map(str, levels)) if isinstance(levels[0], str) else f"{levels[0]} to {levels[-1]}"


def _ordered(name: str) -> tuple[list[str], list[str]]:
    tiers = import_module("custlib.segment.tiers")
    lines, faults = tiers.check(name)
    return list(lines), list(faults)
