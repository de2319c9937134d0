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
from custlib.engine import ENGINES
from custlib.errors import CustlibError, TableError, UsageError
from custlib.machine import LEAST_MEMORY, refusal, size_of
from custlib.report.execution import DEFAULT

_OPTIONS = "how the file is written: columns, delimiter ..."
EXIT_CODES = {
    0: "done",
    1: "a bug of custlib",
    2: "a wrong option, argument or project file",
    3: "the data break the contract",
    4: "no model can be fitted to these customers",
    5: "the machine: disk, memory, database or notebook",
    6: "another run of this project is under way",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING, format="%(message)s")
    logging.getLogger("custlib").setLevel(logging.INFO if options.command == "run" else logging.WARNING)
    try:
        with _clean_end():
            return options.act(options) or 0
    except CustlibError as fault:
        print(f"{type(fault).__name__}: {fault}", file=sys.stderr)
        return fault.exit_code
    except KeyboardInterrupt as end:
        print("stopped", file=sys.stderr)
        return 128 + (end.args[0] if end.args else signal.SIGINT)
    except Exception as fault:
        return _report(fault, options)


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


def _report(fault: Exception, options: argparse.Namespace) -> int:
    """Report a failure of the machine, or a bug, in one line and return the exit code; the trace only if verbose."""
    if options.verbose:
        logging.exception("bug")
    if error := refusal(fault, options.command):
        print(f"RunError: {error}", file=sys.stderr)
        return error.exit_code
    print(f"Bug in custlib: {type(fault).__name__}. Run again with --verbose and report it.", file=sys.stderr)
    return 1


def _run(options: argparse.Namespace) -> None:
    from custlib import project
    from custlib.identify.guess.project_text import refuse_open_questions
    from custlib.installed import find_project
    from custlib.report.production import run_project

    path = find_project(options.project)
    refuse_open_questions(path)
    data = path.parent if path == Path(options.project) else Path("data")
    target = run_project(
        project.load(path).replace(as_of=options.as_of, language=options.language),
        reports=options.reports or data.parent / "reports", work=options.work or data / "work",
        only=tuple(options.only or ()), force=options.force, how=options.executor,
        engine=options.engine, memory_limit=options.memory_limit,
    )  # fmt: skip
    print(target)


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

    has_terminal = sys.stdin.isatty() and sys.stdout.isatty() and not options.yes
    first = write_first_project(
        options.files,
        Wishes(
            out=options.out, guesses=options.yes, replaces=options.force, language=options.language, id=options.id,
            as_of=options.as_of, ask=asked_on_terminal if has_terminal else None,
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
    codes = "\n".join(f"  {code}  {meaning}" for code, meaning in EXIT_CODES.items())
    parser = argparse.ArgumentParser(
        prog="custlib",
        description="Customer value, segments and playbooks from purchases.",
        epilog=f"exit codes:\n{codes}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"custlib {__version__}")
    parser.add_argument("--verbose", action="store_true", help="show every step, and the trace of a bug")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_run(commands)
    _add_check(commands)
    _add_value(commands)
    _add_init(commands)
    _add_notebooks(commands)
    _add_map(commands)
    return parser


def _add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    run = commands.add_parser("run", help="run the notebooks of a project and publish the reports")
    run.add_argument(
        "project", metavar="PROJECT",
        help="project file (data/mine.toml); or a name: of a file in data/ of the current folder, or of an example "
        "(cdnow), and then data/work/ and reports/ are made in the current folder",
    )  # fmt: skip
    run.add_argument("--as-of", type=_day, metavar="DATE", help="look at the customers on this day (2025-06-30)")
    run.add_argument("--reports", type=Path, metavar="DIR", help="where to publish (default: reports/ beside data/)")
    run.add_argument("--work", type=Path, metavar="DIR", help="where to work (default: work/ beside the project file)")
    run.add_argument("--only", nargs="+", metavar="NOTEBOOK", help="run only these notebooks and publish nothing")
    run.add_argument("--language", choices=("en", "zh"), help="language of the reports")
    run.add_argument("--force", action="store_true", help="run even if an equal run is published")
    run.add_argument("--executor", choices=("fork", "kernel"), default=DEFAULT, help="how notebooks are executed")
    _add_engine(run)
    run.set_defaults(act=_run)


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
        "--as-of", type=_day, metavar="DATE", help="the day the customers are looked at (the last day in the data)"
    )
    value.add_argument("--options", type=Path, metavar="JSON", help=_OPTIONS)
    value.add_argument("--horizon-days", type=_positive, default=365, metavar="N", help="length of the forecast (365)")
    value.add_argument("--annual-discount-rate", type=float, default=0.10, metavar="RATE", help="per year (0.10)")
    value.add_argument(
        "--holdout-days",
        type=_positive,
        metavar="N",
        help="period kept back to test the forecast (half of the days covered)",
    )
    value.add_argument("--out", type=Path, metavar="FILE", help="file to write: .csv, .parquet or .xlsx")
    value.add_argument("--json", action="store_true", help="print everything as JSON, for machines")
    _add_engine(value)
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
        "--as-of", type=_day, metavar="DATE", help="day of the analysis (default: the last day in the data)"
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


def _add_engine(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--engine", choices=ENGINES, default="duckdb", help="what makes the tables: this machine, or Spark (duckdb)"
    )
    command.add_argument(
        "--memory-limit", type=_size, metavar="SIZE", help="of the engine, for instance 500MB; the rest goes to disk"
    )


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write 2025-06-30") from None


def _size(text: str) -> str:
    if size_of(text) < LEAST_MEMORY:
        raise argparse.ArgumentTypeError(f"{text!r} is no size of at least 100MB; write 500MB or 2GB")
    return text


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of days above 0")
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


if __name__ == "__main__":
    sys.exit(main())
