"""Every step makes the table of its name, and asks for what it needs."""

from pathlib import Path

import pytest

from custlib import tables
from custlib.run import Run, nodes, open_run
from custlib.segment.plan import open_snapshots
from custlib.segment.snapshots import between
from tests.notebooks.shops import SHOP, make_shop

REGISTERS = """
[customers]
path = "customers.csv"
attributes = { region = "Region" }

[invoices]
path = "invoices.csv"
"""


@pytest.fixture(scope="module")
def project_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    lay_registers(folder)
    return make_shop(folder, text=SHOP + REGISTERS)


def lay_registers(folder: Path) -> None:
    """Write a list of customers and invoices for the project file to name."""
    (folder / "customers.csv").write_text("customer_id,Region\nC0000001,North\nnobody,South\n")
    (folder / "invoices.csv").write_text("customer_id,due,paid\nC0000001,2024-03-31,2024-04-15\nC0000002,2024-05-31,\n")


@pytest.fixture(scope="module")
def workspace(project_file: Path) -> Run:
    return open_run(str(project_file))


WITHOUT_PRODUCTS = "customer_potential"
# tests/subscription has customers with a contract
WITHOUT_CONTRACT = {"subscription_lifetimes", "subscription_value", "subscription_months"}
STEPS = [
    node.name
    for node in nodes().values()
    if node.kind == "table" and node.name not in {WITHOUT_PRODUCTS, *WITHOUT_CONTRACT}
]


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.sampled
def test_a_step_makes_the_table_of_its_name(workspace: Run, name: str) -> None:
    engine = workspace.make(name)
    assert engine.has(name)
    rows = engine.fetch(f"select count(*) as n from {name}")["n"].item()
    assert rows == 0 if name == "identity_changes" else rows > 0  # nobody is merged where ids are one source's own


@pytest.mark.parametrize("name", sorted(set(STEPS) & set(tables.dictionary())))
@pytest.mark.sampled
def test_a_table_is_as_the_dictionary_says(workspace: Run, name: str) -> None:
    tables.check(name, workspace.make(name).columns(name))
    key = ", ".join(tables.describe(name).key)
    if key:
        doubled = f"select count(*) as n from (select {key} from {name} group by {key} having count(*) > 1)"
        assert workspace.engine.fetch(doubled)["n"].item() == 0


def test_what_these_purchases_do_not_have_is_unavailable(workspace: Run) -> None:
    assert workspace.reason(WITHOUT_PRODUCTS) == workspace.reason("potential") == "no_products"
    assert {workspace.reason(name) for name in WITHOUT_CONTRACT} == {"no_contract"}
    assert workspace.reason("customer_value") == ""


@pytest.mark.slow
def test_a_step_needs_nothing_made_before(project_file: Path, tmp_path: Path) -> None:
    project = open_run(str(project_file)).project
    assert Run(project, tmp_path).make("segment_moves").has("segment_moves")


def test_the_three_activities_of_a_comparison_differ_in_day_and_purchases(workspace: Run) -> None:
    workspace.make("segment_history")
    points = between(*workspace.get("dates")[-2:])
    open_snapshots(workspace.engine, points, [{}])
    sums = [
        workspace.engine.fetch(f"select sum(frequency) as f, avg(T) as t, count(*) as n from {point.table}").iloc[0]
        for point in points
    ]
    before, aged, now = sums
    assert before["f"] == aged["f"] < now["f"]
    assert aged["t"] - before["t"] == pytest.approx(workspace.project.compare_days)
    assert before["n"] == aged["n"] <= now["n"]


def test_money_is_the_same_in_every_table(workspace: Run) -> None:
    engine = workspace.make("transactions", "customer_activity", "customer_value")
    sums = [
        engine.fetch(f"select cast(sum({column}) as double) as s from {name}")["s"].item()
        for name, column in (
            ("transactions", "amount"),
            ("customer_activity", "revenue"),
            ("customer_value", "revenue"),
        )
    ]
    assert sums[0] == pytest.approx(sums[1], abs=1e-6) == pytest.approx(sums[2], abs=1e-6)
    assert sums[0] == pytest.approx(workspace.get("quality")["money_used"], abs=1e-4)


def test_calibration_knows_nothing_of_the_holdout(workspace: Run) -> None:
    engine = workspace.make("calibration_activity", "holdout", "transactions")
    end = workspace.get("holdout_period").calibration_end
    known = engine.fetch("select count(distinct day) - 1 as f, customer_id from transactions"
                         " where day <= :end group by customer_id", end=end)  # fmt: skip
    found = engine.fetch("select customer_id, frequency, actual from holdout")
    both = known.merge(found, on="customer_id", validate="1:1")
    assert len(both) == len(known) == len(found)
    assert (both["f"] == both["frequency"]).all()
