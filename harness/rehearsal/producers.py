"""What a log knows about its producers: their epochs, their last sequences and their transactions."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.rehearsal.records import NO_PRODUCER, Batch, Failure, Kind, Record


@dataclass(slots=True)
class ProducerState:
    """One producer in one log: its epoch, its last sequence, and the offset of each sequence."""

    epoch: int
    last: int = -1
    offsets: dict[int, int] = field(default_factory=dict)

    def copy(self) -> ProducerState:
        return ProducerState(self.epoch, self.last, dict(self.offsets))


class ProducerTable:
    """The producers of one log, up to one offset; it is a function of the records alone."""

    __slots__ = ("aborted", "ended", "open", "states")

    def __init__(self) -> None:
        self.states: dict[int, ProducerState] = {}
        self.open: dict[int, list[int]] = {}
        self.ended: list[tuple[int, int]] = []
        self.aborted: set[int] = set()

    def copy(self) -> ProducerTable:
        twin = ProducerTable()
        twin.states = {producer: state.copy() for producer, state in self.states.items()}
        twin.open = {producer: list(offsets) for producer, offsets in self.open.items()}
        twin.ended = list(self.ended)
        twin.aborted = set(self.aborted)
        return twin

    def apply(self, record: Record) -> None:
        """Take in the next record."""
        if record.producer == NO_PRODUCER or record.kind is Kind.EMPTY:
            return
        state = self.states.get(record.producer)
        if state is None or state.epoch < record.producer_epoch:
            state = self.states[record.producer] = ProducerState(record.producer_epoch)
        if record.kind is not Kind.DATA:
            self._end(record)
            return
        if record.producer_epoch == state.epoch:
            state.last = max(state.last, record.sequence)
            state.offsets.setdefault(record.sequence, record.offset)
        if record.transactional:
            self.open.setdefault(record.producer, []).append(record.offset)

    def _end(self, marker: Record) -> None:
        offsets = self.open.pop(marker.producer, None)
        if not offsets:
            return
        self.ended.append((offsets[0], marker.offset))
        if marker.kind is Kind.ABORT:
            self.aborted.update(offsets)

    def check(self, batch: Batch) -> Failure | int | None:
        """Say why a batch is refused, at which offset it already is, or None: it is the next one."""
        state = self.states.get(batch.producer)
        if state is None or state.epoch < batch.producer_epoch:
            return None if batch.first_sequence == 0 else Failure.OUT_OF_ORDER
        if batch.producer_epoch < state.epoch:
            return Failure.FENCED_PRODUCER
        if batch.first_sequence in state.offsets:
            return state.offsets[batch.first_sequence]
        return None if batch.first_sequence == state.last + 1 else Failure.OUT_OF_ORDER

    def last_stable(self, high_watermark: int) -> int:
        """Return the offset before which every transaction has ended for good."""
        self.ended = [ended for ended in self.ended if ended[1] >= high_watermark]
        stable = high_watermark
        for offsets in self.open.values():
            stable = min(stable, offsets[0])
        for first, _ in self.ended:
            stable = min(stable, first)
        return stable
