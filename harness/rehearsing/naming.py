"""Naming: the model's numbers become the values of a real history, from which one sees what was made from what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from harness.checkers.exactly_once import transformed
from harness.ops import Op

WITH_VALUES = frozenset({"send", "poll", "txn"})


def named(ops: Iterable[Op], made: Mapping[int, int]) -> Iterator[Op]:
    """Give operations with named values; `made` says from which value a result was made."""
    for op in ops:
        yield replace(op, value=[_micro(micro, made) for micro in op.value]) if op.f in WITH_VALUES else op  # type: ignore[attr-defined]


def _name(value: int, made: Mapping[int, int]) -> str:
    source = made.get(value)
    return str(value) if source is None else transformed(str(source), attempt=str(value))


def _micro(micro: list[Any], made: Mapping[int, int]) -> list[Any]:
    if micro[0] == "send":
        where = micro[2]
        return [*micro[:2], [where[0], _name(where[1], made)] if isinstance(where, list) else _name(where, made)]
    if len(micro) == 1:
        return micro
    return [
        micro[0],
        {key: [[offset, _name(value, made)] for offset, value in found] for key, found in micro[1].items()},
    ]
