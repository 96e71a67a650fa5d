"""Coverage: which clause checks which promise of the document, so that a promise that nobody checks is noticed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import TypeVar

import pytest

_ATTRIBUTE = "checked_promises"
_Test = TypeVar("_Test", bound=Callable[..., object])


def checks(*promises: str) -> Callable[[_Test], _Test]:
    """Mark a clause with the promises that it checks, by the names that `harness.blocks.promises` gives them."""

    def mark(function: _Test) -> _Test:
        setattr(function, _ATTRIBUTE, promises)
        return function

    return mark


def checked(modules: Iterable[ModuleType]) -> list[tuple[str, str]]:
    """Return (promise, clause id) for every promise that the clauses of these modules check."""
    return [
        (promise, clause_id)
        for module in modules
        for function in vars(module).values()
        for clause_id in _clause_ids(function)
        for promise in getattr(function, _ATTRIBUTE, ())
    ]


def problems(promised: Iterable[str], found: Iterable[tuple[str, str]]) -> list[str]:
    """Say what is wrong: a promise that no clause checks, or several, and a check of something never promised."""
    by_promise: dict[str, list[str]] = {}
    for promise, clause_id in found:
        by_promise.setdefault(promise, []).append(clause_id)
    known = Counter(promised)
    unchecked = [f"{promise!r} is checked by no clause" for promise in known if promise not in by_promise]
    repeated = [
        f"{promise!r} is checked by {' and '.join(ids)}, expected one clause"
        for promise, ids in by_promise.items()
        if len(ids) > 1
    ]
    invented = [
        f"{ids[0]} checks {promise!r}, which is not promised"
        for promise, ids in by_promise.items()
        if promise not in known
    ]
    return unchecked + repeated + invented


def _clause_ids(function: object) -> list[str]:
    marks: list[pytest.Mark] = getattr(function, "pytestmark", [])
    return [mark.args[0] for mark in marks if isinstance(mark, pytest.Mark) and mark.name == "clause"]
