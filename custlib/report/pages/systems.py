"""Defines the view of the pages of segmentations: those shown, those that are not made, and their totals."""

import datetime as dt
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from custlib.errors import UsageError, hint
from custlib.project import Project
from custlib.report.blocks import Block, Facts, Kpi, Kpis, Section, Table, Text
from custlib.report.formats import MISSING, day, money, number, share
from custlib.report.privacy import as_told, is_small, part_of
from custlib.report.texts import Texts
from custlib.segment.definitions import Definition
from custlib.segment.registry import BY_MONEY


@dataclass(frozen=True)
class View:
    """Texts, project, and the segmentations of a page with their totals.

    Attributes
    ----------
    names : tuple of str
        Segmentations shown, in the order of the page.
    definitions : mapping of str to Definition
        Current definitions, by segmentation.
    brief : pandas.DataFrame
        Totals as returned by :func:`custlib.segment.profiles.brief`.
    money_kind : {"profit", "revenue"}
        What money so far is.
    names_system : bool
        Whether every class is named with its system, as on a page of many systems.
    """

    t: Texts
    project: Project
    names: tuple[str, ...]
    definitions: Mapping[str, Definition]
    brief: pd.DataFrame
    money_kind: str = "profit"
    names_system: bool = False

    @property
    def has_forecast(self) -> bool:
        """Whether expected value is known."""
        return bool(self.brief["value"].notna().any())

    @property
    def has_money(self) -> bool:
        """Whether any customer has brought money, or cost any; without amounts nobody has."""
        return bool(self.brief["profit"].fillna(0.0).ne(0.0).any())

    @property
    def unknown(self) -> list[str]:
        """Columns of money that nothing is known for."""
        return [*([] if self.has_money else ["profit"]), *([] if self.has_forecast else ["value"])]

    @property
    def kind(self) -> str:
        """The word for money so far."""
        return self.t(f"groups.kind_{self.money_kind}")

    @property
    def customers(self) -> int:
        """Number of customers."""
        return int(self.brief.groupby("segmentation")["customers"].sum().max()) if len(self.brief) else 0

    def has(self, *names: str) -> bool:
        """Return whether any of these is shown."""
        return bool(set(names) & set(self.names))

    def rows(self, name: str) -> pd.DataFrame:
        """Return the totals of the segments of a segmentation as they may be told, with a label of each.

        The most valuable come first.
        """
        rows = as_told(self.brief[self.brief["segmentation"] == name].reset_index(drop=True))
        return rows.assign(label=[self.class_name(name, segment) for segment in rows["segment"]])

    def class_name(self, name: str, segment: str) -> str:
        """Return the name of a class, with its system where it is shown beside a class of the same name."""
        own = self.definitions[name].name(segment, self.t.language)
        others = (one for one in self.definitions.values() if one.segmentation != name)
        if not self.names_system and not any(own in one.names(self.t.language).values() for one in others):
            return own
        return self.t("systems.class", system=self.t.words.get(f"systems.{name}.short", name), name=own)

    def section(self, *names: str) -> Section | None:
        """Return a section called like the first of the segmentations that is shown; None without any."""
        shown = [name for name in names if self.has(name)]
        return Section(self.title(shown[0])) if shown else None

    def without(self, name: str) -> "View":
        """Return the view without a segmentation that is shown elsewhere on the page."""
        return replace(self, names=tuple(one for one in self.names if one != name))

    def show(self, name: str, block: Callable[..., Block | None], *values: Any) -> Block | None:
        """Call a function of the page if a segmentation is shown."""
        return block(*values) if self.has(name) else None

    def used(self, name: str) -> str:
        """Write how many classes of a segmentation hold anybody."""
        customers = self.rows(name)["customers"]
        filled, whole = int((customers > 0).sum()), len(customers)
        return self.t("systems.classes_all" if filled == whole else "systems.classes", used=filled, all=whole)

    def title(self, name: str) -> str:
        """Return the title of a segmentation."""
        return name_of(self.t, name)

    def note(self, name: str) -> str:
        """Return the note on a segmentation; empty for one without texts."""
        return self._own_words(name, "note")

    def looks(self, name: str) -> str:
        """Say what a segmentation looks at; empty for one without texts."""
        return self._own_words(name, "looks")

    def _own_words(self, name: str, what: str) -> str:
        """Return words of a segmentation; without amounts those that speak of none, where there are two."""
        key = f"systems.{name}.{what}"
        if not self.has_money and f"{key}_bare" in self.t.words:
            key = f"{key}_bare"
        return self.t(key, kind=self.kind) if key in self.t.words else ""

    def bare(self, amount: float) -> str:
        """Format an amount without its currency."""
        return MISSING if amount is None or math.isnan(amount) else money(amount, "", self.t.language).strip()

    def few(self, customers: Iterable[float]) -> list[bool]:
        """Mark the segments of which only the count is shown: small and empty ones."""
        return [is_small(n) or n == 0 for n in customers]


def chosen(available: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Select the segmentations of a page.

    Examples
    --------
    >>> chosen(["rfm", "abc", "pyramid"], ["pyramid", "rfm"])
    ('rfm', 'pyramid')
    >>> chosen(["rfm", "abc"], ["abb"])
    Traceback (most recent call last):
    custlib.errors.UsageError: segmentations: abb is not made here. Did you mean 'abc'? Available: abc, rfm.
    """
    faults = [
        f"segmentations: {name} is not made here. {hint(name, list(available))}"
        for name in names
        if name not in available
    ]
    if faults:
        raise UsageError("\n".join(faults))
    return tuple(name for name in available if not names or name in names)


def with_money(view: View) -> View:
    """Return the view without the segmentations that rank by money alone, where there is no money."""
    return view if view.has_money else replace(view, names=tuple(one for one in view.names if one not in BY_MONEY))


def no_money(view: View) -> Text | None:
    """State what is left out without amounts, and why; None where there is money."""
    if view.has_money:
        return None
    t = view.t
    names = t("join.comma").join(view.title(name) for name in BY_MONEY if name in view.definitions)
    return Text(t("systems.no_money", names=names))


def changed(t: Texts, moved: pd.DataFrame, name: str) -> Kpi:
    """Show the share of the customers known at both dates who changed segment."""
    since = day(moved["from_date"].max(), t.language) if len(moved) else MISSING
    return Kpi(t("moves.changed"), _part(t, moved, name, "whole"), t("moves.changed_note", day=since))


def _part(t: Texts, moved: pd.DataFrame, name: str, cause: str) -> str:
    """Write the share of the customers known at both dates whom a cause moved since the last date."""
    last = moved[(moved["segmentation"] == name) & (moved["from_date"] == moved["from_date"].max())]
    count = float(last.set_index("cause")["customers"].get(cause, 0.0))
    known = float(last["known"].max()) if len(last) else 0.0
    return share(part_of(count, known), t.language)


def kpis(
    view: View, moved: pd.DataFrame, name: str, *, missing: Mapping[str, Any], on_request: Sequence[str] = ()
) -> Kpis:
    """Show customers, segmentations, who changed segment in one of them, and what time alone would have done."""
    t, lang = view.t, view.t.language
    others = {"missing": len(missing), "on_request": len(on_request)}
    notes = [t(f"systems.kpi_{name}", count=count) for name, count in others.items() if count]
    note = t("join.semicolon").join(notes) or t("systems.kpi_complete")
    bought = t("systems.kpi_ageing", purchases=_part(t, moved, name, "purchases"))
    return Kpis(
        [
            Kpi(t("systems.kpi_customers"), number(view.customers, lang), t("systems.kpi_each")),
            Kpi(t("systems.kpi_systems"), number(len(view.names), lang), note),
            changed(t, moved, name),
            Kpi(t("systems.kpi_time"), _part(t, moved, name, "ageing"), bought),
        ]
    )


def name_of(t: Texts, segmentation: str) -> str:
    """Return the title of a segmentation; its own name for one without texts, as registered ones are."""
    return t.words.get(f"systems.{segmentation}.name", segmentation)


def table(view: View) -> Table:
    """List the segmentations: inputs, segments in use, and date of the definition."""
    t, lang, rows = view.t, view.t.language, []
    for name in view.names:
        fitted = day(dt.date.fromisoformat(view.definitions[name].fitted), lang)
        rows.append([view.title(name), view.looks(name), view.used(name), fitted])
    columns = ["system", "looks", "classes", "kept"]
    labels = {name: t(f"systems.column_{name}") for name in columns}
    return Table.of(
        pd.DataFrame(rows, columns=columns), title=t("systems.made", count=len(view.names)), labels=labels,
        header="system", caption=t("systems.made_caption"), language=lang,
    )  # fmt: skip


def missing(t: Texts, lacks: Mapping[str, Sequence[str]], on_request: Sequence[str] = ()) -> Facts | None:
    """List the segmentations that are not made, with the data they lack or how to ask for them; None without any."""
    comma = t("join.comma")
    items = [(name_of(t, name), comma.join(t(f"lacking.{source}") for source in sources))
            for name, sources in lacks.items()]  # fmt: skip
    items += [(name_of(t, name), t("systems.on_request", name=name)) for name in on_request if name not in lacks]
    return Facts(items, title=t("systems.missing")) if items else None
