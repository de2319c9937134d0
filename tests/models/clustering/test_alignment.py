import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from custlib.models.clustering.alignment import adjusted_rand_index, align, jaccard_table, moved_share

# --- worked by hand ---


def test_parts_are_matched_by_the_customers_they_share():
    # before: A 7, B 4, C 2; after: x 6, y 7. A-y shares 6 of 8 customers, B-x 4 of 6, C is left over.
    result = align([[1, 6], [4, 0], [1, 1]])
    assert result.mapping.tolist() == [1, 0, -1]
    np.testing.assert_allclose(result.jaccards, [6 / 8, 4 / 6, 0])


def test_the_matching_is_best_as_a_whole_not_row_by_row():
    # Row 0 likes column 0 best (5), but 4 + 4 keeps more customers than 5 + 0.
    assert align([[5, 4], [4, 0]]).mapping.tolist() == [1, 0]


def test_parts_that_share_nobody_are_not_matched():
    result = align([[3, 0], [0, 0]])
    assert result.mapping.tolist() == [0, -1]
    assert result.jaccards.tolist() == [1, 0]


def test_the_adjusted_rand_index_by_hand():
    # Six customers, aab|bbb against aa.|... : pairs together in both 1 + 0 + 3 = 4, in rows 3 + 3 = 6, in columns
    # 1 + 6 = 7, of 15; expected 6 * 7 / 15 = 2.8, most 6.5: (4 - 2.8) / (6.5 - 2.8)
    assert adjusted_rand_index([[2, 1], [0, 3]]) == pytest.approx(1.2 / 3.7, abs=1e-15)


def test_a_crossed_table_agrees_less_than_by_chance():
    # 2 x 2 with one customer each: no pair in both, 2 and 2 of 6: (0 - 2/3) / (2 - 2/3)
    assert adjusted_rand_index([[1, 1], [1, 1]]) == pytest.approx(-0.5, abs=1e-15)


def test_the_share_that_moved_by_hand():
    assert moved_share([[8, 2], [1, 9]]) == pytest.approx(3 / 20)
    assert moved_share([[0, 8], [9, 0]]) == 0
    assert moved_share([[5], [3]]) == pytest.approx(3 / 8)  # the part that vanished


# --- against another package ---


@pytest.mark.parametrize("seed", range(5))
def test_the_adjusted_rand_index_is_that_of_scikit_learn(seed):
    random = np.random.default_rng(seed)
    first, second = random.integers(0, 4, 300), random.integers(0, 6, 300)
    second = np.where(random.random(300) < 0.6, first, second)
    table = np.zeros((4, 6))
    np.add.at(table, (first, second), 1)
    assert adjusted_rand_index(table) == pytest.approx(adjusted_rand_score(first, second), abs=1e-12)


# --- properties ---


def test_neither_the_order_of_parts_nor_which_comes_first_matters():
    random = np.random.default_rng(0)
    table = random.integers(0, 1000, (5, 7))
    rows, columns = random.permutation(5), random.permutation(7)
    mixed = table[np.ix_(rows, columns)]
    assert adjusted_rand_index(mixed) == pytest.approx(adjusted_rand_index(table), abs=1e-12)
    assert adjusted_rand_index(table.T) == pytest.approx(adjusted_rand_index(table), abs=1e-12)
    assert moved_share(mixed) == moved_share(table) == moved_share(table.T)
    np.testing.assert_array_equal(columns[align(mixed).mapping], align(table).mapping[rows])
    np.testing.assert_allclose(jaccard_table(table.T), jaccard_table(table).T)


def test_ten_million_customers_lose_no_digit():
    table = np.array([[4_000_000, 1_000_000], [0, 5_000_000]])
    pairs = [n * (n - 1) // 2 for n in (4_000_000, 1_000_000, 5_000_000)]
    rows, columns = 2 * pairs[2], pairs[0] + 6_000_000 * 5_999_999 // 2
    expected = rows * columns / (10_000_000 * 9_999_999 // 2)
    wanted = (sum(pairs) - expected) / ((rows + columns) / 2 - expected)
    assert adjusted_rand_index(table) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("table", [np.zeros((0, 0)), np.zeros((2, 3)), [[1]], [[9]], np.eye(4)])
def test_nothing_to_tell_apart_is_agreement(table):
    assert adjusted_rand_index(table) == 1
    assert moved_share(table) == 0
    assert len(align(table).mapping) == len(table)


# --- errors ---


@pytest.mark.parametrize("ask", [align, adjusted_rand_index, jaccard_table, moved_share])
@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([1, 2], "overlap: has 1 dimensions"),
        ([[1, -2], [0, np.nan]], r"2 of 4 entries are negative or not finite \(first: row 0, column 1, -2\)"),
    ],
)
def test_what_is_no_table_of_counts_is_refused(ask, table, message):
    with pytest.raises(ValueError, match=message):
        ask(table)
