"""Looks at all lines together, once each of them was held against the contract: what is odd is said."""

from collections.abc import Sequence
from typing import Any

from custlib.engine.base import Engine
from custlib.identify.orders import said_of_orders
from custlib.identify.overlap import said_of_overlap
from custlib.identify.plausibility import said_of_all
from custlib.identify.reading.inputs import Input
from custlib.identify.store import Kept
from custlib.identify.unreadable import said_of_unreadable
from custlib.project import Project


def look_together(
    engine: Engine, project: Project, inputs: Sequence[Input], entries: Sequence[Kept], quality: dict[str, Any]
) -> dict[str, Any]:
    """Give what the quality record keeps of all lines together: counts, ``cautions`` {code: sentence} and ``warnings``.

    Raises TableError if too many amounts cannot be read.
    """
    remarks = (
        said_of_unreadable(engine, inputs, entries, quality)
        + said_of_orders(engine, project, quality)
        + said_of_overlap(engine, project, entries, quality)
        + said_of_all(engine, quality)
    )
    warnings = [*quality["warnings"], *remarks.warnings, *remarks.cautions.values()]
    return remarks.record | {"cautions": remarks.cautions, "warnings": warnings}
