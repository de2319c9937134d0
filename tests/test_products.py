"""A project with products goes the whole way: margins by product, cost to serve, potential value; run and command."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from custlib.project import load
from custlib.quick import OUT_COLUMNS, value_file
from custlib.run import Run
from tests.adopters import AS_OF, PRICES, WINDOW, simulate
from tests.notebooks.shops import make_shop

PROJECT = f"""
id = "teashop"
name = "A tea shop"
as_of = {AS_OF}
holdout_days = {WINDOW}
horizon_days = 180
margin = 0.5
cost_to_serve = 1.5

[product_margins]
tea = 0.4
cake = 0.2

[source]
path = "sales.csv"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("teashop")
    rows = simulate(1500, seed=4)[0]
    lines = pd.DataFrame(rows, columns=["customer_id", "timestamp", "amount", "product"])
    lines["amount"] *= 0.8 + 0.4 * (lines.index % 7) / 6
    lines.round(2).to_csv(made / "sales.csv", index=False)
    (made / "shop.toml").write_text(PROJECT, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def shop(folder: Path) -> Run:
    opened = Run(load(folder / "shop.toml"), folder / "work")
    opened.make("customer_value")
    return opened


def test_every_line_has_the_margin_of_its_product(shop: Run) -> None:
    found = shop.engine.fetch(
        "select product, sum(profit) / sum(amount) as margin from transactions group by product"
    ).set_index("product")["margin"]
    assert found.to_dict() == pytest.approx({"tea": 0.4, "cake": 0.2, "staple": 0.5, "jam": 0.5, "rye": 0.5}, abs=1e-3)
    assert shop.get("money_kind") == "profit"
    assert shop.get("quality")["margin_unknown_products"] == 3


def test_profit_is_less_the_cost_of_every_purchase_day(shop: Run) -> None:
    lines = shop.engine.fetch("select sum(profit) as profit from transactions")["profit"].astype(float).item()
    value = shop.engine.fetch("select sum(profit) as profit, sum(frequency + 1) as days from customer_value").iloc[0]
    assert value["profit"] == pytest.approx(lines - 1.5 * value["days"])


def test_the_potential_of_a_customer_is_in_the_table_of_value(shop: Run) -> None:
    both = shop.engine.fetch(
        "select v.potential_value as ours, p.potential_value as theirs, v.loyalty, v.probability_alive"
        " from customer_value v join customer_potential p using (customer_id)"
    )
    assert len(both) == 1500 and both["ours"].equals(both["theirs"]) and (both["ours"] > 0).any()
    assert both["loyalty"].equals(both["probability_alive"])
    record = shop.get("potential")
    assert record is not None
    assert sum(p["potential"] for p in record["products"]) == pytest.approx(both["ours"].sum())
    # a beginner brings the price times the margin, a little less for waiting
    cake = next(p for p in record["products"] if p["product"] == "cake")
    assert cake["profit"] == pytest.approx(PRICES[2] * 0.2, rel=0.05)


def test_a_source_without_products_has_no_potential(tmp_path: Path) -> None:
    opened = Run(load(make_shop(tmp_path)), tmp_path / "work")
    assert opened.reason("potential") == opened.reason("customer_potential") == "no_products"
    count = "select count(potential_value) as n from customer_value"
    assert opened.make("customer_value").fetch(count)["n"].item() == 0


@pytest.mark.slow
def test_the_command_gives_potential_and_loyalty(folder: Path) -> None:
    out = folder / "value.parquet"
    summary: dict[str, Any] = value_file(folder / "sales.csv", as_of=AS_OF, options={}, out=out)
    rows = pd.read_parquet(out)
    assert tuple(rows.columns) == OUT_COLUMNS
    assert rows["potential_value"].notna().all() and rows["loyalty"].dropna().between(0, 1).all()
    assert summary["totals"]["potential_value"] == pytest.approx(rows["potential_value"].sum())
