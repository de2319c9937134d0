"""The public face: opening projects, files and frames, what a run shows, and its types for a user's own code."""

import datetime as dt
import gc
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import custlib
from custlib.errors import ModelError, RunError, TableError, UsageError
from custlib.explore.opening import TemporaryWork
from custlib.models.display import html_table
from custlib.segment import registry
from tests.notebooks.shops import make_shop

DAYS = ["2025-01-01", "2025-03-01", "2025-03-01", "2025-02-01", "2025-02-11", "2025-04-02"]
SALES = pd.DataFrame(
    {
        "customer_id": ["ann", "ann", "ann", "bob", "bob", "cy"],
        "timestamp": pd.to_datetime(DAYS),
        "amount": [10.0, 20.0, 4.0, 5.0, 7.0, 9.0],
    }
)
HISTORY = ["customer_id", "frequency", "recency", "T", "days_since_last", "revenue"]
BY_HAND = [["ann", 1, 59, 180, 121, 34.0], ["bob", 1, 10, 149, 139, 12.0], ["cy", 0, 0, 89, 89, 9.0]]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> custlib.Run:
    """300 simulated customers, from a project file."""
    return custlib.open(make_shop(tmp_path_factory.mktemp("shop")))


@pytest.fixture(scope="module")
def sales() -> custlib.Run:
    """The three customers counted by hand."""
    return custlib.open(SALES, as_of="2025-06-30")


def history(run: custlib.Run) -> list[list[object]]:
    """What a run counted of each customer, without the values and segments that it makes of it."""
    return run.table("customer_activity").to_pandas().sort_values("customer_id")[HISTORY].to_numpy().tolist()


# --- opening ---------------------------------------------------------------------------------------------------------


def test_a_frame_by_hand(sales: custlib.Run) -> None:
    assert sales.customers()[HISTORY].to_numpy().tolist() == BY_HAND
    assert history(sales) == BY_HAND


@pytest.mark.parametrize("kind", [pl.from_pandas, pa.Table.from_pandas, lambda f: pa.Table.from_pandas(f).to_reader()])
def test_frames_of_every_kind_are_equal(kind) -> None:
    assert history(custlib.open(kind(SALES), as_of=dt.date(2025, 6, 30))) == BY_HAND


@pytest.mark.parametrize("name", ["sales.csv", "sales.parquet"])
def test_a_file_is_as_good_as_a_frame(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    SALES.to_csv(path, index=False) if name.endswith("csv") else SALES.to_parquet(path)
    for source in (path, str(path)):
        run = custlib.open(source, as_of="2025-06-30")
        assert history(run) == BY_HAND
        assert run.project.id == "sales"


def test_a_folder_and_a_pattern_are_read_as_one(tmp_path: Path) -> None:
    for number, part in enumerate((SALES[:3], SALES[3:])):
        part.to_csv(tmp_path / f"part_{number}.csv", index=False)
    for source in (tmp_path, tmp_path / "part_*.csv"):
        assert history(custlib.open(source, as_of="2025-06-30")) == BY_HAND


def test_columns_and_formats_are_options(tmp_path: Path) -> None:
    text = "Client;Day;Total\n" + "".join(
        f"{name};{day:%d.%m.%Y};{str(amount).replace('.', ',')}\n" for name, day, amount in SALES.to_numpy()
    )
    (tmp_path / "sales.csv").write_text(text)
    columns = {"customer_id": "Client", "timestamp": "Day", "amount": "Total"}
    formats = {"delimiter": ";", "decimal": ",", "date_format": "%d.%m.%Y"}
    assert history(custlib.open(tmp_path / "sales.csv", as_of="2025-06-30", columns=columns, **formats)) == BY_HAND


def test_without_as_of_it_is_the_last_day_of_the_purchases() -> None:
    run = custlib.open(SALES)
    assert run.project.as_of == dt.date(2025, 4, 2)
    assert "as of      2025-04-02 (the last day of the purchases)" in repr(run)
    assert "(the last day" not in repr(custlib.open(SALES, as_of="2025-04-02"))


def test_days_to_come_are_no_last_day() -> None:
    later = SALES.assign(timestamp=SALES["timestamp"].where(SALES["customer_id"] != "bob", pd.Timestamp("2205-02-11")))
    run = custlib.open(later)
    assert run.project.as_of == dt.date(2025, 4, 2)
    assert run.quality.rows_quarantined == 2


def test_the_second_half_is_held_back_unless_a_length_is_stated(sales: custlib.Run) -> None:
    assert sales.get("holdout_period").days == 90  # of 180 days
    assert custlib.open(SALES, as_of="2025-06-30", holdout_days=30).get("holdout_period").days == 30


def test_options_of_the_project_are_options() -> None:
    run = custlib.open(SALES, as_of="2025-06-30", currency="EUR", horizon_days=90, margin=0.5, name="Mine", id="mine")
    project = run.project
    assert (project.currency, project.horizon_days, project.name, project.id) == ("EUR", 90, "Mine", "mine")
    activity = run.table("customer_activity").to_pandas().sort_values("customer_id")
    assert activity["profit"].tolist() == [17.0, 6.0, 4.5]


def test_a_project_is_opened_by_its_file_or_the_name_of_an_example(shop: custlib.Run, tmp_path: Path) -> None:
    assert isinstance(shop, custlib.Run)
    assert (shop.project.id, shop.project.currency) == ("shop", "EUR")
    assert custlib.open("cdnow").project.id == "cdnow"
    changed = custlib.open(make_shop(tmp_path), as_of="2024-11-30", currency="CHF", language="", horizon_days=0)
    project = changed.project
    assert (project.as_of, project.currency, project.language) == (dt.date(2024, 11, 30), "CHF", "en")
    assert project.horizon_days == 180


def test_an_unknown_option_is_refused_with_what_was_meant() -> None:
    with pytest.raises(UsageError, match="open: horizon_day: unknown option. Did you mean 'horizon_days'?"):
        custlib.open(SALES, horizon_day=90)  # type: ignore[call-arg]


def test_what_belongs_to_a_source_is_refused_for_a_project() -> None:
    with pytest.raises(UsageError, match="open: columns, delimiter: only for files and frames. .* of cdnow"):
        custlib.open("cdnow", columns={"amount": "paid"}, delimiter=";")


def test_an_option_out_of_range_names_it() -> None:
    with pytest.raises(UsageError, match="open: horizon_days: Input should be greater than or equal to 1"):
        custlib.open(SALES, horizon_days=-1)


def test_what_is_neither_project_nor_frame_is_refused() -> None:
    with pytest.raises(UsageError, match="no project file named cdnwo. Did you mean 'cdnow'?"):
        custlib.open("cdnwo")
    with pytest.raises(UsageError, match="frame: dict is no frame"):
        custlib.open({"customer_id": ["ann"]})
    with pytest.raises(UsageError, match="frame: is lazy. Give frame.collect"):
        custlib.open(pl.from_pandas(SALES).lazy())


def test_a_missing_column_or_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="column 'customer_id' is missing. .*Available: amount, client, timestamp"):
        custlib.open(SALES.rename(columns={"customer_id": "client"}))
    with pytest.raises(TableError, match="sales.csv: no such file"):
        custlib.open(tmp_path / "sales.csv")


# --- the work folder -------------------------------------------------------------------------------------------------


def test_a_temporary_folder_goes_with_the_last_run_in_it() -> None:
    run = custlib.open(SALES, as_of="2025-06-30")
    work, changed = run.work, run.with_(horizon_days=90)
    del run
    gc.collect()
    assert work.is_dir()
    assert len(changed.table("customer_activity")) == 3
    del changed
    gc.collect()
    assert not work.exists()


def test_a_refused_frame_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(TableError):
        custlib.open(SALES[["customer_id", "amount"]])
    gc.collect()
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_is_removed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "custlib-work-left").mkdir()
    (tmp_path / "custlib-work-left" / "lock").touch()
    used = TemporaryWork()
    other = TemporaryWork()
    assert set(tmp_path.iterdir()) == {used.path, other.path}
    used.close()
    other.close()
    assert not list(tmp_path.iterdir())


def test_tables_in_a_work_folder_are_found_again(tmp_path: Path) -> None:
    first = custlib.open(SALES, as_of="2025-06-30", work=tmp_path)
    assert (
        first.customers()[HISTORY].to_numpy().tolist() == BY_HAND
    )  # freezes definitions, which count into the name of the folder of tables
    second, third = (custlib.open(SALES, as_of="2025-06-30", work=tmp_path) for _ in range(2))
    assert second.make("customer_value") is second.engine
    assert third.folder == second.folder
    assert third.engine.has("customer_value")
    assert custlib.open(SALES[:5], as_of="2025-06-30", work=tmp_path).folder != first.folder


# --- what a run shows ------------------------------------------------------------------------------------------------


def test_a_run_shows_itself(shop: custlib.Run) -> None:
    text, page = repr(shop), shop._repr_html_()
    for words in (
        "A simulated shop (shop)",
        "2024-12-30",
        "300",
        "averages BG/NBD (",
        "purchase days forecast",
    ):
        assert words in text
        assert words in page
    assert shop.backtest.light in text
    assert "&#9679;" in page


def test_html_brings_its_own_style_and_no_colour_of_text(shop: custlib.Run) -> None:
    page = shop._repr_html_()
    assert page.count("<tr ") == page.count('<tr style="background:transparent;color:inherit"')
    assert all("text-align:" in cell and "background:transparent" in cell for cell in page.split("<td ")[1:])
    assert "currentColor" in page
    named = custlib.open(SALES, as_of="2025-06-30", name="a <b>")
    assert "<b>" in named.project.name
    assert "a &lt;b&gt;" in named._repr_html_()


def test_figures_in_columns_are_set_to_the_right() -> None:
    page = html_table("Segments", [("loyal", "1,204", "8.5%", "stay"), ("new", "–", "+0.1%", "2 of 3")], header="abcd")
    assert re.findall(r"text-align:(\w+)", page.split("<thead>")[1]) == ["left", "right", "right", "left"] * 3


def test_a_run_that_cannot_be_read_shows_its_fault(tmp_path: Path) -> None:
    path = make_shop(tmp_path)
    (tmp_path / "sales.csv").unlink()
    assert "sales.csv: no such file" in repr(custlib.open(path))


def test_customers_have_history_value_and_segments(shop: custlib.Run) -> None:
    frame = shop.customers()
    assert len(frame) == 300
    assert frame["customer_id"].is_unique
    assert {"value", "probability_alive", "segment_rfm", "segment_clusters"} <= set(frame.columns)
    assert frame.notna()[["value", "segment_rfm", "segment_clusters"]].all(axis=None)
    segments = shop.table("customer_segments").sql("select * from customer_segments where segmentation = 'rfm'")
    assert frame.set_index("customer_id")["segment_rfm"].to_dict() == segments.set_index("customer_id")[
        "segment"].to_dict()  # fmt: skip


def test_too_many_customers_are_refused_with_what_to_use(shop: custlib.Run) -> None:
    with pytest.raises(
        TableError, match=r'300 customers are more than 299. Select some by run.table\("customer_overview"\)'
    ):
        shop.customers(limit=299)
    with pytest.raises(TableError, match="customer_value: 300 rows are more than 10"):
        shop.table("customer_value").to_pandas(limit=10)


@pytest.mark.parametrize("name", ["customer_value", "customer_overview", "transactions"])
def test_a_table_is_the_same_in_every_kind_of_frame(sales: custlib.Run, name: str) -> None:
    table = sales.table(name)
    frame, arrow, polars = table.to_pandas(), table.to_arrow(), table.to_polars()
    assert list(frame.columns) == arrow.column_names == polars.columns == list(table.columns)
    assert len(frame) == arrow.num_rows == polars.height == len(table)
    assert sorted(frame["customer_id"]) == sorted(arrow["customer_id"].to_pylist()) == sorted(polars["customer_id"])


def test_a_table_answers_sql_and_describes_its_columns(sales: custlib.Run) -> None:
    table = sales.table("customer_activity")
    assert len(table.head(2)) == 2
    assert table.sql("select max(T) as T from customer_activity where T < :most", most=100)["T"].item() == 89
    assert "customer_activity: 3 rows; a row is one customer with at least one purchase day up to as_of" in repr(table)
    assert "repeat purchase days" in table._repr_html_()


def test_what_is_no_table_is_refused(sales: custlib.Run) -> None:
    with pytest.raises(UsageError, match="table: there is no customer_valeu. Did you mean 'customer_value'?"):
        sales.table("customer_valeu")
    with pytest.raises(UsageError, match=r"lifetime_model is no table, but a record. .*run.get\('lifetime_model'\)"):
        sales.table("lifetime_model")


def test_results_show_themselves(shop: custlib.Run) -> None:
    assert shop.model == shop.get("beta_geometric")
    assert shop.forecasting_model == shop.get("lifetime_model")
    assert "standard error" in shop.model._repr_html_()
    assert shop.spend.model == shop.get("spend_model")[1]
    assert "EUR per purchase day" in repr(shop.spend)
    backtest = shop.backtest
    assert (backtest.actual, backtest.light) == tuple(shop.get("test_result")[name] for name in ("actual", "light"))
    assert f"{backtest.actual:,} came" in backtest.verdict
    assert f"Backtest on the last 120 days; light of the forecast: {backtest.light}" in backtest._repr_html_()
    quality = shop.quality
    assert quality.rows_read == quality.rows_used + quality.rows_quarantined + quality.rows_removed
    assert "rows read" in repr(quality)


def test_segments_add_up_and_move(shop: custlib.Run) -> None:
    summary = shop.segments["rfm"].summary()
    assert summary["customers"].sum() == 300
    moves = shop.moves("rfm")
    assert set(moves["cause"]) <= {"ageing", "purchases", "definition", "data", "identity"}
    assert "rfm, defined as of 2024-12-30" in repr(shop.segments["rfm"])
    assert "clusters" in shop.segments


def test_other_segmentations_are_made_on_demand(sales: custlib.Run) -> None:
    assert list(sales.segments)[:3] == ["rfm", "abc", "pyramid"]
    assert "rfm125" not in sales.get("segmentation_names")
    assert sales.segments["rfm125"].summary()["customers"].sum() == 3
    assert "rfm125" in sales.segments._ipython_key_completions_()
    assert "needs a column of products" in repr(sales.segments)
    with pytest.raises(UsageError, match="bank5 needs a column of products"):
        sales.segments["bank5"]
    with pytest.raises(UsageError, match="rfn is unknown. Did you mean 'rfm'"):
        sales.segments["rfn"]


def test_a_registered_function_is_a_segmentation(sales: custlib.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "REGISTERED", {})

    def often(customers: pd.DataFrame) -> pd.Series:
        return (customers["frequency"] > 0).map({True: "often", False: "once"})

    custlib.register(often)
    assert "often" in sales.segments
    assert sales.segments["often"].summary().set_index("segment")["customers"].to_dict() == {
        "often": 2,
        "once": 1,
        "other": 0,
    }
    custlib.register(lambda customers: often(customers).str.upper(), name="often")
    assert set(sales.segments["often"].summary()["segment"]) == {"OFTEN", "ONCE", "other"}


def test_why_there_is_no_forecast_is_said_in_words() -> None:
    once = custlib.open(SALES.drop_duplicates("customer_id"), as_of="2025-06-30")
    assert once.why("forecast").startswith("Nobody has bought on two different days")
    assert once.why("test") == once.why("money") == once.why("forecast") == once.why("forecast")
    assert once.why("customer_value") == ""
    assert "no repeat purchases" in once.why("lifetime_model")
    assert "Nobody has bought on two different days" in repr(once)
    with pytest.raises(ModelError, match="no repeat purchases"):
        _ = once.model
    assert once.customers()["value"].isna().all()


def test_why_there_is_no_money_or_test_is_said_in_the_language_of_the_project(tmp_path: Path) -> None:
    path = make_shop(tmp_path, money=False)
    run = custlib.open(path)
    assert run.why("money").startswith("There is no amount column")
    assert custlib.open(path, language="zh").why("money")[0] > "\u3400"
    assert "too short to keep a part" in custlib.open(path, holdout_days=3000).why("test")
    assert run.why("forecast") == run.why("test") == ""


def test_a_run_is_never_changed_in_place(sales: custlib.Run) -> None:
    changed = sales.with_(horizon_days=90, as_of="2025-05-31")
    assert isinstance(changed, custlib.Run)
    assert (changed.project.horizon_days, sales.project.horizon_days) == (90, 365)
    assert [row[3] for row in history(changed)] == [150, 119, 59]


@pytest.mark.slow
def test_a_frame_is_reported_as_a_project_is(tmp_path: Path) -> None:
    frame = pd.read_csv(make_shop(tmp_path / "shop").parent / "sales.csv")
    pages = custlib.open(frame, as_of="2024-12-30", id="mine").report(tmp_path / "reports")
    assert pages == tmp_path / "reports" / "mine" / "2024-12-30"
    assert {"overview.html", "segments.html", "validation.html"} <= {path.name for path in pages.iterdir()}


# --- frames of frequency, recency and T ------------------------------------------------------------------------------

SUMMARY = pd.DataFrame(
    {"frequency": [0, 0, 1, 2, 0, 5], "recency": [0, 0, 4, 30, 0, 35], "T": [39, 38, 38, 37, 36, 36]}
)


def test_fit_and_score_by_default_count_in_days_and_years() -> None:
    model = custlib.fit(SUMMARY)
    assert (model.unit, model.spend) == ("day", None)
    scores = custlib.score(SUMMARY, model)
    stated = custlib.score(SUMMARY, model, horizon=365, annual_discount_rate=0.10)
    pd.testing.assert_frame_equal(scores, stated)
    assert list(scores) == ["probability_alive", "expected_purchases", "residual_transactions"]


def test_a_year_of_weeks_is_a_year_of_days() -> None:
    weeks = SUMMARY.assign(recency=SUMMARY["recency"] / 7, T=SUMMARY["T"] / 7)
    model = custlib.fit(weeks, unit="week")
    assert "time in weeks" in repr(model)
    ours, theirs = custlib.score(weeks, model), custlib.score(SUMMARY, custlib.fit(SUMMARY))
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-6)
    with pytest.raises(TableError, match="T is not whole days"):
        custlib.fit(weeks)


def test_a_model_without_a_unit_is_refused() -> None:
    with pytest.raises(UsageError, match="score: model: BGNBD has no unit of time"):
        custlib.score(SUMMARY, custlib.models.BGNBD(0.25, 31.0, 0.8, 2.4))  # type: ignore[arg-type]


# --- names and types -------------------------------------------------------------------------------------------------

USER_CODE = """\
import custlib
import pandas as pd

def best(sales: pd.DataFrame) -> pd.DataFrame:
    run = custlib.open(sales, as_of="2025-06-30", currency="EUR", horizon_days=90)
    if run.why("forecast"):
        return run.table("customer_value").sql("select * from customer_value limit 10")
    alpha: float = run.model.alpha
    light: str = run.backtest.light
    print(alpha, light, run.quality.rows_used, run.spend.expected_spend, run.segments["rfm"].summary())
    custlib.register(lambda customers: customers["T"].astype(str), name="age")
    model = custlib.fit(sales, unit="week")
    print(custlib.score(sales, model), custlib.models.bgnbd.expected_purchases(model.lifetime, 39, 2, 30.0, 38.0))
    return run.with_(horizon_days=180).customers().nlargest(10, "value")
"""
WRONG_CODE = """\
import custlib

custlib.opne("cdnow")
custlib.open("cdnow", horizon_day=90)
custlib.open("cdnow", horizon_days="90")
custlib.open("cdnow").backtest.lihgt
"""


def checked(folder: Path, code: str) -> "subprocess.CompletedProcess[str]":
    """What mypy --strict says of a user's module."""
    (folder / "mine.py").write_text(code)
    (folder / "mypy.ini").write_text("[mypy]\n")
    root = str(Path(__file__).resolve().parents[1])
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "mine.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env={"MYPYPATH": root})


@pytest.mark.slow
def test_a_users_code_is_checked_strictly(tmp_path: Path) -> None:
    right = checked(tmp_path, USER_CODE)
    assert right.returncode == 0, right.stdout + right.stderr
    wrong = checked(tmp_path, WRONG_CODE).stdout
    for line, name in ((3, "opne"), (4, "horizon_day"), (5, "horizon_days"), (6, "lihgt")):
        assert f"mine.py:{line}: error" in wrong, wrong
        assert name in wrong


def test_public_names_are_found_by_tab() -> None:
    assert set(custlib.__all__) <= set(dir(custlib))
    assert all(getattr(custlib, name) is not None for name in custlib.__all__)
    assert custlib.models.bgnbd.fit is not None
    with pytest.raises(AttributeError, match="module 'custlib' has no attribute 'opne'"):
        custlib.opne  # type: ignore[attr-defined] # noqa: B018


# --- what a changed run leaves alone ---


def definitions_of(work: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in (work / "definitions" / "shop").glob("*.json")}


@pytest.mark.slow
def test_a_changed_run_adds_nothing_to_the_definitions_of_its_project(tmp_path: Path) -> None:
    path = make_shop(tmp_path)
    custlib.open(path).with_(margin=0.2).customers()
    assert definitions_of(tmp_path / "work") == {}
    custlib.open(path).customers()
    before = definitions_of(tmp_path / "work")
    custlib.open(path).with_(segments={"options": {"abc": {"shares": [0.3, 0.3, 0.4]}}}).customers()
    assert before and definitions_of(tmp_path / "work") == before


@pytest.mark.slow
def test_a_changed_run_of_a_frame_is_the_run_that_opens_so(sales: custlib.Run) -> None:
    sales.customers()
    opened = custlib.open(SALES, as_of="2025-06-30", margin=0.3).customers()
    changed = sales.with_(margin=0.3).customers()
    assert changed["segment_abc"].tolist() == opened["segment_abc"].tolist()


def test_options_of_segments_that_are_not_named_stay(sales: custlib.Run) -> None:
    run = sales.with_(segments={"hysteresis": 0.1})
    assert run.project.segments.segmentations and run.project.segments.hysteresis == 0.1


def test_columns_that_differ_only_in_case_are_refused() -> None:
    with pytest.raises(TableError, match="'Amount', 'amount' have one name"):
        custlib.open(SALES.assign(Amount=1.0)[["Amount", *SALES.columns]])


def test_an_id_that_is_a_path_is_refused_and_writes_nothing(tmp_path: Path) -> None:
    precious = tmp_path / "precious.parquet"
    precious.write_text("kept")
    with pytest.raises(UsageError, match="id"):
        custlib.open(SALES, id=str(tmp_path / "precious"), work=tmp_path / "work")
    assert precious.read_text() == "kept"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": ["client"]}, "columns: .* is no mapping"),
        ({"memory_limit": "lots"}, "memory_limit: 'lots' is no size"),
        ({"memory_limit": 5}, "memory_limit: 5 is no size"),
        ({"work": 5}, "work: 5 is no path"),
    ],
)
def test_an_option_of_another_type_is_refused_by_name(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        custlib.open(SALES, as_of="2025-06-30", **options)


def test_sql_that_the_engine_refuses_is_an_error_of_usage(sales: custlib.Run) -> None:
    table = sales.table("customer_activity")
    with pytest.raises(UsageError, match="sql: .*nope.*Columns: customer_id, "):
        table.sql("select nope from customer_activity")
    with pytest.raises(UsageError, match="head: -1 is no number of rows"):
        table.head(-1)


@pytest.mark.parametrize("text", ["{broken", "{}", "[]"])
def test_a_damaged_record_of_a_run_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(UsageError, match=r"run\.json: is damaged"):
        custlib.open(tmp_path)


def test_a_folder_of_tables_that_is_gone_is_said() -> None:
    run = custlib.open(SALES)
    shutil.rmtree(run.folder)
    with pytest.raises(RunError, match="the folder of tables is gone. Open the run again"):
        run.customers()


def test_a_date_compared_with_can_be_taken_back(sales: custlib.Run) -> None:
    compared = sales.with_(compare_with="2025-02-15")
    assert compared.with_(compare_with=None).project.compare_with is None


def test_only_a_date_that_was_not_stated_is_the_last_day() -> None:
    run = custlib.open(SALES)
    assert "the last day of the purchases" in repr(run)
    assert "the last day of the purchases" not in repr(run.with_(as_of="2025-02-15"))


def test_fit_names_what_is_no_frame() -> None:
    with pytest.raises(UsageError, match="summary: NoneType is no pandas frame"):
        custlib.fit(None)  # type: ignore[arg-type]


# --- columns on request ----------------------------------------------------------------------------------------------


def test_columns_are_added_where_they_are_asked_for(shop: custlib.Run) -> None:
    usual = list(shop.customers().columns)
    made = {
        "alive_later": ["probability_alive_later"],
        "next_purchase": [
            "probability_of_return", "next_purchase_low", "next_purchase", "next_purchase_high", "next_purchase_reason",
        ],
        "customer_intervals": ["purchases_low", "purchases_high", "value_low", "value_high"],
    }  # fmt: skip
    assert not any(shop.engine.has(name) for name in (*made, "coming_months")), "nothing is made that nobody asked for"
    for name, columns in made.items():
        assert list(shop.customers(columns=[name]).columns) == usual + columns
    both = shop.customers(["coming_months", "alive_later"])
    assert list(both.columns)[-1] == "probability_alive_later"
    assert len(both) == len(shop.customers())
    value = both[[name for name in both.columns if name.startswith("value_")]].sum(axis=1)
    pd.testing.assert_series_equal(value, both["value"], check_names=False, rtol=1e-9)
    with pytest.raises(UsageError, match=r"there is no 'next_purchases'. Did you mean 'next_purchase'\?"):
        shop.customers(["next_purchases"])


def test_the_option_of_a_project_names_columns(shop: custlib.Run) -> None:
    asked = shop.with_(value={"columns": ["alive_later"], "alive_after_days": 1})
    soon = asked.customers()["probability_alive_later"]
    later = asked.with_(value={"alive_after_days": 300})
    assert later.project.value.columns == ("alive_later",), "what is not named stays"
    assert (soon > later.customers()["probability_alive_later"]).all()
    assert "probability_alive_later" not in asked.customers(columns=[]).columns


def test_columns_that_need_a_forecast_are_refused_without_one() -> None:
    once = custlib.open(SALES.drop_duplicates("customer_id"), as_of="2025-06-30")
    assert "probability_alive" in once.customers()
    with pytest.raises(ModelError, match="no repeat purchases"):
        once.customers(["next_purchase"])
