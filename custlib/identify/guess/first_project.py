"""Writes the first project file of some files of purchases: what ``custlib init`` does.

Values are read, not only names. What they cannot tell is asked on a terminal; without one it stays open in the file as
a comment, or with ``guesses`` the likelier is taken and marked. Nothing is written over.
"""

import datetime as dt
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, takewhile
from pathlib import Path
from tomllib import loads
from typing import Any

from custlib import project as projects
from custlib.errors import TableError, UsageError
from custlib.identify.guess.buyers import find_customer, find_order
from custlib.identify.guess.columns import columns_of
from custlib.identify.guess.first_rows import assumptions_of, first_rows
from custlib.identify.guess.lines_left_out import find_lines_left_out
from custlib.identify.guess.money_columns import find_money
from custlib.identify.guess.project_text import Part, Top, project_text
from custlib.identify.guess.purchase_days import find_day
from custlib.identify.guess.questions import Answer, Question
from custlib.identify.guess.sampling import Sample, sample_of
from custlib.identify.guess.trial_reading import Trial, is_cheap, trial_reading
from custlib.identify.guess.understanding import Understanding
from custlib.source import Source

_MOST_ASSUMPTIONS = 10
_NO_CURRENCY = "USD"
_MOST_CHANNELS = 60
_MOST_PARTS = 6


@dataclass(frozen=True)
class Wishes:
    """What the caller wants of the project file; what is None is taken from the files.

    Attributes
    ----------
    guesses : bool
        Whether the likelier answer is taken where nobody answers.
    ask : callable, optional
        Asks a question and returns its answer; None where there is no terminal.
    horizon_of : callable, optional
        Chooses the horizon by the days that the history covers; None leaves it to the default of projects.
    """

    out: Path | None = None
    guesses: bool = False
    replaces: bool = False
    language: str | None = None
    id: str | None = None
    as_of: dt.date | None = None
    ask: Callable[[Question], Answer] | None = None
    horizon_of: Callable[[int], int | None] | None = None


@dataclass(frozen=True)
class FirstProject:
    """A project file that was written: its path, its text for the reader, and the questions that stay open."""

    path: Path
    lines: list[str]
    questions: list[Question] = field(default_factory=list)

    def open_message(self) -> str:
        """Name the questions that stay open, and how to answer them."""
        count = len(self.questions)
        texts = "\n".join("\n".join(question.shown()) for question in self.questions)
        open_ones = "1 question is" if count == 1 else f"{count} questions are"
        return (
            f"{self.path.name}: {open_ones} open:\n{texts}\nAnswer in the file (# QUESTION:), run custlib init on a "
            "terminal, or with --yes to take the first answers."
        )


def write_first_project(files: Sequence[Path], wishes: Wishes, today: dt.date) -> FirstProject:
    """Read samples of some files and write a project file.

    Raises UsageError if the project file exists or cannot be written there, and TableError if a file cannot be read,
    holds no purchases, or is refused by the data contract as it was understood.
    """
    paths = _expanded(files)
    name = wishes.id or _slug((wishes.out or paths[0]).name.split(".")[0])
    out = _place(wishes, name)
    parts = [part for group in _grouped(paths) for part in _parts(group, out.parent, wishes, today)]
    is_open = any(part.open_questions for part in parts)
    top = _top(parts, name, wishes, today)
    trial, fault = (None, None) if is_open or not is_cheap(paths) else _tried(top, parts, out, today)
    top = _with_days(top, trial, wishes, today)
    out.write_text(project_text(top, parts, _heading(parts)), encoding="utf-8")
    if fault is not None:
        raise TableError(f"{out.name} was written, but its files are refused as they were understood:\n{fault}")
    return FirstProject(out, _shown(parts, top, trial, out), _open_questions(parts))


def _expanded(files: Sequence[Path]) -> list[Path]:
    """List the files that are named; of a folder or pattern those in it."""
    listed = [[path] if path.is_file() else Source(path=str(path.absolute())).files(Path()) for path in files]
    return list(dict.fromkeys(path.absolute() for path in chain.from_iterable(listed)))


def _slug(text: str) -> str:
    slug = re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_")[:40].strip("-_")
    return slug or "purchases"


def _place(wishes: Wishes, name: str) -> Path:
    """Tell where the project file goes; refuse what would be written over."""
    out = (wishes.out or Path(f"{name}.toml")).absolute()
    if out.suffix.lower() != ".toml":
        raise UsageError(f"--out: {out.name} does not end in .toml. Name a project file, for instance mine.toml.")
    if out.is_dir() or not out.parent.is_dir():
        raise UsageError(f"--out: {out.name} is a directory or lies in none. Name a file in a folder that exists.")
    if out.exists() and not wishes.replaces:
        raise UsageError(f"--out: {out.name} exists. Name another file with --out, or overwrite it with --force.")
    return out


def _grouped(paths: Sequence[Path]) -> list[list[Sample]]:
    """Put files of one layout together."""
    groups: dict[Any, list[Sample]] = {}
    for path in paths:
        sample = sample_of(path)
        groups.setdefault(sample.layout, []).append(sample)
    return list(groups.values())


def _parts(samples: Sequence[Sample], folder: Path, wishes: Wishes, today: dt.date) -> list[Part]:
    """Understand files of one layout; each is a source of its own where no pattern fits exactly them."""
    rows = tuple(row for sample in samples for row in sample.rows)
    sample = replace(samples[0], rows=rows, is_whole=all(one.is_whole for one in samples))
    understanding = understand(sample, today)
    answers, guesses = dict[str, Answer](), dict[str, Answer]()
    for question in understanding.questions:
        if wishes.ask is not None and question.answers:
            answers[question.key] = wishes.ask(question)
        elif wishes.guesses and question.can_guess and question.answers:
            guesses[question.key] = question.answers[0]
    understanding.settle({**answers, **guesses})
    places = _places([one.path for one in samples])
    return [Part(_relative(place, folder), understanding, answers, guesses) for place in places]


def _places(paths: Sequence[Path]) -> list[Path]:
    """Write several files as one pattern, if no other file fits it."""
    folders = {path.parent for path in paths}
    if len(paths) == 1 or len(folders) > 1:
        return list(paths)
    names = [path.name for path in paths]
    start = _common_start(names)
    end = _common_start([name[len(start) :][::-1] for name in names])[::-1]
    folder = folders.pop()
    pattern = f"{start}*{end}"
    if re.search(r"[\[\]?*]", start + end + str(folder)) or {*folder.glob(pattern)} != {*paths}:
        return list(paths)
    return [folder / pattern]


def _common_start(names: Sequence[str]) -> str:
    """The longest text that all names begin with."""
    same = takewhile(lambda signs: len(set(signs)) == 1, zip(*names, strict=False))
    return "".join(signs[0] for signs in same)


def _relative(path: Path, folder: Path) -> str:
    """Write a path relative to the project file; on another drive it stays whole."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.as_posix()


def _heading(parts: Sequence[Part]) -> str:
    rows = sum(
        len(sample.rows) for sample in {id(part.understanding): part.understanding.sample for part in parts}.values()
    )
    every = all(part.understanding.sample.is_whole for part in parts)
    looked = f"All {rows:,} rows" if every else f"{rows:,} rows, from the start to the end,"
    return f"Written by custlib init. {looked} were looked at. Behind # stands why; change what is wrong."


def _top(parts: Sequence[Part], name: str, wishes: Wishes, today: dt.date) -> Top:
    """Make the keys of the project itself, by the rows that were looked at."""
    days = [day for part in parts for day in part.understanding.days if day is not None and day <= today]
    codes = [part.understanding.currency for part in parts if part.understanding.currency]
    last = max(days, default=today)
    every = all(part.understanding.sample.is_whole for part in parts)
    why = "the last day in the data" if every else "the last day in the rows looked at; there may be later ones"
    if any(question.key == "date_format" for question in _open_questions(parts)):
        others = sorted({day for part in parts for day in part.understanding.last_days(today)})
        why = f"the last day, by the first answer below; else {' or '.join(str(day) for day in others if day != last)}"
    whys = {
        "id": "names the folder of its reports",
        "name": "its title",
        "as_of": "as wished" if wishes.as_of else why,
        "currency": "as the file says" if codes else "the file names none: a label only, change it",
    }
    title = name.replace("_", " ").replace("-", " ").strip().capitalize()
    currency = codes[0] if codes else _NO_CURRENCY
    return Top(name, title, wishes.as_of or last, currency, whys, wishes.language)


def _tried(top: Top, parts: Sequence[Part], out: Path, today: dt.date) -> tuple[Trial | None, TableError | None]:
    """Read the files as the project file says, all days up to today."""
    mapping = loads(project_text(replace(top, as_of=today), parts, ""))
    project = projects.build(mapping | {"folder": out.parent}, where=out.name)
    try:
        return trial_reading(project), None
    except TableError as fault:
        return None, fault


def _with_days(top: Top, trial: Trial | None, wishes: Wishes, today: dt.date) -> Top:
    """Take the days from the reading of every row, where there was one."""
    if trial is None or trial.last_day is None:
        return top
    last = wishes.as_of or min(trial.last_day, today)
    horizon = wishes.horizon_of(trial.days_until(last)) if wishes.horizon_of else None
    whys = {
        **top.whys,
        "as_of": "as wished" if wishes.as_of else "the last day in the data",
        "horizon_days": "the longest usual horizon whose forecasts this history can test",
    }
    return replace(top, as_of=last, horizon_days=horizon, whys=whys)


def _open_questions(parts: Sequence[Part]) -> list[Question]:
    return list(dict.fromkeys(question for part in parts for question in part.open_questions))


def _shown(parts: Sequence[Part], top: Top, trial: Trial | None, out: Path) -> list[str]:
    """What the command says: rows as understood, what was assumed, the next command."""
    lines = []
    for understanding in {id(part.understanding): part.understanding for part in parts}.values():
        lines += [
            f"{understanding.sample.path.name}, as understood:",
            *(f"  {row}" for row in first_rows(understanding)),
            "",
        ]
    guesses = [
        f"guessed: {q.text} {part.guesses[q.key].text}"
        for part in parts
        for q in part.understanding.questions
        if q.key in part.guesses
    ]
    extra = [
        *guesses,
        *([trial.rows] if trial else []),
        f"as_of {top.as_of}: {top.whys['as_of']}",
        f"currency {top.currency}: {top.whys['currency']}",
    ]
    assumptions = assumptions_of([part.understanding for part in parts], extra, _MOST_ASSUMPTIONS)
    lines += ["Assumed:", *(f"  - {line}" for line in assumptions), ""]
    shown = os.path.relpath(out) if out.is_relative_to(Path.cwd()) else str(out)
    return [*lines, f"Written: {shown}", f"Next: custlib run {shown}"]


def understand(sample: Sample, today: dt.date) -> Understanding:
    """Understand the rows of a sample.

    Raises TableError if they hold no day or no customer.
    """
    understanding = Understanding(sample, columns_of(sample, today))
    for find in (find_day, find_order, find_customer, find_money, find_lines_left_out, _find_channel):
        find(understanding)
    if sample.others:
        _ask_part(understanding)
    return understanding


def _ask_part(understanding: Understanding) -> None:
    """Ask which sheet or table holds the purchases, where several are like them."""
    sample = understanding.sample
    key = "sheet" if "sheet" in sample.settings else "table"
    names = [sample.settings[key], *sample.others][:_MOST_PARTS]
    which = ", ".join(map(repr, names))
    text = f"{sample.path.name}: which {key} holds the purchases: {which}? Another can be a source of its own."
    understanding.ask(key, text, *(Answer(name, {key: name}) for name in names))


def _find_channel(understanding: Understanding) -> None:
    columns = [column for column in understanding.best("channel", least=0.9) if 1 < column.distinct <= _MOST_CHANNELS]
    if columns:
        understanding.take("channel", columns[0], f"{columns[0].name!r}: {columns[0].distinct} different")
