"""Blocks of the page "The customer base today", lenses 3 to 5: cohorts over time, and all customers."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd

from custlib import rules
from custlib.audit.cohorts import cohort_bands, common_age, example_cohort, stack
from custlib.models.disclosure import rounded_sums
from custlib.report import charts
from custlib.report.blocks import Callout, Cell, Figure, Table, Tiles
from custlib.report.charts.frame_checks import rows_shown, thinned
from custlib.report.formats import MISSING, change, number, share, shares
from custlib.report.page_limits import limit
from custlib.report.pages.audit_page import View, few, row_of
from custlib.report.privacy import EXACT, is_small, part_of, step_for
from custlib.report.texts import capitalised

_BASE_AGE, _ROWS = 1, 21
_A_TENTH = 10  # points of an index of 100


def as_told(frame: pd.DataFrame) -> pd.DataFrame:
    """Compute shares, purchases per customer and running sums of cohorts from counts and amounts as they are told.

    The active customers of a period, new ones apart, have a known sum.
    """
    later = frame[frame["age"] > 0].reset_index()
    periods = later.groupby(later["cohort"] - later["age"]).indices.values()
    step = step_for(later["active"].tolist(), [list(places) for places in periods])
    names = [str(name) for name in frame if str(name).startswith("cumulated_")]
    safe = frame.assign(**{name: _rounded(frame, name) for name in names})
    if step == EXACT:
        return safe
    shown = [part_of(n, whole, step) for n, whole in zip(later["active"], later["customers"], strict=True)]
    active_share = frame["active_share"].mask(frame["age"] > 0, pd.Series(shown, later["index"], dtype=float))
    buyers = (active_share * frame["customers"]).where(active_share > 0)
    return safe.assign(active_share=active_share, purchases_per_active=frame["purchase_days"] / buyers)


def _rounded(frame: pd.DataFrame, name: str) -> pd.Series:
    """Round what each cohort has brought up to an age, per customer, where few were active at an age."""
    band, safe = limit("privacy", "hidden_money_band") / 100, []
    for _, own in frame.groupby("cohort"):
        few = [is_small(n) for n in own["active"]]
        safe.append(pd.Series(rounded_sums((own[name] * own["customers"]).tolist(), few, band=band), own.index))
    return pd.concat(safe).reindex(frame.index) / frame["customers"] if safe else frame[name]


def one_cohort(view: View, frame: pd.DataFrame) -> Figure | Callout:
    """Show the revenue of one cohort by age, with its factors in the table."""
    t, rows = view.t, _example(frame)
    if len(rows) < 2:
        return few(view)
    name, amounts = view.cohort_name(int(rows["cohort"].iloc[0])), rows[view.measure]
    so_far = rows[f"cumulated_{view.measure}"]
    first = so_far.iloc[0] / so_far.iloc[-1] if so_far.iloc[-1] > 0 else float("nan")
    figure = charts.cohort_stack(
        rows.assign(period=rows["age"], band=view.label, value=amounts)[["period", "band", "value"]],
        title=t(f"audit.one_title_{view.measure}", name=name, share=share(first, t.language), unit=_unit(view)),
        caption=t("audit.one_caption", name=name, customers=number(rows["customers"].iloc[0], t.language)),
        description=t("audit.one_description", what=view.what), x_label=_age(view), y_label=view.label,
        language=t.language,
    )  # fmt: skip
    return replace(figure, table=_ages_table(view, rows, figure.title))


def _example(frame: pd.DataFrame) -> pd.DataFrame:
    chosen = example_cohort(frame)
    return frame[frame["cohort"] == chosen].reset_index(drop=True) if chosen is not None else frame.head(0)


def _unit(view: View) -> str:
    return view.t(f"audit.unit_{view.clock.cohort.name}")


def _age(view: View) -> str:
    return view.t("audit.age", unit=view.t(f"audit.units_{view.clock.cohort.name}"))


def _ages_table(view: View, rows: pd.DataFrame, title: str) -> Table:
    """Show active share, purchases and spend by age; small counts are suppressed."""
    t, lang = view.t, view.t.language
    shown = rows.iloc[[row["n"] for row in thinned([{"n": n} for n in range(len(rows))], _ROWS)]]
    columns = {"age": [f"{n}" for n in shown["age"]], "amount": [view.bare(x) for x in shown[view.measure]],
               "active": shares(shown["active_share"], lang),
               "each": [number(x, lang) for x in shown["purchases_per_active"]]}  # fmt: skip
    if view.has_money:
        columns["spend"] = [number(x, lang) for x in shown["spend_per_purchase"]]
    labels = {
        "age": _age(view),
        "amount": view.label,
        "active": t("audit.column_active"),
        "each": t("audit.column_each"),
        "spend": t("audit.column_spend_each", currency=view.project.currency),
    }
    hidden = t("audit.ages_note") if rows["active_share"].isna().any() else ""
    note = t.paragraph(hidden, rows_shown(t, len(shown), len(rows)))
    return Table.of(pd.DataFrame(columns), title=title, labels={name: labels[name] for name in columns},
                    language=lang, header="age", note=note)  # fmt: skip


def drivers(view: View, frame: pd.DataFrame) -> Figure | None:
    """Show the factors of a cohort's revenue by age, indexed to age 1."""
    t, rows = view.t, _example(frame)
    named = {"active_share": t("audit.driver_active"), "purchases_per_active": t("audit.driver_each")}
    named |= {"spend_per_purchase": t("audit.driver_spend")} if view.has_money else {}
    later = rows[rows["age"] >= _BASE_AGE]
    if len(later) < 3 or not (later[list(named)].iloc[0] > 0).all():
        return None
    index = 100 * later[list(named)] / later[list(named)].iloc[0]
    last = index.dropna().iloc[-1]
    lines = [
        {"line": label, "age": age, "value": value}
        for name, label in named.items()
        for age, value in zip(later["age"], index[name], strict=True)
    ]
    moved = (last - 100).abs()
    title = "audit.drivers_title" if moved.max() > _A_TENTH else "audit.drivers_title_none"
    return charts.age_lines(
        pd.DataFrame(lines), title=t(title, name=named[str(moved.idxmax())]), language=t.language, form="number",
        caption=t(f"audit.drivers_caption_{view.measure}"), description=t("audit.drivers_description"),
        x_label=_age(view), y_label=t("audit.drivers_label"),
    )  # fmt: skip


# --- lens 4 ---


def cohorts(view: View, frame: pd.DataFrame) -> Figure | Callout:
    """Show the cumulative value per customer of each cohort by age."""
    t, lang, column = view.t, view.t.language, f"cumulated_{view.measure}"
    most = rules.load("audit")["shown"]["lines"]
    chosen, left = _selected("cohorts", list(dict.fromkeys(frame["cohort"])), most, view.cohort_tick)
    rows = frame[frame["cohort"].isin(chosen)]
    age = common_age(rows)
    if age is None:
        return Callout(t("audit.one_only"), t("audit.one_only_text"))
    reached = rows[rows["age"] == age].sort_values("cohort", ascending=False)
    first, last = reached.iloc[0], reached.iloc[-1]
    values = {"age": _of_age(view, age), "first": view.cohort_name(int(first["cohort"])),
              "last": view.cohort_name(int(last["cohort"])), "one": view.amount(first[column]),
              "two": view.amount(last[column]), "what": view.what,
              "change": change(last[column] / first[column] - 1, lang) if first[column] > 0 else MISSING}  # fmt: skip
    lines = rows.assign(line=[view.cohort_tick(int(c)) for c in rows["cohort"]], value=rows[column])
    return charts.age_lines(
        lines[["line", "age", "value"]], title=t("audit.cohorts_title", **values),
        caption=_with_left_out(view, capitalised(t("audit.cohorts_caption", what=view.what, unit=_unit(view))), left),
        description=t("audit.cohorts_description", what=view.what),
        x_label=_age(view), y_label=t(f"audit.cohorts_label_{view.measure}", currency=view.project.currency),
        language=lang,
    )  # fmt: skip


def _of_age(view: View, age: int) -> str:
    return view.t(f"audit.of_age_{view.clock.cohort.name}{'_one' if age == 1 else ''}", age=age)


@dataclass(frozen=True)
class Thinning:
    """How many of the cohorts, ages or periods a figure shows, and the names of the others."""

    of: str
    shown: int
    all: int
    names: list[str]


def _selected(of: str, every: list[int], most: int, name: Callable[[int], str]) -> tuple[list[int], Thinning]:
    """Keep at most so many cohorts or ages, evenly spaced, and name the others."""
    selected = thinned(every, most)
    others = [name(int(one)) for one in every if one not in selected]
    return selected, Thinning(of, len(selected), len(every), others)


def _with_left_out(view: View, caption: str, *thinnings: Thinning) -> str:
    """Add to a caption what its figure leaves out."""
    sentences = [
        view.t(f"audit.{one.of}_left_out", shown=one.shown, all=one.all, names=view.t("join.comma").join(one.names))
        for one in thinnings
        if one.shown < one.all
    ]
    return view.t.paragraph(caption, *sentences)


def tiles(view: View, frame: pd.DataFrame) -> Tiles | None:
    """Show the active share of each cohort by age as a tile map."""
    t, shown = view.t, rules.load("audit")["shown"]
    names, left = _selected("cohorts", list(dict.fromkeys(frame["cohort"])), shown["cohorts"], view.cohort_tick)
    ages, younger = _selected("ages", list(range(1, max(names, default=0) + 1)), shown["ages"], str)
    if not ages:
        return None
    cells = _active_cells(view, frame[frame["age"] > 0])
    return Tiles(
        title=t("audit.tiles_title"), rows=[view.cohort_tick(int(c)) for c in names],
        columns=[f"{age}" for age in ages],
        cells=[[cells.get((c, age), Cell(MISSING)) for age in ages] for c in names],
        row_title=t("audit.column_cohort"), column_title=_age(view),
        caption=_with_left_out(view, t("audit.tiles_caption"), left, younger),
        description=t("audit.tiles_description"),
    )  # fmt: skip


def _active_cells(view: View, frame: pd.DataFrame) -> dict[tuple[int, int], Cell]:
    """Write the active share of each cohort and age; of few customers only that they are few."""
    largest, few_active = frame["active_share"].max(), view.t("segments.under_ten")
    written = shares(frame["active_share"], view.t.language)
    tones = (frame["active_share"] / largest).fillna(0.0).round(4) if largest > 0 else frame["active_share"] * 0.0
    return {
        (int(cohort), int(age)): Cell(few_active) if is_small(active) else Cell(text, "", float(tone))
        for cohort, age, active, text, tone in zip(
            frame["cohort"], frame["age"], frame["active"], written, tones.fillna(0.0), strict=True
        )
    }


# --- lens 5 ---


def base(view: View, frame: pd.DataFrame) -> Figure | Callout:
    """Show revenue by period, stacked by cohort."""
    t = view.t
    if frame.empty:
        return few(view)
    bands = cohort_bands(sorted(set(frame["cohort"])))
    rows = _latest(stack(frame, bands, measure=view.measure))
    if rows.empty:
        return few(view)
    drawn = rows.sort_values(["period", "band"], ascending=[False, True])
    names = _band_names(view, bands)
    last = drawn[drawn["period"] == drawn["period"].min()]
    old = float(last["value"].iloc[0] / last["value"].sum()) if last["value"].sum() > 0 else float("nan")
    own = [cohort for cohort, band in bands.items() if band == last["band"].iloc[0]]
    oldest = view.cohort_name(own[0]) if len(own) == 1 else names[int(last["band"].iloc[0])]
    values = {"band": oldest, "share": share(old, t.language),
              "period": view.name(int(last["period"].iloc[0])), "what": t(f"audit.what_{view.measure}")}  # fmt: skip
    drawn = _in_order(drawn.assign(period=[view.tick(int(p)) for p in drawn["period"]],
                                   band=drawn["band"].map(names)), list(names.values()))  # fmt: skip
    return charts.cohort_stack(
        drawn, title=capitalised(t("audit.base_title" if len(names) > 1 else "audit.base_title_plain", **values)),
        caption=_with_left_out(view, t("audit.base_caption", unit=_unit(view)), _periods(view)),
        description=t("audit.base_description", what=view.what),
        y_label=view.label, language=t.language,
        note=view.t.paragraph(*_notes(view)),
    )  # fmt: skip


def _periods(view: View) -> Thinning:
    most = rules.load("audit")["shown"]["periods"]
    return Thinning("periods", min(most, view.clock.periods), view.clock.periods, [])


def _latest(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["period"] < rules.load("audit")["shown"]["periods"]]


def _band_names(view: View, bands: dict[int, int]) -> dict[int, str]:
    """Name each band by its first and last cohort."""
    named = {}
    for band in sorted(set(bands.values())):
        own = [cohort for cohort, b in bands.items() if b == band]
        first, last = view.cohort_tick(max(own)), view.cohort_tick(min(own))
        named[band] = first if first == last else f"{first} – {last}"
    return named


def _in_order(frame: pd.DataFrame, bands: list[str]) -> pd.DataFrame:
    """Sort rows so that bands appear in their order, even those missing in the first period."""
    first = pd.DataFrame({"period": frame["period"].iloc[0], "band": bands, "value": float("nan")})
    missing = first[~first["band"].isin(frame.loc[frame["period"] == frame["period"].iloc[0], "band"])]
    missing = missing[missing["band"].isin(frame["band"])]
    whole = pd.concat([frame[["period", "band", "value"]], missing]) if len(missing) else frame
    order = {period: n for n, period in enumerate(dict.fromkeys(frame["period"]))}
    place = whole["period"].map(order) * len(bands) + whole["band"].map(bands.index)
    return whole.assign(place=place).sort_values("place", kind="stable")[["period", "band", "value"]]


def _notes(view: View) -> list[str]:
    cut = view.clock.periods > view.clock.whole_periods
    return [view.t("audit.stack_note"), *([view.t("audit.cut_note")] if cut else [])]


def active(view: View, totals: pd.DataFrame) -> Figure | Callout:
    """Show customers by period, stacked by existing and new."""
    t, least = view.t, limit("privacy", "smallest_count")
    rows = _latest(totals[totals["customers"] >= least])
    if rows.empty:
        return few(view)
    new = rows["new_customers"]
    parted = (new == 0) | (new == rows["customers"]) | ((new >= least) & (rows["customers"] - new >= least))
    long = pd.concat([
        rows.assign(band=t("audit.existing"), value=(rows["customers"] - new).where(parted, rows["customers"])),
        rows.assign(band=t("audit.new"), value=new.where(parted)),
    ])  # fmt: skip
    long = long.assign(period=[view.tick(int(p)) for p in long["period"]])
    now = row_of(totals, 0)
    is_shown = now["customers"] >= least
    key = "audit.active_title" if is_shown else "audit.active_title_plain"
    return charts.cohort_stack(
        long[["period", "band", "value"]], form="number",
        title=t(key, customers=number(now["customers"], t.language) if is_shown else "", period=view.name(0)),
        caption=_with_left_out(view, t("audit.active_caption"), _periods(view)),
        description=t("audit.active_description"), language=t.language, y_label=t("audit.column_customers"),
        note="" if parted.all() else t("audit.parted_note"),
    )  # fmt: skip
