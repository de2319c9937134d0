"""Blocks on moves between segments: observed flows with their causes, then counterfactual steps by cause."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from custlib.move import ledger
from custlib.move.observed import STAY, main_cause, pairs_of
from custlib.move.paths import CAUSES, NOBODY, WHOLE
from custlib.report import charts
from custlib.report.blocks import Bullets, Callout, Figure, Table, Text
from custlib.report.formats import MISSING, day, money, number, share
from custlib.report.page_limits import limit
from custlib.report.pages.systems import View
from custlib.report.privacy import (
    STEPS,
    UNTOLD,
    amounts,
    coarser,
    counts,
    crossed,
    is_small,
    net,
    part_of,
    rounded,
    step_across,
    step_for,
    to_step,
)
from custlib.segment.definitions import Definition

OTHER = "other"


@dataclass(frozen=True)
class Moves:
    """The moves of one segmentation between two dates.

    Attributes
    ----------
    frame : pandas.DataFrame
        Moves as returned by :func:`custlib.move.ledger.moves`.
    since : datetime.date
        The earlier date.
    earlier : Definition, optional
        The definition at the earlier date, which names segments that no longer exist.
    """

    view: View
    definition: Definition
    frame: pd.DataFrame
    since: dt.date
    earlier: Definition | None = None

    @property
    def ids(self) -> list[str]:
        """Segments with customers at either date, the most valuable first."""
        whole = self.frame[self.frame["cause"] == WHOLE]
        used = {*whole["from_segment"], *whole["to_segment"]}
        known = self.definition.ids + (self.earlier.ids if self.earlier else ())
        return [segment for segment in dict.fromkeys([*known, *sorted(used - {NOBODY})]) if segment in used]

    @property
    def known(self) -> float:
        """Customers known at both dates."""
        return float(ledger.known_at_both(self.frame)["customers"].sum())

    @property
    def step(self) -> int:
        """The step to which counts of the transition matrix, and sums of them, are told."""
        return step_across(ledger.matrix(self.frame, self.ids).to_numpy().tolist())

    def name(self, segment: str) -> str:
        """Return the name of a segment, of new or gone customers, or of all other segments."""
        if segment in self.definition.ids:
            return self.view.class_name(self.definition.segmentation, segment)
        if segment in (NOBODY, OTHER):
            return self.view.t(f"moves.{segment}")
        is_named = self.earlier is not None and segment in self.earlier.ids
        return self.earlier.name(segment, self.view.t.language) if self.earlier and is_named else segment

    @property
    def day(self) -> str:
        """The earlier date as text."""
        return day(self.since, self.view.t.language)

    @property
    def today(self) -> str:
        """The later date as text."""
        return day(self.view.project.as_of, self.view.t.language)


def account(moves: Moves) -> Table:
    """Show customers before, net change by cause, and customers now of each segment."""
    t, frame = moves.view.t, ledger.ledger(moves.frame, moves.ids)
    causes = _used(frame, "customers")
    rows = {"name": [moves.name(s) for s in frame.index]}
    # Exact counts before would give exact changes, and rows of the matrix that are known better than to the ten.
    step = coarser(step_for(frame["customers_before"].tolist()), STEPS[0])
    rows["before"] = [to_step(n, t.language, step) for n in frame["customers_before"]]
    for cause in causes:
        rows[cause] = [net(n, step) for n in frame[f"customers_{cause}"]]
    rows["after"] = counts(frame["customers_after"].tolist(), t.language)
    labels = {"name": t("moves.column_segment"), "before": moves.day, "after": moves.today}
    labels |= {cause: t(f"cause.{cause}") for cause in causes}
    title = _gained(moves, frame["customers_after"] - frame["customers_before"])
    return Table.of(pd.DataFrame(rows), title=title, labels=labels, header="name", language=t.language,
                    caption=t("moves.account_caption"), note=t("moves.account_note"))  # fmt: skip


def _gained(moves: Moves, change: "pd.Series[float]") -> str:
    """Name the segments with the largest gain and the largest loss, each unless it is small."""
    t, smallest = moves.view.t, limit("privacy", "smallest_count")
    gained, lost = change[change >= smallest], change[change <= -smallest]
    most = {"most": moves.name(str(gained.idxmax())), "gained": _size(gained.max())} if len(gained) else {}
    least = {"least": moves.name(str(lost.idxmin())), "lost": _size(-lost.min())} if len(lost) else {}
    kind = "account" if most and least else "account_grew" if most else "account_shrank" if least else "account_plain"
    return t(f"moves.{kind}", day=moves.day, **most, **least)


def _size(change: float) -> str:
    return f"{round(change, -1):,.0f}"


def _used(frame: pd.DataFrame, kind: str) -> list[str]:
    """List the causes of any change; ageing and purchases are always included."""
    return [c for c in CAUSES if c in ("ageing", "purchases") or frame[f"{kind}_{c}"].abs().sum() > 0]


def account_of_money(moves: Moves) -> Table | None:
    """Show the ledger in money: moved with customers, and gained by those who stayed; None without money."""
    if not moves.view.has_money:
        return None
    view, t, frame = moves.view, moves.view.t, ledger.ledger(moves.frame, moves.ids)
    causes = _used(frame, "money")
    hidden = [is_small(b) or is_small(a) for b, a in zip(frame["customers_before"], frame["customers_after"],
                                                         strict=True)]  # fmt: skip
    rows = {"name": [moves.name(s) for s in frame.index]}
    for column in ("before", *causes, "after"):
        few = frame[f"customers_{column}"].abs().map(is_small)
        shown = amounts(frame[f"money_{column}"].tolist(), frame[f"customers_{column}"].abs().tolist())
        rows[column] = [MISSING if h or f else _signed(view, x, column not in ("before", "after"))
                        for x, h, f in zip(shown, hidden, few, strict=True)]  # fmt: skip
    labels = {"name": t("moves.column_segment"), "before": moves.day, "after": moves.today}
    labels |= {cause: t(f"cause.{cause}") for cause in causes}
    whole = {when: money(frame[f"money_{when}"].sum(), view.project.currency, t.language)
             for when in ("before", "after")}  # fmt: skip
    kind, title = view.kind, t("moves.money", kind=view.kind, day=moves.day, **whole)
    return Table.of(pd.DataFrame(rows), title=title, labels=labels, header="name", language=t.language,
                    caption=t("moves.money_caption", kind=kind, currency=view.project.currency))  # fmt: skip


def _signed(view: View, amount: float, is_change: bool) -> str:
    text = view.bare(amount)
    return f"+{text}" if is_change and amount > 0 and text[0].isdigit() and text != "0" else text


def picture(moves: Moves) -> Figure | Callout:
    """Show flows between segments, the smallest segments merged and flows below ten omitted."""
    t, flows = moves.view.t, _merged(moves)
    shown = flows[flows["customers"] >= limit("privacy", "smallest_count")]
    step = moves.step
    if shown.empty or step == UNTOLD:
        return Callout(t("audit.few"), t("audit.few_text"))
    shown = shown.assign(customers=[rounded(n, step) or 0.0 for n in shown["customers"]])
    ends = [moves.name(OTHER), moves.name(NOBODY)]  # merged segments, new and gone customers are not a finding
    is_named = ~shown[["before", "now"]].isin(ends).any(axis=1)
    named = shown[is_named & (shown["before"] != shown["now"])].sort_values("customers", ascending=False)
    calm = 100 * ledger.changed_share(moves.frame) < limit("finding", "hardly_anybody")
    title = t("moves.picture_plain" if calm else "moves.picture_many", day=moves.day)
    if len(named) and moves.known:
        first = named.iloc[0]
        part = share(part_of(first["customers"], moves.known, step), t.language)
        title = t("moves.picture", share=part, before=first["before"], now=first["now"])
    figure = charts.flow_picture(
        shown, title=title, caption=_picture_caption(moves),
        description=t("moves.picture_description"), y_label=moves.day, x_label=moves.today, language=t.language,
    )  # fmt: skip
    return replace(figure, table=matrix(moves))


def _picture_caption(moves: Moves) -> str:
    """Say how to read the picture, and which segments stand together in it."""
    t, nodes = moves.view.t, _nodes(moves)
    merged = [moves.name(segment) for segment in moves.ids if segment not in nodes]
    together = [t("moves.picture_merged", other=moves.name(OTHER), names=t("join.comma").join(merged))]
    return t.paragraph(t("moves.picture_caption"), *(together if merged else []))


def _nodes(moves: Moves) -> set[str]:
    """Select the largest segments, as many as a picture has room for."""
    whole = moves.frame[moves.frame["cause"] == WHOLE]
    sides = [whole.groupby(side)["customers"].sum() for side in ("from_segment", "to_segment")]
    size = pd.concat(sides, axis=1).fillna(0).max(axis=1).sort_values(ascending=False, kind="stable")
    most = limit("finding", "flow_nodes")
    return set(size.index) if len(size) <= most else set(size.index[: most - 1])


def _merged(moves: Moves) -> pd.DataFrame:
    """Sum the moves between the largest segments, with all others merged, in the order of the segments."""
    whole, keep = moves.frame[moves.frame["cause"] == WHOLE], _nodes(moves)
    order = [*(s for s in moves.ids if s in keep), OTHER, NOBODY]
    rows = whole.assign(before=whole["from_segment"].where(whole["from_segment"].isin(keep), OTHER),
                        now=whole["to_segment"].where(whole["to_segment"].isin(keep), OTHER))  # fmt: skip
    summed = rows.groupby(["before", "now"])["customers"].sum().reset_index()
    summed = summed.sort_values(["before", "now"], key=lambda c: c.map(order.index), ignore_index=True)
    names = {OTHER: moves.view.t("moves.other")} | {s: moves.name(s) for s in keep}
    return summed.assign(before=summed["before"].map(names), now=summed["now"].map(names))


def matrix(moves: Moves) -> Table:
    """Show the transition matrix; small counts are suppressed and others then rounded."""
    t, counted = moves.view.t, ledger.matrix(moves.frame, moves.ids)
    counted = counted.loc[counted.sum(axis=1) > 0, counted.sum(axis=0) > 0]
    texts = crossed(counted.to_numpy().tolist(), t.language)
    columns = [str(n) for n in range(len(counted.columns))]
    frame = pd.DataFrame(texts, columns=columns)
    frame.insert(0, "name", [_end(moves, s, "new") for s in counted.index])
    labels = {n: _end(moves, s, "gone") for n, s in zip(columns, counted.columns, strict=True)}
    title = t("moves.matrix", day=moves.day, today=moves.today)
    return Table.of(frame, title=title, labels=labels | {"name": t("moves.before_now")}, header="name",
                    language=t.language, caption=t("moves.matrix_caption"))  # fmt: skip


def _end(moves: Moves, segment: str, end: str) -> str:
    return moves.view.t(f"moves.{end}") if segment == NOBODY else moves.name(segment)


def causes(moves: Moves) -> Figure | Callout:
    """Rank the causes by number of counterfactual steps to another segment."""
    t = moves.view.t
    steps = moves.frame[(moves.frame["cause"] != WHOLE) & (moves.frame["from_segment"] != moves.frame["to_segment"])]
    summed = steps.groupby("cause")[["customers", "money_before"]].sum()
    rows = summed[summed["customers"] > 0].sort_values("customers", ascending=False).reset_index()
    if rows.empty:
        return Callout(t("moves.nobody"), t("moves.nobody_text", day=moves.day))
    names, texts = [t(f"cause.{cause}") for cause in rows["cause"]], _counts(rows["customers"], t.language)
    # The bar of a suppressed count is as long as the least count shown.
    longs = [limit("privacy", "smallest_count") - 0.5 if is_small(n) else float(n) for n in rows["customers"]]
    title = t(f"moves.causes_{main_cause(steps) or 'several'}", customers=texts[0], day=moves.day)
    figure = charts.bars(
        pd.DataFrame({"label": names, "value": longs}), title=title, caption=t("moves.causes_caption"),
        description=t("moves.causes_description"), x_label=t("moves.column_moves"), y_label=t("moves.column_cause"),
        highlight=names[0], form=dict(zip(longs, texts, strict=True)).__getitem__, language=t.language,
    )  # fmt: skip
    return replace(figure, table=_causes_table(moves, rows, names, texts, title))


def _counts(customers: "pd.Series[float]", language: str) -> list[str]:
    """Write counts with a known sum: exact, or all rounded to ten if one is small."""
    some = customers.map(is_small).any()
    return [to_step(n, language) if some else number(n, language) for n in customers]


def _causes_table(moves: Moves, rows: pd.DataFrame, names: Sequence[str], texts: Sequence[str], title: str) -> Table:
    """Show moves and money by cause, with the meaning of each cause."""
    view, t = moves.view, moves.view.t
    hide = rows["customers"].map(is_small)
    columns = {
        "cause": names,
        "moves": texts,
        "money": [MISSING if h else view.bare(x) for x, h in zip(rows["money_before"], hide, strict=True)],
        "meaning": [t(f"cause.{cause}_means") for cause in rows["cause"]],
    }
    columns = {name: cells for name, cells in columns.items() if name != "money" or view.has_money}
    labels = {name: t(f"moves.column_{name}", kind=view.kind, currency=view.project.currency) for name in columns}
    return Table.of(pd.DataFrame(columns), title=title, labels=labels, header="cause", language=t.language)


def largest(moves: Moves, flows: pd.DataFrame) -> Bullets | None:
    """Describe the largest observed flows with main cause, customers and money; None if all are small.

    Parameters
    ----------
    flows : pandas.DataFrame
        Moves as returned by :func:`custlib.move.observed.observed`.
    """
    view, t = moves.view, moves.view.t
    step = coarser(moves.step, STEPS[0])
    pairs = pairs_of(flows[flows["cause"] != STAY])
    shown = pairs[pairs["customers"] >= limit("privacy", "smallest_count")].head(limit("finding", "largest_flows"))
    if shown.empty:
        return None
    sentences = []
    for row in shown.to_dict("records"):
        ends = {"before": _end(moves, row["from_segment"], "new"), "now": _end(moves, row["to_segment"], "gone")}
        cause = row["cause"] or "several"
        end = "came" if row["from_segment"] == NOBODY else "went" if row["to_segment"] == NOBODY else cause
        flow = t(f"moves.flow_{end}", customers=to_step(row["customers"], t.language, step), **ends)
        sentences.append(_with_money(view, flow, row["money_after"] or row["money_before"]))
    return Bullets(sentences, title=t("moves.largest", count=len(sentences)))


def _with_money(view: View, flow: str, amount: float) -> str:
    """Add to a flow the money so far of its customers, where there is any."""
    if not view.has_money:
        return f"{flow}{view.t('join.stop')}"
    written = money(amount, view.project.currency, view.t.language)
    return view.t("moves.flow_with_money", flow=flow, kind=view.kind, money=written)


def steps(moves: Moves) -> Text:
    """State what counterfactual steps are, before the blocks that show them."""
    return Text(moves.view.t("moves.steps_text", day=moves.day))


def directions(moves: Moves) -> Table:
    """Show customers and money by direction: up, stay, down, new or gone."""
    view, t = moves.view, moves.view.t
    frame = ledger.directions(moves.frame, moves.definition.ids)
    frame = frame[(frame["customers"] > 0) | frame.index.isin(["up", "stay", "down"])]
    hide = view.few(frame["customers"])
    # Directions are sums of the transition matrix, and told no more exactly.
    step = coarser(step_for(frame["customers"].tolist()), moves.step)
    rows = {"direction": [t(f"moves.{d}") for d in frame.index],
            "customers": [to_step(n, t.language, step) for n in frame["customers"]]}  # fmt: skip
    for column in ("money_before", "money_after") if view.has_money else ():
        shown = amounts(frame[column].tolist(), frame["customers"].tolist())
        rows[column] = [MISSING if h else view.bare(x) for x, h in zip(shown, hide, strict=True)]
    labels = {"direction": t("moves.column_direction"), "customers": t("moves.column_customers")}
    labels |= {f"money_{when}": t("moves.column_money_at", day=date, kind=view.kind, currency=view.project.currency)
               for when, date in (("before", moves.day), ("after", moves.today))}  # fmt: skip
    labels = {column: labels[column] for column in rows}
    caption = t("moves.directions_caption", kind=view.kind) if view.has_money else ""
    parts = {d: part_of(float(frame["customers"].get(d, 0)), moves.known, step) for d in ("up", "down")}
    title = t("moves.directions_plain", system=view.title(moves.definition.segmentation))
    if None not in parts.values():
        shares = {name: share(part, t.language) for name, part in parts.items()}
        title = t("moves.directions", system=view.title(moves.definition.segmentation), **shares)
    return Table.of(pd.DataFrame(rows), title=title, labels=labels, header="direction", language=t.language,
                    caption=caption)  # fmt: skip
