import datetime as dt
import math
import tomllib
from importlib.resources import files

import pandas as pd
import pytest

from custlib import rules
from custlib.customise import playbooks
from custlib.customise.playbook_file import Playbook
from custlib.engine.duckdb import DuckDB
from custlib.errors import UsageError
from custlib.models import bgnbd
from custlib.models.bgnbd import BGNBD
from custlib.segment.rule_files import grid_file
from custlib.value import lifetime

SHIPPED = files("custlib.rules").joinpath("playbooks", "rf25.toml").read_text(encoding="utf-8")


def entry(**changes):
    """The entry of one segment, with one action that may be changed."""
    given = tomllib.loads(SHIPPED)["segment"][0]
    action = given["action"][0] | changes.pop("action", {})
    return given | {"action": [action, *changes.pop("further", [])]} | changes


def play(**changes):
    book = {"playbook": tomllib.loads(SHIPPED)["playbook"], "segment": [entry(**changes)]}
    return Playbook.model_validate(book).segment[0]


def written(folder, text):
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    return lambda: playbooks.read_playbook("mine.toml", folder)


HOLDOUT = {"share": 0.2, "min_control": 100, "window_days": 90, "alpha": 0.05, "power": 0.8, "seed": "s"}
WORDS = {"en": "Voucher", "zh": "券"}
VOUCHER = {
    "offer": {"kind": WORDS, "face": 5.0, "cost": 4.0, "min_margin": 0.2},
    "cost": {"fixed": 100.0, "per_contact": 0.5},
    "effect": {"lift_abs": 0.05, "sd": 0.02, "source": "guess"},
}


# --- a plan worked by hand ---


def test_one_action_by_hand():
    found = playbooks.plan(play(action=VOUCHER, holdout=HOLDOUT), customers=1000, base_rate=0.10, spend=24.0)
    assert (found.customers, found.treated, found.control) == (1000, 800, 200)
    # 100 fixed, 800 contacts of .5, and 15 % of 800 take an offer of 4
    assert found.cost == pytest.approx(100 + 400 + 480)
    # 5 % of 800 buy who would not have: 40 x 24 less the cost
    assert found.margin == pytest.approx(960 - 980)
    assert (found.lift_low, found.lift_high) == pytest.approx((0.05 - 1.959964 * 0.02, 0.05 + 1.959964 * 0.02))
    # each point of lift brings 24 and costs an offer of 4
    half = 1.959964 * 0.02 * 800 * (24 - 4)
    assert (found.margin_low, found.margin_high) == pytest.approx((-20 - half, -20 + half))
    # .125 + .5 + .10 x 4 a customer whether or not anybody is moved, over 20 a purchase
    assert found.break_even == pytest.approx(1.025 / 20)
    # 2.801585 x sqrt(.1 x .9 x (1 / 800 + 1 / 200))
    assert found.detectable == pytest.approx(2.801585 * math.sqrt(0.09 * (1 / 800 + 1 / 200)), rel=1e-6)
    assert not found.measurable  # .066 is more than the .05 assumed


def test_at_the_break_even_lift_the_margin_is_nothing():
    first = playbooks.plan(play(action=VOUCHER, holdout=HOLDOUT), customers=1000, base_rate=0.10, spend=24.0)
    effect = VOUCHER["effect"] | {"lift_abs": first.break_even}
    again = playbooks.plan(
        play(action=VOUCHER | {"effect": effect}, holdout=HOLDOUT), customers=1000, base_rate=0.10, spend=24.0
    )
    assert again.margin == pytest.approx(0, abs=1e-9)
    assert again.break_even == pytest.approx(first.break_even)


def test_two_actions_add_up():
    second = entry()["action"][0] | {
        "cost": {"fixed": 0.0, "per_contact": 0.06},
        "effect": {"lift_abs": 0.03, "sd": 0.015, "source": "prior"},
    }
    both = play(action=VOUCHER, further=[second], holdout=HOLDOUT)
    found = playbooks.plan(both, customers=1000, base_rate=0.10, spend=24.0)
    assert found.lift == pytest.approx(0.08)
    assert found.cost == pytest.approx(980 + 48)
    assert found.margin == pytest.approx(800 * 0.08 * 24 - 1028)
    half = 1.959964 * 800 * math.hypot(0.02 * 20, 0.015 * 24)
    assert found.margin_high - found.margin == pytest.approx(half)
    # lifts keep their ratio: 1.085 a customer over (5 x 20 + 3 x 24) / 8 a purchase
    assert found.break_even == pytest.approx(1.085 / 21.5)
    assert found.measurable  # .066 is less than the .08 assumed


def test_an_offer_dearer_than_a_purchase_never_pays():
    found = playbooks.plan(play(action=VOUCHER, holdout=HOLDOUT), customers=1000, base_rate=0.1, spend=4.0)
    assert found.break_even == math.inf


def test_an_action_without_lift_still_has_a_break_even():
    effect = {"lift_abs": 0.0, "sd": 0.0, "source": "guess"}
    found = playbooks.plan(
        play(action=VOUCHER | {"effect": effect}, holdout=HOLDOUT), customers=1000, base_rate=0.1, spend=24.0
    )
    assert found.break_even == pytest.approx(1.025 / 20)
    assert found.margin == -found.cost
    assert not found.measurable


# --- too small to measure ---


@pytest.mark.parametrize(
    ("customers", "base_rate", "detectable"),
    [(0, 0.1, False), (2, 0.1, False), (497, 0.1, True), (1000, 0.0, False), (1000, 1.0, False)],
)
def test_what_cannot_be_shown_is_said(customers, base_rate, detectable):
    effect = VOUCHER["effect"] | {"lift_abs": 0.5}
    found = playbooks.plan(
        play(action=VOUCHER | {"effect": effect}, holdout=HOLDOUT),
        customers=customers, base_rate=base_rate, spend=24.0,
    )  # fmt: skip
    assert (found.detectable is not None) == detectable
    assert not found.measurable
    assert found.treated + found.control == customers


def test_enough_customers_make_it_measurable():
    found = playbooks.plan(play(action=VOUCHER, holdout=HOLDOUT), customers=5000, base_rate=0.10, spend=24.0)
    assert found.detectable < 0.05
    assert found.measurable


# --- what the plan needs, from the customers ---


def test_measures_by_hand(tmp_path):
    engine = DuckDB(tmp_path)
    customers = pd.DataFrame(
        {
            "customer_id": ["a", "b", "c"],
            "frequency": [2, 0, 5], "recency": [170, 0, 300], "T": [200, 10, 310],
            "expected_spend": [40.0, 20.0, 99.0],
            "expected_margin": [40.0 * 0.3 - 2, 20.0 * 0.3 - 2, 99.0 * 0.3 - 2],
        }
    )  # fmt: skip
    engine.attach_frame("given_value", customers)
    engine.attach_frame(
        "given_segments",
        pd.DataFrame({"customer_id": ["a", "b", "c"], "segmentation": "rfm", "segment": ["x", "x", "y"]}),
    )
    # the tables of the dictionary have more columns; measures asks for these alone
    for name in ("customer_value", "customer_segments"):
        engine.attach_parquet(name, tmp_path / f"given_{name.removeprefix('customer_')}.parquet")
    model = BGNBD(0.25, 31.0, 0.8, 2.4)
    found = playbooks.measures(engine, "rfm", "x", model, window_days=90)
    bought = bgnbd.probability_alive(model, [2, 0], [170, 0], [200, 10]) * bgnbd.probability_of_purchase(
        model, 90, [2, 0], [200, 10]
    )
    assert found["customers"] == 2
    assert found["base_rate"] == pytest.approx(bought.mean(), rel=1e-12)
    # mean spend of the segment 30, a margin of .3, a cost to serve of 2
    assert found["spend"] == pytest.approx(30 * 0.3 - 2)
    nobody = playbooks.measures(engine, "rfm", "z", model, window_days=90)
    assert nobody.tolist() == [0, 0, 0]
    assert lifetime.parameters(model)["a"] == 0.8


# --- the schema ---


def test_an_unknown_key_is_named(tmp_path):
    read = written(tmp_path, SHIPPED.replace("valid_days = 30", "valid_days = 30\nvalid_weeks = 4"))
    with pytest.raises(UsageError, match="playbook mine.toml: playbook.valid_weeks: unknown key. .*'valid_days'"):
        read()


@pytest.mark.parametrize(
    ("line", "key"),
    [("owner = ", "owner"), ("due_days = 7", "due_days"), ("window_days = 90", "holdout.window_days"),
     ("do_not = ", "do_not")],
)  # fmt: skip
def test_what_is_required_is_named_when_missing(tmp_path, line, key):
    lines = SHIPPED.splitlines()
    lines.pop(next(n for n, text in enumerate(lines) if text.startswith(line)))
    with pytest.raises(UsageError, match=rf"playbook mine.toml: segment.0.{key}: is required and missing"):
        written(tmp_path, "\n".join(lines))()


def test_all_faults_are_named_at_once(tmp_path):
    text = SHIPPED.replace("share = 0.5", "share = 1.5", 1).replace('objective = "retain"', 'objective = "sell"', 1)
    with pytest.raises(UsageError) as said:
        written(tmp_path, text)()
    assert len(str(said.value).splitlines()) == 2
    assert "segment.0.objective: Input should be 'retain', 'grow'" in str(said.value)
    assert "segment.0.holdout.share: Input should be less than 1" in str(said.value)


def test_a_segment_without_an_entry_is_named():
    with pytest.raises(UsageError, match="playbook rf25: no entry for segment champion. Did you mean 'champions'"):
        playbooks.read_playbook("playbooks/rf25").play("champion")


def test_a_playbook_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="no file named playbooks/rf52. Did you mean 'rf25'"):
        playbooks.read_playbook("playbooks/rf52")
    with pytest.raises(UsageError, match="mine.toml: no such file"):
        playbooks.read_playbook("mine.toml", tmp_path)


def test_a_playbook_of_ones_own_is_read_like_a_shipped_one(tmp_path):
    assert written(tmp_path, SHIPPED)() == playbooks.read_playbook("playbooks/rf25")


# --- the playbooks that are shipped ---


@pytest.mark.parametrize("name", rules.names("playbooks"))
def test_a_shipped_playbook_names_a_map_channels_and_both_languages(name):
    book = playbooks.read_playbook(f"playbooks/{name}")
    channels = {channel["id"] for channel in rules.load("channels")["channel"]}
    assert len({entry.id for entry in book.segment}) == len(book.segment)
    assert sorted(entry.priority for entry in book.segment) == list(range(1, len(book.segment) + 1))
    for entry in book.segment:
        assert {action.channel for action in entry.action} <= channels
        assert len({action.id for action in entry.action}) == len(entry.action)
        assert entry.goal.text("en") != entry.goal.text("zh")
        assert entry.due_days <= book.playbook.valid_days


def test_every_segment_of_the_map_has_an_entry():
    book = playbooks.read_playbook("playbooks/rf25")
    assert sorted(entry.id for entry in book.segment) == sorted(grid_file.read("rf25").cells)


@pytest.mark.parametrize("folder", ["", "maps", "scores", "playbooks"])
def test_every_rule_file_says_where_it_is_from_and_of_when(folder):
    for name in rules.names(folder):
        found = rules.load(f"{folder}/{name}" if folder else name)
        head = found if "source" in found else found["playbook"]
        assert head["source"]
        assert isinstance(head["as_of"], dt.date)
