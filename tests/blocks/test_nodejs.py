"""The kafkajs installation: locked, found again, whole or not there; and a remedy for each way that it fails."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from harness.errors import MachineError
from harness.nodejs import PACKAGE, kafkajs_path, prepare_kafkajs
from harness.progress import TerminalProgress


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def _npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f"#!/bin/bash\n{script}\n", encoding="utf-8")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{npm.parent}:{os.environ['PATH']}")


def test_it_is_installed_once_from_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _npm(tmp_path, monkeypatch, f'echo "$@" >> {tmp_path}/calls; cmp package-lock.json {PACKAGE}/package-lock.json')
    path = prepare_kafkajs(TerminalProgress())
    assert prepare_kafkajs(TerminalProgress()) == path == kafkajs_path()
    assert (tmp_path / "calls").read_text().splitlines() == ["ci --ignore-scripts --no-audit --no-fund"]
    assert path.parent == tmp_path / "cache" / "greenfield-harness"
    assert [child.name for child in path.parent.iterdir()] == [path.name], "nothing half done is left"


def test_a_failed_installation_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _npm(tmp_path, monkeypatch, "echo 'npm error network' >&2; exit 1")
    with pytest.raises(MachineError, match=r"npm ci ended with 1 \(npm error network\): check that npm reaches"):
        prepare_kafkajs(TerminalProgress())
    assert list((tmp_path / "cache" / "greenfield-harness").iterdir()) == []


def test_an_installation_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.nodejs.INSTALL_TIMEOUT_S", 0.2)
    _npm(tmp_path, monkeypatch, "exec sleep 1000")
    with pytest.raises(MachineError, match=r"did not end within 0\.2 s"):
        prepare_kafkajs(TerminalProgress())


def test_without_npm_there_is_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(MachineError, match=r"npm is not installed: install Node.js 18 or later with npm"):
        prepare_kafkajs(TerminalProgress())


def test_what_was_not_prepared_is_not_found() -> None:
    with pytest.raises(MachineError, match="kafkajs is not installed in"):
        kafkajs_path()


def test_the_lock_pins_what_the_package_asks_for_and_names_no_host() -> None:
    lock = json.loads((PACKAGE / "package-lock.json").read_text(encoding="utf-8"))
    package = json.loads((PACKAGE / "package.json").read_text(encoding="utf-8"))
    locked = lock["packages"]["node_modules/kafkajs"]
    assert package["dependencies"] == {"kafkajs": locked["version"]} == {"kafkajs": "2.2.4"}
    assert locked["integrity"].startswith("sha512-")
    assert all("resolved" not in entry for entry in lock["packages"].values())
