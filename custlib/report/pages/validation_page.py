"""Blocks of the page "Is the model right?": headline, tracking, parameters, limits."""

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from custlib import rules
from custlib.models.bgnbd_model import BetaGeometricNBD
from custlib.report import charts
from custlib.report.blocks import Bullets, Figure, Table, Text, Title
from custlib.report.formats import change, day, number, share
from custlib.report.texts import Texts
from custlib.value.spend import Spend, SpendSummary, is_dependent


def headline(t: Texts, result: Mapping[str, Any], calibration_end: dt.date, as_of: dt.date) -> Title:
    """State predicted and actual purchases of the holdout."""
    values = {
        "actual": number(result["actual"], t.language),
        "predicted": number(result["predicted"], t.language),
        "bias": change(result["bias"], t.language),
    }
    span = {"begin": day(calibration_end, t.language), "end": day(as_of, t.language)}
    return Title(t("validation.headline", **values), t("validation.subtitle", **span), result["light"])


def tracking(t: Texts, frame: pd.DataFrame, cut: dt.date) -> Figure:
    """Show cumulative repeat purchases, actual and expected."""
    known = frame[[period <= cut for period in frame["period"]]]["actual"].max()
    came, predicted = (frame[name].iloc[-1] - (0 if known != known else known) for name in ("actual", "expected"))
    gap = predicted / came - 1 if came else None
    return charts.cumulative_tracking(
        frame, cut=cut, title=t("validation.tracking", gap=change(gap, t.language)), language=t.language,
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
            "estimate": [f"{x:.5f}" for x in (model.r, model.alpha, model.a, model.b)],
            "error": [_or_word(t, x, 4) for x in errors],
        }
    )
    fitted = signed(model.log_likelihood, 3) if model.log_likelihood is not None else "–"
    return Table.of(
        rows, title=t("validation.lifetime_parameters", model=model.label, unit=t(f"unit.{unit}")), language=t.language,
        note=t("validation.log_likelihood", value=fitted) + " " + _search(t, model), header="parameter",
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
            "estimate": [f"{x:.4f}" for x in (model.p, model.q, model.v)] + [f"{mean:.3f}"],
            "error": [_or_word(t, x, 3) for x in (*errors, mean_error)],
        }
    )
    fitted = signed(model.log_likelihood, 4) if model.log_likelihood is not None else "–"
    return Table.of(
        rows, title=t("validation.spend_parameters", currency=currency), language=t.language,
        note=t("validation.log_likelihood", value=fitted), header="parameter", labels=_labels(t),
    )  # fmt: skip


def _or_word(t: Texts, error: float, decimals: int) -> str:
    """Format a standard error; NaN, for parameters that are not identified, in words."""
    return t("untested.undetermined") if error != error else f"{error:.{decimals}f}"


def independence(t: Texts, spend: Spend) -> Table | Text:
    """Show the dependence of spend on frequency, which the spend model assumes to be zero."""
    if not spend.dependence:
        return Text(t("validation.independence_none"))
    limits = rules.load("spend")["dependent"]
    rows = pd.DataFrame(
        {
            "measure": [t(f"validation.{name}") for name in ("pearson", "spearman", "ratio")],
            "found": [signed(value, 3) for value in spend.dependence],
            "limit": [f"± {limits['correlation']:g}"] * 2 + [f"{limits['ratio']:g}"],
        }
    )
    return Table.of(
        rows, title=t(f"validation.{'dependent' if is_dependent(spend.dependence) else 'independent'}"),
        caption=t("validation.independence_caption"), language=t.language, header="measure",
        labels={name: t(f"validation.independence_{name}") for name in rows.columns},
    )  # fmt: skip


def _labels(t: Texts) -> dict[str, str]:
    return {name: t(f"validation.{name}") for name in ("parameter", "meaning", "estimate", "error")}


def limits(t: Texts, model: BetaGeometricNBD, one_time_share: float, flags: tuple[str, ...] = ()) -> Bullets:
    """List the limits of the forecast, and the flags of both models (``lifetime.<code>``, ``spend.<code>``)."""
    known = model.first_occasions > 0
    sentences = [] if known else [t("validation.limit_one_time", share=share(one_time_share, t.language))]
    sentences += [t("validation.limit_season"), t("validation.limit_change"), t("validation.limit_spend")]
    sentences += [t(f"flags.{flag}") for flag in dict.fromkeys(flags)]
    return Bullets(sentences)
