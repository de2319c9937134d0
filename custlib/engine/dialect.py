"""The few words in which SQL engines differ, so that every step is written once.

A step is a function from a :class:`Dialect` to one select. It names columns as they are, quotes what a user
named through :meth:`Dialect.name`, and leaves values as ``:parameters`` for the engine to bind.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Dialect:
    """Templates of the words that differ between engines.

    Examples
    --------
    >>> DUCKDB.days("as_of", "day")
    "date_diff('day', day, as_of)"
    >>> SPARK.days("as_of", "day")
    'datediff(as_of, day)'
    """

    engine: str
    quote: str
    days_template: str
    add_days_template: str
    integer_division: str
    min_by: str
    text_type: str

    def name(self, identifier: str) -> str:
        """Quote an identifier that a user chose.

        Parameters
        ----------
        identifier : str
            A column as named in the source, of any characters.

        Returns
        -------
        str
            The quoted identifier.

        Examples
        --------
        >>> SPARK.name("net amount")
        '`net amount`'
        """
        return self.quote + identifier.replace(self.quote, self.quote * 2) + self.quote

    def days(self, later: str, earlier: str) -> str:
        """Write the days from ``earlier`` to ``later``."""
        return self.days_template.format(later=later, earlier=earlier)

    def add_days(self, day: str, days: str) -> str:
        """Write the date ``days`` after ``day``."""
        return self.add_days_template.format(day=day, days=days)

    def divide(self, number: str, by: str) -> str:
        """Write an integer division that drops the remainder."""
        return f"({number} {self.integer_division} {by})"


def literal(text: str) -> str:
    """Write a text as an SQL literal, for the few places where an engine cannot bind a value.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The quoted literal.

    Examples
    --------
    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


DUCKDB = Dialect(
    engine="duckdb",
    quote='"',
    days_template="date_diff('day', {earlier}, {later})",
    add_days_template="({day} + cast({days} as integer))",
    integer_division="//",
    min_by="arg_min",
    text_type="varchar",
)
SPARK = Dialect(
    engine="spark",
    quote="`",
    days_template="datediff({later}, {earlier})",
    add_days_template="date_add({day}, {days})",
    integer_division="div",
    min_by="min_by",
    text_type="string",
)
