"""Scores what ``custlib init`` makes of a wild file: right, asked, refused, or silently wrong."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from custlib import project as projects
from custlib.engine.duckdb import DuckDB
from custlib.errors import CustlibError, TableError, UsageError
from custlib.identify.contract import make_transactions
from custlib.identify.guess.first_project import Wishes, write_first_project
from custlib.identify.guess.questions import Answer, Question
from custlib.source import Source
from tests.identify.guess.wild_shop import Wild

TODAY = dt.date(2026, 3, 1)
UNANSWERABLE = {"currency_rates"}


@dataclass(frozen=True)
class Score:
    """What became of one file: the verdict, the questions, and what differs from the truth."""

    name: str
    verdict: str
    questions: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    def row(self) -> str:
        return f"{self.name:<26}{self.verdict:<9}{', '.join(self.questions):<36}{'; '.join(self.faults)}"


# Keys of a source that are on their way; what needs one is not read yet and is scored as pending. Empty in the end.
AWAITED = {"count", "currency_rates", "guest_ids", "order_totals", "skip_rows"} - set(Source.model_fields)


def score(wild: Wild, folder: Path) -> Score:
    """Score a file; ``pending`` where it needs a key that is not read yet."""
    try:
        return _score(wild, folder)
    except UsageError as fault:
        if not AWAITED:
            raise
        return Score(wild.name, "pending", (), (str(fault).splitlines()[0][:70],))


def _score(wild: Wild, folder: Path) -> Score:
    """Write a file, let init read it without a terminal, answer its questions by the truth, and compare."""
    folder.mkdir(parents=True, exist_ok=True)
    path = wild.write(folder)
    try:
        first = write_first_project([path], Wishes(out=folder / "silent.toml"), TODAY)
    except TableError as fault:
        return Score(wild.name, "refused", (), (str(fault).splitlines()[0][:90],))
    keys = tuple(question.key for question in first.questions)
    answers: dict[str, Answer | None] = {}

    def answer(question: Question) -> Answer:
        answers[question.key] = right_answer(wild, question)
        return answers[question.key] or question.answers[0]

    try:
        if keys:
            first = write_first_project([path], Wishes(out=folder / "answered.toml", ask=answer), TODAY)
    except TableError as fault:
        return Score(wild.name, "asked", keys, (str(fault).splitlines()[-1][:90],))
    if first.questions or None in answers.values():
        return Score(wild.name, "asked", keys, ("no answer is the truth",))
    faults = tuple(faults_of(wild, projects.load(first.path)))
    return Score(wild.name, "WRONG" if faults else "asked" if keys else "right", keys, faults)


def right_answer(wild: Wild, question: Question) -> Answer | None:
    """The answer that sets what is true of the file."""
    answers = [answer for answer in question.answers if answer.settings]
    return next((one for one in answers if all(is_true(wild, *pair) for pair in one.settings.items())), None)


def is_true(wild: Wild, key: str, value: Any) -> bool:
    """Tell whether a setting is that of the truth."""
    role = key.removeprefix("columns.")
    if role != key:
        names = named(wild, role)
        return value in names if names else value is None
    if key == "currency_rates":
        return value is not None and "currency" in wild.roles
    truth = wild.settings.get(key)
    return set(value or ()) == truth if isinstance(truth, set) else value == truth


def named(wild: Wild, role: str) -> Sequence[str]:
    """The columns that are right in a role; columns of a file without header are numbered."""
    names = wild.roles.get(role, ())
    names = (names,) if isinstance(names, str) else names
    return [f"column_{name}" if name.isdecimal() else name for name in names]


def faults_of(wild: Wild, project: projects.Project) -> list[str]:
    """Say what in a project, and in what is read by it, is not the truth."""
    source, faults = project.source, []
    wrong = [role for role in wild.roles if source.columns.get(role) not in named(wild, role)]
    faults += [f"{role} is {source.columns.get(role)!r}" for role in wrong]
    for key, truth in wild.settings.items():
        value = getattr(source, key, None)
        if (set(value or ()) if isinstance(truth, set) else value) != truth and key not in UNANSWERABLE:
            faults.append(f"{key} is {value!r}")
    if wild.currency and project.currency != wild.currency:
        faults.append(f"currency is {project.currency}")
    return faults + figures(wild, project)


def figures(wild: Wild, project: projects.Project) -> list[str]:
    """Compare the money and the customers that are read."""
    engine = DuckDB(Path(mkdtemp()))
    try:
        make_transactions(engine, project)
        read = engine.fetch("select sum(amount) as money, count(distinct customer_id) as customers from transactions")
    except CustlibError as fault:
        return [str(fault).splitlines()[0]]
    finally:
        engine.close()
    sum_read = read["money"].item()
    money = Decimal(str(sum_read if sum_read is not None and sum_read == sum_read else 0))
    customers = int(read["customers"].item())
    faults = [f"money is {money}, not {wild.total}"] if abs(money - wild.total) > Decimal("0.01") else []
    return faults + ([f"customers are {customers}, not {wild.customers}"] if customers != wild.customers else [])
