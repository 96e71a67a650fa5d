"""The command line: a wrong request is one sentence with its remedy and exit code 4, and nothing was created for it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harness.cli import main
from harness.launch import ROOT

STATEFUL_SETS = "\n---\n".join(
    f"apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: {name}}}\nspec: {{replicas: 3}}"
    for name in ("kafka", "zookeeper")
)
PLAIN_KUBECTL = f"#!/bin/sh\ncat <<'END'\n{STATEFUL_SETS}\nEND\n"
"""A stand-in for kubectl that renders every kustomization to the same two objects."""


@pytest.fixture(autouse=True)
def nothing_is_created(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put a stand-in for kubectl on PATH; fail a test in which anything is installed, started or written."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a wrong request must be refused before this")

    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "kubectl").write_text(PLAIN_KUBECTL, encoding="utf-8")
    (tools / "kubectl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    for step in ("testbed.up", "testbed.lock", "harness.nodejs.prepare_kafkajs"):
        monkeypatch.setattr(step, refuse)
    yield
    assert not (tmp_path / "reports").exists()


def run(tmp_path: Path, *arguments: str, typed: str = "") -> Result:
    """Type a command line that would put its reports into the test's own folder."""
    reports = ["--reports", str(tmp_path / "reports")] if arguments[0] in ("gate", "certify", "load") else []
    return CliRunner().invoke(main, [*arguments, *reports], input=typed)


def kubeconfig(tmp_path: Path, *, server: str, contexts: tuple[str, ...] = ("here",)) -> str:
    """Write a kubeconfig with these contexts, all of one server."""
    path = tmp_path / "kubeconfig"
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": contexts[0],
                "clusters": [{"name": "one", "cluster": {"server": server}}],
                "users": [{"name": "me", "user": {"token": "none"}}],
                "contexts": [{"name": name, "context": {"cluster": "one", "user": "me"}} for name in contexts],
            }
        ),
        encoding="utf-8",
    )
    return str(path)


def one_sentence(result: Result) -> str:
    """Return what was said, which must be one line."""
    (line,) = result.stderr.splitlines()
    return line.removeprefix("harness: ")


@pytest.mark.parametrize("command", ["gate", "certify"])
def test_a_kubeconfig_that_is_not_there(tmp_path: Path, command: str) -> None:
    result = run(tmp_path, command, "--kubeconfig", "/nonexistent")
    assert result.exit_code == 4
    assert one_sentence(result) == (
        "there is no kubeconfig at /nonexistent: give an existing file with --kubeconfig, "
        "or leave it out to use the testbed"
    )


def test_a_kubeconfig_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "kubeconfig").write_text("not: [a, kubeconfig", encoding="utf-8")
    result = run(tmp_path, "gate", "--kubeconfig", str(tmp_path / "kubeconfig"))
    assert result.exit_code == 4
    assert "is not a usable kubeconfig" in result.stderr


def test_a_context_that_is_not_in_it(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path, server="https://127.0.0.1:1", contexts=("staging", "here"))
    result = run(tmp_path, "gate", "--kubeconfig", file, "--context", "prod")
    assert result.exit_code == 4
    assert one_sentence(result) == f"{file} has no context 'prod': choose one of: here, staging"


def test_a_context_without_a_kubeconfig_is_not_taken_for_the_testbed(tmp_path: Path) -> None:
    result = run(tmp_path, "gate", "--context", "prod")
    assert result.exit_code == 4
    assert one_sentence(result) == "got --context 'prod' and no kubeconfig: name its file too, with --kubeconfig"


def test_an_api_that_does_not_answer(tmp_path: Path) -> None:
    with socket.socket() as closed:  # bound and not listening: nobody else can take the port, and nobody answers
        closed.bind(("127.0.0.1", 0))
        file = kubeconfig(tmp_path, server=f"https://127.0.0.1:{closed.getsockname()[1]}")
        result = run(tmp_path, "gate", "--kubeconfig", file)
    assert result.exit_code == 3
    assert "does not answer" in one_sentence(result)
    assert "check that the cluster of context 'here' runs and is reachable from here" in one_sentence(result)


@pytest.mark.parametrize("where", [("--kubeconfig", "/nonexistent"), ()], ids=["a cluster", "the testbed"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: StatefulSet\nmetadata:\n  name: [\n", "broken.yaml:4:1: broken YAML"),
        ("- 1\n- 2\n", "broken.yaml: got [1, 2]: expected Kubernetes objects"),
        ("kind: ConfigMap\napiVersion: v1\n", "an object lacks metadata"),
        (
            "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n",
            "has no StatefulSet named 'kafka', it has: ConfigMap/a",
        ),
        (STATEFUL_SETS.split("---", maxsplit=1)[0], "has no StatefulSet named 'zookeeper', it has: StatefulSet/kafka"),
        ("", "has no StatefulSet named 'kafka', it has: no objects"),
    ],
    ids=["broken YAML", "no objects", "no metadata", "no Kafka", "no ZooKeeper", "empty"],
)
def test_manifests_that_cannot_be_certified(tmp_path: Path, where: tuple[str, ...], text: str, said: str) -> None:
    (tmp_path / "broken.yaml").write_text(text, encoding="utf-8")
    result = run(tmp_path, "gate", *where, "--manifests", str(tmp_path / "broken.yaml"))
    assert result.exit_code == 4
    assert said in one_sentence(result)


def test_manifests_that_come_as_a_stream(tmp_path: Path) -> None:
    result = run(tmp_path, "gate", "--kubeconfig", "/nonexistent", "--manifests", "-", typed="a: [\n")
    assert result.exit_code == 4
    assert "standard input:2:1: broken YAML" in one_sentence(result)


def test_manifests_that_are_not_there(tmp_path: Path) -> None:
    result = run(tmp_path, "gate", "--manifests", str(tmp_path / "nothing"))
    assert result.exit_code == 4
    assert "there are no manifests at" in one_sentence(result)


def test_a_document_that_is_not_there(tmp_path: Path) -> None:
    result = run(tmp_path, "gate", "--document", str(tmp_path / "nothing.md"))
    assert result.exit_code == 4
    assert "nothing.md" in one_sentence(result)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("what: A.\nplan: {hold: {records_per_s: 5}}\nspeed: 5\n", "speed"),
        ("what: A.\nplan: {hold: {records_per_s: 5000000}}\n", "plan.records_per_s is 5e+06, expected at most"),
        ("what: A.\nplan: {hold: {records_per_s: 9000, measured_s: 3600}}\n", "may use 5.4 GB, 50% of its volume"),
    ],
    ids=["an unknown key", "an impossible rate", "more than the disk has room for"],
)
def test_a_profile_that_cannot_be(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    result = run(tmp_path, "load", str(path))
    assert result.exit_code == 4
    assert said in one_sentence(result)


@pytest.mark.parametrize("option", ["--only", "--skip"])
@pytest.mark.parametrize("command", ["gate", "certify"])
def test_a_clause_that_is_not_there(tmp_path: Path, command: str, option: str) -> None:
    result = run(tmp_path, command, option, "REP-99,fail")
    assert result.exit_code == 4
    assert one_sentence(result).startswith("there is no clause or family REP-99: name families (DEP, DOC, ")


def test_a_run_to_resume_that_is_not_there(tmp_path: Path) -> None:
    result = run(tmp_path, "certify", "--resume", "20260101-000000-abcd")
    assert result.exit_code == 4
    assert one_sentence(result).startswith("there is no run '20260101-000000-abcd' to resume: ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("gate", "--no-such-option"),
        ("no-such-command",),
        ("gate", "--seed", "many"),
        ("gate", "--namespace"),
        ("gate", "an argument"),
        ("up", "--nodes", "three"),
        ("mutants", "no-such-mutant", "--no-such-option"),
    ],
    ids=" ".join,
)
def test_a_command_line_that_cannot_be_read(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    result = run(tmp_path, *arguments)
    assert result.exit_code == 4
    assert "Try " in result.stderr


@pytest.mark.parametrize("command", ["", *main.commands])
def test_help_is_given_for_every_command(tmp_path: Path, command: str) -> None:
    for flag in ("-h", "--help"):
        result = run(tmp_path, *command.split(), flag) if command else CliRunner().invoke(main, [flag])
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout.startswith("Usage: ")


def test_the_claims_can_be_read_without_a_cluster(tmp_path: Path) -> None:
    result = run(tmp_path, "claims")
    assert result.exit_code == 0
    assert "REP-01   gate" in result.stdout


def test_help_names_every_exit_code() -> None:
    text = " ".join(CliRunner().invoke(main, ["--help"]).stdout.split())
    for code, meaning in enumerate(("certified", "not certified", "inconclusive", "the harness", "usage")):
        assert f"{code} {meaning}" in text


def test_an_interrupt_is_inconclusive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("harness.run_options.launch", interrupted)
    result = run(tmp_path, "gate")
    assert (result.exit_code, result.stderr.strip()) == (2, "harness: interrupted")


def test_a_bug_of_the_harness_is_not_taken_for_a_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("harness.run_options.launch", stumble)
    result = run(tmp_path, "gate")
    assert result.exit_code == 3
    assert "this is a fault of the harness itself" in result.stderr
    assert "ZeroDivisionError: a bug" in result.stderr


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "harness", "gate", "--manifests", "/nonexistent"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("harness: there are no manifests at /nonexistent: ")


def test_a_dry_run_touches_nothing(tmp_path: Path) -> None:
    result = run(tmp_path, "gate", "--dry-run", "--only", "REP-06")
    assert result.exit_code == 0
    first, claim, fault = result.stdout.splitlines()
    assert first.startswith("Nothing is touched. This would deploy, in namespace greenfield of testbed")
    assert claim.startswith("REP-06")
    assert "may inject: brokers away." in fault


@pytest.mark.parametrize("option", [("-k", "REP"), ("--lf",)], ids=" ".join)
def test_a_dry_run_does_not_guess_what_pytest_would_choose(tmp_path: Path, option: tuple[str, ...]) -> None:
    result = run(tmp_path, "certify", "--dry-run", *option)
    assert (result.exit_code, one_sentence(result)) == (
        4,
        "got --dry-run and -k or --lf: choose clauses by --only and --skip",
    )


def test_several_contexts_of_which_none_is_named(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path, server="https://127.0.0.1:1", contexts=("staging", "here"))
    result = run(tmp_path, "gate", "--kubeconfig", file)
    assert result.exit_code == 4
    assert one_sentence(result) == (
        f"{file} has 2 contexts and none was named: choose one with --context: here, staging"
    )


def test_a_namespace_that_is_known_by_another_name(tmp_path: Path) -> None:
    result = run(tmp_path, "gate", "--namespace", "kafka", "--i-know-this-is", "kafka-trial")
    assert result.exit_code == 4
    assert "got --i-know-this-is kafka-trial for namespace 'kafka'" in one_sentence(result)


def test_healing_one_run_and_all_of_them(tmp_path: Path) -> None:
    result = run(tmp_path, "heal", "--run", "a-run", "--all")
    assert (result.exit_code, one_sentence(result)) == (4, "got --run a-run and --all: leave one of them out")


def test_healing_a_context_without_a_kubeconfig(tmp_path: Path) -> None:
    result = run(tmp_path, "heal", "--context", "prod")
    assert result.exit_code == 4
    assert one_sentence(result).startswith("got --context 'prod' and no kubeconfig")


def test_healing_a_testbed_that_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("testbed.lock", nullcontext)
    monkeypatch.setattr("testbed.running", lambda: None)
    result = run(tmp_path, "heal")
    assert result.exit_code == 3
    assert "the testbed does not run, so nothing is left on it" in one_sentence(result)


def test_healing_a_kubeconfig_that_is_not_there(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    result = run(tmp_path, "heal", "--kubeconfig", "/nonexistent")
    assert result.exit_code == 4
    assert "there is no kubeconfig at /nonexistent" in capfd.readouterr().err
