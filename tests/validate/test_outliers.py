"""One customer who buys every day bends the fit of all others, which is said with the forecast without that one."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

import custlib
from custlib.quick import value_file
from tests.bases import shop

AS_OF = dt.date(2025, 12, 31)


def write(folder: Path, *, tills: int = 0, days: int = 350) -> Path:
    rows = shop(150)
    start = dt.date(2025, 1, 1)
    rows += [(f"till{n}", start + dt.timedelta(days=day), 5 + day % 7) for n in range(tills) for day in range(days)]
    path = folder / "sales.csv"
    path.write_text("customer_id,timestamp,amount\n" + "".join(f"{who},{day},{amount}\n" for who, day, amount in rows))
    return path


def run_of(path: Path, **options: Any) -> custlib.Run:
    return custlib.open(path, as_of=AS_OF, holdout_days=60, horizon_days=180, model="bgnbd", **options)


@pytest.mark.slow
def test_the_forecast_without_an_outlier_is_that_of_the_others_alone(tmp_path: Path) -> None:
    alone = run_of(write(tmp_path))
    expected = alone.customers()["expected_purchases"].sum()
    assert alone.get("outlying_customers") == {}
    (tmp_path / "b").mkdir()
    bent = run_of(write(tmp_path / "b", tills=1))
    outliers = bent.get("outlying_customers")
    assert (outliers["customers"], outliers["frequency"], outliers["others"]) == (1, 349, 150)
    assert outliers["purchases_without"] == pytest.approx(expected, rel=1e-6)
    others = bent.customers().query("customer_id != 'till0'")
    assert outliers["purchases"] == pytest.approx(others["expected_purchases"].sum(), rel=1e-6)
    assert outliers["fit_without"]["r"] == pytest.approx(alone.model.r)


def test_several_outliers_are_left_out_together(tmp_path: Path) -> None:
    assert run_of(write(tmp_path, tills=3)).get("outlying_customers")["customers"] == 3


@pytest.mark.parametrize("options", [{"tills": 4}, {"tills": 1, "days": 60}], ids=["many", "a regular"])
def test_frequent_customers_are_no_outliers(tmp_path: Path, options: dict[str, int]) -> None:
    assert run_of(write(tmp_path, **options)).get("outlying_customers") == {}


def test_without_a_forecast_there_is_nothing_to_say(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("customer_id,timestamp,amount\nann,2025-01-01,1\nbob,2025-01-02,2\n")
    assert run_of(path).get("outlying_customers") == {}


@pytest.mark.slow
def test_one_file_carries_the_caution(tmp_path: Path) -> None:
    summary = value_file(write(tmp_path, tills=1), as_of=AS_OF, options={}, out=tmp_path / "out.parquet")
    said = summary["cautions"]["forecast.outlier"]
    assert said.startswith("One customer has 349 repeat purchase days, no other more than ")
    assert "till0" not in said
    assert "the other 150 customers are expected to make" in said


@pytest.mark.slow
def test_one_file_carries_the_cautions_of_its_lines(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_text(path.read_text() + "c001,1971-05-05,3\n")
    summary = value_file(path, as_of=AS_OF, options={}, out=tmp_path / "out.parquet")
    assert summary["cautions"]["lonely_date"].startswith("1 line is of 1971-05-05, 53.7 years before all others")
    assert summary["quality"]["cautions"].keys() == {"lonely_date"}
    assert summary["backtest"]["holdout_days"] == 181  # half of a year, not of half a century
    assert "refused" not in summary["backtest"]


def test_a_lonely_date_does_not_stretch_the_holdout_of_an_opened_file(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_text(path.read_text() + "c001,1971-05-05,3\n")
    opened = custlib.open(path, as_of=AS_OF)
    assert opened.get("holdout_period").days == 181
    assert opened.quality.first_day == "1971-05-05"
    assert any("1971-05-05" in warning for warning in opened.quality.warnings)
