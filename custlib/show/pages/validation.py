"""Blocks of the page "Is the model right?": light, tracking, groups, parameters, second opinion, limits."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pandas as pd

from custlib.models.bgnbd import BGNBD
from custlib.models.gammagamma import GammaGamma
from custlib.show import charts
from custlib.show.blocks import Bullets, Callout, Figure, Table, Text, Title
from custlib.show.formats import change, day, number, share
from custlib.show.privacy import is_small
from custlib.show.texts import Texts


def headline(t: Texts, holdout: Mapping[str, Any], calibration_end: dt.date, as_of: dt.date) -> Title:
    """Say what was forecast and what came."""
    values = {
        "actual": number(holdout["actual"], t.language),
        "predicted": number(holdout["predicted"], t.language),
        "bias": change(holdout["bias"], t.language),
    }
    span = {"begin": day(calibration_end, t.language), "end": day(as_of, t.language)}
    return Title(t("validation.headline", **values), t("validation.subtitle", **span), holdout["light"])


def totals(t: Texts, holdout: Mapping[str, Any]) -> Table:
    """Hold the model and the naive forecast against what came."""
    rows = pd.DataFrame(
        {
            "forecast": [t("validation.came"), t("validation.model"), t("validation.naive")],
            "purchases": [holdout["actual"], holdout["predicted"], holdout["naive"]],
            "bias": [None, holdout["bias"], holdout["naive_bias"]],
        }
    )
    nearer = holdout["bias"] is not None and abs(holdout["bias"]) < abs(holdout["naive_bias"])
    return Table.of(
        rows, title=t("validation.totals" if nearer else "validation.totals_plain"), language=t.language,
        caption=t("validation.totals_caption"), header="forecast",
        formats={"purchases": _one_decimal, "bias": "change"},
        labels={name: t(f"validation.{name}") for name in rows.columns},
    )  # fmt: skip


def _one_decimal(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def fit_quality(t: Texts, holdout: Mapping[str, Any]) -> Table:
    """State error, correlation and customers of the holdout comparison."""
    correlation = holdout["correlation"]
    rows = pd.DataFrame(
        {
            "measure": [t("validation.customers"), t("validation.mae"), t("validation.correlation")],
            "value": [
                number(holdout["customers"], t.language),
                f"{holdout['mean_absolute_error']:.3f}",
                "–" if correlation is None else f"{correlation:.2f}",
            ],
        }
    )
    labels = {"measure": t("validation.measure"), "value": t("validation.value")}
    return Table.of(rows, title=t("validation.fit_quality"), labels=labels, header="measure", language=t.language)


def tracking(t: Texts, frame: pd.DataFrame, cut: dt.date) -> Figure:
    """Follow cumulative repeat purchases, actual and expected."""
    last = frame.iloc[-1]
    gap = last["expected"] / last["actual"] - 1 if last["actual"] else None
    return charts.cumulative_tracking(
        frame, cut=cut, title=t("validation.tracking", gap=change(gap, t.language)), language=t.language,
        caption=t("validation.tracking_caption"), description=t("validation.tracking_description"),
        y_label=t("validation.cumulative_purchases"), x_label=t("validation.time"),
    )  # fmt: skip


def weekly(t: Texts, frame: pd.DataFrame, cut: dt.date) -> Figure:
    """Follow repeat purchases per step, actual and expected."""
    steps = frame.assign(actual=frame["actual"].diff(), expected=frame["expected"].diff()).iloc[1:]
    return charts.incremental_tracking(
        steps, cut=cut, title=t("validation.weekly"), language=t.language,
        caption=t("validation.weekly_caption"), description=t("validation.weekly_description"),
        y_label=t("validation.purchases_per_step"), x_label=t("validation.time"),
    )  # fmt: skip


def by_frequency(t: Texts, frame: pd.DataFrame) -> Figure | Callout:
    """Hold forecast against truth by frequency in calibration; groups of fewer than ten customers are left out."""
    frame = frame[~frame["customers"].map(is_small)]
    if frame.empty:
        return Callout(t("untested.too_few"), t("untested.too_few_text"))
    errors = {name: _error(frame, name) for name in ("expected", "naive")}
    return charts.expected_against_actual(
        frame[["group", "actual", "expected"]], baseline=frame["naive"].tolist(), form=_three_decimals,
        title=t("validation.by_frequency", **errors), language=t.language, caption=t("validation.by_frequency_caption"),
        description=t("validation.by_frequency_description"), x_label=t("validation.calibration_frequency"),
        y_label=t("validation.mean_purchases"),
    )  # fmt: skip


def _error(frame: pd.DataFrame, name: str) -> str:
    """Mean absolute error of the groups' means, weighted by customers."""
    error = ((frame[name] - frame["actual"]).abs() * frame["customers"]).sum() / frame["customers"].sum()
    return f"{error:.2f}"


def _three_decimals(value: float) -> str:
    return f"{value:,.3f}".rstrip("0").rstrip(".")


def lifetime_parameters(t: Texts, model: BGNBD, unit: str) -> Table:
    """State the parameters of the lifetime model with their errors."""
    errors = model.standard_errors if model.standard_errors is not None else [float("nan")] * 4
    rows = pd.DataFrame(
        {
            "parameter": ["r", "alpha", "a", "b"],
            "meaning": [t(f"validation.meaning_{name}") for name in ("r", "alpha", "a", "b")],
            "estimate": [f"{x:.5f}" for x in (model.r, model.alpha, model.a, model.b)],
            "error": [_or_word(t, x, 4) for x in errors],
        }
    )
    fitted = f"{model.log_likelihood:,.3f}" if model.log_likelihood is not None else "–"
    return Table.of(
        rows, title=t("validation.lifetime_parameters", unit=t(f"unit.{unit}")), language=t.language,
        note=t("validation.log_likelihood", value=fitted), header="parameter", labels=_labels(t),
    )  # fmt: skip


def spend_parameters(t: Texts, model: GammaGamma, mean: float, mean_error: float, currency: str) -> Table:
    """State the parameters of the spend model and the mean spend with its error."""
    errors = model.standard_errors if model.standard_errors is not None else [float("nan")] * 3
    rows = pd.DataFrame(
        {
            "parameter": ["p", "q", "v", t("validation.mean_spend")],
            "meaning": [t(f"validation.meaning_{name}") for name in ("p", "q", "v", "mean")],
            "estimate": [f"{x:.4f}" for x in (model.p, model.q, model.v)] + [f"{mean:.3f}"],
            "error": [_or_word(t, x, 3) for x in (*errors, mean_error)],
        }
    )
    fitted = f"{model.log_likelihood:,.4f}" if model.log_likelihood is not None else "–"
    return Table.of(
        rows, title=t("validation.spend_parameters", currency=currency), language=t.language,
        note=t("validation.log_likelihood", value=fitted), header="parameter", labels=_labels(t),
    )  # fmt: skip


def _or_word(t: Texts, error: float, decimals: int) -> str:
    """Write a standard error; NaN, where the purchases do not determine the parameter, in words."""
    return t("untested.undetermined") if error != error else f"{error:.{decimals}f}"


def _labels(t: Texts) -> dict[str, str]:
    return {name: t(f"validation.{name}") for name in ("parameter", "meaning", "estimate", "error")}


def crosscheck(t: Texts, ours: Mapping[str, float], theirs: Mapping[str, float]) -> Table | Text:
    """Put the parameters that the package lifetimes finds on the same cells beside ours, those it finds."""
    both = [name for name in ours if name in theirs]
    if not both:
        return Text(t("validation.crosscheck_none"))
    differences = {name: abs(theirs[name] / ours[name] - 1) for name in both}
    rows = pd.DataFrame(
        {
            "parameter": both,
            "ours": [f"{ours[name]:.5f}" for name in both],
            "theirs": [f"{theirs[name]:.5f}" for name in both],
            "difference": [f"{difference:.1e}" for difference in differences.values()],
        }
    )
    return Table.of(
        rows,
        title=t("validation.crosscheck", worst=f"{max(differences.values()):.0e}"),
        caption=t("validation.crosscheck_caption"),
        labels={name: t(f"validation.{name}") for name in rows.columns},
        header="parameter",
        note="" if len(both) == len(ours) else t("validation.crosscheck_some"),
        language=t.language,
    )


def limits(t: Texts, flags: tuple[str, ...], one_time_share: float) -> Bullets:
    """Say what would make the forecast wrong, and every flag of both models (``lifetime.<code>``, ``spend.<code>``)."""
    said = [t("validation.limit_one_time", share=share(one_time_share, t.language))]
    said += [t("validation.limit_season"), t("validation.limit_change"), t("validation.limit_spend")]
    said += [t(f"flags.{flag}") for flag in dict.fromkeys(flags)]
    return Bullets(said)
