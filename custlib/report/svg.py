"""Converts the SVG of matplotlib to small, themed, accessible SVG, and validates any SVG.

Pages forbid inline styles, so every ``style`` becomes presentation attributes; colours become CSS variables; text
stays text. Elements and attributes outside an allow-list are errors.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from xml.etree import ElementTree as Xml

from custlib.errors import UsageError

_ELEMENTS = frozenset(("svg", "g", "path", "rect", "circle", "line", "text", "tspan", "title", "desc"))
_ATTRIBUTES = frozenset(
    (
        *("id", "role", "class", "viewBox", "width", "height", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy"),
        *("r", "rx", "d", "transform", "fill", "fill-opacity", "fill-rule", "opacity", "text-anchor"),
        *("stroke", "stroke-width", "stroke-dasharray", "stroke-dashoffset", "stroke-linecap"),
        *("stroke-linejoin", "stroke-opacity", "font-size", "font-weight", "xmlns", "focusable"),
        *("aria-labelledby", "aria-hidden"),
    )
)
_DEFAULTS = frozenset(
    (("font-size", "12"), ("fill", "var(--ink)"), ("text-anchor", "start"), ("stroke-linecap", "butt"))
)
_NAMESPACE = "{http://www.w3.org/2000/svg}"
_REFERENCE = "{http://www.w3.org/1999/xlink}href"
_CIRCLE = re.compile(r"M 0 [\d.]+\s+(C[^A-Za-z]+)+[Zz]?\s*")
_STEP = re.compile(r"[A-Za-z][^A-Za-z]*")
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


def check_svg(picture: str, where: str) -> None:
    """Raise if an SVG contains anything but shapes and text.

    Examples
    --------
    >>> check_svg('<svg viewBox="0 0 9 9"><path d="M0 0L9 9"/></svg>', "line")
    """
    if "<!" in picture or "<?" in picture:
        raise UsageError(f"{where}: the SVG holds a declaration. Hand over the svg element alone.")
    try:
        root = Xml.fromstring(picture)
    except Xml.ParseError as fault:
        raise UsageError(f"{where}: the SVG is not well-formed ({fault}).") from None
    if _local(root.tag) != "svg":
        raise UsageError(f"{where}: the picture starts with <{_local(root.tag)}>, needs <svg>.")
    for element in root.iter():
        if problem := _problem(element):
            raise UsageError(f"{where}: {problem} is not allowed in a picture. Use custlib.report.charts.")


def check_pictures(pictures: Iterable[str], where: str) -> None:
    """Check every SVG that is not empty.

    Examples
    --------
    >>> check_pictures(["", '<svg viewBox="0 0 9 9"/>'], "line")
    """
    for picture in filter(None, pictures):
        check_svg(picture, where)


def _local(tag: str) -> str:
    return tag.removeprefix(_NAMESPACE)


def _problem(element: Xml.Element) -> str:
    if _local(element.tag) not in _ELEMENTS:
        return f"<{_local(element.tag)}>"
    for name, value in element.attrib.items():
        if name not in _ATTRIBUTES or "url(" in value or (":" in value and name != "xmlns"):
            return f"attribute {name}"
    return ""


@dataclass(frozen=True)
class Wording:
    """Accessible title and description of a chart; ``tips`` are the tooltips of its marks."""

    title: str
    description: str
    prefix: str
    tips: Mapping[str, str] = field(default_factory=dict)


def themed_svg(raw: str, colours: Mapping[str, str], wording: Wording) -> str:
    """Convert the SVG of matplotlib to that of the page.

    Examples
    --------
    >>> path = '<path d="M 0 0 L 9.125 9 L 9.125 0 " style="fill: #b3261e"/>'
    >>> raw = f'<svg viewBox="0 0 9 9"><g id="a">{path}</g></svg>'
    >>> themed_svg(raw, {"#b3261e": "bad"}, Wording("A", "B", "f"))[-52:]
    '<path d="M0 0L9.1 9V0" fill="var(--bad)"/></g></svg>'
    """
    root = Xml.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", raw))
    _draw_markers(root)
    body = "".join(part for child in root for part in _emit(child, colours, wording.tips))
    title, description = f"{wording.prefix}-t", f"{wording.prefix}-d"
    return (
        f'<svg viewBox="{root.get("viewBox")}" role="img" aria-labelledby="{title} {description}">'
        f'<title id="{title}">{escape(wording.title)}</title>'
        f'<desc id="{description}">{escape(wording.description)}</desc>'
        f'<g stroke-linejoin="round" font-size="12" fill="var(--ink)">{body}</g></svg>'
    )


def _draw_markers(root: Xml.Element) -> None:
    """Turn every use of a marker into a circle: matplotlib writes a marker's path once, and where it is used."""
    outlines = {path.get("id"): path.get("d", "") for path in root.iterfind(f".//{_NAMESPACE}defs/{_NAMESPACE}path")}
    for use in root.iter(f"{_NAMESPACE}use"):
        outline = outlines[use.attrib.pop(_REFERENCE).removeprefix("#")]
        if not _CIRCLE.fullmatch(outline):
            raise UsageError("svg: a marker is not round. Use the marker 'o'.")
        use.tag = f"{_NAMESPACE}circle"
        use.attrib |= {"cx": use.attrib.pop("x"), "cy": use.attrib.pop("y"), "r": outline.split()[2]}


def _emit(element: Xml.Element, colours: Mapping[str, str], tips: Mapping[str, str]) -> Iterator[str]:
    """Write an element without metadata, ids and empty groups."""
    tag = _local(element.tag)
    if tag in ("metadata", "defs"):
        return
    attributes = dict(pair for pair in _attributes(element, colours) if pair not in _DEFAULTS)
    tip = tips.get(element.get("id", ""))
    inner = "".join(part for child in element for part in _emit(child, colours, tips))
    inner = (f"<title>{escape(tip)}</title>" if tip else "") + escape((element.text or "").strip()) + inner
    if tag == "path" and attributes.get("fill") == "none" and "stroke" not in attributes:
        return  # matplotlib's empty ground
    if tag == "g" and not tip and not attributes:
        yield inner
    elif inner or tag != "g":
        written = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
        yield f"<{tag}{written}>{inner}</{tag}>" if inner else f"<{tag}{written}/>"


def _attributes(element: Xml.Element, colours: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in element.attrib.items():
        if name == "style":
            yield from _styles(value, colours)
        elif name == "d":
            yield name, _path(value)
        elif name == "transform":
            if not value.startswith(("rotate(-0 ", "rotate(0 ")):
                yield name, _short(value)
        elif name not in ("id", "clip-path"):
            yield name, _short(value)


def _styles(style: str, colours: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for declaration in style.split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name in ("fill", "stroke"):
            yield name, _colour(value, colours)
        elif name == "font":
            raise UsageError("svg: the font shorthand is not read. Set size and weight apart.")
        elif name == "font-weight":
            yield name, "600"
        elif name and name not in ("font-family", "stroke-linejoin", "stroke-miterlimit"):
            yield name, _short(value.removesuffix("px"))


def _colour(value: str, colours: Mapping[str, str]) -> str:
    if value == "none":
        return value
    if value.lower() not in colours:
        raise UsageError(f"svg: colour {value} is not one of the page's. Use custlib.report.palette.")
    return f"var(--{colours[value.lower()]})"


def _short(text: str) -> str:
    """Round the decimals of a text to one."""
    return _NUMBER.sub(lambda match: f"{float(match[0]):.1f}".removesuffix(".0"), text)


def _path(d: str) -> str:
    """Shorten a path: one decimal, with commands for horizontal and vertical lines."""
    written, last = [], ("", "")
    for step in _STEP.findall(d):
        command, numbers = step[0], _short(step[1:]).split()
        at = (numbers[-2], numbers[-1]) if numbers else last
        if command == "L" and at != last and last[1] == at[1]:
            written.append(f"H{at[0]}")
        elif command == "L" and at != last and last[0] == at[0]:
            written.append(f"V{at[1]}")
        else:
            written.append(command + " ".join(numbers))
        last = at
    return "".join(written)
