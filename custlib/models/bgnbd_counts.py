"""How many customers buy 0, 1, 2 ... times again: the distribution behind the calibration counts.

Reads a `BGNBD` or `MBGNBD`; makes probabilities. Fader, Hardie and Lee (2005), equation 8; with occasions to drop
out in place of repeat purchases it is that of Batislam, Denizel and Filiztekin (2007) too.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from custlib.models.bgnbd_model import BetaGeometricNBD
from custlib.models.inputs import read_customers

Array = NDArray[np.float64]


def purchase_count_probability(model: BetaGeometricNBD, frequency: ArrayLike, T: ArrayLike) -> Array:
    """Give the chance that a new customer makes just so many repeat purchases up to age T.

    Parameters
    ----------
    model : BGNBD or MBGNBD
        A model.
    frequency : array_like
        Repeat purchases, whole numbers >= 0.
    T : array_like
        First purchase to the end of observation, >= 0; both broadcast.

    Returns
    -------
    ndarray
        From 0 to 1; over all frequencies they sum to 1.

    Raises
    ------
    TableError
        When a frequency is not whole, or a number is negative or not finite.

    Examples
    --------
    >>> from custlib.models.bgnbd import BGNBD
    >>> model = BGNBD(0.243, 4.414, 0.793, 2.426)
    >>> round(float(purchase_count_probability(model, 0, 39)), 4)
    0.5738
    """
    x, T = read_customers(frequency, T)
    n = model.occasions(x)
    reach = T / (model.alpha + T)
    at_least = np.where(x > 0, special.betainc(np.maximum(x, 1), model.r, reach), 1.0)
    exactly = at_least - special.betainc(x + 1, model.r, reach)
    stayed = np.exp(special.betaln(model.a, model.b + n) - special.betaln(model.a, model.b))
    left = np.exp(special.betaln(model.a + 1, model.b + np.maximum(n, 1) - 1) - special.betaln(model.a, model.b))
    result: Array = stayed * exactly + np.where(n > 0, left * at_least, 0.0)
    return result[()]
