"""Workloads of the OpenMessaging Benchmark, read as profiles: what they say is kept, or refused by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.measuring.plan import FindKnee, Hold, Plan
from harness.measuring.traffic import Keys, Records, Spread, Traffic

MARKS = frozenset({"partitionsPerTopic", "producersPerTopic", "subscriptionsPerTopic", "messageSize", "producerRate"})
"""Keys that only such a workload has."""

NUMBERS = MARKS | {
    "topics",
    "consumerPerSubscription",
    "consumerBacklogSizeGB",
    "testDurationMinutes",
    "warmupDurationMinutes",
    "randomBytesRatio",
    "randomizedPayloadPoolSize",
    "producerStartRate",
}
NEEDED = ("topics", "partitionsPerTopic", "messageSize", "producerRate")
SPREADS = {"NO_KEY": Spread.NO_KEY, "KEY_ROUND_ROBIN": Spread.UNIFORM, "RANDOM_NANO": Spread.UNIFORM}
KNOWN = NUMBERS | {"name", "payloadFile", "useRandomizedPayloads", "keyDistributor"}
"""A payload file says nothing but a size here, and `messageSize` says it, too."""

SEARCH_FROM_HZ, SEARCH_MOST_HZ = 10_000, 100_000
"""Where a search begins by the benchmark's own default, and where ours ends."""


def is_workload(content: Mapping[str, object]) -> bool:
    """Recognize a workload by its content."""
    return len(MARKS & set(content)) >= 2


def read(content: Mapping[str, Any], problems: list[str]) -> tuple[str, Traffic, Plan] | None:
    """Return what a workload shows, its traffic and its plan; what cannot be done is added to `problems`."""
    found = list(_problems(content))
    problems.extend(found)
    if found:
        return None
    what = f"The workload {content.get('name', 'without a name')!r} of the OpenMessaging Benchmark is carried."
    return what, _traffic(content), _plan(content)


def _problems(content: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{key} is not supported" for key in content if key not in KNOWN)
    yield from (f"{key} is missing" for key in NEEDED if key not in content)
    for key in sorted(NUMBERS & set(content)):
        value = content[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            yield f"{key} is {value!r}, expected a number, 0 or more"
            return
    if content.get("topics", 1) != 1:
        yield f"topics is {content['topics']}, one topic is supported: multiply partitionsPerTopic instead"
    if content.get("keyDistributor", "NO_KEY") not in SPREADS:
        yield f"keyDistributor is {content['keyDistributor']!r}, expected one of {', '.join(SPREADS)}"
    if content.get("consumerBacklogSizeGB"):
        size = content["consumerBacklogSizeGB"]
        yield f"consumerBacklogSizeGB is {size}, only 0 is supported: there producers go on, see the plan drain"


def _traffic(content: Mapping[str, Any]) -> Traffic:
    ratio = float(content.get("randomBytesRatio", 1.0)) if content.get("useRandomizedPayloads") else 1.0
    return Traffic(
        partitions=int(content["partitionsPerTopic"]),
        producers=int(content.get("producersPerTopic", 1)),
        groups=int(content.get("subscriptionsPerTopic", 1)),
        consumers=int(content.get("consumerPerSubscription", 1)),
        records=Records(
            value_bytes=int(content["messageSize"]),
            random_ratio=ratio,
            keys=Keys(spread=SPREADS[content.get("keyDistributor", "NO_KEY")]),
        ),
    )


def _plan(content: Mapping[str, Any]) -> Plan:
    rate_hz = float(content["producerRate"])
    if not rate_hz:
        start_hz = float(content.get("producerStartRate", SEARCH_FROM_HZ))
        return FindKnee(from_records_per_s=start_hz, most_records_per_s=max(start_hz, SEARCH_MOST_HZ))
    return Hold(
        records_per_s=rate_hz,
        warm_up_s=60 * float(content.get("warmupDurationMinutes", 1)),
        measured_s=60 * float(content.get("testDurationMinutes", 15)),
    )
