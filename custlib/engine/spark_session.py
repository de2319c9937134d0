"""Start Spark, local or through a master elsewhere, or explain in one line why it does not start.

PySpark is imported only when it is used. The output of the Java machine goes to a temporary file that is read only if
it does not start.
"""

import logging
import os
import re
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any
from urllib.parse import urlsplit

from custlib.errors import RunError

MASTER = "CUSTLIB_SPARK_MASTER"
_LOCAL = "local[*]"
_REMOTE = "sc://"
_INSTALL = "Install it: pip install 'custlib[spark]', and Java 17 or later."
_PATIENCE = 5.0
_TELLING = re.compile(r"(?!\s*at ).*(rror|Exception: )")  # not a step of a stack
_LOGGER = "SQLQueryContextLogger"

# Of every session: days are counted in UTC, a cast that fails is an error, a file is no table by its
# name, and times in nanoseconds, which Spark does not know, come as whole numbers.
_SESSION = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.autoBroadcastJoinThreshold": "64MB",
    "spark.sql.runSQLOnFiles": "false",
    "spark.sql.legacy.parquet.nanosAsLong": "true",
}


def start(folder: Path, *, master: str | None = None, memory_limit: str | None = None) -> Any:
    """Open a session whose views and settings are not shared with any other."""
    master = master or os.environ.get(MASTER) or os.environ.get("SPARK_REMOTE") or _LOCAL
    builder = _builder()
    _reach(master)
    if master.startswith(_REMOTE):
        session = _started(lambda: builder.remote(master).create(), master)
    else:
        _need_java()
        _forget_ended()
        settings = _settings(folder, master, memory_limit)
        session = _started(lambda: builder.master(master).config(map=settings).getOrCreate().newSession(), master)
    for name, value in _SESSION.items():
        session.conf.set(name, value)
    if master.startswith("local"):
        session.conf.set("spark.sql.shuffle.partitions", str(4 * (os.cpu_count() or 1)))
    return session


def _builder() -> Any:
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise RunError(f"spark: PySpark is not installed. {_INSTALL}") from None
    # PySpark logs every fault with its whole stack before it raises it.
    logging.getLogger(_LOGGER).setLevel(logging.CRITICAL)
    logging.getLogger("py4j").setLevel(logging.WARNING)
    return SparkSession.builder.appName("custlib")


def _need_java() -> None:
    home = os.environ.get("JAVA_HOME")
    if home and not (Path(home) / "bin" / "java").is_file():
        raise RunError("spark: JAVA_HOME names no Java (it has no bin/java). Correct it, or unset it.")
    if not home and shutil.which("java") is None:
        raise RunError(
            "spark: there is no Java (neither JAVA_HOME nor java on the PATH). Install Java 17 or later, for "
            "instance: apt install openjdk-17-jre-headless"
        )


def _reach(master: str) -> None:
    """Check that a master answers; Spark itself would try for minutes."""
    place = urlsplit(master)
    if place.scheme not in ("spark", "sc"):
        return
    try:
        port = place.port or (7077 if place.scheme == "spark" else 15002)
    except ValueError:
        raise RunError(f"spark: {master!r} has no port that is a number. Correct {MASTER}.") from None
    try:
        socket.create_connection((place.hostname or "", port), timeout=_PATIENCE).close()
    except OSError as fault:
        reason = fault.strerror or "no answer"
        raise RunError(
            f"spark: nothing answers at {place.hostname}:{port} ({reason}). Start it, or correct {MASTER}."
        ) from None


def _settings(folder: Path, master: str, memory_limit: str | None) -> dict[str, str]:
    """Settings that must be set before Spark starts."""
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.driver.memory": _memory(memory_limit),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }
    here = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return settings | (here if master.startswith("local") else {})


def _memory(limit: str | None) -> str:
    """Write a limit such as ``"500MB"`` as Java does: ``"500m"``."""
    if limit is None:
        half = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2 if hasattr(os, "sysconf") else 0
        return f"{max(half >> 20, 1024)}m"
    match = re.fullmatch(r"\s*([0-9]+)\s*([KMGT])i?B?\s*", limit, re.IGNORECASE)
    if not match:
        raise RunError(f"spark: {limit!r} is no size of memory. Write it as 4GB or 500MB.")
    return f"{match[1]}{match[2].lower()}"


def _started(begin: Any, master: str) -> Any:
    """Start a session, or raise an error of one line."""
    with TemporaryFile() as output, _stderr_to(output):
        try:
            return begin()
        except Exception as fault:
            _forget_half_started()
            what = _INSTALL if master == _LOCAL else f"Correct {MASTER}, or unset it for this machine."
            raise RunError(f"spark: cannot start at {master}: {_reason(fault, output)}. {what}") from None


def has_ended() -> bool:
    """Check whether the Java machine of this process has ended, for instance killed for want of memory."""
    from pyspark import SparkContext

    machine = getattr(SparkContext._gateway, "proc", None)
    return machine is not None and machine.poll() is not None


def _forget_ended() -> None:
    """Let the next session start a Java machine of its own, where the last one has ended."""
    if has_ended():
        from pyspark import SparkContext
        from pyspark.sql import SparkSession

        SparkContext._gateway = SparkContext._jvm = SparkContext._active_spark_context = None
        SparkSession._instantiatedSession = None


def _forget_half_started() -> None:
    """Stop a half-started context, which a master that refuses leaves behind, before the next attempt."""
    with suppress(Exception):
        from pyspark import SparkContext

        if SparkContext._active_spark_context is not None:
            SparkContext._active_spark_context.stop()


def _reason(fault: Exception, output: IO[bytes]) -> str:
    """The most telling line: of the fault, or of the output of a Java machine that did not start."""
    lines = str(fault).strip().splitlines() or [type(fault).__name__]
    exceptions = [line for line in lines if "Exception: " in line]
    if exceptions:
        return exceptions[-1].split("Exception: ", 1)[-1].strip().rstrip(".")
    output.seek(0)
    printed = [line for line in output.read().decode("utf-8", "replace").splitlines() if _TELLING.match(line)]
    return (printed[-1] if printed else lines[0]).strip().rstrip(".")


@contextmanager
def _stderr_to(file: IO[bytes]) -> Iterator[None]:
    """Redirect the standard error of processes started meanwhile to a file; the Java machine keeps it."""
    sys.stderr.flush()
    saved = os.dup(2)
    try:
        os.dup2(file.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
