"""The doors: tox says what each environment is for, and CI calls the two commands that the README promises."""

from __future__ import annotations

import configparser
import re
import tomllib
from pathlib import Path

import pytest

from tests.repo.tracked import ROOT

COMMANDS = ("make gate", "make test")
ENVIRONMENTS = {"gate", "certify", "load", "test", "lint", "bench"}


def read(name: str) -> str:
    path = ROOT / name
    if not path.is_file():
        pytest.fail(f"there is no {name} yet")
    return path.read_text(encoding="utf-8")


def tox() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(read("tox.ini"))
    return parser


def recipe(target: str) -> str:
    """Return the lines of a Makefile target."""
    match = re.search(rf"^{target}(?: [^:\n]*)?:.*\n((?:\t.*\n?)*)", read("Makefile"), re.MULTILINE)
    assert match, f"the Makefile has no target {target!r}"
    return match[1]


def test_tox_has_every_environment_and_each_says_what_it_is_for() -> None:
    sections = {name.removeprefix("testenv:"): tox()[name] for name in tox().sections() if name.startswith("testenv:")}
    assert ENVIRONMENTS - sections.keys() == set()
    assert [name for name, section in sections.items() if len(section.get("description", "")) < 20] == []
    idle = {name for name, section in sections.items() if not section.get("commands", "").strip()}
    assert idle == {"harness"}, "only the environment that the others share has nothing to run"


@pytest.mark.parametrize("command", COMMANDS)
def test_ci_calls_the_command_that_the_readme_promises(command: str) -> None:
    assert re.search(rf"^{command}\b", read(".ci/run"), re.MULTILINE), f".ci/run does not call `{command}`"
    assert re.search(rf"^{command}\b", read("README.md"), re.MULTILINE), f"the README does not promise `{command}`"
    assert "$(TOX)" in recipe(command.removeprefix("make ")), "the Makefile goes through tox"


def test_ci_stops_at_the_first_command_that_fails() -> None:
    assert "set -euo pipefail" in read(".ci/run")
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111, ".ci/run is not executable"


def test_make_test_runs_lint_and_tests() -> None:
    assert {"lint", "test"} <= set(re.findall(r"-e (\w+)", recipe("test")))


def test_every_environment_that_make_names_is_one_of_toxs() -> None:
    named = set(re.findall(r"-e (\w+)", read("Makefile")))
    assert named - {name.removeprefix("testenv:") for name in tox().sections()} == set()


def test_the_projects_own_tests_are_strict() -> None:
    options = tomllib.loads(read("pyproject.toml"))["tool"]["pytest"]["ini_options"]
    assert options["testpaths"] == ["tests"]
    assert options["filterwarnings"][0] == "error"
    assert "--strict-markers" in options["addopts"]
    assert "no:locust" in options["addopts"]


def test_every_direct_dependency_is_pinned_and_nothing_else_is_installed() -> None:
    lines = [line for line in read("requirements.txt").splitlines() if line and not line.startswith("#")]
    pinned = {line.partition("==")[0].lower() for line in read("constraints.txt").splitlines() if "==" in line}
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+(==[0-9][^\s]*)?", line)] == []
    direct = {line.partition("==")[0].lower() for line in lines}
    assert direct - pinned == set(), "constraints.txt pins every package"


def test_the_schema_and_the_page_are_where_the_harness_looks_for_them() -> None:
    missing = [name for name in ("harness/certificate.schema.json", "spec/kafka.md") if not Path(ROOT / name).is_file()]
    assert missing == []
