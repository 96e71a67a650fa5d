"""Pacing: a probe of each key at its time, whatever became of those before it, and one line of the log for each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from harness.clients.pacing import due_ns
from harness.probelog import Probe
from harness.runclock import NS_PER_S
from harness.services import Service

TIMEOUT_S = 1.0
"""When a probe without an answer is given up."""

TIMED_OUT = "no answer in time"


class Client(Protocol):
    """Whoever can be asked for a service."""

    @property
    def service(self) -> Service: ...

    @property
    def keys(self) -> Sequence[str]: ...

    @property
    def is_exclusive(self) -> bool:
        """Whether a key can be asked for only once at a time; a probe then waits for the one before it."""

    async def ask(self, keys: Sequence[str]) -> Mapping[str, str | None]:
        """Ask for keys once; what was told of each is the name of an error, or None when it was served."""

    def give_up(self, keys: Sequence[str]) -> None:
        """Take note that there was no answer in time."""

    def together(self) -> list[list[str]]:
        """Return the keys in groups that are asked for with one request."""


class Pacer:
    """Sends the probes of one client at a rate, from a moment of the loop's clock on."""

    def __init__(
        self,
        client: Client,
        *,
        rate_hz: float,
        origin_ns: int,
        note: Callable[[Probe], None],
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._client, self._rate_hz, self._note, self._timeout_s = client, rate_hz, note, timeout_s
        self._origin_ns = origin_ns
        self._loop = asyncio.get_running_loop()
        self._under_way: set[asyncio.Task[None]] = set()
        self._asked: dict[tuple[str, ...], asyncio.Task[Mapping[str, str | None]]] = {}
        self._is_over = False

    def start(self, *, from_ns: int) -> None:
        """Begin; the first probe is due at `from_ns` of the run's clock."""
        self._due = due_ns(started_ns=from_ns, rate_hz=self._rate_hz)
        self._plan()

    async def finish(self) -> None:
        """Send no more probes, and wait for those under way."""
        self._is_over = True
        while self._under_way:
            await asyncio.wait(self._under_way)

    def _now_ns(self) -> int:
        return round(self._loop.time() * NS_PER_S) - self._origin_ns

    def _plan(self) -> None:
        intended_ns = next(self._due)
        self._loop.call_at((intended_ns + self._origin_ns) / NS_PER_S, self._slot, intended_ns)

    def _slot(self, intended_ns: int) -> None:
        if self._is_over:
            return
        for keys in self._client.together():
            task = self._loop.create_task(self._probe(tuple(keys), intended_ns))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        self._plan()

    async def _probe(self, keys: tuple[str, ...], intended_ns: int) -> None:
        begun_ns = self._now_ns()
        try:
            async with asyncio.timeout(self._timeout_s):
                told = await self._answer(keys)
        except TimeoutError:
            self._client.give_up(keys)
            told = dict.fromkeys(keys, TIMED_OUT)
        ended_ns = self._now_ns()
        for key in keys:
            probe = Probe(
                service=self._client.service,
                key=key,
                intended_ns=intended_ns,
                begun_ns=begun_ns,
                ended_ns=ended_ns,
                error=told[key],
            )
            self._note(probe)

    async def _answer(self, keys: tuple[str, ...]) -> Mapping[str, str | None]:
        if not self._client.is_exclusive:
            return await self._client.ask(keys)
        asked = self._asked.get(keys)
        if asked is None or asked.done():
            asked = self._loop.create_task(self._client.ask(keys))
            self._asked[keys] = asked
        return await asyncio.shield(asked)
