"""Steps: the page's code cut as a reader would cut it, and every departure from the text shown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.blocks import Send, Step, departures, promises, sends, step, steps
from harness.document import CodeBlock, Document, read
from harness.errors import UsageError


def _bash(text: str, *, line: int = 10) -> Document:
    block = CodeBlock(headings=("Kafka", "Usage"), language="bash", text=text, line=line)
    return replace(read(), blocks=(block,))


def test_the_page_has_25_steps_and_6_practices() -> None:
    names = promises(read())
    assert len(names) == len(set(names)) == 31
    assert names[11:16] == (
        "Usage / Using Kafka CLI / Create topic",
        "Usage / Using Kafka CLI / List topics",
        "Usage / Using Kafka CLI / Describe topic",
        "Usage / Using Kafka CLI / Produce messages",
        "Usage / Using Kafka CLI / Consume messages",
    )
    assert names[-1] == "Best Practices / Idempotent Producers"


def test_a_command_keeps_its_text_and_its_line() -> None:
    create = step(read(), "Usage / Using Kafka CLI / Create topic")
    assert create.line == 117
    assert create.text == (
        "kubectl exec -it kafka-0 -n greenfield -- kafka-topics \\\n"
        "  --create --topic my-topic \\\n"
        "  --bootstrap-server localhost:9092 \\\n"
        "  --partitions 3 \\\n"
        "  --replication-factor 2"
    )


def test_commands_are_named_after_their_comment_and_numbered() -> None:
    found = steps(_bash("first\n\n# Say\nsecond\nthird \\\n  goes on\n\n# Ask\nfourth\n"))
    assert [(one.key, one.text, one.line) for one in found] == [
        ("Usage", "first", 10),
        ("Usage / Say", "second", 13),
        ("Usage / Say (2)", "third \\\n  goes on", 14),
        ("Usage / Ask", "fourth", 18),
    ]


def test_a_last_line_that_never_ends_is_still_a_step() -> None:
    assert [(one.text, one.line) for one in steps(_bash("one\ntwo \\\n"))] == [("one", 10), ("two \\", 11)]


def test_two_programs_under_one_heading_are_two_steps() -> None:
    block = CodeBlock(headings=("Kafka", "Usage"), language="python", text="pass\n", line=1)
    found = steps(replace(read(), blocks=(block, block)))
    assert [one.key for one in found] == ["Usage", "Usage (2)"]


@given(st.lists(st.sampled_from(["# a", "# b", "", "run", "run \\", "  --more", "kafka-0.kafka:9092"]), max_size=12))
def test_every_line_of_a_block_is_in_exactly_one_step(lines: list[str]) -> None:
    found = steps(_bash("".join(f"{line}\n" for line in lines)))
    text = [line for one in found for line in one.text.splitlines()]
    continued = [bool(index) and lines[index - 1].endswith("\\") for index in range(len(lines))]
    code = [
        line.strip()
        for line, goes_on in zip(lines, continued, strict=True)
        if line.strip() and (goes_on or not line.startswith("#"))
    ]
    assert [line.strip() for line in text if line.strip()] == code
    assert len({one.key for one in found}) == len(found)
    for one in found:
        assert lines[one.line - 10].strip() == one.text.splitlines()[0].strip()


def test_an_unknown_step_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"got no step 'Usage / Fly'.*'Operations / Monitoring / Monitor lag'"):
        step(read(), "Usage / Fly")


def test_another_namespace_changes_the_two_spellings_and_nothing_else() -> None:
    text = "kubectl exec kafka-0 -n greenfield -- sh -c 'echo greenfield -n greenfields kafka.greenfield.svc:9092'"
    written = Step(key="k", language="bash", text=text, line=1)
    moved = written.in_namespace("trial", documented="greenfield")
    assert moved.text == "kubectl exec kafka-0 -n trial -- sh -c 'echo greenfield -n greenfields kafka.trial.svc:9092'"
    assert departures(written.text, moved.text) == [f"-{text}", f"+{moved.text}"]


def test_the_documented_namespace_changes_nothing() -> None:
    for one in steps(read()):
        assert one.in_namespace("greenfield", documented="greenfield") == one


def test_every_step_that_names_the_namespace_follows_it() -> None:
    for one in steps(read()):
        assert "greenfield" not in one.in_namespace("trial", documented="greenfield").text


def test_what_a_python_step_sends_is_read_from_its_text() -> None:
    assert sends(step(read(), "Usage / Producing Messages / Python (kafka-python)")) == (
        Send(topic="events", value={"type": "user_signup", "user_id": "123"}),
    )
    (event,) = sends(step(read(), "Common Use Cases / Event Sourcing"))
    assert event.topic == "user-events"
    assert sends(step(read(), "Usage / Consuming Messages / Python")) == ()
