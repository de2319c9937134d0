"""Arguments that several commands take: dates, sizes, numbers, the engine, and the JSON file of options."""

import argparse
import datetime as dt
import json
from pathlib import Path

from custlib.engine import ENGINES
from custlib.errors import UsageError
from custlib.machine import LEAST_MEMORY, size_of


def add_engine(command: "argparse.ArgumentParser | argparse._ArgumentGroup") -> None:
    """Add the options that choose the engine and its memory."""
    command.add_argument(
        "--engine", choices=ENGINES, default="duckdb", help="what makes the tables: this machine, or Spark (duckdb)"
    )
    command.add_argument(
        "--memory-limit", type=size, metavar="SIZE", help="of the engine, for instance 500MB; the rest goes to disk"
    )


def add_columns(command: argparse.ArgumentParser) -> None:
    """Add the options that name columns of customers on request."""
    command.add_argument(
        "--columns", nargs="+", default=(), metavar="NAME",
        help="what to write of every customer beside the usual: alive_later, next_purchase, coming_months, "
        "customer_intervals",
    )  # fmt: skip
    command.add_argument(
        "--alive-after-days", type=positive, default=90, metavar="N", help="days of which alive_later tells (90)"
    )


def day(text: str) -> dt.date:
    """Parse a date of the command line."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write 2025-06-30") from None


def size(text: str) -> str:
    """Check a size of memory of the command line."""
    if size_of(text) < LEAST_MEMORY:
        raise argparse.ArgumentTypeError(f"{text!r} is no size of at least 100MB; write 500MB or 2GB")
    return text


def positive(text: str) -> int:
    """Parse a number of days of the command line."""
    return _above_zero(text, " of days")


def count(text: str) -> int:
    """Parse a number of things of the command line."""
    return _above_zero(text, "")


def _above_zero(text: str, what: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number{what} above 0")
    return int(text)


def read_options(path: Path | None) -> dict[str, object]:
    """Read the JSON file of options."""
    if path is None:
        return {}
    try:
        options = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_once)
    except (OSError, ValueError, RecursionError) as fault:
        raise UsageError(f"{path.name}: cannot be read as JSON ({fault}). Correct --options.") from None
    if not isinstance(options, dict):
        raise UsageError(f'{path.name}: must hold a JSON object, for instance {{"delimiter": ";"}}.')
    return options


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Make an object of JSON whose keys stand once, as in a project file."""
    keys = [key for key, _ in pairs]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise ValueError(f"{twice!r} stands twice")
    return dict(pairs)
