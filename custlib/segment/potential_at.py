"""Makes the potential of customers at any date by chances that were learned once and frozen.

Reads ``transactions`` and what :mod:`custlib.value.potential` learned, as plain values: a segmentation that
uses potential must not move customers because a model was learned anew.
"""

import datetime as dt
import hashlib
import json
from typing import Any

import numpy as np

from custlib.engine.base import Engine
from custlib.models.adoption import Adoption
from custlib.value.holdings import KEY, Window, customers_at, products_table
from custlib.value.potential import Chances, Learned, scores


def table_of(activity: str, frozen: dict[str, Any]) -> str:
    """Name the table of potential beside a table of customers: one for each set of frozen chances."""
    mark = hashlib.sha256(json.dumps(frozen, sort_keys=True).encode()).hexdigest()[:8]
    return f"{activity}_potential_{mark}"


def frozen_chances(found: dict[str, Any]) -> dict[str, Any]:
    """Take what is frozen from the record that ``make_customer_potential`` gave."""
    return {"window_days": found["window_days"], "chances": found["chances"]}


def make_potential_at(engine: Engine, name: str, frozen: dict[str, Any], *, as_of: dt.date, until: dt.date) -> None:
    """Make the potential of every customer at a date."""
    names = [entry["product"] for entry in frozen["chances"]]
    learned = [_learned(place, entry) for place, entry in enumerate(frozen["chances"])]
    products, scored = f"{name}_products", f"{name}_scores"
    engine.attach_frame(products, products_table(names))
    days: dict[str, Any] = {"since": as_of, "window_days": float(frozen["window_days"])}
    customers = customers_at(engine.dialect, known=f"date '{until.isoformat()}'", products=products)
    key = ", ".join(KEY)
    counted = engine.fetch(f"select {key}, count(*) as customers from ({customers}) group by {key}", **days)
    nothing = np.zeros((len(counted), len(names)))
    found = scores(Window(counted.sort_values(KEY, ignore_index=True), nothing, nothing), learned, names)
    engine.attach_frame(scored, found[[*KEY, "potential_value"]])
    engine.make(name, f"select customer_id, potential_value from ({customers}) join {scored} using ({key})", **days)


def _learned(place: int, entry: dict[str, Any]) -> Learned:
    model = entry["model"]
    fitted = Adoption(model["intercept"], tuple(model["coefficients"])) if model else None
    return Learned(Chances(place, entry["rate"], fitted), entry["profit"])
