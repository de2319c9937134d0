"""Forecasts from earlier days, with the data up to that day only, and what came after it."""

import datetime as dt
from typing import Any

import numpy as np
import pytest

from custlib.models import bgnbd
from custlib.models.forecasting import Histories, purchases_ahead
from custlib.validate import past_forecasts as past
from custlib.validate.rolling_origins import Origin
from custlib.value.excess_error import BY_FREQUENCY
from custlib.value.history import Money
from custlib.value.lifetime import read_model
from custlib.value.model_selection import Procedure
from custlib.value.spend import Spend

ORIGIN = Origin(dt.date(2025, 4, 20), 30)
ROWS = [(f"c{n}", "2025-03-01", 10) for n in range(40)] + [(f"c{n}", "2025-03-20", 10) for n in range(31)]
AFTER = [("c0", "2025-04-21", 7), ("c0", "2025-05-20", 5), ("c39", "2025-04-30", 3), ("c1", "2025-05-21", 100),
         ("new", "2025-05-01", 50), ("new", "2025-05-02", 50)]  # fmt: skip
ONCE, FEW, MANY = BY_FREQUENCY
BG = Procedure(("bgnbd",), is_averaged=False)


def forecast(engine: Any, origin: Origin = ORIGIN, **options: Any) -> list[dict[str, Any]]:
    past.define_origins(engine, [origin], Money())
    return past.forecasts(engine, [origin], BG, **{"has_amount": True} | options)


def test_what_came_is_of_the_window_and_of_the_customers_known(base: Any) -> None:
    found = {row["group"]: row for row in forecast(base(ROWS + AFTER))[0]["totals"]}
    assert (found["all"]["customers"], found["all"]["purchases_actual"], found["all"]["revenue_actual"]) == (40, 3, 15)
    assert (found[ONCE]["purchases_actual"], found[FEW]["purchases_actual"], found[MANY]["customers"]) == (1, 2, 0)


def test_what_was_forecast_is_of_the_data_before(base: Any) -> None:
    """Whatever came afterwards, the forecast is the same: here ten times the money, other days and other customers."""
    found = forecast(base(ROWS + AFTER))[0]
    other = [(who + ("" if who.startswith("c") else "x"), "2025-05-07", 10 * amount) for who, _, amount in AFTER[::2]]
    again = forecast(base(ROWS + other))[0]
    assert (found["fit"], found["spend"]) == (again["fit"], again["spend"])
    for before, after in zip(found["totals"], again["totals"], strict=True):
        names = [name for name in before if not name.endswith("_actual")]
        assert [before[name] for name in names] == [after[name] for name in names]
    assert found["totals"][0]["purchases_actual"] != again["totals"][0]["purchases_actual"]


def test_the_forecast_is_that_of_the_model_fitted_on_the_customers_of_that_day(base: Any) -> None:
    found = forecast(base(ROWS + AFTER))[0]
    frequency = np.array([1.0] * 31 + [0.0] * 9)
    model = bgnbd.fit(frequency, 19 * frequency, 50)
    wanted = float(np.sum(bgnbd.expected_purchases(model, 30, frequency, 19 * frequency, 50)))
    assert found["totals"][0]["purchases_expected"] == pytest.approx(wanted)
    assert found["totals"][0]["revenue_expected"] == pytest.approx(10 * wanted), "all spent ten"
    assert found["totals"][0]["purchases_variance"] > 0


def test_an_average_has_the_variance_between_its_models_too(base: Any) -> None:
    engine = base(ROWS + AFTER)
    past.define_origins(engine, [ORIGIN], Money())
    alone, averaged, fast = (
        past.forecasts(engine, [ORIGIN], how, has_amount=False)[0]
        for how in (BG, Procedure(), Procedure(("bgnbd", "mbgnbd"), is_averaged=False))
    )
    assert (averaged["fit"]["model"], fast["fit"]["model"]) == ("average", "BG/NBD")
    assert fast["totals"] == alone["totals"]
    model = read_model(averaged["fit"])
    weights = np.array([weight for weight, _ in model.members])
    known = Histories.of([1.0] * 31 + [0.0] * 9, [19.0] * 31 + [0.0] * 9, 50.0)
    means = np.array([member.expected_purchases(known, 30.0).sum() for _, member in model.members])
    assert averaged["totals"][0]["purchases_expected"] == pytest.approx(weights @ means)
    total = purchases_ahead(model, known, 30.0).total(np.ones(40))
    assert averaged["totals"][0]["purchases_variance"] == pytest.approx(total.variance, rel=1e-6)
    assert total.models == pytest.approx(weights @ (means - weights @ means) ** 2)


def test_regularity_is_that_of_the_gaps_up_to_the_origin(base: Any) -> None:
    """Forty customers buy every twenty days from the second gap on: at first nothing tells, later they are steady."""
    first, steps = dt.date(2025, 1, 1), [0, 10, 30, 50, 70, 90]
    rows = [(f"c{n}", str(first + dt.timedelta(days=n % 3 + day)), 10) for n in range(40) for day in steps]
    early, late = Origin(first + dt.timedelta(days=29), 30), Origin(first + dt.timedelta(days=100), 30)
    engine = base([*rows, ("c0", "2025-05-30", 10)])
    past.define_origins(engine, [late, early], Money())
    found = past.forecasts(engine, [late, early], Procedure(), has_amount=False)
    labels = [[member.label for _, member in read_model(row["fit"]).members] for row in found]
    assert all(label.endswith("CNBD-6") for label in labels[0]) and labels[0]
    assert all(label.endswith("/NBD") for label in labels[1])


def test_too_few_repeat_purchases_are_no_origin(base: Any) -> None:
    rows = [row for row in ROWS if row not in (("c0", "2025-03-20", 10), ("c1", "2025-03-20", 10))]
    assert forecast(base(rows)) == [] and len(forecast(base(ROWS[:-1]))) == 1


def test_without_amounts_purchases_are_forecast_alone(base: Any) -> None:
    found = forecast(base(ROWS + AFTER), has_amount=False)[0]
    assert found["spend"]["spend"]["kind"] == "none" and found["totals"][0]["revenue_expected"] == 0
    assert found["totals"][0]["purchases_expected"] > 0


def test_wide_cells_forecast_about_the_same(base: Any) -> None:
    engine = base(ROWS + AFTER)
    past.define_origins(engine, [ORIGIN], Money())
    fine, wide = (past.count_origin(engine, ORIGIN, Spend("none"), days=days) for days in (1, 28))
    assert fine["customers"].sum() == wide["customers"].sum() == 40
    assert (fine["actual"].sum(), len(past.coarser(fine))) == (wide["actual"].sum(), len(fine))


def test_a_record_reads_as_it_was_written(base: Any) -> None:
    written = forecast(base(ROWS + AFTER))
    (found,) = past.read_past(written)
    assert (found.origin, len(found.totals)) == (ORIGIN, 4)
    assert past.totals_of([found])["group"].tolist() == ["all", ONCE, FEW, MANY]


def test_cdnow_is_tested_over_half_a_year(cdnow: Any) -> None:
    found, error = cdnow.get("past_forecasts"), cdnow.get("excess_error")
    assert [(f"{one.origin.day}", one.origin.days) for one in found[:2]] == [("1997-12-30", 182), ("1997-11-15", 182)]
    assert (len(found), error.tested_days, error.is_tested) == (5, 182, False)
    first = past.totals_of(found).query("group == 'all'").iloc[0]
    assert (first["customers"], first["purchases_actual"]) == (2357, 1156)
    assert first["purchases_expected"] == pytest.approx(1174.9, abs=0.5)
    assert first["revenue_actual"] == pytest.approx(43_103.44)
