"""A PostgreSQL server for the tests: its own folder, loopback only, stopped with the test or by itself."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

PASSWORD = "ti/g:er @%"
_LONGEST = "300"  # seconds, after which it stops itself whatever became of the test
_READY = "ready to accept connections"


def missing() -> str:
    """Why no server can be started here; empty where one can."""
    if _programs() is None:
        return "PostgreSQL is not installed (Debian: apt-get install postgresql)"
    if os.getuid() == 0 and _user() is None:
        return "there is no user postgres, and PostgreSQL does not run as root"
    return ""


@contextmanager
def server() -> Iterator[str]:
    """Start a server; give the address of its database, with the password."""
    folder = Path(tempfile.mkdtemp(prefix="custlib-postgres-"))
    try:
        if os.getuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        port = _set_up(folder)
        with _running(folder, port):
            yield f"postgresql://shop:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/postgres"
    finally:
        shutil.rmtree(folder)


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    place = shutil.which("initdb") or (str(found[-1]) if found else None)
    return Path(place).parent if place else None


def _user() -> str | None:
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return None


def _as_user() -> dict[str, object]:
    owner = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
    return owner | {"cwd": "/", "env": {"PATH": os.environ["PATH"], "LC_ALL": "C"}}


def _set_up(folder: Path) -> int:
    (folder / "password").write_text(PASSWORD)
    (folder / "password").chmod(0o644)
    options = ["-D", folder / "data", "-U", "shop", "-A", "scram-sha-256", "--pwfile", folder / "password", "-N"]
    subprocess.run(
        [_programs() / "initdb", *options, "-E", "UTF8"], check=True, capture_output=True, timeout=120, **_as_user()
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def _running(folder: Path, port: int) -> Iterator[None]:
    options = ["listen_addresses=127.0.0.1", f"port={port}", "unix_socket_directories=", "fsync=off"]
    command = ["timeout", "--signal=INT", _LONGEST, _programs() / "postgres", "-D", folder / "data"]
    command += [word for option in options for word in ("-c", option)]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, **_as_user()
    ) as process:
        try:
            if not any(_READY in line for line in process.stderr):
                raise RuntimeError("PostgreSQL ended before it was ready")
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
