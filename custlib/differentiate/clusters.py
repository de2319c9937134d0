"""Segmentation ``clusters``: k-means on weighted cells of recency, frequency and spend, frozen with their names.

Reads customer activity. Features are days since the last purchase, purchase days and spend per purchase day,
each Yeo-Johnson transformed (Yeo and Johnson 2000) and standardised. The frozen transform and centres assign in
the engine; names are given once, from the profile of each centre, and kept.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from custlib import rules
from custlib.differentiate.activity import CELL_LIMIT
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.project import validated

Floats = NDArray[np.float64]
FEATURES = {
    "days_since_last": "cast(days_since_last as double)",
    "frequency": "cast(frequency + 1 as double)",
    "spend": "greatest(coalesce(cast(revenue as double), 0), 0) / (frequency + 1)",
}
_BINS = ((1, None), (1, 100), (7, 20))
_DIGITS = 9


class Options(BaseModel):
    """Options: the number of clusters."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    segmentation: str = "clusters"
    k: int = Field(5, ge=2, le=12)


def define(engine: Engine, activity: str, options: dict[str, Any]) -> dict[str, Any]:
    """Fit the clusters and name them.

    Parameters
    ----------
    engine : Engine
        Holds the activity.
    activity : str
        Name of the table of activity.
    options : dict
        ``k``, the number of clusters.

    Returns
    -------
    dict
        The rule: ``features`` {name: {power, mean, deviation}}, ``centres``, ``ids``, ``segments``; and ``asked``,
        the ``k`` of the options, where there are fewer different customers than that and so fewer clusters.

    Raises
    ------
    UsageError
        If an option is unknown.
    """
    chosen = validated(Options, options, "segments.options.clusters")
    counted = feature_cells(engine, activity)
    k = min(chosen.k, len(counted))
    weights = counted["customers"].to_numpy(dtype=float)
    transforms = {name: _fit_transform(counted[name].to_numpy(dtype=float), weights) for name in FEATURES}
    points = np.column_stack([transform(counted[name].to_numpy(dtype=float), transforms[name]) for name in FEATURES])
    centres, labels = _k_means(points, weights, k)
    segments = _name(counted, labels, weights)
    order = [int(segment.pop("label")) for segment in segments]
    return {
        "features": transforms,
        "centres": [[round(float(x), _DIGITS) for x in centres[label]] for label in order],
        "ids": [segment["id"] for segment in segments],
        "segments": segments,
        **({"asked": chosen.k} if k < chosen.k else {}),
    }


def feature_cells(engine: Engine, activity: str) -> pd.DataFrame:
    """Count customers alike in the three features, as fine as the limit of cells allows.

    Parameters
    ----------
    engine : Engine
        Holds the activity.
    activity : str
        Name of the table of activity.

    Returns
    -------
    pandas.DataFrame
        The features (means of the cell) and ``customers``, sorted.
    """
    named = ", ".join(f"{expression} as {name}" for name, expression in FEATURES.items())
    for days, steps in _BINS:
        spend = "spend" if steps is None else f"floor(ln(1 + spend) * {steps})"
        means = ", ".join(f"avg({name}) as {name}" for name in FEATURES)
        select = (
            f"select {means}, count(*) as customers from (select {named} from {activity})"
            f" group by frequency, {spend}, floor(days_since_last / {days})"
        )
        if engine.fetch(f"select count(*) as n from ({select})")["n"].item() <= CELL_LIMIT:
            break
    return engine.fetch(select).sort_values(list(FEATURES), ignore_index=True)


def transform(values: Floats, fitted: dict[str, float]) -> Floats:
    """Transform and standardise one feature (values >= 0).

    Parameters
    ----------
    values : ndarray
        The feature, not negative.
    fitted : dict
        ``power``, ``mean`` and ``deviation``.

    Returns
    -------
    ndarray
        Standardised values.

    Examples
    --------
    With power 0 the transform is log(1 + x):

    >>> transform(np.array([0.0, np.e - 1]), {"power": 0.0, "mean": 0.0, "deviation": 1.0}).round(9).tolist()
    [0.0, 1.0]
    """
    return (_yeo_johnson(values, fitted["power"]) - fitted["mean"]) / fitted["deviation"]


def _yeo_johnson(values: Floats, power: float) -> Floats:
    logs = np.log1p(values)
    return logs if power == 0 else np.expm1(power * logs) / power


def _fit_transform(values: Floats, weights: Floats) -> dict[str, float]:
    """Find the power of greatest likelihood under a normal distribution, with weights."""
    from scipy.optimize import minimize_scalar

    share = weights / weights.sum()
    logs = float(share @ np.log1p(values))

    def loss(power: float) -> float:
        moved = _yeo_johnson(values, power)
        variance = float(share @ (moved - share @ moved) ** 2)
        return 0.5 * float(np.log(max(variance, 1e-300))) - (power - 1) * logs

    constant = np.ptp(values) == 0
    found = 0.0 if constant else float(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x)
    power = round(found, 4)
    moved = _yeo_johnson(values, power)
    mean = float(share @ moved)
    deviation = float(np.sqrt(share @ (moved - mean) ** 2)) or 1.0
    return {"power": power, "mean": round(mean, _DIGITS), "deviation": round(deviation, _DIGITS) or 1.0}


def _k_means(points: Floats, weights: Floats, k: int) -> tuple[Floats, NDArray[np.int_]]:
    from sklearn.cluster import KMeans

    fitted = KMeans(k, n_init=10, random_state=0).fit(points, sample_weight=weights)
    return fitted.cluster_centers_, fitted.labels_


def _name(counted: pd.DataFrame, labels: NDArray[np.int_], weights: Floats) -> list[dict[str, Any]]:
    """Name each cluster after its place among the clusters, the one with most money per customer first."""
    money = counted["spend"] * counted["frequency"] * weights
    profile = pd.DataFrame(
        {
            "label": np.arange(labels.max() + 1),
            "money": np.bincount(labels, money) / np.bincount(labels, weights),
            **{n: np.bincount(labels, counted[n] * weights) / np.bincount(labels, weights) for n in FEATURES},
        }
    ).sort_values(["money", "label"], ascending=[False, True])
    words = rules.load("clusters")
    named: list[dict[str, Any]] = []
    for place, row in enumerate(profile.to_dict("records"), start=1):
        said = [_word(words[name], row[name]) for name in FEATURES]
        name = {lang: words["join"][lang].join(w[lang] for w in said) for lang in ("en", "zh")}
        if any(other["name"]["en"] == name["en"] for other in named):
            name = {lang: f"{text} ({place})" for lang, text in name.items()}
        named.append({"id": f"cluster_{place}", "label": row["label"], "name": name, "strategy": words["strategy"]})
    return named


def _word(levels: dict[str, Any], value: float) -> dict[str, str]:
    return next(level for level in levels["level"] if value <= level["up_to"])


def assign(sql: Dialect, rule: dict[str, Any]) -> str:
    """Write the select of the nearest centre of every customer of ``{activity}``."""
    features = ", ".join(f"{_transform_sql(FEATURES[n], f)} as {n}" for n, f in rule["features"].items())
    distances = [
        " + ".join(f"power({name} - ({c!r}), 2)" for name, c in zip(FEATURES, centre, strict=True))
        for centre in rule["centres"]
    ]
    columns = ", ".join(f"{distance} as d{i}" for i, distance in enumerate(distances))
    nearest = f"least({', '.join(f'd{i}' for i in range(len(distances)))})"
    cases = " ".join(f"when d{i} <= {nearest} then {sql.literal(s)}" for i, s in enumerate(rule["ids"]))
    distance = f"cast(round(sqrt({nearest}) * 1e2) / 1e2 as {sql.text_type})"
    return f"""
        select customer_id, case {cases} end as segment,
               concat('distance ', {distance}, ' from the centre') as reason
        from (select customer_id, {columns} from (select customer_id, {features} from {{activity}}))"""


def _transform_sql(column: str, fitted: dict[str, float]) -> str:
    power = fitted["power"]
    moved = f"ln(1 + {column})" if power == 0 else f"((power(1 + {column}, {power!r}) - 1) / ({power!r}))"
    return f"({moved} - ({fitted['mean']!r})) / {fitted['deviation']!r}"
