"""The base of all schemas of files and options: a value has the type it is written as, and nothing is converted.

``horizon_days = true`` would be one day, ``margin = "0.3"`` a number and ``as_of = 20250630`` a day of August 1970.
Whole numbers stand for numbers with decimals, and a date may be a text: ``as_of = "2025-06-30"``.
"""

import datetime as dt
import re
from typing import Any

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EXACT = ("int", "float", "bool")
_VALUES = ("default", "expected", "metadata", "serialization")  # parts of a schema that are none


def _exact(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_exact(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {key: part if key in _VALUES else _exact(part) for key, part in schema.items()}
    if schema.get("type") in _EXACT:
        return core_schema.no_info_before_validator_function(_plain, parts | {"strict": True})
    if schema.get("type") == "date":
        return core_schema.no_info_before_validator_function(_day, parts)
    return parts


def _plain(value: Any) -> Any:
    """Take a number of numpy for what it is."""
    return value.item() if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0 else value


def _day(value: Any) -> Any:
    """Take a date, or the text of one; numbers are no dates."""
    if isinstance(value, dt.date) or (isinstance(value, str) and _ISO.fullmatch(value)):
        return value
    raise ValueError("is no date; write 2025-06-30")


class Exact(BaseModel):
    """A schema whose numbers, switches and dates must be written as such.

    Examples
    --------
    >>> class Horizon(Exact):
    ...     days: int
    >>> Horizon(days=True)
    Traceback (most recent call last):
    pydantic_core._pydantic_core.ValidationError: 1 validation error for Horizon
    days
      Input should be a valid integer ...
    """

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[BaseModel], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Make the schema exact, also within lists and tables."""
        schema: CoreSchema = _exact(handler(source))
        return schema
