"""Defines the view of the page "How do they differ?": segmentations shown, missing ones, and their totals."""

import datetime as dt
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from custlib.errors import UsageError, hint
from custlib.project import Project
from custlib.report.blocks import Block, Facts, Kpi, Kpis, Section, Table
from custlib.report.formats import MISSING, day, money, number, share
from custlib.report.privacy import as_told, is_small, part_of
from custlib.report.texts import Texts
from custlib.segment.definitions import Definition


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
    """

    t: Texts
    project: Project
    names: tuple[str, ...]
    definitions: Mapping[str, Definition]
    brief: pd.DataFrame

    @property
    def has_forecast(self) -> bool:
        """Whether expected value is known."""
        return bool(self.brief["value"].notna().any())

    @property
    def customers(self) -> int:
        """Number of customers."""
        return int(self.brief.groupby("segmentation")["customers"].sum().max()) if len(self.brief) else 0

    def has(self, *names: str) -> bool:
        """Return whether any of these is shown."""
        return bool(set(names) & set(self.names))

    def rows(self, name: str) -> pd.DataFrame:
        """Return the totals of the segments of a segmentation as they may be told, the most valuable first."""
        return as_told(self.brief[self.brief["segmentation"] == name].reset_index(drop=True))

    def section(self, key: str, *names: str) -> Section | None:
        """Return a section if any of the segmentations is shown."""
        return Section(self.t(f"segments.{key}")) if self.has(*names) else None

    def section_with_forecast(self, key: str, *names: str) -> Section | None:
        """Return a section if any of the segmentations is shown and there is a forecast."""
        return self.section(key, *names) if self.has_forecast else None

    def show(self, name: str, block: Callable[..., Block | None], *values: Any) -> Block | None:
        """Call a function of the page if a segmentation is shown."""
        return block(*values) if self.has(name) else None

    def title(self, name: str) -> str:
        """Return the title of a segmentation."""
        return name_of(self.t, name)

    def note(self, name: str) -> str:
        """Return the note on a segmentation; empty for one without texts."""
        return self.t.words.get(f"systems.{name}.note", "")

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


def kpis(view: View, moved: pd.DataFrame, name: str, *, missing: Mapping[str, Any]) -> Kpis:
    """Show customers, segmentations, who changed segment in one of them, and what time alone would have done."""
    t, lang = view.t, view.t.language
    last = moved[(moved["segmentation"] == name) & (moved["from_date"] == moved["from_date"].max())]
    by = last.set_index("cause")
    known = float(last["known"].max()) if len(last) else 0.0

    def part(cause: str) -> str:
        count = float(by["customers"].get(cause, 0.0))
        return share(part_of(count, known), lang)

    since = day(moved["from_date"].max(), lang) if len(moved) else MISSING
    note = t("systems.kpi_missing", count=len(missing)) if missing else t("systems.kpi_complete")
    return Kpis(
        [
            Kpi(t("systems.kpi_customers"), number(view.customers, lang), t("systems.kpi_each")),
            Kpi(t("systems.kpi_systems"), number(len(view.names), lang), note),
            Kpi(t("moves.changed"), part("whole"), t("moves.changed_note", day=since)),
            Kpi(t("systems.kpi_time"), part("ageing"), t("systems.kpi_ageing", purchases=part("purchases"))),
        ]
    )


def name_of(t: Texts, segmentation: str) -> str:
    """Return the title of a segmentation; its own name for one without texts, as registered ones are."""
    return t.words.get(f"systems.{segmentation}.name", segmentation)


def table(view: View) -> Table:
    """List the segmentations: inputs, segments in use, and date of the definition."""
    t, lang, rows = view.t, view.t.language, []
    for name in view.names:
        own = view.rows(name)
        used = t("systems.classes", used=int((own["customers"] > 0).sum()), all=len(own))
        fitted = day(dt.date.fromisoformat(view.definitions[name].fitted), lang)
        rows.append([view.title(name), t.words.get(f"systems.{name}.looks", ""), used, fitted])
    columns = ["system", "looks", "classes", "kept"]
    labels = {name: t(f"systems.column_{name}") for name in columns}
    return Table.of(
        pd.DataFrame(rows, columns=columns), title=t("systems.made", count=len(view.names)), labels=labels,
        header="system", caption=t("systems.made_caption"), language=lang,
    )  # fmt: skip


def missing(t: Texts, lacks: Mapping[str, Sequence[str]]) -> Facts | None:
    """List the segmentations that are not made, and the data they lack; None without any."""
    if not lacks:
        return None
    comma = t("join.comma")
    items = [(name_of(t, name), comma.join(t(f"lacking.{source}") for source in sources))
            for name, sources in lacks.items()]  # fmt: skip
    return Facts(items, title=t("systems.missing"))
