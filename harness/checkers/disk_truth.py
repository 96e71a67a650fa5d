"""Where a record is on disk: what the replicas' logs say about a value of which clients saw something odd."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from harness.checkers.disk_log import NO_PRODUCER, Fate, Log, Record, Replica, Unreadable


class Whereabouts(Enum):
    """What the in-sync replicas' logs say about one record; the first that applies, in the order of `_RULES`.

    A record is *in* a log when a data record with its value stands there. *Acknowledged* and *read* are what clients
    were told; all the rest is what is on disk.
    """

    UNDECIDED = "undecided"
    """A log that may hold it was not read, or has lost its beginning and nobody knows the offset: nothing is said."""

    EXPIRED = "expired"
    """Its offset is before the start of the log: retention or a deletion of records has taken it."""

    ONLY_OUT_OF_SYNC = "only-out-of-sync"
    """In no in-sync log, but in that of a replica out of sync, which will cut it off when it follows again."""

    LOST_AFTER_ACKNOWLEDGEMENT = "lost-after-acknowledgement"
    """Acknowledged, and in no log that was read, which are all that are in sync."""

    LOST_AFTER_READ = "lost-after-read"
    """Never acknowledged, but a client has read it, and it is in no log."""

    LOST_BEFORE_ACKNOWLEDGEMENT = "lost-before-acknowledgement"
    """Neither acknowledged nor read, and in no log: it never arrived, or got lost before the producer was told."""

    CORRUPT = "corrupt"
    """In a batch whose checksum is wrong."""

    DIVERGED = "diverged"
    """Where one in-sync log has it, another one that is long enough has something else, or nothing."""

    NOT_REPLICATED = "not-replicated"
    """In some in-sync logs, while others end before it."""

    TWICE = "twice"
    """At two or more offsets of one log, copies of aborted transactions not counted."""

    ABORTED = "aborted"
    """In the logs, in a transaction that was aborted: read_committed must not show it."""

    OPEN = "open"
    """In the logs, in a transaction without an end: read_committed must not show it or anything after it, yet."""

    DISPLACED = "displaced"
    """In the logs once, but at another offset than the client was told."""

    NOT_SERVED = "not-served"
    """In every in-sync log that was read, once and committed, where it should be; but no client was given it."""

    PRESENT = "present"
    """In every in-sync log that was read, once and committed, where it should be; and a client was given it."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What clients were told about a record, all of them together.

    `acknowledged`: its producer was told that it is written; for a record of a transaction, that this is committed.
    `offset`: where a client was told that it stands, None when none was. `read`: a client was given it. `log_start`:
    where the cluster itself says that the log starts, for a broker's note of it on disk may be a minute old.
    """

    value: int | str
    offset: int | None
    acknowledged: bool
    read: bool
    log_start: int = 0


@dataclass(frozen=True, kw_only=True)
class DiskTruth:
    """What the disks say about one record, with what shows it; `replicas` is by name."""

    key: str
    told: Told
    whereabouts: Whereabouts
    sentence: str
    replicas: Mapping[str, Mapping[str, object]]

    def as_json(self) -> dict[str, object]:
        return {
            "key": self.key,
            "value": self.told.value,
            "offset": self.told.offset,
            "acknowledged": self.told.acknowledged,
            "read": self.told.read,
            "whereabouts": self.whereabouts.value,
            "sentence": self.sentence,
            "replicas": {name: dict(seen) for name, seen in self.replicas.items()},
        }


def explain(key: str, told: Told, logs: Sequence[Log]) -> DiskTruth:
    """Say where a record is in the logs of its partition (`key`), with what shows it; not for compacted topics."""
    look = _Look(told=told, logs=tuple(logs))
    return DiskTruth(
        key=key,
        told=told,
        whereabouts=look.whereabouts,
        sentence="; ".join([_said(look), *_remarks(look)]) + ".",
        replicas={log.name: _seen(log, look) for log in logs},
    )


def whereabouts(told: Told, logs: Sequence[Log]) -> Whereabouts:
    """Say only where a record is, without the evidence: for many records."""
    return _Look(told=told, logs=tuple(logs)).whereabouts


@dataclass(frozen=True, kw_only=True)
class _Look:
    """One look for one value in all logs of a partition."""

    told: Told
    logs: tuple[Log, ...]

    @cached_property
    def readable(self) -> tuple[Replica, ...]:
        return tuple(log for log in self.logs if isinstance(log, Replica))

    @cached_property
    def in_sync(self) -> tuple[Replica, ...]:
        return tuple(replica for replica in self.readable if replica.in_sync)

    @property
    def all_read(self) -> bool:
        """Whether every in-sync log was read."""
        return all(isinstance(log, Replica) for log in self.logs if log.in_sync)

    @cached_property
    def start(self) -> int:
        return max([self.told.log_start, *(replica.start for replica in self.in_sync)])

    def copies_in(self, replica: Replica) -> tuple[Record, ...]:
        return replica.copies(str(self.told.value))

    @cached_property
    def copies(self) -> tuple[tuple[Replica, Record], ...]:
        """Every copy in an in-sync log, with the log it is in."""
        return tuple((replica, record) for replica in self.in_sync for record in self.copies_in(replica))

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        return tuple(sorted({record.offset for _, record in self.copies}))

    @cached_property
    def counting(self) -> tuple[int, ...]:
        """The offsets of the copies that are not aborted."""
        return tuple(at for at in self.offsets if self.fate(at) is not Fate.ABORTED)

    def fate(self, offset: int) -> Fate:
        """Say what became of a copy: a log that does not have the end of its transaction yet knows less."""
        fates = {replica.fate(record) for replica, record in self.copies if record.offset == offset}
        return next((fate for fate in (Fate.ABORTED, Fate.COMMITTED, Fate.PLAIN) if fate in fates), Fate.OPEN)

    @property
    def place(self) -> int | None:
        """The offset at which the replicas are compared: that of the first copy, or else what the client was told."""
        return self.offsets[0] if self.offsets else self.told.offset

    @cached_property
    def whereabouts(self) -> Whereabouts:
        return next((found for found, applies in _RULES if applies(self)), Whereabouts.PRESENT)


def _nothing_read(look: _Look) -> bool:
    return not look.in_sync


def _expired(look: _Look) -> bool:
    places = look.counting or look.offsets or tuple(at for at in (look.told.offset,) if at is not None)
    return bool(places) and max(places) < look.start


def _only_out_of_sync(look: _Look) -> bool:
    return not look.copies and any(look.copies_in(replica) for replica in look.readable)


def _may_be_unread(look: _Look) -> bool:
    """Say whether a record that was not found may still be somewhere."""
    without_offset = look.told.offset is None and look.start > 0
    return not look.copies and (without_offset or not look.all_read)


def _corrupt(look: _Look) -> bool:
    return any(not record.batch.is_valid for _, record in look.copies)


def _diverged(look: _Look) -> bool:
    """Say whether a log has something else where another has this value, as far as both go."""
    for at in look.offsets:
        able = [replica for replica in look.in_sync if replica.start <= at < replica.end]
        held = [replica.by_offset.get(at) for replica in able]
        if len({record and record.identity for record in held}) > 1:
            return True
    return False


def _not_replicated(look: _Look) -> bool:
    return any(at >= replica.end for at in look.counting for replica in look.in_sync)


def _open(look: _Look) -> bool:
    return any(look.fate(at) is Fate.OPEN for at in look.offsets)


_RULES: tuple[tuple[Whereabouts, Callable[[_Look], bool]], ...] = (
    (Whereabouts.UNDECIDED, _nothing_read),
    (Whereabouts.CORRUPT, _corrupt),
    (Whereabouts.DIVERGED, _diverged),
    (Whereabouts.EXPIRED, _expired),
    (Whereabouts.UNDECIDED, _may_be_unread),
    (Whereabouts.ONLY_OUT_OF_SYNC, _only_out_of_sync),
    (Whereabouts.LOST_AFTER_ACKNOWLEDGEMENT, lambda look: not look.copies and look.told.acknowledged),
    (Whereabouts.LOST_AFTER_READ, lambda look: not look.copies and look.told.read),
    (Whereabouts.LOST_BEFORE_ACKNOWLEDGEMENT, lambda look: not look.copies),
    (Whereabouts.NOT_REPLICATED, _not_replicated),
    (Whereabouts.TWICE, lambda look: len(look.counting) > 1),
    (Whereabouts.ABORTED, lambda look: not look.counting),
    (Whereabouts.OPEN, _open),
    (Whereabouts.DISPLACED, lambda look: look.told.offset not in (None, *look.counting)),
    (Whereabouts.NOT_SERVED, lambda look: not look.told.read),
)

_SAID = {
    Whereabouts.UNDECIDED: "Where it is cannot be said",
    Whereabouts.EXPIRED: "The log starts at {start}, behind it: retention or a deletion of records has taken it",
    Whereabouts.ONLY_OUT_OF_SYNC: "It is in no in-sync log, only on a replica out of sync, which will cut it off",
    Whereabouts.LOST_AFTER_ACKNOWLEDGEMENT: "It was acknowledged and is in no in-sync log: lost after that",
    Whereabouts.LOST_AFTER_READ: "A client has read it, and it is in no in-sync log: lost after that",
    Whereabouts.LOST_BEFORE_ACKNOWLEDGEMENT: "It was never acknowledged, and it is in no in-sync log: lost before that",
    Whereabouts.CORRUPT: "It is at {at}, in a batch whose checksum is wrong",
    Whereabouts.DIVERGED: "The in-sync logs diverge at {at}",
    Whereabouts.NOT_REPLICATED: "It is at {at} of some in-sync logs, and others end before it",
    Whereabouts.TWICE: "It is in the log more than once, at {at}",
    Whereabouts.ABORTED: "It is at {at}, in a transaction that was aborted",
    Whereabouts.OPEN: "It is at {at}, in a transaction without an end",
    Whereabouts.DISPLACED: "It is at {at}, but a client was told {told}",
    Whereabouts.NOT_SERVED: "It is in {every} at {at}, but no client was given it: present, not served",
    Whereabouts.PRESENT: "It is in {every}, once, at {at}",
}


def _said(look: _Look) -> str:
    at = " and ".join(str(offset) for offset in look.offsets)
    every = "every in-sync log" if look.all_read else "every in-sync log that was read"
    return _SAID[look.whereabouts].format(at=f"offset {at}", start=look.start, told=look.told.offset, every=every)


def _remarks(look: _Look) -> list[str]:
    remarks = [f"{log.name} could not be read ({log.reason})" for log in look.logs if isinstance(log, Unreadable)]
    if not any(log.in_sync for log in look.logs):
        remarks.append("no replica is in sync")
    if look.whereabouts is Whereabouts.UNDECIDED and look.place is None and look.start > 0:
        remarks.append(f"the log starts at {look.start}, and no client was told where it stood")
    if look.whereabouts is Whereabouts.ONLY_OUT_OF_SYNC:
        remarks.append("it was acknowledged" if look.told.acknowledged else "it was never acknowledged")
    if look.whereabouts is Whereabouts.TWICE:
        remarks.append(_why_twice(look))
    if look.place is not None and (not look.copies or look.whereabouts is Whereabouts.DIVERGED):
        remarks.append(f"at {look.place} {', '.join(_at(replica, look.place) for replica in look.readable)}")
    return remarks


def _why_twice(look: _Look) -> str:
    """Say who wrote the copies: with the same sequence of the same producer, idempotence has failed."""
    replica = next(replica for replica in look.in_sync if len(look.copies_in(replica)) > 1)
    records = look.copies_in(replica)
    writers = {(record.batch.producer_id, record.batch.producer_epoch) for record in records}
    if NO_PRODUCER in {record.batch.producer_id for record in records}:
        return "a producer without idempotence wrote it, which may write again what it is not told of"
    if len(writers) > 1:
        return f"different producers (id, epoch) wrote it: {', '.join(map(str, sorted(writers)))}"
    sequences = [record.sequence for record in records]
    if len(set(sequences)) < len(sequences):
        return f"the same producer wrote it with the same sequence {sequences[0]}: idempotence has failed"
    return f"the same producer sent it more than once, as the sequences {', '.join(map(str, sequences))}"


def _at(replica: Replica, offset: int) -> str:
    who = replica.name if replica.in_sync else f"{replica.name} (out of sync)"
    record = replica.by_offset.get(offset)
    if record is not None:
        what = "a control record" if record.marker else repr(record.value)
        where = "" if record.batch.is_valid else ", in a batch whose checksum is wrong"
        return f"{who} has {what} of leader epoch {record.batch.leader_epoch}{where}"
    if offset < replica.start:
        return f"{who} has nothing any more (it starts at {replica.start})"
    return f"{who} has a hole" if offset < replica.end else f"{who} has nothing yet (it ends at {replica.end})"


def _seen(log: Log, look: _Look) -> dict[str, object]:
    if isinstance(log, Unreadable):
        return log.as_json()
    copies = [{**record.as_json(), "fate": log.fate(record).value} for record in look.copies_in(log)]
    seen: dict[str, object] = {**log.as_json(), "copies": copies}
    if look.place is not None and look.place not in {record.offset for record in look.copies_in(log)}:
        there = log.by_offset.get(look.place)
        seen["instead"] = None if there is None else there.as_json()
    return seen
