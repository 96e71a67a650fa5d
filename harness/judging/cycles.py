"""Cycles: sets of transactions that no order explains, found in a graph of who came before whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import Enum, IntEnum

import numpy as np
import numpy.typing as npt
import rustworkx

Ints = npt.NDArray[np.integer]
Mask = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.int64]

NOTHING = -1
"""Stands in a column for a number that does not exist or is not known."""

MAX_STEPS = 20_000_000
"""How many edges a search looks at unless told otherwise: some seconds' worth, and always the same ones."""

EXAMPLES = 10
"""How many components of a class are shown by a cycle unless told otherwise; all of them are counted."""


class EdgeKind(IntEnum):
    """Why one transaction came before another."""

    WW = 0
    """It wrote an earlier offset of the same key."""
    WR = 1
    """The other one read what it wrote."""
    RT = 2
    """It had ended before the other one was invoked."""


class CycleClass(Enum):
    """The anomalies that are cycles."""

    G0 = "G0"
    G1C = "G1c"
    G0_REALTIME = "G0-realtime"
    G1C_REALTIME = "G1c-realtime"


@dataclass(frozen=True, eq=False)
class Edges:
    """Who came before whom, in parallel columns; key and offset are the version that shows it, or NOTHING."""

    source: Ints
    target: Ints
    kind: Ints
    key: Ints
    offset: Ints

    def __post_init__(self) -> None:
        lengths = {column.name: len(getattr(self, column.name)) for column in fields(self)}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"got columns of different lengths {lengths}, expected one entry for each edge in each")

    def __len__(self) -> int:
        return len(self.source)

    @classmethod
    def of(
        cls, kind: EdgeKind, source: Ints, target: Ints, *, key: Ints | None = None, offset: Ints | None = None
    ) -> Edges:
        """Return edges of one kind."""
        unknown = np.full(len(source), NOTHING)
        kinds = np.full(len(source), kind, dtype=np.int8)
        return cls(source, target, kinds, unknown if key is None else key, unknown if offset is None else offset)

    def take(self, which: Ints | Mask) -> Edges:
        """Return the edges at these positions, or where the mask is true."""
        return Edges(*(getattr(self, column.name)[which] for column in fields(self)))

    def only(self, *kinds: EdgeKind) -> Edges:
        """Return the edges of these kinds."""
        return self.take(np.isin(self.kind, kinds))

    def and_also(self, *others: Edges) -> Edges:
        """Return these edges and those."""
        parts = (self, *others)
        return Edges(*(np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(self)))


@dataclass(frozen=True, kw_only=True)
class Step:
    """One edge of a cycle between two transactions; key and offset are None where time alone orders them."""

    source: int
    kind: EdgeKind
    target: int
    key: int | None
    offset: int | None


@dataclass(frozen=True, kw_only=True)
class Cycle:
    """A witness: each step begins where the last one ended, and the last one ends where the first began."""

    steps: tuple[Step, ...]
    is_shortest: bool
    """Whether it is proven that the component has no shorter cycle of this class."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was found of one class: in how many components, and cycles of the smallest of these, one each."""

    components: int
    cycles: tuple[Cycle, ...]


@dataclass(frozen=True, kw_only=True)
class CycleReport:
    """What a search found; `unfinished` says what it had to leave out, and why, or is None."""

    found: dict[CycleClass, Found]
    unfinished: str | None


def search(edges: Edges, *, nodes: int, max_steps: int = MAX_STEPS, examples: int = EXAMPLES) -> CycleReport:
    """Find the cycles of each class among the transactions 0 … nodes-1; greater numbers are instants of time.

    - G0: WW edges only.
    - G1c: WW and WR edges, at least one WR.
    - G0-realtime: WW and RT edges, at least one RT.
    - G1c-realtime: edges of all kinds, of them a WR that is in no G1c, or an RT that is in no G0-realtime.
      (A cycle with a WR and an RT edge of which every WR and RT is in such a cycle is already shown by these.)

    A class is counted in strongly connected components: of its edges, those that hold such a cycle, however many.
    An edge is in a cycle exactly if its component holds both of its ends, so a WR cycle is found in whatever
    component it lies, and to count them all takes time linear in the edges. Where cycles over writes are legal,
    as they are in Kafka, search a second time with `edges.only(EdgeKind.WR, EdgeKind.RT)`: no WW can cover those.

    Each step of `max_steps` looks at one edge. When there are too few to count a class, the report is unfinished and
    that class is missing; when there are too few to find the shortest witness, the shortest so far is given.
    """
    state = _Search(edges.take(edges.source != edges.target), nodes=nodes, steps=_Steps(max_steps))
    results = {one: state.found(one, examples=examples) for one in CycleClass}
    missing = ", ".join(one.value for one, found in results.items() if found is None)
    return CycleReport(
        found={one: found for one, found in results.items() if found is not None},
        unfinished=f"{missing}: not searched, {max_steps} steps are too few for {len(edges)} edges"
        if missing
        else None,
    )


_KINDS = {
    CycleClass.G0: (EdgeKind.WW,),
    CycleClass.G1C: (EdgeKind.WW, EdgeKind.WR),
    CycleClass.G0_REALTIME: (EdgeKind.WW, EdgeKind.RT),
    CycleClass.G1C_REALTIME: (EdgeKind.WW, EdgeKind.WR, EdgeKind.RT),
}
"""The edges that a cycle of the class is made of; one of the last kind must be among them."""


@dataclass
class _Steps:
    left: int

    def spend(self, steps: int) -> bool:
        """Take steps if there are enough of them, and say whether there were."""
        enough = steps <= self.left
        self.left -= steps if enough else 0
        return enough


class _Search:
    """The components of each class, computed once; edges outside the components of all kinds are dropped at once."""

    def __init__(self, edges: Edges, *, nodes: int, steps: _Steps) -> None:
        self.edges, self.nodes, self.steps = edges, nodes, steps
        self.size = 1 + int(max(edges.source.max(), edges.target.max())) if len(edges) else 0
        whole = self._components(CycleClass.G1C_REALTIME)
        self.labels: dict[CycleClass, Labels | None] = dict.fromkeys(CycleClass, None)
        if whole is not None:
            self.edges = edges.take(self._inside(whole))
            self.labels = {one: self._components(one) for one in CycleClass}

    def _components(self, one: CycleClass) -> Labels | None:
        part = self.edges.only(*_KINDS[one])
        return _component_of(part.source, part.target, size=self.size) if self.steps.spend(len(part)) else None

    def _inside(self, labels: Labels) -> Mask:
        own = labels[self.edges.source]
        inside: Mask = (own != NOTHING) & (own == labels[self.edges.target])
        return inside

    def _of_kind(self, *kinds: EdgeKind) -> Mask:
        return np.isin(self.edges.kind, kinds)

    def seeds(self, one: CycleClass) -> Mask | None:
        """Return which edges prove the class, each of them being in a cycle of it, or None if this is not known."""
        labels = self.labels[one]
        if labels is None:
            return None
        if one is not CycleClass.G1C_REALTIME:
            return self._inside(labels) & self._of_kind(_KINDS[one][-1])
        without_time, without_reads = self.labels[CycleClass.G1C], self.labels[CycleClass.G0_REALTIME]
        if without_time is None or without_reads is None:
            return None
        reads = self._of_kind(EdgeKind.WR) & ~self._inside(without_time)
        times = self._of_kind(EdgeKind.RT) & ~self._inside(without_reads)
        return self._inside(labels) & (reads | times)

    def found(self, one: CycleClass, *, examples: int) -> Found | None:
        """Count the components of a class and find a witness in the smallest of them, or None if this is not known."""
        labels, seeds = self.labels[one], self.seeds(one)
        if labels is None or seeds is None:
            return None
        positions = np.flatnonzero(seeds)
        own = labels[self.edges.source[positions]]
        proven = np.unique(own)
        sizes = np.bincount(labels[labels != NOTHING], minlength=1)[proven]
        shown = proven[np.argsort(sizes, kind="stable")][:examples]
        inside = self._inside(labels) & self._of_kind(*_KINDS[one]) & np.isin(labels[self.edges.source], shown)
        paths = _Paths(self.edges, np.flatnonzero(inside), nodes=self.nodes)
        cycles = [self._cycle(paths, positions[own == label].tolist(), among=len(shown)) for label in shown]
        return Found(components=len(proven), cycles=tuple(cycles))

    def _cycle(self, paths: _Paths, seeds: list[int], *, among: int) -> Cycle:
        share = self.steps.left // (2 * among)
        allowed = _Steps(share)
        path, is_shortest = paths.shortest_cycle(seeds, allowed)
        self.steps.left -= min(share, share - allowed.left)
        return Cycle(steps=tuple(self._walk(path)), is_shortest=is_shortest)

    def _walk(self, path: list[int]) -> Iterator[Step]:
        """Give the edges of a cycle between transactions; what leads over instants is one edge."""
        edges = self.edges
        begin = next(at for at, edge in enumerate(path) if edges.source[edge] < self.nodes)
        source = int(edges.source[path[begin]])
        for edge in path[begin:] + path[:begin]:
            target, key, offset = int(edges.target[edge]), int(edges.key[edge]), int(edges.offset[edge])
            if target < self.nodes:
                yield Step(
                    source=source,
                    kind=EdgeKind(int(edges.kind[edge])),
                    target=target,
                    key=None if key == NOTHING else key,
                    offset=None if offset == NOTHING else offset,
                )
                source = target


def _component_of(source: Ints, target: Ints, *, size: int) -> Labels:
    """Return for each node the number of its strongly connected component, or NOTHING if it is alone in it."""
    names, renamed = np.unique(np.concatenate([source, target]), return_inverse=True)
    graph: rustworkx.PyDiGraph[None, None] = rustworkx.PyDiGraph()
    graph.extend_from_edge_list(list(zip(*(half.tolist() for half in np.split(renamed, 2)), strict=True)))
    components = [members for members in rustworkx.strongly_connected_components(graph) if len(members) > 1]
    labels = np.full(size, NOTHING, dtype=np.int64)
    if components:
        together = np.fromiter((node for members in components for node in members), dtype=np.int64)
        labels[names[together]] = np.repeat(np.arange(len(components)), [len(members) for members in components])
    return labels


class _Paths:
    """Shortest paths over some of the edges, counted in transactions: to come to an instant costs nothing."""

    def __init__(self, edges: Edges, positions: Ints, *, nodes: int) -> None:
        by_source = positions[np.argsort(edges.source[positions], kind="stable")]
        names, first = np.unique(edges.source[by_source], return_index=True)
        self._end_nodes = (edges.source, edges.target)
        self._edge: list[int] = by_source.tolist()
        self._target: list[int] = edges.target[by_source].tolist()
        bounds = np.append(first, len(by_source)).tolist()
        self._out = {name: range(bounds[at], bounds[at + 1]) for at, name in enumerate(names.tolist())}
        self._nodes = nodes

    def shortest_cycle(self, seeds: list[int], steps: _Steps) -> tuple[list[int], bool]:
        """Return the shortest cycle over any of the seeds, and whether the steps were enough to be sure of that.

        Each seed must be in a cycle. The first one is followed whatever it costs, for something has to be shown.
        """
        best: list[int] = []
        shortest = 0
        for seed in seeds:
            start, goal = int(self._end_nodes[1][seed]), int(self._end_nodes[0][seed])
            ends = int(start < self._nodes) + int(goal < self._nodes)
            if best and steps.left <= 0:
                return best, False
            path = self._path(start, goal, levels=shortest - ends if best else None, steps=steps)
            if path is not None:
                best = [seed, *path]
                shortest = sum(int(self._end_nodes[1][edge]) < self._nodes for edge in best)
            if shortest == 2:
                return best, True
        return best, len(seeds) == 1 or steps.left > 0

    def _path(self, start: int, goal: int, *, levels: int | None, steps: _Steps) -> list[int] | None:
        """Return the edges of a shortest path, if there is one within so many levels of transactions."""
        came: dict[int, int] = {start: NOTHING}
        level, done = [start], 0
        while level and (levels is None or (done < levels and steps.left > 0)):
            following: list[int] = []
            for node in level:  # it grows while it is walked: an instant belongs to the level that it is seen from
                steps.left -= len(self._out[node])
                for at in self._out[node]:
                    target = self._target[at]
                    if target in came:
                        continue
                    came[target] = self._edge[at]
                    if target == goal:
                        return self._back(came, goal)
                    (following if target < self._nodes else level).append(target)
            level, done = following, done + 1
        return None

    def _back(self, came: dict[int, int], node: int) -> list[int]:
        path: list[int] = []
        while (edge := came[node]) != NOTHING:
            path.append(edge)
            node = int(self._end_nodes[0][edge])
        return path[::-1]


def realtime_edges(*, invoked_ns: Ints, ended_ns: Ints, is_ok: Mask) -> Edges:
    """Return who ended before whom was invoked, in at most three edges for each transaction.

    Only what is ok is known to have ended when it says so; whatever it was, it did not happen before it was invoked.
    Every end is an instant with a number of its own, from len(invoked_ns) upward, and instants follow one another:
    a -> its end -> … -> the last end before b was invoked -> b. So `a` leads to `b` exactly if ended_ns[a] <
    invoked_ns[b], and the edges are linear in the transactions where pairs would be quadratic.
    """
    count = len(invoked_ns)
    ended = np.flatnonzero(is_ok)
    ended = ended[np.argsort(ended_ns[ended], kind="stable")]
    instants = count + np.arange(len(ended))
    before = np.searchsorted(ended_ns[ended], invoked_ns, side="left")
    after = np.flatnonzero(before)
    return Edges.of(
        EdgeKind.RT,
        np.concatenate([ended, instants[:-1], instants[before[after] - 1]]),
        np.concatenate([instants, instants[1:], after]),
    )


def dependencies(
    *,
    txn_of_write: Ints,
    slot: Ints,
    txn_of_read: Ints,
    slot_of_read: Ints,
    key_of_slot: Ints,
    offset_of_slot: Ints,
) -> Edges:
    """Return the WW and WR edges between transactions, one of each kind for each pair.

    A slot is a version's place in the order of all versions; within a key slots ascend with offsets. NOTHING stands
    for a slot or a transaction that is not known. WW: from each version's writer to that of the key's next version
    with a known writer. WR: from a version's writer to its readers. A version's key and offset are the edge's
    witness (WW: the later one's). A slot that two transactions claim to have written has no writer that is known.
    """
    writer = _writer_of_slot(txn_of_write, slot, size=len(key_of_slot))
    known = np.flatnonzero(writer != NOTHING)
    known = known[np.argsort(key_of_slot[known], kind="stable")]
    earlier, later = known[:-1], known[1:]
    same_key = key_of_slot[earlier] == key_of_slot[later]
    readable = (slot_of_read != NOTHING) & (txn_of_read != NOTHING)
    read, reader = slot_of_read[readable], txn_of_read[readable]
    read, reader = read[writer[read] != NOTHING], reader[writer[read] != NOTHING]
    pairs = (
        (EdgeKind.WW, writer[earlier[same_key]], writer[later[same_key]], later[same_key]),
        (EdgeKind.WR, writer[read], reader, read),
    )
    parts = [
        _distinct(Edges.of(kind, source, target, key=key_of_slot[shown], offset=offset_of_slot[shown]))
        for kind, source, target, shown in pairs
    ]
    return parts[0].and_also(*parts[1:])


def _writer_of_slot(txn_of_write: Ints, slot: Ints, *, size: int) -> Ints:
    known = (slot != NOTHING) & (txn_of_write != NOTHING)
    writer = np.full(size, NOTHING)
    writer[slot[known]] = txn_of_write[known]
    claims = slot[known]
    writer[claims[writer[claims] != txn_of_write[known]]] = NOTHING
    return writer


def _distinct(edges: Edges) -> Edges:
    """Return the edges between different transactions, the first of each pair."""
    edges = edges.take(edges.source != edges.target)
    if not len(edges):
        return edges
    pair = edges.source.astype(np.int64) * (1 + int(edges.target.max())) + edges.target
    return edges.take(np.unique(pair, return_index=True)[1])
