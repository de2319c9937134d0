"""Pictures in a line: bars of the last quarters, and a dot with its interval on a scale that the rows share.

Too small for axes, so written as SVG directly; each has a title and a description, and colours of the page by name.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

BARS = (160.0, 50.0, 30.0)  # width, height, and that of the longest bar
GAP, BASE, SIZE = 5.0, 35.0, 11
DOT, CAP, EDGE = 4.5, 4.0, 6.0


@dataclass(frozen=True)
class Scale:
    """A common scale of intervals, in a picture so many pixels wide; it always holds zero."""

    low: float
    high: float
    width: float

    @classmethod
    def of(cls, values: Sequence[float], width: float) -> "Scale":
        """Span a scale over values.

        Examples
        --------
        >>> Scale.of([10.0, 30.0], 100)
        Scale(low=0.0, high=30.0, width=100)
        """
        return cls(min(0.0, *values, 0.0), max(0.0, *values, 0.0), width)

    def __call__(self, value: float) -> float:
        """Return the place of a value in pixels.

        Examples
        --------
        >>> Scale(0.0, 30.0, 100)(15.0)
        50.0
        """
        room = self.width - 2 * EDGE
        return round(EDGE + (value - self.low) / ((self.high - self.low) or 1.0) * room, 1)


def spark(values: Sequence[float], named: Mapping[int, str], *, title: str, description: str) -> str:
    """Draw bars from zero, the last in the accent, another named one in ink, the others hollow.

    Examples
    --------
    >>> spark([1.0, 2.0], {0: "Q1", 1: "Q2"}, title="Revenue", description="1, 2").count("<rect")
    2
    """
    width, height, longest = BARS
    step = (width + GAP) / len(values)
    unit = longest / (max(*values, 0.0, 0.0) or 1.0)
    parts = []
    for n, value in enumerate(values):
        high = max(value * unit, 0.5)
        fill = "var(--accent)" if n == len(values) - 1 else "var(--ink)" if n in named else "none"
        stroke = ' stroke="var(--mark)"' if fill == "none" else ""
        place = f'x="{_round(n * step + 0.5)}" y="{_round(BASE - high)}"'
        size = f'width="{_round(step - GAP - 1)}" height="{_round(high)}"'
        parts.append(f'<rect {place} {size} fill="{fill}"{stroke}/>')
    for n, name in named.items():
        anchor, x = ("end", width) if n == len(values) - 1 else ("middle", n * step + (step - GAP) / 2)
        anchor, x = ("start", 0.0) if not n else (anchor, x)
        parts.append(_text(name, x, anchor))
    return _svg((width, height), "".join(parts), title, description)


def dot(
    span: tuple[float, float, float], scale: Scale, *, colour: str, title: str, description: str,
    before: float | None = None, ticks: Mapping[float, str] | None = None,
) -> str:  # fmt: skip
    """Draw a value with its capped interval, (low, value, high), and the zero line; ``before`` is a ring beside it.

    Examples
    --------
    >>> dot((1.0, 2.0, 3.0), Scale(0.0, 4.0, 100), colour="good", title="A", description="B").count("<circle")
    1
    """
    low, value, high = map(scale, span)
    zero, middle = scale(0.0), 10.0
    line = f'stroke="var(--{colour})" stroke-width="1.5"'
    parts = [f'<path d="M{zero} 0V20" stroke="var(--mark)"/>', f'<path d="M{low} {middle}H{high}" {line}/>']
    parts.append(f'<path d="M{low} {middle - CAP}v{2 * CAP}M{high} {middle - CAP}v{2 * CAP}" {line}/>')
    if before is not None:
        ring = 'fill="var(--paper)" stroke="var(--mark)" stroke-width="2"'
        parts.append(f'<circle cx="{scale(before)}" cy="{middle}" r="4" {ring}/>')
    parts.append(f'<circle cx="{value}" cy="{middle}" r="{DOT}" fill="var(--{colour})"/>')
    height = 20.0
    if ticks:
        height = 38.0
        parts.append(f'<path d="M{EDGE} 24H{scale.width - EDGE}" stroke="var(--rule)"/>')
        for at, name in ticks.items():
            anchor = "start" if at == min(ticks) else "end" if at == max(ticks) else "middle"
            parts.append(_text(name, scale(at), anchor, y=height))
    return _svg((scale.width, height), "".join(parts), title, description)


def moves(left: float, came: float, most: float, *, title: str, description: str, width: float = 72.0) -> str:
    """Draw who left to the left of a line and who came to its right, on a scale that the rows share.

    Examples
    --------
    >>> moves(10.0, 30.0, 30.0, title="A", description="B").count("<rect")
    2
    """
    middle, unit = width / 2, (width / 2 - 2) / (most or 1.0)
    places = ((middle - left * unit, left * unit, "mark"), (middle, came * unit, "ink"))
    sides = [
        f'<rect x="{_round(x)}" y="5" width="{_round(wide)}" height="10" fill="var(--{colour})"/>'
        for x, wide, colour in places
    ]
    line = f'<path d="M{middle} 0V20" stroke="var(--mark)"/>'
    return _svg((width, 20.0), line + "".join(sides), title, description)


def _text(text: str, x: float, anchor: str, y: float = 48.0) -> str:
    side = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return (
        f'<text x="{_round(x)}" y="{_round(y - 1)}" font-size="{SIZE}" fill="var(--muted)"{side}>{escape(text)}</text>'
    )


def _round(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _svg(size: tuple[float, float], body: str, title: str, description: str) -> str:
    """Frame a picture; its ids are of its content, so that two on a page differ."""
    key = "m" + hashlib.sha256((title + description + body).encode()).hexdigest()[:8]
    width, height = map(_round, size)
    return (
        f'<svg class="mini" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"'
        f' aria-labelledby="{key}t {key}d"><title id="{key}t">{escape(title)}</title>'
        f'<desc id="{key}d">{escape(description)}</desc>{body}</svg>'
    )
