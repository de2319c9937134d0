"""The schema of playbooks, and what every shipped one promises."""

import datetime as dt
import re
from importlib.resources import files

import pytest

from custlib import rules
from custlib.customise import playbook_file, playbooks
from custlib.customise.choosing import default_file
from custlib.errors import UsageError
from custlib.segment import registry

SHIPPED = files("custlib.rules").joinpath("playbooks", "music.toml").read_text(encoding="utf-8")
NAMES = rules.names("playbooks")
OF_A_TRADE = {"music": "USD", "coffee": "EUR"}
NEUTRAL = [name for name in NAMES if name not in OF_A_TRADE]


def written(folder, text):
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    return lambda: playbooks.read_playbook("mine.toml", folder)


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
    assert written(tmp_path, SHIPPED)() == playbooks.read_playbook("playbooks/music")


def test_what_segments_share_stands_once(tmp_path):
    text = """
[playbook]
id = "mine"
segmentation = "abc"
valid_days = 30
source = "mine"
as_of = 2026-11-28

[default]
due_days = 9

[default.holdout]
share = 0.5
min_control = 100
window_days = 60
alpha = 0.05
power = 0.8

[default.export]
columns = ["customer_id"]

[[segment]]
id = "A"
same_as = "rf25/champions"
due_days = 5

[[segment]]
id = "B"
same_as = "rf25/at_risk"
why = { en = "Because.", zh = "因为。" }
"""
    book = written(tmp_path, text)()
    first, second = book.segment
    assert first.action == playbooks.read_playbook("playbooks/rf25").play("champions").action
    assert (first.due_days, first.holdout.window_days, first.holdout.seed) == (5, 60, "mine-A")
    assert second.why.en == "Because."
    assert second.holdout.share == 0.3  # its own, of the entry it takes
    for same_as, said in (
        ("A", "takes its entry from another itself"),
        ("rf25/champion", "is no segment. Did you mean"),
    ):
        with pytest.raises(UsageError, match=f"segment B: same_as: {same_as} {said}"):
            written(tmp_path, text.replace("rf25/at_risk", same_as))()


def test_money_without_a_currency_is_refused(tmp_path):
    assert written(tmp_path, SHIPPED)()
    with pytest.raises(
        UsageError, match="segment champions, action early_access: states money, and .* has no currency"
    ):
        written(tmp_path, SHIPPED.replace('currency = "USD"\n', ""))()


def test_what_a_playbook_is_for_is_required(tmp_path):
    with pytest.raises(UsageError, match="segmentation or map is required"):
        written(tmp_path, SHIPPED.replace('segmentation = "rfm"\nmap = "rf25"\n', ""))()


def test_a_segment_either_collects_or_sells(tmp_path):
    mixed = SHIPPED.replace("effect = { lift_abs = 0.02,", 'effect = { metric = "payment", lift_abs = 0.02,', 1)
    with pytest.raises(UsageError, match="one collects money owed, another wins purchases"):
        written(tmp_path, mixed)()


def test_response_times_hang_on_the_matter_and_not_on_the_segment(tmp_path):
    with pytest.raises(UsageError, match="segment.0.response_hours: unknown key"):
        written(tmp_path, SHIPPED.replace("due_days = 7", "due_days = 7\nresponse_hours = 24", 1))()


# --- the playbooks that are shipped ---

_PRODUCTS = re.compile(
    r"album|music|artist|genre|\bCDs?\b|coffee|beans|roast|grind|brew|descal|machine|shelf|专辑|音乐|曲风|咖啡|豆子|烘焙|研磨|除垢|机器(?!人)",
    re.IGNORECASE,
)
_CURRENCIES = re.compile(r"\b(USD|EUR|GBP|CHF|CNY|JPY)\b|[$€£¥]|美元|欧元|英镑|人民币|日元")
_PLACEHOLDERS = {"{target}", "{product}", "{offer}", "{currency}", "{whom}"}


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_playbook_names_channels_and_both_languages(name):
    book = playbooks.read_playbook(f"playbooks/{name}")
    assert book.playbook.id == name
    assert len({entry.id for entry in book.segment}) == len(book.segment)
    assert sorted(entry.priority for entry in book.segment) == list(range(1, len(book.segment) + 1))
    for entry in book.segment:
        assert {action.channel for action in entry.action} <= set(playbooks.channels())
        assert len({action.id for action in entry.action}) == len(entry.action)
        assert entry.due_days <= book.playbook.valid_days
        assert sum(action.max_contacts_30d for action in entry.action) <= 4


@pytest.mark.parametrize("name", NAMES)
def test_every_text_is_there_in_both_languages_and_prints_on_one_sheet(name):
    for entry in playbooks.read_playbook(f"playbooks/{name}").segment:
        for words in entry.texts:
            assert re.search(r"[\u4e00-\u9fff]", words.zh), f"{entry.id}: {words.zh} is not Chinese"
            assert not re.search(r"[\u4e00-\u9fff]", words.en)
            placed = [set(re.findall(r"\{\w*\}", text)) for text in (words.en, words.zh)]
            assert placed[0] == placed[1] <= _PLACEHOLDERS
            assert len(words.en) <= 175
            assert len(words.zh) <= 70
        assert sum(len(words.en) for words in entry.texts) <= 1250, entry.id
        assert not any("{offer}" in action.what.en and action.offer is None for action in entry.action)


def test_what_is_done_in_a_few_words_says_to_whom_and_is_short():
    acts = [action.act for name in NAMES for entry in playbooks.read_playbook(f"playbooks/{name}").segment
            for action in entry.action if action.act]  # fmt: skip
    assert len(acts) > 30
    for words in [*acts, *(playbook_file.Words(**words) for words in playbooks.channel_acts().values())]:
        assert "{whom}" in words.en and "{whom}" in words.zh
        assert not words.en[0].isupper() and not words.en.endswith(".")  # it stands within a headline
        assert len(words.en) <= 70 and len(words.zh) <= 30


@pytest.mark.parametrize("name", NEUTRAL)
def test_a_neutral_playbook_names_no_product_and_no_currency(name):
    book = playbooks.read_playbook(f"playbooks/{name}")
    assert (book.playbook.currency, book.playbook.trade) == ("", "")
    for entry in book.segment:
        for words in entry.texts:
            for text in (words.en, words.zh):
                assert not _PRODUCTS.search(text), text
                assert not _CURRENCIES.search(text), text


@pytest.mark.parametrize(("name", "currency"), OF_A_TRADE.items())
def test_a_playbook_of_a_trade_says_which_and_its_currency(name, currency):
    book = playbooks.read_playbook(f"playbooks/{name}")
    assert (book.playbook.currency, book.playbook.trade) == (currency, name)
    texts = [words.en for entry in book.segment for words in entry.texts]
    assert any(_PRODUCTS.search(text) for text in texts)
    assert not any(set(_CURRENCIES.findall(text)) - {currency, ""} for text in texts)


def test_every_shipped_segmentation_has_a_playbook_or_is_refused():
    refused = {}
    for name in registry.SHIPPED:
        try:
            book = playbooks.read_playbook(default_file(name, {}))
        except UsageError as fault:
            refused[name] = str(fault)
        else:
            assert [entry.id for entry in book.segment if entry.id not in registry.classes(name, {})[1]] == []
            assert all(book.has(segment) for segment in registry.classes(name, {})[1])
    assert set(refused) == {"rfm125", "rfa", "clusters"}
    assert all("segments.playbook: " in text and 'playbook = ""' in text for text in refused.values())


@pytest.mark.parametrize("name", rules.names("maps"))
def test_every_shipped_map_has_a_playbook(name):
    cells = {entry["id"] for entry in rules.load(f"maps/{name}")["segment"]}
    assert {entry.id for entry in playbooks.read_playbook(f"playbooks/{name}").segment} == cells


@pytest.mark.parametrize("folder", ["", "maps", "scores", "playbooks"])
def test_every_rule_file_says_where_it_is_from_and_of_when(folder):
    for name in rules.names(folder):
        found = rules.load(f"{folder}/{name}" if folder else name)
        head = found if "source" in found else found["playbook"]
        assert head["source"]
        assert isinstance(head["as_of"], dt.date)
