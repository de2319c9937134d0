"""Runs JupyterLab on this machine alone, in folders of its own, for as long as a test looks at notebooks in it."""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat.sign import NotebookNotary

from tests.browser.check_pages import HERE, chromium

THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
_SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},  # every output is there at once, to be looked at
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}


@dataclass(frozen=True)
class Lab:
    """A server that runs: its folder, address and token."""

    folder: Path
    address: str
    token: str

    def put(self, name: str, notebook: Any, *, trusted: bool) -> str:
        """Write a notebook where the server finds it, signed or not."""
        path = self.folder / "notebooks" / f"{name}.ipynb"
        nbformat.write(notebook, path)
        if trusted:
            NotebookNotary(data_dir=str(self.folder / "data")).sign(nbformat.read(path, as_version=4))
        return path.name

    def look_at(self, notebooks: Sequence[str], theme: str, *, scheme: str, width: int = 1280) -> list[dict[str, Any]]:
        """Open notebooks in a theme, on a screen of a scheme and width; say what is shown, with a picture each."""
        _set(self.folder, "apputils-extension/themes", {"theme": THEMES[theme]})
        command = ["node", str(HERE / "lab.mjs"), self.address, self.token, str(self.folder), str(width), scheme]
        environment = os.environ | {"CHROMIUM": chromium() or ""}
        done = subprocess.run([*command, *notebooks], capture_output=True, text=True, env=environment, timeout=600)
        assert done.returncode == 0, done.stderr[-2000:]
        return [json.loads(line) for line in done.stdout.splitlines()]


@contextmanager
def lab_in(folder: Path) -> Iterator[Lab]:
    """Start JupyterLab and end it, whatever happens; without anybody to end it, it ends by itself in two minutes."""
    token = secrets.token_hex(16)
    for name in ("notebooks", "data", "runtime", "config/labconfig"):
        (folder / name).mkdir(parents=True)
    for name, content in _SETTINGS.items():
        _set(folder, name, content)
    (folder / "config" / "labconfig" / "page_config.json").write_text('{"notebookStartsKernel": "false"}')
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0",
               f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder / 'notebooks'}",
               "--ServerApp.shutdown_no_activity_timeout=120"]  # fmt: skip
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, env=_environment(folder), cwd=folder, stdout=log, stderr=log)
    try:
        yield Lab(folder, _address(folder, server), token)
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _set(folder: Path, name: str, content: dict[str, Any]) -> None:
    """Write the settings of a plugin of JupyterLab."""
    path = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def _environment(folder: Path) -> dict[str, str]:
    """Point JupyterLab to nothing but its folder."""
    places = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime",
              "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}  # fmt: skip
    return os.environ | {name: str(folder / place) for name, place in places.items()}


def _address(folder: Path, server: "subprocess.Popen[bytes]") -> str:
    """Wait until the server has written where it is."""
    end = time.monotonic() + 90
    while time.monotonic() < end and server.poll() is None:
        for path in (folder / "runtime").glob("jpserver-*.json"):
            if text := path.read_text("utf-8"):
                return str(json.loads(text)["url"])
        time.sleep(0.2)
    raise AssertionError(f"JupyterLab did not start:\n{(folder / 'log').read_text()[-2000:]}")
