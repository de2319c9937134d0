"""Measures how far spend depends on frequency, which the Gamma-Gamma model assumes it does not."""

import numpy as np

from custlib import rules
from custlib.models.spend_independence import independence


def dependence(frequency: np.ndarray, money: np.ndarray, customers: np.ndarray) -> tuple[float, float, float]:
    """Measure the dependence of spend on frequency: Pearson, Spearman, and the correlation ratio beyond chance.

    With k distinct frequencies of n customers chance alone gives a ratio of (k - 1) / (n - 1), which is subtracted
    (Kelley 1935, "An unbiased correlation ratio measure").

    Examples
    --------
    >>> dependence(np.array([1.0, 2.0]), np.array([5.0, 9.0]), np.array([30.0, 30.0]))
    (1.0, 1.0, 1.0)
    """
    measures = independence(frequency, money, customers)
    kinds, many = np.unique(frequency).size, float(customers.sum())
    ratio = 1 - (1 - measures.correlation_ratio) * (many - 1) / (many - kinds) if many > kinds else 0.0
    pearson, spearman, ratio = (float(np.nan_to_num(x)) for x in (measures.pearson, measures.spearman, ratio))
    return round(pearson, 9), round(spearman, 9), round(max(ratio, 0.0), 9)


def is_dependent(measured: tuple[float, ...]) -> bool:
    """Whether spend depends on frequency too much for one Gamma-Gamma model.

    Examples
    --------
    >>> is_dependent((0.1, 0.05, 0.01)), is_dependent((0.1, -0.35, 0.01))
    (False, True)
    """
    if not measured:
        return False
    limits = rules.load("spend")["dependent"]
    pearson, spearman, ratio = measured
    return max(abs(pearson), abs(spearman)) >= limits["correlation"] or ratio >= limits["ratio"]
