"""Which families of faults a chaos run has: those that were asked for, as far as its cluster can have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.chaos_order import ChaosOrder
from harness.errors import UsageError
from harness.families import Catalogue, catalogue, chosen, require_known
from harness.rehearsing import families as rehearsed
from harness.rehearsing.cluster import NOT_HERE
from harness.schedule import Schedule, parse


@dataclass(frozen=True, kw_only=True)
class Selected:
    """The families that there are, and why others that were asked for are not."""

    known: Catalogue
    left_out: Mapping[str, str] = field(default_factory=dict)


def selected_for(order: ChaosOrder, *, is_rehearsal: bool) -> Selected:
    """Return the families of an order; refuse one that names what is not there, or a schedule that cannot be."""
    wanted = chosen(catalogue(), only=order.only, skip=order.skip)
    there = rehearsed.families() if is_rehearsal else wanted
    known = {name: there[name] for name in wanted if name in there}
    left_out = {name: NOT_HERE for name in wanted if name not in there}
    if not known:
        raise UsageError(f"a rehearsal has none of {', '.join(wanted)}", remedy=f"choose from: {', '.join(there)}")
    if order.schedule is not None:
        _require_there(parse(order.schedule), known, left_out)
    return Selected(known=known, left_out=left_out)


def _require_there(schedule: Schedule, known: Catalogue, left_out: Mapping[str, str]) -> None:
    for step in schedule.steps:
        if step.family in left_out:
            raise UsageError(f"got {step}, {left_out[step.family]}", remedy=f"choose from: {', '.join(known)}")
    require_known(schedule, known)
