"""What is understood of one layout: the role of each column, how values are written, what was assumed and asked."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from custlib.identify.guess.columns import Column
from custlib.identify.guess.questions import Answer, Question
from custlib.identify.guess.sampling import Sample
from custlib.identify.guess.written_numbers import Style


@dataclass
class Understanding:
    """What is understood of one layout so far.

    Attributes
    ----------
    sample : Sample
        The rows that were looked at.
    columns : list of Column
        Its columns.
    roles : dict of str to Column
        The column of each role.
    settings : dict
        Keys of the source, with their values; roles stand under ``columns.<role>``.
    reasons : dict of str to str
        Why each of them is set, for the comment beside it.
    assumptions : list of str
        What the reader should know, in a line each.
    questions : list of Question
        What the file cannot tell.
    """

    sample: Sample
    columns: list[Column]
    roles: dict[str, Column] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    assumptions: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    style: Style = field(default_factory=Style)
    days: tuple[dt.date | None, ...] = ()
    currency: str | None = None

    def take(self, role: str, column: Column, why: str) -> None:
        """Give a column a role."""
        self.roles[role] = column
        self.set(f"columns.{role}", column.name, why)

    def set(self, key: str, value: Any, why: str) -> None:
        """Set a key of the source."""
        self.settings[key] = value
        self.reasons[key] = why

    def ask(self, key: str, text: str, *answers: Answer, can_guess: bool = True) -> None:
        """Ask about a key."""
        self.questions.append(Question(key, text, tuple(answers), can_guess))

    def is_free(self, column: Column) -> bool:
        """Whether a column has no role yet."""
        return column not in self.roles.values()

    def best(self, *kinds: str, least: float = 0.5) -> list[Column]:
        """List the columns without a role whose headings may name some kinds, the likeliest first."""
        scored = [column for column in self.columns if column.kind(*kinds) >= least and self.is_free(column)]
        return sorted(scored, key=lambda column: -column.kind(*kinds))

    def amounts(self, column: Column) -> list[float | None]:
        """The numbers of a column, in the style of the file."""
        return column.numbers.values(self.style)

    def settle(self, answers: Mapping[str, Answer]) -> None:
        """Understand the rows as they were answered for: columns of roles, order of day and month, decimal sign."""
        settings = self.answered(answers)
        named = {column.name: column for column in self.columns}
        roles = {key.removeprefix("columns."): name for key, name in settings.items() if key.startswith("columns.")}
        self.roles = {role: named[name] for role, name in roles.items()}
        self.style = Style(settings.get("decimal", "."), settings.get("thousands", ""))
        dates = self.roles["timestamp"].dates
        readings = dates.readings if dates is not None else ()
        form = settings.get("date_format")
        self.days = next((one.days for one in readings if one.form == form), readings[0].days if readings else ())

    def last_days(self, today: dt.date) -> list[dt.date]:
        """The last day up to today, of each way to read the days."""
        dates = self.roles["timestamp"].dates
        readings = [self.days] if dates is None or len(dates.readings) < 2 else [one.days for one in dates.readings]
        return [max((day for day in days if day is not None and day <= today), default=today) for days in readings]

    def answered(self, answers: Mapping[str, Answer]) -> dict[str, Any]:
        """The settings with the answers to some questions put in."""
        settings = dict(self.settings)
        for question in self.questions:
            if question.key in answers:
                settings |= dict(answers[question.key].settings)
        return {key: value for key, value in settings.items() if value is not None}
