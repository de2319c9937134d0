"""Blocks of a playbook page, the head and the left column: the verdict, five facts, who they are, what they are worth.

The right column, what to do and its proof, is in :mod:`custlib.report.playbook.plan_page`.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from custlib.customise.plans import SegmentPlan
from custlib.customise.playbook_file import Playbook
from custlib.customise.playbooks import channels
from custlib.errors import UsageError
from custlib.project import Project
from custlib.report import charts
from custlib.report.blocks import Facts, Figure, Light, Section, Text, Title, Tone
from custlib.report.forecast_status import doubt_words
from custlib.report.formats import MISSING, day, interval, money, number, share
from custlib.report.pages.trust import everybody_stays
from custlib.report.playbook_words import Filler, because, points, purchases_in_words, signed_verdict, verdict
from custlib.report.privacy import is_small, net, to_step
from custlib.report.texts import Texts

_TONES: dict[str, Tone] = {"do": "good", "test": "warn"}


@dataclass(frozen=True)
class Sheet:
    """What the blocks of a playbook speak of.

    Attributes
    ----------
    fill : Filler
        Fills the texts of the segment's entry.
    row : pandas.Series
        Its row of the summary.
    count : str
        Its customers, as precisely as the pages show them.
    money_kind : {"profit", "revenue"}
        What money is.
    flags : tuple of str
        What the fit of the model flags.
    has_margin : bool
        Whether the cost of what is sold is known.
    """

    fill: Filler
    row: "pd.Series[float]"
    count: str
    money_kind: str
    flags: tuple[str, ...] = ()
    has_margin: bool = True

    @property
    def t(self) -> Texts:
        """The texts of the page."""
        return self.fill.t

    @property
    def project(self) -> Project:
        """The project."""
        return self.fill.project

    @property
    def planned(self) -> SegmentPlan:
        """The plan of the segment."""
        return self.fill.planned

    @property
    def name(self) -> str:
        """Name of the segment."""
        return str(self.row["name"])

    @property
    def is_hidden(self) -> bool:
        """Whether the segment has too few customers to tell anything of."""
        return is_small(self.row["customers"]) or self.row["customers"] == 0

    def counted(self, customers: int) -> str:
        """Write those contacted, or the control group: exactly only where the segment is, and neither part is small."""
        plan, lang = self.planned.plan, self.t.language
        if self.count == number(plan.customers, lang) and not (is_small(plan.treated) or is_small(plan.control)):
            return number(customers, lang)
        return to_step(customers, lang)

    def money(self, amount: float) -> str:
        """Write an amount in the currency of the project."""
        return money(amount, self.project.currency, self.t.language)


def check_segmentation(project: Project, segmentation: str) -> None:
    """Refuse a segmentation that the playbooks of a project do not follow: it has no plans."""
    followed = project.segments.playbook
    if segmentation != followed:
        why = f"the playbooks of {project.id} follow {followed!r}" if followed else f"{project.id} has no playbooks"
        raise UsageError(
            f"70_playbook: there is no playbook of {segmentation!r}: {why}. Take that one as parameter, or set"
            f' playbook = "{segmentation}" under [segments].'
        )


def headline(sheet: Sheet, playbook: Playbook, light: Light) -> Title:
    """State the verdict with what is done, to whom and for what money; then how sure that is, and why it is right."""
    t, project = sheet.t, sheet.project
    until = project.as_of + dt.timedelta(days=playbook.playbook.valid_days)
    dates = {"day": day(project.as_of, t.language), "until": day(until, t.language)}
    return Title(
        verdict(t, sheet.fill, sheet.name, sheet.money_kind), t("playbook.kicker", name=sheet.name, **dates), light,
        lede=t.paragraph(because(t, sheet.fill), doubt_words(t, light)), lead=signed_verdict(t, sheet.planned),
        tone=_TONES.get(sheet.planned.verdict, "plain"),
    )  # fmt: skip


def strip(sheet: Sheet, playbook: Playbook) -> Facts:
    """Show owner, date, how many are contacted and how many are not, the promise, and the day of the read-out."""
    t, play, as_of = sheet.t, sheet.planned.play, sheet.project.as_of
    lang, begun = t.language, as_of + dt.timedelta(days=play.due_days)
    read, until = (
        begun + dt.timedelta(days=play.holdout.window_days),
        as_of + dt.timedelta(playbook.playbook.valid_days),
    )
    is_done = sheet.planned.is_recommended
    return Facts(
        [
            (t("playbook.owner"), play.owner.text(lang)),
            (t("playbook.begin" if is_done else "playbook.look_again"), day(begun if is_done else until, lang)),
            (t("playbook.to"), _to_whom(sheet)),
            (t("playbook.promise"), _promise(sheet)),
            (t("playbook.read_out"), day(read, lang) if is_done else MISSING),
        ]
    )


def _to_whom(sheet: Sheet) -> str:
    t, plan = sheet.t, sheet.planned.plan
    if not sheet.planned.is_recommended:
        return t("playbook.to_nobody")
    used = dict.fromkeys(channels()[action.channel][t.language] for action in sheet.planned.actions)
    values = {"treated": sheet.counted(plan.treated), "channel": t("join.comma").join(used).lower()}
    if not plan.control:
        return t("playbook.to_all", **values)
    return t("playbook.to_some", control=sheet.counted(plan.control), **values)


def _promise(sheet: Sheet) -> str:
    """Write the share that buys with the plan, and the share without."""
    t, plan, days = sheet.t, sheet.planned.plan, sheet.planned.play.holdout.window_days
    if sheet.is_hidden:
        return MISSING
    if sheet.planned.play.collects:
        return t("playbook.promise_paid", days=days)
    base, rate = (share(one, t.language) for one in (plan.base_rate, plan.base_rate + plan.lift))
    if not sheet.planned.is_recommended:
        return t("playbook.promise_none", days=days, base=base)
    if base == rate:  # the effect is below what shares show
        return t("playbook.promise_points", days=days, base=base, lift=points(t, plan.lift))
    return t("playbook.promise_text", days=days, base=base, rate=rate)


def who(sheet: Sheet, rule: str, change: float, since: dt.date) -> Facts:
    """Say who they are, in words and as a rule, how many, and the typical purchases.

    Parameters
    ----------
    change : float
        Customers more than at the earlier date ``since``.
    """
    t, row, lang = sheet.t, sheet.row, sheet.t.language
    facts = [(t("playbook.in_words"), sheet.planned.play.definition.text(lang)), (t("playbook.rule"), rule)]
    if sheet.is_hidden:
        return Facts([*facts, (t("playbook.customers"), t("playbook.too_few_text", count=sheet.count))])
    values = {"count": sheet.count, "share": share(row["customer_share"], lang), "change": net(change)}
    typical = {"purchases": number(row["frequency"] + 1, lang), "days": number(row["days_since_last"], lang)}
    key = "playbook.typical_purchases" if pd.isna(row["spend"]) else "playbook.typical_text"
    return Facts(
        [
            *facts,
            (t("playbook.customers"), t("playbook.of_all", since=day(since, lang), **values)),
            (t("playbook.typical"), t(key, spend=sheet.money(row["spend"]), **typical)),
        ]
    )


def worth_section(sheet: Sheet) -> Section:
    """Head what they are worth with their share of it."""
    t, row = sheet.t, sheet.row
    if sheet.is_hidden:
        return Section(t("playbook.worth_title"), column="left")
    if pd.isna(row["value"]):
        return Section(t("playbook.worth_purchases"), column="left")
    kind, part = t(f"verdict.kind_{sheet.money_kind}"), share(row["value_share"], t.language)
    return Section(t("playbook.worth_finding", share=part, kind=kind), column="left")


def worth(sheet: Sheet, span: Mapping[str, float]) -> Facts:
    """Show what they brought, what is expected with its interval, and how much of it is at risk."""
    t, row, days = sheet.t, sheet.row, sheet.project.horizon_days
    if sheet.is_hidden:
        return Facts([(t("playbook.worth"), MISSING)])
    alive = (t("playbook.alive"), _alive(sheet, share(row["probability_alive"], t.language)))
    if pd.isna(row["value"]):
        around = interval(span["purchases_low"], span["purchases_high"], t.language)
        expected = purchases_in_words(t, row["expected_purchases"])
        return Facts(
            [(t("purchases.expected", days=days), t("playbook.with_interval", money=expected, interval=around)), alive]
        )
    return Facts([*_money_so_far(sheet), *_money_coming(sheet, span), alive])


def _money_so_far(sheet: Sheet) -> list[tuple[str, str]]:
    t, row = sheet.t, sheet.row
    revenue = t("playbook.share_of", money=sheet.money(row["revenue"]), share=share(row["revenue_share"], t.language))
    profit = [(t("playbook.profit"), sheet.money(row["profit"]))] if sheet.money_kind == "profit" else []
    return [(t("playbook.revenue"), revenue), *profit]


def _money_coming(sheet: Sheet, span: Mapping[str, float]) -> list[tuple[str, str]]:
    t, row = sheet.t, sheet.row
    around = interval(span["value_low"], span["value_high"], t.language, sheet.project.currency)
    coming = t("playbook.with_interval", money=sheet.money(row["value"]), interval=around)
    ever, risk = sheet.money(row["residual_lifetime_value"]), _alive(sheet, sheet.money(row["value_at_risk"]))
    values = {"days": sheet.project.horizon_days, "kind": t(f"verdict.kind_{sheet.money_kind}")}
    return [
        (t("playbook.coming", **values), coming),
        (t("playbook.residual", kind=values["kind"]), t("playbook.residual_text", money=ever, risk=risk)),
    ]


def _alive(sheet: Sheet, text: str) -> str:
    """Write what depends on who is still a customer, or that it is not known."""
    if everybody_stays(sheet.flags):
        return sheet.t("untested.unmeasurable")
    is_known = sheet.row["frequency"] > 0 or pd.notna(sheet.row["probability_alive"])
    return text if is_known else sheet.t("value.alive_unknown")


def why_section(sheet: Sheet, base: "pd.Series[float]") -> Section:
    """Head the comparison with the measure that differs most."""
    t = sheet.t
    if sheet.is_hidden:
        return Section(t("playbook.why"), column="left")
    rows = _indices(sheet, base)
    best = rows.iloc[int(rows["index"].sub(100).abs().to_numpy().argmax())]
    index = number(best["index"], t.language)
    return Section(t("playbook.differs", label=best["label"], index=index), column="left")


def differs(sheet: Sheet, base: "pd.Series[float]") -> Figure | Text:
    """Show the segment against all customers, as an index of 100."""
    t = sheet.t
    if sheet.is_hidden:
        return Text(t("playbook.no_comparison"))
    return charts.index_bars(
        _indices(sheet, base), title=t("playbook.index_title"), description=t("playbook.differs_description"),
        language=t.language,
    )  # fmt: skip


def _indices(sheet: Sheet, base: "pd.Series[float]") -> pd.DataFrame:
    """Divide what the segment has by what the base has; no money without amounts, and none over a base of zero."""
    t, row = sheet.t, sheet.row
    names = ("value_per_customer", "revenue_per_customer", "purchases_per_customer", "probability_of_purchase")
    kind = t(f"verdict.kind_{sheet.money_kind}")
    labels = [t(f"playbook.index_{name}", kind=kind) for name in names]
    known = {name: base[name] > 0 and not pd.isna(row[name]) for name in names}
    indices = [round(100 * row[name] / base[name]) if known[name] else None for name in names]
    frame = pd.DataFrame({"label": labels, "index": indices}).dropna(subset="index", ignore_index=True)
    return frame.astype({"index": float})


def why(sheet: Sheet) -> Text:
    """Say why it matters, as the playbook has it."""
    return Text(sheet.fill(sheet.planned.play.why))
