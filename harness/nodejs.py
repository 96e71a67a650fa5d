"""Node.js: the pinned kafkajs that the documented Node.js blocks need, installed once and found again by its lock file.

Installing needs the way out that the testbed's network namespaces do not have, so it is a step of its own, done
before a run enters such a place; the run itself only asks where the installation is.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from harness.errors import MachineError
from harness.progress import Progress

PACKAGE = Path(__file__).parent.parent / "suites" / "documented"
"""Where `package.json` and `package-lock.json` are kept."""

INSTALL_TIMEOUT_S = 300


def prepare_kafkajs(progress: Progress) -> Path:
    """Install the locked kafkajs into the cache unless it is there, and return its folder."""
    target = _target()
    if not target.is_dir():
        with progress.step("installing kafkajs for the documented Node.js blocks", expected_s=5):
            _install(target, npm=_tool("npm"))
    return target


def kafkajs_path() -> Path:
    """Return the folder whose `node_modules` hold kafkajs; MachineError when it was not prepared."""
    target = _target()
    if not target.is_dir():
        raise MachineError(
            f"kafkajs is not installed in {target}", remedy="run the gate once where npm reaches its registry"
        )
    return target


def node() -> str:
    """Return the path of the `node` program."""
    return _tool("node")


def _target() -> Path:
    lock = (PACKAGE / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "greenfield-harness" / f"kafkajs-{hashlib.sha256(lock).hexdigest()[:16]}"


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise MachineError(f"{name} is not installed", remedy="install Node.js 18 or later with npm")
    return path


def _install(target: Path, *, npm: str) -> None:
    """Install beside the target and rename: a run that is cut off leaves no half installation that looks whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f"{target.name}.") as scratch:
        fresh = Path(scratch) / "fresh"
        fresh.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PACKAGE / name, fresh)
        _npm_ci(npm, fresh)
        _publish(fresh, target)


def _npm_ci(npm: str, folder: Path) -> None:
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise MachineError(
            f"npm ci did not end within {INSTALL_TIMEOUT_S} s", remedy="check that npm reaches its registry"
        ) from error
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
        raise MachineError(
            f"npm ci ended with {done.returncode} ({last})", remedy="check that npm reaches its registry"
        )


def _publish(fresh: Path, target: Path) -> None:
    """Rename into place; another run that was faster has published the same content."""
    try:
        fresh.rename(target)
    except OSError:
        if not target.is_dir():
            raise
