"""TXN-06: a killed producer whose records are shown, or whose transaction stays open, turns the clause red."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from harness.clients.admin import Admin
from harness.clients.transaction import Ending, Intent
from harness.evidence import Evidence
from harness.ops import Op, OpType
from harness.rehearsing.clock import RehearsalClock
from harness.run import Run
from harness.verdict import Inconclusive, Judgement, Verdict
from harness.waiting import waiting_on
from suites import test_transactions as txn

LEFT, OTHER = ("orders-0", "killed"), ("orders-0", "behind")


@dataclass(kw_only=True)
class Doomed:
    """A producer that is said to have written all its records, or none."""

    written: int
    transactional_id: str = "killed"
    kills: int = 0

    def __enter__(self) -> Doomed:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.kills == 1

    def await_open(self) -> Ending:
        return Ending(offsets=dict.fromkeys(range(self.written), 0))

    def kill(self) -> None:
        self.kills += 1


@dataclass(kw_only=True)
class MadeDesk:
    """A desk at which nobody works: what was read is written down beforehand."""

    clock: RehearsalClock
    shown: tuple[tuple[str, str], ...] = (OTHER,)
    aborted_after_s: float = 12.0
    written: int = 1
    journal: list[object] = field(default_factory=list)

    def doomed(self, name: str, intent: Intent, *, timeout_s: float) -> Doomed:
        assert (name, intent.sends, timeout_s) == ("killed", (LEFT,), txn.SILENCE_S)
        return Doomed(written=self.written)

    def intent(self, name: str) -> Intent:
        return Intent(sends=(("orders-0", name),))

    def client(self, _: str) -> Any:
        return self

    def __enter__(self) -> MadeDesk:
        return self

    def __exit__(self, *_: object) -> None:
        """End nothing."""

    def take_over(self) -> None:
        """Fence nobody."""

    def readers_go_on(self) -> Callable[[], bool]:
        began_s = self.clock.now_s()
        return lambda: self.clock.now_s() >= began_s + self.aborted_after_s

    def read_back(self) -> tuple[Op, ...]:
        return (self._read(0, self.shown, {}), self._read(1, (LEFT, OTHER), {"isolation": "read_uncommitted"}))

    def _read(self, index: int, records: tuple[tuple[str, str], ...], extra: dict[str, object]) -> Op:
        places = {"orders-0": [[offset, value] for offset, (_, value) in enumerate(records)]}
        return Op(index, index, index, OpType.OK, "poll", [["poll", places]], extra)

    def verdict(self, ops: tuple[Op, ...]) -> Judgement:
        assert len(ops) == 2
        return Judgement(checker="history", verdict=Verdict.PASS, reason="as it should be")


class MadeAdmin:
    """A cluster that looks for abandoned transactions every ten seconds."""

    def controller(self) -> int:
        return 0

    def broker_config(self, _: int) -> dict[str, str]:
        return {}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[RehearsalClock]:
    monkeypatch.setattr(txn, "begin", lambda *_, **__: None)
    monkeypatch.setattr(txn, "note_end", lambda *_, **__: None)
    monkeypatch.setattr(txn, "transact", lambda *_, **__: None)
    monkeypatch.setattr(txn, "_readers_go_on", lambda desk: desk.readers_go_on())
    clock = RehearsalClock()
    with waiting_on(clock):
        yield clock


def judged(clock: RehearsalClock, **made: Any) -> Evidence:
    evidence = Evidence()
    run = cast(Run, type("MadeRun", (), {"clock": clock}))
    desk = cast(txn.Desk, MadeDesk(clock=clock, **made))
    txn.test_a_killed_producer_leaves_nothing(desk, cast(Admin, MadeAdmin()), evidence, run)
    return evidence


def test_a_transaction_that_is_aborted_in_time_and_hidden_passes(clock: RehearsalClock) -> None:
    evidence = judged(clock)
    assert {judgement.verdict for judgement in evidence.judgements} == {Verdict.PASS}
    assert evidence.facts["bound_s"] == txn.SILENCE_S + 10 + txn.MARKERS_S


def test_a_record_of_the_killed_producer_that_is_shown_is_found(clock: RehearsalClock) -> None:
    with pytest.raises(AssertionError, match="1 of 1 records that must be hidden were shown"):
        judged(clock, shown=(LEFT, OTHER))


def test_a_transaction_that_stays_open_is_found(clock: RehearsalClock) -> None:
    with pytest.raises(AssertionError, match="readers going on behind a killed producer did not happen within 20 s"):
        judged(clock, aborted_after_s=21.0)


def test_a_producer_that_had_written_nothing_shows_nothing(clock: RehearsalClock) -> None:
    with pytest.raises(Inconclusive, match="only 0 of 1 records were acknowledged"):
        judged(clock, written=0)
