"""The process that heals: it stands where the brokers can be reached, and needs nothing but the cluster."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from harness.cluster.connection import Connection, connect
from harness.cluster.fault_copies import FaultCopies
from harness.cluster.safety import RunLease, refuse_if_held, require_own
from harness.ending import end_in_order
from harness.errors import ExitCode, HarnessError
from harness.fault_journal import FILE
from harness.fault_lines import FaultLine, lines_of, merged
from harness.heal_order import HealOrder
from harness.healer import healer_of
from harness.healing import Outcome, chosen


def main(text: str) -> int:
    """Heal, say what was done, and end with the exit code for it."""
    end_in_order()
    try:
        outcome = fulfil(HealOrder.of(text))
    except HarnessError as error:
        print(f"harness: {error}", file=sys.stderr)
        return int(error.exit_code)
    except KeyboardInterrupt:
        print("harness: interrupted: heal again, it goes on where it was", file=sys.stderr)
        return int(ExitCode.HARNESS)
    except Exception:  # or Python would end with 1, which means: something is left
        traceback.print_exc()
        return int(ExitCode.HARNESS)
    for line in outcome.lines():
        print(line)
    return int(outcome.exit_code)


def fulfil(order: HealOrder) -> Outcome:
    """Heal the namespace, unless a run is alive in it: that one heals by itself."""
    connection = connect(order.target)
    require_own(connection, order.namespace)
    refuse_if_held(connection, order.namespace)
    copies = FaultCopies(connection, order.namespace)
    lines = chosen(known_lines(copies, order.reports), run=order.run)
    for line in lines:
        print(line)
    healer = healer_of(connection, order.namespace)
    with _sole(connection, order):
        return healer.look(lines) if order.dry_run else healer.heal(lines)


def known_lines(copies: FaultCopies, reports: Path) -> tuple[FaultLine, ...]:
    """Return what the namespace tells, with the ends that only a report on this machine knows of.

    A line that only a report has was never injected, or was healed and forgotten since: its remedies may be older than
    what is declared now.
    """
    told = copies.lines()
    keys, place = {line.key for line in told}, copies.place()
    on_disk = (line for file in sorted(reports.glob(f"*/{FILE}")) for line in _lines_in(file))
    return merged((*told, *(line for line in on_disk if line.place == place and line.key in keys)))


def _lines_in(file: Path) -> tuple[FaultLine, ...]:
    """Read a report's journal; one that cannot be read tells of no end, which costs one more healing at the most."""
    try:
        return lines_of(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()


@contextmanager
def _sole(connection: Connection, order: HealOrder) -> Iterator[None]:
    """Keep runs and other healers out while something is changed."""
    with nullcontext() if order.dry_run else RunLease(connection, order.namespace, holder="harness heal"):
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
