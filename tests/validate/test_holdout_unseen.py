"""Nothing of the calibration period changes when all that came after it does: the graph says what that is."""

import datetime as dt
import re
from dataclasses import is_dataclass

import numpy as np
import pandas as pd
import pytest

from custlib import project
from custlib.demo.purchases import purchases
from custlib.errors import ModelError
from custlib.graph import edges
from custlib.models.bgnbd import BGNBD
from custlib.models.gammagamma import GammaGamma
from custlib.run import Run, nodes

pytestmark = pytest.mark.slow

END = dt.date(2024, 12, 31)  # of the calibration period
OF_CALIBRATION = re.compile(r"calibration|holdout|^outcomes$", re.IGNORECASE)
AT_AS_OF = {  # nodes that know all purchases up to as_of, and why they stand beside those of the calibration
    "transactions": "lines, each read up to the day that the node asks for",
    "quality": "counts of the whole file; only its columns and first day are read",
    "customer_history": "what is known at both ends; calibration_activity is that at the earlier one",
    "customer_activity": "gives the last day of charts",
    "customer_potential": "takes the length of the holdout for its windows, which end at as_of",
    "lifetime_model": "says that there is a forecast to be tested",
    "test_result": "has the light of today's forecast; holdout_summary and holdout_money are held",
    "forecast_lights": "how sure the forecast of today is, beside the result of the holdout",
    "past_forecasts": "takes the first day of the history for origins of its own, up to as_of",
    "cells": "counts all customers, for the cautions about the forecast of today",
    "model_choice": "the candidates of today, for the same cautions; those of the calibration are calibration_choice",
    "sampled_days": "days of all purchases, each read up to the day that the node asks for",
    "season": "the season of today, for the same cautions; that of the calibration is calibration_season",
    "daily_purchases": "counts of all days, each read up to the day that the node asks for",
    "rolling_forecasts": "takes the length of the holdout for origins of its own, up to as_of",
    "money_quarters": "stands beside the books of the holdout, with the customers who came in it",
    "captured_shares": "shares of what came",
    "hiatus_days": "the limit of the hiatus rule that is best in hindsight",
    "baseline_forecasts": "has the hiatus rule among its forecasts; the others are held by holdout_forecast",
}  # fmt: skip
SLOW = {"crosscheck"}  # fits of lifetimes; all that they read is held
ACTUAL = {  # names of what holds the holdout itself, beside what was forecast of it
    "actual", "buyers", "bias", "light", "lights", "correlation", "mean_absolute_error", "actual_share", "naive_bias",
    "chance", "all_actual",
}  # fmt: skip


def shop():
    """Purchases of two years with products, costs and returns."""
    frame = purchases(240, BGNBD(0.6, 40.0, 0.8, 3.0), GammaGamma(6.0, 4.0, 15.0), days=730, joining_days=600, seed=3)
    random = np.random.default_rng(0)
    frame["product"] = np.array(["a", "b", "c"])[random.integers(0, 3, len(frame))]
    frame["cost"] = (frame["amount"] * random.uniform(0.4, 0.8, len(frame))).round(2)
    back = frame[frame["timestamp"] < "2025-12-20"].sample(20, random_state=1)
    back = back.assign(amount=-back["amount"], timestamp=back["timestamp"] + pd.Timedelta(days=5))
    return pd.concat([frame, back], ignore_index=True)


def tampered(frame):
    """The same purchases up to the end of calibration, and others after it."""
    frame, later = frame.copy(), frame["timestamp"].dt.date > END
    new = later & ~frame["customer_id"].isin(frame.loc[~later, "customer_id"])
    frame.loc[later, ["amount", "cost"]] *= 10
    frame.loc[later, "product"] = "other " + frame.loc[later, "product"]
    frame.loc[new, "customer_id"] = "Z" + frame.loc[new, "customer_id"]
    return frame[~later | (np.random.default_rng(5).random(len(frame)) < 0.5)]


def open_shop(folder, frame, **options):
    """A run on a file of purchases, with a year of calibration and a year of holdout."""
    folder.mkdir()
    frame.to_csv(folder / "purchases.csv", index=False)
    columns = {name: name for name in frame.columns}
    source = {"path": str(folder / "purchases.csv"), "columns": columns}
    stated = {"id": "shop", "name": "Shop", "as_of": "2025-12-30", "holdout_days": 364, "source": source}
    return Run(project.build(stated | {"model": "bgnbd"} | options), folder / "work")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unseen")
    return open_shop(folder / "as_it_was", shop()), open_shop(folder / "tampered", tampered(shop()))


def of_calibration():
    """Nodes that say in name, text or inputs that they are of the calibration period, and all that these need."""
    known, joined = nodes(), edges(nodes())
    wanted = {
        name
        for name, node in known.items()
        if any(map(OF_CALIBRATION.search, (name, node.make.__doc__ or "", *node.inputs)))
    }
    size = 0
    while size < len(wanted):
        size = len(wanted)
        wanted |= {needed for needed, made in joined if made in wanted - set(AT_AS_OF) and needed in known}
    return wanted


def content(run, name):
    """What a node makes, as columns or keys by name; a refusal as its reason."""
    try:
        made = run.get(name)
    except ModelError as fault:
        return {"refused": fault.reason}
    if nodes()[name].kind == "table":
        made = run.engine.fetch(f"select * from {name} order by all")
    return dict(flat(name, made))


def flat(name, made):
    """Name every leaf by the key or column that it stands in."""
    if is_dataclass(made):
        made = vars(made)
    if isinstance(made, pd.DataFrame):
        made = {str(column): made[column].tolist() for column in made.columns}
    if isinstance(made, dict):
        parts = [(str(key), part) for key, part in made.items()]
    elif isinstance(made, list | tuple) and any(isinstance(part, dict | pd.DataFrame | tuple) for part in made):
        parts = [(f"{name}[{place}]", part) for place, part in enumerate(made)]
    else:
        yield name, repr(rounded(made))
        return
    for key, part in parts:
        for inner, leaf in flat(key, part):
            yield (inner if inner == key else f"{key}.{inner}"), leaf


def rounded(leaf):
    """Leave out the last digits of floats, which depend on the order that rows are summed in."""
    if isinstance(leaf, list | tuple | np.ndarray):
        return [rounded(part) for part in leaf]
    return float(f"{leaf:.10g}") if isinstance(leaf, float) else leaf


def differences(before, after):
    """Names of what differs and is not the holdout itself."""
    names = [name for name in before | after if before.get(name) != after.get(name)]
    return [name for name in names if not ACTUAL & set(re.split(r"[.\[]", name))]


def test_nothing_of_the_calibration_period_sees_the_holdout(runs):
    held = sorted(of_calibration() - set(AT_AS_OF) - SLOW)
    found = {name: differences(*(content(run, name) for run in runs)) for name in held}
    assert {name: names for name, names in found.items() if names} == {}
    assert {
        "calibration_methods",
        "calibration_value",
        "calibration_spend",
        "calibration_choice",
        "candidate_forecasts",
    } <= set(held)


def test_what_is_said_to_know_more_does(runs):
    # a stale exception would hide a leak
    assert [name for name in AT_AS_OF if not differences(*(content(run, name) for run in runs))] == []
