"""The command ``custlib``: check and value files of purchases, run a project, copy the notebooks, check a map."""

import argparse
import datetime as dt
import json
import logging
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from custlib import __version__
from custlib.commands import exit_codes
from custlib.commands.arguments import add_columns, add_engine, day, positive, read_options
from custlib.commands.logs import logs, say_end
from custlib.commands.project_runs import add_forget_failure, add_run
from custlib.errors import CustlibError, TableError, UsageError
from custlib.machine import refusal

_OPTIONS = "how the file is written: columns, delimiter ..."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    options = parser().parse_args(arguments)
    form = getattr(options, "log_format", "text")
    with logs(form, shows_steps=options.command == "run", shows_everything=options.verbose):
        line, code = _ended(options)
    if line:
        say_end(form, line, code)
    return code


def _ended(options: argparse.Namespace) -> tuple[str, int]:
    """Run a command; say how it ended, in one line where it is to be said, and its exit code."""
    try:
        with _clean_end():
            return "", options.act(options) or 0
    except CustlibError as fault:
        return f"{type(fault).__name__}: {fault}", fault.exit_code
    except KeyboardInterrupt as end:
        return "stopped", 128 + (end.args[0] if end.args else signal.SIGINT)
    except Exception as fault:
        return _unforeseen(fault, options)


@contextmanager
def _clean_end() -> Iterator[None]:
    """Turn SIGTERM of a scheduler into KeyboardInterrupt, so that it cleans up like Ctrl-C."""
    ended: list[int] = []

    def end(number: int, frame: object) -> None:
        del frame
        ended.append(number)
        raise KeyboardInterrupt(number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    except BaseException:
        if ended:  # an engine may turn the interrupt into an error of its own
            raise KeyboardInterrupt(ended[0]) from None
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _unforeseen(fault: Exception, options: argparse.Namespace) -> tuple[str, int]:
    """Describe a failure of the machine, or a bug, in one line, with its exit code; the trace only if verbose."""
    if options.verbose:
        logging.exception("bug")
    if error := refusal(fault, options.command):
        return f"RunError: {error}", error.exit_code
    return f"Bug in custlib: {type(fault).__name__}. Run again with --verbose and report it.", 1


def _value(options: argparse.Namespace) -> None:
    from custlib.commands.value_lines import value_lines
    from custlib.quick import value_file

    summary = value_file(
        options.file,
        as_of=options.as_of,
        options=read_options(options.options),
        horizon_days=options.horizon_days,
        annual_discount_rate=options.annual_discount_rate,
        holdout_days=options.holdout_days,
        value={"columns": tuple(options.columns), "alive_after_days": options.alive_after_days},
        out=options.out,
        engine=options.engine,
        memory_limit=options.memory_limit,
    )
    if options.json:
        print(json.dumps(summary, indent=1, allow_nan=False))
    else:
        print(value_lines(summary, options.out))


def _check(options: argparse.Namespace) -> int:
    from custlib.commands.file_check import check_file
    from custlib.commands.verdict import REFUSED

    verdict, text = check_file(options.file, options=read_options(options.options), out=options.out)
    print(text)
    return TableError.exit_code if verdict.status == REFUSED else 0


def _init(options: argparse.Namespace) -> None:
    from custlib.identify.guess.first_project import Wishes, write_first_project
    from custlib.identify.guess.questions import asked_on_terminal
    from custlib.validate.rolling_origins import usual_horizon

    has_terminal = sys.stdin.isatty() and sys.stdout.isatty() and not options.yes
    first = write_first_project(
        options.files,
        Wishes(
            out=options.out, guesses=options.yes, replaces=options.force, language=options.language, id=options.id,
            as_of=options.as_of, ask=asked_on_terminal if has_terminal else None, horizon_of=usual_horizon,
        ),
        dt.date.today(),
    )  # fmt: skip
    print("\n".join(first.lines))
    if first.questions:
        raise UsageError(first.open_message())


def _notebooks(options: argparse.Namespace) -> None:
    from custlib.installed import copy_notebooks

    print("\n".join(str(path) for path in copy_notebooks(options.folder, force=options.force)))


def _check_map(options: argparse.Namespace) -> None:
    from custlib.segment.rule_files.rule_file import check

    lines, faults = check(options.file)
    print("\n".join(lines))
    if faults:
        raise UsageError("\n".join(faults))


def parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="custlib",
        description="Customer value, segments and playbooks from purchases.",
        epilog=exit_codes.listed(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"custlib {__version__}")
    parser.add_argument("--verbose", action="store_true", help="show every step, and the trace of a bug")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_run(commands)
    add_forget_failure(commands)
    _add_check(commands)
    _add_value(commands)
    _add_init(commands)
    _add_notebooks(commands)
    _add_map(commands)
    return parser


def _add_check(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    check = commands.add_parser(
        "check", help="say whether a file can be used, and what is odd about it (exit code 3 if refused)",
        description="Says whether a file can be used, what became of each row, what was assumed and what is odd. "
        "Exit code 0, or 3 if the file is refused.",
    )  # fmt: skip
    check.add_argument(
        "file", type=Path, metavar="FILE",
        help="file or folder of purchases, or a project file (.toml); also a summary of customers, a model as JSON, or "
        "records of persons",
    )  # fmt: skip
    check.add_argument("--options", type=Path, metavar="JSON", help=_OPTIONS)
    check.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for quality.json and set_aside.csv (both for its owner only)"
    )
    check.set_defaults(act=_check)


def _add_value(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    value = commands.add_parser("value", help="value the customers of one file of purchases")
    value.add_argument("file", type=Path, metavar="FILE", help="CSV or Parquet file of purchases")
    value.add_argument(
        "--as-of", type=day, metavar="DATE", help="the day the customers are looked at (the last day in the data)"
    )
    value.add_argument("--options", type=Path, metavar="JSON", help=_OPTIONS)
    value.add_argument("--horizon-days", type=positive, default=365, metavar="N", help="length of the forecast (365)")
    value.add_argument("--annual-discount-rate", type=float, default=0.10, metavar="RATE", help="per year (0.10)")
    value.add_argument(
        "--holdout-days",
        type=positive,
        metavar="N",
        help="period kept back to test the forecast (half of the days covered)",
    )
    value.add_argument("--out", type=Path, metavar="FILE", help="file to write: .csv, .parquet or .xlsx")
    add_columns(value)
    value.add_argument("--json", action="store_true", help="print everything as JSON, for machines")
    add_engine(value)
    value.set_defaults(act=_value)


def _add_init(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    init = commands.add_parser(
        "init", help="look at files of purchases and write their project file; asks what the files cannot tell"
    )
    init.add_argument("files", type=Path, nargs="+", metavar="FILE", help="CSV, Excel, JSON lines, Parquet or SQLite")
    init.add_argument(
        "--out", type=Path, metavar="PROJECT.toml", help="project file to write (default: named after FILE)"
    )
    init.add_argument(
        "--yes", action="store_true", help="ask nothing: take the likelier answers and mark them in the file"
    )
    init.add_argument("--language", choices=("en", "zh"), help="language of the reports")
    init.add_argument("--id", metavar="ID", help="id of the project: a-z, 0-9, _ and - (default: by the file)")
    init.add_argument(
        "--as-of", type=day, metavar="DATE", help="day of the analysis (default: the last day in the data)"
    )
    init.add_argument("--force", action="store_true", help="overwrite a project file")
    init.set_defaults(act=_init)


def _add_notebooks(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    notebooks = commands.add_parser("notebooks", help="copy the notebooks to a folder, to work on them")
    notebooks.add_argument("folder", type=Path, metavar="DIR", help="where to; made when missing")
    notebooks.add_argument("--force", action="store_true", help="overwrite files of the same name")
    notebooks.set_defaults(act=_notebooks)


def _add_map(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    maps = commands.add_parser("map", help="look at the maps that name segments")
    verbs = maps.add_subparsers(dest="verb", required=True, metavar="VERB")
    check = verbs.add_parser("check", help="prove that a map gives every cell exactly one name (exit code 2 if not)")
    check.add_argument("file", metavar="FILE", help="map file, ordered rules, or the name of shipped ones (rf25)")
    check.set_defaults(act=_check_map)


if __name__ == "__main__":
    sys.exit(main())
