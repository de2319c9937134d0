"""Faults of a file of ordered rules, each said with its place and what to do."""

import pytest

from custlib.errors import UsageError
from custlib.segment.rule_files import rule_file
from custlib.segment.rule_files.tier_schema import TierFile


def rule(name, *alternatives):
    words = {"en": name, "zh": f"{name}类"}
    return {"id": name, "name": words, "strategy": words, "any": [{"all": list(one)} for one in alternatives]}


def file(*segments, options=None, **head):
    head = {"id": "own", "options": options or {}} | head
    return {"source": "own", "as_of": "2026-11-22", "tiers": head, "segment": list(segments)}


def faults(*segments, **more):
    return rule_file.faults(TierFile.model_validate(file(*segments, **more)))


HIGH, REST = rule("high", [{"measure": "profit", "at_least": 5}]), rule("rest")


def test_a_file_without_faults_has_none():
    assert faults(HIGH, REST) == []


@pytest.mark.parametrize(
    ("segments", "said"),
    [
        ([HIGH, rule("low", [{"measure": "profit", "below": 5}])],
         ["segment low: is the last and has conditions. End with one that has none: it always matches."]),
        ([REST, HIGH, rule("end")],
         ["segment rest: has no condition, so that nothing after it is reached. Put it last."]),
        ([HIGH, rule("twin", [{"measure": "profit", "above": 6}]), REST],
         ["segment twin: no customer can be in it, the rules before it take them all. Move it up or drop it."]),
        ([HIGH, HIGH, REST],
         ["segment: id high is given 2 times. Give each segment its own.",
          "segment: name.en high is given 2 times. Give each segment its own.",
          "segment: name.zh high类 is given 2 times. Give each segment its own."]),
        ([rule("a", [{"measure": "profit"}]), REST],
         ["segment a: any.0: profit: has no test. Give at_least, above, at_most, below, is or is_missing."]),
        ([rule("a", [{"measure": "profit", "is": "large"}]), REST],
         ["segment a: any.0: profit: is compares texts. Ask an attribute_NAME for it, or give a number."]),
        ([rule("a", [{"measure": "profit", "above": {"value": 1, "of": "mean"}}]), REST],
         ["segment a: any.0: profit: above: needs either value or of."]),
        ([rule("a", [{"measure": "profit", "above": {"of": "quantile"}}]), REST],
         ['segment a: any.0: profit: above: share goes with of = "quantile", and only with it.']),
        ([rule("a", [{"measure": "profit", "above": {"of": "mean", "share": 0.5}}]), REST],
         ['segment a: any.0: profit: above: share goes with of = "quantile", and only with it.']),
    ],
)  # fmt: skip
def test_each_fault_is_said(segments, said):
    assert faults(*segments) == said


def test_measures_and_options_that_there_are_not():
    given = rule(
        "a", [{"measure": "profit_last_{day}d", "above": "larg"}, {"measure": "refund", "per": "T", "below": 1}]
    )
    assert [line.split(" Available")[0] for line in faults(given, REST, options={"days": 30, "large": 5.0})] == [
        "segment a: any.0: profit_last_{day}d: no option day. Did you mean 'days'?",
        "segment a: any.0: profit_last_{day}d: no option larg. Did you mean 'large'?",
        "segment a: any.0: refund: no measure refund. Did you mean 'refunds'?",
        "tiers.options: days is read by no rule. Drop it.",
        "tiers.options: large is read by no rule. Drop it.",
    ]


def test_the_order_of_value_names_every_segment_once():
    assert faults(HIGH, REST, most_valuable_first=["rest", "high"]) == []
    assert faults(HIGH, REST, most_valuable_first=["high"]) == [
        "tiers.most_valuable_first: must name every segment once. Available: high, rest."
    ]


def test_a_measured_threshold_is_given_every_chance():
    """The mean may be below 5 or above it: both rules can win, whichever comes first."""
    mean = rule("mean", [{"measure": "profit", "above": {"of": "mean"}}])
    assert faults(mean, HIGH, REST) == faults(HIGH, mean, REST) == []
    twice = rule("twice", [{"measure": "profit", "above": {"of": "mean", "times": 2}}])
    assert len(faults(mean, twice, REST)) == 1


def test_overlaps_are_findings_not_faults():
    low = rule("low", [{"measure": "profit", "at_least": 1}])
    none = rule("none", [{"measure": "profit", "is_missing": True}])
    given = TierFile.model_validate(file(HIGH, low, none, REST))
    assert rule_file.faults(given) == []
    assert rule_file.overlaps(given) == ["who satisfies both high and low is in high"]


def test_alternatives_that_ask_for_no_attribute_fall_away():
    given = TierFile.model_validate(
        file(rule("a", [{"measure": "attribute_{fees}", "above": 5}], [{"measure": "profit", "above": 5}]), REST,
             options={"fees": ""})
    )  # fmt: skip
    assert [one["measure"] for _, rules in given.filled() for one in rules] == ["attribute_fees", "profit"]
    assert [one["measure"] for _, rules in given.filled({"fees": ""}) for one in rules] == ["profit"]
    assert given.filled({"fees": "paid"})[0] == ("a", [{"measure": "attribute_paid", "above": 5.0}])


def test_the_shipped_files_have_no_dead_alternative():
    for name in ("bank5", "credit", "lifecycle", "loyalty_value7", "need_level", "value_types"):
        found = rule_file.read(name)
        assert rule_file.never_wins(found, found.filled()) == []


def test_what_is_no_file_of_rules_is_refused(tmp_path):
    place = tmp_path / "own.toml"
    place.write_text('source = "x"\nas_of = 2026-11-22\n[tiers]\nid = "Own!"\n[[segment]]\nid = "a"\n')
    with pytest.raises(UsageError) as said:
        rule_file.read(str(place))
    lines = str(said.value).splitlines()
    assert all(line.startswith(f"{place}: ") for line in lines)
    assert [line.removeprefix(f"{place}: ").split(":")[0] for line in lines] == [
        "tiers.id", "segment.0.name", "segment.0.strategy", "segment",
    ]  # fmt: skip
