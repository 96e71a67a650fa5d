"""A session of probing: every service on each of its keys at its own time, until it is over; then nothing is left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from harness.clients.probing.asking import Administering, Asking, Committing, Fetching, Joining
from harness.clients.probing.finding import Finder
from harness.clients.probing.pacing import Pacer
from harness.clients.probing.plan import Plan
from harness.clients.probing.whereabouts import Scout
from harness.probelog import Probe
from harness.runclock import NS_PER_S
from harness.services import Service


async def probe(plan: Plan, *, note: Callable[[Probe], None], over: asyncio.Event) -> None:
    """Probe until it is over. An error of the session's own ends it: whoever goes on without a part shows less."""
    scout = Scout(plan.bootstrap, topics=plan.topics)
    finders = [Finder(asking, scout) for asking in askings(plan)]
    begins_ns = round(asyncio.get_running_loop().time() * NS_PER_S) - plan.started_ns
    async with asyncio.TaskGroup() as tasks:
        looking = tasks.create_task(scout.run())
        async with asyncio.TaskGroup() as pacers:
            for number, finder in enumerate(finders):
                pacer = Pacer(finder, rate_hz=plan.rate_hz, origin_ns=plan.started_ns, note=note)
                phase_ns = int(number / len(finders) / plan.rate_hz * NS_PER_S)
                pacers.create_task(pacer.run(from_ns=begins_ns + phase_ns, over=over))
        looking.cancel()
    await asyncio.gather(*(finder.leave() for finder in finders))


def askings(plan: Plan) -> Iterator[Asking]:
    """Give what is asked, service by service."""
    keys = plan.keys
    yield from (Fetching(key) for key in keys[Service.FETCH])
    yield from (Committing(key, group=group, topic=plan.topic) for key, group in plan.committing.items())
    for key, group in plan.joining.items():
        yield Joining(key, group=group, first_join_s=plan.first_join_s)
    yield Administering(wanted=f"{plan.topic}-wanted")
