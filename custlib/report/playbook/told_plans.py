"""Makes the plans that pages show: of the customers of each segment as told.

A cost is the price of a contact times the customers contacted, and what a control group proves depends on its size, so
that either would give away a count that is told only about.
"""

from dataclasses import replace

from custlib.customise.plans import ContactCosts, SegmentPlan, segment_plan
from custlib.engine.base import Engine
from custlib.errors import ByName
from custlib.graph import value
from custlib.project import Project
from custlib.report.page_limits import limit
from custlib.report.privacy import is_small, shown_counts
from custlib.segment.definitions import Definition


@value
def told_plans(
    engine: Engine,
    project: Project,
    definitions: dict[str, Definition],
    segment_plans: dict[str, SegmentPlan],
    customer_segments: str,
) -> dict[str, SegmentPlan]:
    """The plan of every segment with an entry in the playbook, for its customers as the pages tell them."""
    del customer_segments
    if not segment_plans:
        return {}
    name = project.segments.playbook
    rows = engine.fetch(
        "select segment, count(*) as customers from customer_segments where segmentation = :name group by segment",
        name=name,
    )
    sizes = rows.set_index("segment")["customers"].reindex(definitions[name].ids, fill_value=0)
    counts = dict(zip(sizes.index, shown_counts(sizes.tolist()), strict=True))
    return ByName("segment", {one: as_told(planned, counts[one]) for one, planned in segment_plans.items()})


def as_told(planned: SegmentPlan, customers: float | None) -> SegmentPlan:
    """Make the plan anew for as many customers as are told; for the fewest where no number is, but for a small segment.

    A segment under ten keeps its plan, of which no number is shown.
    """
    own = planned.plan
    if customers == own.customers or is_small(own.customers):
        return planned
    count = limit("privacy", "smallest_count") if customers is None else round(customers)
    again = segment_plan(
        planned.play, customers=count, base_rate=own.base_rate, spend=own.spend, purchase=planned.purchase,
        contacts=ContactCosts({}, "table"),
    )  # fmt: skip
    return replace(again, contact_source=planned.contact_source, stated=planned.stated)  # the entry is priced already
