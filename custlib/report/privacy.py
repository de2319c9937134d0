"""Suppresses small counts: below ten is "<10", and neighbouring counts are rounded so that none can be derived.

In a list the next count is rounded by the sum of both, so the total does not disclose the suppressed count, even to
readers who know this rule. In a cross table the sums of rows and columns are known elsewhere, so all counts are
rounded. Where rounding to ten would still disclose a count (84 shown as 80 leaves 8 or 9), a wider step is used, which
the page does not state.
"""

from collections.abc import Iterable, Sequence

from custlib.report.formats import number, suppressed
from custlib.report.page_limits import limit

STEPS = (10, 20, 50, 100)
_CHOICES = 4


def counts(values: Sequence[float], language: str = "en") -> list[str]:
    """Write the counts of a table with a known total.

    Examples
    --------
    >>> counts([335, 5, 77, 0])
    ['335', '<10', '≈ 80', '0']
    >>> counts([335, 77])
    ['335', '77']
    >>> counts([335, 5, 10])
    ['≈ 330', '<10', '≥ 10']
    """
    abouts = _abouts(values)
    least = limit("privacy", "smallest_count")
    texts = [suppressed(int(value), language) for value in values]
    for place, about in abouts.items():
        texts[place] = f"≈ {number(about, language)}" if about else f"≥ {least}"
    return texts


def parts(values: Sequence[float]) -> list[float | None]:
    """Compute the share of each count in the total, as precisely as :func:`counts` shows the count.

    Examples
    --------
    >>> parts([323, 5, 72])
    [0.8075, None, 0.175]
    """
    abouts, total = _abouts(values), float(sum(values)) or 1.0
    known = [None if is_small(value) else value for value in values]
    rounded = [abouts.get(place, value) for place, value in enumerate(known)]
    return [None if value is None else value / total for value in rounded]


def _abouts(values: Sequence[float]) -> dict[int, float | None]:
    """Choose the counts to round next to small ones, with the rounded value, or None for "at least ten".

    The total discloses the sum of the small and the rounded counts. Both choices depend only on that sum and on
    places, so they disclose nothing more: every small count can be any number from one to nine.
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
    *tiny, last = chosen or [-1]
    about = _rounded(max(whole - len(small) * least / 2 - len(tiny) * least * 1.5, least), least)
    return dict.fromkeys(tiny, None) | ({last: about} if chosen else {})


def crossed(rows: Sequence[Sequence[float]], language: str = "en") -> list[list[str]]:
    """Write the counts of a cross table whose row and column totals are shown elsewhere.

    Examples
    --------
    >>> crossed([[335, 5], [77, 0]])
    [['≈ 340', '<10'], ['≈ 80', '0']]
    >>> crossed([[335, 77]])
    [['335', '77']]
    """
    lines = [*rows, *zip(*rows, strict=True)]
    if not any(is_small(value) for row in rows for value in row):
        return [[suppressed(int(value), language) for value in row] for row in rows]
    step = step_for(lines)
    return [[to_step(value, language, step) for value in row] for row in rows]


def step_for(lines: Iterable[Sequence[float]]) -> int:
    """Choose the rounding step at which no sum discloses a suppressed count.

    Examples
    --------
    >>> step_for([[5, 77]]), step_for([[9, 84]])
    (10, 20)
    """
    parts = [([x for x in line if is_small(x)], [x for x in line if x and not is_small(x)]) for line in lines]
    crowded = [(small, others) for small, others in parts if small and others]
    return next((step for step in STEPS if all(_is_hidden(*part, step) for part in crowded)), STEPS[-1])


def _is_hidden(small: list[float], others: Sequence[float], step: int) -> bool:
    """Return whether suppressed counts stay ambiguous given the others to a step and the sum."""
    if not small:
        return True
    most, whole = limit("privacy", "smallest_count") - 1, sum(small)
    rounded = [_rounded(x, step) - x for x in others]
    low = max(whole - sum(rounded) - len(others) * step / 2, len(small))
    high = min(whole - sum(rounded) + len(others) * step / 2, len(small) * most)
    rest = len(small) - 1
    widest = min(high - rest, most) - max(low - rest * most, 1)
    return widest >= _CHOICES - 1


def _rounded(value: float, step: int) -> float:
    """Round to a step, but not to zero."""
    size = max(round(abs(value) / step), 1) * step if value else 0
    return -size if value < 0 else size


def to_step(count: float, language: str = "en", step: int = 10) -> str:
    """Write a count from which others could be derived: suppressed if small, else rounded to a step.

    Examples
    --------
    >>> to_step(5), to_step(0), to_step(77)
    ('<10', '0', '≈ 80')
    """
    return blurred(count, language, step) if count and not is_small(count) else suppressed(int(count), language)


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
    ('−160', '+<10', '−<10', '0')
    """
    if not change:
        return "0"
    sign = "+" if change > 0 else "−"
    if is_small(abs(change)):
        return f"{sign}<{limit('privacy', 'smallest_count')}"
    return f"{sign}{abs(_rounded(change, step)):,.0f}"


def is_small(count: float) -> bool:
    """Return whether a count is too small to show.

    Examples
    --------
    >>> is_small(5), is_small(0), is_small(10)
    (True, False, False)
    """
    return bool(0 < count < limit("privacy", "smallest_count"))
