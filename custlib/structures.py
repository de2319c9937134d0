"""Makes ``customer_structure`` of a project: by the channels and products of its lines, its list, and its segments.

The periods are those that segments are compared over. An attribute with a birth date (``rules/structure.toml`` says by
which names it is known) makes age bands; of the segmentations the one that playbooks follow is taken.
"""

from dataclasses import replace

from custlib import rules
from custlib.asked import Tables
from custlib.audit import attributes, structure
from custlib.audit.attributes import Attribute, Periods
from custlib.segment import customer_segments, points


def periods_of(opened: Tables) -> Periods:
    """Take the days between the date compared with and as_of, and as many before."""
    return Periods(opened.project.as_of, opened.compared_with)


def attributes_of(opened: Tables) -> list[Attribute]:
    """List what the customers of a project can be told apart by."""
    engine, cut, listed = opened.need("transactions"), periods_of(opened), opened.project.customers
    found = [attributes.of_lines(name) for name in attributes.OF_LINES if name in opened.quality["columns"]]
    born = rules.load("structure")["birth_dates"]
    for name in listed.attributes if listed else ():
        if name in born:
            found.append(attributes.of_ages(engine.dialect, name, cut, form=listed.date_format if listed else None))
        else:
            found.append(attributes.of_customers(engine.dialect, name))
    found += _segments(opened, cut)
    return [_apart(one, found[:place]) for place, one in enumerate(found)]


def _apart(attribute: Attribute, others: list[Attribute]) -> Attribute:
    is_taken = attribute.name in {other.name for other in others}
    return replace(attribute, name=f"attribute_{attribute.name}") if is_taken else attribute


def _segments(opened: Tables, cut: Periods) -> list[Attribute]:
    name, group = opened.project.segments.playbook, opened.grouping
    if name not in group.pairs:
        return []
    then, now = group.pairs[name]
    last, first = points.at(cut.as_of).table, points.at(cut.middle).table
    sql = opened.need("segment_history").dialect
    group.open([points.at(day) for day in group.dates], [now.frozen, then.frozen])
    memory = group.memories.get(name)
    earlier = customer_segments.assigned(sql, then, first, memory=memory.earlier if memory else None)
    return [attributes.of_segments(name, customer_segments.assigned(sql, now, last, memory=memory), earlier)]


def make_structure(opened: Tables) -> None:
    """Make the table of structures of a project."""
    found = attributes_of(opened)
    engine = opened.need("transactions", "customer_attributes")
    structure.make_customer_structure(engine, structure.STRUCTURE, found, periods_of(opened))
