"""Lists warnings about a forecast: flags of the fitted models, and a long time without any purchase.

Reads ``transactions`` and the fitted models. A flag is named ``lifetime.<code>`` or ``spend.<code>``, with a sentence
for each in the texts. ``rules/flags.toml`` says which are shown beside every forecast.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from custlib import rules
from custlib.engine.base import Engine
from custlib.graph import REFUSED, Refusal, value
from custlib.project import Project
from custlib.value import spend as spending

MODELS = ("lifetime", "spend")


def name_flags(lifetime: Iterable[str], spend: Iterable[str]) -> tuple[str, ...]:
    """Prefix the flags of both models with the model.

    Examples
    --------
    >>> name_flags(["one_customer"], ["spend_equal"])
    ('lifetime.one_customer', 'spend.spend_equal')
    """
    names = [f"{model}.{code}" for model, codes in zip(MODELS, (lifetime, spend), strict=True) for code in codes]
    return tuple(dict.fromkeys(names))


def chosen(flags: Iterable[str], kind: str) -> tuple[str, ...]:
    """Select the flags of a kind, in the order of the rules.

    Examples
    --------
    >>> chosen(["lifetime.rate_homogeneous", "lifetime.one_customer"], "beside")
    ('lifetime.one_customer',)
    """
    listed = [f"{model}.{code}" for model, codes in rules.load("flags")[kind].items() for code in codes]
    return tuple(flag for flag in listed if flag in set(flags))


def silent_days(engine: Engine, as_of: dt.date) -> int:
    """Count the days without any purchase before a date; 0 unless the gap is unusually long."""
    days = "select distinct day from transactions where is_purchase and day <= :as_of"
    row = engine.fetch(
        f"select {engine.dialect.days('cast(:as_of as date)', 'max(day)')} as silent,"
        f" coalesce(max({engine.dialect.days('day', 'before')}), 0) as longest"
        f" from (select day, lag(day) over (order by day) as before from ({days}))",
        as_of=as_of,
    ).iloc[0]
    limits = rules.load("flags")["silence"]
    silent, longest = int(row["silent"]), int(row["longest"])
    return silent if silent >= limits["days"] and silent > limits["factor"] * longest else 0


@value
def flags(
    project: Project, spend_model: tuple[Any, Any], subscription_signs: dict[str, Any], lifetime_model: Any = REFUSED
) -> tuple[str, ...]:
    """Flags of both models, as ``lifetime.<code>`` and ``spend.<code>``; empty without a forecast.

    ``lifetime.looks_contractual`` is a flag of the data: the models take purchases for free decisions.
    """
    if isinstance(lifetime_model, Refusal):
        return ()
    is_untold = project.subscription == "none" and subscription_signs["period"]
    contract = ("looks_contractual",) if is_untold else ()
    return name_flags((*lifetime_model.flags, *contract), spending.flags(*spend_model))


@value
def calibration_flags(calibration_model: Any, calibration_spend: tuple[Any, Any]) -> tuple[str, ...]:
    """The flags of both models of the calibration period."""
    return name_flags(calibration_model.flags, spending.flags(*calibration_spend))


@value
def silence(engine: Engine, project: Project, transactions: str) -> int:
    """Days without any purchase before as_of; 0 unless unusually long."""
    del transactions
    return silent_days(engine, project.as_of)
