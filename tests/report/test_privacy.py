"""Small counts stay hidden: from who adds up, and from who knows the rule by which the others are blurred."""

from collections import defaultdict
from itertools import product

import pytest

from custlib.report import privacy


def test_the_count_after_a_hidden_one_is_told_only_about() -> None:
    # 5 and 77 are 82 together, which the total gives away anyhow: less a typical 5, to the ten
    assert privacy.counts([335, 5, 77]) == ["335", "<10", "≈ 80"]
    assert privacy.counts([5, 77, 335]) == ["<10", "≈ 80", "335"]
    assert privacy.counts([335, 77, 5]) == ["≈ 340", "77", "<10"]


def test_a_hidden_count_may_be_any_from_one_to_nine_to_who_knows_the_rule() -> None:
    open_to: dict[tuple[int, tuple[str, ...]], set[int]] = defaultdict(set)
    for small, other in product(range(1, 10), range(10, 400)):
        open_to[small + other, tuple(privacy.counts([small, other, 500]))].add(small)
    told = {key: found for key, found in open_to.items() if "≥" not in key[1][1] and 19 <= key[0] < 400}
    assert told and all(found == set(range(1, 10)) for found in told.values())


def test_two_small_counts_do_not_give_each_other_away() -> None:
    """1 and 1 make 2, and nothing else does: a third count is blurred too."""
    assert privacy.counts([1, 1, 60])[2].startswith("≈")
    assert privacy.counts([1, 1]) == ["<10", "<10"]


def test_who_is_blurred_is_decided_by_place_and_not_by_size() -> None:
    blurred = {tuple(text[0] == "≈" for text in privacy.counts([3, 40, other])) for other in range(10, 90, 7)}
    assert blurred == {(False, True, False)}


def test_a_neighbour_that_is_hardly_larger_is_not_enough() -> None:
    """5 and 10 make 15: whoever knew that 10 is not small would know that 5 is at most 5."""
    assert privacy.counts([335, 5, 10]) == ["≈ 330", "<10", "≥ 10"]


def test_shares_are_no_more_exact_than_counts() -> None:
    assert privacy.parts([335, 5, 77, 0]) == [335 / 417, None, 80 / 417, 0.0]
    assert privacy.parts([30, 10]) == [0.75, 0.25]
    assert privacy.parts([]) == []


def test_in_a_crossed_table_with_a_hidden_count_none_is_exact() -> None:
    assert privacy.crossed([[335, 5, 0], [77, 40, 12]]) == [["≈ 340", "<10", "0"], ["≈ 80", "≈ 40", "≈ 10"]]
    assert privacy.crossed([[335, 77], [40, 0]]) == [["335", "77"], ["40", "0"]]


@pytest.mark.parametrize("small", range(1, 10))
def test_no_row_of_a_crossed_table_pins_its_hidden_count_down(small: int) -> None:
    """Who knows a row's sum and that others are rounded to the step has four values left or more."""
    for other, more in product(range(10, 60), (0, 30, 85)):
        row = [small, other, more]
        step = privacy.step_for([row])
        rounded = [privacy.to_step(n, step=step).removeprefix("≈ ") for n in row[1:] if n]
        middle, reach = sum(row) - sum(float(n.replace(",", "")) for n in rounded), len(rounded) * step / 2
        left = [n for n in range(1, 10) if middle - reach <= n <= middle + reach]
        assert small in left and len(left) >= 4


def test_changes_are_told_to_the_ten_with_their_sign() -> None:
    assert [privacy.net(n) for n in (-155, 84, 4, -4, 0)] == ["−160", "+80", "+<10", "−<10", "0"]
    assert privacy.net(84, 50) == "+100"
