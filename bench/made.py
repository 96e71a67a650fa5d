"""Made histories: a small simulated Kafka, from a seed, writes what its clients would have seen; none is wrong."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable
from pathlib import Path

from harness.ops import Op, OpType

HEADER = '{"format":"greenfield-history/2"}'
GROUP = "readers"
TRANSFORMERS = "transformers"

Record = tuple[int, object]


class Made:
    """A history while it is made: `log` has the visible records of each key, `ends` its next offset."""

    def __init__(self, seed: int, *, keys: int = 3, words: bool = False) -> None:
        self.ops: list[Op] = []
        self.log: dict[str, list[Record]] = {f"orders-{number}": [] for number in range(keys)}
        self._random = random.Random(seed)
        self._words = words
        self._ends = dict.fromkeys(self.log, 0)
        self._values = 0
        self._names = 10
        self._time_ns = 0
        self._producers = [0, 1]
        self._consumer = 5
        self._positions = dict.fromkeys(self.log, 0)
        self._committed: dict[str, dict[str, int]] = {GROUP: {}, TRANSFORMERS: {}}
        self._under_way: list[tuple[int, str, object]] = []

    def event(self, process: int | str, type: OpType, f: str, value: object, **extra: object) -> None:
        """Add one event; an underscore in an optional field's name stands for a hyphen."""
        self._time_ns += self._random.randrange(10**6)
        named = {name.replace("_", "-"): what for name, what in extra.items()}
        self.ops.append(Op(len(self.ops), self._time_ns, process, type, f, value, named))

    def run(self, steps: int) -> list[Op]:
        """Let the clients do this many things, then read everything."""
        todo = [self.send] * 4 + [self.end_send] * 4 + [self.poll] * 4 + [self.txn] * 2
        todo += [self.assign, self.subscribe, self.commit, self.observe, self.fault, self.crash]
        for _ in range(steps):
            self._random.choice(todo)()
        while self._under_way:
            self.end_send()
        self.final_read()
        return self.ops

    def send(self) -> None:
        key, value = self._new_record()
        process = self._random.choice(self._producers)
        self.event(process, OpType.INVOKE, "send", [["send", key, value]])
        self._under_way.append((process, key, value))

    def end_send(self) -> None:
        """End the oldest send that is under way; after an `info` its process begins nothing any more."""
        if not self._under_way:
            return
        process, key, value = self._under_way.pop(0)
        ending = self._random.choices(list(OpType)[1:], [8, 1, 1])[0]
        if ending is OpType.OK:
            offset = self._append(key, value)
            payload = [offset if self._random.random() < 0.9 else None, value]
            extra: dict[str, object] = {"timestamp_ms": {key: self._time_ns // 10**6}}
            self.event(process, ending, "send", [["send", key, payload]], **extra)
            return
        self.event(process, ending, "send", [["send", key, value]], error="REQUEST_TIMED_OUT")
        if ending is OpType.INFO:
            if self._random.random() < 0.5:
                self._append(key, value)
            self._producers = [self._name() if one == process else one for one in self._producers]

    def txn(self) -> None:
        """Run a transaction to its end; its marker, and its records if it aborts, leave holes in the offsets."""
        process, records = self._name(), [self._new_record() for _ in range(self._random.randint(1, 3))]
        begun: list[object] = [["send", key, value] for key, value in records]
        self.event(process, OpType.INVOKE, "txn", [*begun, ["poll"]], txn_id=f"tx-{process}")
        read = self._batch(self._committed[TRANSFORMERS])
        if self._random.random() < 0.8:
            ended: list[object] = [["send", key, [self._append(key, value), value]] for key, value in records]
            done = {key: batch[-1][0] + 1 for key, batch in read.items()}
            self._committed[TRANSFORMERS] |= done
            extra: dict[str, object] = {"group": TRANSFORMERS, "committed": done, "isolation": "read_committed"}
            self.event(process, OpType.OK, "txn", [*ended, ["poll", _listed(read)]], txn_id=f"tx-{process}", **extra)
        else:
            for key, _ in records:
                self._ends[key] += 1
            self.event(process, OpType.FAIL, "txn", [*begun, ["poll"]], error="INVALID_TXN_STATE")
        for key in {key for key, _ in records}:
            self._ends[key] += 1

    def poll(self) -> None:
        read = self._batch(self._positions)
        for key, batch in read.items():
            self._positions[key] = batch[-1][0] + 1
        extra: dict[str, object] = {"group": GROUP}
        if self._random.random() < 0.2:
            extra["rebalance_log"] = [{"type": "revoked", "keys": list(self.log)}, {"type": "assigned", "keys": []}]
        if self._random.random() < 0.5:
            self.event(self._consumer, OpType.INVOKE, "poll", [["poll"]])
        self.event(self._consumer, OpType.OK, "poll", [["poll", _listed(read)] if read else ["poll"]], **extra)

    def assign(self) -> None:
        self.event(self._consumer, OpType.INVOKE, "assign", list(self.log))
        self.event(self._consumer, OpType.OK, "assign", list(self.log))

    def subscribe(self) -> None:
        self.event(self._consumer, OpType.OK, "subscribe", ["orders"])

    def commit(self) -> None:
        self._committed[GROUP] = dict(self._positions)
        self.event(self._consumer, OpType.OK, "commit", dict(self._positions), group=GROUP)

    def observe(self) -> None:
        told = [["watermarks", key, {"low": 0, "high": end, "leader-epoch": 1}] for key, end in self._ends.items()]
        committed = [["committed", group, dict(offsets)] for group, offsets in self._committed.items()]
        self.event("observer", OpType.OK, "observe", [*told, *committed])

    def fault(self) -> None:
        self.event("nemesis", OpType.INFO, "pod-kill", {"pod": "kafka-1", "grace": [None, 1.5, True]}, seen=[{"a": 1}])

    def crash(self) -> None:
        self.event(self._consumer, OpType.INVOKE, "crash", None)
        self.event(self._consumer, OpType.INFO, "crash", None)
        self._consumer, self._positions = self._name(), dict.fromkeys(self.log, 0) | self._committed[GROUP]

    def final_read(self) -> None:
        for key, records in self.log.items():
            covers = {key: [0, self._ends[key]]}
            self.event("final", OpType.OK, "poll", [["poll", _listed({key: records})]], final=True, covers=covers)

    def _new_record(self) -> tuple[str, object]:
        self._values += 1
        return self._random.choice(list(self.log)), f"v:{self._values}" if self._words else self._values

    def _append(self, key: str, value: object) -> int:
        self.log[key].append((self._ends[key], value))
        self._ends[key] += 1
        return self._ends[key] - 1

    def _batch(self, positions: dict[str, int]) -> dict[str, list[Record]]:
        after = {key: [one for one in records if one[0] >= positions.get(key, 0)] for key, records in self.log.items()}
        return {key: records[:3] for key, records in after.items() if records and self._random.random() < 0.7}

    def _name(self) -> int:
        self._names += 1
        return self._names


def _listed(read: dict[str, list[Record]]) -> dict[str, list[list[object]]]:
    return {key: [list(record) for record in records] for key, records in read.items()}


def made(seed: int, *, steps: int = 40, words: bool = False) -> list[Op]:
    """Return a valid history of about so many operations."""
    return Made(seed, words=words).run(steps)


def lines_of(ops: Iterable[Op]) -> list[str]:
    """Return the lines of a history file."""
    return [HEADER, *(json.dumps(op.as_json(), separators=(",", ":"), ensure_ascii=False) for op in ops)]


def edn_of(value: object) -> str:
    """Return a value as Jepsen would print it: words that can be keywords are."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{edn_of(key)} {edn_of(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + " ".join(edn_of(inner) for inner in value) + "]"
    if isinstance(value, str) and re.fullmatch(r"[a-z][a-z0-9-]*", value):
        return f":{value}"
    return "nil" if value is None else json.dumps(value, ensure_ascii=False)


def written(path: Path, lines: Iterable[str | bytes]) -> Path:
    """Write the lines of a file, each with its newline."""
    data = (line if isinstance(line, bytes) else line.encode() for line in lines)
    path.write_bytes(b"".join(line + b"\n" for line in data))
    return path
