"""Keeps small counts out of pages: under ten is "<10", and a second count is blurred so that none can be derived.

The second count is the next smallest of the same table, shown to the nearest ten: the total then no longer gives
the hidden one away.
"""

from collections.abc import Sequence

from custlib.show.formats import number, suppressed
from custlib.show.limits import limit


def counts(values: Sequence[float], language: str = "en") -> list[str]:
    """Write the counts of one table.

    Parameters
    ----------
    values : sequence of float
        Counts that add up to a total shown elsewhere.
    language : str
        ``"en"`` or ``"zh"``.

    Returns
    -------
    list of str
        One text per count.

    Examples
    --------
    >>> counts([335, 5, 77, 0])
    ['335', '<10', '≈ 80', '0']
    >>> counts([335, 77])
    ['335', '77']
    """
    least = limit("privacy", "smallest_count")
    small = [0 < value < least for value in values]
    texts = [suppressed(int(value), language) for value in values]
    others = [place for place, value in enumerate(values) if value >= least]
    if sum(small) == 1 and others:
        second = min(others, key=lambda place: values[place])
        texts[second] = blurred(values[second], language)
    return texts


def blurred(count: float, language: str = "en") -> str:
    """Write a count to the nearest ten.

    Examples
    --------
    >>> blurred(77)
    '≈ 80'
    """
    return f"≈ {number(round(count, -1), language)}"


def is_small(count: float) -> bool:
    """Tell whether a group is too small to show anything but that it exists.

    Examples
    --------
    >>> is_small(5), is_small(0), is_small(10)
    (True, False, False)
    """
    return bool(0 < count < limit("privacy", "smallest_count"))
