"""The project file: read whole, refused whole, every fault by its key."""

import datetime as dt
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custlib import project as projects
from custlib import rules
from custlib.errors import UsageError
from custlib.segment.rule_files import grid_file

LEAST: dict[str, Any] = {"id": "shop", "name": "Shop", "as_of": "2025-06-30", "source": {"path": "x.csv"}}


def source(**options: Any) -> dict[str, Any]:
    """The least project with options of its source."""
    return LEAST | {"source": {"path": "x.csv"} | options}


def test_a_project_is_read(tmp_path: Path) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(
        'id = "shop"\nname = "Shop"\nas_of = 2025-06-30\nannual_discount_rate = 0.1\nholdout_days = 181\n'
        '[source]\npath = "sub/x.csv"\ndelimiter = ";"\n[source.columns]\ncustomer_id = "Client"\n'
    )
    project = projects.load(path)
    assert project.as_of == dt.date(2025, 6, 30)
    assert project.holdout_days == 181
    assert project.daily_discount_rate == pytest.approx(math.log(1.1) / 365)
    assert project.unit_days == 7
    assert project.source_path == (tmp_path / "sub" / "x.csv").resolve()
    assert project.source.columns == {"customer_id": "Client"}


def test_a_source_may_lie_in_a_package() -> None:
    project = projects.build(source(package="lifetimes", path="datasets/x.txt"))
    assert project.source_path.parts[-3:] == ("lifetimes", "datasets", "x.txt")
    with pytest.raises(UsageError, match="source.package: no_such_package is not installed"):
        _ = projects.build(source(package="no_such_package")).source_path


def test_a_copy_is_checked_and_the_first_untouched() -> None:
    project = projects.build(LEAST | {"folder": Path("here")})
    changed = project.replace(horizon_days=30, currency=None)
    assert (changed.horizon_days, changed.currency, changed.folder) == (30, "USD", Path("here"))
    assert project.horizon_days == 365
    with pytest.raises(UsageError, match="horizon_days: Input should be greater than or equal to 1"):
        project.replace(horizon_days=0)


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        (LEAST | {"asof": 1}, "asof: unknown key. Did you mean 'as_of'?"),
        (source(delimeter=";"), "source.delimeter: unknown key. Did you mean 'delimiter'?"),
        (source(columns={"customer": "x"}), "source.columns.customer"),
        ({"id": "shop"}, "name: is required and missing"),
        (LEAST | {"id": "../up"}, "id: String should match pattern"),
        (LEAST | {"id": ""}, "id: String should match pattern"),
        (LEAST | {"currency": "euro"}, "currency: String should match pattern"),
        (LEAST | {"as_of": "soon"}, "as_of: .*given: 'soon'"),
        (LEAST | {"margin": 1.5}, "margin: Input should be less than or equal to 1"),
        (
            LEAST | {"annual_discount_rate": 0.0005},
            "annual_discount_rate: is above 0 and below 0.001; give 0 for no discount",
        ),
        (LEAST | {"annual_discount_rate": math.nan}, "annual_discount_rate"),
        (LEAST | {"language": "de"}, "language: Input should be 'en' or 'zh'"),
        (source(thousands=",", decimal=","), "source: thousands and decimal are both ','"),
        (source(delimiter=";;"), "delimiter must be one character or 'whitespace', not ';;'"),
        (source(delimiter=""), "source.delimiter: String should have at least 1 character"),
        (source(max_amount=1e300), "source.max_amount"),
        (source(timezone="Mars/Olympus"), "there is no zone 'Mars/Olympus'"),
        (source(timezone="../etc/passwd"), "there is no zone"),
        (source(timezone="x' or 'y"), "there is no zone"),
        (source(cancel_prefix=""), "source.cancel_prefix"),
    ],
)
def test_a_fault_is_named_by_its_key(mapping: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said) as fault:
        projects.build(mapping)
    assert "pydantic" not in str(fault.value)


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(UsageError) as fault:
        projects.build({"id": "shop", "name": "Shop", "as_of": "x", "surce": {}}, where="shop.toml")
    lines = str(fault.value).splitlines()
    assert len(lines) == 3
    assert all(line.startswith("shop.toml: ") for line in lines)


def test_a_project_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        projects.build(LEAST).name = "other"  # type: ignore[misc]


@given(st.dictionaries(st.text(max_size=12), st.none() | st.integers() | st.text(max_size=8), max_size=5))
def test_any_mapping_is_a_project_or_a_usage_error(mapping: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        projects.build(mapping)


@given(rate=st.one_of(st.just(0.0), st.floats(0.001, 5)), days=st.integers(1, 3650))
def test_the_discount_of_a_year_is_the_annual_rate(rate: float, days: int) -> None:
    project = projects.build(LEAST | {"annual_discount_rate": rate, "holdout_days": days})
    assert math.exp(project.daily_discount_rate * 365) == pytest.approx(1 + rate)
    assert project.holdout_days == days


def test_a_date_to_compare_with_at_the_end_of_the_calendar_is_refused() -> None:
    with pytest.raises(UsageError, match="compare_with: 0001-01-01 is before 1900"):
        projects.build(LEAST | {"compare_with": "0001-01-01"})


def test_files_of_options_lie_beside_the_project_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop, away = tmp_path / "shop", tmp_path / "away"
    (shop / "rules").mkdir(parents=True)
    away.mkdir()
    shipped = (Path(rules.__file__).parent / "maps" / "rf25.toml").read_text(encoding="utf-8")
    (shop / "rules" / "own.toml").write_text(shipped, encoding="utf-8")
    (shop / "shop.toml").write_text(
        'id = "shop"\nname = "Shop"\nas_of = 2025-06-30\n[source]\npath = "sales.csv"\n'
        '[segments.options.rfm]\nmap = "rules/own.toml"\nscores = "days"\n'
    )
    monkeypatch.chdir(away)
    for path in (shop / "shop.toml", Path("../shop/shop.toml")):
        options = projects.load(path).segments.options["rfm"]
        assert grid_file.read(options["map"]).id == "rf25"
        assert options["scores"] == "days"
