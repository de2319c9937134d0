"""BG/NBD: when customers come back, and whether they still will.

The door to the model; the parts are in `bgnbd_model` (the fitted value), `bgnbd_fit`, `bgnbd_forecast`
and `bgnbd_discount`. Fader, Hardie and Lee (2005), "Counting your customers the easy way: an alternative
to the Pareto/NBD model", Marketing Science 24.
"""

from custlib.models.bgnbd_discount import (
    discounted_purchases_if_alive,
    residual_pairs,
    residual_transactions,
    residual_transactions_if_alive,
)
from custlib.models.bgnbd_fit import fit, log_likelihood
from custlib.models.bgnbd_forecast import (
    expected_purchases,
    expected_purchases_if_alive,
    expected_squared_purchases,
    new_customer_purchases,
    probability_alive,
    probability_of_purchase,
)
from custlib.models.bgnbd_model import BGNBD, from_dict, to_dict

__all__ = [
    "BGNBD",
    "discounted_purchases_if_alive",
    "expected_purchases",
    "expected_purchases_if_alive",
    "expected_squared_purchases",
    "fit",
    "from_dict",
    "log_likelihood",
    "new_customer_purchases",
    "probability_alive",
    "probability_of_purchase",
    "residual_pairs",
    "residual_transactions",
    "residual_transactions_if_alive",
    "to_dict",
]
