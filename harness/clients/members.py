"""Members of one consumer group, each a process of its own: they join, work, leave in order or are killed."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any

from harness.checkers.groups import Attempt, Change, Commit, Delivery, Pause, Refusal, Turn, timeline
from harness.clients.settings import Settings
from harness.runclock import NS_PER_S, RunClock
from harness.verdict import Inconclusive

ROOT = Path(__file__).parents[2]
END_TIMEOUT_S = 20
NOT_DONE = frozenset({"UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION", "REBALANCE_IN_PROGRESS", "FENCED_INSTANCE_ID"})
"""What a broker says of a commit that it has not done; after any other error nobody can tell."""

TURNS = {turn.value: turn for turn in Turn}


@dataclass(kw_only=True)
class Told:
    """What all members of a group have told so far, on the run's clock."""

    changes: list[Change] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    commits: list[Commit] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)


class GroupMember:
    """One process; a thread of this one takes down what it tells."""

    def __init__(self, name: str, *, topic: str, settings: Settings, told: Told, clock: RunClock) -> None:
        self.name = name
        self._told, self._clock = told, clock
        self._attempts: list[Attempt] = []
        order = json.dumps({"topic": topic, "settings": {**settings, "client.id": name}})
        self._process = subprocess.Popen(
            [sys.executable, "-m", "harness.clients.group_member", order],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._take_down, name=f"member-{name}", daemon=True)
        self._reader.start()

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def require_running(self) -> None:
        """Raise when the process ended by itself: it is the harness's own, so nothing follows for the cluster."""
        if not self.is_running:
            error = self._process.stderr.read() if self._process.stderr else ""
            raise Inconclusive(f"member {self.name} of the harness died: {error.strip()[-300:]}")

    def ask(self, order: str) -> float:
        """Give it an order, and return the moment of the run."""
        if self._process.stdin is not None:
            self._process.stdin.write(f"{order}\n")
            self._process.stdin.flush()
        return self._clock.now_s()

    def kill(self) -> float:
        """Kill it without a word, and return the moment of the run."""
        self._process.kill()
        return self._clock.now_s()

    def await_end(self) -> None:
        """Wait for the end of the process and of what it told."""
        self._process.wait(timeout=END_TIMEOUT_S)
        self._reader.join(timeout=END_TIMEOUT_S)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _take_down(self) -> None:
        stdout = self._process.stdout
        for line in stdout or ():
            if line.endswith("\n"):  # a killed process may leave half a line
                self._note(json.loads(line))
        self._process.wait()
        self._told.changes.append(Change(time_s=self._clock.now_s(), member=self.name, turn=Turn.ENDED))

    def _note(self, told: Mapping[str, Any]) -> None:
        time_s = (told["at_ns"] - self._clock.started_ns) / NS_PER_S
        event = told["event"]
        if event in TURNS:
            partitions = frozenset(told["partitions"])
            change = Change(time_s=time_s, member=self.name, turn=TURNS[event], partitions=partitions)
            self._told.changes.append(change)
        elif event == "records":
            self._told.deliveries.extend(
                Delivery(time_s=time_s, member=self.name, partition=partition, offset=offset, value=value)
                for partition, offset, value in told["records"]
            )
        elif event == "commits":
            self._attempts = [
                Attempt(member=self.name, partition=int(partition), first=first, end=end)
                for partition, (first, end) in told["batches"].items()
            ]
            self._told.attempts.extend(self._attempts)
        elif event == "committed":
            self._told.commits.extend(
                Commit(time_s=time_s, member=self.name, partition=int(partition), offset=offset)
                for partition, offset in told["offsets"].items()
            )
        elif event == "commit-failed":
            self._told.refusals.append(Refusal(time_s=time_s, member=self.name, error=told["error"]))
            if told["error"] in NOT_DONE:
                for attempt in self._attempts:
                    self._told.attempts.remove(attempt)
        elif event == "lingers":
            self._told.pauses.append(Pause(member=self.name, from_s=time_s))
        elif event == "goes-on":
            self._told.pauses.append(replace(self._told.pauses.pop(), until_s=time_s))


class Membership(Enum):
    """How a group knows its members: each start is a new one, or one that comes back under its name is the same."""

    DYNAMIC = "dynamic"
    STATIC = "static"

    def settings(self, name: str) -> Settings:
        """Return what a member of this name joins with."""
        return {"group.instance.id": name} if self is Membership.STATIC else {}


class Company:
    """A context with the members of one group; in the end, whoever is still there leaves in order."""

    def __init__(
        self, topic: str, *, settings: Settings, clock: RunClock, membership: Membership = Membership.DYNAMIC
    ) -> None:
        self.told = Told()
        self.topic, self._settings, self._clock = topic, settings, clock
        self._membership = membership
        self._members: dict[str, GroupMember] = {}

    def __enter__(self) -> Company:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for member in self._members.values():
            if member.is_running:
                member.kill() if kind is not None else member.ask("leave")
        for member in self._members.values():
            member.await_end()

    def join(self, *names: str) -> float:
        """Start members, and return the moment of the run when that was done."""
        asked_s = self._clock.now_s()
        for name in names:
            settings = {**self._settings, **self._membership.settings(name)}
            self._members[name] = GroupMember(
                name, topic=self.topic, settings=settings, told=self.told, clock=self._clock
            )
        return asked_s

    def leave(self, name: str) -> float:
        """Let a member leave in order, and return the moment of the run when it was asked to."""
        member = self._members.pop(name)
        asked_s = member.ask("leave")
        member.await_end()
        return asked_s

    def kill(self, name: str) -> float:
        """Kill a member without a word, and return the moment of the run."""
        member = self._members.pop(name)
        killed_s = member.kill()
        member.await_end()
        return killed_s

    def linger(self, name: str, *, seconds: float) -> None:
        """Let a member take so long for its next batch; one at a time may."""
        self._members[name].ask(f"linger {seconds:g}")

    def dismiss_the_dead(self) -> frozenset[str]:
        """Forget the members that have ended by themselves, and return the names of those that are still there."""
        for name in [name for name, member in self._members.items() if not member.is_running]:
            self._members.pop(name).await_end()
        return self.members

    def require_running(self) -> None:
        for member in self._members.values():
            member.require_running()

    @property
    def members(self) -> frozenset[str]:
        """The names of those that are still there."""
        return frozenset(self._members)

    def progress(self) -> Mapping[int, int]:
        """Return the offset that was committed last in each partition, by the members' own words."""
        return {commit.partition: commit.offset for commit in tuple(self.told.commits)}

    def shares(self) -> Mapping[str, frozenset[int]]:
        """Return who owns what now, by their own words."""
        moments = list(timeline(tuple(self.told.changes)))
        return moments[-1][1] if moments else {}
