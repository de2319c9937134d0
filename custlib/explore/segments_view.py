"""The segmentations of a run, to look into from a notebook."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from custlib.models.display import Displayed, Shown
from custlib.move.ledger import moves
from custlib.move.paths import WHOLE
from custlib.run import Run
from custlib.segment import profiles, registry
from custlib.segment.measures import SOURCES

if TYPE_CHECKING:
    import pandas as pd


class Segmentation(Displayed):
    """One segmentation of a run; ``run.segments[name]`` gives it.

    Attributes
    ----------
    name : str
        Its name.
    as_of : str
        The day its thresholds were taken from, ISO.
    """

    def __init__(self, run: Run, name: str) -> None:
        self._definition = run.get("definitions")[name]
        self.name, self.as_of, self._run = name, self._definition.fitted, run

    def summary(self) -> "pd.DataFrame":
        """Add up customers and money of each segment, the most valuable first.

        Returns
        -------
        pandas.DataFrame
            One row per segment: ``segment``, ``name``, ``customers``, ``revenue``, ``value`` and what else is known.
        """
        engine = self._run.make("customer_segments", "customer_value")
        return profiles.summary(engine, self._definition, language=self._run.project.language)

    def moves(self) -> "pd.DataFrame":
        """Count the customers who changed segment since the date compared with, by cause.

        Returns
        -------
        pandas.DataFrame
            One row per ``cause`` (``ageing``, ``purchases``, ``definition``, ``data``, ``identity``), ``from_segment``
            and ``to_segment``, those who stayed included: customers, their money before and after, their value.
        """
        frame = moves(self._run.make("segment_moves"), self.name)
        return frame[frame["cause"] != WHOLE].reset_index(drop=True)

    def _shown(self) -> Shown:
        summary = self.summary()
        rows = [
            (f"{name} ({segment})", f"{customers:,}", f"{share:.1%}")
            for segment, name, customers, share in zip(
                summary["segment"], summary["name"], summary["customers"], summary["customer_share"], strict=True
            )
        ]
        return Shown(f"{self.name}, defined as of {self.as_of}", rows, ("segment", "customers", "share"))


class Segments(Displayed):
    """The segmentations of a run by name; :attr:`Run.segments` gives them.

    Those that the run makes for every customer come first; any other that the data allow is made when it is asked for.
    """

    def __init__(self, run: Run, making: Callable[[str], Run]) -> None:
        self._run, self._making = run, making

    def __getitem__(self, name: str) -> Segmentation:
        """Make a segmentation; an unknown name, or one that the data do not allow, is refused with the reason."""
        return Segmentation(self._making(name), name)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the segmentations that the data allow, those that the run makes for every customer first."""
        names, missing = self._run.get("segmentation_names"), self._run.get("missing_segmentations")
        return (*names, *(name for name in registry.names() if name not in {*names, *missing}))

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter(self.names)

    def __len__(self) -> int:
        """Count the names."""
        return len(self.names)

    def __contains__(self, name: object) -> bool:
        """Whether the data allow a segmentation."""
        return name in self.names

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.names)

    def _shown(self) -> Shown:
        there, missing = self._run.get("segmentation_names"), self._run.get("missing_segmentations")
        rows = [(name, "in customers()" if name in there else "on demand") for name in self.names]
        rows += [
            (name, f"needs {', '.join(SOURCES.get(one, one) for one in lacks)}") for name, lacks in missing.items()
        ]
        return Shown("Segmentations", rows)
