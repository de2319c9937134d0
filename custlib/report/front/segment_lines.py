"""The segments of the overview, one line each: size, who came and left, coming profit, verdict and first action."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from custlib.customise.plans import SegmentPlan
from custlib.graph import REFUSED, Refusal
from custlib.move import ledger
from custlib.move.paths import NOBODY, WHOLE
from custlib.project import Project
from custlib.report.blocks import Column, Table
from custlib.report.charts.miniatures import Scale, dot, moves
from custlib.report.forecast_status import interval_name
from custlib.report.formats import MISSING, compact, interval
from custlib.report.front.action_rows import VERDICTS, first_action, short_gain
from custlib.report.palette import segment_colour
from custlib.report.playbook_words import Filler, verdict_word
from custlib.report.privacy import (
    STEPS,
    UNTOLD,
    as_told,
    blurred,
    coarser,
    counts,
    is_small,
    net,
    rounded,
    step_across,
    to_step,
)
from custlib.report.texts import Texts, capitalised

WIDTH = 104.0


@dataclass(frozen=True)
class Lines:
    """What the lines are shown of: segments with their customers and value, moves, plans and intervals, by segment.

    ``step`` is what moves are rounded to, as on the pages that show their matrix.
    """

    t: Texts
    project: Project
    kind: str
    frame: pd.DataFrame
    moved: pd.DataFrame
    plans: Mapping[str, SegmentPlan]
    products: Mapping[str, str]
    spans: pd.DataFrame | None
    recent: "pd.Series[float] | None"
    step: int = STEPS[0]

    @property
    def has_money(self) -> bool:
        """Whether the value of the segments is known."""
        return bool(self.frame["value"].notna().any())

    @property
    def measure(self) -> str:
        """What the segments are sorted by: their value, else their expected purchases."""
        return "value" if self.has_money else "expected_purchases"

    @property
    def span_name(self) -> str:
        """What the intervals are called, if there are any."""
        return "" if self.spans is None else interval_name(self.t, float(self.spans["is_tested"].iloc[0]))


def came_and_left(whole_moves: pd.DataFrame) -> pd.DataFrame:
    """Count by segment the customers who stayed, came and left between two dates.

    Examples
    --------
    >>> moves = pd.DataFrame([("whole", "a", "b", 12), ("whole", "a", "a", 30), ("whole", "none", "a", 11)],
    ...     columns=["cause", "from_segment", "to_segment", "customers"])
    >>> came_and_left(moves).to_dict("index")
    {'a': {'stayed': 30.0, 'came': 11.0, 'left': 12.0}, 'b': {'stayed': 0.0, 'came': 12.0, 'left': 0.0}}
    """
    whole = whole_moves[whole_moves["cause"] == WHOLE]
    same = whole["from_segment"] == whole["to_segment"]
    sums = {
        "stayed": whole[same].groupby("to_segment")["customers"].sum(),
        "came": whole[~same].groupby("to_segment")["customers"].sum(),
        "left": whole[~same].groupby("from_segment")["customers"].sum(),
    }
    return pd.DataFrame(sums).drop(index=NOBODY, errors="ignore").astype(float).fillna(0.0)


def step_of_moves(whole_moves: pd.DataFrame, segments: Sequence[str]) -> int:
    """Choose what moves are rounded to: the step of their matrix, as who stayed is a cell of it."""
    return coarser(step_across(ledger.matrix(whole_moves, segments).to_numpy().tolist()), STEPS[0])


def table(
    t: Texts,
    project: Project,
    money_kind: str,
    frame: pd.DataFrame,
    whole_moves: pd.DataFrame,
    told_plans: dict[str, SegmentPlan] | Refusal = REFUSED,
    segment_products: dict[str, str] | Refusal = REFUSED,
    segment_intervals: pd.DataFrame | Refusal = REFUSED,
    recent_profit: "pd.Series[float] | Refusal" = REFUSED,
) -> Table:
    """List every segment, the largest coming profit first; a segment under ten is last, without its money."""
    frame = as_told(frame)
    spans = segment_intervals.set_index("segment") if isinstance(segment_intervals, pd.DataFrame) else None
    lines = Lines(
        t, project, money_kind, frame, came_and_left(whole_moves),
        told_plans if isinstance(told_plans, dict) else {},
        segment_products if isinstance(segment_products, dict) else {}, spans,
        recent_profit if isinstance(recent_profit, pd.Series) else None,
        step_of_moves(whole_moves, frame["segment"].tolist()),
    )  # fmt: skip
    hidden = frame["customers"].map(lambda n: is_small(n) or not n)
    order = frame.assign(hidden=hidden).sort_values(["hidden", lines.measure], ascending=[True, False], kind="stable")
    columns = _columns(lines)
    cells = [_cells(lines, row, columns) for row in order.to_dict("records")]
    small = frame["customers"].map(is_small).any()
    return Table(
        heading(lines), [column for _, column in columns], [[text for text, *_ in row] for row in cells],
        note=_note(lines, small=bool(small)),
        links=[[link for _, link, *_ in row] for row in cells], marks=[[mark for *_, mark, _ in row] for row in cells],
        pictures=[[svg for *_, svg in row] for row in cells], shape="cards",
    )  # fmt: skip


def heading(lines: Lines) -> str:
    """State which segment grew and which shrank most, or that none did by ten."""
    t, moved = lines.t, lines.moved
    names = dict(zip(lines.frame["segment"], lines.frame["name"], strict=True))
    nets = {s: float(moved["came"][s] - moved["left"][s]) for s in moved.index if s in names}
    up = max(nets, key=lambda s: nets[s], default="")
    down = min(nets, key=lambda s: nets[s], default="")
    has_grown = bool(up) and nets[up] > 0 and not is_small(nets[up])
    has_shrunk = bool(down) and nets[down] < 0 and not is_small(-nets[down])
    values: dict[str, Any] = {"days": lines.project.compare_days}
    if has_grown:
        values |= {"up": names[up], "more": blurred(nets[up], t.language)}
    if has_shrunk:
        values |= {"down": names[down], "less": blurred(-nets[down], t.language)}
    key = "both" if has_grown and has_shrunk else "grown" if has_grown else "shrunk" if has_shrunk else "same"
    return t(f"overview.lines_{key}", **values)


def _columns(lines: Lines) -> list[tuple[str, Column]]:
    """Choose the columns: those of money and of plans only where there are any."""
    t, days = lines.t, lines.project.horizon_days
    values = {"days": days, "currency": lines.project.currency, "since": lines.project.compare_days}
    coming = f"column_coming_{lines.kind}" if lines.has_money else "column_coming_purchases"
    columns = [
        ("name", Column(t("overview.column_name"))),
        ("customers", Column(t("overview.column_customers"), "right")),
        ("change", Column(t("overview.column_change", **values), "right")),
        ("coming", Column(t(f"overview.{coming}", **values), "right")),
    ]
    if lines.has_money and lines.spans is not None:
        columns.append(("span", Column(capitalised(lines.span_name), card="none")))
    if lines.plans:
        kind = lines.kind if all(one.plan.has_money for one in lines.plans.values()) else "purchases"
        gain = t(f"overview.column_gain_{kind}", currency=lines.project.currency)
        columns += [
            ("verdict", Column(t("overview.column_verdict"), card="head")),
            ("first", Column(t("overview.column_first"), card="full")),
            ("gain", Column(gain, "right")),
        ]
    return columns


Cell = tuple[str, str, str, str]  # text, link, mark, picture


def _cells(lines: Lines, row: Mapping[Any, Any], columns: list[tuple[str, Column]]) -> list[Cell]:
    segment, small = str(row["segment"]), is_small(row["customers"]) or not row["customers"]
    shown = {name: _cell(lines, name, row) for name, _ in columns}
    href = f"playbook-{segment.replace('_', '-')}.html" if segment in lines.plans else ""
    shown["name"] = (str(row["name"]), href, segment_colour(segment, lines.frame["segment"].tolist()), "")
    if small:
        shown |= {name: (MISSING, "", "", "") for name in ("coming", "span", "gain") if name in shown}
        shown |= {"first": (lines.t("overview.no_action"), "", "", "")} if "first" in shown else {}
    return [shown[name] for name, _ in columns]


def _cell(lines: Lines, column: str, row: Mapping[Any, Any]) -> Cell:
    t, segment = lines.t, str(row["segment"])
    planned = lines.plans.get(segment)
    if column == "customers":
        place = lines.frame["segment"].tolist().index(segment)
        return counts(lines.frame["customers"].tolist(), t.language)[place], "", "", ""
    if column == "change":
        return _change(lines, segment, str(row["name"]))
    if column == "coming":
        return compact(float(row[lines.measure]), t.language), "", "", ""
    if column == "span":
        return "", "", "", _span(lines, segment, str(row["name"]), float(row["value"]))
    if planned is None or column == "name":
        return MISSING, "", "", ""
    if column == "verdict":
        return verdict_word(t, planned), "", planned.verdict, ""
    if column == "first":
        return first_action(Filler(t, lines.project, planned, lines.products.get(segment, ""))), "", "", ""
    return short_gain(t, planned) or MISSING, "", "", ""


def _change(lines: Lines, segment: str, name: str) -> Cell:
    """Write the net change to the ten, and draw who left and who came; under ten nothing is drawn."""
    if segment not in lines.moved.index:
        return "0", "", "", ""
    row = {side: float(lines.moved[side].loc[segment]) for side in ("stayed", "came", "left")}
    text = net(row["came"] - row["left"])
    few = is_small(row["came"]) or is_small(row["left"]) or lines.step == UNTOLD
    if few or not row["came"] + row["left"]:
        return text, "", "", ""
    most = max(float(lines.moved[["came", "left"]].max().max()), 1.0)
    left, came = (rounded(row[side], lines.step) or 0.0 for side in ("left", "came"))
    t = lines.t
    words = {side: to_step(row[side], t.language, lines.step) for side in ("left", "came", "stayed")}
    title = t("overview.moves_of", name=name, **words)
    return text, "", "", moves(left, came, most, title=title, description=t("overview.moves_description"))


def _span(lines: Lines, segment: str, name: str, value: float) -> str:
    """Draw the coming profit with its interval, and a ring for what the same customers brought."""
    spans, t = lines.spans, lines.t
    if spans is None or segment not in spans.index:
        return ""
    big = lines.frame[lines.frame["customers"].map(lambda n: bool(n) and not is_small(n))]["segment"]
    every = spans.loc[[s for s in big if s in spans.index], ["value_low", "value_high"]].to_numpy().ravel().tolist()
    past = lines.recent.reindex(big).fillna(0.0) if lines.recent is not None else None
    scale = Scale.of([*every, *([] if past is None else past.tolist())], WIDTH)
    low, high = (float(spans[end].loc[segment]) for end in ("value_low", "value_high"))
    before = None if past is None else float(past.get(segment, 0.0))
    around = t("interval.named", span=lines.span_name, interval=interval(low, high, t.language))
    words = "" if before is None else t("overview.past_of", past=compact(before, t.language))
    return dot(
        (low, value, high), scale, before=before,
        colour=segment_colour(segment, lines.frame["segment"].tolist()),
        title=t("overview.coming_of", name=name, coming=compact(value, t.language)),
        description=t("join.semicolon").join(filter(None, [around, words])),
    )  # fmt: skip


def _note(lines: Lines, *, small: bool) -> str:
    """Say how the lines are sorted, what ring and bar are, and what the verdicts mean."""
    t = lines.t
    parts = [t(f"overview.lines_sorted_{lines.kind if lines.has_money else 'purchases'}")]
    if lines.has_money and lines.spans is not None:
        key = "lines_dot" if lines.recent is None else "lines_ring"
        kind = t(f"money.{lines.kind}")
        parts.append(t(f"overview.{key}", days=lines.project.horizon_days, kind=kind, span=lines.span_name))
    present, suffix = {one.verdict for one in lines.plans.values()}, "" if lines.has_money else "_purchases"
    parts += [t("overview.lines_bar")]
    parts += [t(f"overview.means_{verdict}{suffix}") for verdict in VERDICTS if verdict in present]
    parts += [t("value.table_note")] if small else []
    return t.paragraph(*parts)
