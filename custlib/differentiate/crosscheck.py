"""Fits the same cells with the package ``lifetimes``, as a second opinion printed beside ours.

``lifetimes`` is archived and changes global settings when imported, so it is imported only here, when asked for,
and what it changed is put back.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd

from custlib.engine.duckdb import DuckDB
from custlib.models import bgnbd
from custlib.models.bgnbd import BGNBD

_NOTHING_TO_STEER = 0.0
_PANDAS_OPTION = "mode.chained_assignment"


def lifetimes_lifetime(engine: DuckDB, cells: str) -> dict[str, float] | None:
    """Fit the BG/NBD model of ``lifetimes`` on cells with their counts as weights.

    Parameters
    ----------
    engine : DuckDB
        Holds the cells.
    cells : str
        Name of the table of cells.

    Returns
    -------
    dict of str to float
        ``r``, ``alpha`` (days), ``a``, ``b``, and ``log_likelihood``, ours at their parameters; None where
        the fit of ``lifetimes`` ends without converging.
    """
    counted = engine.fetch(f"select * from {cells} order by frequency, recency, T")
    with settings_kept():
        from lifetimes import BetaGeoFitter

        fitter = BetaGeoFitter(penalizer_coef=_NOTHING_TO_STEER)
        columns = (counted["frequency"], counted["recency"], counted["T"])
        if not _fits(lambda: fitter.fit(*columns, weights=counted["customers"])):
            return None
    found = {name: float(fitter.params_[name]) for name in ("r", "alpha", "a", "b")}
    model = BGNBD(found["r"], found["alpha"], found["a"], found["b"])
    at_theirs = bgnbd.log_likelihood(model, counted["frequency"], counted["recency"], counted["T"])
    return found | {"log_likelihood": float(at_theirs @ counted["customers"])}


def lifetimes_spend(engine: DuckDB, cells: str) -> dict[str, float] | None:
    """Fit the Gamma-Gamma model of ``lifetimes`` on spend cells with their counts as weights.

    Parameters
    ----------
    engine : DuckDB
        Holds the spend cells.
    cells : str
        Name of the table of spend cells.

    Returns
    -------
    dict of str to float
        ``p``, ``q`` and ``v``; None where the fit of ``lifetimes`` ends without converging.
    """
    counted = engine.fetch(f"select * from {cells} order by frequency, monetary_value")
    with settings_kept():
        from lifetimes import GammaGammaFitter

        fitter = GammaGammaFitter(penalizer_coef=_NOTHING_TO_STEER)
        columns = (counted["frequency"], counted["monetary_value"])
        if not _fits(lambda: fitter.fit(*columns, weights=counted["customers"])):
            return None
    return {name: float(fitter.params_[name]) for name in ("p", "q", "v")}


def _fits(fit: Callable[[], Any]) -> bool:
    """Run a fit of ``lifetimes``, which raises and prints a dump where it does not converge."""
    from lifetimes.utils import ConvergenceError

    try:
        with redirect_stdout(StringIO()):
            fit()
    except ConvergenceError:
        return False
    return True


@contextmanager
def settings_kept() -> Iterator[None]:
    """Put back what an import of ``lifetimes`` changes: warning filters, an option of pandas, NumPy's errors."""
    before = np.geterr()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        chained = pd.get_option(_PANDAS_OPTION)
        try:
            yield
        finally:
            np.seterr(**before)
            pd.set_option(_PANDAS_OPTION, chained)
