"""Blocks of the page "What are they worth?" on customers under contract: how many renew, and what they are worth.

Where nothing looks like a contract, and none is stated, there is no block.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from custlib.graph import REFUSED, Refusal
from custlib.project import Project
from custlib.report import charts
from custlib.report.blocks import Callout, Facts, Figure, Section
from custlib.report.formats import MISSING, change, money, number, share
from custlib.report.privacy import counts, is_small
from custlib.report.texts import Texts
from custlib.subscription.signs import Terms

_CLOSE = 0.1  # relative error of expected payments that is no reason for a warning


def section(t: Texts, subscription_terms: Terms | Refusal = REFUSED) -> Section | None:
    """Open the section; None where there is no contract."""
    return None if isinstance(subscription_terms, Refusal) else Section(t("retention.section"))


def basis(
    t: Texts, subscription_signs: Mapping[str, Any], subscription_terms: Terms | Refusal = REFUSED
) -> Callout | None:
    """State why the customers are taken for subscribers, and whether their values follow from it."""
    if isinstance(subscription_terms, Refusal):
        return None
    period = t(f"retention.period_{subscription_terms.period}")
    seen = subscription_signs["period"] == subscription_terms.period
    shares = {name: share(subscription_signs[name], t.language) for name in ("regular", "equal")}
    source = t(f"retention.of_{subscription_signs['source']}")
    signs = t("retention.signs", period=period, source=source, **shares) if seen else ""
    if subscription_terms.is_stated:
        unseen = "" if seen else t("retention.unseen", period=period)
        return Callout(t("retention.stated", period=period), t.paragraph(t("retention.stated_text"), signs, unseen))
    key = f'subscription = "{subscription_terms.period}"'
    return Callout(
        t("retention.likely", period=period), t.paragraph(signs, t("retention.likely_text", key=key)), "warn"
    )


def curve(
    t: Texts,
    subscription_terms: Terms | Refusal = REFUSED,
    retention_curve: pd.DataFrame | Refusal = REFUSED,
    retention_models: Mapping[str, Any] | Refusal = REFUSED,
) -> Figure | None:
    """Draw the share of customers still there by renewal: as seen, and as projected by the model in use."""
    if isinstance(subscription_terms, Refusal) or isinstance(retention_curve, Refusal):
        return None
    if isinstance(retention_models, Refusal):
        return None
    kind, frame, lang = retention_models["kind"], retention_curve, t.language
    last = int(frame["renewal"].max())
    middle = max(last // 2, 1)
    model = retention_models["chosen"].label
    names = {"observed": t("retention.observed"), kind: t("retention.projected", model=model)}
    lines = [
        {"line": name, "age": int(renewal), "value": value}
        for column, name in names.items()
        for renewal, value in zip(frame["renewal"], frame[column], strict=True)
    ]
    values = {"middle": number(middle, lang), "last": number(last, lang)}
    shares_left = {"first_share": share(frame[kind][middle], lang), "last_share": share(frame[kind][last], lang)}
    period = t(f"retention.period_{subscription_terms.period}")
    return charts.age_lines(
        pd.DataFrame(lines), title=t("retention.title", **values, **shares_left), language=lang, form="share",
        caption=t("retention.caption", period=period, model=_fit(t, retention_models)),
        description=t("retention.description"), x_label=t("retention.renewals"), y_label=t("retention.still_there"),
    )  # fmt: skip


def _fit(t: Texts, models: Mapping[str, Any]) -> str:
    """Write the model in use with its parameters."""
    model = models["chosen"]
    values = ", ".join(f"{name} {getattr(model, name):.3g}" for name in model.parameters)
    name = t(f"retention.model_{models['kind']}")
    return f"{name} ({values})"


def worth(
    t: Texts,
    project: Project,
    money_kind: str,
    subscription_terms: Terms | Refusal = REFUSED,
    subscription_totals: Mapping[str, float] | Refusal = REFUSED,
) -> Facts | None:
    """Show who is there, the payments to come and what they are worth."""
    if isinstance(subscription_terms, Refusal) or isinstance(subscription_totals, Refusal):
        return None
    totals, lang = subscription_totals, t.language
    there = totals["customers"] - totals["lost"]
    shown = counts([there, totals["lost"]], lang)
    kind, days = t(f"money.{money_kind}"), number(project.horizon_days, lang)
    few = is_small(there)

    def amount(value: float) -> str:
        return MISSING if few else money(value, project.currency, lang)

    def count(value: float, decimals: int = 0) -> str:
        return MISSING if few else number(round(value, decimals), lang)

    return Facts(
        [
            (t("retention.there", grace=number(subscription_terms.grace, lang)), shown[0]),
            (t("retention.lost"), shown[1]),
            (t("retention.payments", days=days), count(totals["expected_payments"])),
            (t("money.coming", kind=kind, days=days), amount(totals["value"])),
            (t("retention.residual", kind=kind), amount(totals["residual_lifetime_value"])),
            (t("retention.derl"), count(totals["residual_payments"] / max(there, 1), 1)),
        ],
        title=t("retention.worth"),
    )


def tested(
    t: Texts,
    subscription_test: Mapping[str, float] | Refusal = REFUSED,
    holdout_summary: Mapping[str, Any] | Refusal = REFUSED,
) -> Callout | None:
    """Hold the payments expected in the holdout against those that came, beside the model of free purchases."""
    if isinstance(subscription_test, Refusal) or not subscription_test["actual"]:
        return None
    values = {name: number(round(subscription_test[name]), t.language) for name in ("expected", "actual")}
    bias = subscription_test["expected"] / subscription_test["actual"] - 1
    other = ""
    if not isinstance(holdout_summary, Refusal):
        other = t("retention.other", predicted=number(round(holdout_summary["predicted"]), t.language))
    title = t("retention.tested", bias=change(bias, t.language))
    tone = "good" if abs(bias) <= _CLOSE else "warn"
    return Callout(title, t.paragraph(t("retention.tested_text", **values), other), tone)  # type: ignore[arg-type]
