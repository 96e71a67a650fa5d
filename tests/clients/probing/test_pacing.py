"""Pacing: probes go out on time whatever became of those before, and a stall is seen for as long as it lasts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.budget import Budget
from harness.checkers import services
from harness.checkers.services import Watch
from harness.clients.probing.pacing import NOT_OVER, TIMED_OUT, Pacer
from harness.probelog import Probe
from harness.runclock import NS_PER_S
from harness.services import Service
from harness.verdict import Verdict
from tests.clients.probing.virtual import VirtualLoop, run

RATE_HZ = 22.0
ANSWER_S = 0.003


class FakeClient:
    """Serves, but not during a stall: it answers at its end, refuses at once, or never answers at all."""

    service = Service.FETCH
    key = "t-0"
    patience_s = 1.0

    def __init__(self, *, stall_s: tuple[float, float] = (0, 0), way: str = "wait") -> None:
        self._from_s, self._until_s = stall_s
        self._way = way
        self.asked = 0
        self.given_up = 0

    async def ask(self) -> str | None:
        self.asked += 1
        await asyncio.sleep(ANSWER_S)
        now_s = asyncio.get_running_loop().time()
        if self._from_s <= now_s < self._until_s:
            if self._way == "refuse":
                return "NotLeaderForPartitionError"
            await asyncio.sleep(self._until_s - now_s if self._way == "wait" else 1e6)
        return None

    def give_up(self) -> None:
        self.given_up += 1


def probed(client: FakeClient, *, for_s: float = 2.99, stalls_at_s: float | None = None) -> list[Probe]:
    """Probe for a while, from 0.5 s on; the generator itself may stall for 0.4 s."""
    probes: list[Probe] = []
    loop = VirtualLoop()

    async def work() -> None:
        over = asyncio.Event()
        pacer = Pacer(client, rate_hz=RATE_HZ, origin_ns=0, note=probes.append)
        loop.call_at(for_s, over.set)
        if stalls_at_s is not None:
            loop.call_at(stalls_at_s, loop.stall, 0.4)
        await pacer.run(from_ns=NS_PER_S // 2, over=over)

    run(work(), loop)
    return probes


def watched(probes: Sequence[Probe]) -> Watch:
    return services.watch(probes, service=Service.FETCH, keys=["t-0"], from_s=0.6, until_s=2.9)


def worst_s(probes: Sequence[Probe]) -> float:
    """Return the longest window, however short."""
    return watched(probes).windows_longer_than(0.0)[0].length_s


def test_every_probe_is_sent_when_it_is_due_and_noted_once() -> None:
    probes = probed(FakeClient())
    assert [probe.intended_ns for probe in probes] == [
        NS_PER_S // 2 + int(n * NS_PER_S / RATE_HZ) for n in range(len(probes))
    ]
    assert len(probes) == 55
    assert all(probe.ok and probe.lateness_ns < 1000 for probe in probes)


@pytest.mark.parametrize("way", ["wait", "refuse"])
@given(phase_s=st.floats(0, 0.045))
def test_a_single_stall_of_120_ms_is_seen_as_120_ms_give_or_take_50(way: str, phase_s: float) -> None:
    begins_s = 1.5 + phase_s
    seen_s = worst_s(probed(FakeClient(stall_s=(begins_s, begins_s + 0.12), way=way)))
    assert seen_s == pytest.approx(0.12, abs=0.05)


@given(phase_s=st.floats(0, 0.045), stall_s=st.floats(0.1, 1.2))
def test_a_stall_is_seen_to_fifty_milliseconds_whatever_its_length(phase_s: float, stall_s: float) -> None:
    begins_s = 1.2 + phase_s
    seen_s = worst_s(probed(FakeClient(stall_s=(begins_s, begins_s + stall_s), way="refuse")))
    assert seen_s == pytest.approx(stall_s, abs=0.05)


def test_no_answer_in_time_is_no_success() -> None:
    client = FakeClient(stall_s=(1.5, 1.7), way="vanish")
    missed = [probe for probe in probed(client) if not probe.ok]
    assert {probe.error for probe in missed} == {TIMED_OUT}
    assert client.given_up > 0
    assert worst_s(missed) > 0


def test_what_is_under_way_at_the_end_is_no_success_either() -> None:
    client = FakeClient(stall_s=(2.5, 99.0))
    client.patience_s = 30.0
    probes = probed(client, for_s=2.9)
    assert {probe.error for probe in probes if probe.intended_ns > 2.5 * NS_PER_S} == {NOT_OVER}
    assert max(probe.ended_ns for probe in probes) == pytest.approx(3.9 * NS_PER_S, abs=0.05 * NS_PER_S)


def test_whoever_is_under_way_is_not_asked_again_and_every_probe_shares_the_answer() -> None:
    probes = probed(client := FakeClient(stall_s=(1.5, 2.0)))
    assert client.asked == len(probes) - 10
    stalled = [probe for probe in probes if 1.5 < probe.intended_ns / NS_PER_S < 2.0]
    assert {probe.ended_ns for probe in stalled} == {2 * NS_PER_S}


def test_an_error_of_the_client_itself_ends_it() -> None:
    class Broken(FakeClient):
        async def ask(self) -> str | None:
            raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as raised:
        probed(Broken())
    assert raised.value.subgroup(ZeroDivisionError) is not None


def test_a_generator_that_stalls_itself_is_told_from_the_cluster() -> None:
    seen = watched(probed(FakeClient(), stalls_at_s=1.51))
    assert 0.3 < seen.lateness_s < 0.4
    judged = services.check(seen, budget=Budget(seconds=0.3, why="so it is"))
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert "late" in judged.reason
