"""The group coordinator: members, generations, who reads what, and how far a group is."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.rehearsal.clock import MS
from harness.rehearsal.network import Reply
from harness.rehearsal.records import Answer, Failure
from harness.rehearsal.world import World

SESSION_NS = 150 * MS
"""How long a member may be silent before it is put out."""

REBALANCE_NS = 80 * MS
"""How long the coordinator waits for the members of the last generation to join again."""


@dataclass(slots=True)
class Group:
    """One group; `joining` are the members that asked for the next generation and wait for its beginning."""

    name: str
    keys: tuple[str, ...] = ()
    generation: int = 0
    members: dict[int, int] = field(default_factory=dict)
    joining: dict[int, Reply] = field(default_factory=dict)
    offsets: dict[str, int] = field(default_factory=dict)
    rebalances: int = 0

    def shares(self) -> dict[int, tuple[str, ...]]:
        """Deal the keys out to the members, in turn."""
        order = sorted(self.members)
        return {member: self.keys[turn :: len(order)] for turn, member in enumerate(order)}


class Groups:
    """The coordinator of all groups; what it writes down is never lost."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.known: dict[str, Group] = {}

    def group(self, name: str) -> Group:
        """Return a group; it exists as soon as somebody names it."""
        return self.known.setdefault(name, Group(name))

    def committed(self, name: str) -> dict[str, int]:
        """Return how far a group is."""
        return self.group(name).offsets

    def join(self, name: str, member: int, keys: tuple[str, ...], reply: Reply) -> None:
        """Let a member in; the answer, its generation and its keys, comes when all have joined."""
        group = self.group(name)
        group.keys = keys
        if not group.joining:
            group.rebalances += 1
            self.world.clock.after(REBALANCE_NS, self._complete_late, group, group.rebalances)
        group.joining[member] = reply
        if group.joining.keys() >= group.members.keys():
            self._complete(group)

    def _complete_late(self, group: Group, rebalance: int) -> None:
        if group.joining and group.rebalances == rebalance:
            self._complete(group)

    def _complete(self, group: Group) -> None:
        """Begin a generation with those who joined; the others are out."""
        now_ns = self.world.clock.now_ns
        group.generation += 1
        joined, group.joining = group.joining, {}
        group.members = dict.fromkeys(joined, now_ns)
        shares = group.shares()
        for member, reply in joined.items():
            reply(Answer(None, (group.generation, shares[member])))
            self.world.clock.after(SESSION_NS, self._expire, group, member)

    def _expire(self, group: Group, member: int) -> None:
        last_ns = group.members.get(member)
        if last_ns is None:
            return
        silent_ns = self.world.clock.now_ns - last_ns
        if silent_ns < SESSION_NS:
            self.world.clock.after(SESSION_NS - silent_ns, self._expire, group, member)
        elif member not in group.joining:
            self.leave(group.name, member)

    def leave(self, name: str, member: int) -> None:
        """Put a member out; the others learn it from their next heartbeat."""
        group = self.group(name)
        if group.members.pop(member, None) is None:
            return
        if group.joining and group.joining.keys() >= group.members.keys():
            self._complete(group)
        elif group.members and not group.joining:
            group.rebalances += 1
            group.generation += 1

    def _refusal(self, group: Group, member: int, generation: int) -> Failure | None:
        if member not in group.members:
            return Failure.UNKNOWN_MEMBER
        return Failure.OLD_GENERATION if generation != group.generation else None

    def beat(self, name: str, member: int, generation: int, reply: Reply) -> None:
        """Take a heartbeat, and say whether the member has to join again."""
        group = self.group(name)
        refusal = self._refusal(group, member, generation)
        if member in group.members:
            group.members[member] = self.world.clock.now_ns
        if refusal is None and group.joining:
            refusal = Failure.REBALANCING
        reply(Answer(refusal))

    def commit(self, name: str, member: int, generation: int, offsets: dict[str, int], reply: Reply) -> None:
        """Write down how far the owner of some keys is; whoever is of an old generation is refused."""
        group = self.group(name)
        refusal = self._refusal(group, member, generation)
        if refusal is not None and self.world.bugs and self.world.strikes.takes_old_commit(group, offsets):
            refusal = None
        if refusal is None:
            group.offsets.update(offsets)
        reply(Answer(refusal))

    def offsets(self, name: str, reply: Reply) -> None:
        """Say how far a group is."""
        reply(Answer(None, dict(self.committed(name))))
