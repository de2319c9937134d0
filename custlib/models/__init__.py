"""Mathematics on arrays: lifetime, spend and priorities, without engine, files or data frames.

>>> from custlib.models import bgnbd
>>> model = bgnbd.fit([0, 0, 1, 2, 0, 5], [0, 0, 4, 30, 0, 35], [39, 38, 38, 37, 36, 36])
>>> round(float(bgnbd.expected_purchases(model, 39, 2, 30, 37)), 1)
2.0

Public are the classes and modules named in ``__all__``, and of these modules what their ``__all__`` names. They load
when first used, so that importing `custlib.models` stays light.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # type checkers and editors see the names; Python loads them when first used
    from custlib.models import ahp, bgnbd, forecasting, gammagamma, mbgnbd, paretonbd
    from custlib.models.ahp import Priorities
    from custlib.models.bgnbd import BGNBD
    from custlib.models.gammagamma import GammaGamma
    from custlib.models.mbgnbd import MBGNBD
    from custlib.models.paretonbd import ParetoNBD

__all__ = [
    "BGNBD",
    "MBGNBD",
    "GammaGamma",
    "ParetoNBD",
    "Priorities",
    "ahp",
    "bgnbd",
    "forecasting",
    "gammagamma",
    "mbgnbd",
    "paretonbd",
]

_CLASSES = {
    "BGNBD": "bgnbd",
    "GammaGamma": "gammagamma",
    "MBGNBD": "mbgnbd",
    "ParetoNBD": "paretonbd",
    "Priorities": "ahp",
}


if not TYPE_CHECKING:  # or else any name would pass

    def __getattr__(name: str) -> object:
        """Load a public class or module when it is first used."""
        if name in _CLASSES:
            return getattr(import_module(f"custlib.models.{_CLASSES[name]}"), name)
        if name in __all__:
            return import_module(f"custlib.models.{name}")
        raise AttributeError(f"module 'custlib.models' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List what is public."""
    return sorted(__all__)
