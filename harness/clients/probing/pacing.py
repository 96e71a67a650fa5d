"""Pacing: a probe of a key at its time, whatever became of those before it, and one line of the log for each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from harness.clients.pacing import due_ns
from harness.probelog import Probe
from harness.runclock import NS_PER_S
from harness.services import Service

TIMED_OUT = "no answer in time"
NOT_OVER = "not over at the end"

LAST_WORDS_S = 1.0
"""How long probes may take that are under way at the end."""


class Client(Protocol):
    """Whoever can be asked for a service on a key."""

    @property
    def service(self) -> Service: ...

    @property
    def key(self) -> str: ...

    @property
    def patience_s(self) -> float:
        """How long the next answer may take."""

    async def ask(self) -> str | None:
        """Ask once; return the name of an error, or None when it was served."""

    def give_up(self) -> None:
        """Take note that there was no answer in time."""


class Pacer:
    """Sends the probes of one client at a rate.

    A probe that is due while the one before it is under way shares its answer: brokers answer the requests of a
    connection in turn, so a slow one would be asked ever more, and the probes would be its load.
    """

    def __init__(self, client: Client, *, rate_hz: float, origin_ns: int, note: Callable[[Probe], None]) -> None:
        self._client, self._rate_hz, self._origin_ns, self._note = client, rate_hz, origin_ns, note
        self._loop = asyncio.get_running_loop()
        self._asked: asyncio.Task[str | None] | None = None

    async def run(self, *, from_ns: int, over: asyncio.Event) -> None:
        """Send probes, the first at `from_ns` of the run's clock, until it is over; then wait for those under way."""
        with suppress(TimeoutError):
            async with asyncio.timeout(None) as patience, asyncio.TaskGroup() as tasks:
                for intended_ns in due_ns(started_ns=from_ns, rate_hz=self._rate_hz):
                    await asyncio.sleep((intended_ns - self._now_ns()) / NS_PER_S)
                    if over.is_set():
                        patience.reschedule(self._loop.time() + LAST_WORDS_S)
                        return
                    tasks.create_task(self._probe(intended_ns))

    def _now_ns(self) -> int:
        return round(self._loop.time() * NS_PER_S) - self._origin_ns

    async def _probe(self, intended_ns: int) -> None:
        begun_ns = self._now_ns()
        error: str | None = NOT_OVER
        try:
            error = await self._answer()
        finally:
            probe = Probe(
                service=self._client.service,
                key=self._client.key,
                intended_ns=intended_ns,
                begun_ns=begun_ns,
                ended_ns=self._now_ns(),
                error=error,
            )
            self._note(probe)

    async def _answer(self) -> str | None:
        if self._asked is None or self._asked.done():
            self._asked = asyncio.create_task(self._ask())
        return await self._asked

    async def _ask(self) -> str | None:
        try:
            async with asyncio.timeout(self._client.patience_s):
                return await self._client.ask()
        except TimeoutError:
            self._client.give_up()
            return TIMED_OUT
