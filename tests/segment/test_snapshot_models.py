"""Frozen models of a snapshot."""

import datetime as dt
from pathlib import Path

import numpy as np

from custlib.models.bgnbd import BGNBD
from custlib.models.forecasting import Histories, as_lifetime_model, to_dict
from custlib.models.forecasting.business_time import BusinessTime, InBusinessTime
from custlib.segment.snapshots import at, make_alive
from custlib.value import activity
from tests.bases import open_base


def test_a_frozen_model_in_business_time_looks_from_the_day_of_the_snapshot(tmp_path: Path) -> None:
    """Frozen at the end of the year, and asked at the end of June: the silence of June has no December in it."""
    time = BusinessTime((0.9,) * 11 + (2.1,), dt.date(2025, 12, 31))
    model = InBusinessTime(as_lifetime_model(BGNBD(0.7, 40.0, 0.8, 3.0)), time)
    engine = open_base(tmp_path, [("a", "2025-02-01", 1.0), ("a", "2025-04-02", 1.0), ("b", "2025-05-01", 1.0)])
    june = at(dt.date(2025, 6, 30))
    activity.make_activity(engine, june.table, as_of=june.as_of)
    table = make_alive(engine, june, to_dict(model, time_unit="day"))
    found = engine.fetch(f"select * from {table} where frequency = 1")["probability_alive"].item()
    known = Histories.of(1, 60.0 * 0.9, 149.0 * 0.9)
    assert np.isclose(found, model.model.probability_alive(known)[0])
    assert not np.isclose(found, model.probability_alive(Histories.of(1, 60.0, 149.0))[0], rtol=1e-3)
