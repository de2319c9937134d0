"""Fits the lifetime models that stand for election, and turns fitted models into forecasts, mappings and back.

With purchases at random: BG/NBD, MBG/NBD and Pareto/NBD. With regular purchases: BG/CNBD-k and MBG/CNBD-k. All are of
four parameters, fitted to the same customers by maximum likelihood, so that `custlib.models.forecasting.average` can
weigh them against each other.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from numpy.typing import ArrayLike

from custlib.errors import ModelError, UsageError, hint
from custlib.models import bgnbd, mbgnbd, paretonbd, regularnbd
from custlib.models.bgnbd_model import BGNBD, BetaGeometricNBD
from custlib.models.fitted import FittedModel, read_model, write_model
from custlib.models.forecasting.beta_geometric import BetaGeometricForecast
from custlib.models.forecasting.business_time import BusinessTime, InBusinessTime
from custlib.models.forecasting.lifetime_models import LifetimeModel, SingleModel
from custlib.models.forecasting.model_average import ModelAverage
from custlib.models.forecasting.pareto import ParetoForecast
from custlib.models.forecasting.regular import RegularForecast
from custlib.models.mbgnbd import MBGNBD
from custlib.models.paretonbd import ParetoNBD
from custlib.models.regularnbd import RegularNBD

_AVERAGE, _TIME = "average", "business_time"
_FORMAT = 1  # of a mapping of an average; one without is of the first
_MOST_TICKS = 100
_Fit = Callable[..., FittedModel]
_KINDS: dict[str, type[BetaGeometricNBD]] = {"bgnbd": BGNBD, "mbgnbd": MBGNBD}


def candidates(
    frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, weights: ArrayLike | None = None, *, ticks: int = 1,
    names: Sequence[str] | None = None, near: LifetimeModel | None = None,
) -> list[SingleModel]:  # fmt: skip
    """Fit every candidate to customers, or to cells of equal customers.

    Parameters
    ----------
    frequency, recency, T : array_like, shape (n,)
        Purchase histories, in any unit of time.
    weights : array_like, shape (n,), optional
        How many customers each row stands for; 1 by default.
    ticks : int, default 1
        Regularity of purchases, `custlib.models.forecasting.gap_regularity`: 1 for purchasing at random.
    names : sequence of str, optional
        Which models: "bgnbd", "mbgnbd" and, with one tick, "paretonbd"; all by default.
    near : LifetimeModel, optional
        A model or an average fitted to nearly the same customers, for example some months earlier: where it has the
        same model, the search starts there.

    Returns
    -------
    list of LifetimeModel
        Those whose fit converged; where none did, the likeliest alone, with the flag ``not_converged``.

    Raises
    ------
    TableError
        When rows cannot be purchase histories.
    ModelError
        When there is no repeat purchase, or nobody was observed.
    UsageError
        When there is no model of a name.

    Examples
    --------
    >>> fits = candidates([0, 0, 1, 2, 0, 5], [0, 0, 4, 30, 0, 35], [39, 38, 38, 37, 36, 36])
    >>> [model.label for model in fits]
    ['BG/NBD', 'MBG/NBD', 'Pareto/NBD']
    """
    columns = (frequency, recency, T, weights)
    fits = _random_fits(near) if ticks == 1 else _regular_fits(ticks, near)
    names = list(fits) if names is None else names
    missing = [name for name in names if name not in fits]
    if missing:
        raise UsageError(f"there is no model {missing[0]!r} with {ticks} ticks. {hint(missing[0], list(fits))}")
    models = [as_lifetime_model(fits[name](*columns)) for name in names]
    reached = [model for model in models if model.fitted.converged]
    return reached or [max(models, key=lambda model: model.log_likelihood or 0.0)]


def _random_fits(near: LifetimeModel | None) -> dict[str, _Fit]:
    """List the fits of purchasing at random; Pareto/NBD, the slowest, starts at a model that is near."""
    starts = [model for model in _fitted_of(near) if isinstance(model, ParetoNBD)]
    pareto = partial(paretonbd.fit, start=starts[0] if starts else None)
    return {"bgnbd": bgnbd.fit, "mbgnbd": mbgnbd.fit, "paretonbd": pareto}


def _regular_fits(ticks: int, near: LifetimeModel | None) -> dict[str, _Fit]:
    """List the fits of regular purchases, each starting at a model that is near."""
    regular = [model for model in _fitted_of(near) if isinstance(model, RegularNBD)]
    starts = {model.kind: model for model in regular if model.k == ticks}
    return {name: partial(regularnbd.fit, kind, ticks, start=starts.get(kind)) for name, kind in _KINDS.items()}


def _fitted_of(model: LifetimeModel | None) -> list[FittedModel]:
    """List the parameters behind a model or an average."""
    members = () if model is None else model.members
    return [member.fitted for _, member in members if isinstance(member, SingleModel | InBusinessTime)]


def as_lifetime_model(fitted: FittedModel) -> SingleModel:
    """Turn a fitted model into a source of forecasts.

    Parameters
    ----------
    fitted : BGNBD, MBGNBD, ParetoNBD or RegularNBD
        Parameters, with or without the evidence of a fit.

    Returns
    -------
    LifetimeModel

    Raises
    ------
    UsageError
        When it is no lifetime model.

    Examples
    --------
    >>> as_lifetime_model(ParetoNBD(0.55, 10.58, 0.61, 11.67)).parameters
    ('r', 'alpha', 's', 'beta')
    """
    if isinstance(fitted, BetaGeometricNBD):
        return BetaGeometricForecast(fitted)
    if isinstance(fitted, ParetoNBD):
        return ParetoForecast(fitted)
    if isinstance(fitted, RegularNBD):
        return RegularForecast(fitted)
    raise UsageError(f"{type(fitted).__name__} is no lifetime model.")


def to_dict(model: LifetimeModel, *, time_unit: str) -> dict[str, Any]:
    """Write a model or an average as a mapping that JSON can hold.

    Parameters
    ----------
    model : LifetimeModel
        A model, or an average.
    time_unit : str
        The unit that its times are in, for example ``"day"``.

    Returns
    -------
    dict
        Of a single model its parameters and evidence, and its ``business_time`` if it is in that; of an average its
        ``members`` with their weights, and the ``format`` of the mapping.

    Examples
    --------
    >>> to_dict(as_lifetime_model(ParetoNBD(0.55, 10.58, 0.61, 11.67)), time_unit="week")["model"]
    'Pareto/NBD'
    """
    if isinstance(model, InBusinessTime):
        return {**to_dict(model.model, time_unit=time_unit), _TIME: model.time.to_dict()}
    if isinstance(model, SingleModel):
        fields = write_model(model.fitted)
        if isinstance(model.fitted, RegularNBD):
            fields["kind"] = model.fitted.kind.label
        return {"model": model.fitted.label, "time_unit": time_unit, **fields}
    members = [{"weight": weight, **to_dict(member, time_unit=time_unit)} for weight, member in model.members]
    return {"model": _AVERAGE, "format": _FORMAT, "time_unit": time_unit, "members": members}


def from_dict(mapping: Mapping[str, Any]) -> LifetimeModel:
    """Read a model or an average from what `to_dict` makes, or a model's own ``to_dict``.

    Parameters
    ----------
    mapping : mapping
        With the name of the model; of a single one only the parameters are required besides.

    Returns
    -------
    LifetimeModel

    Raises
    ------
    ModelError
        When there is no such model, or parameters are missing, no numbers or not above 0; when an average is of another
        format, or its members or weights are none.

    Examples
    --------
    >>> from_dict({"model": "BG/NBD", "r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}).label
    'BG/NBD'
    """
    return _read_average(mapping) if mapping.get("model") == _AVERAGE else _read_single(mapping, [_AVERAGE])


def _read_single(mapping: Mapping[str, Any], others: Sequence[str] = ()) -> LifetimeModel:
    """Read a single model; ``others`` are names that the error offers besides."""
    label = mapping.get("model")
    kinds: dict[str, type[FittedModel]] = {kind.label: kind for kind in (BGNBD, MBGNBD, ParetoNBD, RegularNBD)}
    if not isinstance(label, str) or label not in kinds:
        raise ModelError(f"lifetime: there is no model {str(label)[:40]}. {hint(str(label), [*kinds, *others])}")
    if label == RegularNBD.label:
        mapping = {**mapping, "kind": kinds.get(str(mapping.get("kind")), BGNBD), "k": _ticks_of(mapping)}
    model, time = as_lifetime_model(read_model(kinds[label], mapping)), mapping.get(_TIME)
    return model if time is None else InBusinessTime(model, BusinessTime.from_dict(time))


def _ticks_of(mapping: Mapping[str, Any]) -> int:
    ticks = mapping.get("k")
    if not isinstance(ticks, int) or isinstance(ticks, bool) or not 1 <= ticks <= _MOST_TICKS:
        raise ModelError(f"{RegularNBD.label}: k must be a whole number from 1 to {_MOST_TICKS}, got {ticks!r}.")
    return ticks


def _read_average(mapping: Mapping[str, Any]) -> ModelAverage:
    """Read an average of single models."""
    if (written := mapping.get("format", _FORMAT)) != _FORMAT:
        raise ModelError(
            f"average: the file has format {str(written)[:40]}, and this version of custlib reads format {_FORMAT}. "
            "Read it with the version that wrote it, or fit the models again."
        )
    members = mapping.get("members")
    if not isinstance(members, Sequence) or isinstance(members, str) or not members:
        raise ModelError("average: members: a list of models with a weight each is missing.")
    parts = [_read_member(number, member) for number, member in enumerate(members, start=1)]
    try:
        return ModelAverage(tuple(parts))
    except UsageError as fault:
        raise ModelError(f"average: {fault}") from None


def _read_member(number: int, member: Any) -> tuple[float, LifetimeModel]:
    """Read a member of an average with its weight."""
    weight = member.get("weight") if isinstance(member, Mapping) else None
    if not isinstance(weight, int | float) or isinstance(weight, bool) or not math.isfinite(weight):
        raise ModelError(f"average: member {number}: is no model with a number for its weight.")
    try:
        return float(weight), _read_single(member)
    except ModelError as fault:
        raise ModelError(f"average: member {number}: {fault}") from None
