"""Stall: a container's first process stands still for a time that is known exactly, and goes on by itself.

A pause is healed from outside, so its length is known only to the round trip of a request. Here one script on the
node stops the process, waits and lets it go on, and takes both moments itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from chaos.pause import GO_ON, Pause
from harness.cluster.pods import Cluster
from harness.verdict import Inconclusive

DEADLINE_S = 30
CALM_S = 3

# $1: the container, $2: how long the stall is, $3: how long nothing is done before it: to make an agent and to find the
# process takes CPU that would be felt. Writes when it was stopped, the kernel's state meanwhile, and when it went on.
STALL = """
pid=$(one "$1"); [[ $pid ]] || { echo "there is no first process of $1" >&2; exit 1; }
sleep "$3"
kill -STOP "$pid"; stopped=$EPOCHREALTIME
sleep "$2"
stat=$(<"/proc/$pid/stat"); state=${stat##*) }
kill -CONT "$pid"; echo "$stopped ${state%% *} $EPOCHREALTIME"
"""


class Stall(Pause):
    """The first process of pods is stopped (SIGSTOP) for `seconds`, in turn; injecting it takes that long.

    Proven by the kernel's state T at the end of the stall. `stalled_s` is how long it was, by the node's own clock.
    """

    name = "stall"

    def __init__(self, cluster: Cluster, pods: Sequence[str], *, seconds: float) -> None:
        if not 0 < seconds < DEADLINE_S - CALM_S:
            raise ValueError(f"got a stall of {seconds:g} s, expected one above 0 and below {DEADLINE_S - CALM_S} s")
        super().__init__(cluster, pods, deadline_s=DEADLINE_S)
        self._seconds = seconds
        self._seen: dict[str, tuple[str, float]] = {}

    def inject(self) -> None:
        for target in self._targets:
            told = self._agent.strike(
                target.node,
                target.container,
                f"{self._seconds:g}",
                f"{CALM_S}",
                do=STALL,
                undo=GO_ON,
                deadline_s=self._deadline_s,
            )
            self._seen[target.pod] = _read(told)

    @property
    def stalled_s(self) -> float:
        """How long the first of its pods stood still."""
        return self._seen[self._targets[0].pod][1]

    def proof_of_injection(self) -> dict[str, object] | None:
        if not self._seen or any(state != "T" for state, _ in self._seen.values()):
            return None
        return {pod: {"state": state, "stalled_s": round(length_s, 4)} for pod, (state, length_s) in self._seen.items()}


def _read(told: str) -> tuple[str, float]:
    words = told.split()
    if len(words) != 3:
        raise Inconclusive(f"the agent said {told!r}, expected two moments and a state between them")
    return words[1], float(words[2]) - float(words[0])
