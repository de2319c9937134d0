"""What an attacker knows of the numbers of all pages of a run: their intervals, and what they add up to.

A count is known by its system, class and date, by the ends of a move, or by its place in a cross table.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from custlib.report.texts import texts
from tests.report.attack import (
    Claims,
    Key,
    change_between,
    count_between,
    figure_of,
    list_between,
    money_between,
    money_step_of,
    share_between,
)

T = texts("en")
BASE, GONE, NEW = "base", T("moves.gone"), T("moves.new")


def begins(key: str) -> str:
    """The fixed beginning of a label of the pages."""
    return str(T.words[key]).split("{")[0]


@dataclass
class Reader:
    """What the pages say of each number, and the claims that follow.

    Attributes
    ----------
    systems : mapping of str to mapping of str to str
        By segmentation: the ids of its classes by name, the most valuable first.
    followed : str
        The segmentation that playbooks follow.
    told : dict
        By count: the texts that the pages write for it.
    kinds : set of str
        Kinds of blocks that were understood.
    """

    systems: Mapping[str, Mapping[str, str]]
    followed: str = "rfm"
    step: int = 10
    claims: Claims = field(default_factory=Claims)
    told: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    kinds: set[str] = field(default_factory=set)
    later: list[Callable[[], None]] = field(default_factory=list)
    shares: list[tuple[Key, Key, str, tuple[str, ...]]] = field(default_factory=list)
    coarse: set[Key] = field(default_factory=set)
    amounts: dict[Key, set[Key]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        for system, classes in self.systems.items():
            now = [self.claims.know(("size", system, name, "now")) for name in classes]
            self.claims.total(now, self.claims.know(BASE))

    @property
    def hidden(self) -> list[Key]:
        """Counts that are hidden wherever they stand."""
        return [key for key, said in self.told.items() if said and all(text.startswith("<") for text in said)]

    def tells(self, told: Iterable[tuple[Key, str]]) -> None:
        """Take the counts of a list with a known total."""
        told = list(told)
        for (key, text), ends in zip(told, list_between([text.strip() for _, text in told]), strict=True):
            self._take(key, text, ends)

    def tell(self, key: Key, text: str, step: int = 10) -> None:
        """Take a written count."""
        self._take(key, text, count_between(text, step))

    def _take(self, key: Key, text: str, ends: tuple[float, float] | None) -> None:
        if ends:
            self.told[key].add(text.strip())
            self.claims.know(key, *ends)

    def money(self, key: Key, text: str) -> None:
        """Take a written amount."""
        self.claims.know(key, *(money_between(text) or (-inf, inf)), whole=False)

    def moneys(self, told: Iterable[tuple[Key, Key, str]]) -> None:
        """Take a column of amounts, each with the key of its customers; nobody brings nothing.

        Where a count is hidden, amounts may be rounded more than they show: to the widest step that fits all.
        """
        told = list(told)
        hides = any(text.startswith("<") for _, of, _ in told for text in self.told.get(of, ()))
        step = money_step_of(text for _, _, text in told) if hides else 0.0
        for key, of, text in told:
            nobody = self.claims.bounds.get(of) == (0, 0)
            self.claims.know(key, *((0.0, 0.0) if nobody else money_between(text, step) or (-inf, inf)), whole=False)
            self.amounts[of].add(key)
            self.coarse |= {key} if hides else set()

    def close(self) -> Claims:
        """Add what is known only when all is read: shares of counts, and what systems add up to."""
        for measure in ("profit", "value", "revenue", "residual"):
            for system, classes in self.systems.items():
                own = [("money", measure, system, name) for name in classes]
                if all(key in self.claims.bounds for key in own):
                    self.claims.total(own, self.claims.know(("money", measure), -inf, whole=False))
        for add in self.later:
            add()
        for key, whole, text, column in self.shares:
            self._share(key, whole, share_between(text, column))
        return self.claims

    def _share(self, key: Key, whole: Key, ends: tuple[float, float] | None) -> None:
        """Take the written share of a count; that of a rounded one says no more than the count."""
        least, most = self.claims.bounds.get(whole, (0, inf))
        about = [figure_of(said) for said in self.told[key] if said.startswith("≈")]
        if ends and not any(ends[0] * least - 1e-6 <= n <= ends[1] * most + 1e-6 for n in about):
            self.claims.add({key: 1, whole: -ends[1]}, -inf, 0)
            self.claims.add({key: 1, whole: -ends[0]}, 0, inf)

    def part(self, amount: Key, whole: Key, text: str, column: Iterable[str] = ()) -> None:
        """Take the written share of an amount in a whole that is itself told only about."""
        ends = share_between(text, column)
        if ends and amount not in self.coarse:  # the share of a rounded amount says no more than the amount
            self.claims.add({amount: 1, whole: -ends[1]}, -inf, 0)
            self.claims.add({amount: 1, whole: -ends[0]}, 0, inf)

    def change(self, system: str, name: str, text: str) -> None:
        ends = change_between(text.split(",")[0])
        if ends and text != "–":
            then = self.claims.know(("size", system, name, "then"))
            self.claims.add({("size", system, name, "now"): 1, then: -1}, *ends)

    def system_of(self, title: str, names: Sequence[str]) -> str | None:
        """Find the system that classes belong to: the smallest that has all of them."""
        fit = {s: len(c) for s, c in self.systems.items() if len(names) > 1 and set(names) <= c.keys()}
        titled = [s for s in fit if title.startswith(T.words.get(f"systems.{s}.name", s))]
        return titled[0] if titled else min(fit, key=fit.__getitem__, default=None)
