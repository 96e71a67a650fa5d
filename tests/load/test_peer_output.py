"""What the peers print: read from what they really print, and refused when it is something else."""

from __future__ import annotations

import pytest

from harness.measuring.peer_output import consumed, produced

PRODUCER = """\
281443 records sent, 56277.3 records/sec (54.96 MB/sec), 489.5 ms avg latency, 1039.0 ms max latency.
800000 records sent, 61728.4 records/sec (60.28 MB/sec), 480.13 ms avg latency, 1150.00 ms max latency, 455 ms 50th, \
809 ms 95th, 1004 ms 99th, 1122 ms 99.9th.
cpu 6.120 1.480
"""
CONSUMER = """\
start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, \
fetch.MB.sec, fetch.nMsg.sec
2026-11-27 17:00:00:000, 2026-11-27 17:00:10:000, 976.56, 97.66, 1000000, 100000.0000, 3000, 7000, 139.5089, 142857.1
cpu 5.0 1.0
"""


def test_the_summary_of_the_whole_run_counts_not_one_of_its_parts() -> None:
    work = produced(PRODUCER)
    assert (work.records, work.records_per_s, work.cpu_s) == (800_000, 61728.4, 7.6)
    assert work.cpu_s_per_million == pytest.approx(9.5)
    assert dict(work.latency_ms) == {"p50": 455, "p99": 1004, "max": 1150}


def test_a_consumer_is_measured_without_the_joining_of_its_group() -> None:
    work = consumed(CONSUMER)
    assert (work.records, work.records_per_s, work.cpu_s) == (1_000_000, 142857.1, 6.0)


@pytest.mark.parametrize("text", ["", "Error: no broker", "281443 records sent, 56277.3 records/sec\ncpu 1 1"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected the summary of kafka-producer-perf-test"):
        produced(text)
    with pytest.raises(ValueError, match="expected the table of kafka-consumer-perf-test"):
        consumed(text)


def test_a_tool_whose_cpu_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a line of the CPU"):
        produced(PRODUCER.replace("cpu ", "CPU: "))


def test_a_table_without_its_row_is_refused() -> None:
    with pytest.raises(ValueError, match="expected the table"):
        consumed(CONSUMER.splitlines()[0])
