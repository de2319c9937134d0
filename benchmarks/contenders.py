"""One contender of `benchmarks.models` in a process of its own: fits, scores, and writes what it took.

``python -m benchmarks.contenders NAME HISTORIES RESULT``. A contender is a class that is given the customers and has
the phases ``fit`` (purchases and drop-out), ``spend`` (Gamma-Gamma) and ``score``: P(alive) and the purchases of a year
for every customer, and a value. Importing is not timed. What fails is written down with its message.
"""

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import custlib

YEAR = 365
ANNUAL_RATE = 0.10
MONTHLY_RATE = (1 + ANNUAL_RATE) ** (1 / 12) - 1
ENOUGH_SECONDS, MOST_REPEATS = 3.0, 3

Customers = dict[str, np.ndarray]
Parameters = tuple[float, ...]


class Custlib:
    """Ours, from one row per customer: merging equal customers is part of the time."""

    package = "custlib"

    def __init__(self, customers: Customers) -> None:
        from custlib.models import bgnbd, gammagamma

        self.bgnbd, self.gammagamma, self.customers = bgnbd, gammagamma, customers
        self.history = tuple(customers[name] for name in ("frequency", "recency", "T"))

    def fit(self) -> Parameters:
        self.model = self.bgnbd.fit(*self.history)
        return self.model.r, self.model.alpha, self.model.a, self.model.b

    def spend(self) -> Parameters:
        back = self.customers["frequency"] > 0
        money = self.customers["monetary_value"]
        self.money = self.gammagamma.fit(self.customers["frequency"][back], money[back])
        return self.money.p, self.money.q, self.money.v

    def score(self) -> float:
        """The value is that of all time to come."""
        self.bgnbd.probability_alive(self.model, *self.history)
        expected = self.bgnbd.expected_purchases(self.model, YEAR, *self.history)
        residual = self.bgnbd.residual_transactions(self.model, np.log1p(ANNUAL_RATE) / YEAR, *self.history)
        frequency, money = self.customers["frequency"], self.customers["monetary_value"]
        _ = residual * self.gammagamma.expected_spend(self.money, frequency, money)
        return float(expected.sum())


class CustlibOnCells(Custlib):
    """Ours, given cells of equal customers with their number; cells have no money and are not scored."""

    spend = score = None

    def __init__(self, customers: Customers) -> None:
        super().__init__(customers)
        self.history = _cells(customers)


class Lifetimes:
    """The package ``lifetimes``, one row per customer."""

    package = "lifetimes"

    def __init__(self, customers: Customers) -> None:
        import lifetimes
        import pandas as pd

        self.lifetimes, self.customers = lifetimes, pd.DataFrame(customers)
        self.history = [self.customers[name] for name in ("frequency", "recency", "T")]

    def fit(self) -> Parameters:
        self.model = self.lifetimes.BetaGeoFitter(penalizer_coef=0.0).fit(*self.history)
        return tuple(self.model.params_[["r", "alpha", "a", "b"]])

    def spend(self) -> Parameters:
        back = self.customers[self.customers["frequency"] > 0]
        self.money = self.lifetimes.GammaGammaFitter(penalizer_coef=0.0).fit(back["frequency"], back["monetary_value"])
        return tuple(self.money.params_[["p", "q", "v"]])

    def score(self) -> float:
        """The value is that of twelve months."""
        self.model.conditional_probability_alive(*self.history)
        expected = self.model.predict(YEAR, *self.history)
        self.money.customer_lifetime_value(
            self.model, *self.history, self.customers["monetary_value"], time=12, discount_rate=MONTHLY_RATE, freq="D"
        )
        return float(expected.sum())


class LifetimesOnCells(Lifetimes):
    """The package ``lifetimes``, given cells with their number as weights."""

    spend = score = None

    def __init__(self, customers: Customers) -> None:
        super().__init__({"frequency": np.zeros(1), "recency": np.zeros(1), "T": np.zeros(1)})
        *self.history, self.weights = _cells(customers)

    def fit(self) -> Parameters:
        self.model = self.lifetimes.BetaGeoFitter(penalizer_coef=0.0).fit(*self.history, weights=self.weights)
        return tuple(self.model.params_[["r", "alpha", "a", "b"]])


class Clvkit:
    """The package ``clvkit``, one row per customer, as its ``CustomerBase``."""

    package = "clvkit"

    def __init__(self, customers: Customers) -> None:
        import clvkit
        import pandas as pd

        self.clvkit = clvkit
        self.base = clvkit.CustomerBase(
            pd.DataFrame(customers), time_unit="D", observation_period_end=pd.Timestamp("2026-01-01"),
            has_monetary=True, on_negative="net",
        )  # fmt: skip

    def fit(self) -> Parameters:
        self.model = self.clvkit.BGNBD().fit(self.base)
        return tuple(self.model.params_[["r", "alpha", "a", "b"]])

    def spend(self) -> Parameters:
        self.money = self.clvkit.GammaGamma().fit(self.base)
        return self.money.p, self.money.q, self.money.gamma

    def score(self) -> float:
        """The value is that of a year, in steps of a day: its horizon counts in the unit of time."""
        self.model.probability_alive(self.base)
        expected = self.model.predict(YEAR, self.base)
        both = self.clvkit.CLV(self.model, self.money, check_independence=False)
        both._cb, both.time_unit_ = self.base, "D"  # as its fit leaves it, without fitting both again
        both.predict(horizon=YEAR, discount_rate=(1 + ANNUAL_RATE) ** (1 / YEAR) - 1)
        return float(np.sum(expected.to_pandas().to_numpy()))


class PymcMarketing:
    """The package ``pymc-marketing``: the maximum a posteriori under its default priors; compiling counts."""

    package = "pymc-marketing"

    def __init__(self, customers: Customers) -> None:
        import pandas as pd
        from pymc_marketing import clv

        self.clv, self.customers = clv, pd.DataFrame(customers)
        self.customers.insert(0, "customer_id", np.arange(len(self.customers)))

    def fit(self) -> Parameters:
        self.model = self.clv.BetaGeoModel()
        self.model.fit(self.customers, method="map", progressbar=False)
        return tuple(float(self.model.fit_result[name].mean()) for name in ("r", "alpha", "a", "b"))

    def spend(self) -> Parameters:
        self.money = self.clv.GammaGammaModel()
        self.money.fit(self.customers[self.customers["frequency"] > 0], method="map", progressbar=False)
        return tuple(float(self.money.fit_result[name].mean()) for name in ("p", "q", "v"))

    def score(self) -> float:
        """The value is that of twelve months."""
        self.model.expected_probability_alive(self.customers)
        expected = self.model.expected_purchases(self.customers, future_t=YEAR)
        self.money.expected_customer_lifetime_value(
            self.model, self.customers, future_t=12, discount_rate=MONTHLY_RATE, time_unit="D"
        )
        return float(expected.sum())


CONTENDERS: dict[str, type] = {
    "custlib": Custlib,
    "custlib, given cells": CustlibOnCells,
    "lifetimes": Lifetimes,
    "lifetimes, given cells": LifetimesOnCells,
    "clvkit": Clvkit,
    "pymc-marketing, MAP": PymcMarketing,
}


def _cells(customers: Customers) -> tuple[np.ndarray, ...]:
    """Equal customers merged: frequency, recency, T and how many."""
    from custlib.models.cells import merge_rows

    rows, weights = merge_rows(
        np.stack([customers[name] for name in ("frequency", "recency", "T")]), np.ones_like(customers["T"])
    )
    return *rows, weights


def run(name: str, customers: Customers, keep: Callable[[dict[str, Any]], None]) -> None:
    """Go through the phases of a contender; keep what is known after each, so that little is lost if it is stopped."""
    kind, result = CONTENDERS[name], {"contender": name}
    phase = "import"
    try:
        result["version"] = custlib.__version__ if kind.package == "custlib" else version(kind.package)
        contender = kind(customers)
        for phase in ("fit", "spend", "score"):
            act = getattr(contender, phase)
            if act is not None:
                keep(result | {"error": f"{phase}: stopped"})
                seconds, found = _best(act)
                result |= {phase: seconds, f"{phase}_found": found, "peak_bytes": _peak_bytes()}
    except Exception as fault:  # every contender may fail in its own way, and that is a result
        result |= {"error": f"{phase}: {type(fault).__name__}: {str(fault).strip()[:300]}", "peak_bytes": _peak_bytes()}
    keep(result)


def _best(act: Callable[[], Any]) -> tuple[float, Any]:
    """The best of up to three times, fewer where one takes long; the same for everybody."""
    times: list[float] = []
    while len(times) < MOST_REPEATS and sum(times) < ENOUGH_SECONDS:
        started = time.perf_counter()
        found = act()
        times.append(time.perf_counter() - started)
    return min(times), found


def _peak_bytes() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    contender, made, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    with np.load(made) as file:
        run(contender, dict(file), lambda result: out.write_text(json.dumps(result), encoding="utf-8"))
