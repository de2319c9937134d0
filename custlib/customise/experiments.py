"""Plans experiments: size of the control group, minimum detectable effect and break-even lift.

Reads options only. Two proportions compared by a two-sided z test;
Fleiss, Levin and Paik (2003), "Statistical Methods for Rates and Proportions", chapter 4.
"""

from math import sqrt

from custlib.errors import UsageError


def minimum_detectable_effect(
    customers: float, control_share: float, base_rate: float, *, alpha: float = 0.05, power: float = 0.8
) -> float:
    """Compute the smallest difference in rates that the experiment detects with the given power.

    Examples
    --------
    >>> round(minimum_detectable_effect(42_201, 0.10, 0.05), 4)
    0.0099
    """
    _refuse_options(control_share=control_share, base_rate=base_rate, alpha=alpha, power=power)
    if not 0 < customers < float("inf"):
        raise UsageError(f"customers must be above 0, got {customers}.")
    arms = 1 / (customers * (1 - control_share)) + 1 / (customers * control_share)
    return _quantiles(alpha, power) * sqrt(base_rate * (1 - base_rate) * arms)


def break_even_lift(cost_per_customer: float, margin_per_conversion: float) -> float:
    """Compute the difference in rates at which an action pays for itself.

    Examples
    --------
    >>> break_even_lift(0.5, 25.0)
    0.02
    """
    if not 0 <= cost_per_customer < float("inf"):
        raise UsageError(f"cost_per_customer must not be negative, got {cost_per_customer}.")
    if not 0 < margin_per_conversion < float("inf"):
        raise UsageError(f"margin_per_conversion must be above 0, got {margin_per_conversion}.")
    return cost_per_customer / margin_per_conversion


def _quantiles(alpha: float, power: float) -> float:
    """Sum the normal quantiles of the significance level and of the power."""
    from scipy.special import ndtri

    return float(ndtri(1 - alpha / 2) + ndtri(power))


def _refuse_options(**shares: float) -> None:
    """Raise where shares are not strictly between 0 and 1, naming all of them."""
    wrong = [f"{name} = {value}" for name, value in shares.items() if not 0 < value < 1]
    if wrong:
        raise UsageError(f"between 0 and 1 must be: {', '.join(wrong)}.")
