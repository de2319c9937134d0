"""What commands write to standard error: log lines with time and level, and how a command ended; as text or as JSON."""

import datetime as dt
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

FORMATS = ("text", "json")


class TextLines(logging.Formatter):
    """One line an event: time, level, message."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """Write the time of this place with its offset, by ISO 8601."""
        del datefmt
        return _time(record.created)


class JsonLines(logging.Formatter):
    """One JSON object a line and event: ``time``, ``level``, ``message``, and ``trace`` where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Write an event as JSON."""
        event = {"time": _time(record.created), "level": record.levelname, "message": record.getMessage()}
        if record.exc_info:
            event["trace"] = self.formatException(record.exc_info)
        return json.dumps(event | getattr(record, "facts", {}), ensure_ascii=False)


@contextmanager
def logs(form: str, *, shows_steps: bool, shows_everything: bool) -> Iterator[None]:
    """Write log lines to standard error while the block runs."""
    handler, root, own = logging.StreamHandler(), logging.getLogger(), logging.getLogger("custlib")
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    before = root.level, own.level
    root.addHandler(handler)
    root.setLevel(logging.INFO if shows_everything else logging.WARNING)
    own.setLevel(logging.INFO if shows_steps or shows_everything else logging.WARNING)
    logging.captureWarnings(form == "json")
    try:
        yield
    finally:
        logging.captureWarnings(False)
        root.removeHandler(handler)
        root.setLevel(before[0])
        own.setLevel(before[1])


def say_end(form: str, line: str, code: int) -> None:
    """Say in one event why a command ended, with its exit code where events are JSON."""
    if form == "json":
        event = {"time": _time(dt.datetime.now().timestamp()), "level": "ERROR", "message": line, "exit_code": code}
        line = json.dumps(event, ensure_ascii=False)
    print(line, file=sys.stderr)


def _time(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="milliseconds")
