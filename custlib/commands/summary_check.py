"""Checks a summary of customers (frequency, recency, T), as ``custlib.fit`` takes it, and a model kept as JSON."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from custlib.commands.verdict import Verdict
from custlib.errors import ModelError, TableError
from custlib.identify.reading.jsonlines import ONE_A_LINE
from custlib.lifetimes.summary import REQUIRED, check_summary, faulty_rows
from custlib.models.bgnbd_model import BGNBD
from custlib.models.fitted import FittedModel, read_model
from custlib.models.forecasting import from_dict
from custlib.models.forecasting.lifetime_models import SingleModel
from custlib.models.gammagamma import GammaGamma


def is_summary(header: list[str]) -> bool:
    """Whether the columns are those of a summary of customers.

    Examples
    --------
    >>> is_summary(["customer_id", "frequency", "recency", "T"]), is_summary(["customer_id", "timestamp"])
    (True, False)
    """
    return set(REQUIRED) <= set(header)


def check_summary_file(file: Path, unit: str = "day") -> Verdict:
    """Hold a summary of customers against its rules; times are in days unless another unit is stated."""
    try:
        frame = pd.read_csv(file, keep_default_na=True)
    except (OSError, ValueError) as fault:
        raise TableError(f"{file.name}: is no CSV that can be read ({str(fault).splitlines()[0]}).") from None
    faults: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    bad = faulty_rows(frame, unit=unit)
    try:
        cautions = check_summary(frame, unit=unit)
    except TableError as fault:
        faults = tuple(str(fault).splitlines())
    if unseen := int((frame["T"] == 0).sum()):
        cautions += (f"T is 0 for {_rows(unseen)}: a first purchase on the last day, which says nothing yet",)
    record = {"rows_read": len(frame), "rows_used": 0 if faults else len(frame), "rows_removed": 0}
    record["rows_quarantined"] = record["rows_read"] - record["rows_used"]
    facts = (("rows", f"{len(frame):,} read, {_rows(bad)} cannot be a purchase history"), ("summary", f"unit: {unit}"))
    return Verdict(file.name, facts, (f"recency and T are in {unit}s",), cautions, faults, record)


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def check_model(file: Path) -> Verdict:
    """Read a model kept as JSON; no other form of a model is opened."""
    try:
        mapping: Any = json.loads(file.read_text(encoding="utf-8"))
    except OSError as fault:
        raise TableError(f"{file.name}: cannot be read ({fault.strerror}).") from None
    except (ValueError, RecursionError) as fault:
        raise TableError(f"{file.name}: is no JSON of a model ({fault}).") from None
    if isinstance(mapping, list):
        raise TableError(f"{file.name}: JSON arrays are not read. {ONE_A_LINE}.")
    if not isinstance(mapping, dict):
        raise TableError(f"{file.name}: is no model: it must be a JSON object with a model and its parameters.")
    label = str(mapping.get("model", BGNBD.label))
    try:
        described = _described({"model": label, **mapping})
    except ModelError as fault:
        raise TableError(f"{file.name}: {fault}") from None
    except (TypeError, ValueError):
        raise TableError(
            f"{file.name}: {label[:40]}: what stands beside the parameters is not as to_dict writes it."
        ) from None
    return Verdict(file.name, tuple(("model", one) for one in described), record={"model": label})


def _described(mapping: dict[str, Any]) -> list[str]:
    """Read a model of spend or of purchases, or an average; describe it, a line for each of its models."""
    if mapping["model"] == GammaGamma.label:
        return [_parameters(GammaGamma.label, read_model(GammaGamma, mapping))]
    model = from_dict(mapping)
    shares = [f"{weight:.1%} " if len(model.members) > 1 else "" for weight, _ in model.members]
    members = [member for _, member in model.members if isinstance(member, SingleModel)]
    return [f"{share}{_parameters(one.label, one.fitted)}" for share, one in zip(shares, members, strict=True)]


def _parameters(label: str, model: FittedModel) -> str:
    return f"{label}: " + ", ".join(f"{name} {getattr(model, name):.6g}" for name in model.parameters)
