"""Every row of the high-precision tables, over parameters and histories far beyond the usual."""

import csv
from pathlib import Path

import numpy as np
import pytest

from custlib.models import bgnbd

TABLES = Path(__file__).parents[1] / "reference"


def rows(name):
    with (TABLES / name).open(encoding="utf-8") as lines:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(lines)]


def model_of(row):
    return bgnbd.BGNBD(row["r"], row["alpha"], row["a"], row["b"])


def relative_errors(name, column, function):
    table = rows(name)
    result = np.array([function(model_of(row), row) for row in table])
    assert np.isfinite(result).all()
    return np.abs(result / np.array([row[column] for row in table]) - 1)


@pytest.mark.parametrize(
    ("name", "column", "function", "count"),
    [
        (
            "bgnbd_alive_and_likelihood.csv",
            "probability_alive",
            lambda m, row: bgnbd.probability_alive(m, row["frequency"], row["recency"], row["T"]),
            40,
        ),
        (
            "bgnbd_alive_and_likelihood.csv",
            "log_likelihood",
            lambda m, row: bgnbd.log_likelihood(m, row["frequency"], row["recency"], row["T"]),
            40,
        ),
        (
            "bgnbd_expected_purchases.csv",
            "expected_purchases_if_alive",
            lambda m, row: bgnbd.expected_purchases_if_alive(m, row["t"], row["frequency"], row["T"]),
            480,
        ),
        (
            "bgnbd_residual_transactions.csv",
            "discounted_residual_transactions_if_alive",
            lambda m, row: bgnbd.residual_transactions_if_alive(m, row["delta"], row["frequency"], row["T"]),
            18,
        ),
    ],
)
def test_every_row_agrees_to_ten_digits(name, column, function, count):
    errors = relative_errors(name, column, function)
    assert errors.size == count
    assert errors.max() < 1e-10


def test_expected_purchases_agree_to_twelve_digits():
    errors = relative_errors(
        "bgnbd_expected_purchases.csv",
        "expected_purchases_if_alive",
        lambda m, row: bgnbd.expected_purchases_if_alive(m, row["t"], row["frequency"], row["T"]),
    )
    assert errors.max() < 1e-12
