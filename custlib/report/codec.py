"""Blocks to and from plain JSON, and the check that every field holds what its type says.

One rule serves both ways: :func:`coerce` is run when a block is made by a notebook and again when
its JSON is read for a page, so that nothing unexpected is ever printed.
"""

import dataclasses
import types
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from custlib.errors import UsageError, hint


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def coerce_fields(instance: Any) -> None:
    """Check every field of a frozen dataclass and turn its lists into tuples.

    Parameters
    ----------
    instance : dataclass instance
        Called from ``__post_init__``.

    Raises
    ------
    UsageError
        If a field does not hold what its type says.

    Examples
    --------
    >>> from custlib.report.blocks import Bullets
    >>> Bullets(["call", "write"]).items
    ('call', 'write')
    """
    made: type = type(instance)
    for name, kind in _hints(made).items():
        where = f"{made.__name__}: {name}"
        object.__setattr__(instance, name, coerce(getattr(instance, name), kind, where))


def coerce(value: Any, kind: Any, where: str) -> Any:
    """Turn a value into a type, or refuse it.

    Parameters
    ----------
    value : object
        What was given.
    kind : type
        ``str``, ``int``, ``float``, ``Literal``, a dataclass, ``| None``, ``tuple`` or ``Sequence``.
    where : str
        Start of the error message.

    Returns
    -------
    object
        The value, sequences as tuples and mappings as dataclasses.

    Raises
    ------
    UsageError
        If the value is of another type.

    Examples
    --------
    >>> coerce(["a", "b"], Sequence[str], "items")
    ('a', 'b')
    """
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _dataclass(value, kind, where)
    special = _SPECIAL.get(get_origin(kind))
    if special is not None:
        return special(value, kind, where)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise UsageError(f"{where} is {type(value).__name__}, needs {kind.__name__}.{_advice(kind)}")
    return value


def _advice(kind: type) -> str:
    return " Format it first (custlib.report.formats)." if kind is str else ""


def _dataclass(value: Any, kind: type, where: str) -> Any:
    if isinstance(value, Mapping):
        return build(kind, value, where)
    if not isinstance(value, kind):
        raise UsageError(f"{where} is {type(value).__name__}, needs {kind.__name__}.")
    return value


def _literal(value: Any, kind: Any, where: str) -> Any:
    if value not in get_args(kind):
        raise UsageError(f"{where} is {value!r}. Use one of: {', '.join(map(repr, get_args(kind)))}.")
    return value


def _union(value: Any, kind: Any, where: str) -> Any:
    if value is None and type(None) in get_args(kind):
        return None
    return coerce(value, next(k for k in get_args(kind) if k is not type(None)), where)


def _sequence(value: Any, kind: Any, where: str) -> tuple[Any, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise UsageError(f"{where} is {type(value).__name__}, needs a list.")
    item = get_args(kind)[0]
    return tuple(coerce(one, item, f"{where}[{n}]") for n, one in enumerate(value))


def _tuple(value: Any, kind: Any, where: str) -> tuple[Any, ...]:
    items = get_args(kind)
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != len(items):
        raise UsageError(f"{where} needs {len(items)} values, as ({', '.join(i.__name__ for i in items)}).")
    return tuple(coerce(value[n], item, f"{where}[{n}]") for n, item in enumerate(items))


_SPECIAL: dict[Any, Callable[[Any, Any, str], Any]] = {
    Literal: _literal,
    Union: _union,
    types.UnionType: _union,
    Sequence: _sequence,
    tuple: _tuple,
}


def build(kind: type, mapping: Mapping[str, Any], where: str) -> Any:
    """Make a dataclass from a mapping; unknown and missing keys are refused.

    Parameters
    ----------
    kind : type
        A dataclass.
    mapping : mapping
        Its fields.
    where : str
        Start of the error message.

    Returns
    -------
    object
        An instance of ``kind``.

    Raises
    ------
    UsageError
        If a key is unknown or missing, or a value of the wrong type.

    Examples
    --------
    >>> from custlib.report.blocks import Kpi
    >>> build(Kpi, {"label": "Customers", "value": "2,357"}, "kpi").value
    '2,357'
    """
    fields = {f.name: f for f in dataclasses.fields(kind)}
    if unknown := [key for key in mapping if key not in fields]:
        raise UsageError(f"{where}: key {unknown[0]!r} is not known. {hint(str(unknown[0]), list(fields))}")
    none = dataclasses.MISSING
    needed = [n for n, f in fields.items() if f.default is none and f.default_factory is none]
    if missing := [name for name in needed if name not in mapping]:
        raise UsageError(f"{where}: missing {', '.join(missing)}.")
    return kind(**mapping)


def plain(value: Any) -> Any:
    """Turn a dataclass into what JSON can hold.

    Parameters
    ----------
    value : object
        A dataclass, tuple or plain value.

    Returns
    -------
    object
        Mappings, lists and plain values.

    Examples
    --------
    >>> from custlib.report.blocks import Kpi
    >>> plain(Kpi("Customers", "2,357"))
    {'label': 'Customers', 'value': '2,357', 'note': '', 'tone': 'plain'}
    """
    if hasattr(value, "to_json"):
        return value.to_json()
    if dataclasses.is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value
