"""Lines sorted as whole numbers, against pandas."""

import pandas as pd
import pytest

from custlib.engine.sorted_lines import UnfitError, in_order
from tests.engine.some_lines import lines_of, some_lines


@pytest.mark.parametrize("amount", [10**6, 2**60], ids=["in the number", "beside it"])
def test_order_keeps_every_line_whole(amount):
    given = some_lines(5000, amount=amount)
    made = in_order(given)
    assert bool(made.loose) == (amount > 10**6)
    key = ["customer_id", "day", "amount", "is_purchase"]
    pd.testing.assert_frame_equal(
        pd.DataFrame(made.columns())[key].astype("int64").sort_values(key, ignore_index=True),
        pd.DataFrame(given)[key].astype("int64").sort_values(key, ignore_index=True),
    )
    assert pd.DataFrame(made.columns()).set_index(["customer_id", "day"]).index.is_monotonic_increasing


def test_one_line_and_constant_columns_take_no_bits():
    made = in_order(lines_of((2**61, 9, 4)))
    assert {name: column.tolist() for name, column in made.columns().items()} == {
        "customer_id": [2**61],
        "day": [9],
        "amount": [4],
    }
    assert [field.bits for field in made.fields] == [0, 0, 0]


def test_customers_too_far_apart_are_refused():
    with pytest.raises(UnfitError):
        in_order(lines_of((-(2**62), 1, 1), (2**62, 1, 1)))
