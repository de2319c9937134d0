"""Shows where the customers of each segment came from and went to, with the main cause."""

import re
from collections.abc import Mapping

import pandas as pd

from custlib.move import ledger
from custlib.move.observed import STAY, main_cause
from custlib.move.paths import NOBODY, WHOLE
from custlib.report.blocks import Table
from custlib.report.formats import MISSING, share
from custlib.report.page_limits import limit
from custlib.report.pages.moves_page import Moves
from custlib.report.privacy import crossed, is_small, part_of
from custlib.report.texts import Texts


def by_segment(moves: Moves, flows: pd.DataFrame) -> Table:
    """Show who stayed in, came to and went from each segment, with the main cause; as precisely as the matrix.

    Parameters
    ----------
    flows : pandas.DataFrame
        Moves as returned by :func:`custlib.move.observed.observed`.
    """
    t, shown = moves.view.t, [segment for segment in moves.definition.ids if segment in moves.ids]
    names = {segment: moves.name(segment) for segment in moves.ids}
    counted = ledger.matrix(flows.assign(cause=WHOLE), moves.definition.ids)
    written = pd.DataFrame(crossed(counted.to_numpy().tolist(), t.language), counted.index, counted.columns)
    facts = {s: _changes(t, flows, s, (counted, written), names) for s in shown}
    kinds = dict.fromkeys(kind for items in facts.values() for kind in items)
    rows = [[names[s], *(facts[s].get(kind, "0") for kind in kinds)] for s in shown]
    labels = {"name": t("moves.column_segment")} | {kind: kind for kind in kinds}
    return Table.of(pd.DataFrame(rows, columns=list(labels)), title=_stayed(moves), labels=labels, header="name",
                    caption=t("moves.by_segment_caption", day=moves.day, today=moves.today),
                    language=t.language)  # fmt: skip


def _stayed(moves: Moves) -> str:
    """State the share of the customers known at both dates who stayed, unless it tells a small count."""
    t, counted = moves.view.t, ledger.changed(moves.frame)
    stayed = counted["known"] - counted["customers"]
    part = part_of(stayed, counted["known"], moves.step)
    if part is None or is_small(counted["customers"]):
        return t("moves.by_segment_plain", day=moves.day)
    return t("moves.by_segment", share=share(part, t.language))


def _changes(
    t: Texts, flows: pd.DataFrame, segment: str, matrix: tuple[pd.DataFrame, pd.DataFrame], names: Mapping[str, str]
) -> dict[str, str]:
    """Show who stayed, came, went and is new since a date, with the main cause; as precisely as the transition matrix.

    Parameters
    ----------
    flows : pandas.DataFrame
        Moves as returned by :func:`custlib.move.observed.observed`.
    matrix : pair of pandas.DataFrame
        The transition matrix of customers, as numbers and as it is written.
    names : mapping of str to str
        Names of the segments of both dates.
    """
    sizes, texts = (table.to_dict("index") for table in matrix)
    elsewhere = [str(s) for s in texts if s not in (segment, NOBODY)]
    came = {names.get(s, s): (sizes[s][segment], texts[s][segment]) for s in elsewhere}
    went = {names.get(s, s): (sizes[segment][s], texts[segment][s]) for s in elsewhere}
    known = flows[(flows["from_segment"] != NOBODY) & (flows["to_segment"] != NOBODY) & (flows["cause"] != STAY)]
    items = [
        (t("playbook.stayed"), texts[segment][segment]),
        (t("playbook.came_from"), _with_reason(t, _ends(t, came), known[known["to_segment"] == segment])),
        (t("playbook.went_to"), _with_reason(t, _ends(t, went), known[known["from_segment"] == segment])),
        (t("moves.new"), texts[NOBODY][segment]),
    ]
    if sizes[segment][NOBODY]:
        items.append((t("moves.gone"), texts[segment][NOBODY]))
    return dict(items)


def _ends(t: Texts, flows: Mapping[str, tuple[int, str]]) -> str:
    """List the largest flows of (count, text) by segment; counts under ten are told together and without a number."""
    some = {name: text for name, (count, text) in flows.items() if count}
    large = [name for name, text in some.items() if not is_small(flows[name][0]) and text != MISSING]
    if not large:
        return t("moves.ends_few_each" if some else "moves.ends_nobody")
    # Sorted as the counts are shown, so that the order tells no more than they do.
    first = sorted(large, key=lambda name: -int(re.sub(r"\D", "", some[name])))[: limit("finding", "listed_flows")]
    listed = t("join.comma").join(t("moves.ends_flow", name=name, count=some[name]) for name in first)
    return listed if len(first) == len(some) else t("moves.ends_and_others", flows=listed)


def _with_reason(t: Texts, ends: str, moved: pd.DataFrame) -> str:
    """Add the main cause of moves, unless they are too few to tell."""
    if moved.empty or is_small(moved["customers"].sum()):
        return ends
    cause = main_cause(moved)
    reason = t(f"playbook.because_{cause}") if cause else t("moves.ends_several_reasons")
    if cause and moved["cause"].nunique() > 1:
        reason = t("moves.ends_mostly", reason=reason)
    return t("join.semicolon").join([ends, reason])
