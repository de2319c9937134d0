"""Computes the variance of a forecast total, if the models are right: of parameters, of models, of what customers do.

Reads cells of customers. Purchases come from `custlib.models.forecasting.totals`: the variance of a total is that of
the parameters (delta method), that between the models of an average, and that of the customers' futures, computed per
cell. Money adds the variance of a customer's spend level given the past, and of each day (Gamma-Gamma), and of the
parameters of spend. Residual value has no horizon, so discounted purchases replace counts.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import block_diag

from custlib.models.bgnbd_model import BetaGeometricNBD
from custlib.models.forecasting import (
    CellForecast,
    Histories,
    LifetimeModel,
    as_lifetime_model,
    purchases_ahead,
    residual_ahead,
)
from custlib.value.spend import SpendModel
from custlib.value.spend_moments import spend_covariance, spend_moments, spend_slopes

Floats = NDArray[np.float64]


def histories(cells: pd.DataFrame) -> Histories:
    """Take the histories of cells.

    Examples
    --------
    >>> histories(pd.DataFrame({"frequency": [2], "recency": [200.0], "T": [210.0]})).size
    1
    """
    return Histories.of(*(cells[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T")))


def totals(
    model: LifetimeModel, spend: SpendModel, cells: pd.DataFrame, horizon: float
) -> tuple[CellForecast, CellForecast]:
    """Forecast the purchases and the money of all customers of each cell; a total is that of the cells inside.

    A purchase brings m S - c, with the margin m, the spend S and the cost to serve c. With N purchases, a level of
    spend of mean s and second moment level x s^2, and g = m s, the variance of a customer's money is
    (g - c)^2 (E N^2 - (E N)^2) + g^2 ((level - 1) E N^2 + (day - level) E N).
    """
    customers, squares, gross_squares = _floats(cells, "customers", "money_squares", "gross_squares")
    each = purchases_ahead(model, histories(cells), horizon)
    mean, square = each.mean, each.chance + each.weights @ each.means**2
    level, day = spend_moments(spend, cells["frequency"].to_numpy(dtype=float))
    chance = each.chance * squares + ((level - 1) * square + (day - level) * mean) * gross_squares
    purchases = replace(
        each, means=each.means * customers, chance=each.chance * customers, slopes=each.slopes * customers
    )
    return purchases, _in_money(each, spend, cells, ("money", "gross", "units"), chance)


def residual_total(model: LifetimeModel, spend: SpendModel, cells: pd.DataFrame, rate: float) -> CellForecast:
    """Forecast the residual value of all customers of each cell, with discounted purchases for counts."""
    squares, gross_squares, frequency = _floats(cells, "margin_squares", "gross_margin_squares", "frequency")
    each = residual_ahead(model, histories(cells), rate)
    square = each.chance + each.weights @ each.means**2
    fine = model.residual_transactions(histories(cells), 2 * rate)  # the sum of the squared discounts
    level, day = spend_moments(spend, frequency)
    chance = each.chance * squares + ((level - 1) * square + (day - level) * fine) * gross_squares
    return _in_money(each, spend, cells, ("margin", "residual_gross", "residual_units"), chance)


def _in_money(
    each: CellForecast, spend: SpendModel, cells: pd.DataFrame, names: tuple[str, str, str], chance: Floats
) -> CellForecast:
    """Turn purchases of one customer of each cell into the money of all of them, with the parameters of spend."""
    money, gross, units = _floats(cells, *names)
    slopes = spend_slopes(spend, cells["frequency"].to_numpy(dtype=float), gross, units)
    return replace(
        each, means=each.means * money, chance=chance, slopes=np.vstack([each.slopes * money, slopes]),
        covariance=block_diag(each.covariance, spend_covariance(spend)),
    )  # fmt: skip


def _floats(cells: pd.DataFrame, *names: str) -> list[Floats]:
    return [cells[name].to_numpy(dtype=float) for name in names]


def expected(model: LifetimeModel, cells: pd.DataFrame, horizon: float) -> Floats:
    """Expect the purchases of one customer of each cell in the horizon.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> one = pd.DataFrame({"frequency": [2], "recency": [200.0], "T": [210.0]})
    >>> expected(as_lifetime_model(BGNBD(0.25, 31.0, 0.8, 2.4)), one, 365.0).round(2)
    array([2.05])
    """
    return model.expected_purchases(histories(cells), horizon)


def log_covariance(model: BetaGeometricNBD) -> Floats:
    """Covariance of the logarithms of the four parameters; zero for what is unknown or not identified.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> log_covariance(BGNBD(0.25, 31.0, 0.8, 2.4)).sum()
    np.float64(0.0)
    """
    return as_lifetime_model(model).log_covariance
