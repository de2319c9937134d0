"""Which playbook a project gets, and which are refused, before any table is made."""

from pathlib import Path
from typing import Any

import pytest

from custlib.customise.choosing import chosen, default_file
from custlib.errors import UsageError
from custlib.project import Project, build

SHOP = {"id": "shop", "name": "Shop", "as_of": "2025-06-30", "currency": "EUR", "source": {"path": "x.csv"}}


def project(folder: Path = Path(), **changes: Any) -> Project:
    segments = {name: changes.pop(name) for name in ("playbook", "playbook_file", "options", "contact_costs")
                if name in changes}  # fmt: skip
    return build(SHOP | changes | {"segments": segments, "folder": folder})


@pytest.mark.parametrize(
    ("segmentation", "options", "file"),
    [
        ("rfm", {}, "rf25"),
        ("rfm", {"map": "rfm11"}, "rfm11"),
        ("rfm", {"names": "product"}, "rfm_product"),
        ("rfm_airline", {}, "rfm11"),
        ("rfm_airline", {"map": "rf25"}, "rf25"),
        ("value_cube", {}, "value8"),
        ("value_matrix", {}, "value4"),
        ("pyramid", {}, "pyramid"),
        ("credit", {}, "credit"),
        ("lifecycle", {}, "lifecycle"),
        ("ahp", {"hierarchy": "last_year"}, "ahp"),
    ],
)
def test_the_playbook_follows_from_the_segmentation_and_its_map(segmentation: str, options: Any, file: str) -> None:
    assert default_file(segmentation, options) == f"playbooks/{file}"
    book = chosen(project(playbook=segmentation, options={segmentation: options}))
    assert book is not None and book.playbook.id == file


@pytest.mark.parametrize("segmentation", ["rfm125", "rfa", "clusters"])
def test_what_no_playbook_can_be_for_is_refused(segmentation: str) -> None:
    with pytest.raises(UsageError, match=f"segments.playbook: {segmentation} has .*playbook = "):
        chosen(project(playbook=segmentation))


def test_switched_off_there_is_none() -> None:
    assert chosen(project(playbook="")) is None
    assert chosen(project(playbook="", playbook_file="playbooks/music")) is None
    assert chosen(project()) is not None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"currency": "EUR", "trade": "music"}, "playbooks/music states its costs in USD, and the project is in EUR"),
        ({"currency": "USD", "trade": ""}, "written for the trade music, and that of the project is not stated"),
        ({"currency": "USD", "trade": "coffee"}, "written for the trade music, and that of the project is coffee"),
    ],
)
def test_another_currency_or_trade_is_refused(changes: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        chosen(project(playbook_file="playbooks/music", **changes))


def test_its_own_currency_and_trade_are_not() -> None:
    book = chosen(project(playbook_file="playbooks/music", currency="USD", trade="music"))
    assert book is not None and book.playbook.id == "music"
    assert chosen(project(currency="THB", trade="music")) is not None  # rf25 states no money and is for any trade


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"playbook": "abc", "playbook_file": "playbooks/rf25"}, "playbooks/rf25 is for the map rf25, not for abc"),
        ({"playbook_file": "playbooks/rf25", "options": {"rfm": {"map": "rfm11"}}}, "for the map rf25, not for rfm11"),
        ({"playbook": "rfm_product", "playbook_file": "playbooks/rfm11"}, "for the map rfm11, not for rfm_product"),
        (
            {"playbook": "abc", "playbook_file": "playbooks/pyramid"},
            'is for pyramid, not for abc.* or set playbook = "pyr',
        ),
        ({"contact_costs": {"fax": 1.0}}, "segments.contact_costs: fax is no channel"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        chosen(project(**changes))


def test_a_segment_without_an_entry_is_refused(tmp_path: Path) -> None:
    text = """
[playbook]
id = "mine"
segmentation = "abc"
valid_days = 30
source = "mine"
as_of = 2026-11-28
[default]
due_days = 9
holdout = { share = 0.5, min_control = 100, window_days = 60, alpha = 0.05, power = 0.8 }
export = { columns = ["customer_id"] }
[[segment]]
id = "A"
same_as = "pyramid/gold"
"""
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="mine.toml has no entry for B, C of abc. Write one for each, or same_as"):
        chosen(project(tmp_path, playbook="abc", playbook_file="mine.toml"))
    whole = text + "".join(f'[[segment]]\nid = "{one}"\nsame_as = "pyramid/lead"\n' for one in "BC")
    (tmp_path / "mine.toml").write_text(whole, encoding="utf-8")
    book = chosen(project(tmp_path, playbook="abc", playbook_file="mine.toml"))
    assert book is not None and book.play("C").objective == "harvest"


def test_a_map_of_ones_own_asks_for_a_playbook_of_ones_own(tmp_path: Path) -> None:
    shipped = Path("custlib/rules/maps/rf25.toml").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(shipped, encoding="utf-8")
    with pytest.raises(UsageError, match="mine.toml, which rfm is made by, has no shipped playbook. Name one"):
        default_file("rfm", {"map": str(tmp_path / "mine.toml")})
