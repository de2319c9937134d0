"""What blocks are made of: frozen dataclasses whose fields pydantic checks, and links to pages beside.

The same check runs when a notebook makes a block and again when its JSON is read for a page, so that nothing
unexpected is ever printed. Faults are worded as errors of custlib.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, ConfigDict, Strict, ValidationError, ValidatorFunctionWrapHandler, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import ArgsKwargs, ErrorDetails

from custlib.errors import UsageError, hint

RELATIVE = r"(?:(?!/|[^()\s]*//)(?:[\w%.-]+/)*[\w%.-]+\.html(?:#[\w-]+)?|#[\w-]+)"

T = TypeVar("T")
Many = Annotated[Sequence[T], AfterValidator(tuple)]
Pair = Annotated[tuple[str, str], Strict(False)]  # also from a list, as JSON has no tuples; its texts stay strict

_NEEDS = {
    "string_type": "str. Format it first (custlib.report.formats).",
    "int_type": "int.",
    "float_type": "float.",
    "is_instance_of": "a list.",
    "sequence_str": "a list.",
}


def is_relative(href: str) -> bool:
    """Tell whether a link leads to a page beside this one (no scheme, host, root or script).

    Examples
    --------
    >>> [is_relative(h) for h in ("value.html", "../index.html#top", "#why", "/x.html", "javascript:a.html")]
    [True, True, True, False, False]
    """
    return bool(re.fullmatch(RELATIVE, href))


@dataclass(frozen=True, config=ConfigDict(strict=True, extra="forbid"))
class Checked:
    """Base of blocks and of their parts, which inherit its strict configuration.

    Examples
    --------
    >>> from custlib.report.blocks import Bullets
    >>> Bullets(["call", "write"]).items
    ('call', 'write')
    >>> Bullets([1])
    Traceback (most recent call last):
    custlib.errors.UsageError: Bullets: items[0] is int, needs str. Format it first (custlib.report.formats).
    """

    @classmethod
    def read(cls, mapping: Mapping[str, Any]) -> "Checked":
        """Make an instance from its fields; unknown and missing keys are refused."""
        return cls(**mapping)

    @model_validator(mode="wrap")
    @classmethod
    def _check(cls, value: Any, check: ValidatorFunctionWrapHandler) -> Self:
        if not isinstance(value, ArgsKwargs):  # a field of another block, which words its own faults
            return check(cls.read(value) if isinstance(value, Mapping) else value)
        try:
            return check(value)
        except ValidationError as fault:
            raise UsageError(_message(cls, fault.errors(include_url=False))) from None


def _message(block: type[Checked], faults: list[ErrorDetails]) -> str:
    """Word the first fault; unknown and missing keys come before values of the wrong type."""
    names = [field.name for field in fields(block)]
    for fault in faults:
        if fault["type"] == "unexpected_keyword_argument":
            key = str(fault["loc"][0])
            return f"{block.__name__}: key {key!r} is not known. {hint(key, names)}"
    missing = [str(fault["loc"][0]) for fault in faults if fault["type"] == "missing" and len(fault["loc"]) == 1]
    if missing:
        return f"{block.__name__}: missing {', '.join(missing)}."
    first, *place = faults[0]["loc"]
    if faults[0]["type"] == "missing":
        place.pop()  # the index that a short tuple lacks
    name = first if isinstance(first, str) else names[first]
    return f"{block.__name__}: {name}{''.join(f'[{part}]' for part in place)} {_fault(faults[0])}"


def _fault(fault: ErrorDetails) -> str:
    kind, value, context = fault["type"], fault["input"], fault.get("ctx", {})
    if kind == "literal_error":
        return f"is {value!r}. Use one of: {context['expected']}."
    if kind in ("too_long", "missing", "tuple_type"):
        return "needs 2 values, as (str, str)."
    needs = _NEEDS.get(kind, f"{context.get('class_name', kind)}.")
    return f"is {type(value).__name__}, needs {needs}"
