"""Rules that can never win are found; every other one has a customer that proves it."""

import random
from itertools import product

import pytest

from custlib.segment.rule_files.conditions import holds, measures, overlaps, sample, unreachable


def profit(**bounds):
    return {"measure": "profit"} | bounds


def counted(name, **bounds):
    return {"measure": name} | bounds


def test_a_rule_behind_a_wider_one_by_hand():
    wide, narrow = [profit(at_least=1.0)], [profit(at_least=5.0), counted("products", above=2.0)]
    assert unreachable([wide, narrow, []]) == [1]
    assert unreachable([narrow, wide, []]) == []


def test_two_rules_together_can_hide_a_third():
    rules = [[profit(below=5.0)], [profit(at_least=3.0)], [profit(above=0.0)], []]
    assert unreachable(rules) == [2]


def test_a_missing_measure_keeps_the_last_rule_alive():
    all_numbers = [[profit(below=5.0)], [profit(at_least=5.0)]]
    assert unreachable([*all_numbers, []]) == []
    assert unreachable([*all_numbers, [profit(is_missing=True)], []]) == [3]


@pytest.mark.parametrize(
    "impossible",
    [
        [profit(above=5.0, below=5.0)],
        [profit(at_least=6.0), profit(at_most=5.0)],
        [counted("frequency", above=2.0, below=3.0)],
        [counted("products", below=0.0)],
        [counted("probability_alive", above=1.0)],
        [profit(at_least=0.0), profit(is_missing=True)],
    ],
)
def test_what_no_customer_can_be_is_unreachable(impossible):
    assert unreachable([impossible, []]) == [0]


def test_nothing_is_reached_behind_a_rule_without_conditions():
    assert unreachable([[], [profit(above=1.0)], []]) == [1, 2]


def test_overlaps_by_hand():
    assert overlaps([[profit(at_least=5.0)]], [[counted("products", above=1.0)]])
    assert not overlaps([[profit(at_least=5.0)]], [[profit(below=5.0)], [profit(is_missing=True)]])


@pytest.mark.parametrize("seed", range(40))
def test_the_search_finds_what_trying_every_cell_finds(seed):
    dice = random.Random(seed)
    names, bounds = ("profit", "products", "probability_alive"), ("at_least", "above", "at_most", "below")

    def condition():
        return {"measure": dice.choice(names), dice.choice(bounds): float(dice.choice([0, 0.5, 1, 2]))}

    rules = [[condition() for _ in range(dice.randint(1, 3))] for _ in range(dice.randint(2, 6))] + [[]]
    cells = sample([one for rule in rules for one in rule])
    winners = set()
    for values in product(*cells.values()):
        cell = dict(zip(cells, values, strict=True))
        winners.add(next(n for n, rule in enumerate(rules) if all(holds(one, cell[measures(one)]) for one in rule)))
    assert unreachable(rules) == sorted(set(range(len(rules))) - winners)


def test_many_rules_are_proved_at_once():
    rules = [[profit(at_least=float(n)), counted("T", below=float(n)), counted("products", above=float(n % 7))]
             for n in range(40, 0, -1)]  # fmt: skip
    assert unreachable([*rules, []]) == []
