"""Writes the project file of what was understood: a comment says why each key is set; open questions are comments."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from custlib.errors import UsageError
from custlib.identify.guess.questions import Answer, Question
from custlib.identify.guess.understanding import Understanding

OPEN, GUESSED = "# QUESTION:", "# GUESSED:"
_COMMENT_FROM = 44
_FIRST = (
    "path",
    "sheet",
    "table",
    "encoding",
    "delimiter",
    "skip_rows",
    "names",
    "decimal",
    "thousands",
    "date_format",
)
_WHYS = {
    "path": "relative to this file", "encoding": "as its letters say", "delimiter": "parts every line alike",
    "skip_rows": "lines above the header",
    "names": "the file has no header", "sheet": "the sheet with purchases", "table": "the table with purchases",
}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One source of the project: where it lies, what was understood of it, and the answers that were given."""

    path: str
    understanding: Understanding
    answers: Mapping[str, Answer] = field(default_factory=dict)
    guesses: Mapping[str, Answer] = field(default_factory=dict)

    @property
    def open_questions(self) -> list[Question]:
        """The questions that nobody answered."""
        return [q for q in self.understanding.questions if q.key not in self.answers and q.key not in self.guesses]

    def settings(self) -> dict[str, Any]:
        """The keys of the source that are set, those of open questions left out."""
        understanding = self.understanding
        settings = {"path": self.path, **understanding.sample.settings}
        settings |= understanding.answered({**self.answers, **self.guesses})
        for question in self.open_questions:
            for key in {question.key, *(key for answer in question.answers for key in answer.settings)}:
                settings.pop(key, None)
        return settings


@dataclass(frozen=True)
class Top:
    """The keys of the project itself."""

    id: str
    name: str
    as_of: dt.date
    currency: str
    whys: Mapping[str, str]
    language: str | None = None
    horizon_days: int | None = None

    def settings(self) -> dict[str, Any]:
        """The keys that are set."""
        keys = ("id", "name", "currency", "as_of", "horizon_days", "language")
        return {key: value for key in keys if (value := getattr(self, key)) is not None}


def project_text(top: Top, parts: Sequence[Part], heading: str) -> str:
    """Write the project file.

    Returns
    -------
    str
        TOML, with a comment beside each key.
    """
    lines = [f"# {heading}", ""]
    lines += [_line(key, value, top.whys.get(key, "")) for key, value in top.settings().items()]
    for part in parts:
        lines += ["", "[source]" if len(parts) == 1 else "[[sources]]", *_source_lines(part)]
    return "\n".join(lines) + "\n"


def _source_lines(part: Part) -> Iterator[str]:
    settings = part.settings()
    whys = _WHYS | part.understanding.reasons
    answered = {**part.answers, **part.guesses}
    for question in part.understanding.questions:
        if question.key in answered:
            for key in answered[question.key].settings:
                whys[key] = answered[question.key].text
    for key in sorted(settings, key=_place):
        yield _line(key, settings[key], whys.get(key, "").removeprefix(f"{settings[key]!r}: "))
    for question in part.understanding.questions:
        if question.key in part.guesses:
            yield ""
            yield f"{GUESSED} {question.text} Taken: {part.guesses[question.key].text}"
        elif question.key not in part.answers:
            yield ""
            yield from _question_lines(question)


def _place(key: str) -> tuple[int, str]:
    """The order of keys: format first, then roles, then the rest."""
    if key in _FIRST:
        return (0, f"{_FIRST.index(key):02}")
    roles = ("customer_id", "timestamp", "order_id", "product", "quantity", "unit_price", "amount")
    role = key.removeprefix("columns.")
    return (1, f"{roles.index(role) if role in roles else 9}{role}") if key != role else (2, key)


def _question_lines(question: Question) -> Iterator[str]:
    yield f"{OPEN} {question.text}"
    for place, answer in enumerate(question.answers, 1):
        yield f"#   {place}) {answer.text}"
        for key, value in answer.settings.items():
            if value is not None:
                yield f"# {key} = {toml_of(value)}"
    if question.answers:
        yield "# Take the '#' off the lines of one answer, and take this question out."


def _line(key: str, value: Any, why: str) -> str:
    text = f"{key} = {toml_of(value)}"
    return f"{text:<{_COMMENT_FROM}}  # {' '.join(why.split())}" if why else text


def toml_of(value: Any) -> str:
    r"""Write a value as TOML.

    Examples
    --------
    >>> toml_of(["a", 'b "c"']), toml_of(dt.date(2025, 6, 30)), toml_of(True), toml_of({"EUR": 1.0})
    ('["a", "b \\"c\\""]', '2025-06-30', 'true', '{ EUR = 1.0 }')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml_of(one) for one in value)}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {toml_of(one)}' for key, one in value.items())} }}"
    if isinstance(value, int | float):
        return repr(value)
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def refuse_open_questions(path: Path) -> None:
    """Refuse a project file in which a question of ``custlib init`` is open: a run would take a default for the answer.

    Raises UsageError that names the questions.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return  # said where the file is read
    questions = [line.removeprefix(OPEN).strip() for line in lines if line.startswith(OPEN)]
    if questions:
        raise UsageError(
            "\n".join(f"{path.name}: open question: {question}" for question in questions)
            + "\nAnswer it there, and take out the line that begins with # QUESTION:."
        )
