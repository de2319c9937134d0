"""Renders blocks to HTML through Jinja2 with autoescape, with the same templates for JupyterLab and pages."""

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Protocol

from markupsafe import Markup

from custlib.report.inline import inline, paragraphs, tidy
from custlib.report.palette import colours, tone
from custlib.report.texts import texts

if TYPE_CHECKING:
    from jinja2 import Environment


class Shown(Protocol):
    """An object with a macro of its class name in ``blocks.html.j2``: every block."""

    def to_json(self) -> dict[str, Any]:
        """Return the block as plain JSON."""
        ...


@cache
def _compiled() -> Any:
    """Compiled templates, which take a while, for the environments of all languages."""
    from jinja2 import BytecodeCache

    class Compiled(BytecodeCache):
        def __init__(self) -> None:
            self.code: dict[str, Any] = {}

        def load_bytecode(self, bucket: Any) -> None:
            bucket.code = self.code.get(bucket.key)

        def dump_bytecode(self, bucket: Any) -> None:
            self.code[bucket.key] = bucket.code

    return Compiled()


@cache
def environment(language: str) -> "Environment":
    """Load the templates in a language.

    Examples
    --------
    >>> environment("en").autoescape
    True
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    templates = Environment(
        loader=PackageLoader("custlib.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_compiled(),
    )
    templates.globals.update(t=texts(language), tone=tone, name=block_name, picture=picture)
    templates.filters.update(inline=inline, paragraphs=paragraphs, tidy=tidy)
    return templates


def block_name(block: Shown) -> str:
    """Return the name of a block's macro.

    Examples
    --------
    >>> from custlib.report.blocks import Text
    >>> block_name(Text("a"))
    'text'
    """
    return type(block).__name__.lower()


def picture(svg: str) -> Markup:
    """Mark an SVG as safe; :class:`~custlib.report.blocks.Figure` has validated it.

    Examples
    --------
    >>> picture("<svg/>")
    Markup('<svg/>')
    """
    return Markup(svg)  # checked by custlib.report.svg.check_svg when the block was made


def render_block(block: Shown, language: str, *, level: int = 3) -> Markup:
    """Render one block.

    Examples
    --------
    >>> from custlib.report.blocks import Text
    >>> render_block(Text("One **two**."), "en")
    Markup('<p>One <strong>two</strong>.</p>')
    """
    template = environment(language).get_template("blocks.html.j2")
    module: Any = template.module
    return Markup(str(module.render(block, level)).strip())  # autoescaped by the template


@cache
def stylesheet(*names: str) -> str:
    """Join style sheets, without comments and unneeded white space.

    Examples
    --------
    >>> stylesheet("colours")[:24]
    '.custlib{--ink:#16202A;-'
    """
    folder = files("custlib.report").joinpath("templates")
    source = "\n".join(folder.joinpath(f"{name}.css").read_text("utf-8") for name in names)
    bare = " ".join(re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL).split())
    bare = re.sub(r"\s*([{};,>])\s*", r"\1", bare)
    return re.sub(r"(?<=[\w-]):\s+(?=[^{}]*[;}])", ":", bare).replace(";}", "}")


# What the HTML itself says, for when its style sheet is removed.
_WITHOUT_STYLES = (
    (r"<svg\b", r'<span hidden="hidden"><svg'),
    (r"</svg>", r"</svg></span>"),
    (r"<div><dt>", r'<div style="clear:both"><dt>'),
    (r'<(td|th scope="row")(?=[ >])(?![^>]*class="r)', r'<\1 style="text-align:left"'),
)


def snippet(block: Shown, language: str = "en") -> str:
    """Render a block for JupyterLab, with its styles, in the colours of its theme.

    JupyterLab removes the style sheet and the pictures of a notebook that is not trusted, but not the words in these.
    So pictures are hidden until the styles show them, and a sentence on how to see them is hidden by the styles.

    Examples
    --------
    >>> from custlib.report.blocks import Text
    >>> snippet(Text("One."))[-40:]
    '<div class="lab"><p>One.</p></div></div>'
    """
    frame = Markup('<div class="custlib"><style>{}</style><div class="lab">{}</div></div>')
    body = render_block(block, language)
    shown = str(body)
    for pattern, replacement in _WITHOUT_STYLES:
        shown = re.sub(pattern, replacement, shown)
    remark = Markup('<p class="untrusted">{}</p>').format(texts(language)("page.untrusted")) if "<text" in body else ""
    return str(frame.format(Markup(_styles_of_lab()), Markup(shown) + remark))  # of the package, and escaped above


@cache
def _styles_of_lab() -> str:
    """Write the styles with more weight than those that JupyterLab has for any HTML, and the colours of its themes."""
    light, dark = (
        f"[data-jp-theme-light={is_light}] .custlib{{{';'.join(f'--{k}:{v}' for k, v in colours(theme).items())};"
        "--paper:var(--jp-layout-color0)}"
        for theme, is_light in (("light", "true"), ("dark", "false"))
    )
    sheet = f"{stylesheet('lab', 'colours', 'blocks')}{light}@media screen{{{dark}}}"
    return sheet.replace(".custlib", ".custlib" * 3)
