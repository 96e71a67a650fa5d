"""The bugs that can be planted in a rehearsal, and what a judge must find when one has struck."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

LOSS = "unseen lost-write vanished-read inconsistent-offsets realtime-order nonmonotonic-send poll-skip int-poll-skip"
"""What may be seen of acknowledged records that are gone, and of others that got their offsets."""

UNREAD = "poll-skip int-poll-skip vanished-read"
"""What may be seen when some are given records of a transaction and others are not."""


@dataclass(frozen=True)
class Signature:
    """What a planted bug does, in a sentence; the anomalies that must be found, and those that may come with them."""

    what: str
    must: frozenset[str]
    may: frozenset[str]


class Bug(Enum):
    """A bug that can be planted, by name."""

    # Brokers: appending, replicating, electing.
    ACKNOWLEDGED_TOO_EARLY = "a leader acknowledges a record before its followers have it, and dies"
    LEADER_DROPS_ABOVE_CHECKPOINT = "a new leader drops what lies above its last high watermark checkpoint"
    LEADERSHIP_BACK_TOO_EARLY = "a broker that restarts leads again before it has caught up"
    UNCLEAN_ELECTION = "a replica that is not in sync is elected when the others are gone"
    FOLLOWER_LOSES_RECORD = "followers lose a record while they copy it, and then one of them leads"
    NO_TRUNCATION = "a former leader keeps records that its successor does not have, and later leads again"
    OFFSET_REUSED = "a leader gives the last offset to a second record"
    WRONG_OFFSET_ACKNOWLEDGED = "a leader acknowledges a record with the offset after its own"
    DUPLICATE_ON_RETRY = "a leader appends again what it already has when a producer retries"
    DEDUPLICATION_FORGOTTEN = "a new leader does not know what producers wrote before it was elected"
    SEQUENCE_NOT_CHECKED = "a leader appends a batch although the one before it is missing"
    SLOT_FILLED_LATE = "a leader leaves an offset free and gives it to a record that comes much later"
    WRITTEN_BUT_REFUSED = "a leader refuses a record after it has written it"
    HIGH_WATERMARK_FALLS = "a new leader shows an older high watermark than its predecessor did"
    LEADER_EPOCH_FALLS = "the controller tells clients an older leader epoch after an election"
    RETENTION_TOO_EARLY = "a leader deletes every segment but the last, however young"
    RETENTION_TOO_LATE = "expired segments are never deleted"
    CLEANER_ON_WRONG_TOPIC = "the compacting cleaner runs on a topic that is not compacted"
    # Brokers: what they give to consumers.
    DIRTY_READS = "a leader gives out records that no follower has, and dies"
    STALE_ANSWERS = "a leader tells clients for a long while the same end of its log"
    ABORTED_RECORDS_READ = "aborted records are given to readers of committed ones"
    OPEN_TRANSACTIONS_READ = "records of open transactions are given to readers of committed ones"
    DIRTY_DUET = "only a reader's own open transaction is kept from it, not those of others"
    RECORD_OF_OTHER_PARTITION = "a consumer is given a record of another partition"
    # Coordinators of transactions and groups.
    ZOMBIE_NOT_FENCED = "a producer that has been replaced goes on with its transaction"
    COMMIT_OF_ABORTED = "a producer is told that its transaction has committed after it was aborted"
    LATE_WRITE_JOINS_NEXT = "a write that comes after the end of its transaction joins the next one"
    HALF_A_COMMIT = "a commit writes an abort marker into one of its partitions"
    HALF_AN_ABORT = "an abort writes a commit marker into one of its partitions"
    MARKER_FORGOTTEN = "a commit never writes the marker of one of its partitions"
    OFFSETS_OF_ABORTED = "the offsets of an aborted transaction count"
    OFFSETS_OF_COMMITTED_LOST = "the offsets of a committed transaction do not count"
    ZOMBIE_OFFSETS_COUNT = "a producer that has been replaced still commits offsets"
    OLD_GENERATION_COMMITS = "a group member that has been put out still commits offsets"
    COORDINATOR_LOADS_OLD_OFFSETS = "a new group coordinator begins with old offsets"
    # Clients.
    BATCH_BACKWARDS = "a producer sends a batch in the opposite order"
    FAILURE_CALLED_SUCCESS = "a producer reports a record as written that it refused to send"
    CONSUMER_JUMPS = "a consumer loses the first record that it fetched"
    CONSUMER_REWINDS = "a consumer goes back and delivers some records again"
    CONSUMER_DROPS_WITHIN = "a consumer loses a record in the middle of a poll"
    CONSUMER_MIXES_ORDER = "a consumer delivers the last two records of a poll in the wrong order"
    VALUE_CORRUPTED = "a consumer delivers a value that nobody sent"
    COMMIT_AHEAD_OF_WORK = "a group member commits what it has fetched in advance"

    @property
    def signature(self) -> Signature:
        """What must and what may be found when the bug has struck."""
        must, may = _SIGNATURES[self]
        return Signature(what=self.value, must=frozenset(must.split()), may=frozenset(may.split()))


_SIGNATURES: dict[Bug, tuple[str, str]] = {
    Bug.ACKNOWLEDGED_TOO_EARLY: ("unseen", LOSS),
    Bug.LEADER_DROPS_ABOVE_CHECKPOINT: ("unseen", f"{LOSS} hw-regression"),
    Bug.LEADERSHIP_BACK_TOO_EARLY: ("unseen", f"{LOSS} hw-regression"),
    Bug.UNCLEAN_ELECTION: ("unseen", f"{LOSS} hw-regression"),
    Bug.FOLLOWER_LOSES_RECORD: ("lost-write", "unseen int-poll-skip"),
    Bug.NO_TRUNCATION: ("inconsistent-offsets", f"{LOSS} duplicate nonmonotonic-send torn-transaction"),
    Bug.OFFSET_REUSED: ("inconsistent-offsets", LOSS),
    Bug.WRONG_OFFSET_ACKNOWLEDGED: ("duplicate", "inconsistent-offsets realtime-order nonmonotonic-send"),
    Bug.DUPLICATE_ON_RETRY: ("duplicate", "nonmonotonic-send int-nonmonotonic-send realtime-order"),
    Bug.DEDUPLICATION_FORGOTTEN: ("duplicate", "nonmonotonic-send int-nonmonotonic-send realtime-order"),
    Bug.SEQUENCE_NOT_CHECKED: ("nonmonotonic-send", ""),
    Bug.SLOT_FILLED_LATE: ("realtime-order", "poll-skip int-poll-skip"),
    Bug.WRITTEN_BUT_REFUSED: ("aborted-read", ""),
    Bug.HIGH_WATERMARK_FALLS: ("hw-regression", ""),
    Bug.LEADER_EPOCH_FALLS: ("leader-epoch-regression", ""),
    Bug.RETENTION_TOO_EARLY: ("retention-early", "poll-skip unseen lost-write"),
    Bug.RETENTION_TOO_LATE: ("retention-late", ""),
    Bug.CLEANER_ON_WRONG_TOPIC: ("vanished-read", "unseen lost-write poll-skip int-poll-skip"),
    Bug.DIRTY_READS: (
        "vanished-read",
        "inconsistent-offsets duplicate nonmonotonic-send poll-skip nonmonotonic-poll int-poll-skip lost-write",
    ),
    Bug.STALE_ANSWERS: ("stale-read", ""),
    Bug.ABORTED_RECORDS_READ: ("aborted-read", UNREAD),
    Bug.OPEN_TRANSACTIONS_READ: ("precommitted-read", f"aborted-read G1c {UNREAD}"),
    Bug.DIRTY_DUET: ("G1c", f"G1c-realtime aborted-read {UNREAD}"),
    Bug.RECORD_OF_OTHER_PARTITION: ("phantom-read", "inconsistent-offsets vanished-read"),
    Bug.ZOMBIE_NOT_FENCED: (
        "torn-transaction",
        "nonmonotonic-poll aborted-read lost-write unseen precommitted-read G1c G1c-realtime offset-commit-regression "
        + UNREAD,
    ),
    Bug.COMMIT_OF_ABORTED: ("unseen", f"lost-write {UNREAD}"),
    Bug.LATE_WRITE_JOINS_NEXT: ("aborted-read", f"torn-transaction unseen lost-write precommitted-read {UNREAD}"),
    Bug.HALF_A_COMMIT: ("torn-transaction", f"unseen lost-write {UNREAD}"),
    Bug.HALF_AN_ABORT: ("aborted-read", f"torn-transaction {UNREAD}"),
    Bug.MARKER_FORGOTTEN: ("unseen", f"torn-transaction lost-write {UNREAD}"),
    Bug.OFFSETS_OF_ABORTED: ("poll-skip", "commit-beyond-processed"),
    Bug.OFFSETS_OF_COMMITTED_LOST: ("offset-commit-regression", "nonmonotonic-poll"),
    Bug.ZOMBIE_OFFSETS_COUNT: ("offset-commit-regression", "nonmonotonic-poll"),
    Bug.OLD_GENERATION_COMMITS: ("offset-commit-regression", ""),
    Bug.COORDINATOR_LOADS_OLD_OFFSETS: ("offset-commit-regression", "nonmonotonic-poll"),
    Bug.BATCH_BACKWARDS: ("int-nonmonotonic-send", ""),
    Bug.FAILURE_CALLED_SUCCESS: ("unseen", "lost-write"),
    Bug.CONSUMER_JUMPS: ("poll-skip", ""),
    Bug.CONSUMER_REWINDS: ("nonmonotonic-poll", ""),
    Bug.CONSUMER_DROPS_WITHIN: ("int-poll-skip", ""),
    Bug.CONSUMER_MIXES_ORDER: ("int-nonmonotonic-poll", "int-poll-skip nonmonotonic-poll poll-skip"),
    Bug.VALUE_CORRUPTED: ("phantom-read", "inconsistent-offsets vanished-read"),
    Bug.COMMIT_AHEAD_OF_WORK: ("commit-beyond-processed", ""),
}
