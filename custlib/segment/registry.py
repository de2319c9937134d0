"""Which segmentations there are: the shipped ones, imported when they are asked for, and those that are registered.

A segmentation is an object, most often a module, with these verbs::

    define(engine, activity, options) -> dict      the rule: thresholds, centres, classes; numbers and names only
    assign(sql, rule) -> str                       one select from {activity}: customer_id, segment, reason

and, where it has use for them::

    Options                                        a pydantic model of its options in the project file
    needs(options) -> tuple                        the measures it reads beside the activity
    reads(options) -> tuple                        these and the columns of the activity without which it says nothing
    refit(engine, activity, rule) -> dict          the shadow of a frozen rule at another date
    carry(engine, activity, old, new) -> dict      the new rule with the names of segments that stayed
    moved(rule, factor) -> dict                    the rule with its thresholds times a factor, for hysteresis
    classes(options) -> tuple                      the map or file of its segments, and their ids: a playbook is checked

For exploring, a plain function of a frame of customers is one as well.
"""

import hashlib
import inspect
import re
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from pydantic import ConfigDict

from custlib.engine.base import FETCH_LIMIT, Engine
from custlib.engine.dialect import Dialect
from custlib.errors import UsageError, hint
from custlib.project import validated
from custlib.rules.schema import Exact
from custlib.segment import measures

if TYPE_CHECKING:
    import pandas as pd


class Segmentation(Protocol):
    """What every segmentation can do."""

    def define(self, engine: Engine, activity: str, options: dict[str, Any]) -> dict[str, Any]:
        """Make the rule from the customers of one date."""

    def assign(self, sql: Dialect, rule: dict[str, Any]) -> str:
        """Write the select of the segment of every customer of ``{activity}``."""


SHIPPED = {
    "rfm": "custlib.segment.rfm",
    "rfm125": "custlib.segment.rfm",
    "rfa": "custlib.segment.rfm",
    "rfm_airline": "custlib.segment.rfm",
    "rfm_product": "custlib.segment.rfm",
    "abc": "custlib.segment.pyramid",
    "pyramid": "custlib.segment.pyramid",
    "clusters": "custlib.segment.clusters",
    "value_cube": "custlib.segment.value_grid:value_cube",
    "value_matrix": "custlib.segment.value_grid:value_matrix",
    "loyalty_value7": "custlib.segment.tiers",
    "bank5": "custlib.segment.tiers",
    "value_types": "custlib.segment.tiers",
    "credit": "custlib.segment.tiers",
    "lifecycle": "custlib.segment.tiers",
    "need_level": "custlib.segment.tiers",
    "ahp": "custlib.segment.ahp_value",
}
# Their thresholds are absolute amounts of money, those of a bank and of an airline: in another trade they say nothing.
ON_REQUEST = ("rfm_airline", "bank5")
# They rank customers by money so far and by nothing else: without any, all customers are in the last class.
BY_MONEY = ("abc", "pyramid")
REGISTERED: dict[str, Segmentation] = {}
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ID = re.compile(r"\w[\w .+-]*")
OTHER = "other"


def names() -> tuple[str, ...]:
    """List the segmentations, the shipped ones first."""
    return (*SHIPPED, *REGISTERED)


def defaults() -> tuple[str, ...]:
    """List the segmentations of a project that names none: all but those that are made on request only.

    Examples
    --------
    >>> "value_types" in defaults(), "bank5" in defaults()
    (True, False)
    """
    return tuple(name for name in names() if name not in ON_REQUEST)


def segmentation(name: str) -> Segmentation:
    """Find a segmentation by its name."""
    if name in REGISTERED:
        return REGISTERED[name]
    if name not in SHIPPED:
        raise UsageError(f"segmentation: {name} is unknown. {hint(name, names())}")
    module, _, attribute = SHIPPED[name].partition(":")
    own = import_module(module)
    return getattr(own, attribute) if attribute else own


def register(
    segmentation: Segmentation | Callable[["pd.DataFrame"], "pd.Series[Any]"],
    *,
    name: str = "",
    needs: Iterable[str] = (),
) -> None:
    """Register a segmentation, so that runs in this process make it.

    Parameters
    ----------
    segmentation : object or function
        An object with ``define`` and ``assign``, for instance a module. For exploring, a function that takes a frame
        with a row per customer (the columns of ``customer_activity``, and the measures in ``needs``) and returns the
        segment of each as a series. A function is not frozen as code: customers are assigned by running it, on bases
        that can be fetched.
    name : str
        Its name in the project file and in tables; the name of the module or function if left out.
    needs : iterable of str
        Measures that a function reads beside the activity, for instance ``profit_last_91d``.

    Raises
    ------
    UsageError
        Where the name is no name or that of a shipped segmentation, or a verb is missing.

    Examples
    --------
    >>> import custlib
    >>> import pandas as pd
    >>> def silence(customers):
    ...     return (customers["days_since_last"] > 120).map({True: "silent", False: "active"})
    >>> custlib.register(silence)
    >>> days = pd.to_datetime(["2025-01-01", "2025-03-01", "2025-02-01", "2025-02-09", "2025-04-02"])
    >>> sales = pd.DataFrame({"customer_id": ["ann", "ann", "bob", "bob", "cy"], "timestamp": days, "amount": 10.0})
    >>> run = custlib.open(sales, as_of="2025-06-30")
    >>> run.segments["silence"].summary()[["segment", "customers", "revenue"]]
      segment  customers  revenue
    0  silent          2     40.0
    1  active          1     10.0
    2   other          0      0.0

    It stays until the process ends:

    >>> registered = REGISTERED.pop("silence")
    """
    own = name or str(getattr(segmentation, "__name__", "")).rpartition(".")[2]
    if not _NAME.fullmatch(own):
        raise UsageError(f"register: {own!r} is no name. Give name = a word of small letters, digits and _.")
    if own in SHIPPED:
        raise UsageError(f"register: {own} is shipped with custlib. Give it another name.")
    lacking = [verb for verb in ("define", "assign") if not callable(getattr(segmentation, verb, None))]
    if lacking and (inspect.isclass(segmentation) or not callable(segmentation)):
        raise UsageError(f"register: {own} has no {' and no '.join(lacking)}. See docs/extending.md.")
    REGISTERED[own] = PlainFunction(own, segmentation, tuple(needs)) if lacking else segmentation  # type: ignore[arg-type, assignment]


def marks() -> list[tuple[str, str]]:
    """List what is registered, each with a mark of its code: tables made by other code are not read again."""
    return sorted(
        (name, " ".join([_mark(getattr(own, "function", own)), *getattr(own, "measures", ())]))
        for name, own in REGISTERED.items()
    )


def _mark(own: object) -> str:
    """Hash the source of a function, module or class, where it has none its code, and the values it was made with."""
    function = getattr(own, "func", own)  # of a functools.partial
    is_written = inspect.isfunction(function) or inspect.ismodule(function) or inspect.isclass(function)
    try:
        source = inspect.getsource(function if is_written else type(function))  # type: ignore[arg-type]
    except (OSError, TypeError):
        code = getattr(function, "__code__", None)
        constants = [one for one in getattr(code, "co_consts", ()) if not inspect.iscode(one)]
        source = f"{code.co_code.hex()} {code.co_names} {constants}" if code else type(function).__qualname__
    return hashlib.sha256(f"{source}{_values_of(own, function)}".encode()).hexdigest()[:8]


def _values_of(own: object, function: object) -> str:
    """What a function was made with beside its source: defaults, closure, arguments of a partial, attributes."""
    closure = [cell.cell_contents for cell in getattr(function, "__closure__", None) or ()]
    values = [getattr(function, "__defaults__", None) or (), closure]
    if function is not own:
        values += [getattr(own, "args", ()), sorted(getattr(own, "keywords", {}).items())]
    if not (inspect.isfunction(function) or inspect.ismodule(function) or inspect.isclass(function)):
        values.append(sorted(getattr(function, "__dict__", {}).items()))
    return re.sub(r" at 0x[0-9a-f]+", "", repr(values)) if any(values) else ""


def needs(name: str, options: dict[str, Any]) -> tuple[str, ...]:
    """List the measures that a segmentation reads beside the activity."""
    verb = getattr(segmentation(name), "needs", None)
    wanted = tuple(verb({"segmentation": name} | options)) if verb else ()
    measures.check(wanted)
    return wanted


def classes(name: str, options: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Give the map or file of rules that a segmentation is made by, and the ids of its segments.

    Both are empty where they are known only when it is made.

    Examples
    --------
    >>> classes("credit", {})
    ('credit', ('A', 'B', 'C', 'D', 'unknown'))
    >>> classes("value_cube", {})[0], classes("clusters", {})
    ('value8', ('', ()))
    """
    verb = getattr(segmentation(name), "classes", None)
    return verb({"segmentation": name} | options) if verb else ("", ())


def lacking(name: str, options: dict[str, Any], available: Iterable[str]) -> list[str]:
    """List what the data lack for a segmentation.

    Examples
    --------
    >>> lacking("ahp", {}, []), lacking("ahp", {}, ["amounts"])
    (['amounts'], [])
    """
    there = set(available)
    verb = getattr(segmentation(name), "reads", None)
    read = verb({"segmentation": name} | options) if verb else needs(name, options)
    sources = [(measure, measures.source_of(measure)) for measure in read]
    return sorted({source for measure, source in sources if source and not {measure, source} & there})


def check_options(name: str, options: dict[str, Any]) -> None:
    """Check the options of a segmentation before anything is computed."""
    model = getattr(segmentation(name), "Options", None)
    if model is not None:
        validated(model, {"segmentation": name} | options, f"segments.options.{name}")


class PlainFunction:
    """A function of a frame as a segmentation: it is run where customers are assigned, and its result joined."""

    class Options(Exact):
        """A function has no options."""

        model_config = ConfigDict(frozen=True, extra="forbid")
        segmentation: str

    def __init__(self, name: str, function: Callable[["pd.DataFrame"], Any], measures: tuple[str, ...]) -> None:
        self.name, self.function, self.measures = name, function, measures

    def needs(self, options: dict[str, Any]) -> tuple[str, ...]:
        """Name the measures that it reads beside the activity."""
        del options
        return self.measures

    @property
    def code(self) -> str:
        """Tells whether the function is still the same."""
        return _mark(self.function)

    def segments(self, engine: Engine, activity: str) -> "pd.DataFrame":
        """Run the function on the customers of a table: customer_id and segment; null where it gives none."""
        customers = int(engine.fetch(f"select count(*) as n from {activity}")["n"].item())
        if customers > FETCH_LIMIT:
            raise UsageError(
                f"segmentation {self.name}: is a function of a frame, and {customers:,} customers are more than the"
                f" {FETCH_LIMIT:,} that are fetched. Write define and assign for it (docs/extending.md)."
            )
        frame = engine.fetch(f"select * from {activity}").sort_values("customer_id", ignore_index=True)
        texts = self._ids(frame)
        if strange := sorted({text for text in texts.dropna() if not _ID.fullmatch(text)}):
            raise UsageError(f"segmentation {self.name}: {strange[0]!r} is no id. Take words of letters and digits.")
        return frame[["customer_id"]].assign(segment=texts.to_numpy(), profit=frame["profit"].astype(float))

    def _ids(self, frame: "pd.DataFrame") -> "pd.Series[str]":
        """Run the function on a frame; a series belongs to the rows that its index names, whatever their order."""
        ids = self.function(frame.copy())
        if getattr(ids, "shape", None) != (len(frame),) or not hasattr(ids, "index"):
            raise UsageError(f"segmentation {self.name}: its function must return a series, a segment for each row.")
        if not ids.index.is_unique or set(ids.index) != set(frame.index):
            raise UsageError(f"segmentation {self.name}: the series of its function must have the index of the frame.")
        return cast("pd.Series[str]", ids.reindex(frame.index).astype("string"))

    def define(self, engine: Engine, activity: str, options: dict[str, Any]) -> dict[str, Any]:
        """Take the segments that the function gives now, those with most profit per customer first."""
        validated(self.Options, options, f"segments.options.{self.name}")
        counted = self.segments(engine, activity).groupby("segment")["profit"].agg(["size", "mean"])
        means = {str(one): mean for one, mean in counted["mean"].round(6).fillna(0.0).items()}
        ids = sorted((one for one in means if one != OTHER), key=lambda one: (-means[one], one))
        return {
            "frozen": {"function": {"name": self.name, "code": self.code}},
            "not_frozen": "a function of a frame is run where customers are assigned; its code is not kept here",
            "customers": {one: int(counted["size"].get(one, 0)) for one in [*ids, OTHER]},
            "segments": [_segment(one, one) for one in ids] + [_segment(OTHER, "Other", "其他")],
        }

    def assign(self, sql: Dialect, rule: dict[str, Any]) -> str:
        """Write the select of the segment that was joined to every customer; ids not known when defined are other."""
        known = ", ".join(sql.literal(one) for one in rule["customers"])
        reason = sql.literal(f"by the function {self.name}")
        segment = f"case when function_segment in ({known}) then function_segment else '{OTHER}' end"
        return f"select customer_id, {segment} as segment, {reason} as reason from {{activity}}"


def _segment(name: str, *texts: str) -> dict[str, Any]:
    strategy = {"en": "Explore.", "zh": "探索。"}
    return {"id": name, "name": {"en": texts[0], "zh": texts[-1]}, "strategy": strategy}
