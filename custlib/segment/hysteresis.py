"""Remembers where customers were, so that one near a cut stays there: a cut must be passed clearly."""

from collections.abc import Iterable
from dataclasses import dataclass

from custlib.segment.definitions import Definition


@dataclass(frozen=True)
class Memory:
    """Where customers were before, so that one near a cut stays there (hysteresis).

    A customer keeps the segment of before while that is what the cuts would give, were they all higher or all lower
    by the margin: a cut must be passed clearly, or by time, before a customer is called another.

    Attributes
    ----------
    definition : Definition
        What assigned before.
    table : str
        The customers of before.
    margin : float
        Share by which a cut must be passed; 0 holds nobody.
    earlier : Memory, optional
        Where they were before that: what held them then still counts.
    """

    definition: Definition
    table: str
    margin: float
    earlier: "Memory | None" = None


def remember(definition: Definition, tables: Iterable[str], margin: float) -> Memory | None:
    """Remember where customers were at several dates, so that who is held stays held."""
    found = None
    for table in tables if margin else ():
        found = Memory(definition, table, margin, found)
    return found
