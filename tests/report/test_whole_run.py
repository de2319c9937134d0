"""Privacy over the whole run: what all pages and the manifest give together, to a reader with an integer programme."""

import json
from pathlib import Path

import pytest

import custlib
from custlib import project
from custlib.report.production import run_project
from tests.conftest import ROOT
from tests.report.attack_pages import blocks_of, read
from tests.report.attack_reader import Reader

KINDS = {"classes", "matrix", "account", "directions", "changed", "overlap", "structure", "periods", "grid", "tiers",
         "since", "by_segment", "moved", "start", "parts", "parted", "cohorts", "contacted"}  # fmt: skip
BAND = 0.3

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def roaster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("roaster")
    example = project.load(ROOT / "data" / "crm_demo.toml")
    run_project(example, reports=folder / "reports", work=folder / "work")
    return folder


@pytest.fixture(scope="session", params=["published", "roaster"])
def reader(request: pytest.FixtureRequest) -> Reader:
    folder = request.getfixturevalue(request.param)
    (run,) = (folder / "work" / "runs").iterdir()
    (manifest,) = (folder / "reports").glob("*/[0-9]*/manifest.json")
    definitions = custlib.open(str(run)).get("definitions")
    systems = {name: {own.name(one, "en"): one for one in own.ids} for name, own in definitions.items()}
    return read(blocks_of(run), systems, json.loads(manifest.read_text("utf-8")))


def test_every_kind_of_block_is_read(reader: Reader) -> None:
    assert reader.kinds >= KINDS and len(reader.hidden) >= 15


def test_a_count_is_the_same_wherever_it_stands(reader: Reader) -> None:
    assert {key: texts for key, texts in reader.told.items() if len(texts) > 1} == {}


def test_no_count_under_ten_is_written(reader: Reader) -> None:
    assert [key for key in reader.told if key[0] == "plain"] == []


def test_every_hidden_count_has_three_possible_values_or_more(reader: Reader) -> None:
    found = {key: reader.claims.ends(key) for key in reader.hidden if reader.claims.possible(key) < 3}
    assert found == {}


def test_hidden_amounts_stay_open_over_a_third_of_themselves(reader: Reader) -> None:
    amounts = [amount for key in reader.hidden for amount in reader.amounts[key]]
    ends = {amount: reader.claims.ends(amount) for amount in amounts}
    assert {key: (low, high) for key, (low, high) in ends.items() if high - low < BAND * abs(low + high) / 2} == {}
