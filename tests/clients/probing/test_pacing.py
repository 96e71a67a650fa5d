"""Pacing: probes go out on time whatever became of those before, and a stall is seen for as long as it lasts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.budget import Budget
from harness.checkers import services
from harness.clients.probing.pacing import TIMED_OUT, Pacer
from harness.probelog import Probe
from harness.runclock import NS_PER_S
from harness.services import Service
from harness.verdict import Verdict
from tests.clients.probing.virtual import VirtualLoop, run

RATE_HZ = 20.0
ANSWER_S = 0.003


class FakeClient:
    """Serves two keys, but none during a stall: it answers at its end, refuses at once, or never answers at all."""

    service = Service.FETCH
    keys = ("t-0", "t-1")

    def __init__(self, *, stall_s: tuple[float, float] = (0, 0), way: str = "wait", is_exclusive: bool = False) -> None:
        self._from_s, self._until_s = stall_s
        self._way, self.is_exclusive = way, is_exclusive
        self.asked = 0
        self.given_up = 0

    def together(self) -> list[list[str]]:
        return [list(self.keys)]

    async def ask(self, keys: Sequence[str]) -> Mapping[str, str | None]:
        self.asked += 1
        await asyncio.sleep(ANSWER_S)
        now_s = asyncio.get_running_loop().time()
        if self._from_s <= now_s < self._until_s:
            if self._way == "refuse":
                return dict.fromkeys(keys, "NotLeaderForPartitionError")
            await asyncio.sleep(self._until_s - now_s if self._way == "wait" else 1e6)
        return dict.fromkeys(keys)

    def give_up(self, keys: Sequence[str]) -> None:
        self.given_up += len(keys)


def probed(client: FakeClient, *, for_s: float = 2.99, stalls_at_s: float | None = None) -> list[Probe]:
    """Probe for a while, from 0.5 s on; the generator itself may stall for 0.4 s."""
    probes: list[Probe] = []
    loop = VirtualLoop()

    async def work() -> None:
        pacer = Pacer(client, rate_hz=RATE_HZ, origin_ns=0, note=probes.append)
        pacer.start(from_ns=NS_PER_S // 2)
        if stalls_at_s is not None:
            loop.call_at(stalls_at_s, loop.stall, 0.4)
        await asyncio.sleep(for_s)
        await pacer.finish()

    run(work(), loop)
    return probes


def worst_s(probes: Sequence[Probe]) -> float:
    """Return the longest window, however short."""
    return services.windows(probes, from_s=0.6, until_s=2.9, longer_than_s=0.0)[0].length_s


def test_every_probe_is_sent_when_it_is_due_and_noted_once() -> None:
    probes = probed(FakeClient())
    due_ns = [probe.intended_ns for probe in probes if probe.key == "t-0"]
    assert due_ns == [NS_PER_S // 2 + n * NS_PER_S // 20 for n in range(len(due_ns))]
    assert len(due_ns) == 50
    assert all(probe.ok and probe.lateness_ns < 1000 for probe in probes)


@pytest.mark.parametrize("way", ["wait", "refuse"])
@given(phase_s=st.floats(0, 0.05))
def test_a_single_stall_of_120_ms_is_seen_as_120_ms_give_or_take_50(way: str, phase_s: float) -> None:
    begins_s = 1.5 + phase_s
    seen_s = worst_s(probed(FakeClient(stall_s=(begins_s, begins_s + 0.12), way=way)))
    assert seen_s == pytest.approx(0.12, abs=0.05 + 2 * ANSWER_S)


@given(phase_s=st.floats(0, 0.05), stall_s=st.floats(0.1, 1.2))
def test_a_stall_is_seen_to_fifty_milliseconds_whatever_its_length(phase_s: float, stall_s: float) -> None:
    begins_s = 1.2 + phase_s
    seen_s = worst_s(probed(FakeClient(stall_s=(begins_s, begins_s + stall_s), way="refuse")))
    assert seen_s == pytest.approx(stall_s, abs=0.05 + 2 * ANSWER_S)


def test_no_answer_in_time_is_no_success() -> None:
    client = FakeClient(stall_s=(1.5, 1.7), way="vanish")
    missed = [probe for probe in probed(client) if not probe.ok]
    assert {probe.error for probe in missed} == {TIMED_OUT}
    assert client.given_up == len(missed) > 0
    assert worst_s(missed) > 0


def test_probes_do_not_wait_for_each_other_unless_they_must() -> None:
    assert probed(client := FakeClient(stall_s=(1.5, 2.0)))
    assert probed(exclusive := FakeClient(stall_s=(1.5, 2.0), is_exclusive=True))
    assert client.asked == 50
    assert exclusive.asked < 45


def test_a_generator_that_stalls_itself_is_told_from_the_cluster() -> None:
    probes = probed(FakeClient(), stalls_at_s=1.51)
    assert 0.3 < max(probe.lateness_ns for probe in probes) / NS_PER_S < 0.4
    budget = Budget(seconds=1.0, why="so it is")
    judged = services.check(probes, service=Service.FETCH, keys=FakeClient.keys, from_s=0.6, until_s=2.9, budget=budget)
    assert judged.verdict is Verdict.INCONCLUSIVE
