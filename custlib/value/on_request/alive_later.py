"""Makes ``alive_later``: the probability that each customer is still active some time after as_of, on request.

Reads ``customer_value``. It is P(alive) times the chance of not dropping out in between, averaged over the models
(`LifetimeModel.probability_alive` with ``after``). `[value] alive_after_days` states the time.
"""

import numpy as np

from custlib.engine.base import Engine
from custlib.graph import REFUSED, Refusal, table
from custlib.models.cells import Array
from custlib.models.forecasting import Histories, LifetimeModel
from custlib.project import Project
from custlib.value.history_scores import make_scores
from custlib.value.on_request.joined_columns import contract_of, scored_customers


def make_alive_later(engine: Engine, name: str, model: LifetimeModel, *, after_days: int, contract: str = "") -> None:
    """Make the table; null where ``probability_alive`` is, and for customers under contract."""

    def score(known: Histories) -> dict[str, Array]:
        later = model.probability_alive(known, float(after_days))
        return {"probability_alive_later": np.where(model.can_have_left(known), later, np.nan)}

    make_scores(engine, f"{name}_scores", "customer_value", score)
    columns = {"probability_alive_later": "s.probability_alive_later"}
    engine.make(name, scored_customers(columns, f"{name}_scores", contract))


@table
def alive_later(
    engine: Engine,
    project: Project,
    customer_value: str,
    lifetime_model: LifetimeModel,
    subscription_value: str | Refusal = REFUSED,
) -> None:
    """Probability that a customer is still active `[value] alive_after_days` after as_of."""
    del customer_value
    make_alive_later(
        engine, "alive_later", lifetime_model, after_days=project.value.alive_after_days,
        contract=contract_of(project, subscription_value),
    )  # fmt: skip
