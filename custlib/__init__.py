"""custlib: who your customers are, what each is worth, how they differ, and what to do about it.

Five lines, from purchases to customers:

>>> import custlib
>>> import pandas as pd
>>> days = pd.to_datetime(["2025-01-01", "2025-03-01", "2025-02-01", "2025-02-09", "2025-04-02"])
>>> sales = pd.DataFrame({"customer_id": ["ann", "ann", "bob", "bob", "cy"], "timestamp": days, "amount": 10.0})
>>> run = custlib.open(sales, as_of="2025-06-30")
>>> run.customers()[["customer_id", "frequency", "days_since_last", "revenue"]]
  customer_id  frequency  days_since_last  revenue
0         ann          1              121     20.0
1         bob          1              141     20.0
2          cy          0               89     10.0

In a notebook ``run`` shows itself. `open` also takes a file or the name of a project, `fit` and `score` take frames of
frequency, recency and T, and `models` holds the mathematics on arrays. What ``__all__`` names is public and promised;
it loads when it is first used.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:  # type checkers and editors see the names; Python loads them when first used
    from custlib import errors, models
    from custlib.explore.interactive_run import Run
    from custlib.explore.opening import open
    from custlib.explore.run_table import Table
    from custlib.lifetimes.adapters import from_lifetimes, to_lifetimes
    from custlib.lifetimes.summary_models import SummaryModels, fit, score
    from custlib.segment.registry import register

__version__ = "0.2.0"

__all__ = [
    "Run",
    "SummaryModels",
    "Table",
    "errors",
    "fit",
    "from_lifetimes",
    "models",
    "open",
    "register",
    "score",
    "to_lifetimes",
]

_MODULES = {
    "Run": "custlib.explore.interactive_run",
    "SummaryModels": "custlib.lifetimes.summary_models",
    "Table": "custlib.explore.run_table",
    "fit": "custlib.lifetimes.summary_models",
    "from_lifetimes": "custlib.lifetimes.adapters",
    "open": "custlib.explore.opening",
    "register": "custlib.segment.registry",
    "score": "custlib.lifetimes.summary_models",
    "to_lifetimes": "custlib.lifetimes.adapters",
}


if not TYPE_CHECKING:  # or else any name would pass

    def __getattr__(name: str) -> object:
        """Load a public name when it is first used."""
        if name in _MODULES or name in __all__:
            from importlib import import_module

            module = import_module(_MODULES.get(name, f"custlib.{name}"))
            return getattr(module, name) if name in _MODULES else module
        raise AttributeError(f"module 'custlib' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List what is public."""
    return sorted([*__all__, "__version__"])
