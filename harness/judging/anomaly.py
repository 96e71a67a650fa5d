"""Anomalies: what a checker looked for in a history, how often it is there, and the operations that show it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from harness.judging.config import Config
from harness.judging.versions import Versions

EXAMPLES = 10
"""How many findings of a kind are told in full; all of them are counted."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """One finding: what is wrong, and the operations (rows), key (number), offsets and records that show it."""

    what: str
    ops: tuple[int, ...]
    key: int | None = None
    offsets: tuple[int, ...] = ()
    values: tuple[int | str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Anomaly:
    """One row of the table of anomalies, searched for.

    `checked` counts what was looked at. `unknown` says why the search could not be finished or not be made; it makes
    the judgement INCONCLUSIVE, never a failure. `family` is the module that searched; the judge fills it in.
    """

    name: str
    family: str = ""
    count: int = 0
    legal: bool = False
    examples: tuple[Example, ...] = ()
    checked: int = 0
    unknown: str = ""
    measured: Mapping[str, object] = field(default_factory=dict)


Search = Callable[[Versions, Config], Iterable[Anomaly]]
"""What a family of checkers offers under the name `search`."""


Rows = Sequence[int] | NDArray[np.intp]
"""Which rows of some table show an anomaly."""


def found(name: str, rows: Rows, tell: Callable[[int], Example], *, checked: int, legal: bool = False) -> Anomaly:
    """Make an anomaly of the rows that show it; the first ones are told in full."""
    told = tuple(tell(int(row)) for row in rows[:EXAMPLES])
    return Anomaly(name=name, count=len(rows), legal=legal, examples=told, checked=checked)
