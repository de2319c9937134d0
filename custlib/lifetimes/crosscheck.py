"""Fits the same cells with the package ``lifetimes``, for comparison.

``lifetimes`` is archived and changes global settings when imported, so it is imported only inside functions, and the
settings are restored.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd

from custlib.engine.base import Engine
from custlib.errors import ModelError
from custlib.graph import NOT_INSTALLED, REFUSED, Refusal, record
from custlib.models import bgnbd, mbgnbd, paretonbd
from custlib.validate.backtest_groups import coarser
from custlib.value.holdout_period import HoldoutPeriod

_MOST_CELLS = 20_000
_NO_PENALTY = 0.0
_PANDAS_OPTION = "mode.chained_assignment"


@dataclass(frozen=True)
class _Pair:
    """A model in both packages."""

    fitter: str
    fit: Callable[..., Any]
    expected: Callable[..., Any]
    parameters: tuple[str, ...]
    start: tuple[float, ...] | None = None  # lifetimes starts Pareto/NBD at random values by default


_PAIRS = {
    "BG/NBD": _Pair("BetaGeoFitter", bgnbd.fit, bgnbd.expected_purchases, ("r", "alpha", "a", "b")),
    "MBG/NBD": _Pair("ModifiedBetaGeoFitter", mbgnbd.fit, mbgnbd.expected_purchases, ("r", "alpha", "a", "b")),
    "Pareto/NBD": _Pair(
        "ParetoNBDFitter", paretonbd.fit, paretonbd.expected_purchases, ("r", "alpha", "s", "beta"), (1.0,) * 4
    ),
}


def is_possible() -> bool:
    """Tell whether ``lifetimes`` is installed."""
    return find_spec("lifetimes") is not None


def lifetimes_models(outcomes: pd.DataFrame, *, days: int) -> dict[str, dict[str, Any]]:
    """Fit the lifetime models of both packages on the same cells and forecast the holdout."""
    cells = coarser(outcomes, most=_MOST_CELLS)
    return {name: fits for name, pair in _PAIRS.items() if (fits := _both(pair, cells, days))}


def _both(pair: _Pair, cells: pd.DataFrame, days: int) -> dict[str, Any]:
    columns, customers = (cells["frequency"], cells["recency"], cells["T"]), cells["customers"]
    try:
        model = pair.fit(*columns, customers)
    except ModelError:
        return {}
    ours = {name: float(getattr(model, name)) for name in pair.parameters}
    ours["holdout"] = float(np.asarray(pair.expected(model, days, *columns)) @ customers)
    return {"ours": ours, "theirs": _theirs(pair, cells, days), "actual": float(cells["actual"].sum())}


def _theirs(pair: _Pair, cells: pd.DataFrame, days: int) -> dict[str, float] | None:
    columns, customers = (cells["frequency"], cells["recency"], cells["T"]), cells["customers"]
    with restored_settings():
        import lifetimes

        fitter = getattr(lifetimes, pair.fitter)(penalizer_coef=_NO_PENALTY)
        if not _fits(lambda: fitter.fit(*columns, weights=customers, initial_params=pair.start)):
            return None
        expected = np.asarray(fitter.conditional_expected_number_of_purchases_up_to_time(days, *columns), dtype=float)
    parameters = {name: float(fitter.params_[name]) for name in pair.parameters}
    return (parameters | {"holdout": float(expected @ customers)}) if np.isfinite(expected).all() else None


def lifetimes_spend(engine: Engine, cells: str) -> dict[str, float] | None:
    """Fit the Gamma-Gamma model of ``lifetimes`` on spend cells with their counts as weights."""
    counted = engine.fetch(f"select * from {cells} order by frequency, monetary_value")
    with restored_settings():
        from lifetimes import GammaGammaFitter

        fitter = GammaGammaFitter(penalizer_coef=_NO_PENALTY)
        columns = (counted["frequency"], counted["monetary_value"])
        if not _fits(lambda: fitter.fit(*columns, weights=counted["customers"])):
            return None
    return {name: float(fitter.params_[name]) for name in ("p", "q", "v")}


def _fits(fit: Callable[[], Any]) -> bool:
    """Run a fit of ``lifetimes`` and return whether it converged."""
    from lifetimes.utils import ConvergenceError

    try:
        with redirect_stdout(StringIO()):
            fit()
    except ConvergenceError:
        return False
    return True


@contextmanager
def restored_settings() -> Iterator[None]:
    """Restore what an import of ``lifetimes`` changes: warning filters, a pandas option, NumPy error handling."""
    before = np.geterr()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        chained = pd.get_option(_PANDAS_OPTION)
        try:
            yield
        finally:
            np.seterr(**before)
            pd.set_option(_PANDAS_OPTION, chained)


@record
def crosscheck(
    engine: Engine,
    holdout_period: HoldoutPeriod,
    outcomes: pd.DataFrame,
    calibration_spend_cells: str | Refusal = REFUSED,
    calibration_spend: tuple[Any, Any] | Refusal = REFUSED,
) -> dict[str, Any]:
    """Models of custlib (``ours``) and of the package lifetimes (``theirs``) on the same cells, by name."""
    if not is_possible():
        raise ModelError('crosscheck needs lifetimes: pip install "custlib[lifetimes]"', reason=NOT_INSTALLED)
    models = lifetimes_models(outcomes, days=holdout_period.days)
    money = None if isinstance(calibration_spend, Refusal) else calibration_spend[1]
    if money is None:
        return models
    theirs = lifetimes_spend(engine, str(calibration_spend_cells))
    ours = {name: getattr(money, name) for name in ("p", "q", "v")}
    return models | {"Gamma-Gamma": {"ours": ours, "theirs": theirs}}
