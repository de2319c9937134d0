"""The chi-squared test."""

from dataclasses import dataclass

from scipy import special


@dataclass(frozen=True)
class ChiSquared:
    """A chi-squared test: the statistic, its degrees of freedom and p-value.

    Where parameters are estimated from ungrouped data, the distribution lies between that of ``degrees`` and that of
    ``most`` degrees of freedom (Chernoff and Lehmann 1954): ``p_most`` is the p-value of the latter.
    """

    statistic: float
    degrees: int
    p_value: float
    most: int = 0
    p_most: float = 0.0


def chi_squared_test(statistic: float, degrees: int) -> ChiSquared | None:
    """Compute the p-value of a chi-squared statistic; None without a degree of freedom.

    Examples
    --------
    >>> round(chi_squared_test(4.82, 3).p_value, 3)
    0.185
    """
    if degrees < 1:
        return None
    return ChiSquared(statistic, degrees, float(special.chdtrc(degrees, max(statistic, 0.0))))
