"""Profiles: the shipped ones are usable, and everything wrong with one is told before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import profiles, sizing
from harness.errors import UsageError
from harness.measuring.plan import Disturbance, Drain, FindKnee, Hold
from harness.measuring.traffic import Acks, Compression, Spread

GOOD = """
what: It is tried.
traffic:
  partitions: 12
  records: {value_bytes: 200, keys: {spread: hot key}}
  sending: {compression: lz4, acks: all}
plan:
  hold: {records_per_s: 100, warm_up_s: 1.5}
objectives: {produce_p99_ms: 50}
disturbance: rolling restart
"""

WORKLOAD = """
name: 1 producer / 1 consumer
topics: 1
partitionsPerTopic: 16
messageSize: 1024
payloadFile: "payload/payload-1Kb.data"
subscriptionsPerTopic: 2
consumerPerSubscription: 3
producersPerTopic: 4
producerRate: 500
consumerBacklogSizeGB: 0
testDurationMinutes: 15
"""


def written(folder: Path, text: str, *, name: str = "own") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_shipped_profile_is_usable_and_says_what_it_shows_in_a_sentence() -> None:
    shipped = profiles.catalogue()
    assert {"produce-max", "end-to-end", "fan-out", "many-partitions", "soak"} <= {p.name for p in shipped}
    for profile in shipped:
        assert profile.what.endswith(".")
        assert profile.what.count(". ") == 0


def test_a_profile_says_its_traffic_and_the_sizing_file_the_rest(tmp_path: Path) -> None:
    profile = profiles.read(written(tmp_path, GOOD))
    assert profile.name == "own"
    assert profile.traffic.sending.compression is Compression.LZ4
    assert profile.traffic.sending.acks is Acks.ALL
    assert profile.traffic.records.keys.spread is Spread.HOT_KEY
    assert profile.plan == Hold(records_per_s=100, warm_up_s=1.5)
    assert profile.disturbance is Disturbance.ROLLING_RESTART
    assert profile.objectives.produce_p99_ms == 50
    assert profile.objectives.end_to_end_p99_ms == sizing.read().objectives.end_to_end_p99_ms


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("what:", "that:", "profile.that is unknown"),
        ("what: It is tried.", "", "profile.what is missing"),
        ("partitions: 12", "partitions: many", "partitions is 'many', expected a whole number"),
        ("partitions: 12", "partitions: 0", "partitions is 0, expected 1 to"),
        ("value_bytes: 200", "value_byte: 200", "records.value_byte is unknown"),
        ("value_bytes: 200", "value_bytes: true", "value_bytes is True"),
        ("spread: hot key", "spread: hot", "spread is 'hot', expected one of no key"),
        ("acks: all", "acks: 1", "acks is 1 with idempotent: true"),
        ("compression: lz4", "idempotent: 1", "idempotent is 1, expected true or false"),
        ("hold:", "keep:", "expected one of hold, soak, find the knee"),
        ("records_per_s: 100", "records_per_s: 0", "records_per_s is 0, expected a number above 0"),
        ("records_per_s: 100", "records_per_s: -5", "records_per_s is -5"),
        ("records_per_s: 100", "records_per_s: .nan", "records_per_s is nan"),
        ("records_per_s: 100", "records_per_s: 5000000", "expected at most 1000000"),
        ("produce_p99_ms: 50", "produce_p99_ms: -1", "produce_p99_ms is -1"),
        ("rolling restart", "earthquake", "disturbance is 'earthquake'"),
        ("plan:", "plan", "is not a usable profile"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert old in GOOD
    with pytest.raises(UsageError, match=problem):
        profiles.read(written(tmp_path, GOOD.replace(old, new)))


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("partitions: 12", "partitions: many").replace("hold:", "keep:").replace("what:", "that:")
    with pytest.raises(UsageError, match=r"that is unknown.*what is missing.*partitions.*plan is"):
        profiles.read(written(tmp_path, text))


@pytest.mark.parametrize(
    ("plan", "problem"),
    [
        ("find the knee: {from_records_per_s: 10, most_records_per_s: 5}", "expected at least from_records_per_s"),
        ("find the knee: {from_records_per_s: 1, most_records_per_s: 5, repeats: 1}", "says nothing of its noise"),
        ("find the knee: {from_records_per_s: 1, most_records_per_s: 5, precision: 0.9}", "expected 0.01 to 0.5"),
        ("find the knee: {from_records_per_s: 1, most_records_per_s: 5, soak_share: 2}", "soak_share is 2"),
    ],
)
def test_an_impossible_search_is_refused(tmp_path: Path, plan: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        profiles.read(written(tmp_path, f"what: It is tried.\nplan: {{{plan}}}\n"))


def test_a_profile_is_found_by_its_name_or_its_path(tmp_path: Path) -> None:
    assert isinstance(profiles.find("end-to-end").plan, FindKnee)
    assert profiles.find(str(written(tmp_path, GOOD))).name == "own"
    with pytest.raises(UsageError, match=r"no profile 'end-too-end': choose from: acks-leader"):
        profiles.find("end-too-end")


def test_the_gate_s_load_is_a_profile_like_any_other() -> None:
    profile = profiles.of_sizing(sizing.read())
    assert profile.plan == Hold(records_per_s=2000, warm_up_s=30, measured_s=45)
    assert profile.expected_records_per_s == 2000


def test_a_workload_of_the_openmessaging_benchmark_is_a_profile(tmp_path: Path) -> None:
    profile = profiles.read(written(tmp_path, WORKLOAD))
    assert profile.plan == Hold(records_per_s=500, warm_up_s=60, measured_s=900)
    assert (profile.traffic.partitions, profile.traffic.producers) == (16, 4)
    assert (profile.traffic.groups, profile.traffic.consumers) == (2, 3)
    assert "1 producer / 1 consumer" in profile.what


def test_a_workload_without_a_rate_finds_the_knee(tmp_path: Path) -> None:
    searching = profiles.read(written(tmp_path, WORKLOAD.replace("producerRate: 500", "producerRate: 0")))
    assert isinstance(searching.plan, FindKnee)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("topics: 1", "topics: 10", "topics is 10, one topic is supported"),
        ("topics: 1", "slack: 1", "slack is not supported; topics is missing"),
        ("producerRate: 500", "producerRate: fast", "producerRate is 'fast'"),
        ("producerRate: 500", "keyDistributor: NEVER\nproducerRate: 500", "keyDistributor is 'NEVER'"),
        ("messageSize: 1024", "messageSize: 5", "value_bytes is 5"),
        ("BacklogSizeGB: 0", "BacklogSizeGB: 1", "consumerBacklogSizeGB is 1, only 0 is supported"),
    ],
)
def test_what_a_workload_wants_and_cannot_have_is_named(tmp_path: Path, old: str, new: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        profiles.read(written(tmp_path, WORKLOAD.replace(old, new)))


def test_a_drain_needs_readers_repeats_and_peace(tmp_path: Path) -> None:
    text = "what: It is tried.\nplan: {drain: {records_per_s: 100}}\n"
    plan = profiles.read(written(tmp_path, text)).plan
    assert isinstance(plan, Drain)
    assert plan.repeats == 3
    bad = "what: It is tried.\ntraffic: {groups: 0}\nplan: {drain: {records_per_s: 100, repeats: 1}}\n"
    with pytest.raises(UsageError, match=r"repeats is 1.*somebody must read.*a broker killed"):
        profiles.read(written(tmp_path, f"{bad}disturbance: a broker killed\n"))


def test_a_quota_counts_bytes_as_they_are_sent(tmp_path: Path) -> None:
    text = "what: It is tried.\nplan: {hold: {records_per_s: 100}}\ndisturbance: a quota on producers\n"
    assert profiles.read(written(tmp_path, text)).disturbance is Disturbance.QUOTA
    with pytest.raises(UsageError, match=r"compression must be none"):
        profiles.read(written(tmp_path, f"{text}traffic: {{sending: {{compression: lz4}}}}\n"))
