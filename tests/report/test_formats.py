"""Numbers as a reader wants them, in two languages."""

import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custlib.errors import UsageError
from custlib.report import formats

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NaT])
@pytest.mark.parametrize("name", ["number", "compact", "share", "change", "day", "suppressed", "money:USD"])
def test_what_is_missing_is_a_dash(name: str, missing: object) -> None:
    assert formats.formatter(name)(missing) == "–"


@pytest.mark.parametrize(
    ("value", "en", "zh"),
    [(118_234, "118 k", "11.8 万"), (1_234_567, "1.2 M", "123 万"), (2.5e9, "2.5 B", "25 亿"),
     (999_950, "1 M", "100 万"), (999, "999", "999"), (0, "0", "0"), (-5300, "−5.3 k", "−5,300")],
)  # fmt: skip
def test_compact(value: float, en: str, zh: str) -> None:
    assert (formats.compact(value), formats.compact(value, "zh")) == (en, zh)


@pytest.mark.parametrize(
    ("low", "high", "en"),
    [(118_000, 152_000, "118–152 k"), (950, 12_000, "1–12 k"), (118_200, 118_400, "118.2–118.4 k"),
     (-5000, 12_000, "−5 to 12 k"), (0, 0, "0–0"), (0.41, 0.52, "0.41–0.52")],
)  # fmt: skip
def test_an_interval_names_its_unit_once(low: float, high: float, en: str) -> None:
    assert formats.interval(low, high) == en


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.675, "2.67"), (0.125, "0.125"), (1234.5, "1,234"), (1e30, "1,000,000,000,000,000,019,884,624,838,656"),
     (1e-7, "0.0000001"), (-0.0, "0"), (np.int64(-5), "−5")],
)  # fmt: skip
def test_a_figure_is_rounded_as_the_float_it_is(value: float, text: str) -> None:
    assert formats.number(value) == text


def test_an_interval_lacks_an_end() -> None:
    assert formats.interval(None, 3) == "–"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.7134, "71 %"), (0.5, "50 %"), (0.055, "5.5 %"), (0.997, "99.7 %"), (1.2, "120 %"), (0, "0 %")],
)
def test_share(value: float, text: str) -> None:
    assert formats.share(value) == text


def test_a_change_has_its_sign() -> None:
    assert [formats.change(v) for v in (0.06, -0.06, 0, 1.5)] == ["+6 %", "−6 %", "±0 %", "+150 %"]
    assert formats.change(0.000001) == "±0 %"


def test_days() -> None:
    assert formats.day(pd.Timestamp("2026-10-31 23:59")) == "31 Oct 2026"
    assert formats.day(date(2026, 1, 5), "zh") == "2026年1月5日"


@pytest.mark.parametrize(("count", "text"), [(1, "<10"), (9, "<10"), (10, "10"), (0, "0"), (12_345, "12,345")])
def test_small_counts_are_not_told(count: int, text: str) -> None:
    assert formats.suppressed(count) == text


def test_an_unknown_language_or_formatter_is_refused() -> None:
    with pytest.raises(UsageError, match="language 'fr' is not known"):
        formats.compact(5, "fr")
    with pytest.raises(UsageError, match="no formatter 'moneys'. Did you mean 'money'"):
        formats.formatter("moneys")


@given(NUMBERS)
def test_compact_is_right_to_two_figures(value: float) -> None:
    text = formats.compact(value).replace("−", "-").replace(",", "")
    number, _, unit = text.partition(" ")
    size = {"": 1, "k": 1e3, "M": 1e6, "B": 1e9}[unit]
    assert math.isclose(float(number) * size, value, rel_tol=0.051, abs_tol=1e-9)


@given(NUMBERS, NUMBERS)
def test_the_ends_of_an_interval_show_apart(a: float, b: float) -> None:
    low, high = sorted((a, b))
    text = formats.interval(low, high)
    assert text and "nan" not in text and "e+" not in text


@given(st.integers(min_value=0, max_value=10**7))
def test_no_count_under_ten_is_printed(count: int) -> None:
    assert formats.suppressed(count) not in set("123456789")
