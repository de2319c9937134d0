"""Backtests: what is forecast for the customers known at a date against what came, by custlib and by simpler means.

``make bench-accuracy`` writes ``benchmarks/results/accuracy.md``. Everybody forecasts the same customers from the same
purchases; those after the date are seen by nobody.
"""

import sys
from collections.abc import Callable, Iterable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

import custlib
from benchmarks import accuracy_bases as bases
from benchmarks.accuracy_forecasts import BOOSTING, CONTENDERS, OURS, forecasts
from benchmarks.accuracy_measures import measures

RESULTS = Path(__file__).parent / "results" / "accuracy.md"
PACKAGES = ("duckdb", "numpy", "scipy", "scikit-learn", "lifetimes")
NEAR, NEAR_TOTAL = 0.01, 0.10  # of the best Gini, and of the total that came

TABLES = {
    "gini": "Gini of money (the more the better)",
    "rmse": "RMSE of money per customer",
    "mae": "MAE of money per customer",
    "money": "Error of the total of money",
    "purchases": "Error of the total of purchases",
}


def main() -> None:
    """Forecast every base, print and keep the page."""
    with TemporaryDirectory() as folder:
        own = Path(folder)
        rows = pd.DataFrame([row for split in _splits(own) for row in results(split, own)])
    text = "\n".join(page(rows)) + "\n"
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


def _splits(folder: Path) -> Iterable[bases.Split]:
    yield from bases.real(folder)
    yield from bases.simulated(folder)


def results(split: bases.Split, folder: Path) -> list[dict[str, Any]]:
    """Measure every contender on one base."""
    with TemporaryDirectory(dir=folder) as work:
        made, came = forecasts(split, Path(work))
    start = split.project.as_of - pd.Timedelta(split.days, "D")
    about = {"row": split.row, "start": f"{start:%Y-%m-%d}", "until": f"{split.project.as_of:%Y-%m-%d}"}
    about |= {"customers": len(came), "purchases_came": came["purchases"].sum(), "money_came": came["money"].sum()}
    print(split.row, file=sys.stderr)
    return [about | {"contender": name} | measures(forecast, came) for name, forecast in made.items()]


def page(found: pd.DataFrame) -> list[str]:
    """Write what was run, the verdict, and a table for each measure."""
    rows = list(dict.fromkeys(found["row"]))
    lines = ["# Accuracy: backtests against models and rules", "", *_ran(found, rows), "", *_verdict(found, rows)]
    for measure, title in TABLES.items():
        lines += ["", f"## {title}", "", f"| | {' | '.join(CONTENDERS)} |", f"|---|{'---|' * len(CONTENDERS)}"]
        lines += [_table_row(found, row, measure) for row in rows]
    return lines


def _ran(found: pd.DataFrame, rows: list[str]) -> list[str]:
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    boosting = ", ".join(f"{name} {value}" for name, value in BOOSTING.items())
    missing = "" if find_spec(bases.JOURNEY) else f"\nComplete Journey was left out: {bases.JOURNEY} is not installed."
    return [
        f"custlib {custlib.__version__}, {versions}.{missing}",
        "",
        "Every forecast is made on the first day of the holdout for the customers known then, with no purchase after",
        "it, and compared with their purchase days and revenue in the holdout; nothing is discounted.",
        "",
        "- **custlib**: what `custlib` writes as expected purchases and, times expected spend, as value before costs.",
        "- **BG**, **MBG**, **Pareto**: each lifetime model alone, with the spend of custlib.",
        "- **BG, repeat days**: BG/NBD with Gamma-Gamma on repeat purchase days, one mean for all one-time buyers.",
        "- **Pareto, all days**: Pareto/NBD with Gamma-Gamma on all purchase days, of one-time buyers too.",
        "- **naive rate**: repeat purchases, and their money, over the days since the first, times the horizon.",
        "- **last period**: repeat purchases and money of as many days before.",
        "- **boosting**: scikit-learn's HistGradientBoostingRegressor",
        f"  ({boosting})",
        "  on frequency, recency, T, days since the last purchase, money, money per purchase day and first amount, one",
        "  for purchases and one for money, trained on an earlier window as long as the horizon or half of the",
        "  history, its forecast stretched to the horizon.",
        "",
        "Gini: customers ordered by the forecast of money; twice the area between the curve of the money that came and",
        "the diagonal, over the same area of the best order possible. A simulated row is the mean over",
        f"{bases.BASES} bases of {bases.CUSTOMERS:,} customers (seeds {bases.SEED}, number of design, number of base);",
        "its error of a total is the mean without the sign (±).",
        "",
        "| base | forecast made on | until | customers | purchases that came | money that came |",
        "|---|---|---|---|---|---|",
        *(_about(found[found["row"] == row]) for row in rows),
    ]  # fmt: skip


def _about(one: pd.DataFrame) -> str:
    first = one.iloc[0]
    base = one[one["contender"] == first["contender"]]
    counts = (f"{base[name].mean():,.0f}" for name in ("customers", "purchases_came", "money_came"))
    return f"| {' | '.join([first['row'], first['start'], first['until'], *counts])} |"


def summarise(found: pd.DataFrame, row: str, measure: str) -> pd.Series:
    """One value for each contender: the mean over bases, of errors of totals without their sign where several."""
    one = found[found["row"] == row].assign(contender=lambda frame: pd.Categorical(frame["contender"], CONTENDERS))
    is_error, several = measure in ("money", "purchases"), _has_several(found, row)
    each = one.assign(**{measure: one[measure].abs()}) if is_error and several else one
    return each.groupby("contender", observed=True)[measure].mean()


def best(values: pd.Series, measure: str) -> str:
    """Name the contender that did best."""
    return str(values.idxmax() if measure == "gini" else values.abs().idxmin())


def _has_several(found: pd.DataFrame, row: str) -> bool:
    return bool((found[found["row"] == row]["contender"] == OURS).sum() > 1)


def _table_row(found: pd.DataFrame, row: str, measure: str) -> str:
    values, several = summarise(found, row, measure), _has_several(found, row)
    cells = [_cell(value, measure, several) for value in values]
    leader = list(values.index).index(best(values, measure))
    cells[leader] = f"**{cells[leader]}**"
    return f"| {row} | {' | '.join(cells)} |"


def _cell(value: float, measure: str, several: bool) -> str:
    write: dict[str, Callable[[], str]] = {
        "gini": lambda: f"{value:.3f}",
        "rmse": lambda: f"{value:,.2f}",
        "mae": lambda: f"{value:,.2f}",
    }
    return write.get(measure, lambda: f"±{value:.1%}" if several else f"{value:+.1%}")()


def _verdict(found: pd.DataFrame, rows: list[str]) -> list[str]:
    """Say where custlib is the best or near it, and where it is not."""
    lines = [
        "## Is custlib the best, or near it?",
        "",
        f"Aims: a Gini that is the best or within {NEAR:.0%} of it, and a total of money within {NEAR_TOTAL:.0%} of",
        "what came.",
        "",
        "| | Gini | best | of the best | total of money | nearest total | Gini held | total held |",
        "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    verdicts = {row: verdict(found, row) for row in rows}
    lines += [_verdict_row(row, one) for row, one in verdicts.items()]
    missed = {aim: [row for row, one in verdicts.items() if not one[aim]] for aim in ("gini_held", "total_held")}
    return [*lines, "", *(_missed(aim, missed[name], len(rows)) for aim, name in
                          (("Gini", "gini_held"), ("Total of money", "total_held")))]  # fmt: skip


def verdict(found: pd.DataFrame, row: str) -> dict[str, Any]:
    """Compare custlib with the best contender of a row."""
    ranks, totals = summarise(found, row, "gini"), summarise(found, row, "money")
    leader, nearest = best(ranks, "gini"), best(totals, "money")
    share = ranks[OURS] / ranks[leader]
    return {
        "gini": ranks[OURS], "leader": leader, "best": ranks[leader], "share": share, "total": totals[OURS],
        "nearest": nearest, "nearest_total": totals[nearest], "gini_held": bool(share >= 1 - NEAR),
        "total_held": bool(np.abs(totals[OURS]) <= NEAR_TOTAL), "several": _has_several(found, row),
    }  # fmt: skip


def _verdict_row(row: str, one: dict[str, Any]) -> str:
    words = {True: "yes", False: "**no**"}
    cells = [
        row, f"{one['gini']:.3f}", f"{one['best']:.3f} ({one['leader']})", f"{one['share']:.1%}",
        _cell(one["total"], "money", one["several"]),
        f"{_cell(one['nearest_total'], 'money', one['several'])} ({one['nearest']})",
        words[one["gini_held"]], words[one["total_held"]],
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _missed(aim: str, rows: list[str], of: int) -> str:
    return f"{aim}: held in {of - len(rows)} of {of}" + (f"; not in {', '.join(rows)}." if rows else ".")


if __name__ == "__main__":
    main()
