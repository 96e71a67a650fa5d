"""The rules file: what may be in it, and each mistake named."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import rules
from harness.errors import UsageError
from harness.judging.config import Assigned, Config, Isolation, Retention


def test_what_is_left_out_is_as_documented(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("{}", encoding="utf-8")
    assert rules.read(path) == Config()


def test_every_rule_can_be_set(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(
        "assignment: subscribe\nisolation: read_uncommitted\nidempotence: false\nordered_writes: true\n"
        "retention: {ms: 1000, late_ms: 2000, keys: [a]}\ncycle_search_steps: 10\n",
        encoding="utf-8",
    )
    assert rules.read(path) == Config(
        assignment=Assigned.SUBSCRIBE,
        isolation=Isolation.READ_UNCOMMITTED,
        idempotence=False,
        ordered_writes=True,
        retention=Retention(ms=1000, late_ms=2000, keys=frozenset({"a"})),
        cycle_search_steps=10,
    )


def test_the_documented_rules_are_the_defaults() -> None:
    page = (Path(__file__).parents[2] / "docs" / "judge.md").read_text(encoding="utf-8")
    block = page.split("```yaml\n")[1].split("```")[0]
    assert set(rules.RULES) == {line.split(":")[0] for line in block.splitlines()}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[", "is not a usable rules file"),
        ("[]", "got []"),
        ("colour: red", "colour is unknown"),
        ("idempotence: 1", "idempotence is 1, expected true or false"),
        ("assignment: maybe", "expected one of as-recorded, assign, subscribe"),
        ("retention: 5", "expected ms and late_ms"),
        ("retention: {ms: 1, late_ms: 1, keys: [1]}", "expected a list of words"),
        ("retention: {ms: 0, late_ms: 1}", "expected a whole number above 0"),
        ("idempotence: 1\ncolour: red", "colour is unknown; idempotence is 1"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        rules.read(path)
    assert problem in str(refused.value)
