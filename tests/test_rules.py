"""Rules as data: read with their source, refused with file and line."""

import datetime as dt
from pathlib import Path

import pytest

from custlib import rules
from custlib.errors import UsageError

FILES = [
    *rules.names(""),
    *(f"{folder}/{name}" for folder in ("ahp", "maps", "playbooks", "scores") for name in rules.names(folder)),
]


def test_a_file_is_read_once() -> None:
    assert rules.load("contract") is rules.load("contract")
    assert rules.load("contract")["rule"][0]["id"] == "total_row"


@pytest.mark.parametrize("name", FILES)
def test_every_rule_file_is_read(name: str) -> None:
    assert rules.load(name)


@pytest.mark.parametrize("name", ["contract", "tables", "rfm", *(f"scores/{name}" for name in rules.names("scores"))])
def test_rules_say_where_they_come_from(name: str) -> None:
    assert rules.load(name)["source"]
    assert isinstance(rules.load(name)["as_of"], dt.date)


def test_the_contract_is_whole() -> None:
    contract = rules.load("contract")
    for rule in contract["rule"]:
        assert set(rule) - {"of_text", "action", "option", "named"} == {
            "id",
            "column",
            "bad",
            "error_if",
            "what",
            "remedy",
            "what_zh",
            "remedy_zh",
        }
        assert not rule["what"].endswith(".") and not rule["what_zh"].endswith("。")
    codes = [entry["id"] for kind in ("rule", "repair", "finding", "alike") for entry in contract[kind]]
    assert len(set(codes)) == len(codes)
    assert {suspect["rule"] for suspect in contract["suspect"]} <= set(codes)


def test_codes_that_others_rely_on_stay() -> None:
    relied_on = {
        "missing_customer_id", "customer_id_too_long", "missing_timestamp", "unreadable_timestamp",
        "timestamp_out_of_range", "after_as_of", "missing_amount", "unreadable_amount", "nonfinite_amount",
        "amount_out_of_range",
    }  # fmt: skip
    assert relied_on <= {rule["id"] for rule in rules.load("contract")["rule"]}


def test_a_missing_rule_file_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="rules: no file named contrat. Did you mean 'contract'?"):
        rules.load("contrat")
    with pytest.raises(UsageError, match="no file named maps/nothing. Available: .*rf25"):
        rules.load("maps/nothing")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a = 1\nb = x", "is not valid TOML: .*line 2"),
        (b"a = 1\na = 2", "is not valid TOML"),
        (b"a = '\xff'", "is not valid TOML: .*utf-8"),
        (b"a = " + b"[" * 5000, "is not valid TOML"),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "x.toml").write_bytes(content)
    with pytest.raises(UsageError, match=said):
        rules.read(tmp_path / "x.toml")


def test_a_file_as_windows_saves_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b'\xef\xbb\xbfid = "x"\r\nname = "\xe8\x8b\xb1"\r\n')
    assert rules.read(tmp_path / "x.toml") == {"id": "x", "name": "英"}


def test_a_missing_or_unreadable_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="none.toml: no such file"):
        rules.read(tmp_path / "none.toml")
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        rules.read(tmp_path)


def test_a_name_that_leads_out_of_the_rules_is_no_rule_file() -> None:
    with pytest.raises(UsageError, match="no file named tiers/../../../etc/passwd. Available: none"):
        rules.load("tiers/../../../etc/passwd")
