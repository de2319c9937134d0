"""Colours: contrast computed for every pair that meets, hues apart for every kind of sight."""

from itertools import combinations

import numpy as np
import pytest

from custlib.errors import UsageError
from custlib.report.palette import colours, names_of_colours, segment_colour

TEXT, MARK, APART = 4.5, 3.0, 0.1
SERIES = [f"series{n}" for n in range(1, 9)]
# How colours look with one kind of cone missing, in linear RGB (Machado, Oliveira and Fernandes 2009, severity 1).
SIGHT = {
    "full": np.eye(3),
    "protan": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                        [-0.003882, -0.048116, 1.051998]]),
    "deutan": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                        [-0.011820, 0.042940, 0.968881]]),
    "tritan": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                        [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip


def linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, relative luminance."""
    low, high = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


def oklab(rgb: np.ndarray) -> np.ndarray:
    """Ottosson 2020: a space in which distances are as the eye sees them."""
    cones = np.array([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
                      [0.0883024619, 0.2817188376, 0.6299787005]]) @ rgb  # fmt: skip
    mixed: np.ndarray = np.array([[0.2104542553, 0.7936177850, -0.0040720468],
                                  [1.9779984951, -2.4285922050, 0.4505937099],
                                  [0.0259040371, 0.7827717662, -0.8086757660]]) @ np.cbrt(cones)  # fmt: skip
    return mixed


def test_contrast_of_black_on_white() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "panel"])
@pytest.mark.parametrize("name", ["ink", "muted", "accent", "good", "warn", "bad"])
def test_text_is_readable(theme: str, ground: str, name: str) -> None:
    assert contrast(colours(theme)[name], colours(theme)[ground]) >= TEXT


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("tone", range(6))
def test_text_on_tiles_is_readable(theme: str, tone: int) -> None:
    assert contrast(colours(theme)[f"tone{tone}"], colours(theme)[f"ontone{tone}"]) >= TEXT


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["mark", *SERIES])
def test_marks_stand_out(theme: str, name: str) -> None:
    assert contrast(colours(theme)[name], colours(theme)["paper"]) >= MARK


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("sight", SIGHT)
def test_hues_are_apart(theme: str, sight: str) -> None:
    seen = [oklab(np.clip(SIGHT[sight] @ linear(colours(theme)[name]), 0, 1)) for name in SERIES]
    assert min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2)) >= APART


def test_both_themes_have_the_same_names() -> None:
    assert list(colours("light")) == list(colours("dark"))


def test_colours_that_are_equal_in_light_are_equal_in_dark() -> None:
    """A picture is drawn in light colours: two names of one colour must mean one in dark, too."""
    light, dark = colours("light"), colours("dark")
    for name, colour in light.items():
        assert dark[names_of_colours()[colour.lower()]] == dark[name]


def test_a_segment_keeps_its_colour() -> None:
    order = [f"s{n}" for n in range(9)]
    assert segment_colour("s1", order) == "series2"
    assert segment_colour("s8", order) == "series1"
    with pytest.raises(UsageError, match="no segment 's99'"):
        segment_colour("s99", order)
