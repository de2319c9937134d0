"""An attack on hidden counts: what a reader with an integer programme can derive from written numbers.

Every written number is an interval of what it may stand for; sums that must hold join them. A count is derived as far
as the least and the largest value that it has in any solution.
"""

import math
import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

Key = Hashable
STEPS = (1000, 500, 200, 100, 50, 20, 10)
_UNITS = {"": 1.0, "k": 1e3, "M": 1e6, "B": 1e9}
_FIGURE = re.compile(r"([−-]?)([\d,]+(?:\.\d+)?)")


@dataclass
class Claims:
    """Intervals of unknown numbers, and intervals of sums of them."""

    bounds: dict[Key, tuple[float, float]] = field(default_factory=dict)
    sums: list[tuple[dict[Key, float], float, float]] = field(default_factory=list)
    whole: set[Key] = field(default_factory=set)

    def know(self, key: Key, low: float = 0, high: float = inf, *, whole: bool = True) -> Key:
        """Add that a number lies in an interval; a ``whole`` one is a count."""
        old = self.bounds.get(key, (-inf, inf))
        self.bounds[key] = (max(old[0], low), min(old[1], high))
        self.whole |= {key} if whole else set()
        return key

    def add(self, parts: Mapping[Key, float], low: float, high: float) -> None:
        """Add that a weighted sum lies in an interval."""
        for key in parts:
            self.bounds.setdefault(key, (-inf, inf))
        self.sums.append((dict(parts), low, high))

    def total(self, parts: Iterable[Key], whole: Key) -> None:
        """Add that parts make up a whole."""
        weights = dict.fromkeys(parts, 1.0)
        weights[whole] = weights.get(whole, 0.0) - 1.0
        self.add(weights, 0, 0)

    def ends(self, key: Key) -> tuple[float, float]:
        """Compute the least and the largest value of a number; raise ValueError if the claims contradict each other."""
        problem = self._near(key)
        return problem.least(key), -problem.least(key, sign=-1)

    def possible(self, key: Key, *, most: int = 3) -> int:
        """Count the values that a hidden count may have, up to ``most``."""
        low, high = (round(end) for end in self.ends(key))
        found = {low, high}
        for value in range(low + 1, high):
            if len(found) >= most:
                break
            trial = Claims({**self.bounds, key: (value, value)}, self.sums, self.whole)
            if trial._near(key).is_possible():
                found.add(value)
        return len(found)

    def _near(self, key: Key) -> "_Problem":
        """Take only what hangs together with a number, as the rest tells nothing about it."""
        free, near, rest = {key}, [], list(self.sums)
        while touched := [one for one in rest if not free.isdisjoint(one[0])]:
            near += touched
            rest = [one for one in rest if free.isdisjoint(one[0])]
            # A number known exactly carries nothing on from one sum to another.
            free |= {k for one in touched for k in one[0] if self.bounds[k][0] < self.bounds[k][1]}
        keys = dict.fromkeys([key, *(k for one in near for k in one[0])])
        return _Problem({k: self.bounds.get(k, (-inf, inf)) for k in keys}, near, self.whole)


@dataclass
class _Problem:
    bounds: dict[Key, tuple[float, float]]
    sums: list[tuple[dict[Key, float], float, float]]
    whole: set[Key]

    def least(self, key: Key, sign: int = 1) -> float:
        """Minimise a number, or its negative."""
        cost = np.zeros(len(self.bounds))
        cost[list(self.bounds).index(key)] = sign
        found = self._solved(cost)
        if found.status == 2:
            raise ValueError(f"the claims around {key} contradict each other")
        return float(found.fun) if found.status == 0 else -inf

    def is_possible(self) -> bool:
        """Tell whether anything fulfils the claims."""
        return bool(self._solved(np.zeros(len(self.bounds))).status == 0)

    def _solved(self, cost: "np.ndarray") -> object:
        place = {key: n for n, key in enumerate(self.bounds)}
        entries = [(row, place[key], w) for row, (parts, _, _) in enumerate(self.sums) for key, w in parts.items()]
        rows, columns, weights = zip(*entries, strict=True) if entries else ((), (), ())
        matrix = coo_array((weights, (rows, columns)), shape=(len(self.sums), len(place))).tocsr()
        limits = LinearConstraint(matrix, [one[1] - 1e-7 for one in self.sums], [one[2] + 1e-7 for one in self.sums])
        low, high = zip(*self.bounds.values(), strict=True)
        kinds = [int(key in self.whole) for key in self.bounds]
        return milp(cost, integrality=kinds, bounds=Bounds(low, high), constraints=[limits] if self.sums else [])


def list_between(texts: Sequence[str]) -> list[tuple[float, float] | None]:
    """Read the counts of a list with a known total.

    Beside exact counts the one told about is what it makes together with the hidden ones, less five for each of them.
    """
    step = step_of(texts)
    ends = [count_between(text, step) for text in texts]
    hidden = sum(text.startswith("<") for text in texts)
    if not hidden or (not any(own and own[0] == own[1] > 0 for own in ends) and sum(t[:1] == "≈" for t in texts) > 1):
        return ends
    reach = 5 + 4 * hidden
    return [(max(figure_of(text) - reach, 10), figure_of(text) + reach) if text.startswith("≈") else own
            for text, own in zip(texts, ends, strict=True)]  # fmt: skip


def step_of(texts: Iterable[str]) -> int:
    """Find the step to which the counts of a table are rounded: the widest that all of them are multiples of."""
    shown = [figure_of(text) for text in texts if text.startswith("≈")]
    return next((step for step in STEPS if all(value % step == 0 for value in shown)), 1)


def count_between(text: str, step: int = 10) -> tuple[float, float] | None:
    """Read a written count as the interval of what it may be; None where there is none."""
    text = text.strip()
    if text.startswith("<"):
        return 1, figure_of(text) - 1
    if text.startswith("≥"):
        return figure_of(text), inf
    if not _FIGURE.search(text):
        return None
    value = figure_of(text)
    return around(value, step) if text.startswith("≈") else (value, value)


def around(value: float, step: int, least: int = 10) -> tuple[float, float]:
    """Compute which counts are rounded to a value: halves go to the even multiple, and none to nought."""
    half = step / 2 if value / step % 2 == 0 or step == 1 else math.ceil(step / 2) - 1
    low = least if value <= step else value - half
    return max(low, least), value + half


def change_between(text: str, step: int = 10) -> tuple[float, float] | None:
    """Read a written net change."""
    sign = -1 if text[:1] in "−-" else 1
    if "–" in text[1:]:
        ends = 1.0, figure_of(text.split("–")[1])
    elif not _FIGURE.search(text):
        return None
    else:
        value = abs(figure_of(text))
        ends = (value - step / 2, value + step / 2) if value else (0.0, 0.0)
    low, high = sorted(sign * end for end in ends)
    return low, high


def share_between(text: str, column: Iterable[str] = ()) -> tuple[float, float] | None:
    """Read a written percentage as an interval of fractions; those of a column have one precision."""
    if "%" not in text or text[0] in "≈<":
        return None
    value, beside = figure_of(text), [one.split("%")[0].strip() for one in column if "%" in one]
    half = 0.5 * 10.0 ** -max(len(one.partition(".")[2]) for one in beside) if beside else _half(abs(value), most=2)
    return (value - half) / 100, (value + half) / 100


def money_between(text: str, step: float = 0) -> tuple[float, float] | None:
    """Read a written amount as an interval, by its last figure or by the step of its table."""
    found = _FIGURE.search(text)
    if not found:
        return None
    scale, value = _scale(text), figure_of(text)
    half = max(_half(abs(value)) * scale, step / 2)
    if scale == 1 and abs(value) >= 100 and value % 10 == 0:  # may be told to two figures
        half = max(half, 0.5 * 10.0 ** (math.floor(math.log10(abs(value))) - 1))
    return value * scale - half, value * scale + half


def money_step_of(texts: Iterable[str]) -> float:
    """Find the decimal step to which the amounts of a table are rounded: the widest that all are multiples of."""
    shown = [figure_of(text) * _scale(text) for text in texts if _FIGURE.search(text)]
    steps = sorted((n * 10.0**place for n in (1, 2, 5) for place in range(-2, 8)), reverse=True)
    whole = [value for value in shown if value]
    fits = (step for step in steps if all(abs(value / step - round(value / step)) < 1e-6 for value in whole))
    return next(fits, 0.0) if whole else 0.0


def _scale(text: str) -> float:
    """Find the unit after the first figure of a text."""
    found = _FIGURE.search(text)
    unit = re.match(r"\s*([kMB])\b", text[found.end() :]) if found else None
    return _UNITS[unit[1] if unit else ""]


def figure_of(text: str) -> float:
    """Read the first figure of a text."""
    found = _FIGURE.search(text)
    if not found:
        raise ValueError(f"no figure in {text!r}")
    return float(found[2].replace(",", "")) * (-1 if found[1] else 1)


def _half(value: float, *, most: int = 400) -> float:
    """Half of the last place of a figure with two significant digits, of which noughts after the point are dropped."""
    places = 1 - math.floor(math.log10(value)) if value else 0
    return 0.5 * 10.0 ** -min(max(places, 0), most)
