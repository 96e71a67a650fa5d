"""The network between clients and brokers: slow, lossy, and in order on each connection."""

from __future__ import annotations

from collections.abc import Callable

from harness.rehearsal.clock import MS, Call
from harness.rehearsal.cluster import Broker
from harness.rehearsal.records import Answer, Failure
from harness.rehearsal.world import World

REQUEST_TIMEOUT_NS = 120 * MS
"""How long a client waits for an answer."""


class Reply:
    """The way back of an answer, which may be lost; only the first answer counts."""

    __slots__ = ("_call", "_lost", "_world")

    def __init__(self, world: World, call: Call) -> None:
        self._world = world
        self._call = call
        self._lost = world.chance(world.plan.lost_answers)

    def __call__(self, answer: Answer) -> None:
        if not self._lost:
            self.surely(answer)

    def surely(self, answer: Answer) -> None:
        """Answer in a way that reaches the client whatever happens."""
        self._lost = True  # what is said after this is not heard
        self._world.clock.after(self._world.between(MS // 10, MS), self._call.resolve, answer)

    def lose(self) -> None:
        """Let no answer come."""
        self._lost = True


class Connections:
    """The connections of one client: requests to a broker arrive in the order in which they were sent."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._arrivals: dict[int, int] = {}

    def ask(self, broker: Broker, act: Callable[[Reply], None]) -> Call:
        """Send a request; the answer is a failure of the network when none came in time."""
        world = self._world
        call = Call(world.clock)
        world.clock.after(REQUEST_TIMEOUT_NS, self._give_up, broker.number, call)
        if world.chance(world.plan.lost_requests):
            return call
        arrival = max(world.clock.now_ns + self._delay_ns(), self._arrivals.get(broker.number, 0))
        self._arrivals[broker.number] = arrival
        world.clock.after(arrival - world.clock.now_ns, self._arrive, broker, act, call)
        return call

    def _delay_ns(self) -> int:
        world = self._world
        if world.chance(world.plan.late_requests):
            return world.between(REQUEST_TIMEOUT_NS // 2, 4 * REQUEST_TIMEOUT_NS)
        return world.between(MS // 10, MS)

    def _give_up(self, broker: int, call: Call) -> None:
        if call.answer is None:
            self._arrivals.pop(broker, None)
            call.resolve(Answer(Failure.TIMEOUT))

    def _arrive(self, broker: Broker, act: Callable[[Reply], None], call: Call) -> None:
        reply = Reply(self._world, call)
        if broker.up:
            act(reply)
        else:
            reply.surely(Answer(Failure.DISCONNECTED))
