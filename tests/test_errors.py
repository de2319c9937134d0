"""Errors: each ends with its exit code, and says what is available."""

import pytest

from custlib import errors


def test_exit_codes_tell_faults_apart() -> None:
    codes = {
        errors.CustlibError: 1,
        errors.UsageError: 2,
        errors.TableError: 3,
        errors.ModelError: 4,
        errors.RunError: 5,
        errors.LockedError: 6,
    }
    assert {kind: kind.exit_code for kind in codes} == codes
    assert all(issubclass(kind, errors.CustlibError) for kind in codes)


@pytest.mark.parametrize(
    ("name", "available", "said"),
    [
        ("dat", ["id", "date"], "Did you mean 'date'? Available: date, id."),
        ("CUSTOMER_ID", ["Customer_Id", "x"], "Did you mean 'Customer_Id'? Available: Customer_Id, x."),
        ("zzz", ["b", "a"], "Available: a, b."),
        ("x", [], "Available: none."),
        ("", ["a"], "Available: a."),
    ],
)
def test_a_hint_names_the_likeliest_first(name: str, available: list[str], said: str) -> None:
    assert errors.hint(name, available) == said
