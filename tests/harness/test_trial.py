"""A trial: without proof of the fault nothing is judged, and whatever happens the fault is healed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import cast

import pytest

from harness import trial
from harness.budget import Budget
from harness.clients.admin import Admin
from harness.clients.traffic import Load, Traffic
from harness.cluster.pods import Cluster
from harness.evidence import Event, Evidence, Window
from harness.fault_journal import NoNamespace
from harness.fault_lines import lines_of
from harness.histories.building import history_of
from harness.histories.history import History
from harness.remedies import Remedy
from harness.run import Run
from harness.services import Service
from harness.sights import Sight
from harness.verdict import Inconclusive, Unsupported, UnsupportedHere, Verdict
from harness.waiting import TimedOut
from tests.checkers.anomalies.told import Told
from tests.harness.fake_probes import FakeProbes
from tests.harness.made_runs import made_run

ALLOWED = Budget(seconds=3, why="so it is")
PROBED = {Service.FETCH: ALLOWED}


class FakeWatcher:
    """Watches nothing."""

    def __enter__(self) -> FakeWatcher:
        return self

    def __exit__(self, *_: object) -> None:
        """Stop nothing."""

    def events(self) -> tuple[Event, ...]:
        return ()


class FakeTraffic:
    """Traffic of two records that were written and read; no client runs."""

    def __init__(self) -> None:
        self.load = Load(topic="orders", partitions=1)
        self.stopped_s = 1.0
        self.generator_lateness_s = 0.0
        self.left = False
        self.stuck_after = 1000
        self.serves_another = False
        self.probing = FakeProbes()

    def __enter__(self) -> FakeTraffic:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.left = True

    def watcher(self, _: object) -> FakeWatcher:
        return FakeWatcher()

    def probes(self, _: object) -> FakeProbes:
        return self.probing

    def await_acknowledgements(self, more: int, *, timeout_s: float) -> None:
        assert more > 0
        assert timeout_s > 0
        if self.stuck_after == 0:
            raise TimedOut(what="more acknowledgements", timeout_s=timeout_s, detail="")
        self.stuck_after -= 1

    def another_is_served(self, *, timeout_s: float) -> bool:
        assert timeout_s > 0
        return self.serves_another

    def settle(self) -> History:
        return history_of(Told().sent(1, "orders-0", (0, "a")).finally_read({"orders-0": [(0, "a")]}).ops)

    def windows(self, seen: History, *, from_s: float, until_s: float) -> tuple[Window, ...]:
        assert len(seen.sends)
        assert from_s < until_s
        return ()


class FakeFault:
    """A fault that does what its switches say."""

    name = "fake fault"

    def __init__(self, *, works: bool = True, heals: bool = True, error: Exception | None = None) -> None:
        self._works, self._heals, self._error = works, heals, error
        self._injected = False
        self.healed = 0

    def plan(self) -> tuple[str, ...]:
        return ("kafka-1",)

    def remedies(self) -> tuple[Remedy, ...]:
        return ()

    def inject(self) -> None:
        if self._error:
            raise self._error
        self._injected = self._works

    def proof_of_injection(self) -> dict[str, object] | None:
        return {"pod": "kafka-1"} if self._injected else None

    def heal(self) -> None:
        self.healed += 1

    def proof_of_healing(self) -> dict[str, object] | None:
        return {"ready": True} if self.healed and self._heals else None


class FakeAdmin:
    """A cluster in which everything is in sync."""

    def brokers(self) -> Sequence[int]:
        return (0,)

    def broker_config(self, broker: int) -> Mapping[str, str]:
        assert broker == 0
        return {"zookeeper.session.timeout.ms": "6000", "replica.lag.time.max.ms": "10000"}

    def out_of_sync(self) -> Sequence[object]:
        return ()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a run that is on no cluster."""
    return made_run(tmp_path, copies=NoNamespace())


def survive(
    fault: FakeFault,
    run: Run,
    evidence: Evidence,
    traffic: FakeTraffic | None = None,
    *,
    budget: Budget | None = ALLOWED,
    sights: Sequence[Sight] = (),
    meanwhile: trial.Meanwhile = lambda: None,
    lasts_s: float = 0.0,
    services: Mapping[Service, Budget] = PROBED,
) -> trial.Trial:
    return trial.survive(
        fault,
        cluster=cast(Cluster, None),
        traffic=cast(Traffic, traffic or FakeTraffic()),
        admin=cast(Admin, FakeAdmin()),
        run=run,
        evidence=evidence,
        budget=budget,
        services=services,
        patience=trial.Patience(proof_s=0.0, healing_s=0.0),
        sights=sights,
        meanwhile=meanwhile,
        lasts_s=lasts_s,
    )


def test_a_fault_that_is_proven_and_healed_is_judged(run: Run) -> None:
    evidence, fault = Evidence(), FakeFault()
    judged = survive(fault, run, evidence)
    assert {j.checker for j in judged.judgements} == {
        "history",
        "enough-overlap",
        "windows",
        "windows of fetch read_committed",
    }
    assert {j.verdict for j in judged.judgements if j.checker.startswith("windows of")} == {Verdict.PASS}
    assert evidence.facts["probes_cpu_share"] == 0.05
    assert evidence.facts["fault"] == "fake fault"
    assert evidence.facts["proof_of_injection"] == {"pod": "kafka-1"}
    assert [event.kind for event in run.events] == ["fault", "proven", "undone", "healed"]


def test_nothing_is_probed_where_no_service_has_a_budget(run: Run) -> None:
    traffic, evidence = FakeTraffic(), Evidence()
    traffic.probing.is_served = False
    judged = survive(FakeFault(), run, evidence, traffic, services={})
    assert not judged.watches
    assert "probes_cpu_share" not in evidence.facts


def test_no_fault_is_injected_while_a_service_is_not_there(run: Run) -> None:
    traffic, fault = FakeTraffic(), FakeFault()
    traffic.probing.is_served = False
    with pytest.raises(Inconclusive, match="not every service was there before the fault"):
        survive(fault, run, Evidence(), traffic)
    assert fault.proof_of_injection() is None
    assert traffic.left


def test_a_fault_without_proof_is_inconclusive_and_healed(run: Run) -> None:
    evidence, fault = Evidence(), FakeFault(works=False)
    with pytest.raises(Inconclusive, match="nothing proves that the fake fault happened"):
        survive(fault, run, evidence)
    assert fault.healed == 1
    assert evidence.judgements == []


def test_a_fault_that_breaks_while_it_is_injected_is_healed_too(run: Run) -> None:
    fault, traffic = FakeFault(error=OSError("half done")), FakeTraffic()
    with pytest.raises(OSError, match="half done"):
        survive(fault, run, Evidence(), traffic)
    assert fault.healed == 1
    assert traffic.left


def test_a_cluster_that_does_not_come_back_has_failed(run: Run) -> None:
    with pytest.raises(AssertionError, match="in sync again after fake fault did not happen"):
        survive(FakeFault(heals=False), run, Evidence())


def test_partitions_that_take_no_records_again_are_a_failure(run: Run) -> None:
    traffic = FakeTraffic()
    traffic.stuck_after = 1
    with pytest.raises(AssertionError, match="do not take records again"):
        survive(FakeFault(), run, Evidence(), traffic)


def test_clients_that_are_stuck_where_a_new_one_is_served_say_nothing_of_the_cluster(run: Run) -> None:
    traffic = FakeTraffic()
    traffic.stuck_after, traffic.serves_another = 1, True
    with pytest.raises(Inconclusive, match="a new client is served"):
        survive(FakeFault(), run, Evidence(), traffic)


def test_a_fault_is_journalled_before_it_is_injected_and_its_end_after_it_is_proven(run: Run) -> None:
    told: list[str] = []

    class Told(FakeFault):
        def inject(self) -> None:
            told.append(f"injected, {[line.is_open for line in lines_of(run.faults.path.read_text())]}")
            super().inject()

    survive(Told(), run, Evidence())
    assert told == ["injected, [True]"]
    (line,) = lines_of(run.faults.path.read_text())
    assert (line.fault, line.targets, line.is_open) == ("fake fault", ("kafka-1",), False)


def test_a_fault_that_cannot_be_journalled_is_not_injected(tmp_path: Path) -> None:
    fault = FakeFault()
    with pytest.raises(Inconclusive, match="the fake fault was not injected"):
        survive(fault, made_run(tmp_path), Evidence())
    assert fault.proof_of_injection() is None


@pytest.mark.parametrize("fault", [FakeFault(works=False), FakeFault(heals=False)], ids=["no proof", "not healed"])
def test_a_fault_that_is_not_proven_to_be_healed_stays_open(run: Run, fault: FakeFault) -> None:
    with pytest.raises((Inconclusive, AssertionError)):
        survive(fault, run, Evidence())
    assert [line.is_open for line in lines_of(run.faults.path.read_text())] == [True]


def test_a_fault_that_cannot_be_injected_here_is_healed_and_says_so(run: Run) -> None:
    fault, traffic = FakeFault(error=Unsupported("no netem")), FakeTraffic()
    with pytest.raises(UnsupportedHere, match="fake fault: no netem"):
        survive(fault, run, Evidence(), traffic)
    assert fault.healed == 1
    assert traffic.left


@pytest.mark.parametrize("step", ["proof_of_injection", "heal", "proof_of_healing"])
def test_what_is_unsupported_after_the_injection_is_inconclusive(run: Run, step: str) -> None:
    class Lacking(FakeFault):
        """A fault that was injected, and lacks something later."""

    def lack(_: FakeFault) -> None:
        raise Unsupported("no tool")

    setattr(Lacking, step, lack)
    with pytest.raises(Inconclusive, match="no tool"):
        survive(Lacking(), run, Evidence())


def sight(*, answer: bool) -> Sight:
    return Sight(what="the moon", is_seen=lambda: answer, budget=Budget(seconds=0.0, why="it is up"))


def test_what_is_to_be_seen_while_a_fault_lasts_is_judged_and_the_fault_is_healed_all_the_same(run: Run) -> None:
    for answer, verdict in ((True, Verdict.PASS), (False, Verdict.FAIL)):
        fault = FakeFault()
        judged = survive(fault, run, Evidence(), sights=[sight(answer=answer)])
        (moon,) = [judgement for judgement in judged.judgements if judgement.checker == "the moon"]
        assert moon.verdict is verdict
        assert fault.healed == 1


def test_a_fault_is_undone_before_all_is_healed_and_lasts_as_long_as_it_must(run: Run) -> None:
    judged = survive(FakeFault(), run, Evidence(), lasts_s=0.05)
    assert judged.injected_s + 0.05 <= judged.undone_s <= judged.healed_s
    assert [event.kind for event in run.events] == ["fault", "proven", "undone", "healed"]


def test_what_is_done_while_a_fault_lasts_comes_after_its_proof_and_before_its_healing(run: Run) -> None:
    seen: list[tuple[list[str], int]] = []
    fault = FakeFault()
    survive(fault, run, Evidence(), meanwhile=lambda: seen.append(([event.kind for event in run.events], fault.healed)))
    assert seen == [(["fault", "proven"], 0)]


def test_a_fault_under_which_a_promise_is_broken_is_healed(run: Run) -> None:
    def broken() -> None:
        raise AssertionError("nobody leads")

    fault = FakeFault()
    with pytest.raises(AssertionError, match="nobody leads"):
        survive(fault, run, Evidence(), meanwhile=broken)
    assert fault.healed == 1


def test_whoever_gives_no_budget_judges_the_windows(run: Run) -> None:
    judged = survive(FakeFault(), run, Evidence(), budget=None)
    assert "windows" not in {judgement.checker for judgement in judged.judgements}


def holding(*windows: Window) -> trial.Trial:
    """Make a trial with these windows, its fault from 10 to 20."""
    return trial.Trial(
        history=FakeTraffic().settle(),
        injected_s=10.0,
        undone_s=20.0,
        healed_s=22.0,
        judgements=(),
        windows=windows,
        generator_lateness_s=0.0,
    )


def window(key: str, start_s: float, end_s: float) -> Window:
    return Window(key=key, operation="produce acks=all", start_s=start_s, end_s=end_s)


FIVE = Budget(seconds=5, why="so it is")


def test_windows_are_judged_by_partition() -> None:
    judged = holding(window("orders-0", 10.5, 18), window("orders-1", 11, 13))
    assert judged.within(FIVE, name="all").verdict is Verdict.FAIL
    assert judged.within(FIVE, name="one", keys={"orders-1"}).verdict is Verdict.PASS
    assert judged.worst_window_s == 7.5


def test_windows_are_judged_as_far_as_they_are_before_a_moment() -> None:
    judged = holding(window("orders-0", 16, 27), window("orders-1", 21, 29))
    meanwhile = judged.within(FIVE, name="meanwhile", until_s=judged.undone_s)
    assert (meanwhile.verdict, meanwhile.measured["worst_window_s"]) == (Verdict.PASS, 4)
    assert judged.within(FIVE, name="meanwhile", until_s=22).verdict is Verdict.FAIL


def test_windows_are_judged_as_far_as_they_are_after_a_moment() -> None:
    judged = holding(window("orders-0", 10.5, 24), window("orders-1", 2, 19))
    recovery = judged.within(FIVE, name="recovery", since_s=judged.undone_s)
    assert (recovery.verdict, recovery.measured["worst_window_s"], recovery.measured["limit_s"]) == (Verdict.PASS, 4, 5)
    late = holding(window("orders-0", 10.5, 26)).within(FIVE, name="recovery", since_s=20.0)
    assert late.verdict is Verdict.FAIL
    assert late.reason == "orders-0 acknowledged nothing for 6.0 s, the budget is 5 s (so it is)"
