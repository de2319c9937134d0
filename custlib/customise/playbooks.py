"""Reads playbooks: what to do for each segment, by whom, until when, at what cost, and how it is proved.

A playbook is one TOML file (``rules/playbooks`` or the user's own). Unknown keys are errors; owner, due date and
measurement window are required. What all segments share stands once, under ``[default]``; a segment may take the
entry of another with ``same_as``, and change single keys of it. ``playbook_file`` has the schema.

A playbook without a currency states no money: its offers are shares of the segment's usual purchase, its contacts
cost what ``rules/contact_costs.toml`` or the project says. Texts may hold ``{product}``, ``{currency}``, ``{offer}``,
``{target}`` and ``{whom}``, which pages fill from the data.
"""

from functools import cache
from pathlib import Path
from typing import Any

from custlib import rules
from custlib.customise.playbook_file import Playbook
from custlib.errors import UsageError, hint
from custlib.project import validated


def read_playbook(name: str, folder: Path = Path()) -> Playbook:
    """Read and check a playbook.

    Examples
    --------
    >>> read_playbook("playbooks/rf25").play("champions").objective
    'retain'
    """
    content = rules.read(folder / name) if name.endswith(".toml") else rules.load(name)
    return validated(Playbook, _whole(content, name), f"playbook {name}")


def _whole(content: dict[str, Any], name: str) -> dict[str, Any]:
    """Fill in what segments share, and the entries that they take from others."""
    segments = content.get("segment")
    if not isinstance(segments, list):
        return content
    shared, head = content.get("default", {}), content.get("playbook", {})
    entries = [_filled(entry, segments, name) for entry in segments if isinstance(entry, dict)]
    own = str(head.get("id", "")) if isinstance(head, dict) else ""
    rest = {key: value for key, value in content.items() if key != "default"}
    return rest | {"segment": [_with_defaults(entry, shared, own) for entry in entries]}


def _with_defaults(entry: dict[str, Any], shared: dict[str, Any], playbook: str) -> dict[str, Any]:
    whole = shared | entry
    if isinstance(holdout := whole.get("holdout"), dict):
        whole["holdout"] = {"seed": f"{playbook}-{entry.get('id', '')}".replace("_", "-")} | holdout
    return whole


def _filled(entry: dict[str, Any], segments: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """Take the entry of another segment, of this file or of a shipped playbook (``same_as = "value8/gold"``)."""
    if "same_as" not in entry:
        return entry
    other = str(entry["same_as"])
    book, _, segment = other.rpartition("/")
    known = {one["id"]: one for one in (rules.load(f"playbooks/{book}")["segment"] if book else segments)}
    if segment not in known or "same_as" in known[segment]:
        fault = (
            "takes its entry from another itself"
            if segment in known
            else f"is no segment. {hint(segment, list(known))}"
        )
        raise UsageError(f"playbook {name}: segment {entry.get('id')}: same_as: {other} {fault}")
    return known[segment] | {key: value for key, value in entry.items() if key != "same_as"}


def channels() -> dict[str, dict[str, str]]:
    """Names of the channels by id, in each language."""
    return _of_channels("name")


def channel_acts() -> dict[str, dict[str, str]]:
    """What is done by each channel in a few words, in each language, with a place for ``{whom}``."""
    return _of_channels("act")


@cache
def _of_channels(key: str) -> dict[str, dict[str, str]]:
    return {entry["id"]: entry[key] for entry in rules.load("channels")["channel"]}
