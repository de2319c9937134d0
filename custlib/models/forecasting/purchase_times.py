"""When purchases come: the next one, and how many in each of several periods.

From any lifetime model, or an average: the distribution of the time to the next purchase is
`LifetimeModel.probability_of_purchase` over `LifetimeModel.probability_of_return`, given that one comes at all. Its
mean is no use: it is infinite for frequencies below 1 - r.
"""

from collections.abc import Sequence

import numpy as np

from custlib.errors import UsageError
from custlib.models.cells import Array
from custlib.models.forecasting.lifetime_models import Histories, LifetimeModel

_HALVINGS = 42  # the time is good to 1e-11
_SOONEST, _LATEST = 1e-9, 1e9  # times the mean T


def next_purchase_quantile(model: LifetimeModel, histories: Histories, share: float = 0.5) -> Array:
    """Compute the time within which the next purchase comes with a given probability, if one comes at all.

    Parameters
    ----------
    model : LifetimeModel
        A fitted model, or an average.
    histories : Histories
        The customers.
    share : float, default 0.5
        The probability, between 0 and 1; the median by default.

    Returns
    -------
    ndarray, shape (n,)
        In the unit of the model; infinite beyond a thousand million times the mean T.

    Raises
    ------
    UsageError
        If share does not lie between 0 and 1.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> from custlib.models.forecasting import as_lifetime_model
    >>> model, one = as_lifetime_model(BGNBD(1.0, 10.0, 0.8, 2.4)), Histories.of(0, 0, 20)
    >>> next_purchase_quantile(model, one).round(6)
    array([30.])
    """
    if not 0 < share < 1:
        raise UsageError(f"share must lie between 0 and 1, got {share}.")
    wanted = share * model.probability_of_return(histories)
    unit = max(float(histories.T.mean()), 1.0) if histories.size else 1.0
    low, high = (np.full(histories.size, np.log(unit * end)) for end in (_SOONEST, _LATEST))
    reached = (model.probability_of_purchase(histories, np.exp(high)) >= wanted) & (wanted > 0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        early = model.probability_of_purchase(histories, np.exp(middle)) < wanted
        low, high = np.where(early, middle, low), np.where(early, high, middle)
    return np.where(reached, np.exp(high), np.inf)


def next_purchase_periods(model: LifetimeModel, histories: Histories, share: float, *, most: int) -> Array:
    """Compute the least whole number of time units within which the next purchase comes with a given probability.

    Parameters
    ----------
    model : LifetimeModel
        A fitted model, or an average.
    histories : Histories
        The customers.
    share : float
        The probability, if a purchase comes at all, between 0 and 1.
    most : int
        The most time units to look ahead, at least 1.

    Returns
    -------
    ndarray, shape (n,)
        At least 1; infinite where the probability is not reached within the most.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> from custlib.models.forecasting import as_lifetime_model
    >>> model, one = as_lifetime_model(BGNBD(1.0, 10.0, 0.8, 2.4)), Histories.of(0, 0, 20)
    >>> next_purchase_periods(model, one, 0.9, most=365), next_purchase_periods(model, one, 0.9, most=200)
    (array([270.]), array([inf]))
    """
    wanted = share * model.probability_of_return(histories) * (1 - 1e-12)
    low, high = np.zeros(histories.size), np.full(histories.size, float(most))
    reached = (model.probability_of_purchase(histories, high) >= wanted) & (wanted > 0)
    for _ in range(int(most).bit_length()):
        middle = np.floor((low + high) / 2)
        early = model.probability_of_purchase(histories, middle) < wanted
        low, high = np.where(early, middle, low), np.where(early, high, np.maximum(middle, 1.0))
    return np.where(reached, high, np.inf)


def purchases_by_period(
    model: LifetimeModel, histories: Histories, ends: Sequence[float], *, rate: float = 0.0
) -> Array:
    """Expect the purchases of each of several periods that follow one another.

    Parameters
    ----------
    model : LifetimeModel
        A fitted model, or an average.
    histories : Histories
        The customers.
    ends : sequence of float
        Where each period ends, from T on, in the unit of the model; the first begins at T.
    rate : float, default 0.0
        Continuous discount rate per unit of time: a purchase at T + s counts exp(-rate s).

    Returns
    -------
    ndarray, shape (n, periods)
        They sum to what is expected within the last end.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> from custlib.models.forecasting import as_lifetime_model
    >>> model, one = as_lifetime_model(BGNBD(0.243, 4.414, 0.793, 2.426)), Histories.of(2, 30.43, 38.86)
    >>> purchases_by_period(model, one, [13, 26, 39]).round(3)
    array([[0.457, 0.404, 0.364]])
    """
    each = [model.discounted_purchases(histories, float(end), rate) for end in ends]
    return np.diff(np.column_stack(each), axis=1, prepend=0.0)
