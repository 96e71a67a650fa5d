"""A transaction: what a client wants to happen as one, how it asks for it, and what it then knows of its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from types import TracebackType
from typing import Protocol

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from harness.clients.consumer import Records
from harness.clients.handles import Producer
from harness.clients.outcomes import CommitCall, outcome_of_transaction
from harness.clients.patience import LEFT_BEHIND_AFTER_S, within
from harness.clients.places import place
from harness.clients.settings import Settings, transactional_producer
from harness.journal import Journal
from harness.ops import OpType
from harness.verdict import Inconclusive
from harness.waiting import TimedOut, wait_until

CALL_S = 5.0
"""One call to the client; one that ran out of time is made again."""

PATIENCE_S = 60.0
"""For one request, all its calls together; longer than any outage that a claim allows."""


class Fate(Enum):
    """What a client does with a transaction whose records are written."""

    COMMIT = "commit"
    ABORT = "abort"
    ABANDON = "abandon"
    """Nothing: it falls silent, as one that has died."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The offsets that a transaction commits for a consumer group."""

    group: str
    next_offsets: Mapping[str, int]
    member: object


@dataclass(frozen=True, kw_only=True)
class Intent:
    """What is to happen as one: `sends` are pairs of key and value, `reads` the records that led to them."""

    sends: tuple[tuple[str, str], ...]
    fate: Fate = Fate.COMMIT
    reads: Records | None = None
    progress: Progress | None = None
    extra: Mapping[str, object] = field(default_factory=dict)
    """Further fields of the operation's end."""

    def asked(self) -> list[list[object]]:
        """Return the micro-operations as they are invoked."""
        polls: list[list[object]] = [] if self.reads is None else [["poll"]]
        sends: list[list[object]] = [["send", key, value] for key, value in self.sends]
        return polls + sends

    def told(self, offsets: Mapping[int, int]) -> list[list[object]]:
        """Return the micro-operations as they ended; `offsets` has those of the sends that were delivered."""
        polls: list[list[object]] = [] if self.reads is None else [["poll", self.reads]]
        sends: list[list[object]] = [
            ["send", key, [offsets[number], value] if number in offsets else value]
            for number, (key, value) in enumerate(self.sends)
        ]
        return polls + sends


@dataclass(kw_only=True)
class Ending:
    """What is known of a transaction's end; a client that is not `usable` must be replaced."""

    error: KafkaError | None = None
    commit: CommitCall = CommitCall.NEVER_MADE
    abort_acknowledged: bool = False
    offsets: dict[int, int] = field(default_factory=dict)

    @property
    def outcome(self) -> OpType:
        return outcome_of_transaction(self.error, commit=self.commit, abort_acknowledged=self.abort_acknowledged)

    @property
    def usable(self) -> bool:
        return self.outcome is OpType.OK or (self.outcome is OpType.FAIL and self.abort_acknowledged)


class TransactionalClient:
    """One producer with a transactional id; a context that ends without a word."""

    def __init__(self, settings: Settings) -> None:
        self.transactional_id = str(settings["transactional.id"])
        self._producer = Producer(settings)

    def __enter__(self) -> TransactionalClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Not closed: that would abort what is open, and who dies or falls silent does not.
        del self._producer

    def take_over(self) -> None:
        """Fence whoever had this transactional id before, and wait for the end of its last transaction."""
        _insist(lambda: self._producer.init_transactions(CALL_S), what="the transactional id being taken over")

    def attempt(self, intent: Intent) -> Ending:
        """Do it, or abort it, and say what is known."""
        ending = self.open(intent)
        if intent.fate is Fate.COMMIT and ending.error is None:
            self.commit(ending)
        if intent.fate is Fate.ABORT or (ending.error is not None and not ending.error.fatal()):
            ending.abort_acknowledged = self._aborts()
        return ending

    def open(self, intent: Intent) -> Ending:
        """Begin a transaction, write everything that belongs to it, and leave it open."""
        ending = Ending()
        with _told(ending):
            self._producer.begin_transaction()
            self._write(intent, ending)
        return ending

    def commit(self, ending: Ending) -> None:
        """Commit what is open."""
        ending.commit = CommitCall.MADE
        with _told(ending):
            _insist(lambda: self._producer.commit_transaction(CALL_S), what="the commit")

    def _write(self, intent: Intent, ending: Ending) -> None:
        for number, (key, value) in enumerate(intent.sends):
            topic, partition = place(key)
            self._producer.produce(topic, value.encode(), partition=partition, on_delivery=_noting(ending, number))
        if (progress := intent.progress) is not None:
            positions = [TopicPartition(*place(key), offset) for key, offset in progress.next_offsets.items()]
            call = partial(self._producer.send_offsets_to_transaction, positions, progress.member, CALL_S)
            # librdkafka 2.16 ignores this time-out and waits for ever when the group's coordinator has left the cluster
            # (its issues 5456 and 5511).
            _insist(lambda: within(LEFT_BEHIND_AFTER_S, call), what="the offsets being added")
        self._producer.flush(PATIENCE_S)  # what is not in the log would be no proof that an abort hides it

    def _aborts(self) -> bool:
        try:
            _insist(lambda: self._producer.abort_transaction(CALL_S), what="the abort")
        except KafkaException:
            return False
        return True


@contextmanager
def _told(ending: Ending) -> Iterator[None]:
    """Note the error that the client was told."""
    try:
        yield
    except KafkaException as failure:
        ending.error = failure.args[0]


def _noting(ending: Ending, number: int) -> Callable[[KafkaError | None, Message], None]:
    def ended(error: KafkaError | None, message: Message) -> None:
        offset = message.offset()
        if error is None and offset is not None:
            ending.offsets[number] = offset

    return ended


def _insist(call: Callable[[], object], *, what: str) -> None:
    """Make a call again as long as the client says that it may be; raise KafkaException when it ends otherwise."""
    last: KafkaException | None = None

    def answered() -> bool:
        nonlocal last
        try:
            call()
        except KafkaException as failure:
            last = failure
            if not failure.args[0].retriable():
                raise
            return False
        return True

    try:
        wait_until(answered, what=what, timeout_s=PATIENCE_S, every_s=0.05)
    except TimedOut as late:
        raise last or late from late


def transact(intent: Intent, *, client: TransactionalClient, process: int, journal: Journal) -> Ending:
    """Attempt it and journal it as the operation `txn`."""
    begin(intent, process=process, journal=journal)
    ending = client.attempt(intent)
    note_end(intent, ending, client=client, process=process, journal=journal)
    return ending


def begin(intent: Intent, *, process: int, journal: Journal) -> None:
    """Journal what a transaction asks for."""
    journal.append(process=process, type=OpType.INVOKE, f="txn", value=intent.asked())


class Identified(Protocol):
    """Whoever writes transactions under an id."""

    @property
    def transactional_id(self) -> str: ...


def note_end(intent: Intent, ending: Ending, *, client: Identified, process: int, journal: Journal) -> None:
    """Journal how a transaction ended."""
    extra: dict[str, object] = {**intent.extra, "txn-id": client.transactional_id}
    if (progress := intent.progress) is not None:
        extra |= {"group": progress.group, "committed": dict(progress.next_offsets)}
    if ending.error is not None:
        extra["error"] = ending.error.name()
    journal.append(process=process, type=ending.outcome, f="txn", value=intent.told(ending.offsets), extra=extra)


def close_transactions(bootstrap: str, transactional_ids: Iterable[str]) -> None:
    """Take over each transactional id, so that no transaction is open any more when everything is read."""
    for transactional_id in transactional_ids:
        settings = transactional_producer(bootstrap, transactional_id=transactional_id)
        with TransactionalClient(settings) as client:
            try:
                client.take_over()
            except KafkaException as failure:
                raise Inconclusive(f"transactions of {transactional_id} may be open: {failure}") from failure
