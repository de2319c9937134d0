"""Do intervals hold what came where the model is wrong? Bases of many truths, each forecast half a year ahead."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.simulated_bases import HORIZON, START, TRUTHS, Truth, purchases
from custlib.validate import lights, past_forecasts
from custlib.validate.rolling_origins import Origin, origins
from custlib.value import excess_error as excess
from custlib.value.forecast_intervals import _around
from custlib.value.history import Money
from custlib.value.model_selection import Procedure
from custlib.value.sampled_days import sampled_days_sql
from custlib.value.seasonal.season_index import estimate
from custlib.value.seasonal.seasons_found import count_days
from custlib.value.spend import Spend
from tests.bases import open_base

BASES, CUSTOMERS = 100, 300
FEWER = {"BG of two years": 24}  # bases of the designs whose histories are longer
AVERAGED, ALONE = Procedure(), Procedure(("bgnbd", "mbgnbd"), is_averaged=False)
MEASURES = {"purchases": "purchases", "revenue": "money"}


def forecast(
    folder: Path, truth: Truth, seed: Any, customers: int = CUSTOMERS, how: Procedure = AVERAGED,
    *, follows_season: bool = True,
) -> pd.DataFrame:  # fmt: skip
    """Forecast one base, and the days before as_of; a row for each group with today's interval and the wider one."""
    engine = open_base(folder, purchases(truth, customers, np.random.default_rng(seed)))
    as_of = START + dt.timedelta(days=truth.known)
    today = Origin(as_of, HORIZON)
    past_forecasts.define_origins(engine, [today], Money())
    daily = count_days(engine, today.name, first=START, until=as_of)
    season = estimate(daily, past_forecasts.count_origin(engine, today, Spend("none"), days=1), as_of)
    how = replace(how, daily=daily if follows_season and season and season.is_there else None)
    is_seasonal = bool(season and season.differs)
    earlier = origins(first_day=START, as_of=as_of, days=HORIZON, is_seasonal=is_seasonal)
    past_forecasts.define_origins(engine, [today, *earlier], Money())
    engine.make("sampled_days", sampled_days_sql("select distinct customer_id from transactions", as_of))
    money = {"has_amount": True, "spend_days": "repeat"}
    made = past_forecasts.forecasts(engine, [today, *earlier], how, **money)
    engine.close()
    now, *before = past_forecasts.read_past(made)
    error = excess.excess_error(
        past_forecasts.totals_of(before), horizon_days=HORIZON, tested_days=HORIZON, customers=customers
    )
    rows = [row for total in now.totals for row in spans(total, error)]
    return pd.DataFrame(rows).assign(is_tested=error.is_tested, is_seasonal=how.daily is not None)


def spans(total: dict[str, Any], error: excess.ExcessError) -> list[dict[str, Any]]:
    rows = []
    for name, word in MEASURES.items():
        mean, variance, came = (total[f"{name}_{part}"] for part in ("expected", "variance", "actual"))
        plain = _around(mean, variance)
        wide = _around(mean, variance + (error.of(total["group"])[name] * mean) ** 2)
        half = lights.half_width(mean, *wide)
        rows.append(
            {"group": total["group"], "measure": word, "miss": came / mean - 1,
             "held": wide[0] <= came <= wide[1], "held by the model": plain[0] <= came <= plain[1],
             "times wider": (wide[1] - wide[0]) / (plain[1] - plain[0]), "half": half}
        )  # fmt: skip
    return rows


def study(
    folder: Path, name: str, bases: int = BASES, how: Procedure = AVERAGED, *, follows_season: bool = True
) -> pd.DataFrame:
    frames = [
        forecast(
            folder / f"{name}{n}", TRUTHS[name], [2026, list(TRUTHS).index(name), n], how=how,
            follows_season=follows_season,
        )
        for n in range(bases)
    ]  # fmt: skip
    return pd.concat(frames)


def table(found: pd.DataFrame) -> pd.DataFrame:
    """Share of bases whose interval held what came, with the excess error and without, and how much wider it is."""
    columns = ["held", "held by the model", "times wider"]
    return found.groupby(["measure", "group"], sort=False)[columns].mean().astype(float).round(2)


def test_a_base_is_forecast_from_five_earlier_days(tmp_path: Path) -> None:
    found = forecast(tmp_path / "one", TRUTHS["BG"], 1, customers=120)
    assert found["is_tested"].all() and len(found) == 8
    assert (found["times wider"] >= 1).all() and (found["half"] > 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in TRUTHS if name != "season of two years"])
def test_intervals_hold_where_the_model_is_wrong(tmp_path: Path, name: str) -> None:
    """The limits are those that the intervals are promised to keep; no season can be seen here.

    They leave room for two standard errors of 100 bases below .95.
    """
    found = study(tmp_path, name, FEWER.get(name, BASES))
    coverage = table(found)
    print(f"\n{name}\n{coverage.to_string()}")
    whole = coverage.xs("all", level="group")
    assert (whole["held"] >= 0.9).all(), coverage.to_string()
    assert (coverage["held"] >= 0.88).all(), coverage.to_string()
    assert (whole["held"] >= whole["held by the model"]).all()
    if name in ("BG", "BG of two years"):
        assert (whole["times wider"] <= 1.6).all()
    assert not found["is_seasonal"].any()
    whole_base = found[found["group"] == "all"]
    lit = whole_base.assign(light=[lights.light(half, is_tested=True) for half in whole_base["half"]])
    misses = lit[lit["miss"].abs() > 0.25]
    print(f"green in {(misses['light'] == 'green').sum()} of {len(misses)} misses above 25 %, and in "
          f"{(lit['light'] == 'green').sum()} of {len(lit)} forecasts")  # fmt: skip
    assert (misses["light"] == "green").sum() <= 1, misses.to_string()


@pytest.mark.slow
def test_regular_buyers_are_forecast_nearer_and_narrower_by_the_average(tmp_path: Path) -> None:
    """Of 48 bases the whole was 1 % off at the mean instead of -9 %, and the interval 19 % narrower."""
    averaged, alone = (study(tmp_path / label, "Erlang 3", 20, how) for label, how in
                       (("averaged", AVERAGED), ("alone", ALONE)))  # fmt: skip
    for measure in MEASURES.values():
        one, other = (found[(found["group"] == "all") & (found["measure"] == measure)] for found in (averaged, alone))
        assert one["half"].mean() < 0.9 * other["half"].mean()
        assert abs(one["miss"].mean()) < abs(other["miss"].mean())
        assert one["held"].mean() >= 0.9


@pytest.mark.slow
def test_a_season_of_two_years_is_forecast(tmp_path: Path) -> None:
    """Business time against calendar time, whose forecast is a third too low and whose interval is as wide as that."""
    name = "season of two years"
    followed, not_followed = (
        study(tmp_path / str(follows), name, count, follows_season=follows)
        for follows, count in ((True, 24), (False, 8))
    )
    for measure in MEASURES.values():
        one, other = (
            found[(found["group"] == "all") & (found["measure"] == measure)] for found in (followed, not_followed)
        )
        assert one["held"].mean() >= 0.9 and one["held by the model"].mean() >= 0.8
        assert other["held by the model"].mean() <= 0.5
        assert abs(one["miss"].mean()) < 0.1 < 0.3 < other["miss"].mean()
        assert one["half"].mean() < 0.5 * other["half"].mean()
