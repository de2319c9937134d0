"""The commands ``custlib run`` and ``custlib forget-failure``."""

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from custlib.commands.arguments import add_engine, count, day
from custlib.commands.exit_codes import BELOW_LIGHT, listed
from custlib.commands.logs import FORMATS
from custlib.errors import UsageError
from custlib.report.executors.execution import DEFAULT

if TYPE_CHECKING:
    from custlib.project import Project

_LIGHTS = ("green", "amber", "red")
_PROJECT = (
    "project file (data/mine.toml); or a name: of a file in data/ of the current folder, or of an example (cdnow), "
    "and then data/work/ and reports/ are made in the current folder"
)
log = logging.getLogger("custlib")


def add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command ``run``."""
    run = commands.add_parser(
        "run", help="run the notebooks of a project and publish the reports", epilog=listed(),
        description="Makes the tables, runs the notebooks and publishes the pages below "
        "REPORTS/<project>/<date>/:\nall of them, or none. An equal run ends at once.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    run.add_argument("project", metavar="PROJECT", help=_PROJECT)
    _add_what(run.add_argument_group("what is looked at"))
    _add_where(run.add_argument_group("where"))
    _add_how(run.add_argument_group("how"))
    run.set_defaults(act=_run)


def _add_what(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--as-of", type=day, metavar="DATE", help="look at the customers on this day (2025-06-30)")
    group.add_argument("--language", choices=("en", "zh"), help="language of the reports")
    group.add_argument("--only", nargs="+", metavar="NOTEBOOK", help="run only these notebooks and publish nothing")
    group.add_argument("--force", action="store_true", help="run even if an equal run is published")


def _add_where(group: argparse._ArgumentGroup) -> None:
    _add_reports(group)
    group.add_argument(
        "--work", type=Path, metavar="DIR", help="where to work (default: work/ beside the project file)"
    )
    group.add_argument(
        "--keep", type=count, metavar="N",
        help="after publishing, remove all but the N newest reports of the project; the newest and that of this run "
        "always stay (default: all stay)",
    )  # fmt: skip


def _add_how(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--fail-on", choices=_LIGHTS[1:],
        help="end with exit code 7 if the light of the published forecast is amber or worse (amber) or red (red), or "
        "if there is no forecast; the report is published all the same",
    )  # fmt: skip
    group.add_argument(
        "--log-format", choices=FORMATS, default="text",
        help="lines of the log on standard error: text with time and level, or one JSON object each, and then no "
        "progress bar (text)",
    )  # fmt: skip
    group.add_argument("--executor", choices=("fork", "kernel"), default=DEFAULT, help="how notebooks are executed")
    add_engine(group)


def add_forget_failure(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command ``forget-failure``."""
    forget = commands.add_parser(
        "forget-failure", help="take a run that failed off the index, without running it again",
        description="Removes the note that the run of a date failed, and rewrites the index. The next good run of that "
        "date does so by itself.",
    )  # fmt: skip
    forget.add_argument("project", metavar="PROJECT", help="project file or name, as of custlib run")
    forget.add_argument("date", type=day, metavar="DATE", help="date of the run that failed (2025-06-30)")
    _add_reports(forget)
    forget.set_defaults(act=_forget_failure)


def _add_reports(group: "argparse._ArgumentGroup | argparse.ArgumentParser") -> None:
    group.add_argument("--reports", type=Path, metavar="DIR", help="where to publish (default: reports/ beside data/)")


def _run(options: argparse.Namespace) -> int:
    from custlib.identify.guess.project_text import refuse_open_questions
    from custlib.installed import find_project
    from custlib.report.production import run_project

    if options.only and (options.keep or options.fail_on):
        raise UsageError("--only: publishes nothing, so --keep and --fail-on say nothing. Leave them out.")
    refuse_open_questions(find_project(options.project))
    project, data = _opened(options)
    target = run_project(
        project.replace(as_of=options.as_of, language=options.language),
        reports=_reports(options, data), work=options.work or data / "work",
        only=tuple(options.only or ()), force=options.force, how=options.executor,
        engine=options.engine, memory_limit=options.memory_limit,
        keep=options.keep, progress=options.log_format == "text",
    )  # fmt: skip
    print(target)
    return BELOW_LIGHT if options.fail_on and _is_below(target, options.fail_on) else 0


def _forget_failure(options: argparse.Namespace) -> None:
    from custlib.report.publish import forget_failure

    project, data = _opened(options)
    forget_failure(_reports(options, data).resolve(), project.replace(as_of=options.date))


def _opened(options: argparse.Namespace) -> "tuple[Project, Path]":
    """Load the project, and give the folder that holds its data."""
    from custlib import project
    from custlib.installed import find_project

    path = find_project(options.project)
    return project.load(path), path.parent if path == Path(options.project) else Path("data")


def _reports(options: argparse.Namespace, data: Path) -> Path:
    return Path(options.reports or data.parent / "reports")


def _is_below(target: Path, worst: str) -> bool:
    """Whether the light of a published report is as bad as the worst that passes, or missing; then it is said."""
    from custlib.report.published.manifests import read_manifest

    light = (read_manifest(target) or {"index": {"light": None}})["index"]["light"]
    is_tested = light in _LIGHTS
    if is_tested and _LIGHTS.index(light) < _LIGHTS.index(worst):
        return False
    log.error("run: %s (--fail-on %s)", f"the light is {light}" if is_tested else "there is no tested forecast", worst)
    return True
