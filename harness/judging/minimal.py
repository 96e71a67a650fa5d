"""The smallest part of a history that still shows an anomaly: what a person reads first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from harness.errors import UsageError
from harness.histories.building import history_of
from harness.histories.extracting import events_of
from harness.histories.history import History
from harness.judging.anomaly import Anomaly, Example, Search
from harness.judging.config import Config
from harness.judging.versions import Versions
from harness.ops import Op

MOST_TRIES = 200
"""How many smaller histories are judged for one example; what has been reached by then is given."""

Shows = Callable[[Sequence[Op]], bool]


def minimal(history: History, anomaly: Anomaly, example: Example, search: Search, config: Config) -> tuple[Op, ...]:
    """Return the fewest events that were found to show the anomaly when they are judged by themselves.

    Empty when the operations that the example names do not show it alone, which is said and not hidden.
    """
    shows = _Judge(anomaly, search, config)
    whole = events_of(history, example.ops)
    near = tuple(_narrowed(whole, example)) if example.values or example.offsets else whole
    start = next((events for events in (near, whole) if shows(events)), ())
    return _shrunk(start, shows) if start else ()


class _Judge:
    """Says whether events show an anomaly, as often as it has tries left."""

    def __init__(self, anomaly: Anomaly, search: Search, config: Config) -> None:
        self._anomaly, self._search, self._config = anomaly, search, config
        self._left = MOST_TRIES

    def __call__(self, events: Sequence[Op]) -> bool:
        self._left -= 1
        if self._left < 0 or not events:
            return False
        try:
            found = tuple(self._search(Versions(history_of(events)), self._config))
        except UsageError:  # a part that is no history of its own shows nothing
            return False
        wanted = self._anomaly.name, self._anomaly.legal
        return any((one.name, one.legal) == wanted and one.count for one in found)


def _shrunk(events: tuple[Op, ...], shows: Shows) -> tuple[Op, ...]:
    """Leave out whole operations, and then single records, as long as the rest shows it."""
    for smaller in (_without_operations, _without_records):
        events = _greedily(events, smaller, shows)
    return events


def _greedily(
    events: tuple[Op, ...], smaller: Callable[[Sequence[Op]], Iterator[tuple[Op, ...]]], shows: Shows
) -> tuple[Op, ...]:
    while (found := next((fewer for fewer in smaller(events) if shows(fewer)), None)) is not None:
        events = found
    return events


def _without_operations(events: Sequence[Op]) -> Iterator[tuple[Op, ...]]:
    """Give the events without each of their operations: one process's events up to and with an end."""
    for end in events:
        mine = {end.index, _beginning_of(events, end)}
        yield tuple(op for op in events if op.index not in mine)


def _beginning_of(events: Sequence[Op], end: Op) -> int:
    """Return the index of the event that began the operation which this event ended."""
    before = [op for op in events if op.index < end.index and (op.process, op.f) == (end.process, end.f)]
    values = _values(end)
    return next((op.index for op in reversed(before) if end.f != "send" or _values(op) == values), end.index)


def _values(op: Op) -> tuple[object, ...]:
    return tuple(_value_of(micro) for micro in _micros(op) if micro[0] == "send")


def _micros(op: Op) -> Sequence[Any]:
    return op.value if op.f in ("send", "poll", "txn") else ()  # type: ignore[return-value]


def _value_of(send: Sequence[Any]) -> object:
    return send[2][1] if isinstance(send[2], list | tuple) else send[2]


def _without_records(events: Sequence[Op]) -> Iterator[tuple[Op, ...]]:
    """Give the events without each record that somebody read."""
    for place, op in enumerate(events):
        for key, value in [(key, record[1]) for key, record in _read(op)]:

            def keeps(k: str, v: object, gone: tuple[str, object] = (key, value)) -> bool:
                return (k, v) != gone

            yield (*events[:place], _keeping(op, keeps), *events[place + 1 :])


def _read(op: Op) -> Iterator[tuple[str, Sequence[Any]]]:
    for micro in _micros(op):
        if micro[0] == "poll" and len(micro) > 1:
            yield from ((key, record) for key, records in micro[1].items() for record in records)


def _narrowed(events: Iterable[Op], example: Example) -> Iterator[Op]:
    """Keep only the records that the example names, and those of its offsets."""

    def keeps(_: str, value: object) -> bool:
        return value in example.values

    for op in events:
        yield _keeping(op, keeps)


def _keeping(op: Op, keeps: Callable[[str, object], bool]) -> Op:
    """Return an event with only those records read that are to be kept."""
    if op.f not in ("poll", "txn"):
        return op
    micros: list[object] = []
    for micro in _micros(op):
        if micro[0] == "poll" and len(micro) > 1:
            kept = {key: [one for one in records if keeps(key, one[1])] for key, records in micro[1].items()}
            kept = {key: records for key, records in kept.items() if records}
            micros.append(["poll", kept] if kept else ["poll"])
        else:
            micros.append(micro)
    return replace(op, value=micros)
