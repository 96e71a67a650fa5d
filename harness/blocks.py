"""Blocks: the document's code cut into steps, each step run as it is written, every departure from the text on record.

A step is what a reader does at once: one command of a Bash block, or a whole program. The text is never corrected;
what a run must add (another namespace, the loop's end, a function that the page leaves to the reader) is shown as a
diff against the page.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.document import CodeBlock, Document
from harness.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that a reader runs; `key` names it: the headings above it and, in Bash, the comment above it."""

    key: str
    language: str
    text: str
    line: int

    def in_namespace(self, namespace: str, *, documented: str) -> Step:
        """Return the step for a cluster in another namespace: the two documented spellings of it, nothing else."""
        text = re.sub(rf"(-n )({re.escape(documented)})\b", rf"\g<1>{namespace}", self.text)
        text = text.replace(f".{documented}.svc", f".{namespace}.svc")
        return Step(key=self.key, language=self.language, text=text, line=self.line)


def steps(document: Document) -> tuple[Step, ...]:
    """Return every step of the document, in the order of the page, each with a name of its own."""
    return tuple(_numbered(step for block in document.blocks for step in _steps_of(block)))


def step(document: Document, key: str) -> Step:
    """Return the step of this name."""
    found = {step.key: step for step in steps(document)}
    if key not in found:
        names = ", ".join(repr(name) for name in found)
        raise UsageError(f"{document.path}: got no step {key!r}", remedy=f"name one of {names}")
    return found[key]


def promises(document: Document) -> tuple[str, ...]:
    """Return the names of everything that some clause must check: all steps and all best practices."""
    practices = [f"Best Practices / {practice.title}" for practice in document.practices]
    return (*(step.key for step in steps(document)), *practices)


def departures(written: str, run: str) -> list[str]:
    """Return the lines in which what was run differs from the page, `-` as written and `+` as run."""
    diff = difflib.unified_diff(written.splitlines(), run.splitlines(), lineterm="", n=0)
    return [line for line in diff if line[1:].strip() and not line.startswith(("---", "+++", "@@"))]


def _steps_of(block: CodeBlock) -> Iterator[Step]:
    """Cut a Bash block into its commands, each named after the comment above it; any other block is one step."""
    if block.language != "bash":
        yield Step(key=block.key, language=block.language, text=block.text, line=block.line)
        return
    key = block.key
    for line, text in _logical_lines(block):
        if text.startswith("#"):
            key = f"{block.key} / {text.lstrip('# ')}"
        else:
            yield Step(key=key, language="bash", text=text, line=line)


def _logical_lines(block: CodeBlock) -> Iterator[tuple[int, str]]:
    """Give each line of a Bash block with its continuations and its number; empty lines are left out."""
    pending: list[str] = []
    for number, line in enumerate(block.text.splitlines(), start=block.line):
        pending.append(line)
        if not line.endswith("\\"):
            text = "\n".join(pending).strip()
            if text:
                yield number - len(pending) + 1, text
            pending = []
    if pending:
        yield block.line + block.text.count("\n") - len(pending), "\n".join(pending)


def _numbered(found: Iterable[Step]) -> Iterator[Step]:
    """Give each step a name of its own: a second command under one comment gets `(2)`."""
    seen: dict[str, int] = {}
    for one in found:
        seen[one.key] = seen.get(one.key, 0) + 1
        key = one.key if seen[one.key] == 1 else f"{one.key} ({seen[one.key]})"
        yield Step(key=key, language=one.language, text=one.text, line=one.line)


@dataclass(frozen=True, kw_only=True)
class Send:
    """A `producer.send(topic, value)` that a Python block contains."""

    topic: str
    value: object


def sends(step: Step) -> tuple[Send, ...]:
    """Return what a Python step sends, read from its text, so that a clause expects what the page says."""
    calls = [node for node in ast.walk(ast.parse(step.text)) if isinstance(node, ast.Call)]
    found = [call for call in calls if ast.unparse(call.func) == "producer.send" and len(call.args) == 2]
    return tuple(Send(topic=ast.literal_eval(call.args[0]), value=ast.literal_eval(call.args[1])) for call in found)
