"""Definitions are kept: one in force, those before it beside, and a new one only when asked for."""

import pytest

from custlib.errors import UsageError
from custlib.segment.definitions import Definition, Keeper

SEGMENTS = ({"id": "a", "name": {"en": "A", "zh": "A"}, "strategy": {"en": "-", "zh": "-"}},)


def made(fitted, **rule):
    return Definition("tiers", fitted, {"options": {}, **rule}, SEGMENTS)


def never():
    raise AssertionError("made anew")


def test_the_first_is_made_and_then_kept(tmp_path):
    keeper = Keeper(tmp_path)
    assert keeper.in_force("tiers") is None
    first = made("2025-01-31")
    assert keeper.resolve("tiers", {}, lambda: first, refit=False) == (first, "first")
    assert keeper.resolve("tiers", {}, never, refit=False) == (first, "kept")


def test_a_refit_is_in_force_from_its_day_and_the_old_one_is_kept(tmp_path):
    keeper = Keeper(tmp_path)
    first, second = made("2025-01-31"), made("2025-06-30", cuts=[1])
    keeper.accept(first)
    assert keeper.resolve("tiers", {}, lambda: second, refit=True) == (second, "refit")
    assert keeper.earlier("tiers") == [first]
    assert [keeper.before(second, day) for day in ("2024-12-31", "2025-06-29", "2025-06-30")] == [first, first, second]
    assert len(keeper.texts()) == 2


def test_changed_options_make_a_definition_anew(tmp_path):
    keeper = Keeper(tmp_path)
    keeper.accept(made("2025-01-31"))
    other = Definition("tiers", "2025-02-28", {"options": {"k": 3}}, SEGMENTS)
    assert keeper.resolve("tiers", {"k": 3}, lambda: other, refit=False) == (other, "options")


def test_accepting_the_same_again_keeps_nothing_beside(tmp_path):
    keeper = Keeper(tmp_path)
    keeper.accept(made("2025-01-31"))
    keeper.accept(made("2025-01-31"))
    assert keeper.earlier("tiers") == []


@pytest.mark.parametrize("name", ["rfm", "rfm125"])
def test_names_that_begin_alike_are_kept_apart(tmp_path, name):
    keeper = Keeper(tmp_path)
    for one in ("rfm", "rfm125"):
        for fitted in ("2025-01-31", "2025-02-28"):
            keeper.accept(Definition(one, fitted, {"options": {}}, SEGMENTS))
    assert [found.segmentation for found in keeper.earlier(name)] == [name]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"segm', "is not JSON"),
        (b"\xff\xfe", "codec can't decode"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"segmentation": 1, "fitted": 2, "rule": 3, "segments": 4, "version": "x"}', "of the wrong type"),
        (
            b'{"segmentation": "rfm", "fitted": "", "rule": {}, "segments": [1], "version": "x"}',
            "segments of the wrong",
        ),
        (b'{"segmentation": "rfm", "fitted": "", "rule": {}, "segments": [], "version": "x"}', "changed by hand"),
        (b'{"segmentation": "rfm", "rule": {}}', "fitted, segments, version missing"),
        (b"[]", "fitted, rule, segmentation, segments, version missing"),
    ],
)
def test_a_damaged_definition_is_refused_with_its_file_and_what_to_do(tmp_path, content, said):
    (tmp_path / "rfm.json").write_bytes(content)
    with pytest.raises(UsageError, match=rf"rfm\.json: .*{said}.*Put the file back, or remove it"):
        Keeper(tmp_path).in_force("rfm")


@pytest.mark.parametrize("content", ['[{"as_of": "2025', "{}", "[1]", '[{"as_of": "2025-01-31"}]'])
def test_a_damaged_log_of_drift_is_refused_with_its_file(tmp_path, content):
    (tmp_path / "drift").mkdir()
    (tmp_path / "drift" / "rfm.json").write_text(content)
    with pytest.raises(UsageError, match=r"rfm\.json: is n.*Remove it"):
        Keeper(tmp_path).log_drift("rfm", {"as_of": "2025-01-31", "version": "x"})
