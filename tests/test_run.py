"""A workspace makes each table once, reads it again, and keeps the definitions of segments."""

import logging
import os
import re
from pathlib import Path

import pytest

from custlib.errors import UsageError
from custlib.project import Project, load
from custlib.run import Run, fingerprint, nodes, open_run
from custlib.run_record import write_record
from tests.notebooks.shops import make_shop

FREQUENCY = ("probability_alive", "expected_purchases")
MONEY = ("monetary_value", "expected_spend", "value", "residual_lifetime_value")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return load(make_shop(tmp_path / "data"))


@pytest.fixture
def workspace(project: Project, tmp_path: Path) -> Run:
    return Run(project, tmp_path / "work")


def replaced(project: Project, **segments: object) -> Project:
    """The project with other keys below ``segments``."""
    return project.replace(segments=project.segments.model_dump() | segments)


def made(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The tables made since the log was cleared."""
    found = [record.getMessage() for record in caplog.records]
    caplog.clear()
    return [said.removeprefix("make ") for said in found if said.startswith("make ")]


def test_a_table_is_made_once_and_read_again(workspace: Run, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "custlib")
    workspace.make("customer_activity")
    assert made(caplog) == ["transactions", "customer_history", "customer_activity"]
    again = Run(workspace.project, workspace.work)
    count = "select count(*) as n from customer_activity"
    assert again.make("customer_activity").fetch(count)["n"].item() == 300
    assert made(caplog) == []


def test_a_record_is_made_once_and_read_again(workspace: Run) -> None:
    choice = workspace.get("model_choice")
    path = workspace.folder / "model_choice.json"
    path.write_text(path.read_text(encoding="utf-8").replace(choice["kind"], "read from the file"), encoding="utf-8")
    assert Run(workspace.project, workspace.work).get("model_choice")["kind"] == "read from the file"


def test_an_unknown_table_says_what_was_meant(workspace: Run) -> None:
    with pytest.raises(UsageError, match="nothing makes customer_valeu. Did you mean 'customer_value'?"):
        workspace.make("customer_valeu")


@pytest.mark.slow
def test_all_steps_can_be_made(workspace: Run) -> None:
    names = [node.name for node in nodes().values() if node.kind == "table"]
    reasons = {name: reason for name in names if (reason := workspace.reason(name))}
    contract = dict.fromkeys(("subscription_lifetimes", "subscription_value", "subscription_months"), "no_contract")
    assert reasons == {"customer_potential": "no_products"} | contract
    assert all(workspace.engine.has(name) for name in names if name not in reasons)
    assert not list(workspace.folder.glob("*.part"))


@pytest.mark.slow
def test_definitions_stay_when_time_passes(project: Project, tmp_path: Path) -> None:
    first = Run(project.replace(as_of="2024-11-30"), tmp_path / "work").get("definitions")
    later = Run(project, tmp_path / "work").get("definitions")
    assert later == first
    assert {d.fitted for d in later.values()} == {"2024-11-30"}


@pytest.mark.slow
def test_changed_options_define_that_segmentation_anew(project: Project, tmp_path: Path) -> None:
    first = Run(project.replace(as_of="2024-11-30"), tmp_path / "work").get("definitions")
    other = replaced(project, options={"clusters": {"k": 3}})
    later = Run(other, tmp_path / "work").get("definitions")
    assert len(later["clusters"].ids) == 3
    assert later["clusters"].fitted == "2024-12-30"
    assert later["rfm"] == first["rfm"]


@pytest.mark.slow
def test_refit_defines_all_anew(project: Project, tmp_path: Path) -> None:
    first = Run(project.replace(as_of="2024-11-30"), tmp_path / "work").get("definitions")
    later = Run(replaced(project, refit=True), tmp_path / "work").get("definitions")
    assert {d.fitted for d in later.values()} == {"2024-12-30"}
    assert later["rfm"].rule["cuts"] != first["rfm"].rule["cuts"]


def test_a_definition_changed_by_hand_is_refused(workspace: Run) -> None:
    assert workspace.get("definitions")
    path = workspace.work / "definitions" / "shop" / "rfm.json"
    path.write_text(re.sub(r'"frequency": \[\s*\d+', '"frequency": [77', path.read_text()))
    with pytest.raises(UsageError, match=r"rfm was changed by hand .* Put the file back, or remove it"):
        _ = Run(workspace.project, workspace.work).get("definitions")


def test_the_tables_have_another_home_when_something_changes(project: Project, tmp_path: Path) -> None:
    work = tmp_path / "work"
    first = Run(project, work).data_id
    assert Run(project, work).data_id == first
    assert Run(project.replace(language="zh"), work).data_id == first
    assert Run(project.replace(horizon_days=90), work).data_id != first
    assert Run(project.replace(as_of="2024-11-30"), work).data_id != first


def test_new_data_have_a_home_of_their_own(project: Project, tmp_path: Path) -> None:
    first = Run(project, tmp_path / "work").data_id
    make_shop(tmp_path / "data", seed=4)
    assert Run(project, tmp_path / "work").data_id != first


def test_a_frozen_definition_counts_into_the_home(workspace: Run) -> None:
    first = workspace.data_id
    assert workspace.get("definitions")
    assert workspace.data_id != first


def test_missing_data_are_refused_when_read(project: Project, tmp_path: Path) -> None:
    (tmp_path / "data" / "sales.csv").unlink()
    opened = Run(project, tmp_path / "work")
    assert opened.inputs.hash == "missing"
    with pytest.raises(Exception, match=r"sales.csv: no such file"):
        opened.make("transactions")


def test_without_amounts_purchases_are_forecast_and_money_is_not(tmp_path: Path) -> None:
    opened = open_run(str(make_shop(tmp_path, money=False)))
    frame = opened.make("customer_value").fetch("select * from customer_value")
    assert frame.loc[frame["frequency"] > 0, list(FREQUENCY)].notna().all(axis=None)
    assert frame["expected_purchases"].notna().all()
    assert frame[list(MONEY)].isna().all(axis=None)
    assert opened.get("spend_model")[0].kind == "none"
    assert "there is no amount column: purchases are forecast, money is not" in opened.get("quality")["warnings"]


def test_frequency_columns_do_not_depend_on_the_amounts(tmp_path: Path) -> None:
    frames = [
        open_run(str(make_shop(tmp_path / name, money=money)))
        .make("customer_value")
        .fetch("select customer_id, probability_alive, expected_purchases from customer_value order by customer_id")
        for name, money in (("with", True), ("without", False))
    ]
    assert frames[0].equals(frames[1])


def test_money_stands_for_profit_where_a_margin_is_known(project: Project, tmp_path: Path) -> None:
    assert Run(project, tmp_path / "work").get("money_kind") == "revenue"
    assert Run(project.replace(margin=0.4), tmp_path / "work").get("money_kind") == "profit"


def test_open_run_takes_a_path_or_the_name_of_an_example() -> None:
    assert open_run("cdnow").project.id == "cdnow"


def test_open_run_names_the_examples_when_there_is_no_such_project() -> None:
    with pytest.raises(UsageError, match="run: no project file named cdnwo. Did you mean 'cdnow'?"):
        open_run("cdnwo")


def test_a_notebook_of_a_run_reads_the_tables_of_that_run(workspace: Run, tmp_path: Path) -> None:
    folder = workspace.work / "runs" / "a1"
    folder.mkdir(parents=True)
    write_record(folder, workspace.project, tables=workspace.folder.name, engine="duckdb")
    assert workspace.get("definitions")  # freezes them, so that a new workspace has another home
    assert open_run(str(folder)).folder == workspace.folder
    changed = open_run(str(folder), horizon_days=90)
    assert changed.folder != workspace.folder
    assert changed.get("quality") == workspace.get("quality")


def test_a_fingerprint_depends_on_content_only(tmp_path: Path) -> None:
    one, two = tmp_path / "one.py", tmp_path / "two.py"
    one.write_text("x = 1")
    two.write_text("y = 1")
    first = fingerprint([one, two])
    os.utime(one, (0, 0))
    assert fingerprint([two, one, tmp_path, tmp_path / "old.pyc"]) == first
    two.write_text("y = 2")
    assert fingerprint([one, two]) != first


def test_the_footer_says_where_a_page_comes_from(workspace: Run) -> None:
    said = dict(workspace.get("page_footer").items)
    assert any(workspace.get("source_hash")[:16] in text for text in said.values())
