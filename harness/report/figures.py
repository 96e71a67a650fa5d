"""Figures in words: seconds, bytes, shares and named facts as a person writes them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from harness.charts import number

UNKNOWN = "unknown"
_SUFFIXES = (
    ("_per_s", "/s"),
    ("_percent", "%"),
    ("_bytes", "bytes"),
    ("_ratio", "ratio"),
    ("_mib", "MiB"),
    ("_ms", "ms"),
    ("_us", "µs"),
    ("_s", "s"),
)
_NAMES_NOT_AMOUNTS = ("id", "port", "seed", "epoch", "uid", "pid")
_COLUMNS = 8
_BYTE_SIZES = ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))


@dataclass(frozen=True, kw_only=True)
class Table:
    """Things that have the same properties, to be compared side by side."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A named value, ready to be read; `is_block` says that it needs lines of its own, a table if it can be one."""

    name: str
    text: str
    is_block: bool = False
    table: Table | None = None


def seconds(value_s: float) -> str:
    """Write a short stretch of time as exactly as it matters: 47 ms, 1.83 s, 12.4 s, 140 s."""
    if not math.isfinite(value_s):
        return UNKNOWN
    if 0 < abs(value_s) < 0.0995:
        return f"{value_s * 1000:.3g} ms"
    if value_s == round(value_s) or abs(value_s) >= 99.95:
        return f"{number(round(value_s))} s"
    return f"{value_s:.2f} s" if abs(value_s) < 9.995 else f"{value_s:.1f} s"


def duration(value_s: float) -> str:
    """Write how long something took: 0.4 s, 12 s, 9 min 05 s, 2 h 10 min."""
    if not math.isfinite(value_s):
        return UNKNOWN
    whole_s = round(value_s)
    if value_s < 9.95:
        return f"{value_s:.1f} s"
    if whole_s < 100:
        return f"{whole_s} s"
    if whole_s < 3600:
        return f"{whole_s // 60} min {whole_s % 60:02d} s"
    return f"{whole_s // 3600} h {whole_s % 3600 // 60:02d} min"


def size(value_bytes: float) -> str:
    """Write a number of bytes in the binary unit that Kubernetes uses for it."""
    for unit_bytes, unit in _BYTE_SIZES:
        if abs(value_bytes) >= unit_bytes:
            return f"{value_bytes / unit_bytes:.4g} {unit}"
    return f"{number(value_bytes)} bytes"


def plural(count: int, noun: str) -> str:
    """Write a count with its noun: 1 claim, 2 claims."""
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def moment(text: object) -> str:
    """Write an ISO 8601 moment for people, in UTC; what is not one is shown as it is."""
    at = _parsed(text)
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else plain(text)


def clock(started_at: object, after_s: float) -> str:
    """Write the time of day of a moment in the run, or nothing when the start is not known."""
    at = _parsed(started_at)
    return f"{at + timedelta(seconds=after_s):%H:%M:%S} UTC" if at else ""


def plain(value: object) -> str:
    """Write a JSON value on one line, as it is; what is not known says so."""
    if value is None or value == "":
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(plain(item) for item in value) if value else "none"
    return _compact(value) if isinstance(value, Mapping) else str(value)


def pretty(value: object) -> str:
    """Write a nested JSON value with one line for each of its parts."""
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {_compact(part)}" for name, part in value.items())
    return "\n".join(map(_compact, value)) if isinstance(value, list | tuple) else _compact(value)


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def figure(name: str, value: object) -> Figure:
    """Write a named value, its unit taken from the end of its name."""
    if isinstance(value, Mapping) or (isinstance(value, list | tuple) and any(map(_is_nested, value))):
        return Figure(name=_words(name), text=pretty(value), is_block=True, table=table(value))
    if isinstance(value, str) and "\n" in value:
        return Figure(name=_words(name), text=value, is_block=True)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Figure(name=_words(name), text=plain(value))
    suffix, unit = next(((suffix, unit) for suffix, unit in _SUFFIXES if name.endswith(suffix)), ("", ""))
    if not suffix and name.rpartition("_")[2] in _NAMES_NOT_AMOUNTS:
        return Figure(name=_words(name), text=str(value))
    return Figure(name=_words(name.removesuffix(suffix)), text=_amount(value, unit))


def figures(values: Mapping[str, object]) -> list[Figure]:
    """Write all named values, in their order."""
    return [figure(name, value) for name, value in values.items()]


def table(value: object) -> Table | None:
    """Read a mapping of mappings, or a list of them, that all have the same few plain values as a table."""
    if isinstance(value, Mapping):
        named = [([str(name)], row) for name, row in value.items()]
    elif isinstance(value, list | tuple):
        named = [([], row) for row in value]
    else:
        return None
    columns = list(named[0][1]) if named and isinstance(named[0][1], Mapping) else []
    if not 0 < len(columns) <= _COLUMNS or not all(_is_row(row, columns) for _, row in named):
        return None
    return Table(
        head=[*("" for _ in named[0][0]), *map(_words, columns)],
        rows=[[*name, *(plain(row[column]) for column in columns)] for name, row in named],
    )


def _is_row(row: object, columns: Sequence[str]) -> bool:
    return isinstance(row, Mapping) and list(row) == list(columns) and not any(map(_is_nested, row.values()))


def _amount(value: float, unit: str) -> str:
    if unit == "s":
        return seconds(value)
    if unit == "bytes":
        return size(value)
    if unit == "ratio":
        return f"{number(100 * value)} %"
    return f"{number(value)}{unit if unit == '/s' else f' {unit}' if unit else ''}"


def _is_nested(value: object) -> bool:
    return isinstance(value, Mapping | list | tuple)


def _words(name: str) -> str:
    return name.replace("_", " ").strip()


def _parsed(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
