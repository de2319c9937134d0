"""The reference says of every key what it is, what it means and how it is written, and every example loads."""

from pathlib import Path
from typing import Any

import pytest

from custlib import project as projects
from custlib.customise.playbooks import read_playbook
from custlib.segment import ahp_value, clusters, pyramid, rfm, tiers, value_grid
from custlib.segment.rule_files import ahp_file, rule_file
from scripts.reference import (
    EXAMPLES,
    PAGE,
    SECTIONS,
    Section,
    documents,
    example_of,
    keys_of,
    kind_of,
    meaning_of,
    reference_page,
    unit_of,
)

TEXT = PAGE.read_text(encoding="utf-8")
KEYS = [(section, key) for section in SECTIONS for key, _ in keys_of(section)]
NAMES = [f"{section.title}: {key}" for section, key in KEYS]
OPTIONS: dict[str, Any] = {
    "rfm": rfm.Options, "abc": pyramid.Options, "clusters": clusters.Options, "bank5": tiers.Options,
    "value_matrix": value_grid.MatrixOptions, "value_cube": value_grid.CubeOptions, "ahp": ahp_value.Options,
}  # fmt: skip
# Numbers of another kind: a threshold is in the unit of its measure, judgements and factors have none.
WITHOUT_UNIT = {
    "current", "potential", "ccv", "cpv", "loyalty", "cuts", "above", "judgements", "value", "times", "at_least",
    "at_most", "below", "axes", "where", "options",
}  # fmt: skip


def test_the_page_is_made_from_the_schemas() -> None:
    assert reference_page() == TEXT, "docs/reference.md is out of date: make reference"


@pytest.mark.parametrize(("section", "key"), KEYS, ids=NAMES)
def test_every_key_has_a_meaning_and_an_example(section: Section, key: str) -> None:
    assert meaning_of(section.model, key), f"say what {key} means in the Attributes of {section.model.__name__}"
    assert example_of(section, key) is not None, f"write {key} in scripts/reference_examples/{section.file}.toml"


@pytest.mark.parametrize(("section", "key"), KEYS, ids=NAMES)
def test_every_number_has_a_unit(section: Section, key: str) -> None:
    info = dict(keys_of(section))[key]
    if "number" in kind_of(info.annotation) and key not in WITHOUT_UNIT:
        assert unit_of(section.model, key, info) != "–", f"give {key} a unit in scripts/reference.py"


def test_the_example_of_a_project_loads() -> None:
    project = projects.load(EXAMPLES / "project.toml")
    assert len(project.inputs) == 5 and set(project.registers) == {"customers", "invoices"}
    for name, options in project.segments.options.items():
        OPTIONS[name].model_validate({"segmentation": name} | options)


def test_the_examples_of_rule_files_load() -> None:
    for name in ("map", "rules"):
        assert rule_file.check(str(EXAMPLES / f"{name}.toml"))[1] == []
    assert rfm.read_scores(str(EXAMPLES / "scores.toml")).fixed["monetary"] == [25, 50, 100, 250]
    assert ahp_file.read(str(EXAMPLES / "hierarchy.toml")).hierarchy.method == "geometric_mean"
    ahp_value.Options(hierarchy=str(EXAMPLES / "hierarchy.toml"))
    assert read_playbook(str(EXAMPLES / "playbook.toml")).play("champions").action[0].id == "thank"


def test_every_example_file_is_used() -> None:
    assert {path.stem for path in Path(EXAMPLES).iterdir()} == {section.file for section in SECTIONS}
    assert all(documents(section.file) for section in SECTIONS)


@pytest.mark.parametrize("words", ["custlib check", "custlib value", "custlib run", "custlib map check", "--as-of"])
def test_every_command_stands_on_it(words: str) -> None:
    assert f"`{words}`" in TEXT
