"""Past forecasts of the segments that playbooks follow: customers in the segments of that day."""

from typing import Any

import pytest

from custlib.segment import origin_segments
from custlib.validate.past_forecasts import totals_of


def test_segments_of_an_origin_add_up_to_the_whole(cdnow: Any) -> None:
    error = cdnow.get("segment_excess_error")
    definition, past = cdnow.get("definitions")["rfm"], cdnow.get("past_forecasts")[0]
    cdnow.engine.open(past.origin.name)
    parts = totals_of([origin_segments.segment_totals(cdnow.engine, past, definition)])
    whole = totals_of([past]).query("group == 'all'").iloc[0]
    for name in ("customers", "purchases_actual", "revenue_actual"):
        assert parts[name].sum() == pytest.approx(whole[name])
    assert parts["purchases_expected"].sum() == pytest.approx(whole["purchases_expected"], rel=0.01)
    assert set(parts["group"]) <= set(definition.ids) and {"one_time", "champions"} <= set(error.taus)


def test_customers_are_in_the_segments_of_that_day(cdnow: Any) -> None:
    """Who had bought once on 30 December 1997 and has come back since is counted among those who had bought once."""
    cdnow.get("segment_excess_error")
    past = cdnow.get("past_forecasts")[0]
    cdnow.engine.open(past.origin.name)
    then = cdnow.engine.fetch(f"select count(*) as n from {past.origin.name} where frequency = 0")["n"].item()
    now = cdnow.engine.fetch("select count(*) as n from customer_activity where frequency = 0")["n"].item()
    parts = totals_of([origin_segments.segment_totals(cdnow.engine, past, cdnow.get("definitions")["rfm"])])
    assert parts.set_index("group")["customers"]["one_time"] == then > now


def test_the_whole_has_the_same_error_with_segments_and_without(cdnow: Any) -> None:
    assert cdnow.get("segment_excess_error").taus["all"] == cdnow.get("excess_error").taus["all"]
