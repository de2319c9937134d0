"""Tests goodness of fit: the distribution of repeat purchases, and one model for all cohorts.

Reads cells of customers (frequency, recency, T and count). The counts are compared with those expected of new
customers of the same ages (Fader, Hardie and Lee 2005, figure 1). Each cohort is fitted separately and compared with
the pooled fit by a likelihood-ratio test.
"""

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from custlib import rules
from custlib.errors import ModelError
from custlib.models.bgnbd import purchase_count_probability
from custlib.models.bgnbd_fit import fit_kind
from custlib.models.bgnbd_model import BetaGeometricNBD
from custlib.models.chi_squared import ChiSquared, chi_squared_test

Floats = NDArray[np.float64]
_LAST_GROUP = 7
_PARAMETERS = 4
_FEWEST_EXPECTED = 5.0


def calibration_counts(cells: pd.DataFrame, model: BetaGeometricNBD) -> tuple[pd.DataFrame, ChiSquared | None]:
    """Count customers by repeat purchases, actual and expected."""
    age, customers = (cells[name].to_numpy(dtype=float) for name in ("T", "customers"))
    ages, place = np.unique(age, return_inverse=True)
    many = np.bincount(place, customers)
    n = np.arange(_LAST_GROUP)
    expected: Floats = np.zeros(_LAST_GROUP + 1)
    expected[:-1] = many @ np.asarray(purchase_count_probability(model, n, ages[:, None]))
    expected[-1] = max(customers.sum() - expected.sum(), 0.0)
    group = np.minimum(cells["frequency"].to_numpy(dtype=int), _LAST_GROUP)
    actual: Floats = np.zeros(_LAST_GROUP + 1)
    np.add.at(actual, group, customers)
    labels = [*(str(k) for k in n), f"{_LAST_GROUP}+"]
    return pd.DataFrame({"group": labels, "actual": actual, "expected": expected}), _pearson(actual, expected)


def _pearson(actual: Floats, expected: Floats) -> ChiSquared | None:
    """Merge groups with few expected customers into the one before, then test."""
    seen, wanted = [0.0], [0.0]
    for a, e in zip(actual, expected, strict=True):
        if wanted[-1] >= _FEWEST_EXPECTED:
            seen.append(0.0)
            wanted.append(0.0)
        seen[-1] += a
        wanted[-1] += e
    if len(wanted) > 1 and wanted[-1] < _FEWEST_EXPECTED:
        seen[-2:], wanted[-2:] = [sum(seen[-2:])], [sum(wanted[-2:])]
    statistic = sum((a - e) ** 2 / e for a, e in zip(seen, wanted, strict=True) if e > 0)
    test = chi_squared_test(float(statistic), len(wanted) - 1 - _PARAMETERS)
    most = len(wanted) - 1
    return test and replace(test, most=most, p_most=float(special.chdtrc(most, max(float(statistic), 0.0))))


def by_cohort(cells: pd.DataFrame, model: BetaGeometricNBD, *, end: dt.date) -> tuple[pd.DataFrame, ChiSquared | None]:
    """Fit every acquisition cohort separately and test whether one model fits all."""
    limits = rules.load("backtest")["cohorts"]
    first = pd.Timestamp(end) - pd.to_timedelta(cells["T"].round(), unit="D")
    cohort = _grouped(first, cells, limits)
    rows: list[dict[str, Any]] = []
    clear = not _unclear(model)
    gained, fitted = -float(model.log_likelihood or 0.0), 0
    for begin in sorted(cohort.unique()):
        part = cells[(cohort == begin).to_numpy()]
        columns = [part[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T", "customers")]
        try:
            own = fit_kind(type(model), *columns)
        except ModelError:
            return pd.DataFrame(rows), None
        clear = clear and not _unclear(own)
        gained, fitted = gained + float(own.log_likelihood or 0.0), fitted + 1
        rows.append({"cohort": pd.Timestamp(begin).date(), "customers": int(columns[3].sum())} | _read(own))
    test = chi_squared_test(2 * gained, _PARAMETERS * (fitted - 1))
    return pd.DataFrame(rows), test if clear else None


def _unclear(model: BetaGeometricNBD) -> bool:
    """Whether a fit ends on a ridge or a boundary, where a likelihood ratio is not chi-squared."""
    return bool(set(model.flags) - {"repeaters_only", "zero_observation_share"})


def _read(model: BetaGeometricNBD) -> dict[str, float]:
    return {"yearly_rate": model.r / model.alpha * 365, "dropout": model.a / (model.a + model.b)}


def _grouped(first: pd.Series, cells: pd.DataFrame, limits: dict[str, int]) -> pd.Series:
    """Group first purchases by month, or by quarter or year where cohorts are too many; merge small cohorts."""
    for period in ("M", "Q", "Y"):
        cohort = first.dt.to_period(period).dt.start_time
        if cohort.nunique() <= limits["most"]:
            break
    sums = cells.assign(repeats=cells["frequency"] * cells["customers"]).groupby(cohort)[["customers", "repeats"]].sum()
    names: dict[pd.Timestamp, pd.Timestamp] = {}
    current, customers, repeats = sums.index[0], 0.0, 0.0
    for begin, row in zip(sums.index, sums.to_dict("records"), strict=True):
        if customers >= limits["fewest_customers"] and repeats >= limits["fewest_repeats"]:
            current, customers, repeats = begin, 0.0, 0.0
        names[begin] = current
        customers, repeats = customers + row["customers"], repeats + row["repeats"]
    if customers < limits["fewest_customers"] or repeats < limits["fewest_repeats"]:  # the last is too small
        earlier = [begin for begin in names.values() if begin < current]
        names = {k: (max(earlier) if earlier and v == current else v) for k, v in names.items()}
    return cohort.map(names)
