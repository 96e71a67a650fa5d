"""What all faults made by an agent share: it strikes on each target's node, and each effect has its own remedy."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from chaos.agent import DEADLINE_S, Agent, AgentRemoved, Target
from harness.cluster.pods import Cluster
from harness.remedies import ByRemedies, Remedy
from harness.verdict import Inconclusive


class ByAgent(ByRemedies):
    """A fault on some pods by the hands of an agent, which is made when it strikes and removed when it is healed."""

    name: str

    def __init__(self, cluster: Cluster, pods: Sequence[str], *, deadline_s: int = DEADLINE_S) -> None:
        if not pods:
            raise Inconclusive(f"there is no pod for the {self.name}")
        self._cluster, self._deadline_s = cluster, deadline_s
        self._targets = tuple(Target.of(cluster, pod) for pod in pods)
        self._agent = Agent.new(cluster)

    def plan(self) -> tuple[str, ...]:
        return tuple(target.pod for target in self._targets)

    def remedies(self) -> tuple[Remedy, ...]:
        return (*self.undoings(), AgentRemoved(agent=self._agent.name))

    @abstractmethod
    def undoings(self) -> tuple[Remedy, ...]:
        """Return what undoes the effects; the agent is removed after them."""

    @abstractmethod
    def inject(self) -> None: ...

    @abstractmethod
    def proof_of_injection(self) -> dict[str, object] | None: ...

    @abstractmethod
    def proof_of_healing(self) -> dict[str, object] | None: ...

    def _all_ready(self) -> bool:
        return all(self._cluster.is_ready(pod) for pod in self.plan())
