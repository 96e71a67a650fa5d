"""A silence: a leader is paused until others have taken its place, and goes on as if nothing had been."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness import budget, guards
from harness.budget import LiveTimeouts
from harness.claims import expect_within
from harness.clients.watcher import Watcher
from harness.trial import Trial
from harness.verdict import Inconclusive, Judgement
from harness.waiting import wait_until
from suites.ordeals.ordeal import Ordeal


@dataclass(kw_only=True)
class Silence:
    """What happens while a leader is paused, and when: `led` are the partitions that it led before."""

    ordeal: Ordeal
    watcher: Watcher
    pod: str
    led: frozenset[str]
    live: LiveTimeouts
    succeeded_s: float = field(default=0.0)
    over_s: float = field(default=0.0)

    @classmethod
    def of(cls, ordeal: Ordeal, watcher: Watcher, pod: str) -> Silence:
        """Note which partitions of the traffic a broker leads now; one that leads none cannot be succeeded."""
        led = frozenset(
            partition.key
            for partition in ordeal.admin.describe(ordeal.topic)
            if partition.leader is not None and ordeal.cluster.broker_pod(partition.leader) == pod
        )
        if not led:
            raise Inconclusive(f"{pod} leads no partition of {ordeal.topic}")
        return cls(ordeal=ordeal, watcher=watcher, pod=pod, led=led, live=ordeal.live)

    def await_successors(self) -> None:
        """Expect other leaders within the budget of a crash, and let the silence last for two sessions at least."""
        clock, allowed = self.ordeal.run.clock, budget.crash(self.live)
        began_s = clock.now_s()
        expect_within(self._is_succeeded, what=f"other leaders for what {self.pod} led", budget_s=allowed.seconds)
        self.succeeded_s = clock.now_s()
        served = self.ordeal.flow.another_is_served(timeout_s=allowed.seconds)
        assert served, f"a new client is not served by every partition while {self.pod} is paused"
        long_s = 2 * self.live.zookeeper_session_s
        wait_until(lambda: clock.now_s() >= began_s + long_s, what="two sessions being over", timeout_s=long_s + 1)
        self.over_s = clock.now_s()

    def _is_succeeded(self) -> bool:
        samples = self.watcher.samples
        if not samples:
            return False
        leaders = {partition.key: partition.leader for partition in samples[-1].partitions}
        return all(
            leader is not None and self.ordeal.cluster.broker_pod(leader) != self.pod
            for leader in (leaders.get(key) for key in self.led)
        )

    def judge(self, tried: Trial) -> tuple[Judgement, ...]:
        """Judge who waited for how long: for the silent one until it spoke again, for the others as after a crash.

        A client must have waited for the silent one all the time, so that it found something stale to answer.
        """
        spoken_s = tried.undone_s - tried.injected_s
        others = frozenset(partition.key for partition in self.ordeal.admin.describe(self.ordeal.topic)) - self.led
        return (
            tried.within(budget.paused(self.live, lasts_s=spoken_s), name="windows", keys=self.led),
            tried.within(budget.crash(self.live), name="windows-of-others", keys=others),
            guards.stuck(tried.history, keys=self.led, before_s=self.succeeded_s, after_s=self.over_s),
        )
