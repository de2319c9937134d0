"""The graph of a run: every table, record and value is made by one node, and a node's parameters are its inputs.

A node is a plain function in the module that owns it::

    @table
    def cells(engine, customer_activity): ...               # makes the engine table of its name

    @record(load=read_model)
    def lifetime_model(engine, cells, model_choice): ...    # returns what JSON can hold

    @value
    def season(engine, lifetime_model, transactions): ...   # returns an object, computed once per process

A parameter names another node or a root (``engine``, ``project``, ...); a table is passed by its name. What raises
:class:`~custlib.errors.ModelError` is unavailable, and so is all that needs it, with the same reason; a parameter whose
default is ``REFUSED`` takes a :class:`Refusal` instead.
"""

import inspect
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from threading import RLock
from types import ModuleType
from typing import Any, Literal, TypeVar, overload

from custlib.engine.base import Engine
from custlib.engine.shelf import turn, write_text
from custlib.errors import ModelError, RunError, UsageError, hint

Function = TypeVar("Function", bound=Callable[..., Any])
NOT_INSTALLED = "not_installed"
log = logging.getLogger("custlib")


@dataclass(frozen=True)
class Refusal:
    """Why an input is unavailable: the code that pages have words for, and the message of the error."""

    reason: str = ""
    message: str = ""
    origin: str = ""

    @classmethod
    def of(cls, fault: ModelError) -> "Refusal":
        """The refusal that an error states, with the node that raised it."""
        return cls(fault.reason, str(fault), fault.origin)

    def __bool__(self) -> bool:
        """A refusal is false, so that ``potential or {}`` reads as one expects."""
        return False


REFUSED: Any = Refusal()


@dataclass(frozen=True)
class Node:
    """One node of the graph.

    Attributes
    ----------
    name, module : str
        Its name, which is that of what it makes, and the module that owns it.
    kind : {"table", "record", "value"}
        What it makes.
    make : callable
        The function.
    inputs : tuple of str
        Names of its parameters.
    optional : frozenset of str
        Those that may be unavailable.
    load : callable, optional
        Turns what JSON holds into the object that other nodes get.
    table : str
        The table whose node also writes this record.
    """

    name: str
    module: str
    kind: Literal["table", "record", "value"]
    make: Callable[..., Any]
    inputs: tuple[str, ...]
    optional: frozenset[str] = frozenset()
    load: Callable[[Any], Any] | None = None
    table: str = ""


@overload
def table(function: Function) -> Function: ...
@overload
def table(*, records: tuple[str, ...]) -> Callable[[Function], Function]: ...
def table(function: Any = None, *, records: tuple[str, ...] = ()) -> Any:
    """Mark a function that makes the engine table of its name, and returns the named records beside it."""
    return _mark("table", function, records=records)


@overload
def record(function: Function) -> Function: ...
@overload
def record(*, load: Callable[[Any], Any]) -> Callable[[Function], Function]: ...
def record(function: Any = None, *, load: Callable[[Any], Any] | None = None) -> Any:
    """Mark a function that returns what JSON can hold; it is kept in a file, and read again by ``load``."""
    return _mark("record", function, load=load)


def value(function: Function) -> Function:
    """Mark a function that returns an object, computed once per process."""
    return _mark("value", function)


def _mark(kind: Any, function: Any, *, load: Any = None, records: tuple[str, ...] = ()) -> Any:
    def mark(function: Any) -> Any:
        parameters = inspect.signature(function).parameters
        optional = frozenset(name for name, one in parameters.items() if one.default is REFUSED)
        node = Node(function.__name__, function.__module__, kind, function, tuple(parameters), optional, load)
        beside = [Node(name, node.module, "record", function, (node.name,), table=node.name) for name in records]
        function.__nodes__ = (node, *beside)
        return function

    return mark if function is None else mark(function)


def collect(modules: Iterable[str | ModuleType]) -> dict[str, Node]:
    """Gather the nodes of modules by name; two nodes of one name are a bug."""
    nodes: dict[str, Node] = {}
    for entry in modules:
        module = import_module(entry) if isinstance(entry, str) else entry
        for function in vars(module).values():
            if getattr(function, "__module__", "") != module.__name__:
                continue  # imported there, owned elsewhere
            for node in getattr(function, "__nodes__", ()):
                if node.name in nodes:
                    raise ValueError(f"two nodes make {node.name}: {nodes[node.name].module} and {node.module}")
                nodes[node.name] = node
    return nodes


class Graph:
    """Makes what is asked for, and all that it needs, once.

    Parameters
    ----------
    nodes : mapping of str to Node
        As :func:`collect` gathers them.
    engine : Engine
        Makes the tables; records lie in its folder.
    **roots
        Inputs that no node makes, by name.
    """

    def __init__(self, nodes: Mapping[str, Node], engine: Engine, **roots: Any) -> None:
        self.nodes, self.engine = dict(nodes), engine
        self._values: dict[str, Any] = {"engine": engine} | roots
        self._refusals: dict[str, ModelError] = {}
        self._turn = RLock()

    def get(self, name: str) -> Any:
        """Make what a node makes, unless it is there: the name of a table, or an object; one thread at a time."""
        with self._turn:
            return self._get(name)

    def _get(self, name: str) -> Any:
        if name in self._refusals:
            raise self._refusals[name]
        if name not in self._values:
            try:
                self._values[name] = self._resolve(self._node(name))
            except ModelError as fault:
                fault.origin = fault.origin or name
                self._refusals[name] = fault
                raise
        return self._values[name]

    def why(self, name: str) -> str:
        """The reason why something is unavailable, as a code; empty where it can be had."""
        return self.refusal(name).reason

    def refusal(self, name: str) -> Refusal:
        """Why something is unavailable; an empty reason where it can be had."""
        try:
            self.get(name)
        except ModelError as fault:
            return Refusal.of(fault)
        return Refusal()

    def call(self, function: Callable[..., Any], **values: Any) -> Any:
        """Call a function with the nodes that its parameters name; ``values`` are used instead of nodes."""
        return function(**self.arguments(function, values))

    def arguments(self, function: Callable[..., Any], values: Mapping[str, Any]) -> dict[str, Any]:
        """Resolve the parameters of a function, except those in ``values`` and those with a default."""
        inputs = {}
        for name, parameter in inspect.signature(function).parameters.items():
            if name in values:
                inputs[name] = values[name]
            elif parameter.default is REFUSED:
                inputs[name] = self._optional(name)
            elif parameter.default is parameter.empty:
                inputs[name] = self.get(name)
        return inputs

    def bind(self, function: Callable[..., Any], names: tuple[str, ...], options: Mapping[str, Any]) -> dict[str, str]:
        """Say which node each parameter of a function takes: its own name, else the next of the names given."""
        rest, nodes = list(names), {}
        for name, parameter in inspect.signature(function).parameters.items():
            if name in options or parameter.kind is parameter.VAR_POSITIONAL:
                continue
            if name in self.nodes or name in self._values:
                nodes[name] = name
            elif rest:
                nodes[name] = rest.pop(0)
        if rest:
            raise UsageError(f"{function.__name__}: takes no node {rest[0]}.")
        return nodes

    @staticmethod
    def optional(function: Callable[..., Any]) -> set[str]:
        """Parameters of a function that may be unavailable."""
        parameters = inspect.signature(function).parameters.items()
        return {name for name, one in parameters if one.default is REFUSED}

    def _optional(self, name: str) -> Any:
        try:
            return self.get(name)
        except ModelError as fault:
            return Refusal.of(fault)

    def _node(self, name: str) -> Node:
        if name not in self.nodes:
            raise UsageError(f"graph: nothing makes {name}. {hint(name, sorted({*self.nodes, *self._values}))}")
        return self.nodes[name]

    def _resolve(self, node: Node) -> Any:
        if node.kind == "table":
            return self._table(node)
        return self._record(node) if node.kind == "record" else self.call(node.make)

    def _table(self, node: Node) -> str:
        if not self.engine.has(node.name):
            inputs = self.arguments(node.make, {})
            with turn(self.engine.folder):
                if not self.engine.has(node.name):  # some tables are made with an input, or by another run meanwhile
                    log.info("make %s", node.name)
                    for name, content in (node.make(**inputs) or {}).items():
                        self._write(name, content)
        self.engine.open(node.name)
        return node.name

    def _record(self, node: Node) -> Any:
        path = self._path(node.name)
        if not path.is_file():
            if node.table:
                self.get(node.table)
            else:
                self._write(node.name, self._content(node))
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise RunError(f"{node.name}: the folder of tables is gone. Open the run again.") from None
        if isinstance(content, dict) and "refused" in content:
            raise ModelError(content["message"], reason=content["refused"])
        return node.load(content) if node.load else content

    def _content(self, node: Node) -> Any:
        """What a record holds; a refusal is kept too, so that no process tries it again."""
        inputs = self.arguments(node.make, {})
        try:
            return node.make(**inputs)
        except ModelError as fault:
            if fault.reason == NOT_INSTALLED:  # it may be tomorrow
                raise
            return {"refused": fault.reason, "message": str(fault)}

    def _write(self, name: str, content: Any) -> None:
        write_text(self._path(name), json.dumps(content, indent=1, sort_keys=True) + "\n")

    def _path(self, name: str) -> Path:
        return self.engine.folder / f"{name}.json"


def edges(nodes: Mapping[str, Node]) -> list[tuple[str, str]]:
    """List who needs whom, as pairs of an input and what is made of it."""
    return sorted((name, node.name) for node in nodes.values() for name in node.inputs)
