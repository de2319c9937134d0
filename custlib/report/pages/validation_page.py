"""Blocks of the page "Is the model right?": headline, tracking, parameters, limits, second opinion."""

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from custlib import rules
from custlib.graph import REFUSED, Refusal
from custlib.models.bgnbd_model import BetaGeometricNBD
from custlib.models.forecasting import Histories, LifetimeModel
from custlib.models.forecasting.business_time import InBusinessTime
from custlib.report import charts
from custlib.report.blocks import Bullets, Details, Figure, Table, Text, Title
from custlib.report.forecast_status import tested_words
from custlib.report.formats import change, day, money, number, share, shares
from custlib.report.privacy import is_small
from custlib.report.texts import Texts
from custlib.validate.customer_coverage import MEASURES
from custlib.value.holdout_period import HoldoutPeriod
from custlib.value.on_request.customer_intervals import SHARE
from custlib.value.spend import Spend, SpendSummary
from custlib.value.spend_dependence import is_dependent

_LEAST_GAP = 1e-4  # below which two programmes find the same
# Flags by which spend is not taken to be independent of frequency: it is fitted in bands, or not at all.
_SPEND_IS_APART = {"spend.spend_dependent", "spend.no_amount", "spend.no_money"}


def headline(t: Texts, result: Mapping[str, Any], holdout_period: HoldoutPeriod) -> Title:
    """State predicted and actual purchases and revenue of the holdout, with the light of the run."""
    fitted = t("validation.subtitle", begin=day(holdout_period.calibration_end, t.language))
    return Title(_finding(t, result), t.paragraph(fitted, tested_words(t, result)), result["light"])


def _finding(t: Texts, result: Mapping[str, Any]) -> str:
    """Compare forecast and truth in a sentence; without revenue where none was tested, or none came."""
    counts = {name: number(round(result[name]), t.language) for name in ("actual", "predicted")}
    if result["bias"] is None:
        return t("validation.headline_none", **counts)
    revenue, values = result["revenue"], counts | {"bias": change(result["bias"], t.language)}
    if revenue is None or revenue["bias"] is None:
        return t("validation.headline", **values)
    amounts = {name: money(revenue[name], revenue["currency"], t.language) for name in ("expected", "actual")}
    off = change(revenue["bias"], t.language)
    return t(
        "validation.headline_revenue", **values, expected=amounts["expected"], revenue=amounts["actual"],
        revenue_bias=off,
    )  # fmt: skip


def tracking(t: Texts, frame: pd.DataFrame, cut: dt.date) -> Figure:
    """Show cumulative repeat purchases, actual and expected."""
    known = frame[[period <= cut for period in frame["period"]]]["actual"].max()
    came, predicted = (frame[name].iloc[-1] - (0 if known != known else known) for name in ("actual", "expected"))
    title = t("validation.tracking_none", predicted=number(round(predicted), t.language))
    if came:
        title = t("validation.tracking", gap=change(predicted / came - 1, t.language))
    return charts.cumulative_tracking(
        frame, cut=cut, title=title, language=t.language,
        caption=t("validation.tracking_caption"), description=t("validation.tracking_description"),
        y_label=t("validation.cumulative_purchases"), x_label=t("validation.time"),
    )  # fmt: skip


def weekly(t: Texts, frame: pd.DataFrame, cut: dt.date) -> Figure:
    """Show repeat purchases per step, actual and expected."""
    return charts.incremental_tracking(
        frame, cut=cut, title=t("validation.weekly"), language=t.language,
        caption=t("validation.weekly_caption"), description=t("validation.weekly_description"),
        y_label=t("validation.purchases_per_step"), x_label=t("validation.time"),
    )  # fmt: skip


def signed(value: float, digits: int) -> str:
    """Format a number to so many decimals, with a minus sign instead of a hyphen.

    Examples
    --------
    >>> signed(-9582.4292, 3)
    '−9,582.429'
    """
    return f"{value:,.{digits}f}".replace("-", "−")


def lifetime_parameters(t: Texts, model: BetaGeometricNBD, unit: str) -> Table:
    """Show the parameters of the lifetime model with standard errors."""
    errors = model.standard_errors if model.standard_errors is not None else [float("nan")] * 4
    rows = pd.DataFrame(
        {
            "parameter": ["r", "alpha", "a", "b"],
            "meaning": [t(f"validation.meaning_{name}") for name in ("r", "alpha", "a", "b")],
            **_estimates(t, (model.r, model.alpha, model.a, model.b), errors, 5),
        }
    )
    fitted = signed(model.log_likelihood, 3) if model.log_likelihood is not None else "–"
    return Table.of(
        rows, title=t("validation.lifetime_parameters", model=model.label, unit=t(f"unit.{unit}")), language=t.language,
        note=t.paragraph(t("validation.log_likelihood", value=fitted), _search(t, model)), header="parameter",
        labels=_labels(t),
    )  # fmt: skip


def _search(t: Texts, model: BetaGeometricNBD) -> str:
    """Describe the convergence of the fit and its condition number."""
    if model.gradient_norm is None or model.condition_number is None:
        return t("validation.search_unknown")
    values = {"evaluations": model.evaluations, "gradient": f"{model.gradient_norm:.0e}"}
    known = math.isfinite(model.condition_number)
    condition = f"{model.condition_number:,.0f}" if known and model.condition_number < 1e9 else t("validation.flat")
    return t("validation.search", condition=condition, **values)


def spend_parameters(t: Texts, summary: SpendSummary, currency: str) -> Table:
    """Show the parameters of the spend model and the mean spend with standard errors."""
    model, mean, mean_error = summary.model, summary.mean, summary.mean_error
    errors = model.standard_errors if model.standard_errors is not None else [float("nan")] * 3
    rows = pd.DataFrame(
        {
            "parameter": ["p", "q", "v", t("validation.mean_spend")],
            "meaning": [t(f"validation.meaning_{name}") for name in ("p", "q", "v", "mean")],
            **_estimates(t, (model.p, model.q, model.v, mean), (*errors, mean_error), 4),
        }
    )
    fitted = signed(model.log_likelihood, 4) if model.log_likelihood is not None else "–"
    return Table.of(
        rows, title=t("validation.spend_parameters", currency=currency), language=t.language,
        note=t("validation.log_likelihood", value=fitted), header="parameter", labels=_labels(t),
    )  # fmt: skip


def _estimates(t: Texts, estimates: Iterable[float], errors: Iterable[float], decimals: int) -> dict[str, list[str]]:
    """Write estimates so that they can be compared with published ones; a standard error that is unknown in words."""
    written = [t("untested.undetermined") if error != error else f"{error:.{decimals - 1}f}" for error in errors]
    return {"estimate": [f"{estimate:,.{decimals}f}" for estimate in estimates], "error": written}


def independence(t: Texts, spend: Spend) -> Table | Text:
    """Show the dependence of spend on frequency, which the spend model assumes to be zero."""
    if not spend.dependence:
        return Text(t("validation.independence_none"))
    limits = rules.load("spend")["dependent"]
    rows = pd.DataFrame(
        {
            "measure": [t(f"validation.{name}") for name in ("pearson", "spearman", "ratio")],
            "found": [signed(value, 2) for value in spend.dependence],
            "limit": [f"± {limits['correlation']:g}"] * 2 + [f"{limits['ratio']:g}"],
        }
    )
    return Table.of(
        rows, title=t(f"validation.{'dependent' if is_dependent(spend.dependence) else 'independent'}"),
        caption=t("validation.independence_caption"), language=t.language, header="measure",
        labels={name: t(f"validation.independence_{name}") for name in rows.columns},
    )  # fmt: skip


def customer_intervals(t: Texts, customer_interval_coverage: pd.DataFrame | Refusal = REFUSED) -> Table | None:
    """Show which share of the customers the 90 % intervals held, by tenth of value; None where it was not requested."""
    if isinstance(customer_interval_coverage, Refusal):
        return None
    groups = customer_interval_coverage[~customer_interval_coverage["customers"].map(is_small)]
    columns: dict[str, list[Any]] = {"tenth": [f"{tenth}" for tenth in range(1, 11)]}
    shares_inside: dict[str, list[float | None]] = {}
    for window, rows in groups.groupby("window", sort=True):
        for measure in MEASURES:
            inside = (rows[measure] / rows["customers"]).set_axis(rows["tenth"]).reindex(range(1, 11))
            shares_inside[f"{measure}_{window}"] = [None if one != one else float(one) for one in inside]
    shares_inside = {name: inside for name, inside in shares_inside.items() if any(one is not None for one in inside)}
    columns |= {name: shares(inside, t.language) for name, inside in shares_inside.items()}
    return Table.of(
        pd.DataFrame(columns), title=_inside_finding(t, groups), caption=t("validation.inside_caption"),
        note=t("validation.inside_note"), language=t.language, header="tenth",
        labels={name: t(f"validation.inside_{name}") for name in columns},
    )  # fmt: skip


def _inside_finding(t: Texts, groups: pd.DataFrame) -> str:
    """State how many lay inside in all, or, where fewer did in a tenth than chance explains, how few."""
    limits = rules.load("backtest")["customer_intervals"]
    customers = groups["customers"].to_numpy(dtype=float)[:, None]
    inside = groups[[*MEASURES]].to_numpy(dtype=float) / customers
    chance = limits["errors"] * np.sqrt(SHARE * (1 - SHARE) / customers)
    narrow = np.where(inside < np.minimum(SHARE - chance, limits["least_inside"]), inside, np.inf)
    if np.isfinite(narrow).any():
        measure = t(f"validation.inside_of_{MEASURES[int(narrow.min(axis=0).argmin())]}")
        return t("validation.inside_narrow", worst=share(float(narrow.min()), t.language), measure=measure)
    return t("validation.inside", purchases=share(groups["purchases"].sum() / groups["customers"].sum(), t.language))


def _labels(t: Texts) -> dict[str, str]:
    return {name: t(f"validation.{name}") for name in ("parameter", "meaning", "estimate", "error")}


def limits(t: Texts, model: LifetimeModel, one_time_share: float, flags: tuple[str, ...] = ()) -> Bullets:
    """List the limits of the forecast, and the flags of both models (``lifetime.<code>``, ``spend.<code>``)."""
    known = model.can_have_left(Histories.of(0, 0, 1)).item()  # after a single purchase
    sentences = [] if known else [t("validation.limit_one_time", share=share(one_time_share, t.language))]
    follows = all(isinstance(one, InBusinessTime) for _, one in model.members)
    sentences += [t(f"validation.limit_season{'_followed' if follows else ''}"), t("validation.limit_change")]
    sentences += [] if _SPEND_IS_APART & set(flags) else [t("validation.limit_spend")]
    sentences += [t(f"flags.{flag}") for flag in dict.fromkeys(flags)]
    return Bullets(sentences)


def second_opinion(t: Texts, models: Mapping[str, Mapping[str, Any]]) -> Table | Text:
    """Compare forecasts and parameters with the models of the package lifetimes."""
    if not models:
        return Text(t("validation.crosscheck_missing"))
    gaps = {model: _gap(models[model]) for model in sorted(models)}
    if all(gap is None for gap in gaps.values()):
        return Text(t("validation.crosscheck_none"))
    rows = [_opinion(t, model, models[model], gap) for model, gap in gaps.items()]
    return Table.of(
        pd.DataFrame(rows), title=_agreement(t, gaps), language=t.language,
        caption=t("validation.crosscheck_caption"), header="model",
        labels={name: t(f"validation.opinion_{name}") for name in ("model", "ours", "theirs", "difference")},
    )  # fmt: skip


def _gap(both: Mapping[str, Any]) -> float | None:
    """Return the largest relative difference of a model in both packages; None where lifetimes does not converge."""
    ours, theirs = both["ours"], both["theirs"]
    return max(abs(theirs[name] / ours[name] - 1) for name in ours) if theirs else None


def _agreement(t: Texts, gaps: Mapping[str, float | None]) -> str:
    """State whether lifetimes finds the same: everywhere, where it converges, or not."""
    limit = float(rules.load("backtest")["crosscheck"]["same_within"])
    comma, known = t("join.comma"), {model: gap for model, gap in gaps.items() if gap is not None}
    if off := [model for model, gap in known.items() if gap > limit]:
        return t("validation.crosscheck_off", names=comma.join(off), limit=share(limit, t.language))
    worst = share(max(_LEAST_GAP, *known.values()), t.language)
    if others := [model for model in gaps if model not in known]:
        return t("validation.crosscheck_part", worst=worst, same=comma.join(known), others=comma.join(others))
    return t("validation.crosscheck", worst=worst)


def _opinion(t: Texts, model: str, both: Mapping[str, Any], gap: float | None) -> dict[str, Any]:
    """Compare a model in both packages."""
    totals = [
        number(round(side["holdout"]), t.language) if side and "holdout" in side else "–"
        for side in (both["ours"], both["theirs"])
    ]
    return {"model": model, "ours": totals[0], "theirs": totals[1], "difference": _difference(t, gap)}


def _difference(t: Texts, gap: float | None) -> str:
    """Write a relative difference between two programmes: its size, or a bound."""
    if gap is None:
        return "–"
    if gap < _LEAST_GAP:
        return t("validation.below_least", least=share(_LEAST_GAP, t.language))
    return t("validation.above_most", most=share(1, t.language)) if gap > 1 else share(gap, t.language)


def second_parameters(t: Texts, models: Mapping[str, Mapping[str, Any]], unit_days: int) -> Details | None:
    """Show every parameter in both packages; None without a second opinion."""
    if not models:
        return None
    rows = [
        {
            "parameter": f"{model} {name}",
            "ours": _in_unit(models[model]["ours"][name], name, unit_days),
            "theirs": _in_unit((models[model]["theirs"] or {}).get(name), name, unit_days),
        }
        for model in sorted(models)
        for name in models[model]["ours"]
        if name != "holdout"
    ]
    table = Table.of(
        pd.DataFrame(rows), title=t("validation.crosscheck_parameters"), language=t.language, header="parameter",
        labels={name: t(f"validation.{name}") for name in ("parameter", "ours", "theirs")},
    )  # fmt: skip
    return Details(t("validation.crosscheck_parameters"), [table])


def _in_unit(value: float | None, name: str, unit_days: int) -> str:
    return "–" if value is None else f"{value / (unit_days if name in ('alpha', 'beta') else 1):,.5f}"
