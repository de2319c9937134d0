"""Writes what ``custlib value`` found as ten lines for a reader, with the customers worth most.

Light, cautions, forecasts and money have the words of the pages.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from custlib.commands.verdict import labelled, printable
from custlib.report.forecast_status import (
    caution_words,
    light_words,
    season_of_holdout,
    season_unseen_words,
    tested_words,
    untested_words,
)
from custlib.report.formats import change
from custlib.report.texts import texts
from custlib.value.lifetime import read_model

_NONE = "-"
_NAMES = ("r", "alpha", "a", "b", "s", "beta")
_COLUMNS = {
    "customer_id": "customer", "frequency": "came back", "days_since_last": "days since",
    "probability_alive": "still a customer", "expected_purchases": "purchases expected", "value": "coming {kind}",
}  # fmt: skip
_WIDEST = 24
_WHOLE = 1000  # from here on an amount has no decimals


def value_lines(summary: Mapping[str, Any], out: Path | None) -> str:
    """Write the summary of :func:`custlib.quick.value_file`."""
    quality, totals = summary["quality"], summary["totals"]
    names = {"read": "read", "used": "used", "quarantined": "set aside", "removed": "removed"}
    customers = f"{totals['customers']:,.0f}"
    rows = [
        ("rows", ", ".join(f"{quality[f'rows_{name}']:,} {word}" for name, word in names.items())),
        ("customers", f"{customers}, who bought from {quality['first_day']} on; as of {summary['as_of']}"),
        ("forecast", _forecast(summary)),
        ("value", _value(summary)),
        ("model", _model(summary)),
        ("light", _light(summary["backtest"])),
        *(("caution", text) for text in _cautions(summary)),
        *(("assumed", text) for text in summary["assumed"]),
        ("written", f"{out} ({customers} rows)" if out else "nothing; name a file by --out to write every customer"),
    ]
    return printable("\n".join([*labelled(rows, indent=""), "", *_table(summary["top"], summary["money_kind"])]))


def _forecast(summary: Mapping[str, Any]) -> str:
    total, span = summary["totals"]["expected_purchases"], _span(summary, "expected_purchases", 0)
    return f"{_amount(total, 0)}{span} purchases expected in the next {summary['horizon_days']:,} days"


def _amount(total: float | None, decimals: int) -> str:
    return _NONE if total is None else f"{total:,.{decimals}f}"


def _span(summary: Mapping[str, Any], name: str, decimals: int) -> str:
    """Write an interval, and whether it was tested; empty where there is none."""
    span = summary["intervals"].get(name)
    word = "untested" if summary["backtest"]["light"] == "untested" else "95 %"
    return f" ({word}: {span['low']:,.{decimals}f} to {span['high']:,.{decimals}f})" if span else ""


def _value(summary: Mapping[str, Any]) -> str:
    totals = summary["totals"]
    if totals["value"] is None:
        return "none: there is no money to forecast"
    annual = summary["annual_discount_rate"]
    rate = f"discounted by {100 * annual:g} % a year" if annual else "not discounted"
    decimals = 0 if totals["value"] >= _WHOLE else 2
    amount = _amount(totals["value"], decimals) + _span(summary, "value", decimals)
    return f"{amount} of coming {summary['money_kind']} in the next {summary['horizon_days']:,} days, {rate}"


def _model(summary: Mapping[str, Any]) -> str:
    fit = summary["fit"]
    members = fit.get("members", [fit])
    fitted = [
        f"{model}{share} ({parameters})"
        for model, share, parameters in (
            (read_model(one).label, f" {one['weight']:.0%}" if "weight" in one else "", _parameters(one))
            for one in members
        )
    ]
    days = "business days of the season" if "business_time" in members[0] else "days"
    kinds = {"gamma_gamma": "Gamma-Gamma", "shrinkage": "means drawn towards the median", "none": "none"}
    return f"{', '.join(fitted)}, in {days}; spend: {kinds.get(summary['spend']['kind'], _NONE)}"


def _parameters(fit: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {fit[name]:.4g}" for name in _NAMES if fit.get(name) is not None)


def _light(result: Mapping[str, Any]) -> str:
    """The light and why there is none, then what the forecast of the holdout was and what came."""
    t = texts("en")
    why = t.paragraph(
        untested_words(t, result), season_unseen_words(t, result), season_of_holdout(t, result), _holdout(result)
    )
    return f"{light_words(t, result)}. {why}"


def _holdout(result: Mapping[str, Any]) -> str:
    if "refused" in result:
        return f"Not tested: {result['refused'].rstrip('.')}"
    purchases = f"{result['predicted']:,.0f} purchases forecast, {result['actual']:,} came{_off(result['bias'])}"
    return f"{tested_words(texts('en'), result)} {'; '.join([purchases, *_revenue(result['revenue'])])}"


def _off(bias: float | None) -> str:
    return "" if bias is None else f" ({change(bias)})"


def _revenue(test: Mapping[str, Any] | None) -> Iterable[str]:
    if test is not None:
        yield f"revenue of {test['expected']:,.0f} forecast, {test['actual']:,.0f} came{_off(test['bias'])}"


def _cautions(summary: Mapping[str, Any]) -> Iterable[str]:
    """The words of the pages, then what was said of the rows."""
    words = caution_words(texts("en"), tuple(summary["flags"]), summary["silent_days"])
    if words:
        yield f"{words.title}. {' '.join(words.sentences)}"
    warnings = summary["quality"]["warnings"]
    known = {*summary["flags"], "silence", "light.amber", "light.red", "light.untested"}
    yield from (text for code, text in summary["cautions"].items() if code not in known and text not in warnings)
    yield from warnings


def _table(top: list[dict[str, Any]], kind: str) -> list[str]:
    """The customers worth most, a line each."""
    cells = [
        [name.format(kind=kind) for name in _COLUMNS.values()],
        *([_cell(name, row[name]) for name in _COLUMNS] for row in top),
    ]
    widths = [max(len(row[place]) for row in cells) for place in range(len(_COLUMNS))]
    return [
        "  ".join(cell.ljust(width) if place == 0 else cell.rjust(width)
                  for place, (cell, width) in enumerate(zip(row, widths, strict=True)))
        for row in cells
    ]  # fmt: skip


def _cell(name: str, value: Any) -> str:
    if value is None:
        return _NONE
    if name == "customer_id":
        return value if len(value) <= _WIDEST else f"{value[: _WIDEST - 1]}…"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
