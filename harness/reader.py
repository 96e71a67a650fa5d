"""The reader: runs the document's steps as a person would who has only the page, and leaves the record as evidence."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness import nodejs, python_session
from harness.blocks import Step, departures, step
from harness.claims import expect_within
from harness.document import Document
from harness.errors import MachineError
from harness.evidence import Evidence
from harness.running import Outcome, Program, running
from harness.verdict import Inconclusive

COMMAND_BUDGET_S = 60
"""A documented command starts a JVM inside a container with half a core: 3-6 s; one that takes a minute is broken."""

_TAIL_LINES = 30
_NO_ANSWER = ("Unable to connect to the server", "The connection to the server", "error dialing backend")
"""What kubectl says when it did not reach the API server or the node: nothing was learned about Kafka."""


class Reader:
    """Runs steps against one cluster; what each of them did goes to the evidence under the step's last name."""

    def __init__(
        self, *, document: Document, namespace: str, environment: Mapping[str, str], evidence: Evidence
    ) -> None:
        self._document, self._namespace = document, namespace
        self._environment, self._evidence = dict(environment), evidence

    def step(self, key: str) -> Step:
        """Return the step as it will be run in this cluster's namespace."""
        return self._written(key).in_namespace(self._namespace, documented=self._document.namespace)

    def command(self, key: str) -> Outcome:
        """Run a Bash step that ends by itself; it must end within the budget and with exit code 0."""
        with self.shell(key) as program:
            pass
        return program.outcome

    @contextmanager
    def shell(self, key: str, *, exit_codes: Collection[int] = (0,)) -> Iterator[Program]:
        """Run a Bash step, on a terminal when it asks for one (`-it`); what it waits for is typed in the `with` block.

        A program that only ends by ^C is given that key there, and the exit codes that follow from it here.
        """
        self._need_kubectl()
        one = self.step(key)
        command = ["bash", "-c", one.text]
        terminal = re.search(r"\s-it\s", one.text) is not None
        with running(command, environment=self._environment, terminal=terminal) as program:
            yield from self._followed(program, [one], ran=one.text, exit_codes=exit_codes)

    @contextmanager
    def python(self, *keys: str, supplied: str = "", closing: str = "") -> Iterator[Program]:
        """Run Python steps in one session; `supplied` runs before them and `closing` after, both on record."""
        found = [self.step(key) for key in keys]
        parts = [_part("supplied by the runner", supplied)] if supplied else []
        parts += [
            {"file": self._document.path.name, "line": one.line, "text": one.text, "key": one.key} for one in found
        ]
        parts += [_part("closing", closing)] if closing else []
        with tempfile.TemporaryDirectory(prefix="documented-") as folder:
            file = Path(folder) / "parts.json"
            file.write_text(json.dumps(parts), encoding="utf-8")
            command = [sys.executable, "-u", python_session.__file__, str(file)]
            with running(command, environment=self._environment) as program:
                yield from self._followed(program, found, ran="".join(str(part["text"]) for part in parts))

    @contextmanager
    def node(self, *keys: str, closing: str) -> Iterator[Program]:
        """Run Node.js steps in one async function; `closing` runs when the `with` block is left, and is on record."""
        found = [self.step(key) for key in keys]
        program_text = node_program(found, closing=closing)
        environment = {**self._environment, "NODE_PATH": str(nodejs.kafkajs_path() / "node_modules")}
        with tempfile.TemporaryDirectory(prefix="documented-") as folder:
            file = Path(folder) / f"{self._document.path.name}.js"
            file.write_text(program_text, encoding="utf-8")
            with running([nodejs.node(), str(file)], environment=environment) as program:
                yield from self._followed(program, found, ran=program_text)

    def _written(self, key: str) -> Step:
        return step(self._document, key)

    def _need_kubectl(self) -> None:
        if shutil.which("kubectl", path=self._environment.get("PATH")) is None:
            raise MachineError("kubectl is not on the PATH", remedy="install kubectl; the document's commands need it")

    def _followed(
        self, program: Program, found: Sequence[Step], *, ran: str, exit_codes: Collection[int] = (0,)
    ) -> Iterator[Program]:
        """Hand the program to the `with` block, then see it end well; keep the record in any case."""
        what = found[-1].key
        try:
            yield program
            if not program.on_terminal:
                program.end_input()
            expect_within(
                lambda: program.ended,
                what=f"the end of {what!r}",
                budget_s=COMMAND_BUDGET_S,
                every_s=0.02,
                detail=lambda: f"its output: {_tail(program.output)}",
            )
        finally:
            self._record(program, found, ran=ran)
        _expect_success(what, program.outcome, exit_codes)

    def _record(self, program: Program, found: Sequence[Step], *, ran: str) -> None:
        written = "".join(self._written(one.key).text for one in found)
        name = re.sub(r"\W+", "_", found[-1].key.split(" / ")[-1]).strip("_").lower()
        self._evidence.fact(
            **{
                name: {
                    "lines": [one.line for one in found],
                    "departures": departures(written, ran),
                    **_ending(program),
                    "output": _tail(program.output).splitlines(),
                }
            }
        )


def node_program(steps: Sequence[Step], *, closing: str) -> str:
    """Return one CommonJS program of the steps; each keeps its line of the page, so that a stack trace names it.

    The blocks await at their top level, which CommonJS allows only inside an async function. The program stays until
    its input is closed, as a service does, and then runs `closing`.
    """
    text = "(async () => {\n"
    for one in steps:
        text += "\n" * max(0, one.line - 1 - text.count("\n")) + one.text
    return (
        text
        + f"console.log({json.dumps(python_session.DONE + steps[-1].key)});\n"
        + "await new Promise((closed) => process.stdin.on('end', closed).resume());\n"
        + f"{closing}\n"
        + "})().catch((error) => { console.error(error); process.exit(1); });\n"
    )


def _part(name: str, text: str) -> dict[str, object]:
    return {"file": name, "line": 1, "text": text, "key": name}


def _ending(program: Program) -> dict[str, object]:
    if not program.ended:
        return {"ended": False}
    return {"exit_code": program.outcome.exit_code, "duration_s": round(program.outcome.duration_s, 2)}


def _tail(output: str) -> str:
    return "\n".join(output.splitlines()[-_TAIL_LINES:])


def _expect_success(what: str, outcome: Outcome, exit_codes: Collection[int]) -> None:
    if any(words in outcome.output for words in _NO_ANSWER):
        raise Inconclusive(f"{what!r} did not reach the cluster: {_tail(outcome.output)}")
    assert outcome.exit_code in exit_codes, (
        f"{what!r} ended with exit code {outcome.exit_code}: {_tail(outcome.output)}"
    )
