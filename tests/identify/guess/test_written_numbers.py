"""Numbers are read as they are written, and two readings are one question."""

import pytest

from custlib.identify.guess.written_numbers import Style, number_of, style_of, written


@pytest.mark.parametrize(
    ("texts", "decimal", "thousands"),
    [
        (["12.50", "1,234.50"], ".", ","),
        (["12,50", "1.234,50"], ",", "."),
        (["12,50", "1\u202f234,50"], ",", " "),
        (["12.50", "1’234.50"], ".", "'"),
        (["12.5", "7"], ".", ""),
        (["1.234.567"], ",", "."),
        (["1,23,456.00"], ".", ","),
        (["950", "12", "1,200", "3", "44", "5"], ".", ","),
        (["0,125", "1,5"], ",", ""),
    ],
)
def test_a_style_that_the_values_prove(texts: list[str], decimal: str, thousands: str) -> None:
    style = style_of([written(texts)])
    assert (style.decimal, style.thousands, style.other) == (decimal, thousands, None)


def test_three_digits_behind_a_point_may_be_either() -> None:
    style = style_of([written(["1.234", "5.678"])])
    assert (style.decimal, style.thousands, style.either) == (",", ".", 2)
    assert style.other == Style(".", "")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("40.00-", -40),
        ("(12.00)", -12),
        ("\u221212.50", -12.5),
        ("$1,234.00", 1234),
        ("12.50 EUR", 12.5),
        ("kr 7.00", 7),
    ],
)
def test_signs_and_units(text: str, value: float) -> None:
    number = number_of(text)
    assert number is not None
    assert Style(".", ",").value(number) == value


@pytest.mark.parametrize("text", ["TEA-01", "A12", "ann", "1-2", "12/3", ""])
def test_what_is_no_number(text: str) -> None:
    assert number_of(text) is None
