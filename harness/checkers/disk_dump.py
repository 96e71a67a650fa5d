"""What Kafka's own tool (`kafka-dump-log --print-data-log`) prints of segments, read strictly: nothing is guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from harness.checkers.disk_log import Batch, Dump, Marker, Record
from harness.verdict import Inconclusive

_PAIR = re.compile(r"(\w+): (\S+)")
_RECORD = re.compile(
    r"\| offset: (?P<offset>\d+) \w+: (?P<timestamp>-?\d+) keySize: (?P<key_size>-?\d+)"
    r" valueSize: (?P<value_size>-?\d+) sequence: (?P<sequence>-?\d+)"
    r" headerKeys: \[.*?\](?= key: | payload: | endTxnMarker: |$)(?P<rest>.*)"
)
_BASE = re.compile(r"Log starting offset: (\d+)")
_TORN = re.compile(r"Found (\d+) invalid bytes at the end of \S+")
_MARKER = re.compile(r" endTxnMarker: (\w+)")
_KEY, _PAYLOAD = " key: ", " payload: "
_REPLACED = "\N{REPLACEMENT CHARACTER}"
"""What the tool prints for bytes that are no UTF-8: their number is lost."""


def parse(text: str) -> Dump:
    """Read what the tool printed of consecutive segments; raise Inconclusive at the first line that is not understood.

    Lines end with a line feed only: a value may hold any other character that ends lines elsewhere.
    """
    return _Reading(text.split("\n")).read()


def corrupt_offsets(text: str) -> tuple[int, int] | None:
    """Return the first and last offset of the last batch with a wrong checksum, also of a dump that broke off."""
    bad = [line for line in text.split("\n") if line.startswith("baseOffset: ") and line.endswith("isvalid: false")]
    if not bad:
        return None
    pairs = dict(_PAIR.findall(bad[-1]))
    return int(pairs["baseOffset"]), int(pairs["lastOffset"])


@dataclass
class _Reading:
    """The state of one pass over the lines."""

    lines: list[str]
    at: int = 0
    base_offset: int | None = None
    torn_bytes: int = 0
    batches: list[Batch] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    left_in_batch: int = 0

    def read(self) -> Dump:
        while self.at < len(self.lines):
            self._line(self.lines[self.at])
            self.at += 1
        self._batch_is_over()
        if self.base_offset is None:
            raise Inconclusive("the dump names no segment: expected a line 'Log starting offset: N'")
        return Dump(
            base_offset=self.base_offset,
            batches=tuple(self.batches),
            records=tuple(self.records),
            torn_bytes=self.torn_bytes,
        )

    def _line(self, line: str) -> None:
        if line.startswith("| "):
            self._record(line)
            return
        self._batch_is_over()
        if line.startswith("baseOffset: "):
            self._batch(line)
        elif base := _BASE.fullmatch(line):
            self.base_offset = int(base[1]) if self.base_offset is None else self.base_offset
        elif torn := _TORN.fullmatch(line):
            self.torn_bytes = int(torn[1])
        elif line and not line.startswith("Dumping "):
            raise self._not("a batch, a record or the name of a segment")

    def _batch_is_over(self) -> None:
        if self.left_in_batch:
            raise self._not(f"{self.left_in_batch} more records of the batch at {self.batches[-1].base_offset}")

    def _batch(self, line: str) -> None:
        pairs = dict(_PAIR.findall(line))
        try:
            batch = _batch_of(pairs)
        except (KeyError, ValueError) as missing:
            raise self._not(f"a batch with all its figures ({missing})") from missing
        self.batches.append(batch)
        self.left_in_batch = batch.records

    def _record(self, line: str) -> None:
        match = _RECORD.fullmatch(line)
        if match is None or not self.left_in_batch:
            raise self._not("a record of the batch above it")
        self.left_in_batch -= 1
        batch = self.batches[-1]
        key, value = (None, None) if batch.is_control else self._texts(match)
        self.records.append(
            Record(
                offset=int(match["offset"]),
                timestamp_ms=int(match["timestamp"]),
                sequence=int(match["sequence"]),
                key=key,
                value=value,
                marker=_marker(match["rest"]) if batch.is_control else None,
                batch=batch,
            )
        )

    def _texts(self, match: re.Match[str]) -> tuple[str | None, str | None]:
        """Return a record's key and value, which may go on for some lines: their sizes say how far."""
        key_size, value_size, rest = int(match["key_size"]), int(match["value_size"]), match["rest"]
        sizes = ((_KEY, key_size), (_PAYLOAD, value_size))
        expected = sum(len(word) + size for word, size in sizes if size >= 0)
        while _bytes(rest) < expected and self.at + 1 < len(self.lines):
            self.at += 1
            rest = f"{rest}\n{self.lines[self.at]}"
        if _bytes(rest) != expected and _REPLACED not in rest:
            raise self._not(f"a key of {key_size} bytes and a value of {value_size} bytes at offset {match['offset']}")
        return _key_and_value(rest, has_key=key_size >= 0, has_value=value_size >= 0, key_size=key_size)

    def _not(self, expected: str) -> Inconclusive:
        got = self.lines[self.at][:120] if self.at < len(self.lines) else "the end"
        return Inconclusive(f"line {self.at + 1} of the dump: got {got!r}, expected {expected}")


def _batch_of(pairs: dict[str, str]) -> Batch:
    return Batch(
        base_offset=int(pairs["baseOffset"]),
        last_offset=int(pairs["lastOffset"]),
        records=int(pairs["count"]),
        leader_epoch=int(pairs["partitionLeaderEpoch"]),
        producer_id=int(pairs["producerId"]),
        producer_epoch=int(pairs["producerEpoch"]),
        is_transactional=pairs["isTransactional"] == "true",
        is_control=pairs["isControl"] == "true",
        size_bytes=int(pairs["size"]),
        crc=int(pairs["crc"]),
        is_valid=pairs["isvalid"] == "true",
    )


def _marker(rest: str) -> Marker:
    found = _MARKER.match(rest)
    return Marker(found[1]) if found and found[1] in ("COMMIT", "ABORT") else Marker.OTHER


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _key_and_value(rest: str, *, has_key: bool, has_value: bool, key_size: int) -> tuple[str | None, str | None]:
    key = None
    if has_key:
        rest = rest.removeprefix(_KEY)
        exact = rest.encode()[:key_size].decode(errors="replace")
        key = exact if _REPLACED not in rest else rest.partition(_PAYLOAD)[0]
        rest = rest[len(key) :]
    return key, rest.removeprefix(_PAYLOAD) if has_value else None
