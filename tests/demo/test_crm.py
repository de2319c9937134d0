"""The simulated shop: its committed files are what the function makes, and its truth is found again."""

import datetime as dt
import io
from pathlib import Path

import pandas as pd
import pytest

from custlib import rules
from custlib.audit import structure
from custlib.demo.crm import adoption_probability, crm, files
from custlib.project import load
from custlib.run import HOME, Run
from custlib.segment import registry

PLACE = HOME / "data" / "crm_demo"


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return files(crm())


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Run:
    opened = Run(load(HOME / "data" / "crm_demo.toml"), tmp_path_factory.mktemp("crm"))
    opened.make("customer_segments", "customer_value")
    return opened


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    return pd.read_csv(PLACE / "truth.csv", keep_default_na=False, index_col="customer_id")


def segments_of(shop: Run, segmentation: str) -> "pd.Series[str]":
    found = shop.engine.fetch(
        "select customer_id, segment from customer_segments where segmentation = :name", name=segmentation
    )
    return found.set_index("customer_id")["segment"]


# --- the files ---


def test_the_committed_files_are_what_the_function_makes(made: dict[str, str]) -> None:
    committed = {path.relative_to(PLACE).as_posix(): path.read_text(encoding="utf-8") for path in PLACE.rglob("*.csv")}
    assert sorted(committed) == sorted(made)
    differing = [name for name, text in made.items() if committed[name] != text]
    assert not differing, f"make crm-demo writes {differing} anew"


def test_the_files_are_small(made: dict[str, str]) -> None:
    assert sum(len(text.encode()) for text in made.values()) < 600_000


def test_one_customer_more_changes_no_other() -> None:
    few, many = crm(20), crm(21)
    assert few[:20] == many[:20]
    assert crm(20, seed=1) != few


def test_lines_returns_and_days_hang_together(made: dict[str, str]) -> None:
    sales = pd.concat([pd.read_csv(io.StringIO(made[name])) for name in sorted(made) if name.startswith("sales")])
    assert sales["date"].between("2024-01-01", "2025-12-31").all()
    assert ((sales["quantity"] > 0) == (sales["amount"] > 0)).all()
    assert 0.01 < (sales["amount"] < 0).mean() < 0.03
    assert sales.groupby("order_id")["customer_id"].nunique().max() == 1
    assert sales["order_id"].is_monotonic_increasing
    invoices = pd.read_csv(io.StringIO(made["invoices.csv"])).set_index("invoice_id")
    billed = sales[sales["amount"] > 0].groupby("order_id")["amount"].sum()
    assert invoices["amount"].to_numpy() == pytest.approx(billed.loc[invoices.index].to_numpy())
    assert (invoices["paid"].dropna() <= "2025-12-31").all()


def test_who_uses_a_machine_is_likelier_to_begin_with_what_belongs_to_it() -> None:
    products = rules.load("crm_demo")["product"]
    assert adoption_probability(products, "descaler", {"machine"}) > 50 * adoption_probability(
        products, "descaler", {"tea"}
    )


def test_truth_is_of_buyers_only(made: dict[str, str]) -> None:
    one, *others = crm(3)
    assert len(others) == 2 + rules.load("crm_demo")["prospects"]
    assert not others[-1].days
    assert one.left is None or one.left == one.days[-1]
    assert one.days[0] >= dt.date(2024, 1, 1)


def test_margins_of_the_project_are_of_products_that_are_sold() -> None:
    project = load(HOME / "data" / "crm_demo.toml")
    assert set(project.product_margins) == set(rules.load("crm_demo")["product"])
    assert project.as_of == rules.load("crm_demo")["last_day"]


# --- what is found in them ---


@pytest.mark.slow
def test_nothing_is_set_aside(shop: Run) -> None:
    assert shop.get("quality")["rows_read"] == shop.get("quality")["rows_used"]
    assert shop.get("quality")["registers"]["customers"]["prospects"] == rules.load("crm_demo")["prospects"]
    assert shop.get("quality")["registers"]["invoices"]["customers_without_purchase"] == 0


@pytest.mark.slow
def test_every_segmentation_can_be_made(shop: Run) -> None:
    assert shop.get("missing_segmentations") == {}
    assert shop.get("segmentation_names") == tuple(registry.defaults())
    counted = shop.engine.fetch("select segmentation, count(*) as n from customer_segments group by segmentation")
    assert sorted(counted["segmentation"]) == sorted(registry.defaults())
    assert set(counted["n"]) == {rules.load("crm_demo")["customers"]}


@pytest.mark.slow
def test_the_cube_is_filled(shop: Run) -> None:
    found = segments_of(shop, "value_cube").value_counts()
    assert len(found) >= 5
    assert (found >= 30).sum() >= 5


@pytest.mark.slow
@pytest.mark.parametrize("segmentation", ["value_types", "lifecycle", "need_level", "value_matrix", "pyramid"])
def test_at_least_four_classes_have_customers(shop: Run, segmentation: str) -> None:
    assert segments_of(shop, segmentation).nunique() >= 4


@pytest.mark.slow
def test_credit_is_the_grade_of_the_truth(shop: Run, truth: pd.DataFrame) -> None:
    found = segments_of(shop, "credit")
    wanted = truth["grade"].replace("", "unknown").loc[found.index]
    assert set(wanted) == {"A", "B", "C", "D", "unknown"}
    assert (found == wanted).all()


@pytest.mark.slow
def test_who_left_is_less_likely_alive(shop: Run, truth: pd.DataFrame) -> None:
    alive = shop.engine.fetch("select customer_id, probability_alive as p from customer_value").set_index("customer_id")
    left = truth["left"].loc[alive.index] != ""
    assert alive["p"][left].mean() < 0.35
    assert alive["p"][~left].mean() > 0.7
    assert shop.get("model_choice")["kind"] == "bgnbd"  # as the truth is


@pytest.mark.slow
def test_the_share_of_all_who_are_alive_is_near_the_truth(shop: Run, truth: pd.DataFrame) -> None:
    alive = shop.engine.fetch("select avg(coalesce(probability_alive, 1)) as p from customer_value")["p"].item()
    assert alive == pytest.approx((truth["left"] == "").mean(), abs=0.05)


@pytest.mark.slow
def test_some_products_are_begun_by_holdings(shop: Run) -> None:
    assert shop.get("potential") is not None
    products = {one["product"]: one for one in shop.get("potential")["products"]}
    assert set(products) == set(rules.load("crm_demo")["product"])
    assert [name for name, one in products.items() if one["by"] == "model"]
    assert products["repair"]["potential"] == 0  # loses money


@pytest.mark.slow
def test_some_customers_are_a_loss(shop: Run) -> None:
    share = shop.engine.fetch("select avg(case when profit < 0 then 1.0 else 0.0 end) as s from customer_value")
    assert 0.02 < share["s"].item() < 0.15


# --- structure of the project ---


@pytest.mark.slow
def test_structure_by_every_attribute_adds_up(shop: Run) -> None:
    engine = shop.make("customer_structure")
    names = [attribute.name for attribute in shop.get("structure_attributes")]
    assert names == ["channel", "product", "region", "age_band", "rfm"]
    cut = shop.get("structure_periods")
    for name in names:
        found = structure.structure(engine, name)
        bought = engine.fetch(
            "select count(distinct customer_id) as n, sum(amount) as revenue, sum(profit) as profit from transactions"
            " where day > :middle and day <= :as_of", middle=cut.middle, as_of=cut.as_of,
        ).iloc[0]  # fmt: skip
        whole = found.iloc[-1]
        assert found["revenue"].iloc[:-1].sum() == pytest.approx(whole["revenue"])
        assert whole["revenue"] == pytest.approx(float(bought["revenue"]))
        assert whole["profit"] == pytest.approx(float(bought["profit"]))
        again = found["customers"].iloc[:-1].sum() - whole["customers"]
        assert again > 0 if name in ("channel", "product") else again == 0
    assert set(structure.structure(engine, "channel")["value"].dropna()) == {"store", "web", "phone"}
    assert set(structure.structure(engine, "rfm")["value"].dropna()) <= set(shop.get("definitions")["rfm"].ids)


@pytest.mark.slow
@pytest.mark.parametrize("hysteresis", [0.0, 0.2])
def test_the_structure_by_segment_is_that_of_the_segments(hysteresis: float, tmp_path: Path) -> None:
    project = load(HOME / "data" / "crm_demo.toml")
    chosen = project.segments.model_copy(update={"segmentations": ("rfm",), "hysteresis": hysteresis})
    opened = Run(project.replace(segments=chosen.model_dump() | {"options": {}}), tmp_path)
    engine = opened.make("customer_structure", "customer_segments")
    wanted = engine.fetch(
        "select segment, count(distinct customer_id) as n from customer_segments join transactions using (customer_id)"
        " where is_purchase and day > :middle group by segment", middle=opened.get("compared_with"),
    ).set_index("segment")["n"]  # fmt: skip
    found = structure.structure(engine, "rfm").dropna(subset="value").set_index("value")["customers"]
    assert found[found > 0].to_dict() == wanted.to_dict()
