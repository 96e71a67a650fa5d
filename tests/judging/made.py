"""Made-up histories: whole clean runs of a simulated log, for properties."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from hypothesis import strategies as st

from harness.ops import Op, OpType

FINAL = "final"
KEYS = ("orders-0", "orders-1")
PRODUCERS = (0, 1, 2)
READERS = (10, 11)


class _Log:
    """A log of several partitions that never errs, and the journal of those who write and read it."""

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self.partitions: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self._next_offset: dict[str, int] = defaultdict(int)
        self._read_up_to: dict[tuple[int, str], int] = defaultdict(int)

    def note(self, process: int | str, type: OpType, f: str, value: object, *, final: bool = False) -> None:
        extra = {"final": True} if final else {}
        self.ops.append(Op(len(self.ops), len(self.ops) * 1_000_000, process, type, f, value, extra))

    def append(self, key: str, value: str, *, hole: int) -> int:
        """Append a record behind a hole, as control records and aborted records leave them."""
        offset = self._next_offset[key] + hole
        self._next_offset[key] = offset + 1
        self.partitions[key].append((offset, value))
        return offset

    def poll(self, process: int, key: str, *, at_most: int) -> None:
        place = self._read_up_to[process, key]
        records = self.partitions[key][place : place + at_most]
        self._read_up_to[process, key] = place + len(records)
        self.note(process, OpType.INVOKE, "poll", [["poll"]])
        micro: list[object] = ["poll", {key: [list(record) for record in records]}] if records else ["poll"]
        self.note(process, OpType.OK, "poll", [micro])

    def read_everything(self) -> None:
        for key, records in self.partitions.items():
            value = [["poll", {key: [list(record) for record in records]}]]
            self.note(FINAL, OpType.OK, "poll", value, final=True)


FATES = {
    "acknowledged": (OpType.OK, True),
    "acknowledged without an offset": (OpType.OK, True),
    "unknown, written": (OpType.INFO, True),
    "unknown, not written": (OpType.INFO, False),
    "refused": (OpType.FAIL, False),
    "never answered": (None, True),
}
"""How a send may end on a log that never errs, and whether its record is then in the log."""


@st.composite
def clean_ops(draw: st.DrawFn) -> tuple[Op, ...]:
    """Draw the journal of a run in which nothing went wrong, however slow, unlucky or refused its clients were."""
    log = _Log()
    for batch in range(draw(st.integers(1, 4))):
        sends = draw(
            st.lists(
                st.tuples(st.sampled_from(PRODUCERS), st.sampled_from(KEYS), st.sampled_from(sorted(FATES))),
                min_size=1,
                max_size=6,
            )
        )
        _write(draw, log, batch, sends)
        for reader in READERS:
            log.poll(reader, draw(st.sampled_from(KEYS)), at_most=draw(st.integers(0, 5)))
    # Every producer ends with two acknowledged records in every partition, so there is always something to spoil.
    _write(draw, log, 99, [(process, key, "acknowledged") for process in PRODUCERS for key in KEYS for _ in range(2)])
    for reader in READERS:
        for key in KEYS:
            log.poll(reader, key, at_most=draw(st.integers(0, 30)))
    log.read_everything()
    return tuple(log.ops)


def _write(draw: st.DrawFn, log: _Log, batch: int, sends: Sequence[tuple[int, str, str]]) -> None:
    """Invoke a batch of sends together and let them end together, as a producer with several requests in flight."""
    numbered = [(process, key, f"{batch}:{number}", fate) for number, (process, key, fate) in enumerate(sends)]
    for process, key, value, _ in numbered:
        log.note(process, OpType.INVOKE, "send", [["send", key, value]])
    for process, key, value, fate in numbered:
        outcome, written = FATES[fate]
        offset = log.append(key, value, hole=draw(st.integers(0, 2))) if written else None
        if outcome is OpType.OK:
            told = None if fate == "acknowledged without an offset" else offset
            log.note(process, outcome, "send", [["send", key, [told, value]]])
        elif outcome is not None:
            log.note(process, outcome, "send", [["send", key, value]])
