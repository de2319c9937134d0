"""Decides how exactly counts of groups are told, so that nothing hidden can be derived from all pages of a run.

The rule, the same on every page and in the manifest:

1. Of a group under ten customers only "<10" is told: no count, no share, no money.
2. In a list with a known total one more count is told only about, by the sum of both (:func:`counts`).
3. In a cross table, and wherever more sums are known than the total, all counts are told to one step: the nearest ten,
   or the next wider step at which every hidden count may have four values or more for a reader who knows this rule, the
   exact sums, and that "≈" is at least ten (:func:`step_for`). Where nothing is wide enough, no count is told.
4. A count is told alike wherever it stands; sums of hidden counts are told no more exactly than the counts beside them.
5. Shares are computed from counts and amounts as they are told.
6. Amounts beside one of a hidden group are rounded until the total does not give that one away (:func:`amounts`), and
   running sums until their differences do not (:func:`custlib.models.disclosure.rounded_sums`).
7. What is computed from a count, such as the cost of a plan or purchases per customer, is computed from it as told.

``tests/report/test_whole_run.py`` reads all pages as an attacker does.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from custlib.models.disclosure import decimal_step, stay_open
from custlib.report.formats import MISSING, number, suppressed
from custlib.report.page_limits import limit

if TYPE_CHECKING:
    import pandas as pd

EXACT, UNTOLD = 1, 0
STEPS = (10, 20, 50, 100, 200, 500, 1000)
_CHOICES = 4


def counts(values: Sequence[float], language: str = "en") -> list[str]:
    """Write the counts of a list with a known total, always in the same order.

    The next large enough count after a hidden one is told about, by what both make together: that follows from the
    total anyway, so it tells nothing more, and every hidden count may be any from one to nine.

    Examples
    --------
    >>> counts([335, 5, 77, 0])
    ['335', '<10', '≈ 80', '0']
    >>> counts([335, 77])
    ['335', '77']
    >>> counts([335, 5, 10]), counts([5, 10])
    (['≈ 330', '<10', '≥ 10'], ['–', '–'])
    """
    abouts, least = _abouts(values), limit("privacy", "smallest_count")
    if abouts is None:
        return [to_step(value, language, UNTOLD) for value in values]
    texts = [suppressed(int(value), language) for value in values]
    for place, about in abouts.items():
        texts[place] = f"≈ {number(about, language)}" if about else f"≥ {least}"
    return texts


def shown_counts(values: Sequence[float]) -> list[float | None]:
    """Return the counts of a list as :func:`counts` writes them; None where no number is written.

    Examples
    --------
    >>> shown_counts([335, 5, 77, 0])
    [335, None, 80, 0]
    """
    abouts = _abouts(values)
    if abouts is None:
        return [rounded(value, UNTOLD) for value in values]
    return [None if is_small(value) else abouts.get(place, value) for place, value in enumerate(values)]


def parts(values: Sequence[float]) -> list[float | None]:
    """Compute the share of each count in the total, as precisely as :func:`counts` shows the count.

    Examples
    --------
    >>> parts([323, 5, 72])
    [0.8075, None, 0.175]
    """
    total = float(sum(values)) or 1.0
    return [None if value is None else min(value / total, 1.0) for value in shown_counts(values)]


def _abouts(values: Sequence[float]) -> dict[int, float | None] | None:
    """Choose the counts to round next to small ones, with the rounded value, or None for "at least ten".

    The total discloses the sum of the small and the rounded counts. Both choices depend only on that sum and on
    places, so they disclose nothing more: every small count can be any number from one to nine. Where all counts
    together are too few for that, there is no choice, and None is returned.
    """
    least = limit("privacy", "smallest_count")
    small = [place for place, value in enumerate(values) if is_small(value)]
    if not small:
        return {}
    turned = [*range(small[0] + 1, len(values)), *range(small[0])]
    chosen: list[int] = []
    whole = sum(values[place] for place in small)
    for place in (place for place in turned if values[place] >= least):
        chosen.append(place)
        whole += values[place]
        if whole - least * len(chosen) >= (least - 1) * len(small):
            break
    else:
        return {} if is_small(whole) else None
    *tiny, last = chosen
    about = _rounded(max(whole - len(small) * least / 2 - len(tiny) * least * 1.5, least), least)
    return dict.fromkeys(tiny, None) | {last: about}


def amounts(values: Sequence[float], customers: Sequence[float]) -> list[float]:
    """Round the amounts of a table with a known total so that those of its groups under ten cannot be derived.

    The total less all others gives a hidden amount within the sum of their steps: a part of it, or more.

    Examples
    --------
    >>> amounts([500.0, 3100.0, 2780.0], [9, 120, 340]), amounts([50.0, 3100.0, 2780.0], [9, 120, 340])
    ([500.0, 3100.0, 2800.0], [50.0, 3100.0, 2780.0])
    >>> amounts([510.0, 3100.0], [10, 120])
    [510.0, 3100.0]
    """
    hidden = [abs(value) for value, n in zip(values, customers, strict=True) if is_small(n) and value == value]
    others = sum(n >= limit("privacy", "smallest_count") for n in customers)
    if not any(hidden) or not others:
        return list(values)
    step = decimal_step(max(hidden) * limit("privacy", "hidden_money_band") / 100 / others)
    return [value if is_small(n) or value != value else round(value / step) * step
            for value, n in zip(values, customers, strict=True)]  # fmt: skip


_AMOUNTS = {"revenue": "revenue_share", "profit": "profit_share", "value": "value_share", "historic_value": "",
            "residual_lifetime_value": ""}  # fmt: skip


def as_told(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Replace the shares and amounts of all segments of a segmentation by those that may be told; counts stay.

    A frame that is as told already stays as it is.
    """
    sizes = frame["customers"].tolist()
    shown = frame.assign(customer_share=[float("nan") if x is None else x for x in parts(sizes)])
    for name, part in _AMOUNTS.items():
        if name in frame:
            shown[name] = amounts(frame[name].astype(float).tolist(), sizes)
            if part in frame:
                shown[part] = frame[part] * (shown[name] / frame[name].where(frame[name] != 0)).fillna(1.0).astype(
                    float
                )
    return shown


def part_of(count: float, whole: float, step: int = 10) -> float | None:
    """Compute the share of a count told to a step; None where the count is small or not told, or nothing is there.

    Examples
    --------
    >>> part_of(77, 400), part_of(5, 400), part_of(0, 400), part_of(0, 0)
    (0.2, None, 0.0, None)
    """
    shown = rounded(count, step)
    return None if shown is None or not whole else min(shown / whole, 1.0)


def coarser(*steps: int) -> int:
    """Choose the coarsest of several steps.

    Examples
    --------
    >>> coarser(10, 20), coarser(10, UNTOLD), coarser(EXACT, 10)
    (20, 0, 10)
    """
    return UNTOLD if UNTOLD in steps else max(steps)


def grouped(values: Sequence[float], groups: Sequence[Sequence[int]], language: str = "en") -> list[str]:
    """Write counts of which not only the total is told elsewhere but those of groups, given by their places.

    Examples
    --------
    >>> grouped([5, 77, 40, 38], [[0, 1], [2, 3]])
    ['<10', '≈ 80', '≈ 40', '≈ 40']
    """
    step = step_for(values, [range(len(values)), *_exact(values, groups)])
    return [to_step(value, language, step) for value in values]


def crossed(rows: Sequence[Sequence[float]], language: str = "en", *, row_step: int = 10) -> list[list[str]]:
    """Write the counts of a cross table whose row and column totals are shown elsewhere.

    Parameters
    ----------
    row_step : int
        The step to which totals of rows are told; those of columns, and the whole, are taken as exact.

    Examples
    --------
    >>> crossed([[335, 5], [77, 0]])
    [['≈ 340', '<10'], ['≈ 80', '0']]
    >>> crossed([[335, 77]])
    [['335', '77']]
    """
    step = step_across(rows, row_step=row_step)
    return [[to_step(value, language, step) for value in row] for row in rows]


def step_across(rows: Sequence[Sequence[float]], *, row_step: int = 10) -> int:
    """Choose the step of a cross table; see :func:`crossed`.

    Examples
    --------
    >>> step_across([[335, 5], [77, 0]]), step_across([[335, 77]])
    (10, 1)
    """
    values, width = [value for row in rows for value in row], len(rows[0]) if len(rows) else 0
    across = [range(n * width, (n + 1) * width) for n in range(len(rows))]
    down = _exact(values, [range(n, len(values), width) for n in range(width)])
    return step_for(values, [range(len(values)), *down], across, about_step=row_step)


def _exact(values: Sequence[float], groups: Sequence[Sequence[int]]) -> list[Sequence[int]]:
    """Select the groups whose totals are told exactly: they are a list with a known total themselves."""
    abouts = _abouts([sum(values[n] for n in group) for group in groups])
    return [] if abouts is None else [group for n, group in enumerate(groups) if n not in abouts]


def step_for(
    values: Sequence[float],
    sums: Iterable[Sequence[int]] | None = None,
    about: Iterable[Sequence[int]] = (),
    *,
    about_step: int = 10,
) -> int:
    """Choose the step to which counts are told: ``EXACT`` without a hidden one, ``UNTOLD`` where none is wide enough.

    Parameters
    ----------
    sums, about : iterable of sequences of int
        Places of counts whose sum is told elsewhere: exactly, or to ``about_step``. By default that of all, exactly.

    Examples
    --------
    >>> step_for([5, 77]), step_for([9, 84]), step_for([84, 77]), step_for([1, 10])
    (10, 20, 1, 0)
    """
    known = [range(len(values))] if sums is None else sums
    lines = [*((line, EXACT) for line in known), *((line, about_step) for line in about)]
    return _step(tuple(map(float, values)), tuple((tuple(line), step) for line, step in lines))


@cache
def _step(values: tuple[float, ...], lines: tuple[tuple[tuple[int, ...], int], ...]) -> int:
    hidden = [n for n, value in enumerate(values) if is_small(value)]
    if not hidden:
        return EXACT
    # A sum under ten is hidden as well.
    sums = [(line, *_between(sum(values[n] for n in line), exact)) for line, exact in lines if len(line)]
    steps = (s for s in STEPS if stay_open([_between(value, s) for value in values], sums, hidden, _CHOICES - 1))
    return next(steps, UNTOLD)


def _between(value: float, step: int) -> tuple[float, float]:
    """Return the least and the largest count that are written as this one is."""
    least = limit("privacy", "smallest_count")
    if is_small(value):
        return 1, least - 1
    about = _rounded(value, step)
    if not value or step == EXACT:
        return value, value
    half = step / 2 if about / step % 2 == 0 else (step - 1) // 2  # halves go to the even multiple
    return least if about <= step else max(about - half, least), about + half


def rounded(value: float, step: int = 10) -> float | None:
    """Return a count as it is told, or None where it is not.

    Examples
    --------
    >>> rounded(77), rounded(77, 1), rounded(12, 50), rounded(5), rounded(77, 0), rounded(0, 10)
    (80, 77, 50, None, None, 0)
    """
    return None if is_small(value) or step == UNTOLD else _rounded(value, step)


def _rounded(value: float, step: int) -> float:
    """Round to a step, but not to zero."""
    size = max(round(abs(value) / step), 1) * step if value else 0
    return -size if value < 0 else size


def to_step(count: float, language: str = "en", step: int = 10) -> str:
    """Write a count as the rule has it: suppressed if small, else told to a step.

    Examples
    --------
    >>> to_step(5), to_step(0), to_step(77), to_step(77, step=1), to_step(77, step=0)
    ('<10', '0', '≈ 80', '77', '–')
    """
    if step == UNTOLD:
        return MISSING
    if not count or is_small(count) or step == EXACT:
        return suppressed(int(count), language)
    return blurred(count, language, step)


def blurred(count: float, language: str = "en", step: int = 10) -> str:
    """Write a count to the nearest ten, or another step.

    Examples
    --------
    >>> blurred(77), blurred(77, step=50)
    ('≈ 80', '≈ 100')
    """
    return f"≈ {number(_rounded(count, step), language)}"


def net(change: float, step: int = 10) -> str:
    """Write a net change to the nearest ten, or another step; exact changes would disclose suppressed counts.

    Examples
    --------
    >>> net(-155), net(4), net(-4), net(0)
    ('−160', '+1–9', '−1–9', '0')
    """
    if not change:
        return "0"
    sign = "+" if change > 0 else "−"
    if is_small(abs(change)):
        return f"{sign}1–{limit('privacy', 'smallest_count') - 1}"
    return f"{sign}{abs(_rounded(change, max(step, STEPS[0]))):,.0f}"


def is_small(count: float) -> bool:
    """Return whether a count is too small to show.

    Examples
    --------
    >>> is_small(5), is_small(0), is_small(10)
    (True, False, False)
    """
    return bool(0 < count < limit("privacy", "smallest_count"))
