"""Small counts stay hidden: from who adds up, and from who knows the rule by which the others are blurred."""

import math
from collections import defaultdict
from itertools import product

import numpy as np
import pandas as pd
import pytest

from custlib.models.disclosure import decimal_step
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
    for other, more in product(range(20, 60), (0, 30, 85)):
        row = [small, other, more]
        step = privacy.step_for(row)
        rounded = [privacy.to_step(n, step=step).removeprefix("≈ ") for n in row[1:] if n]
        middle, reach = sum(row) - sum(float(n.replace(",", "")) for n in rounded), len(rounded) * step / 2
        left = [n for n in range(1, 10) if middle - reach <= n <= middle + reach]
        assert small in left and len(left) >= 4


def test_where_no_step_hides_a_count_none_is_told() -> None:
    """11 are 1 and 10 and nothing else, for who sees which of the two is under ten; nor are 19 shared in two."""
    assert privacy.counts([1, 10]) == privacy.counts([9, 9]) == ["–", "–"]
    assert privacy.grouped([1, 10], []) == ["–", "–"] and privacy.step_for([1, 10]) == privacy.UNTOLD
    assert privacy.shown_counts([1, 10, 0]) == [None, None, None] and privacy.parts([1, 10]) == [None, None]


def test_a_sum_under_ten_is_not_taken_as_known() -> None:
    """A row that holds nothing but 4 gives 4 away only to who knows its sum, which is hidden as well."""
    assert privacy.step_across([[4, 0], [40, 60]]) == 10


def test_the_step_tells_nothing_of_a_hidden_count_as_long_as_it_is_ten() -> None:
    """Whether ten is enough depends only on what is told: who knows the rule can exclude nothing by it."""
    verdicts = defaultdict(set)
    for small, other, more in product(range(1, 10), range(15, 45), range(15, 45)):
        shown = tuple(privacy.to_step(n) for n in (other, more))
        verdicts[small + other + more, shown].add(privacy.step_for([small, other, more]) == 10)
    assert all(len(found) == 1 for found in verdicts.values())


def test_amounts_beside_a_hidden_one_are_rounded_by_its_size() -> None:
    # nine customers with 19,000 of 147,000: three others to 5,000 leave 15,000 open
    assert privacy.amounts([19e3, 30.2e3, 41.7e3, 56.1e3], [9, 32, 120, 640]) == [19e3, 30e3, 40e3, 55e3]
    assert privacy.amounts([57.0, 3120.0, 8511.0], [7, 99, 163]) == [57.0, 3120.0, 8520.0]
    assert privacy.amounts([19e3, 30.2e3], [10, 32]) == [19e3, 30.2e3]
    assert privacy.amounts([0.0, 30.2e3], [3, 32]) == [0.0, 30.2e3]
    assert privacy.amounts([4.0], [3]) == [4.0]


def test_what_is_left_open_of_a_hidden_amount_is_a_third_of_it_or_more() -> None:
    random = np.random.default_rng(5)
    for _ in range(300):
        sizes = [int(random.integers(1, 10)), *random.integers(10, 900, random.integers(1, 9)).tolist()]
        values = [float(x) for x in random.lognormal(6, 2, len(sizes))]
        told = privacy.amounts(values, sizes)
        step = min(abs(a - b) for a, b in product(told[1:], told[1:]) if a != b) if len(set(told[1:])) > 1 else 0
        middle = sum(values) - sum(told[1:])
        reach = (len(sizes) - 1) * decimal_step(values[0] * 0.4 / (len(sizes) - 1)) / 2
        assert middle - reach <= values[0] + 1e-6 and values[0] - 1e-6 <= middle + reach
        assert 2 * reach >= 0.3 * abs(middle) and (step == 0 or step >= 2 * reach / (len(sizes) - 1) - 1e-6)


def test_a_frame_as_told_has_no_share_or_amount_that_gives_a_hidden_one_away() -> None:
    frame = pd.DataFrame({"customers": [8, 32, 120, 640], "value": [3500.0, 5320.0, 9000.0, 10180.0]})
    frame = frame.assign(customer_share=frame["customers"] / 800, value_share=frame["value"] / 28000)
    told = privacy.as_told(frame)
    assert told["customer_share"].tolist()[1:] == [40 / 800, 0.15, 0.8] and math.isnan(told["customer_share"][0])
    assert told["value"].tolist()[1:] == [5500.0, 9000.0, 10000.0]
    assert told["value_share"].tolist()[1:] == pytest.approx([5500 / 28000, 9000 / 28000, 10000 / 28000])
    assert privacy.as_told(told).equals(told)


def test_changes_are_told_to_the_ten_with_their_sign() -> None:
    assert [privacy.net(n) for n in (-155, 84, 4, -4, 0)] == ["−160", "+80", "+1–9", "−1–9", "0"]
    assert privacy.net(84, 50) == "+100"
