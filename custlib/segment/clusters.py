"""Segmentation ``clusters``: k-means on weighted cells of recency, frequency and spend, frozen with their names.

Reads customer activity. Features are days since the last purchase, purchase days (``frequency``) and spend per
purchase day, or others by option, each Yeo-Johnson transformed (Yeo and Johnson 2000) and standardised; what is below 0
or null counts as 0. Features of money are left out where there is none, as without amounts. The frozen transform and
centres, or the tree that explains them, assign in the engine.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import BeforeValidator, ConfigDict, Field

from custlib import rules
from custlib.engine.base import Engine
from custlib.engine.dialect import Dialect
from custlib.models.cells import Array, Ints
from custlib.models.clustering import kmeans
from custlib.models.clustering.alignment import adjusted_rand_index, align
from custlib.models.clustering.kmeans import Search, bootstrap_jaccards, prediction_strength
from custlib.models.clustering.rounded_tree import Explanation, Limits, Members, explain
from custlib.models.scaling import fit_power, transform
from custlib.project import validated
from custlib.rules.schema import Exact
from custlib.segment import cluster_words, measures
from custlib.value.activity import CELL_LIMIT

FEATURES = {
    "days_since_last": "cast(days_since_last as double)",
    "frequency": "cast(frequency + 1 as double)",
    "spend": "greatest(coalesce(cast(revenue as double), 0), 0) / (frequency + 1)",
}
# How cells are coarsened until they are few enough: days, steps of ln(1 + purchases), steps of ln(1 + any other).
_BINS: tuple[tuple[int, int | None, int | None], ...] = (
    (1, None, None), (1, None, 100), (7, None, 20), (14, 10, 10), (30, 5, 5),
)  # fmt: skip
_DIGITS = 9
GIVEN, CRITERIA, NONE_PASSES = "given", "criteria", "none passes"
_DECIMALS = 4
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]


class Options(Exact):
    """Options: number of clusters, features, their transform, and what assigns.

    Attributes
    ----------
    segmentation : str
        Its name; set by the table it stands in.
    k : int or "auto"
        Number of clusters; ``auto`` takes the largest that passes every criterion.
    features : tuple of str
        Columns of customer activity or measures that customers are compared by.
    transform : {"yeo_johnson", "log1p"}
        What makes skewed features comparable.
    assign : {"centres", "rules"}
        Whether a customer belongs to the nearest centre, or where the rules of the explaining tree lead.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    segmentation: str = "clusters"
    k: Annotated[int | None, Field(ge=2, le=12), BeforeValidator(lambda k: None if k == "auto" else k)] = None
    features: tuple[Name, ...] = Field(tuple(FEATURES), min_length=1)
    transform: Literal["yeo_johnson", "log1p"] = "yeo_johnson"
    assign: Literal["centres", "rules"] = "centres"


def needs(options: dict[str, Any]) -> tuple[str, ...]:
    """Name the measures that the options need beside the columns of activity."""
    known = {*FEATURES, *rules.load("tables")["table"]["customer_activity"]["columns"]}
    return tuple(name for name in options.get("features", ()) if name not in known)


def define(engine: Engine, activity: str, options: dict[str, Any]) -> dict[str, Any]:
    """Fit the clusters, explain and name them."""
    chosen = validated(Options, options, "segments.options.clusters")
    counted = _somebody(feature_cells(engine, activity, chosen.features))
    weights = counted["customers"].to_numpy(dtype=float)
    power = 0.0 if chosen.transform == "log1p" else None
    features = _told_apart(counted, chosen.features)
    transforms = {n: fit_power(counted[n].to_numpy(dtype=float), weights, power) for n in features}
    points = _points(counted, transforms)
    with kmeans.one_thread():
        cells = kmeans.gather(points, rules.load("clusters")["search"]["cells"])
        few, few_weights = kmeans.cell_means(points, weights, cells), kmeans.cell_weights(weights, cells)
        choice = choose_k(few, few_weights, chosen.k)
        centres = kmeans.follow(points, weights, kmeans.fit(few, few_weights, choice.k))
    rule = _described(counted, transforms, centres, chosen.assign)
    rule |= {"k_by": choice.by, "criteria": list(choice.criteria)}
    return rule | ({"asked": chosen.k} if chosen.k and len(centres) < chosen.k else {})


def _told_apart(counted: pd.DataFrame, features: tuple[str, ...]) -> list[str]:
    """Leave out features of money where nobody has any, so that no cluster is named by its baskets."""
    if counted["money"].any():
        return list(features)
    return [one for one in features if one != "spend" and measures.source_of(one) != "amounts"] or list(features)


@dataclass(frozen=True)
class Choice:
    """A number of clusters and why."""

    k: int
    by: str  # "given", "criteria", or "none passes": then it is the best of those that fail
    criteria: tuple[dict[str, Any], ...]  # a row for every k: its measures (None where not measured), passes, why_not


def choose_k(points: Array, weights: Array, wanted: int | None) -> Choice:
    """Choose the largest k that passes every criterion."""
    limits = rules.load("clusters")["choice"]
    range_ = range(limits["k_min"], limits["k_max"] + 1) if wanted is None else (wanted,)
    tried = sorted({min(k, len(points)) for k in range_})
    table = tuple(_measure(points, weights, k, always=k == tried[0]) for k in tried)
    if wanted is not None:
        return Choice(tried[0], GIVEN, table)
    passing = [row["k"] for row in table if row["passes"]]
    if passing:
        return Choice(max(passing), CRITERIA, table)
    measured = [row for row in table if row["prediction_strength"] is not None]
    best = min(measured, key=lambda row: (len(row["why_not"]), -row["prediction_strength"], row["k"]))
    return Choice(best["k"], NONE_PASSES, table)


def _measure(points: Array, weights: Array, k: int, *, always: bool) -> dict[str, Any]:
    limits, search = rules.load("clusters")["choice"], _search()
    if not always and k * limits["smallest_customers"] > weights.sum():
        return _judged({"k": k} | dict.fromkeys(_measured(limits)))
    centres = kmeans.fit(points, weights, k)
    customers = np.bincount(kmeans.nearest(points, centres), weights, minlength=k)
    smallest = float(customers.min())
    criteria = {
        "prediction_strength": prediction_strength(points, weights, k, search),
        "smallest_jaccard": float(bootstrap_jaccards(points, weights, centres, search).min()),
        "smallest_share": smallest / float(weights.sum()),
        "smallest_customers": round(smallest),
    }
    return _judged({"k": k} | {name: round(value, _DECIMALS) for name, value in criteria.items()})


def _judged(row: dict[str, Any]) -> dict[str, Any]:
    limits = rules.load("clusters")["choice"]
    known = [name for name in _measured(limits) if row[name] is not None]
    why_not = [name for name in known if row[name] < limits[name]] if known else ["smallest_customers"]
    return row | {"passes": not why_not and row["k"] >= limits["k_min"], "why_not": why_not}


def _measured(limits: dict[str, Any]) -> list[str]:
    return [name for name in limits if name not in ("k_min", "k_max", "source")]


def _search() -> Search:
    search = rules.load("clusters")["search"]
    return Search(search["splits"], search["draws"], search["starts"], search["seed"])


def refit(engine: Engine, activity: str, rule: dict[str, Any]) -> dict[str, Any]:
    """Fit the shadow of a frozen rule on the customers of another date: warm start, same transform, same k."""
    counted = _somebody(feature_cells(engine, activity, tuple(rule["features"])))
    points, weights = _points(counted, rule["features"]), counted["customers"].to_numpy(dtype=float)
    with kmeans.one_thread():
        centres = kmeans.follow(points, weights, np.array(rule["centres"]))
    fresh = _described(counted, rule["features"], centres, rule.get("assign", "centres"))
    same = {name: rule[name] for name in ("k_by", "criteria", "asked") if name in rule}
    return carry(engine, activity, rule, fresh | same)


def carry(engine: Engine, activity: str, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Carry ids and names from an old rule to a new one of the same features, by the customers they share."""
    features = tuple(dict.fromkeys([*old["features"], *new["features"]]))
    counted = _somebody(feature_cells(engine, activity, features))
    labels = [kmeans.nearest(_points(counted, rule["features"]), np.array(rule["centres"])) for rule in (old, new)]
    weights, shape = counted["customers"].to_numpy(dtype=float), (len(old["ids"]), len(new["ids"]))
    overlap = kmeans.count_pairs(labels[0], labels[1], weights, shape)
    matched = align(overlap)
    used = old.get("used_ids", old["ids"])
    segments = cluster_words.carry_names(old["segments"], new["segments"], matched, used)
    ids = [segment["id"] for segment in segments]
    tree = cluster_words.renamed(new["tree"], dict(zip(new["ids"], ids, strict=True)))
    segments = [s | {"rule": cluster_words.words(tree, s["id"])} for s in segments]
    drift = {
        "adjusted_rand_index": round(adjusted_rand_index(overlap), _DIGITS),
        "jaccards": {i: round(float(j), _DIGITS) for i, j in zip(old["ids"], matched.jaccards, strict=True)},
    }
    used = list(dict.fromkeys([*used, *ids]))
    return new | {"ids": ids, "used_ids": used, "segments": segments, "tree": tree, "drift": drift}


def _described(counted: pd.DataFrame, transforms: dict[str, Any], centres: Array, by: str) -> dict[str, Any]:
    """Order, name and explain clusters."""
    labels = kmeans.nearest(_points(counted, transforms), centres)
    order = _by_money(counted, labels)
    centres = np.array([[round(float(x), _DIGITS) for x in centre] for centre in centres[order]])
    labels = kmeans.nearest(_points(counted, transforms), centres)
    weights = counted["customers"].to_numpy(dtype=float)
    total = np.bincount(labels, weights)
    means = {n: np.bincount(labels, counted[n] * weights) / total for n in transforms}
    profiles = [{n: float(mean[label]) for n, mean in means.items()} for label in range(len(order))]
    segments = cluster_words.name_clusters(profiles)
    ids = [segment["id"] for segment in segments]
    explanation = _explained(counted, transforms, labels)
    tree = cluster_words.named(explanation.tree, list(transforms), ids)
    return {
        "features": transforms,
        "centres": centres.tolist(),
        "ids": ids,
        "used_ids": ids,
        "segments": [s | {"rule": cluster_words.words(tree, s["id"])} for s in segments],
        "tree": tree,
        "tree_scores": _scores(explanation, ids),
        "assign": by,
    }


def _explained(counted: pd.DataFrame, transforms: dict[str, Any], labels: Ints) -> Explanation:
    limits = rules.load("clusters")["tree"]
    raw, weights = counted[list(transforms)].to_numpy(dtype=float), counted["customers"].to_numpy(dtype=float)
    whole = tuple(bool((column == np.floor(column)).all()) for column in raw.T)
    everybody = Members(raw, labels, weights, whole)
    cells = kmeans.gather(_points(counted, transforms), rules.load("clusters")["search"]["cells"])
    table = kmeans.count_pairs(cells, labels, weights, (int(cells.max()) + 1, int(labels.max()) + 1))
    few = Members(
        kmeans.cell_means(raw, weights, cells), table.argmax(axis=1), kmeans.cell_weights(weights, cells), whole
    )
    return explain(everybody, Limits(limits["fidelity"], limits["recall"], limits["leaves_per_cluster"]), learn=few)


def _scores(tree: Explanation, ids: list[str]) -> dict[str, Any]:
    recalls = {i: round(recall, 4) for i, recall in zip(ids, tree.recalls, strict=True)}
    return {"fidelity": round(tree.fidelity, 4), "recall": recalls, "leaves": tree.leaves, "passes": tree.passes}


def _by_money(counted: pd.DataFrame, labels: Ints) -> list[int]:
    """Order the clusters that hold anybody, the one with most money per customer first."""
    weights = counted["customers"]
    money, total = np.bincount(labels, counted["money"] * weights), np.bincount(labels, weights)
    return sorted(np.flatnonzero(total > 0).tolist(), key=lambda label: (-money[label] / total[label], label))


def _points(counted: pd.DataFrame, transforms: dict[str, Any]) -> Array:
    columns = [transform(counted[n].to_numpy(dtype=float), fitted) for n, fitted in transforms.items()]
    return np.column_stack(columns).round(_DIGITS)


def _somebody(counted: pd.DataFrame) -> pd.DataFrame:
    """Put one customer without anything where there is nobody: one cluster, for whoever comes."""
    nobody = pd.DataFrame({n: [0.0] for n in counted.columns} | {"customers": [1]})
    return counted if len(counted) else nobody


def feature_cells(engine: Engine, activity: str, features: tuple[str, ...] = tuple(FEATURES)) -> pd.DataFrame:
    """Count customers alike in the features, as fine as the limit of cells allows."""
    named = ", ".join(f"{expression(n)} as {n}" for n in features)
    money = "greatest(coalesce(cast(revenue as double), 0), 0) as money"
    means = ", ".join(f"avg({n}) as {n}" for n in (*features, "money"))
    for steps in _BINS:
        select = (
            f"select {means}, count(*) as customers from (select {named}, {money} from {activity})"
            f" group by {', '.join(_bin(n, steps) for n in features)}"
        )
        if engine.fetch(f"select count(*) as n from ({select})")["n"].item() <= CELL_LIMIT:
            break
    return engine.fetch(select).sort_values(list(features), ignore_index=True)


def expression(feature: str) -> str:
    """Write a feature from the columns of activity.

    Examples
    --------
    >>> expression("products")
    'greatest(coalesce(cast(products as double), 0), 0)'
    """
    return FEATURES.get(feature, f"greatest(coalesce(cast({feature} as double), 0), 0)")


def _bin(feature: str, steps: tuple[int, int | None, int | None]) -> str:
    if feature == "days_since_last":
        return f"floor(days_since_last / {steps[0]})"
    fine = steps[1 if feature == "frequency" else 2]
    return feature if fine is None else f"floor(ln(1 + {feature}) * {fine})"


def assign(sql: Dialect, rule: dict[str, Any]) -> str:
    """Write the select of the cluster of every customer of ``{activity}``: the nearest centre, or the leaf."""
    if rule.get("assign") == "rules":
        named = ", ".join(f"{expression(n)} as {sql.name(n)}" for n in rule["features"])
        segment, reason = (cluster_words.case(sql, rule["tree"], reason=why) for why in (False, True))
        return f"""
        select customer_id, {segment} as segment, {reason} as reason
        from (select customer_id, {named} from {{activity}})"""
    return _nearest(sql, rule)


def _nearest(sql: Dialect, rule: dict[str, Any]) -> str:
    features = ", ".join(f"{_transform_sql(expression(n), f)} as {n}" for n, f in rule["features"].items())
    distances = [
        " + ".join(f"power({name} - ({c!r}), 2)" for name, c in zip(rule["features"], centre, strict=True))
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
