"""One file in, one row per customer out: the same numbers as a run of a project, and as the models."""

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from custlib import cli
from custlib.commands.value_lines import value_lines
from custlib.errors import ModelError, TableError, UsageError
from custlib.models.forecasting import Histories
from custlib.project import ON_REQUEST, load
from custlib.quick import OUT_COLUMNS, value_file
from custlib.run import Run
from custlib.value.lifetime import read_model
from tests.notebooks.shops import ROOT, make_shop

AS_OF = dt.date(1998, 6, 30)
MASTER = {
    "columns": {"timestamp": "date", "amount": "dollar_value", "quantity": "number_of_cds"},
    "delimiter": "whitespace",
    "date_format": "%Y%m%d",
}
Valued = tuple[dict[str, Any], pd.DataFrame]


def run(file: Path, out: Path, as_of: dt.date | None = dt.date(2024, 12, 30), **changes: Any) -> dict[str, Any]:
    options = changes.pop("options", {})
    return value_file(file, as_of=as_of, options=options, out=out, **changes)


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a simulated shop of 300 customers sold in a year."""
    return make_shop(tmp_path_factory.mktemp("shop")).with_name("sales.csv")


@pytest.fixture(scope="module")
def stated(sold: Path) -> dict[str, Any]:
    """The summary of that shop as of a day that is stated, its rows written."""
    return run(sold, sold.with_name("value.parquet"))


@pytest.fixture(scope="module")
def unstated(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], set[str]]:
    """The summary of that shop where neither a day nor a target is stated, and the files then beside it."""
    file = make_shop(tmp_path_factory.mktemp("unstated")).with_name("sales.csv")
    return value_file(file), {path.name for path in file.parent.iterdir()}


@pytest.fixture(scope="module")
def project_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of all CDNOW customers, in a folder of its own."""
    return Path(shutil.copy(ROOT / "data" / "cdnow_master.toml", tmp_path_factory.mktemp("data")))


@pytest.fixture(scope="module")
def master(project_file: Path) -> Valued:
    """Summary and rows of all CDNOW customers."""
    out = project_file.with_name("value.parquet")
    summary = run(load(project_file).source_path, out, AS_OF, options=MASTER, holdout_days=273)
    return summary, pd.read_parquet(out)


@pytest.fixture(scope="module", params=["stated", pytest.param("master", marks=pytest.mark.slow)])
def valued(request: pytest.FixtureRequest) -> Valued:
    """Summary and rows of the simulated shop, and of all CDNOW customers."""
    if request.param == "master":
        return request.getfixturevalue("master")
    summary, file = request.getfixturevalue("stated"), request.getfixturevalue("sold")
    return summary, pd.read_parquet(file.with_name("value.parquet"))


def test_every_customer_has_one_row_with_the_documented_columns(valued: Valued) -> None:
    summary, rows = valued
    assert tuple(rows.columns) == OUT_COLUMNS == (
        "customer_id", "frequency", "recency", "T", "days_since_last", "monetary_value", "probability_alive",
        "expected_purchases", "expected_spend", "value", "residual_lifetime_value", "historic_value", "profit",
        "potential_value", "loyalty",
    )  # fmt: skip
    assert len(rows) == rows["customer_id"].nunique() == summary["totals"]["customers"]
    assert rows["customer_id"].is_monotonic_increasing
    assert (rows["monetary_value"].isna() == (rows["frequency"] == 0)).all()


def test_values_are_possible(valued: Valued) -> None:
    _, rows = valued
    assert rows["probability_alive"].between(0, 1).all(), "a model in the average tells of one-time buyers too"
    assert (rows[["expected_purchases", "expected_spend", "value"]] >= 0).all(axis=None)
    assert (rows["residual_lifetime_value"] >= rows["value"]).all()
    assert (rows["recency"] + rows["days_since_last"] == rows["T"]).all()


@pytest.mark.slow
def test_the_backtest_is_the_published_one(master: Valued) -> None:
    held = master[0]["backtest"]
    assert master[0]["totals"]["customers"] == 23_570
    assert held["holdout_days"] == 273
    assert held["actual"] == 19_684
    assert held["predicted"] == pytest.approx(16_493.6, abs=0.05)  # BG/NBD alone: 16,873.7
    assert held["light"] == "untested", "18 months do not test a year"


@pytest.mark.slow
def test_the_naive_forecast_carries_on_the_past_rate(master: Valued, project_file: Path) -> None:
    lines = pd.read_csv(load(project_file).source_path, sep=r"\s+", dtype={"date": str})
    days = pd.to_datetime(lines["date"], format="%Y%m%d")
    known = lines.assign(day=days)[days <= "1997-09-30"]
    grouped = known.groupby("customer_id")["day"].agg(["nunique", "min"])
    since = (pd.Timestamp("1997-09-30") - grouped["min"]).dt.days
    naive = ((grouped["nunique"] - 1) * 273 / since.where(since > 0)).fillna(0).sum()
    assert master[0]["backtest"]["naive"] == pytest.approx(naive, rel=1e-12)


@pytest.mark.slow
def test_a_run_of_the_same_file_says_the_same(master: Valued, project_file: Path, tmp_path: Path) -> None:
    engine = Run(load(project_file), tmp_path).make("customer_value")
    theirs = engine.fetch(f"select {', '.join(OUT_COLUMNS)} from customer_value order by customer_id")
    pd.testing.assert_frame_equal(master[1], theirs, rtol=1e-12, atol=0, check_dtype=False)


def test_the_rows_are_those_of_the_model(valued: Valued) -> None:
    summary, rows = valued
    model = read_model(summary["fit"])
    some = rows.sort_values("frequency").iloc[:: len(rows) // 40]
    known = Histories.of(*(some[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T")))
    assert np.allclose(model.probability_alive(known), some["probability_alive"], rtol=1e-9)
    assert np.allclose(model.expected_purchases(known, 365.0), some["expected_purchases"], rtol=1e-9)


def test_totals_are_the_sums_of_the_rows(valued: Valued) -> None:
    summary, rows = valued
    for name in ("expected_purchases", "value", "residual_lifetime_value", "historic_value", "profit"):
        assert summary["totals"][name] == pytest.approx(rows[name].sum(), rel=1e-9)
    assert summary["quality"]["money_used"] == pytest.approx(rows["profit"].sum(), abs=1e-2)
    assert rows["historic_value"].sum() > rows["profit"].sum()
    assert rows["loyalty"].equals(rows["probability_alive"]) and rows["potential_value"].isna().all()
    assert summary["totals"]["potential_value"] is None


def test_the_summary_is_plain_json(valued: Valued) -> None:
    assert json.loads(json.dumps(valued[0], allow_nan=False)) == valued[0]


def test_without_amounts_money_is_null_and_said(tmp_path: Path) -> None:
    file = make_shop(tmp_path, money=False).with_name("sales.csv")
    summary = run(file, tmp_path / "out.parquet")
    json.dumps(summary, allow_nan=False)
    assert summary["totals"]["value"] is None
    assert summary["spend"]["kind"] == "none"
    assert any("no amount column" in said for said in summary["quality"]["warnings"])
    rows = pd.read_parquet(tmp_path / "out.parquet")
    assert tuple(rows.columns) == OUT_COLUMNS
    assert rows["value"].isna().all() and rows["expected_purchases"].notna().all()


@pytest.mark.slow
def test_the_file_may_be_parquet(tmp_path: Path) -> None:
    file = make_shop(tmp_path).with_name("sales.csv")
    pd.read_csv(file).to_parquet(tmp_path / "sales.parquet")
    run(file, tmp_path / "one.parquet")
    run(tmp_path / "sales.parquet", tmp_path / "two.parquet")
    one, two = (pd.read_parquet(tmp_path / f"{name}.parquet") for name in ("one", "two"))
    pd.testing.assert_frame_equal(one, two)


@pytest.mark.slow
def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    file = make_shop(tmp_path).with_name("sales.csv")
    pd.read_csv(file).sample(frac=1, random_state=1).to_csv(tmp_path / "mixed.csv", index=False)
    run(file, tmp_path / "one.parquet")
    run(tmp_path / "mixed.csv", tmp_path / "two.parquet")
    one, two = (pd.read_parquet(tmp_path / f"{name}.parquet") for name in ("one", "two"))
    pd.testing.assert_frame_equal(one, two, rtol=1e-12)


def test_the_day_may_stand_in_the_options(forty: Path, tmp_path: Path) -> None:
    assert run(forty, tmp_path / "o.parquet", None, options={"as_of": "2024-11-30"})["as_of"] == "2024-11-30"


def test_the_day_is_the_last_in_the_data_unless_it_is_stated(
    sold: Path, stated: dict[str, Any], unstated: tuple[dict[str, Any], set[str]]
) -> None:
    last = pd.read_csv(sold).iloc[:, 1].max()
    summary, _ = unstated
    assert summary["as_of"] == last
    assert f"as of {last}, the last day in the data (--as-of, or as_of)" in summary["assumed"]
    assert not [said for said in stated["assumed"] if "last day" in said]


@pytest.mark.slow
def test_the_day_is_never_one_to_come(tmp_path: Path) -> None:
    file = make_shop(tmp_path).with_name("sales.csv")
    last = pd.read_csv(file).iloc[:, 1].max()
    file.write_text(file.read_text() + "99,2199-01-01,5.00\n")
    summary = value_file(file)
    assert summary["as_of"] == last
    assert summary["quality"]["reasons"] == {"after_as_of": 1}


def test_without_a_target_nothing_is_written(unstated: tuple[dict[str, Any], set[str]], tmp_path: Path) -> None:
    summary, files = unstated
    assert summary["totals"]["customers"]
    assert files == {path.name for path in make_shop(tmp_path).parent.iterdir()}


def test_the_first_customers_are_those_worth_most(valued: Valued) -> None:
    summary, rows = valued
    first = rows.nlargest(5, "value")
    assert [row["customer_id"] for row in summary["top"]] == list(first["customer_id"])
    assert [row["value"] for row in summary["top"]] == pytest.approx(list(first["value"]))


def test_half_of_the_time_covered_is_kept_back(stated: dict[str, Any]) -> None:
    assert stated["backtest"]["holdout_days"] == 182


def test_a_forecast_that_was_off_is_a_caution(tmp_path: Path) -> None:
    file = make_shop(tmp_path).with_name("sales.csv")
    sold = pd.read_csv(file)
    gone = (pd.to_datetime(sold.iloc[:, 1]) > "2024-07-01") & (sold["customer_id"].astype(str).str[-1] != "1")
    sold[~gone].to_csv(file, index=False)
    off = run(file, tmp_path / "o.parquet", horizon_days=90)
    assert off["backtest"]["light"] == "red" and off["backtest"]["bias"] > 0.5
    assert off["cautions"]["light.red"].endswith("for revenue: light red, do not rely on it.")


def test_where_nothing_can_be_tested_that_is_said(tmp_path: Path) -> None:
    file = make_shop(tmp_path).with_name("sales.csv")
    held = run(file, tmp_path / "o.parquet", holdout_days=400)["backtest"]
    assert held["refused"]
    assert (tmp_path / "o.parquet").is_file()


def test_no_repeat_purchases_identify_no_model(tmp_path: Path) -> None:
    (tmp_path / "once.csv").write_text("customer_id,timestamp,amount\na,2024-01-05,1\nb,2024-02-05,2\n")
    with pytest.raises(ModelError, match="no repeat purchases: all 2 customers"):
        run(tmp_path / "once.csv", tmp_path / "o.parquet")
    assert not list(tmp_path.glob("*parquet*"))


def test_an_unknown_option_says_what_was_meant(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="options: delimeter: unknown key. Did you mean 'delimiter'?"):
        run(tmp_path / "x.csv", tmp_path / "o.parquet", options={"delimeter": ";"})


@pytest.mark.parametrize("name", ["path", "package"])
def test_options_cannot_name_another_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=f"options: {name}: unknown key"):
        run(tmp_path / "x.csv", tmp_path / "o.parquet", options={name: "lifetimes"})


def test_a_target_that_is_a_folder_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--out: .* is a directory or lies in none"):
        run(tmp_path / "missing.csv", tmp_path)
    with pytest.raises(UsageError, match="--out: o.parquet is a directory or lies in none"):
        run(tmp_path / "missing.csv", tmp_path / "none" / "o.parquet")


def test_a_failure_leaves_the_last_result(tmp_path: Path) -> None:
    out = tmp_path / "o.parquet"
    out.write_text("the last one")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(TableError, match="the file is empty"):
        run(tmp_path / "empty.csv", out)
    assert out.read_text() == "the last one"
    assert {path.name for path in tmp_path.iterdir()} == {"o.parquet", "empty.csv"}


def test_the_file_of_purchases_is_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text("customer_id,timestamp,amount\nann,2025-01-01,10\n")
    with pytest.raises(UsageError, match="is the file of purchases itself"):
        value_file(file, as_of=dt.date(2025, 6, 30), options={}, out=file)
    assert file.read_text().startswith("customer_id")


@pytest.fixture(scope="module")
def forty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Purchases of forty customers, whose rows lie beside them as Parquet."""
    file = tmp_path_factory.mktemp("forty") / "sales.csv"
    file.write_text(
        "customer_id,timestamp,amount\n"
        + "".join(f"c{n % 40},2024-{1 + 7 * n % 11:02d}-{1 + 11 * n % 28:02d},{5 + n % 17}.5\n" for n in range(400))
    )
    run(file, file.with_name("value.parquet"))
    return file


@pytest.mark.parametrize("name", ["value.csv", "value.xlsx"])
@pytest.mark.sampled
def test_the_suffix_says_how_the_rows_are_written(forty: Path, tmp_path: Path, name: str) -> None:
    run(forty, tmp_path / name)
    read, rows = (
        pd.read_csv if name.endswith("csv") else pd.read_excel,
        pd.read_parquet(forty.with_name("value.parquet")),
    )
    pd.testing.assert_frame_equal(read(tmp_path / name), rows, check_dtype=False)


def _monthly_sales(path: Path, *, peaks: tuple[int, ...], years: tuple[int, ...]) -> Path:
    """Purchases of 200 customers over three years, four times as many in the months of the peaks of some years."""
    random = np.random.default_rng(3)
    rows = [
        f"c{customer},{day.date()},10"
        for day in pd.date_range("2022-01-01", "2024-12-31")
        for customer in random.choice(
            200, random.poisson(8 if day.month in peaks and day.year in years else 2), replace=False
        )
    ]
    path.write_text("\n".join(["customer_id,timestamp,amount", *rows]))
    return path


@pytest.mark.slow
def test_a_season_that_the_forecast_follows_is_no_caution(tmp_path: Path) -> None:
    """Two peaks a year in all three years; then in the last year alone; then in none."""
    followed, once, even = (
        value_file(_monthly_sales(tmp_path / f"{name}.csv", peaks=peaks, years=years), as_of=dt.date(2024, 12, 31))
        for name, peaks, years in (("both", (1, 6), (2022, 2023, 2024)), ("once", (1, 6), (2024,)), ("even", (), ()))
    )
    members = followed["fit"].get("members", [followed["fit"]])
    assert all(max(one["business_time"]["index"]) > 1.5 for one in members)
    assert "season" not in followed["cautions"] and "in business days of the season" in value_lines(followed, None)
    assert once["cautions"]["season"].startswith("The months differ") and "in days;" in value_lines(once, None)
    assert "season" not in even["cautions"]


# --- columns on request ---


def test_columns_are_written_where_they_are_asked_for(forty: Path, tmp_path: Path) -> None:
    out = tmp_path / "value.csv"
    asked = {"columns": ("alive_later", "next_purchase", "coming_months"), "alive_after_days": 10}
    run(forty, out, horizon_days=60, value=asked)
    rows = pd.read_csv(out)
    assert tuple(rows.columns[: len(OUT_COLUMNS)]) == OUT_COLUMNS
    assert [*rows.columns[len(OUT_COLUMNS) :][:3]] == ["probability_alive_later", "probability_of_return",
                                                       "next_purchase_low"]  # fmt: skip
    months = rows[[name for name in rows if name.startswith("expected_purchases_")]]
    np.testing.assert_allclose(months.sum(axis=1), rows["expected_purchases"], rtol=1e-9)


def test_columns_need_a_file_to_stand_in(forty: Path) -> None:
    with pytest.raises(UsageError, match="--columns: are written with every customer. Name a file by --out."):
        value_file(forty, value={"columns": ("alive_later",)})
    with pytest.raises(UsageError, match="columns.0: Input should be 'alive_later', 'next_purchase'"):
        value_file(forty, value={"columns": ("alive",)})


def test_the_help_names_every_column(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["value", "--help"])
    said = capsys.readouterr().out
    assert [name for name in ON_REQUEST if name not in said] == []
