"""How the code is written: small parts, one place that waits, no error swallowed without a reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.repo.tracked import Source, expect_none, sources

MODULE_LINES = 400
FUNCTION_LINES = 60
MAY_SLEEP = {
    "harness/waiting.py": "the only place that waits",
}
"""Who may call time.sleep, and why."""

MAY_INJECT = {
    "harness/trial.py": "it journals first",
    "suites/test_groups.py": "its CoordinatorEnds is no fault, and injects one by harness.trial.inject",
}
"""Who may call a method named inject, and why."""


def too_long(source: Source) -> Iterator[str]:
    """Give the module and the functions that are too long to be read at once."""
    if len(source.lines) >= MODULE_LINES:
        yield f"{source.path} has {len(source.lines)} lines, fewer than {MODULE_LINES} are expected"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"{source.path}:{node.lineno}: {node.name} has {length} lines, at most {FUNCTION_LINES}"


def sleeping(source: Source) -> Iterator[str]:
    """Give the places that sleep instead of waiting for a condition."""
    for node in ast.walk(source.tree):
        named = isinstance(node, ast.Attribute) and node.attr == "sleep" and ast.unparse(node.value) == "time"
        taken = (
            isinstance(node, ast.ImportFrom) and node.module == "time" and any(a.name == "sleep" for a in node.names)
        )
        if isinstance(node, ast.Attribute | ast.ImportFrom) and (named or taken) and source.path not in MAY_SLEEP:
            yield f"{source.path}:{node.lineno}: sleeps; use harness.waiting, which waits for something"


def swallowing(source: Source) -> Iterator[str]:
    """Give the handlers that catch everything, do not raise it again, and do not say why in a comment."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler) and _catches_everything(node.type):
            raises_again = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
            if not raises_again and "#" not in source.lines[node.lineno - 1]:
                yield f"{source.path}:{node.lineno}: catches everything without a comment that says why"


def _catches_everything(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(_catches_everything(one) for one in caught.elts)
    return caught is None or (isinstance(caught, ast.Name) and caught.id in ("Exception", "BaseException"))


def unexplained(source: Source) -> Iterator[str]:
    """Give the suppressions of a whole rule family: which rule is broken, and why, must be said."""
    for number, line in enumerate(source.lines, start=1):
        comment = line.partition("#")[2].strip()
        if comment in ("type: ignore", "noqa"):
            yield f"{source.path}:{number}: {comment!r} without the name of what is ignored"


def injecting(source: Source) -> Iterator[str]:
    """Give the places that inject a fault by themselves: it would be in no journal, and nobody could heal it."""
    if source.room == "tests" or source.path in MAY_INJECT:
        return
    calls = [node for node in ast.walk(source.tree) if isinstance(node, ast.Call)]
    for call in calls:
        of = ast.unparse(call.func).rpartition(".inject")
        if of[1:] == (".inject", "") and of[0] not in ("trial", "super()"):
            yield f"{source.path}:{call.lineno}: injects a fault; use harness.trial.inject, which journals it first"


RULES = (too_long, sleeping, swallowing, unexplained, injecting)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_code_keeps_the_rule(rule: type) -> None:
    expect_none(violation for source in sources() for violation in rule(source))


LONG_FUNCTION = "def f():\n" + "    x = 1\n" * FUNCTION_LINES
BAD = {
    too_long: ["\n" * MODULE_LINES, LONG_FUNCTION],
    sleeping: ["import time\ntime.sleep(1)", "from time import monotonic, sleep", "import time\nf = time.sleep"],
    swallowing: [
        "try:\n    f()\nexcept:\n    pass",
        "try:\n    f()\nexcept Exception:\n    pass",
        "try:\n    f()\nexcept (OSError, BaseException) as e:\n    raise ValueError from e",
    ],
    unexplained: ["x = f()  # type: ignore", "import x  # noqa"],
    injecting: ["fault.inject()", "ForcedDelete(cluster, pod).inject()", "self._fault.inject()"],
}
GOOD = {
    too_long: ["\n" * (MODULE_LINES - 1), LONG_FUNCTION.removesuffix("    x = 1\n")],
    sleeping: ["from harness.waiting import wait_until", "clock.sleep(1)", "'time.sleep(1)'"],
    swallowing: [
        "try:\n    f()\nexcept OSError:\n    pass",
        "try:\n    f()\nexcept Exception:  # a dead thread must not look quiet\n    pass",
        "try:\n    f()\nexcept BaseException:\n    g()\n    raise",
    ],
    unexplained: ["x = f()  # type: ignore[arg-type]", "import x  # noqa: F401", "'# noqa is a comment'"],
    injecting: ["inject(fault, run, evidence)", "trial.inject(fault, run, evidence)", "super().inject()"],
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_is_seen_to_fail_and_to_pass(rule: type) -> None:
    assert all(list(rule(Source("made_up.py", text))) for text in BAD[rule])
    assert not [violation for text in GOOD[rule] for violation in rule(Source("made_up.py", text))]
