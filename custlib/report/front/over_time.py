"""The two figures of the overview: where revenue comes from, quarter by quarter, and customers beside coming profit."""

import math

import pandas as pd

from custlib.audit.quarters import Quarters
from custlib.project import Project
from custlib.report import charts
from custlib.report.blocks import Figure
from custlib.report.formats import share
from custlib.report.front.quarter_words import quarter_name
from custlib.report.page_limits import limit
from custlib.report.privacy import as_told, is_small
from custlib.report.texts import Texts

BARS, _HALF = 8, 0.5


def by_quarter(t: Texts, project: Project, quarters: Quarters) -> Figure | None:
    """Show revenue of first-time and of other customers by quarter; None with a single quarter."""
    rows = split(quarters)
    if len(rows) < 2:
        return None
    key = "revenue" if quarters.has_amount else "customers"
    rows = rows.assign(period=[quarter_name(project, int(ago), t.language) for ago in rows["period"]])
    hidden = bool(rows["part"].isna().any())
    caption = t.paragraph(
        *[
            t(f"overview.time_caption_{key}", currency=project.currency),
            *([t("overview.time_hidden")] if hidden else []),
        ]
    )
    return charts.split_bars(
        rows, title=time_heading(t, quarters), caption=caption, description=t(f"overview.time_description_{key}"),
        y_label=t(f"overview.time_label_{key}", currency=project.currency), language=t.language,
        form="compact" if quarters.has_amount else "number",
        part_label=t("overview.time_new"), rest_label=t("overview.time_old"),
    )  # fmt: skip


def split(quarters: Quarters) -> pd.DataFrame:
    """Divide every quarter in first-time customers, ``part``, and the ``rest``; undivided where either is under ten."""
    customers, new = (quarters.series(name, BARS) for name in ("customers", "new_customers"))
    whole, part = customers, new
    if quarters.has_amount:
        whole, part = quarters.series("revenue", BARS).clip(lower=0), quarters.series("new_revenue", BARS).clip(lower=0)
    few = pd.Series([is_small(n) or is_small(c - n) for n, c in zip(new, customers, strict=True)], index=new.index)
    tiny = customers.map(is_small)
    part, rest = part.mask(few | tiny), (whole - part.mask(few).fillna(0.0)).clip(lower=0).mask(tiny)
    return pd.DataFrame({"period": whole.index, "part": part.to_numpy(), "rest": rest.to_numpy()})


def time_heading(t: Texts, quarters: Quarters) -> str:
    """State the share of first-time customers in the quarter, and in the compared one."""
    key = "revenue" if quarters.has_amount else "customers"
    rows = split(quarters).set_index("period")
    now, before = (_share(rows, ago) for ago in (0, quarters.ago))
    if math.isnan(now):
        return t(f"overview.time_few_{key}")
    if not now:
        return t(f"overview.time_none_{key}")
    values = {"now": share(now, t.language), "before": share(before, t.language)}
    if quarters.against == "nothing" or math.isnan(before):
        return t(f"overview.time_alone_{key}", **values)
    least = limit("finding", "lead_points") / 100
    way = "level" if abs(now - before) < least else "down" if now < before else "up"
    if way == "down" and quarters.has_amount and now >= _HALF:  # it is not returning customers who carry the quarter
        way = "less"
    return t(f"overview.time_{way}_{key}", **values, then=t(f"overview.then_{quarters.against}"))


def _share(rows: pd.DataFrame, ago: int) -> float:
    if ago not in rows.index:
        return math.nan
    part, rest = (float(rows[name].loc[ago]) for name in ("part", "rest"))
    return part / (part + rest) if part + rest > 0 else math.nan


def customers_beside_profit(t: Texts, project: Project, frame: pd.DataFrame, money_kind: str) -> Figure | None:
    """Join each segment's share of the customers with that of the coming profit; None without a forecast of money."""
    rows = _drawn(as_told(frame))
    if len(rows) < 2 or not rows["value_share"].sum() > 0:
        return None
    return charts.share_bands(
        rows.assign(segment=rows["name"])[["segment", "customer_share", "value_share"]],
        title=beside_heading(t, rows, money_kind), language=t.language, order=frame["name"].tolist(),
        caption=t.paragraph(*[
            t(f"overview.beside_caption_{money_kind}", days=project.horizon_days),
            t("overview.beside_hidden") if len(rows) < len(frame) else "",
        ]),
        description=t(f"overview.beside_description_{money_kind}"),
        y_label=t("overview.beside_customers"), x_label=t(f"overview.coming_{money_kind}", days=project.horizon_days),
    )  # fmt: skip


def _drawn(frame: pd.DataFrame) -> pd.DataFrame:
    """Choose the segments of ten customers or more, the largest coming profit first, their shares as safe as counts."""
    rows = frame[frame["customers"].map(lambda n: bool(n) and not is_small(n))]
    rows = rows.dropna(subset=["customer_share", "value_share"])
    return rows.sort_values("value", ascending=False, ignore_index=True)


def beside_heading(t: Texts, rows: pd.DataFrame, money_kind: str) -> str:
    """Name the segments that bring most of the coming profit with few customers, or say that all bring alike."""
    lead = limit("finding", "lead_points") / 100
    reached = rows["value_share"].cumsum()
    count = int((reached < limit("finding", "most") / 100).sum()) + 1
    first = rows.head(min(count, 3))
    customers, value = first["customer_share"].sum(), first["value_share"].sum()
    if value - customers < lead:
        return t(f"overview.beside_alike_{money_kind}")
    names = t("overview.and").join([t("join.comma").join(first["name"][:-1]), first["name"].iloc[-1]])
    return t(
        f"overview.beside_{money_kind}", names=names if len(first) > 1 else first["name"].iloc[0],
        customers=share(customers, t.language), value=share(value, t.language),
    )  # fmt: skip
