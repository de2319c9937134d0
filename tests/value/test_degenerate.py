"""Bases in which something cannot be measured go the whole way: every number is finite, or is refused in words."""

import datetime as dt
import json
import math
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custlib.errors import CustlibError, ModelError, TableError
from custlib.lifetimes import crosscheck
from custlib.models import bgnbd
from custlib.models.forecasting import LifetimeModel
from custlib.quick import value_file
from custlib.report.texts import texts
from custlib.run import Run
from custlib.segment import profiles
from custlib.value import lifetime
from tests import degenerate
from tests.degenerate import AS_OF, CASES, Row, open_base

LIFETIME = {  # flags of the lifetime model that must be there
    "poisson_buyers": {"no_measurable_dropout"},
    "repeaters_only": {"repeaters_only", "rate_homogeneous", "dropout_homogeneous"},
    "same_first_day": {"rate_homogeneous", "dropout_polarised"},
    "mostly_unobserved": {"zero_observation_share"},
    "one_heavy": set(),
    "one_customer": {"one_customer", "repeaters_only"},
    "two_customers": {"weak_dropout"},
    "identical": {"repeaters_only", "rate_homogeneous"},
    "retail_with_returns": {"no_measurable_dropout"},
    "equal_amounts": {"no_measurable_dropout"},
    "zero_amounts": {"no_measurable_dropout"},
    "more_refunds": {"no_measurable_dropout"},
    "huge_amounts": {"no_measurable_dropout"},
    "long_history": set(),
    "ordinary": set(),
}
SPEND = {
    "poisson_buyers": "gamma_gamma", "repeaters_only": "gamma_gamma", "same_first_day": "spend_equal",
    "mostly_unobserved": "gamma_gamma", "one_heavy": "gamma_gamma", "one_customer": "few_repeat_customers",
    "two_customers": "few_repeat_customers", "identical": "spend_equal", "retail_with_returns": "gamma_gamma",
    "equal_amounts": "spend_equal", "zero_amounts": "no_money", "more_refunds": "no_money",
    "huge_amounts": "gamma_gamma", "long_history": "gamma_gamma", "ordinary": "gamma_gamma",
}  # fmt: skip
REFUSED = {"one_time_buyers": "no_repeats", "one_day_only": "no_repeats", "unobserved": "not_observed"}
_FAST = ("one_customer",)  # the whole way of a case takes seconds
EVERY = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in _FAST else pytest.mark.slow) for name in sorted(LIFETIME)]
)
_REPEATERS = "select count(*) as n from customer_activity where frequency > 0"
TABLES = ("customer_activity", "cells", "customer_value", "customer_segments", "segment_moves")


def numbers(frame: pd.DataFrame) -> "pd.DataFrame":
    return frame.select_dtypes("number").astype(float)


def strange(opened: Run, name: str) -> dict[str, int]:
    """Count NaN and infinite numbers by column, in the engine, where null is not NaN."""
    columns = opened.engine.fetch(f"select * from {name} limit 0").columns
    typed = opened.engine.fetch(f"select {', '.join(f'typeof({c}) as {c}' for c in columns)} from {name} limit 1")
    doubles = [c for c in columns if len(typed) and typed[c].item() == "DOUBLE"]
    if not doubles:
        return {}
    counts = ", ".join(f"count(*) filter (where isnan({c}) or isinf({c})) as {c}" for c in doubles)
    row = opened.engine.fetch(f"select {counts} from {name}").iloc[0]
    return {c: int(row[c]) for c in doubles if row[c]}


def summaries(opened: Run) -> list[pd.DataFrame]:
    return [profiles.summary(opened.engine, d, language="en") for d in opened.get("definitions").values()]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Opens the base of a case, once for the tests of this file."""
    kept: dict[str, Run] = {}

    def open_case(name: str) -> Run:
        if name not in kept:
            kept[name] = open_base(tmp_path_factory.mktemp(name), CASES[name]())
        return kept[name]

    return open_case


def test_every_case_has_its_verdict() -> None:
    assert set(LIFETIME) | set(REFUSED) == set(CASES)
    assert set(SPEND) == set(LIFETIME)


# --- worked by hand ---


def test_a_customer_every_fifty_days_by_hand(tmp_path: Path) -> None:
    # T = 400 days, 8 purchases again, nobody left: 8 / 400 a day for a hundred days is 2. They are as even as gaps of
    # 6 ticks can be, and after a purchase the next takes a whole gap: that costs (6 - 1) / (2 x 6) of a purchase
    rows: list[Row] = [
        (f"c{n}", degenerate.FIRST + dt.timedelta(days=50 * k), 10.0) for n in range(20) for k in range(9)
    ]
    found = open_base(tmp_path, rows, as_of=degenerate.FIRST + dt.timedelta(days=400), horizon_days=100)
    made = found.make("customer_value").fetch("select * from customer_value")
    assert {"no_measurable_dropout", "rate_homogeneous"} <= set(found.get("beta_geometric").flags)
    np.testing.assert_allclose(made["expected_purchases"], 2.0 - 5 / 12, rtol=1e-3)
    np.testing.assert_allclose(made["expected_spend"], 10.0, rtol=1e-12)
    assert made["value"].between(15.5, 15.83).all()  # discounted


# --- the whole way, case by case ---


@pytest.mark.slow
@EVERY
def test_every_number_of_the_way_is_finite(opened: Any, name: str) -> None:
    base = opened(name)
    base.make(*TABLES, "holdout")
    assert {table: found for table in (*TABLES, "history_scores", "holdout") if (found := strange(base, table))} == {}
    made = base.engine.fetch("select * from customer_value")
    known = made["probability_alive"].dropna()
    assert known.between(0, 1).all()
    assert len(known) in (len(made), base.engine.fetch(_REPEATERS)["n"].item())  # null of who bought once, or of nobody
    assert np.isfinite(made["expected_purchases"]).all() and (made["expected_purchases"] >= 0).all()
    spent = SPEND[name] != "no_money"
    assert np.isfinite(made["value"]).all() if spent else made["value"].isna().all()
    assert (made["residual_lifetime_value"] >= made["value"] * (1 - 1e-9)).all() or not spent


@EVERY
def test_every_case_is_flagged_as_what_it_is(opened: Any, name: str) -> None:
    base, t = opened(name), texts("en")
    assert LIFETIME[name] <= set(base.get("beta_geometric").flags)
    assert base.get("beta_geometric").converged or "not_converged" in base.get("beta_geometric").flags
    money, _ = base.get("spend_model")
    assert SPEND[name] in (money.kind, money.remark)
    assert all(t(f"flags.{flag}") for flag in base.get("flags"))


@EVERY
def test_totals_lie_in_their_intervals(opened: Any, name: str) -> None:
    frame = opened(name).get("segment_intervals")
    is_without_money = SPEND[name] == "no_money"
    assert frame["value"].isna().all() == is_without_money
    totals = {"purchases": "expected_purchases"} | ({} if is_without_money else {"value": "value"})
    if not is_without_money:
        assert np.isfinite(numbers(frame)).all(axis=None)
    for what, total in totals.items():
        assert (frame[f"{what}_low"] <= frame[total]).all() and (frame[total] <= frame[f"{what}_high"]).all()


@EVERY
def test_every_customer_is_in_a_segment_and_sums_agree(opened: Any, name: str) -> None:
    base = opened(name)
    base.make("customer_value", "customer_segments")
    count = len(base.engine.fetch("select customer_id from customer_activity"))
    for frame in summaries(base):
        assert frame["customers"].sum() == count
        assert frame["value"].isna().all() == (SPEND[name] == "no_money")
        assert not np.isinf(numbers(frame)).any(axis=None)


@EVERY
def test_the_test_of_the_past_gives_a_light_and_finite_sums(opened: Any, name: str) -> None:
    held = opened(name).get("test_result")
    assert held["light"] in ("green", "amber", "red", "untested")
    json.dumps(held, allow_nan=False)
    assert (held["bias"] is None) == (held["actual"] == 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(REFUSED))
def test_without_a_model_the_history_stays(opened: Any, name: str) -> None:
    base = opened(name)
    assert base.reason("lifetime_model") == base.reason("holdout") == REFUSED[name]
    base.make(*TABLES)
    assert {table: found for table in TABLES if (found := strange(base, table))} == {}
    made = base.engine.fetch("select * from customer_value")
    assert made[["probability_alive", "expected_purchases", "value", "residual_lifetime_value"]].isna().all(axis=None)
    assert made[["historic_value", "revenue", "frequency"]].notna().all(axis=None)
    for frame in summaries(base):
        assert frame["customers"].sum() == len(made) and frame["revenue"].sum() > 0
        assert frame[["value", "value_share", "expected_purchases"]].isna().all(axis=None)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_model_that_is_asked_for_is_refused_with_its_reason(opened: Any, name: str) -> None:
    with pytest.raises(ModelError, match="no repeat purchases: all") as refusal:
        opened(name).get("lifetime_model")
    assert refusal.value.reason == REFUSED[name]
    assert opened(name).get("flags") == ()


# --- single findings ---


@pytest.mark.slow
def test_ordinary_retail_where_lifetimes_ends_without_a_fit(opened: Any) -> None:
    """Whether lifetimes converges hangs on the order of the rows: in most orders it gives up, ours never does."""
    base = opened("retail_with_returns")
    made = base.make("customer_value", "spend_cells").fetch("select * from customer_value order by customer_id")
    amounts = np.array([row[2] for row in CASES["retail_with_returns"]()])
    assert (amounts < 0).sum() / (amounts > 0).sum() == pytest.approx(0.08, abs=0.02)
    with crosscheck.restored_settings():  # the package prints and warns
        from lifetimes import BetaGeoFitter

        for penalty in (0.0, 0.01):
            fitter = BetaGeoFitter(penalizer_coef=penalty)
            orders = (made.sample(frac=1, random_state=seed) for seed in range(10))  # up to the first where it gives up
            assert not all(
                crosscheck._fits(partial(fitter.fit, rows["frequency"], rows["recency"], rows["T"])) for rows in orders
            )
    fits = [
        bgnbd.fit(*(made.sample(frac=1, random_state=n)[c] for c in ("frequency", "recency", "T"))) for n in range(3)
    ]
    assert len({(fit.r, fit.alpha, fit.a, fit.b) for fit in fits}) == 1
    assert crosscheck.lifetimes_spend(base.engine, "spend_cells") is None
    assert base.get("beta_geometric").converged and base.get("spend_model")[1].converged
    # nobody leaves: the pace of the holdout is what the model expects of the coming year, nearly
    held = base.get("test_result")
    assert abs(held["bias"]) < 0.1
    a_year = 365 * held["actual"] / held["holdout_days"]
    assert made["expected_purchases"].sum() == pytest.approx(a_year, rel=0.1)


def test_one_heavy_customer_does_not_carry_the_others(opened: Any) -> None:
    made = opened("one_heavy").make("customer_value").fetch("select * from customer_value order by customer_id")
    heavy = made[made["frequency"] == 499].iloc[0]
    assert heavy["days_since_last"] == 29 and heavy["probability_alive"] < 1e-6
    light = made[made["frequency"] < 499]
    assert light["expected_purchases"].max() < 3


def test_a_customer_of_ten_thousand_days_stays_as_active(opened: Any) -> None:
    made = opened("long_history").make("customer_value").fetch("select * from customer_value")
    daily = made.loc[made["frequency"].idxmax()]
    assert (daily["frequency"], daily["T"]) == (9_999, 9_999)
    assert daily["expected_purchases"] == pytest.approx(365, rel=0.05)


def test_amounts_of_thousands_of_millions_keep_their_sum(opened: Any) -> None:
    base = opened("huge_amounts")
    sold = sum(row[2] for row in CASES["huge_amounts"]())
    assert base.get("quality")["money_used"] == pytest.approx(sold, rel=1e-12)
    base.make("customer_value")
    assert base.engine.fetch("select sum(profit) as s from customer_value")["s"].item() == pytest.approx(sold)


def test_the_map_of_a_base_where_nobody_leaves_is_no_measurement(opened: Any) -> None:
    # stand-ins for a and b, put to histories that nobody has, give any chance at all: hence the words
    base = opened("retail_with_returns")
    made = base.make("customer_value").fetch("select probability_alive from customer_value")
    assert made["probability_alive"].min() > 0.75
    grid = lifetime.alive_grid(base.engine, "customer_activity", base.get("lifetime_model"))
    assert isinstance(base.get("lifetime_model"), LifetimeModel) and np.isfinite(grid["probability_alive"]).all()


@pytest.mark.slow
def test_as_of_the_last_day(tmp_path: Path) -> None:
    rows = CASES["ordinary"]()
    base = open_base(tmp_path, rows, as_of=max(row[1] for row in rows))
    base.make(*TABLES, "holdout")
    assert base.engine.fetch("select min(days_since_last) as d from customer_activity")["d"].item() == 0
    assert base.get("silence") == 0 and not strange(base, "customer_value")


@pytest.mark.slow
def test_ten_years_after_the_last_purchase(tmp_path: Path) -> None:
    base = open_base(tmp_path, CASES["ordinary"](), as_of=dt.date(2034, 12, 30))
    made = base.make(*TABLES, "holdout").fetch("select * from customer_value")
    assert base.get("silence") > 3700
    assert {name for name in (*TABLES, "holdout") if strange(base, name)} == set()
    assert base.get("test_result")["light"] != "green" and base.get("test_result")["bias"] is None
    assert made.loc[made["frequency"] > 0, "probability_alive"].max() < 0.5


@pytest.mark.parametrize("holdout_days", [722, 728, 3000])
@pytest.mark.sampled
def test_a_history_too_short_to_test_is_forecast_all_the_same(tmp_path: Path, holdout_days: int) -> None:
    base = open_base(tmp_path, CASES["ordinary"](), holdout_days=holdout_days)
    assert base.reason("lifetime_model") == ""
    assert base.reason("holdout") in ("nobody_yet", "no_repeats", "not_observed")
    found = base.get("test_result")
    assert (found["reason"], found["light"] in found["lights"].values()) == (base.reason("holdout"), True)
    assert found["holdout_days"] == holdout_days
    assert np.isfinite(base.make("customer_value").fetch("select value from customer_value")["value"]).all()


def test_returns_alone_make_no_customer(tmp_path: Path) -> None:
    base = open_base(tmp_path, [("a", AS_OF, -5.0), ("b", AS_OF, -7.0)])
    with pytest.raises(TableError, match="no purchase day"):
        base.make("customer_value")


# --- any small base at all ---

DAYS = st.integers(0, 40)
LINES = st.lists(
    st.tuples(st.integers(1, 12), DAYS, st.sampled_from([-30.0, -5.0, 0.0, 0.004, 5.0, 5.0, 20.0, 1e9])),
    min_size=1, max_size=40,
)  # fmt: skip
LATER = st.sampled_from([0, 1, 30, 4000])
SHARED = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


def finite(content: object) -> bool:
    """Whether a summary holds no NaN and no infinite number, however deep."""
    if isinstance(content, dict | list | tuple):
        return all(finite(x) for x in (content.values() if isinstance(content, dict) else content))
    return not isinstance(content, float) or math.isfinite(content)


def value_or_refuse(folder: Path, lines: list[tuple[int, int, float]], later: int) -> None:
    """Value a base by the quick command; all it says is finite, or it is refused in words."""
    rows = [(f"c{n}", degenerate.FIRST + dt.timedelta(days=day), amount) for n, day, amount in lines]
    as_of = degenerate.FIRST + dt.timedelta(days=40 + later)
    file, out = folder / "sales.csv", folder / "out.parquet"
    pd.DataFrame(rows, columns=["customer_id", "timestamp", "amount"]).to_csv(file, index=False)
    try:
        summary = value_file(file, as_of=as_of, options={}, out=out)
    except CustlibError as fault:
        assert isinstance(fault, ModelError | TableError) and len(str(fault)) > 30
        return
    assert finite(summary)
    made = pd.read_parquet(out)
    unknown = ["monetary_value", "potential_value", "probability_alive", "loyalty"]  # of some, or of everybody
    assert np.isfinite(numbers(made.drop(columns=unknown))).all(axis=None)
    assert made["probability_alive"].dropna().between(0, 1).all()
    assert all(row.monetary_value == row.monetary_value for row in made.itertuples() if row.frequency)


@pytest.mark.slow
@settings(max_examples=12, suppress_health_check=SHARED)
@given(lines=LINES, later=LATER)
def test_any_small_base_is_valued_or_refused(tmp_path: Path, lines: list[tuple[int, int, float]], later: int) -> None:
    value_or_refuse(tmp_path, lines, later)


@pytest.mark.slow
@settings(max_examples=100, suppress_health_check=SHARED)
@given(lines=LINES, later=LATER)
def test_a_hundred_small_bases_are_valued_or_refused(
    tmp_path: Path, lines: list[tuple[int, int, float]], later: int
) -> None:
    value_or_refuse(tmp_path, lines, later)


def test_the_model_of_a_case_is_that_of_the_arrays(opened: Any) -> None:
    base = opened("one_heavy")
    made = base.make("customer_activity").fetch("select * from customer_activity")
    model = base.get("beta_geometric")
    again = bgnbd.fit(made["frequency"], made["recency"], made["T"])
    np.testing.assert_allclose([again.r, again.alpha], [model.r, model.alpha], rtol=1e-6)
