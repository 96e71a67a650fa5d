"""A partition's logs, read by Kafka's own tool in the brokers' pods: what could not be read is never empty."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from harness.checkers.disk_dump import corrupt_offsets, parse
from harness.checkers.disk_log import Dump, Log, Replica, Unreadable
from harness.checkers.segments import LOG, SegmentFile
from harness.clients.admin import Admin, NoAnswer, Partition
from harness.cluster.pods import Cluster
from harness.cluster.segments import files_of, log_dir
from harness.errors import UsageError
from harness.verdict import Inconclusive

_START = "log-start-offset-checkpoint"
_DUMP = "--- the dump:\n"
_ENDED = re.compile(r"\nended with (\d+)\n\Z")
_KILLED_AFTER_S = 5
_KUBECTL_S = 15


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long a log may be, how much the tool may print of it, and how long that may take.

    The tool runs beside the broker, in its memory and its half CPU; what it prints of three replicas is kept here in
    about 15 times as many bytes. A record is printed as its value and 90 bytes, a batch as 300.
    """

    log_bytes: int = 64 * 2**20
    printed_bytes: int = 64 * 2**20
    timeout_s: float = 180


DEFAULT = Limits()


def read_disk(
    cluster: Cluster, admin: Admin, topic: str, partition: int, *, limits: Limits = DEFAULT
) -> tuple[Log, ...]:
    """Read one partition's log on each broker that has a replica of it, one after the other.

    A replica that could not be read whole is Unreadable and says why; a partition that does not exist is a UsageError.
    """
    known = admin.describe(topic)
    place = next((one for one in known if one.index == partition), None)
    if place is None:
        raise UsageError(
            f"there is no partition {topic}-{partition}",
            remedy=f"choose one of: {', '.join(one.key for one in known)}" if known else "choose a topic that exists",
        )
    return tuple(_read(cluster, admin, place, broker, limits=limits) for broker in place.replicas)


def _read(cluster: Cluster, admin: Admin, place: Partition, broker: int, *, limits: Limits) -> Log:
    pod, in_sync = cluster.broker_pod(broker), broker in place.isr
    try:
        folder = f"{log_dir(admin, broker)}/{place.key}"
        segments = _segments(files_of(cluster, pod, folder), limits=limits)
        noted_start, dump = _dump(cluster, pod, place, folder=folder, segments=segments, limits=limits)
    except (Inconclusive, NoAnswer) as error:
        return Unreadable(name=pod, in_sync=in_sync, reason=str(error))
    return Replica(name=pod, in_sync=in_sync, is_leader=broker == place.leader, dump=dump, noted_start=noted_start)


def _segments(files: Sequence[SegmentFile], *, limits: Limits) -> tuple[str, ...]:
    """Return the names of the segments in the order of their offsets."""
    segments = sorted((file for file in files if file.name.endswith(LOG)), key=lambda file: file.name)
    size = sum(file.size_bytes for file in segments)
    if not segments:
        raise Inconclusive("its folder has no segment")
    if size > limits.log_bytes:
        raise Inconclusive(f"its log has {size} bytes, at most {limits.log_bytes} are read")
    return tuple(file.name for file in segments)


def _dump(
    cluster: Cluster, pod: str, place: Partition, *, folder: str, segments: Sequence[str], limits: Limits
) -> tuple[int, Dump]:
    """Return where the broker notes that the log starts, and the log."""
    script = _script(folder, segments, limits=limits)
    done = cluster.run(pod, ["bash", "-c", script], timeout_s=limits.timeout_s + _KILLED_AFTER_S + _KUBECTL_S)
    notes, _, printed = done.stdout.partition(_DUMP)
    ended = _ENDED.search(printed)
    if ended is None:
        raise Inconclusive(f"the tool's output does not say how it ended: {done.stderr.strip()[-300:]!r}")
    text = printed[: ended.start()]
    if len(text.encode()) > limits.printed_bytes:  # what is cut off looks like the end of the log, also to the tool
        raise Inconclusive(f"the tool printed more than {limits.printed_bytes} bytes")
    if ended[1] != "0":
        raise Inconclusive(_why_it_failed(int(ended[1]), text, done.stderr, limits=limits))
    return _noted_start(notes, place), parse(text)


def _script(folder: str, segments: Sequence[str], *, limits: Limits) -> str:
    """Return a script that prints the log; how the tool ended is printed after it, for `kubectl exec` ends with 1, too.

    The locale makes the tool print UTF-8; with the broker's own JMX_PORT it could not start.
    """
    tool = f"timeout -k {_KILLED_AFTER_S} {limits.timeout_s:g} nice -n 19 kafka-dump-log --deep-iteration"
    return (
        f"cd {shlex.quote(folder)} || exit 1; cat ../{_START}; printf %s {shlex.quote(_DUMP)}; "
        f"export LC_ALL=C.UTF-8; unset JMX_PORT; "
        f"{tool} --print-data-log --files {shlex.quote(','.join(segments))} | head -c {limits.printed_bytes + 1}; "
        "printf '\\nended with %d\\n' ${PIPESTATUS[0]}"
    )


def _why_it_failed(status: int, text: str, stderr: str, *, limits: Limits) -> str:
    if status in (124, 128 + 9):
        return f"the tool did not end within {limits.timeout_s:g} s"
    corrupt = corrupt_offsets(text)
    if corrupt is not None:
        return f"the tool gave up, and the batch at offsets {corrupt[0]} to {corrupt[1]} has a wrong checksum"
    return f"the tool ended with {status}: {stderr.strip()[:300]}"


def _noted_start(notes: str, place: Partition) -> int:
    """Return the log's start from the broker's own file (topic partition offset in a line), 0 when it notes none."""
    rows = (line.split() for line in notes.splitlines())
    return next((int(row[2]) for row in rows if row[:2] == [place.topic, str(place.index)]), 0)
