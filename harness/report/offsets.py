"""The offsets around a finding: a picture of a key's log, read from its JSON and put into words and signs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.report.figures import plural

_VALUE_LENGTH = 20
_NAME_LENGTH = 12
_NS_PER_S = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class Look:
    """How something is shown: its CSS class, its sign, and the words that the legend and a screen reader use."""

    class_: str
    sign: str
    words: str


_SEEN = {
    "read": Look(class_="read", sign="✓", words="read"),
    "read-unsure": Look(class_="unsure", sign="✓?", words="read by an operation that did not end ok"),
    "passed": Look(class_="passed", sign="○", words="passed over: records before and after it were read"),
    "missing": Look(class_="missing", sign="✗", words="missing: passed over, and it should have been there"),
}
_ENDED = {
    "ok": Look(class_="ok", sign="✓", words="acked"),
    "fail": Look(class_="refused", sign="✗", words="refused"),
    "info": Look(class_="unknown", sign="?", words="unknown"),
}
_ENDED_TXN = {
    "ok": Look(class_="ok", sign="✓", words="committed"),
    "fail": Look(class_="refused", sign="✗", words="aborted"),
}
_PLACES = {
    "read": Look(class_="there", sign="", words="somebody read it at this offset"),
    "told": Look(class_="told", sign="", words="only its sender was told this offset"),
    "nowhere": Look(class_="told", sign="", words="nobody knows an offset of it"),
}


@dataclass(frozen=True, kw_only=True)
class Words:
    """Words cut to their room, and the whole of them where that is more."""

    shown: str
    whole: str = ""


@dataclass(frozen=True, kw_only=True)
class Head:
    """The head of a reader's column."""

    name: Words
    note: str
    is_named: bool
    what: str


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What stands in a reader's column; without a look it is empty."""

    look: Look | None = None
    after: str = ""
    again: str = ""
    what: str = ""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """Who sent a record, when, and what came of it."""

    by: Words
    index: str
    after: str
    look: Look
    ended: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the picture; `says` is all there is to say of offsets without a record or left out."""

    kind: str
    is_marked: bool
    offset: str
    says: str = ""
    value: Words | None = None
    place: Look | None = None
    sent: Sent | None = None
    seen: tuple[Seen, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OffsetPicture:
    """A picture, ready to be laid out."""

    title: str
    heads: tuple[Head, ...]
    left_out: str
    lines: tuple[Line, ...]
    legend: tuple[Look, ...]
    has_marks: bool

    @property
    def columns(self) -> int:
        """How many columns say who wrote and who read."""
        return 4 + len(self.heads)


def offset_picture(data: object, *, zero_s: float) -> OffsetPicture | None:
    """Read a picture from its JSON, times counted from `zero_s` of the run; None when this is none.

    A finding's evidence is free: what merely has the name of a picture is shown as any other evidence is.
    """
    try:
        return _picture(data, zero_s=zero_s)  # type: ignore[arg-type]  # whatever it is, it came out of a file
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        return None


def _picture(data: Mapping[str, Any], *, zero_s: float) -> OffsetPicture:
    lines = tuple(_line(row, zero_s=zero_s) for row in data["rows"])
    left_out = int(data["readers_left_out"])
    offsets = [line.offset for line in lines if line.offset and line.kind != "gap"]
    around = f", offsets {offsets[0].partition(' – ')[0]} to {offsets[-1].rpartition(' – ')[2]}" if offsets else ""
    return OffsetPicture(
        title=f"{data['key']}{around}",
        heads=tuple(_head(reader) for reader in data["readers"]),
        left_out=f"{plural(left_out, 'more reader')} not shown" if left_out else "",
        lines=lines,
        legend=tuple(_legend(lines)),
        has_marks=any(line.is_marked for line in lines),
    )


def _legend(lines: Iterable[Line]) -> Iterable[Look]:
    """Explain what is in the picture, each once, in the order in which it is defined."""
    looks = {seen.look for line in lines for seen in line.seen} | {line.place for line in lines}
    return (look for look in (*_PLACES.values(), *_SEEN.values()) if look in looks)


def _head(reader: Mapping[str, Any]) -> Head:
    covered = reader["covered"]
    what = [f"process {reader['process']}"]
    what += ["the final read, from start to end, after all faults"] if reader["final"] else []
    what += [f"it covered the offsets {covered[0]} to {covered[1] - 1}"] if covered else []
    return Head(
        name=_cut(str(reader["process"]), length=_NAME_LENGTH),
        note="final" if reader["final"] and reader["process"] != "final" else "",
        is_named=bool(reader["named"]),
        what=", ".join(what),
    )


def _line(row: Mapping[str, Any], *, zero_s: float) -> Line:
    if row["kind"] == "record":
        return _record(row, zero_s=zero_s)
    first, last = int(row["first"]), int(row["last"])
    offset = f"{first}" if first == last else f"{first} – {last}"
    if row["kind"] == "gap":
        return Line(
            kind="gap", is_marked=False, offset=offset, says=f"{plural(int(row['records']), 'record')} left out"
        )
    return Line(kind="hole", is_marked=bool(row["marked"]), offset=offset, says="no record is known here")


def _record(row: Mapping[str, Any], *, zero_s: float) -> Line:
    return Line(
        kind="record",
        is_marked=bool(row["marked"]),
        offset="" if row["offset"] is None else str(row["offset"]),
        value=_cut(str(row["value"]), length=_VALUE_LENGTH),
        place=_PLACES[row["place"]],
        sent=None if row["sender"] is None else _sent(row["sender"], at=row["offset"], zero_s=zero_s),
        seen=tuple(_seen(cell, zero_s=zero_s) for cell in row["cells"]),
    )


def _sent(sender: Mapping[str, Any], *, at: object, zero_s: float) -> Sent:
    ended, told = sender["ended"], sender["offset"]
    look = _ENDED_TXN.get(ended, _ENDED[ended]) if sender["f"] == "txn" else _ENDED[ended]
    never = sender["ended_ns"] is None
    return Sent(
        by=_cut(str(sender["process"]), length=_NAME_LENGTH),
        index=f"operation {sender['index']} ({sender['f']})",
        after=_after(sender["sent_ns"], zero_s=zero_s),
        look=look,
        ended="never answered" if never else f"{look.words} {_after(sender['ended_ns'], zero_s=zero_s)}",
        note="" if told in (None, at) else f"at offset {told}",
    )


def _seen(cell: Mapping[str, Any] | None, *, zero_s: float) -> Seen:
    if cell is None:
        return Seen()
    look, count = _SEEN[cell["seen"]], int(cell["count"])
    times = [_after(time_ns, zero_s=zero_s) for time_ns in cell["times_ns"]]
    return Seen(
        look=look,
        after=times[0] if times else "",
        again=f"×{count}" if count > 1 else "",
        what=f"{look.words} at {', '.join(times)} s" if times else look.words,
    )


def _after(time_ns: float, *, zero_s: float) -> str:
    return f"{time_ns / _NS_PER_S - zero_s:.3f}"


def _cut(text: str, *, length: int) -> Words:
    """Leave out the middle of a long name, because its beginning and its end tell it apart."""
    if len(text) <= length:
        return Words(shown=text)
    half = (length - 1) // 2
    return Words(shown=f"{text[: length - 1 - half]}…{text[-half:]}", whole=text)
