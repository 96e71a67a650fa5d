"""The reader of the page: the real page gives exactly what it says, a broken one is refused at its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.document import DEFAULT_PATH, Document, read
from harness.errors import ExitCode, UsageError

GIB = 2**30
PAGE = DEFAULT_PATH.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def document() -> Document:
    return read()


def test_sizing(document: Document) -> None:
    kafka, zookeeper = document.sizing
    assert (kafka.component, kafka.replicas, kafka.cpu_millicores) == ("Kafka Brokers", 3, 500)
    assert (kafka.memory_bytes, kafka.storage_bytes, kafka.line) == (GIB, 10 * GIB, 21)
    assert (zookeeper.component, zookeeper.replicas, zookeeper.cpu_millicores) == ("Zookeeper", 3, 250)
    assert (zookeeper.memory_bytes, zookeeper.storage_bytes, zookeeper.line) == (GIB // 2, 5 * GIB, 22)


def test_addresses(document: Document) -> None:
    assert [(str(address), address.line) for address in document.addresses] == [
        ("kafka-0.kafka.greenfield.svc.cluster.local:9092", 30),
        ("kafka-1.kafka.greenfield.svc.cluster.local:9092", 31),
        ("kafka-2.kafka.greenfield.svc.cluster.local:9092", 32),
        ("kafka.greenfield.svc.cluster.local:9092", 35),
        ("zookeeper-0.zookeeper.greenfield.svc.cluster.local:2181", 38),
        ("zookeeper-1.zookeeper.greenfield.svc.cluster.local:2181", 39),
        ("zookeeper-2.zookeeper.greenfield.svc.cluster.local:2181", 40),
    ]
    assert [(address.pod, address.ordinal) for address in document.brokers] == [
        ("kafka-0", 0),
        ("kafka-1", 1),
        ("kafka-2", 2),
    ]
    assert document.bootstrap.pod is None
    assert document.namespace == "greenfield"


def test_an_address_in_another_namespace(document: Document) -> None:
    moved = document.brokers[1].in_namespace("trial")
    assert str(moved) == "kafka-1.kafka.trial.svc.cluster.local:9092"
    assert (moved.namespace, moved.ordinal) == ("trial", 1)


def test_blocks(document: Document) -> None:
    assert [(block.key, block.language, block.line) for block in document.blocks] == [
        ("Usage / Connection Information", "bash", 29),
        ("Usage / Producing Messages / Python (kafka-python)", "python", 48),
        ("Usage / Producing Messages / Node.js (kafkajs)", "javascript", 63),
        ("Usage / Consuming Messages / Python", "python", 85),
        ("Usage / Consuming Messages / Node.js", "javascript", 102),
        ("Usage / Using Kafka CLI", "bash", 116),
        ("Operations / Topic Management", "bash", 149),
        ("Operations / Monitoring", "bash", 167),
        ("Common Use Cases / Event Sourcing", "python", 192),
        ("Common Use Cases / Stream Processing", "python", 204),
        ("Common Use Cases / Log Aggregation", "python", 214),
    ]
    lines = PAGE.splitlines()
    for block in document.blocks:
        text = block.text.splitlines()
        assert lines[block.line - 1 : block.line - 1 + len(text)] == text
        assert lines[block.line - 2] == f"```{block.language}"


def test_practices_and_use_cases(document: Document) -> None:
    assert [(practice.title, practice.line) for practice in document.practices] == [
        ("Partitioning Strategy", 180),
        ("Replication Factor", 181),
        ("Consumer Groups", 182),
        ("Retention Policy", 183),
        ("Monitoring", 184),
        ("Idempotent Producers", 185),
    ]
    assert document.practices[1].advice == "Use replication factor of 3 for production"
    assert [case.title for case in document.use_cases] == ["Event Sourcing", "Stream Processing", "Log Aggregation"]
    assert document.use_cases[1].block.text.startswith("# Process events in real-time\nfor message in consumer:")


LAST = len(PAGE.splitlines())


@pytest.mark.parametrize(
    ("written", "instead", "line", "problem"),
    [
        ("500m CPU, 1Gi RAM", "half a CPU", 21, "got resources 'half a CPU', expected such as '500m CPU, 1Gi RAM'"),
        ("500m CPU", "500x CPU", 21, "got '500x', expected CPU such as '500m'"),
        ("512Mi RAM", "512MB RAM", 22, "got '512MB', expected memory such as '1Gi'"),
        ("5Gi each", "some", 22, "got 'some', expected storage such as '10Gi'"),
        ("| 3 | 250m", "| three | 250m", 22, "got 'three', expected a number of replicas such as '3'"),
        ("| 3 | 500m", "| 0 | 500m", 21, "got '0', expected a number of replicas such as '3'"),
        ("**Zookeeper** |", "**Keeper** |", 21, "got 0 rows for 'zookeeper' in the sizing table, expected exactly one"),
        (
            "| Resources |",
            "| Size |",
            LAST,
            "expected a table with the columns Component, Replicas, Resources, Storage",
        ),
        ("kafka-1.kafka.greenfield", "kafka-7.kafka.greenfield", 30, "got kafka-0, kafka-7, kafka-2 for 'kafka'"),
        ("zookeeper.greenfield", "keeper.greenfield", 26, "got no address for 'zookeeper', expected the addresses of"),
        ("\nkafka.greenfield.svc.cluster.local:9092\n", "\n", 32, "got 0 addresses of the 'kafka' service"),
        (
            "```python\n# Store",
            "```\n# Store",
            191,
            "got a code block without a language, expected one such as ```bash",
        ),
        ("## Best Practices", "## Advice", LAST, "got no best practices"),
        ("**Consumer Groups**: Use", "Use", 182, "got 'Use consumer groups for load distribution', expected a best"),
        ("## Common Use Cases", "## Examples", LAST, "got no use cases"),
    ],
)
def test_a_broken_page_is_refused_at_its_line(
    tmp_path: Path, written: str, instead: str, line: int, problem: str
) -> None:
    path = tmp_path / "kafka.md"
    assert written in PAGE
    path.write_text(PAGE.replace(written, instead), encoding="utf-8")
    with pytest.raises(UsageError) as refusal:
        read(path)
    assert str(refusal.value).startswith(f"{path}:{line}: got ")
    assert problem in str(refusal.value)
    assert refusal.value.exit_code is ExitCode.USAGE


def test_a_page_without_code_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kafka.md"
    path.write_text("# Kafka\n\n" + "\n".join(PAGE.splitlines()[18:22]) + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match="got no code block in the document"):
        read(path)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_page_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "kafka.md"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match="cannot read the document"):
        read(path)


_TEXT = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S"), exclude_characters="`"), max_size=20)


@given(blocks=st.lists(st.lists(_TEXT, min_size=1, max_size=4), min_size=1, max_size=4), depth=st.integers(2, 6))
def test_every_added_block_is_found_at_its_line(
    tmp_path_factory: pytest.TempPathFactory, blocks: list[list[str]], depth: int
) -> None:
    path = tmp_path_factory.mktemp("pages") / "kafka.md"
    page = PAGE
    for number, lines in enumerate(blocks):
        page += f"\n\n{'#' * depth} Added {number}\n\n```python\n" + "".join(f"{line}\n" for line in lines) + "```\n"
    path.write_text(page, encoding="utf-8")
    found = read(path).blocks
    assert len(found) == len(read().blocks) + len(blocks)
    for block, lines in zip(found[-len(blocks) :], blocks, strict=True):
        assert block.text.splitlines() == lines
        assert page.splitlines()[block.line - 1 : block.line - 1 + len(lines)] == lines
    assert [block.headings[-1] for block in found[-len(blocks) :]] == [f"Added {n}" for n in range(len(blocks))]
