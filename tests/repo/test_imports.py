"""Who may import whom: lower layers know nothing of higher ones, and each library lives in one room."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.repo.layers import LAYERS, NEVER_IN_PURE, ROOMS, USE_CASES, layer_of
from tests.repo.tracked import Source, expect_none, imported, is_within, needed, sources


def upward(source: Source) -> list[str]:
    """Return the imports of a harness module that go to a higher layer."""
    own = layer_of(source.module)
    names = sorted(name for name in imported(source) if is_within(name, "harness") and layer_of(name) > own)
    return [f"{source.module} ({LAYERS[own][0]}) imports {name} ({LAYERS[layer_of(name)][0]})" for name in names]


def out_of_room(source: Source) -> list[str]:
    """Return the libraries that a module imports outside their rooms."""
    return [
        f"{source.module} imports {name}: {library} lives in {', '.join(rooms) or 'the tests'}"
        for name in sorted(imported(source))
        for library, rooms in ROOMS.items()
        if is_within(name, library) and not is_within(source.module, *rooms, "tests")
    ]


def reaching_out(source: Source) -> list[str]:
    """Return what a module of the lower two layers imports that reaches outside the process."""
    pure = is_within(source.module, "harness") and layer_of(source.module) < 2
    return [f"{source.module} imports {name}" for name in imported(source) if pure and is_within(name, *NEVER_IN_PURE)]


def waited_for(source: Source) -> list[str]:
    """Return the clients that a module takes from their library, whose end may be waited for without an end."""
    nodes = [node for node in ast.walk(source.tree) if isinstance(node, ast.ImportFrom)]
    theirs = [node for node in nodes if is_within(node.module or "", "confluent_kafka")]
    taken = sorted({alias.name for node in theirs for alias in node.names} & {"Producer", "Consumer", "AdminClient"})
    return [f"{source.module} imports {name}: take the one of harness.clients.handles" for name in taken]


def into(source: Source, *targets: str) -> list[str]:
    return [f"{source.module} imports {name}" for name in sorted(imported(source)) if is_within(name, *targets)]


def none_of(found: list[list[str]]) -> None:
    expect_none(violation for violations in found for violation in violations)


HARNESS = [source for source in sources() if source.room == "harness"]
CODE = [source for source in sources() if source.room != "tests"]


def test_lower_layers_never_import_higher_ones() -> None:
    none_of([upward(source) for source in HARNESS])


def test_no_module_of_the_harness_needs_itself() -> None:
    own = {source.module for source in HARNESS}
    graph = {source.module: {name for name in needed(source) if name in own} for source in HARNESS}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"modules import each other: {' -> '.join(error.args[1])}")


def test_every_module_that_a_layer_names_is_there() -> None:
    named = {member for number, (_, members) in enumerate(LAYERS) for member in members if number != USE_CASES}
    assert named - {source.module for source in HARNESS} == set()


def test_what_judges_and_counts_reaches_nothing_outside() -> None:
    none_of([reaching_out(source) for source in CODE])


def test_each_library_lives_in_one_room() -> None:
    none_of([out_of_room(source) for source in CODE])


def test_every_client_of_the_harness_is_one_whose_end_nobody_waits_for() -> None:
    none_of([waited_for(source) for source in CODE])


def test_nothing_depends_on_the_suites_or_the_load() -> None:
    own = ("suites", "load", "manifests")  # with the manifests of a load comes a locustfile
    none_of([into(source, "suites", "load") for source in CODE if source.room not in own])
    none_of([into(source, "suites") for source in CODE if source.room == "load"])


def test_faults_know_only_the_harness() -> None:
    none_of([into(s, "suites", "load", "testbed", "tests") for s in CODE if s.room == "chaos"])


def test_nothing_but_the_tests_imports_the_tests() -> None:
    none_of([into(source, "tests") for source in CODE])


def test_the_testbed_needs_of_the_harness_only_how_to_wait_and_what_to_say() -> None:
    allowed = ("harness.errors", "harness.waiting", "harness.progress")
    found = [name for s in CODE if s.room == "testbed" for name in into(s, "harness") if not name.endswith(allowed)]
    expect_none(found)


def test_only_the_command_line_reaches_for_the_testbed() -> None:
    wiring = ("harness.cli", "harness.launch")
    none_of([into(s, "testbed") for s in HARNESS if not is_within(s.module, *wiring)])


def test_each_rule_is_seen_to_fail() -> None:
    def bad(path: str, text: str) -> Source:
        return Source(path, text)

    assert upward(bad("harness/verdict.py", "from harness.run import Run"))
    assert upward(bad("harness/checkers/unseen.py", "def check():\n    import harness.journal"))
    assert not upward(bad("harness/journal.py", "from harness.ops import Op"))
    assert out_of_room(bad("harness/checkers/unseen.py", "from confluent_kafka.admin import AdminClient"))
    assert out_of_room(bad("chaos/process.py", "import kubernetes"))
    assert not out_of_room(bad("harness/cluster/pods.py", "from kubernetes import client"))
    assert not out_of_room(bad("tests/test_a.py", "import kubernetes"))
    assert waited_for(bad("bench/kills.py", "def work():\n    from confluent_kafka import KafkaError, Producer"))
    assert waited_for(bad("harness/clients/topics.py", "from confluent_kafka.admin import AdminClient"))
    assert waited_for(bad("harness/clients/topics.py", "from confluent_kafka.cimpl import Consumer"))
    assert not waited_for(bad("harness/clients/topics.py", "from harness.clients.handles import AdminClient"))
    assert reaching_out(bad("harness/checkers/unseen.py", "import socket"))
    assert not reaching_out(bad("harness/clients/zookeeper.py", "import socket"))
    assert into(bad("harness/run.py", "from suites import documented"), "suites")
