"""Reads the colours of pages and charts by name from ``templates/colours.css``.

Charts are drawn in the colours of the light theme and written with CSS variables, so one SVG serves light, dark and
print.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from custlib.errors import UsageError, hint

TONES = 6  # of tiles
_VARIABLE = re.compile(r"--([a-z0-9]+):\s*(#[0-9A-Fa-f]{6})")


@cache
def colours(theme: str = "light") -> dict[str, str]:
    """Read the colours of a theme.

    Examples
    --------
    >>> colours()["accent"], colours("dark")["accent"]
    ('#0B5CAD', '#6DB1F2')
    """
    source = files("custlib.report").joinpath("templates", "colours.css").read_text("utf-8")
    light, _, dark = source.partition("@media")
    return dict(_VARIABLE.findall(light if theme == "light" else dark))


@cache
def names_of_colours() -> dict[str, str]:
    """Map the colours of the light theme (lower case) to their first names.

    Examples
    --------
    >>> names_of_colours()["#0b5cad"]
    'accent'
    """
    return {value.lower(): name for name, value in reversed(colours().items())}


def segment_colour(name: str, order: Sequence[str]) -> str:
    """Return the colour of a segment by its place in the segmentation, the same on every page.

    Examples
    --------
    >>> segment_colour("New", ["Champions", "New"])
    'series2'
    """
    if name not in order:
        raise UsageError(f"segment_colour: no segment {name!r}. {hint(name, list(order))}")
    hues = [key for key in colours() if key.startswith("series")]
    return hues[list(order).index(name) % len(hues)]


def tone(weight: float) -> int:
    """Convert a weight from 0 to 1 to the number of a tone.

    Examples
    --------
    >>> tone(0), tone(0.5), tone(1)
    (0, 3, 5)
    """
    return min(TONES - 1, int(weight * TONES))
