"""Which ordered rules can win a customer at all, and which overlap: proved on one value of every cell.

All thresholds of a measure part its values into cells; within a cell every condition holds for all values or for
none. A rule wins where one of its alternatives holds and no earlier alternative does: the search takes a condition of
each earlier alternative away, measure by measure, until a cell is left or none is. The measures are taken as free of
each other, so that a rule that is called unreachable wins no customer whatever the data.
"""

from custlib.segment.conditions import Condition, Value, holds, measures, points

Alternative = list[Condition]
Cells = dict[tuple[str, ...], list[Value]]


def unreachable(alternatives: list[Alternative]) -> list[int]:
    """Find the alternatives that can win nobody, the last of all included.

    Examples
    --------
    >>> low, high = [[{"measure": "profit", "at_least": cut}] for cut in (1.0, 5.0)]
    >>> unreachable([low, high, []]), unreachable([high, low, []])
    ([1], [])
    """
    cells = points([condition for one in alternatives for condition in one])
    return [
        place
        for place, one in enumerate(alternatives)
        if not _is_left(restricted(cells, one), [e for e in alternatives[:place] if _meet(cells, e, one)])
    ]


def overlaps(first: list[Alternative], second: list[Alternative]) -> bool:
    """Tell whether a customer can satisfy both of two rules.

    Examples
    --------
    >>> low, high = [[[{"measure": "profit", "at_least": cut}]] for cut in (1.0, 5.0)]
    >>> overlaps(low, high), overlaps(low, [[{"measure": "profit", "below": 1.0}]])
    (True, False)
    """
    cells = points([condition for one in (*first, *second) for condition in one])
    return any(_meet(cells, one, other) for one in first for other in second)


def restricted(cells: Cells, alternative: Alternative) -> Cells:
    """Keep the values for which every condition of an alternative holds."""
    kept = dict(cells)
    for condition in alternative:
        kept[measures(condition)] = [v for v in kept[measures(condition)] if holds(condition, v)]
    return kept


def _meet(cells: Cells, one: Alternative, other: Alternative) -> bool:
    return all(restricted(restricted(cells, one), other).values())


def _is_left(cells: Cells, earlier: list[Alternative]) -> bool:
    """Tell whether a cell is left where none of the earlier alternatives holds."""
    if not all(cells.values()):
        return False
    if not earlier:
        return True
    if not all(restricted(cells, earlier[0]).values()):  # no cell of it is left: nothing needs to be taken away
        return _is_left(cells, earlier[1:])
    for condition in earlier[0]:
        key = measures(condition)
        if _is_left(cells | {key: [v for v in cells[key] if not holds(condition, v)]}, earlier[1:]):
            return True
    return False
