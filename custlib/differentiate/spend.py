"""What a customer spends per purchase day: the Gamma-Gamma model, or a plain shrinkage where it has no mean.

Reads ``spend_cells``. Follows Fader and Hardie (2013), "The Gamma-Gamma model of monetary value".
"""

from dataclasses import asdict, dataclass

import numpy as np

from custlib.engine.dialect import Dialect
from custlib.engine.duckdb import DuckDB
from custlib.errors import ModelError
from custlib.models import gammagamma
from custlib.models.gammagamma import GammaGamma

_FEWEST = 10
_ALIKE = 1e-9  # averages of equal amounts differ by rounding


@dataclass(frozen=True)
class Spend:
    """Expected spend as (prior_money + frequency x monetary_value) / (prior_weight + frequency).

    The Gamma-Gamma conditional mean p (v + x m) / (p x + q - 1) is of this form with prior_money = v and
    prior_weight = (q - 1) / p, and so is a shrinkage towards the median: either is one column of the engine.

    Attributes
    ----------
    kind : str
        ``"gamma_gamma"``, ``"shrinkage"`` or ``"none"`` (no money in the source).
    prior_money, prior_weight : float
        Money and weight of the prior.
    population_mean : float
        Spend expected of a customer without repeat purchases, in currency per purchase day.
    remark : str
        Code of why the fallback was taken: ``few_repeat_customers``, ``spend_equal``, ``no_finite_mean`` or
        ``no_maximum``, with a sentence in the texts; ``no_money`` where nobody spent; empty for Gamma-Gamma.
    """

    kind: str
    prior_money: float = 0.0
    prior_weight: float = 1.0
    population_mean: float = 0.0
    remark: str = ""


def fit_spend(engine: DuckDB, cells: str) -> tuple[Spend, GammaGamma | None]:
    """Fit the spend per purchase day.

    Parameters
    ----------
    engine : DuckDB
        Holds the spend cells.
    cells : str
        Name of the table of spend cells.

    Returns
    -------
    spend : Spend
        What the engine scores with.
    model : GammaGamma or None
        The fitted model; None where the fallback was taken.

    Raises
    ------
    ModelError
        If no repeat customer spent anything.
    """
    counted = engine.fetch(f"select * from {cells} order by frequency, monetary_value")
    frequency, money, customers = (
        counted[name].to_numpy(dtype=float) for name in ("frequency", "monetary_value", "customers")
    )
    if len(counted) == 0:
        raise ModelError(
            "spend: no repeat customer has an amount above zero: every amount is zero or under half a cent, or all "
            "was given back. Map the right amount column, or run without one to forecast purchases only.",
            reason="no_money",
        )
    if customers.sum() < _FEWEST:
        return _shrunk(money, customers, "few_repeat_customers"), None
    if np.ptp(money) <= _ALIKE * money.max():
        return _shrunk(money, customers, "spend_equal"), None
    model = gammagamma.fit(frequency, money, customers)
    if model.q <= 1:
        return _shrunk(money, customers, "no_finite_mean"), None
    if not model.converged:
        return _shrunk(money, customers, "no_maximum"), None
    return from_gamma_gamma(model), model


def fit_or_none(engine: DuckDB, cells: str) -> tuple[Spend, GammaGamma | None]:
    """Fit the spend per purchase day; where nobody spent, say so instead of raising.

    Parameters
    ----------
    engine : DuckDB
        Holds the spend cells.
    cells : str
        Name of the table of spend cells.

    Returns
    -------
    spend : Spend
        As of :func:`fit_spend`, or of the kind ``"none"`` with the reason as remark.
    model : GammaGamma or None
        As of :func:`fit_spend`.
    """
    try:
        return fit_spend(engine, cells)
    except ModelError as fault:
        return Spend("none", remark=fault.reason), None


def flags(spend: Spend, model: GammaGamma | None) -> tuple[str, ...]:
    """List what is to be known before the spend is used: the flags of the model, or why there is none.

    Examples
    --------
    >>> flags(Spend("shrinkage", remark="spend_equal"), None)
    ('spend_equal',)
    """
    return (*(model.flags if model else ()), *((spend.remark,) if spend.remark else ()))


def from_gamma_gamma(model: GammaGamma) -> Spend:
    """State a Gamma-Gamma model as a :class:`Spend`.

    Examples
    --------
    >>> round(from_gamma_gamma(GammaGamma(6.25, 3.74, 15.44)).population_mean, 2)
    35.22
    """
    weight = (model.q - 1) / model.p
    return Spend("gamma_gamma", model.v, weight, model.p * model.v / (model.q - 1))


def _shrunk(money: np.ndarray, customers: np.ndarray, remark: str) -> Spend:
    order = np.argsort(money)
    middle = np.searchsorted(np.cumsum(customers[order]), customers.sum() / 2)
    median = float(money[order][middle])
    return Spend("shrinkage", median, 1.0, median, remark)


def expected_spend(sql: Dialect, spend: Spend) -> str:
    """Write expected spend as a column of ``:prior_money, :prior_weight, :population_mean``."""
    del sql
    if spend.kind == "none":
        return "cast(null as double)"
    return (
        "case when frequency = 0 or monetary_value is null then cast(:population_mean as double)"
        " else (cast(:prior_money as double) + frequency * greatest(monetary_value, 0))"
        " / (cast(:prior_weight as double) + frequency) end"
    )


def parameters(spend: Spend) -> dict[str, float]:
    """Name the values that :func:`expected_spend` binds.

    Examples
    --------
    >>> parameters(Spend("none"))
    {}
    """
    if spend.kind == "none":
        return {}
    return {k: v for k, v in asdict(spend).items() if k in ("prior_money", "prior_weight", "population_mean")}
