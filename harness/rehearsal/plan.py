"""The plan of a rehearsal: what its clients do, what goes wrong around them, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from random import Random

from harness.rehearsal.clock import MS

KEYS = ("orders-0", "orders-1", "vault-0", "events-0", "ledger-0", "ledger-1")
"""Every partition: orders are read by all, the vault only in the end, events expire, ledgers are transactional."""

ORDERS, LEDGERS = KEYS[:2], KEYS[4:]


class FaultKind(Enum):
    """What can happen to a broker."""

    CRASH = "crash"
    ISOLATE = "isolate"
    BLACKOUT = "blackout"
    ROLL = "roll"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault: the leader of a key is struck at a moment, for a while."""

    kind: FaultKind
    key: str
    at_ns: int
    lasts_ns: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One rehearsal; times are nanoseconds of virtual time, probabilities are per request or per operation.

    `faults` are certain, up to `random_faults` more happen by chance. `strike_from_ns` and `strike_until_ns` bound the
    time in which a planted bug may do what it does. `pause_at_end` says where transactions pause: before they commit,
    after their first write, or (None) anywhere.
    """

    traffic_ns: int = 1200 * MS
    settle_ns: int = 700 * MS
    strike_from_ns: int = 150 * MS
    strike_until_ns: int = 1000 * MS
    faults: tuple[Fault, ...] = ()
    random_faults: int = 3
    lost_requests: float = 0.003
    lost_answers: float = 0.004
    late_requests: float = 0.004
    fetch_ns: tuple[int, int] = (2 * MS // 10, 2 * MS)
    acks_all: bool = True
    min_insync: int = 2
    unclean_election: bool = False
    batch_most: int = 3
    plain_producers: int = 1
    abort_chance: float = 0.15
    pause_chance: float = 0.04
    pause_at_end: bool | None = None
    member_pause_chance: float = 0.01
    crash_chance: float = 0.01
    retries_in_transactions: bool = True
    uncommitted_reader: bool = True
    duet: bool = False
    retention_ns: int = 600 * MS
    retention_records: int | None = None
    segment_ns: int = 80 * MS
    check_ns: int = 40 * MS
    victim: str = "vault-0"
    read_key: str = "orders-0"
    expiring: str = "events-0"
    ledgers: tuple[str, ...] = LEDGERS

    def fetch_delay(self, random: Random) -> int:
        """Return how long a follower takes until it asks again."""
        low, high = self.fetch_ns
        return low + int(random.random() * (high - low))
