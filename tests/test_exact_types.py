"""Every number, switch and date of a schema must be written as one: in TOML, in JSON and by keyword."""

import datetime as dt
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel, ValidationError

import custlib
from custlib import cli, project
from custlib.errors import UsageError
from custlib.project import Project
from custlib.rules.schema import Exact
from tests.house.sources import module_paths

SHOP = {"id": "shop", "name": "Shop", "as_of": "2025-06-30", "source": {"path": "sales.csv"}}


def schemas() -> list[type[BaseModel]]:
    """Every schema of the package."""
    for name, path in module_paths().items():
        if "pydantic" in path.read_text(encoding="utf-8") or "Exact" in path.read_text(encoding="utf-8"):
            import_module(name)
    found, waiting = [], [BaseModel]
    while waiting:
        below = [model for model in waiting.pop().__subclasses__() if model.__module__.startswith("custlib")]
        found += below
        waiting += below
    return found


def test_every_schema_is_exact() -> None:
    loose = [m.__name__ for m in schemas() if not issubclass(m, Exact) and not m.model_config.get("strict")]
    assert not loose


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("horizon_days", True), ("horizon_days", 90.0), ("horizon_days", "90"), ("annual_discount_rate", True),
        ("annual_discount_rate", "0.1"), ("margin", True), ("as_of", 20250630), ("as_of", "20250630"), ("as_of", True),
        ("as_of", 1.5), ("as_of", "1750000000"), ("compare_with", 5), ("product_margins", {"tea": True}),
        ("product_margins", {"tea": "0.5"}), ("segments", {"refit": 1}), ("segments", {"refit": "yes"}),
        ("segments", {"hysteresis": False}), ("segments", {"replay": True}), ("name", 5), ("currency", True),
        ("source", {"path": "a.csv", "zero_is_purchase": 0}), ("source", {"path": "a.csv", "max_amount": "1"}),
        ("source", {"path": "a.csv", "skip_rows": True}), ("source", {"path": "a.csv", "order_lines": "false"}),
        ("sources", [{"path": "a.csv", "order_lines": 1}]), ("customers", {"path": "a.csv", "skip_rows": True}),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused(key: str, wrong: object) -> None:
    with pytest.raises(UsageError, match=f"project: {key}"):
        project.build(SHOP | {key: wrong})


@pytest.mark.parametrize(
    "day", ["2025-06-30", dt.date(2025, 6, 30), dt.datetime(2025, 6, 30), pd.Timestamp(2025, 6, 30)]
)
def test_a_date_is_a_date_or_its_text(day: Any) -> None:
    assert project.build(SHOP | {"as_of": day}).as_of == dt.date(2025, 6, 30)


def test_a_whole_number_stands_for_one_with_decimals() -> None:
    made = project.build(SHOP | {"margin": 1, "cost_to_serve": 2, "horizon_days": np.int64(90)})
    assert (made.margin, made.cost_to_serve, made.horizon_days) == (1.0, 2.0, 90)
    assert isinstance(made.margin, float)


def test_a_copy_stays_valid() -> None:
    made = project.build(SHOP | {"sources": [], "segments": {"segmentations": ["abc"]}})
    assert made.replace(horizon_days=30, as_of=dt.date(2025, 1, 1)).horizon_days == 30
    with pytest.raises(UsageError, match="horizon_days"):
        made.replace(horizon_days=True)


def test_toml_json_and_keywords_are_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "shop.toml").write_text(
        'id = "shop"\nname = "Shop"\nas_of = 2025-06-30\nhorizon_days = true\n[source]\npath = "sales.csv"\n'
    )
    with pytest.raises(UsageError, match="horizon_days: Input should be a valid integer"):
        project.load(tmp_path / "shop.toml")
    (tmp_path / "options.json").write_text('{"order_lines": "false"}')
    (tmp_path / "sales.csv").write_text("customer_id,timestamp\nann,2025-01-01\n")
    words = ["value", str(tmp_path / "sales.csv"), "--as-of", "2025-06-30", "--options", str(tmp_path / "options.json")]
    assert cli.main([*words, "--out", str(tmp_path / "out.csv")]) == 2
    assert "order_lines: Input should be a valid boolean" in capsys.readouterr().err
    with pytest.raises(UsageError, match="margin"):
        custlib.open(tmp_path / "sales.csv", margin=True)


def test_lists_and_tables_within_are_exact_too() -> None:
    class Deep(Exact):
        limits: dict[str, list[int | None]]

    assert Deep(limits={"a": [1, None]}).limits == {"a": [1, None]}
    with pytest.raises(ValidationError):
        Deep(limits={"a": [True]})


def test_the_schema_for_people_is_unchanged() -> None:
    properties = Project.model_json_schema()["properties"]
    assert properties["horizon_days"] == {
        "default": 365, "maximum": 3650, "minimum": 1, "title": "Horizon Days", "type": "integer",
    }  # fmt: skip
