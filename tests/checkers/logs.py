"""Logs of replicas to be judged: what Kafka's tool printed of real ones, and made-up ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

from harness.checkers.disk_dump import parse
from harness.checkers.disk_log import Batch, Dump, Marker, Record, Replica

DATA = Path(__file__).parent / "data"
NAMES = ("kafka-0", "kafka-1", "kafka-2")


def text_of(name: str) -> str:
    """Return what `kafka-dump-log` 3.9.1 printed of a real log."""
    return (DATA / f"dump-{name}.txt").read_text(encoding="utf-8")


def real(name: str, *, replica: str = "kafka-0", in_sync: bool = True, noted_start: int = 0) -> Replica:
    """Return a replica with a real log."""
    return Replica(name=replica, in_sync=in_sync, is_leader=in_sync, dump=parse(text_of(name)), noted_start=noted_start)


def entry(
    value: str | Marker,
    offset: int,
    *,
    epoch: int = 0,
    producer: int = -1,
    sequence: int = -1,
    in_transaction: bool = False,
    valid: bool = True,
) -> Record:
    """Make a record in a batch of its own; a marker makes a control record."""
    is_control = isinstance(value, Marker)
    batch = Batch(
        base_offset=offset,
        last_offset=offset,
        records=1,
        leader_epoch=epoch,
        producer_id=producer,
        producer_epoch=0,
        is_transactional=in_transaction or is_control,
        is_control=is_control,
        size_bytes=70,
        crc=crc32(f"{value} {offset}".encode()),
        is_valid=valid,
    )
    return Record(
        offset=offset,
        timestamp_ms=offset,
        sequence=sequence,
        key=None,
        value=None if isinstance(value, Marker) else value,
        marker=value if isinstance(value, Marker) else None,
        batch=batch,
    )


def made(
    *records: Record, name: str = "kafka-0", in_sync: bool = True, base_offset: int = 0, noted_start: int = 0
) -> Replica:
    """Make a replica with these records."""
    dump = Dump(base_offset=base_offset, batches=tuple(record.batch for record in records), records=records)
    return Replica(name=name, in_sync=in_sync, is_leader=name == "kafka-0", dump=dump, noted_start=noted_start)


def three(*records: Record, base_offset: int = 0, noted_start: int = 0) -> Sequence[Replica]:
    """Make three in-sync replicas that agree."""
    return [made(*records, name=name, base_offset=base_offset, noted_start=noted_start) for name in NAMES]
