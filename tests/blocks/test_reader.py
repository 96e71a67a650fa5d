"""The reader: steps run as written, what was added is on record, and what goes wrong is told apart."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness import nodejs
from harness.document import CodeBlock, read
from harness.errors import MachineError
from harness.evidence import Evidence
from harness.reader import Reader
from harness.verdict import Inconclusive
from harness.waiting import wait_until

MakeReader = Callable[..., Reader]


@pytest.fixture
def evidence() -> Evidence:
    return Evidence()


@pytest.fixture
def make(tmp_path: Path, evidence: Evidence, monkeypatch: pytest.MonkeyPatch) -> MakeReader:
    """Make a reader of a page with one block for each keyword, whose `kubectl` is a Bash script."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "cache" / "greenfield-harness" / nodejs._target().name / "node_modules").mkdir(parents=True)

    def make(*, kubectl: str = 'echo "$@"', namespace: str = "greenfield", **blocks: str) -> Reader:
        script = tmp_path / "bin" / "kubectl"
        script.parent.mkdir(exist_ok=True)
        script.write_text(f"#!/bin/bash\n{kubectl}\n", encoding="utf-8")
        script.chmod(0o755)
        environment = {**os.environ, "PATH": f"{script.parent}:{os.environ['PATH']}"}
        found = tuple(
            CodeBlock(headings=("Kafka", name), language=name.split("_")[0], text=text, line=10 * number + 2)
            for number, (name, text) in enumerate(blocks.items())
        )
        return Reader(
            document=replace(read(), blocks=found), namespace=namespace, environment=environment, evidence=evidence
        )

    return make


def _record(evidence: Evidence, name: str) -> dict[str, object]:
    record = evidence.facts[name]
    assert isinstance(record, dict)
    return record


def test_a_command_is_run_as_written(make: MakeReader, evidence: Evidence) -> None:
    outcome = make(bash="# Say it\nkubectl exec kafka-0 -n greenfield -- say \\\n  --twice\n").command("bash / Say it")
    assert outcome.lines == ["exec kafka-0 -n greenfield -- say --twice"]
    record = _record(evidence, "say_it")
    assert (record["lines"], record["departures"], record["exit_code"]) == ([3], [], 0)
    assert record["output"] == outcome.lines


def test_another_namespace_is_on_record(make: MakeReader, evidence: Evidence) -> None:
    outcome = make(namespace="trial", bash="kubectl logs kafka-0 -n greenfield\n").command("bash")
    assert outcome.lines == ["logs kafka-0 -n trial"]
    assert _record(evidence, "bash")["departures"] == [
        "-kubectl logs kafka-0 -n greenfield",
        "+kubectl logs kafka-0 -n trial",
    ]


def test_a_command_with_it_gets_a_terminal(make: MakeReader) -> None:
    reader = make(kubectl="tty", bash="# With\nkubectl exec -it kafka-0\n# Without\nkubectl exec kafka-0 || true\n")
    assert reader.command("bash / With").output.startswith("/dev/pts/")
    assert reader.command("bash / Without").lines == ["not a tty"]


def test_a_command_that_fails_is_an_assertion_with_its_output(make: MakeReader, evidence: Evidence) -> None:
    with pytest.raises(AssertionError, match="'bash' ended with exit code 3: no such topic"):
        make(kubectl="echo no such topic; exit 3", bash="kubectl exec kafka-0\n").command("bash")
    assert _record(evidence, "bash")["exit_code"] == 3


def test_a_command_that_never_ends_is_an_assertion(
    make: MakeReader, evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.reader.COMMAND_BUDGET_S", 0.3)
    with pytest.raises(AssertionError, match=r"the end of 'bash' did not happen within 0.3 s: its output: waiting"):
        make(kubectl="echo waiting; exec sleep 1000", bash="kubectl exec kafka-0\n").command("bash")
    assert _record(evidence, "bash")["ended"] is False


def test_a_command_that_did_not_reach_the_cluster_is_inconclusive(make: MakeReader) -> None:
    kubectl = "echo 'Unable to connect to the server: dial tcp' >&2; exit 1"
    with pytest.raises(Inconclusive, match="did not reach the cluster"):
        make(kubectl=kubectl, bash="kubectl exec kafka-0\n").command("bash")


def test_without_kubectl_there_is_a_remedy(make: MakeReader, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = make(bash="kubectl logs\n")
    monkeypatch.setitem(reader._environment, "PATH", "/nonexistent")
    with pytest.raises(MachineError, match="kubectl is not on the PATH: install kubectl"):
        reader.command("bash")


def test_an_endless_command_is_ended_by_the_key_that_ends_it(make: MakeReader) -> None:
    reader = make(kubectl="trap 'exit 130' INT; echo record; read", bash="kubectl exec -it kafka-0 -- consume\n")
    with reader.shell("bash", exit_codes=(130,)) as program:
        wait_until(lambda: "record" in program.output, what="the record", timeout_s=10, every_s=0.01)
        program.interrupt()
    with (
        pytest.raises(AssertionError, match="exit code 130"),
        make(kubectl="exit 130", bash_two="kubectl exec -it kafka-0\n").shell("bash_two"),
    ):
        pass


def test_python_steps_share_one_session(make: MakeReader, evidence: Evidence) -> None:
    reader = make(python_first="import threading\nname = 'shared'\n", python_second="helper(name, __name__)\n")
    supplied, closing = "def helper(*words):\n    print(*words)\n", "print('closed')\n"
    with reader.python("python_first", "python_second", supplied=supplied, closing=closing) as session:
        wait_until(lambda: "done with closing" in session.output, what="the end", timeout_s=10, every_s=0.01)
        assert not session.ended, "a session stays open until it is left"
    assert "shared __main__" in session.output
    record = _record(evidence, "python_second")
    assert record["lines"] == [2, 12]
    assert record["departures"] == ["+def helper(*words):", "+    print(*words)", "+print('closed')"]


def test_control_c_ends_a_python_loop_and_the_session_goes_on(make: MakeReader) -> None:
    loop = "import time\nprint('looping')\nwhile True:\n    time.sleep(0.01)\n"
    with make(python_loop=loop, python_next="print('next')\n").python("python_loop", "python_next") as session:
        wait_until(lambda: "looping" in session.output, what="the loop", timeout_s=10, every_s=0.01)
        session.interrupt()
        wait_until(lambda: "next\n" in session.output, what="the next step", timeout_s=10, every_s=0.01)
    assert session.outcome.exit_code == 0


def test_a_python_error_names_the_line_of_the_page(make: MakeReader) -> None:
    reader = make(python_fine="x = 1\n", python_wrong="x = 1\nx / 0\n")
    with (
        pytest.raises(AssertionError, match=r"(?s)exit code 1: .*kafka.md\", line 13.*ZeroDivisionError"),
        reader.python("python_fine", "python_wrong"),
    ):
        pass


def test_nodejs_steps_share_one_async_function(make: MakeReader, evidence: Evidence) -> None:
    first = "const value = await Promise.resolve('shared');\n"
    reader = make(javascript_first=first, javascript_second="console.log(value, typeof require);\n")
    with reader.node("javascript_first", "javascript_second", closing="console.log('closed');") as program:
        wait_until(lambda: "done with" in program.output, what="the steps", timeout_s=10, every_s=0.01)
        assert "closed" not in program.output, "closing comes when the program is left"
    assert program.outcome.lines == ["shared function", "session: done with javascript_second", "closed"]
    departures = _record(evidence, "javascript_second")["departures"]
    assert isinstance(departures, list)
    assert all(line.startswith("+") for line in departures)
    assert "+console.log('closed');" in departures


def test_a_nodejs_error_names_the_line_of_the_page(make: MakeReader) -> None:
    reader = make(javascript_fine="const x = 1;\n", javascript_wrong="\nawait missing();\n")
    with (
        pytest.raises(AssertionError, match=r"(?s)exit code 1: .*missing is not defined.*kafka.md.js:13"),
        reader.node("javascript_fine", "javascript_wrong", closing=""),
    ):
        pass
