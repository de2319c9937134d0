"""What a run found of its purchases, its model of spend and its backtest, as values that show themselves."""

from dataclasses import dataclass
from typing import Any

from custlib.models.display import MISSING, Displayed, Shown
from custlib.models.gammagamma import GammaGamma


@dataclass(frozen=True, repr=False)
class SpendModel(Displayed):
    """What a customer spends on a purchase day.

    Attributes
    ----------
    kind : {"gamma_gamma", "shrinkage"}
        The Gamma-Gamma model; or each customer's mean, drawn towards the median of all, where it cannot be fitted.
    expected_spend : float
        Of a customer who has not come back yet, in currency per purchase day.
    model : GammaGamma or None
        The fitted model.
    remark : str
        What to know of the fit, in words; empty for nothing.
    currency : str
        ISO code.
    """

    kind: str
    expected_spend: float
    model: GammaGamma | None
    remark: str
    currency: str

    def _shown(self) -> Shown:
        rows = [("a new customer spends", f"{self.expected_spend:,.2f} {self.currency} per purchase day")]
        if self.model is not None:
            rows += [(name, f"{getattr(self.model, name):.4f}") for name in self.model.parameters]
        if self.remark:
            rows.append(("remark", self.remark))
        return Shown("Gamma-Gamma" if self.kind == "gamma_gamma" else "Shrinkage to the median", rows)


@dataclass(frozen=True, repr=False)
class Backtest(Displayed):
    """The forecast of the holdout period, made from what was known before it, beside what came.

    Attributes
    ----------
    light : {"green", "amber", "red", "untested"}
        How sure the forecast of the horizon is, by the width of its interval: the worse of ``lights``.
    lights : dict of str to str
        The light of ``purchases`` and, where money is forecast, that of ``value``.
    holdout_days : int
        Length of the period.
    customers : int
        Customers known before it.
    actual : int
        Purchase days they had in it.
    predicted, naive : float
        Purchase days forecast by the model, and by carrying on the past rate of each customer.
    bias, naive_bias : float or None
        Relative errors of both; None where nothing came.
    mean_absolute_error : float
        Per customer, in purchase days.
    correlation : float or None
        Of forecast and truth over customers; None where either does not vary.
    revenue : dict or None
        Revenue ``expected`` and ``actual``, its relative error ``bias`` and its ``currency``; None without money.
    """

    light: str
    lights: dict[str, str]
    holdout_days: int
    customers: int
    actual: int
    predicted: float
    naive: float
    bias: float | None
    naive_bias: float | None
    mean_absolute_error: float
    correlation: float | None
    revenue: dict[str, Any] | None

    @classmethod
    def of(cls, result: dict[str, Any]) -> "Backtest":
        """Read the result of the test of a run."""
        return cls(**{name: result[name] for name in cls.__dataclass_fields__})

    @property
    def verdict(self) -> str:
        """The result in a sentence."""
        off = "" if self.bias is None else f" ({_signed(self.bias)})"
        revenue = f", revenue {_signed(self.revenue['bias'])}" if self.revenue else ""
        return (
            f"{self.predicted:,.0f} purchase days forecast for the last {self.holdout_days:,} days, "
            f"{self.actual:,} came{off}{revenue}; light of the forecast: {self.light}"
        )

    def _shown(self) -> Shown:
        correlation = MISSING if self.correlation is None else f"{self.correlation:.2f}"
        rows = [
            ("customers", f"{self.customers:,}"),
            ("actual", f"{self.actual:,} purchase days"),
            ("predicted", f"{self.predicted:,.0f} ({_signed(self.bias)})"),
            ("naive", f"{self.naive:,.0f} ({_signed(self.naive_bias)}), each customer's past rate carried on"),
            ("mean absolute error", f"{self.mean_absolute_error:.2f} purchase days per customer"),
            ("correlation", correlation),
            *self._shown_revenue(),
        ]
        return Shown(
            f"Backtest on the last {self.holdout_days:,} days; light of the forecast: {self.light}",
            rows,
            light=self.light,
        )

    def _shown_revenue(self) -> list[tuple[str, str]]:
        if self.revenue is None:
            return []
        expected, actual = (f"{self.revenue[name]:,.0f}" for name in ("expected", "actual"))
        off = f"{actual} came, {expected} predicted ({_signed(self.revenue['bias'])})"
        return [(f"revenue ({self.revenue['currency']})", off)]


@dataclass(frozen=True, repr=False)
class Quality(Displayed):
    """What became of every row that was read: read = used + quarantined + removed.

    Attributes
    ----------
    rows_read, rows_used, rows_quarantined, rows_removed : int
        Rows of the source; quarantined are those that cannot be used, removed those that an option leaves out.
    money_read, money_used : float
        Their amounts, in currency; 0 without amounts.
    first_day, last_day : str or None
        Days of the first and last row used, ISO; None without any.
    reasons : dict of str to int
        Rows by the code of why they were quarantined or removed.
    warnings : tuple of str
        What to look at in the source.
    currency : str
        ISO code.
    record : dict
        The whole record of the run.
    """

    rows_read: int
    rows_used: int
    rows_quarantined: int
    rows_removed: int
    money_read: float
    money_used: float
    first_day: str | None
    last_day: str | None
    reasons: dict[str, int]
    warnings: tuple[str, ...]
    currency: str
    record: dict[str, Any]

    @classmethod
    def of(cls, record: dict[str, Any], *, currency: str) -> "Quality":
        """Read the record of a run."""
        names = [name for name in cls.__dataclass_fields__ if name in record and name != "warnings"]
        columns = {name: record[name] for name in names}
        return cls(**columns, warnings=tuple(record["warnings"]), currency=currency, record=record)

    def _shown(self) -> Shown:
        rows = [
            ("rows read", f"{self.rows_read:,}"),
            ("used", f"{self.rows_used:,}"),
            ("quarantined", f"{self.rows_quarantined:,}"),
            ("removed", f"{self.rows_removed:,}"),
            ("days", f"{self.first_day or MISSING} to {self.last_day or MISSING}"),
        ]
        if self.record["has_amount"]:
            rows.append(("money used", f"{self.money_used:,.2f} of {self.money_read:,.2f} {self.currency}"))
        rows += [(code, f"{count:,} rows") for code, count in self.reasons.items() if count]
        rows += [("warning", warning) for warning in self.warnings]
        return Shown("Quality of the purchases", rows)


def _signed(share: float | None) -> str:
    return MISSING if share is None else f"{share:+.1%}"
