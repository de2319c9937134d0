"""Writes the age band of a customer at a date as SQL on a birth date; ``rules/structure.toml`` defines the bands."""

import datetime as dt

from custlib import rules
from custlib.engine.dialect import Dialect


def bands() -> tuple[str, ...]:
    """List the age bands, the youngest first.

    Examples
    --------
    >>> bands()
    ('0-17', '18-24', '25-34', '35-44', '45-54', '55-64', '65+')
    """
    return tuple(band["id"] for band in _bands())


def age_band(sql: Dialect, attribute: str, as_of: dt.date, *, form: str | None = None) -> str:
    """Write the age band at a date.

    Examples
    --------
    >>> from custlib.engine.dialect import DUCKDB
    >>> "then '65+'" in age_band(DUCKDB, "attribute_birth_date", dt.date(2025, 6, 30))
    True
    """
    born = sql.formatted_day(attribute, form) if form else f"cast({sql.moment(attribute)} as date)"
    years, oldest = age(born, as_of), rules.load("structure")["oldest"]
    cases = " ".join(f"when {years} >= {band['at_least']} then {sql.literal(band['id'])}" for band in _bands()[::-1])
    return f"case when {years} > {oldest} then null {cases} end"


def age(born: str, as_of: dt.date) -> str:
    """Write the age in full years at a date; a birthday on 29 February counts from 1 March."""
    number = f"{as_of:%Y%m%d}"
    return f"floor(({number} - (year({born}) * 10000 + month({born}) * 100 + day({born}))) / 10000.0)"


def _bands() -> list[dict]:
    return sorted(rules.load("structure")["age_band"], key=lambda band: int(band["at_least"]))
