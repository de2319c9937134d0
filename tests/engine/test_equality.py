"""The same project on both engines: identical whole numbers, texts and days, and money equal to nine digits."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from custlib import project as projects
from custlib.audit import changes, cohorts, months, periods
from custlib.engine import open_engine
from custlib.engine.dialect import DUCKDB, SPARK
from custlib.move import ledger
from custlib.project import Project
from custlib.run import HOME, Run, nodes
from custlib.segment import methods, profiles, pyramid, rfm
from custlib.validate import backtest, customer_coverage, tracking
from custlib.value import model_selection, spend
from tests.engine.same import differences
from tests.subscription.subscribers import open_run, subscribers

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("spark_here")]
Pair = tuple[Run, Run]
CONTRACT = ("subscription_lifetimes", "subscription_value", "subscription_months")
MISSING = {"customer_potential", *CONTRACT}  # CDNOW names no product, and nobody there has a contract
TABLES = [node.name for node in nodes().values() if node.kind == "table" and node.name not in MISSING]


def both(project: Project, folder: Path) -> Pair:
    """A project opened on DuckDB and on Spark."""
    return Run(project, folder / "duckdb"), Run(project, folder / "spark", engine="spark")


def differ(pair: Pair, table: str) -> list[str]:
    """What differs in a table of the two."""
    first, second = (workspace.make(table).fetch(f"select * from {table}") for workspace in pair)
    return differences(first, second)


def money_differs(pair: Pair) -> list[str]:
    """What differs in the models of spend and margins, and in how they were chosen."""
    first, second = (
        pd.json_normalize([spend.to_dict(run.get("spend_model")[0]), run.get("spend_choice"), run.get("margin_choice"),
                           vars(run.get("margins"))])
        for run in pair
    )  # fmt: skip
    return differences(first, second)


# --- real purchases ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cdnow(tmp_path_factory: pytest.TempPathFactory, spark_here: None) -> Iterator[Pair]:
    pair = both(projects.load(HOME / "data" / "cdnow.toml"), tmp_path_factory.mktemp("cdnow"))
    yield pair
    for workspace in pair:
        workspace.engine.close()


@pytest.mark.parametrize("table", TABLES)
def test_cdnow_is_the_same_table_by_table(cdnow: Pair, table: str) -> None:
    assert differ(cdnow, table) == []


def test_cdnow_is_told_of_in_the_same_words(cdnow: Pair) -> None:
    first, second = cdnow
    assert first.get("quality") == second.get("quality")
    assert first.get("definitions") == second.get("definitions")
    assert first.get("flags") == second.get("flags")
    assert differences(*(pd.json_normalize(ws.get("test_result")) for ws in cdnow)) == []
    assert differences(first.get("segment_intervals"), second.get("segment_intervals")) == []
    assert money_differs(cdnow) == []


LENSES = {
    "totals": lambda ws: periods.period_totals(ws.engine, _clock(ws)),
    "once": lambda ws: pd.DataFrame([periods.once(ws.engine, _clock(ws))]),
    "purchase days": lambda ws: periods.purchase_days(ws.engine, _clock(ws)),
    "spend": lambda ws: periods.spend_bins(ws.engine, _clock(ws)),
    "parts": lambda ws: periods.parts(ws.engine, _clock(ws)),
    "changes": lambda ws: changes.moves(ws.engine, _clock(ws)),
    "ages": lambda ws: cohorts.cohort_ages(ws.engine, _clock(ws)),
    "cohorts": lambda ws: cohorts.cohort_periods(ws.engine, _clock(ws)),
    "tops": lambda ws: methods.tops(ws.engine),
    "overlaps": lambda ws: methods.overlaps(ws.engine),
    "cross table": lambda ws: methods.cross_table(ws.engine),
    "disagreements": lambda ws: methods.disagreements(ws.engine),
    "moves": lambda ws: ledger.moves(ws.engine, "rfm"),
    "segments": lambda ws: profiles.summary(ws.engine, ws.get("definitions")["rfm"], language="en"),
    "tiles": lambda ws: rfm.tile_map(ws.engine, ws.get("definitions")["rfm"].rule, "customer_activity"),
    "curve": lambda ws: pyramid.curve(ws.engine, "customer_activity"),
    "baselines": lambda ws: backtest.baselines(ws.engine, hiatus_days=90),
    "season": lambda ws: pd.DataFrame({"x": [str(ws.get("season"))]}),
    "days": lambda ws: pd.DataFrame({name: getattr(ws.get("daily_purchases"), name) for name in ("day", "repeats")}),
    "pairs of gaps": lambda ws: ws.engine.fetch(
        model_selection.long_pairs(ws.engine.dialect, [ws.get("holdout_period").calibration_end, ws.project.as_of]),
        end=ws.project.as_of,
        fewest_days=20,
    ),
    "customers inside": lambda ws: customer_coverage.count_inside(
        ws.engine, ws.get("past_forecasts")[0].origin.name, ws.get("calibration_model"), ws.get("calibration_spend"),
        days=365,
    ),
    "joining": lambda ws: pd.DataFrame(tracking.joining(ws.engine, "customer_activity", known=ws.project.as_of)[:2]),
}  # fmt: skip


def _clock(workspace: Run) -> months.Clock:
    return months.clock(workspace.engine, workspace.project.as_of)


@pytest.mark.parametrize("lens", LENSES)
def test_cdnow_looks_the_same_through_every_lens(cdnow: Pair, lens: str) -> None:
    for workspace in cdnow:
        workspace.make("customer_months", "customer_methods", "segment_moves", "holdout", "customer_segments")
    first, second = (LENSES[lens](workspace) for workspace in cdnow)
    assert differences(first, second) == []


# --- shops by chance --------------------------------------------------------------------------------------------------

SHOPS = {
    "plain": {},
    "german": {"delimiter": ";", "decimal": ",", "thousands": ".", "timezone": "Europe/Berlin"},
    "british": {"date_format": "%d/%m/%y %H:%M", "cancel_prefix": "C\\"},
    "american": {"date_format": "%b %-d, %Y %I:%M %p", "delimiter": "|", "thousands": ","},
    "epoch": {"date_format": "epoch_ms", "timezone": "America/New_York", "zero_is_purchase": False},
    "exported": {
        "columns": {"unit_price": "amount", "currency": "money", "profit": "gain"},
        "count": ["paid", "Sent"], "guest_ids": ["0007"], "exclude_products": ["co'ffee"], "cancel_prefix": "c",
        "currency_rates": [
            {"currency": "EUR", "rate": 1.0}, {"currency": "CHF", "rate": 1.05},
            {"currency": "CHF", "from": "2024-02-01", "rate": 1.1},
        ],
    },
}  # fmt: skip


_IDS = ["{:04}", " {:04}", "К{}", "k{}", ""]


def shop(folder: Path, name: str, *, seed: int, lines: int = 1_500) -> Project:
    """A file of purchases with all that goes wrong in files, written as the options of its source say."""
    random = np.random.default_rng(seed)
    options = SHOPS[name]
    drawn = random.integers(0, 300, lines)
    moments = pd.Timestamp("2023-01-01") + pd.to_timedelta(random.integers(0, 900 * 24 * 60, lines), unit="min")
    amounts = np.round(random.gamma(2, 20, lines) * random.choice([1, 1, 1, 1, 50, -0.5, 0], lines), 3)
    frame = pd.DataFrame(
        {
            "customer_id": [str(random.choice(_IDS, p=[0.9, 0.02, 0.02, 0.04, 0.02])).format(n) for n in drawn],
            "timestamp": [_moment(m, options, random) for m in moments],
            "amount": [_amount(a, options, random) for a in amounts],
            "cost": [_amount(a, options, random) for a in np.round(np.abs(amounts) * 0.6, 2)],
            "order_id": [random.choice(["", "C\\", "c"]) + str(n // 3) for n in range(lines)],
            "product": random.choice(["tea", "co'ffee", 'c"up', "", None], lines),
            "quantity": random.choice(["1", "2", "3.5", "-2", "2-", "\u22123", "1'000", "x", ""], lines),
            "status": random.choice(["paid", "PAID", "sent", "failed", ""], lines),
            "money": random.choice(["EUR", "chf"], lines),
            "gain": [_amount(a, options, random) for a in np.round(amounts * 0.3, 2)],
        }
    )  # fmt: skip
    frame = pd.concat([frame, frame.iloc[:40]])
    frame.to_csv(folder / "sales.csv", sep=options.get("delimiter", ","), index=False, lineterminator="\n")
    return projects.build(
        {"id": "shop", "name": "A shop", "currency": "EUR", "as_of": "2025-06-30", "folder": folder,
         "cost_to_serve": 0.3, "source": {"path": "sales.csv", "max_unreadable": 1} | options}
    )  # fmt: skip


def _moment(moment: pd.Timestamp, options: dict, random: np.random.Generator) -> str:
    form = options.get("date_format")
    if random.random() < 0.01:
        return str(random.choice(["", "never", "2024-13-01", "31/31/24 10:00", "1970-01-01", "Feb 30, 2024 1:00 PM"]))
    if form == "epoch_ms":
        return str(int(moment.timestamp() * 1000))
    if form:
        return moment.strftime(form)
    zones = ["", "Z", "+02:00", "-0500"] if "timezone" in options else [""]
    shapes = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d %H:%M:%S"]
    return moment.strftime(str(random.choice(shapes))) + str(random.choice(zones))


def _amount(amount: float, options: dict, random: np.random.Generator) -> str:
    if random.random() < 0.01:
        return str(random.choice(["", "much", "nan", "1e300", "12d", "0x1p3", "inf", "(", "1e12"]))
    text = f"{amount:,.3f}" if options.get("thousands") else f"{amount:.3f}"
    if options.get("decimal") == ",":
        text = text.translate(str.maketrans(",.", ".,"))
    dress = random.choice(
        ["{}", "{}", "{}", "€ {}", "{}€", "({})", " {} ", "{}-", "\u2212{}", "1'234{}", "7\u00a0{:0>7}"]
    )
    return str(dress).format(text)


@pytest.mark.parametrize("name", SHOPS)
def test_a_shop_is_the_same_on_both_engines(tmp_path: Path, name: str) -> None:
    pair = both(shop(tmp_path, name, seed=len(name)), tmp_path)
    tables = ("transactions_checked", "transactions", "quarantine")
    first, second = (workspace.get("quality") for workspace in pair)
    assert first == second
    assert {t: d for t in tables if (d := differences(*(w.engine.fetch(f"select * from {t}") for w in pair)))} == {}
    made = (
        "customer_activity", "cells", "spend_cells", "sampled_days", "customer_value", "customer_segments",
        "segment_moves",
    )  # fmt: skip
    assert {table: found for table in made if (found := differ(pair, table))} == {}
    assert money_differs(pair) == []
    for workspace in pair:
        workspace.engine.close()


def test_customers_under_contract_are_the_same_on_both_engines(tmp_path: Path) -> None:
    stated = open_run(tmp_path / "subscribers", subscribers(80), subscription="month").project
    pair = both(stated, tmp_path)
    assert {
        table: found
        for table in (*CONTRACT, "customer_value", "next_purchase", "coming_months")
        if (found := differ(pair, table))
    } == {}
    for workspace in pair:
        workspace.engine.close()


# --- words ------------------------------------------------------------------------------------------------------------

NUMBERS = ["1e5", "inf", "nan", "1_000", "12", "0x1F", "12d", "1.5D", "12f", "+5", "-.5", "5.", "1e", "-inf", "0x1p3",
           "١٢", "1,5", "true", ".", "", "1e-3", "--1", "1 2", "NaN"]  # fmt: skip
MOMENTS = ["2020-01-01", "2020-1-1", "2020-01-01 10:00", "2020-01-01T10:00:00Z", "2020/01/01", "2020", "2020-01",
           "10:30", "20200101", "2020-01-01 25:00", "2020-01-01T10:00:00+02:00", "2020-13-01", "2020-02-30",
           "2020-01-01T23:30:00-0500", "2020 01 01", "2020\\01\\01", "2020-01/01", "2020.01.01", "now", "2020-01-01abc",
           "2020-01-01 10:00:00.123456", "2020/1/1 9:05", "01/02/2020"]  # fmt: skip
FORMS = {
    "%d/%m/%Y": ["01/04/2025", "1/4/2025", "31/02/2025", "01-04-2025", "01/04/25", "001/04/2025"],
    "%Y%m%d": ["20250401", "2025041", "20251301", "250401"],
    "%d.%m.%y": ["01.04.25", "01.04.69", "01.04.68", "29.02.00"],
    "%b %d, %Y": ["Apr 01, 2025", "apr 1, 2025", "Foo 1, 2025", "April 1, 2025"],
    "%d %B %Y": ["1 April 2025", "1 may 2025", "1 apr 2025"],
    "%d/%m/%Y %H:%M:%S": ["01/04/2025 23:59:59", "01/04/2025 24:00:00", "01/04/2025", "01/04/2025 9:5:1"],
    "%m/%d/%Y %I:%M %p": ["04/01/2025 12:30 AM", "4/1/2025 1:00 pm", "04/01/2025 13:00 PM"],
    "%Y-%m-%dT%H:%M:%S.%f": ["2025-04-01T10:00:00.5", "2025-04-01T10:00:00.123456", "2025-04-01T10:00:00"],
    "%a %d %b %Y": ["Tue 01 Apr 2025", "tue 1 apr 2025", "01 Apr 2025"],
    "100%% %Y/%m/%d": ["100% 2025/04/01", "2025/04/01"],
}


def test_texts_are_read_alike(tmp_path: Path) -> None:
    found = {}
    for name, sql in (("duckdb", DUCKDB), ("spark", SPARK)):
        engine = open_engine(name, tmp_path / name)
        columns = [_read(sql.number("x"), NUMBERS, sql), _read(f"cast({sql.moment('x')} as date)", MOMENTS, sql)]
        columns += [_read(sql.local_day(sql.instant("x"), "Asia/Tokyo"), MOMENTS, sql)]
        columns += [_read(sql.formatted_day("x", form), texts, sql) for form, texts in FORMS.items()]
        found[name] = [engine.fetch(select) for select in columns]
        engine.close()
    assert [d for first, second in zip(*found.values(), strict=True) if (d := differences(first, second))] == []


def _read(expression: str, texts: list[str], sql) -> str:
    given = ", ".join(f"({n}, {sql.literal(text)})" for n, text in enumerate(texts))
    return f"select n, x, {expression} as found from (values {given}) t(n, x) order by n"
