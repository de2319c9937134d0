"""Chooses the playbook of a project, and refuses one that does not fit it, before any table is made.

A playbook fits when it is for the segmentation or its map, has an entry for every segment, states money in no
currency or in that of the project, and is for no trade or for that of the project. Reads rules and options only.
"""

from custlib import rules
from custlib.customise.playbook_file import Playbook
from custlib.customise.playbooks import channels, read_playbook
from custlib.errors import UsageError, hint
from custlib.graph import value
from custlib.project import Project
from custlib.segment import registry

OFF = 'Name one that lies beside the project (playbook_file = "mine.toml"), or set playbook = "" for none.'


@value
def playbook(project: Project) -> Playbook | None:
    """The playbook of the project; None where playbooks are switched off."""
    return chosen(project)


def chosen(project: Project) -> Playbook | None:
    """Read the playbook of a project and check that it fits; None where playbooks are switched off.

    Raises
    ------
    UsageError
        If no playbook is known for the segmentation, or the one named does not fit.
    """
    settings = project.segments
    if not settings.playbook:
        return None
    if strange := sorted(set(settings.contact_costs) - set(channels())):
        raise UsageError(f"segments.contact_costs: {strange[0]} is no channel. {hint(strange[0], list(channels()))}")
    name = settings.playbook_file or default_file(settings.playbook, settings.options.get(settings.playbook, {}))
    book = read_playbook(name, project.folder)
    faults = [fault for fault in (_of_segments(project, book), _of_currency(project, book), _of_trade(project, book))
              if fault]  # fmt: skip
    if faults:
        raise UsageError("\n".join(f"segments.playbook_file: {name} {fault}" for fault in faults))
    return book


def default_file(segmentation: str, options: dict[str, object]) -> str:
    """Name the shipped playbook of a segmentation: that of its map, else that of its name.

    Examples
    --------
    >>> default_file("rfm", {}), default_file("value_cube", {})
    ('playbooks/rf25', 'playbooks/value8')
    >>> default_file("rfm125", {})
    Traceback (most recent call last):
    custlib.errors.UsageError: segments.playbook: rfm125 has 125 segments, too many to plan for: take ...
    """
    named, ids = registry.classes(segmentation, options)
    if not named and ids:
        raise UsageError(
            f"segments.playbook: {segmentation} has {len(ids)} segments, too many to plan for: take rfm, with the map "
            f'rf25 or rfm11 ([segments.options.rfm] map = "rfm11"). {OFF}'
        )
    if named not in rules.names("playbooks"):
        what = f"{named}, which {segmentation} is made by," if named and named != segmentation else segmentation
        raise UsageError(f"segments.playbook: {what} has no shipped playbook. {OFF}")
    return f"playbooks/{named}"


def _of_segments(project: Project, book: Playbook) -> str:
    """Say what is wrong with a playbook for the segmentation of the project."""
    name, head = project.segments.playbook, book.playbook
    named, ids = registry.classes(name, project.segments.options.get(name, {}))
    own = head.segmentation
    if own not in ("", name):
        return f'is for {own}, not for {name}. Name a playbook for {name}, or set playbook = "{own}".'
    if head.map and named and head.map != named:
        return f"is for the map {head.map}, not for {named}. Name a playbook for {named}, or leave playbook_file out."
    missing = [one for one in ids if not book.has(one)]
    if missing:
        return f"has no entry for {', '.join(missing)} of {name}. Write one for each, or same_as."
    return ""


def _of_currency(project: Project, book: Playbook) -> str:
    own = book.playbook.currency
    if own in ("", project.currency):
        return ""
    return (
        f"states its costs in {own}, and the project is in {project.currency}: one is not the other. Restate them in a "
        "playbook of your own, or leave playbook_file out for one that states none."
    )


def _of_trade(project: Project, book: Playbook) -> str:
    own = book.playbook.trade
    if own in ("", project.trade):
        return ""
    there = f"is {project.trade}" if project.trade else "is not stated"
    return (
        f'is written for the trade {own}, and that of the project {there}. Set trade = "{own}" if that is yours, or '
        "leave playbook_file out for one that names no product."
    )
