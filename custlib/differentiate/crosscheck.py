"""Fits the same cells with the package ``lifetimes``, as a second opinion printed beside ours.

``lifetimes`` is archived and changes global settings when imported, so it is imported only here, when asked for,
and what it changed is put back.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd

from custlib.engine.duckdb import DuckDB
from custlib.models import bgnbd
from custlib.models.bgnbd import BGNBD

_NOTHING_TO_STEER = 0.0
_PANDAS_OPTION = "mode.chained_assignment"


def lifetimes_lifetime(engine: DuckDB, cells: str) -> dict[str, float]:
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
        ``r``, ``alpha`` (days), ``a``, ``b``, and ``log_likelihood``, ours at their parameters.
    """
    counted = engine.fetch(f"select * from {cells} order by frequency, recency, T")
    with _settings_kept():
        from lifetimes import BetaGeoFitter

        fitter = BetaGeoFitter(penalizer_coef=_NOTHING_TO_STEER)
        fitter.fit(counted["frequency"], counted["recency"], counted["T"], weights=counted["customers"])
    found = {name: float(fitter.params_[name]) for name in ("r", "alpha", "a", "b")}
    model = BGNBD(found["r"], found["alpha"], found["a"], found["b"])
    at_theirs = bgnbd.log_likelihood(model, counted["frequency"], counted["recency"], counted["T"])
    return found | {"log_likelihood": float(at_theirs @ counted["customers"])}


def lifetimes_spend(engine: DuckDB, cells: str) -> dict[str, float]:
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
        ``p``, ``q`` and ``v``.
    """
    counted = engine.fetch(f"select * from {cells} order by frequency, monetary_value")
    with _settings_kept():
        from lifetimes import GammaGammaFitter

        fitter = GammaGammaFitter(penalizer_coef=_NOTHING_TO_STEER)
        fitter.fit(counted["frequency"], counted["monetary_value"], weights=counted["customers"])
    return {name: float(fitter.params_[name]) for name in ("p", "q", "v")}


@contextmanager
def _settings_kept() -> Iterator[None]:
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
