"""Cycles of transactions: the smallest of each class, what just is none, and a search that leaves nothing out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.judging.cycles import (
    NOTHING,
    Cycle,
    CycleClass,
    CycleReport,
    EdgeKind,
    Edges,
    dependencies,
    realtime_edges,
    search,
)

WW, WR, RT = EdgeKind
G0, G1C, G0_REALTIME, G1C_REALTIME = CycleClass
Arrow = tuple[int, EdgeKind, int]


def graph(*arrows: Arrow) -> Edges:
    source, kind, target = np.array(arrows, dtype=np.int64).reshape(-1, 3).T
    unknown = np.full(len(arrows), NOTHING)
    return Edges(source, target, kind, unknown, unknown)


def looked_at(*arrows: Arrow, max_steps: int = 1000) -> CycleReport:
    return search(graph(*arrows), nodes=10, max_steps=max_steps)


def counts(report: CycleReport) -> dict[CycleClass, int]:
    return {one: found.components for one, found in report.found.items() if found.components}


def arrows_of(cycle: Cycle) -> list[Arrow]:
    """Return the steps of a cycle, beginning at its lowest transaction."""
    steps: list[Arrow] = [(step.source, step.kind, step.target) for step in cycle.steps]
    begin = steps.index(min(steps))
    return steps[begin:] + steps[:begin]


def only_cycle(report: CycleReport, one: CycleClass) -> list[Arrow]:
    (cycle,) = report.found[one].cycles
    assert cycle.is_shortest
    return arrows_of(cycle)


SMALLEST: list[tuple[CycleClass, list[Arrow]]] = [
    (G0, [(0, WW, 1), (1, WW, 0)]),
    (G1C, [(0, WR, 1), (1, WR, 0)]),
    (G1C, [(0, WW, 1), (1, WR, 0)]),
    (G0_REALTIME, [(0, RT, 1), (1, WW, 0)]),
    (G1C_REALTIME, [(0, RT, 1), (1, WR, 0)]),
    (G1C_REALTIME, [(0, WW, 1), (1, WR, 2), (2, RT, 0)]),
]


@pytest.mark.parametrize(("one", "arrows"), SMALLEST)
def test_the_smallest_cycle_of_each_class_is_found_as_this_class_alone(one: CycleClass, arrows: list[Arrow]) -> None:
    report = looked_at(*arrows)
    assert counts(report) == {one: 1}
    assert only_cycle(report, one) == arrows
    assert report.unfinished is None


@pytest.mark.parametrize(("_", "arrows"), SMALLEST)
def test_one_edge_less_or_one_turned_round_is_no_cycle(_: CycleClass, arrows: list[Arrow]) -> None:
    source, kind, target = arrows[0]
    assert counts(looked_at(*arrows[1:])) == {}
    assert counts(looked_at((target, kind, source), *arrows[1:])) == {}


def test_nothing_has_no_cycles() -> None:
    report = looked_at(max_steps=0)
    assert counts(report) == {}
    assert report.unfinished is None


def test_a_transaction_does_not_come_before_itself() -> None:
    assert counts(looked_at((3, WW, 3), (4, WR, 4))) == {}
    report = looked_at((3, WW, 3), (3, WR, 3), (3, WW, 4), (4, WW, 3))
    assert counts(report) == {G0: 1}
    assert only_cycle(report, G0) == [(3, WW, 4), (4, WW, 3)]


def test_a_read_cycle_that_shares_its_component_with_a_write_cycle_is_found() -> None:
    report = looked_at((0, WW, 1), (1, WW, 0), (1, WW, 2), (2, WR, 3), (3, WW, 0))
    assert counts(report) == {G0: 1, G1C: 1}
    assert only_cycle(report, G0) == [(0, WW, 1), (1, WW, 0)]
    assert only_cycle(report, G1C) == [(0, WW, 1), (1, WW, 2), (2, WR, 3), (3, WW, 0)]


def test_a_cycle_in_time_that_shares_its_component_with_a_write_cycle_is_found() -> None:
    report = looked_at((0, WW, 1), (1, WW, 0), (1, RT, 2), (2, WW, 0))
    assert counts(report) == {G0: 1, G0_REALTIME: 1}
    assert only_cycle(report, G0_REALTIME) == [(0, WW, 1), (1, RT, 2), (2, WW, 0)]


def test_a_cycle_in_time_over_a_read_that_is_in_a_cycle_anyway_is_found() -> None:
    report = looked_at((0, WR, 1), (1, WW, 0), (1, RT, 2), (2, WW, 0))
    assert counts(report) == {G1C: 1, G1C_REALTIME: 1}
    assert only_cycle(report, G1C_REALTIME) == [(0, WR, 1), (1, RT, 2), (2, WW, 0)]


def test_two_cycles_that_only_meet_are_not_also_a_third() -> None:
    assert counts(looked_at((0, WR, 1), (1, WW, 0), (1, RT, 2), (2, WW, 1))) == {G1C: 1, G0_REALTIME: 1}


def test_the_shortest_cycle_of_each_component_is_shown_smallest_component_first() -> None:
    ring: list[Arrow] = [(node, WW, node + 1) for node in range(5)]
    report = looked_at(*ring, (5, WW, 0), (3, WW, 1), (8, WW, 9), (9, WW, 8))
    assert report.found[G0].components == 2
    assert [arrows_of(cycle) for cycle in report.found[G0].cycles] == [
        [(8, WW, 9), (9, WW, 8)],
        [(1, WW, 2), (2, WW, 3), (3, WW, 1)],
    ]


def test_all_components_are_counted_when_only_some_are_shown() -> None:
    pairs: list[Arrow] = [(node, WW, node ^ 1) for node in range(10)]
    found = search(graph(*pairs), nodes=10, examples=2).found[G0]
    assert (found.components, len(found.cycles)) == (5, 2)


def test_without_its_write_edges_a_graph_shows_only_cycles_of_reads() -> None:
    edges = graph((0, WW, 1), (1, WR, 0), (2, WR, 3), (3, WR, 2))
    assert search(edges, nodes=4).found[G1C].components == 2
    assert counts(search(edges.only(WR, RT), nodes=4)) == {G1C: 1}


def test_columns_of_different_lengths_are_refused() -> None:
    one, two = np.zeros(1, dtype=np.int64), np.zeros(2, dtype=np.int64)
    with pytest.raises(ValueError, match="'target': 2"):
        Edges(one, two, one, one, one)


# Budget

RING: list[Arrow] = [(0, WW, 1), (1, WW, 2), (2, WW, 3), (3, WW, 0), (3, WW, 1), (2, WW, 0), (2, WW, 1)]


def test_too_few_steps_to_begin_leave_every_class_out_and_say_so() -> None:
    report = looked_at(*RING, max_steps=len(RING) - 1)
    assert report.found == {}
    assert report.unfinished == ("G0, G1c, G0-realtime, G1c-realtime: not searched, 6 steps are too few for 7 edges")


def test_what_was_found_before_the_steps_ended_stays_found() -> None:
    report = looked_at(*RING, max_steps=2 * len(RING))
    assert counts(report) == {G0: 1}
    assert report.unfinished == "G1c, G0-realtime, G1c-realtime: not searched, 14 steps are too few for 7 edges"


def test_too_few_steps_for_the_shortest_cycle_still_show_one_and_all_is_counted() -> None:
    report = looked_at(*RING, max_steps=5 * len(RING))
    (cycle,) = report.found[G0].cycles
    assert not cycle.is_shortest
    assert is_closed(cycle)
    assert report.unfinished is None
    assert only_cycle(looked_at(*RING), G0) == [(1, WW, 2), (2, WW, 1)]


def is_closed(cycle: Cycle) -> bool:
    return all(one.target == other.source for one, other in pairwise((*cycle.steps, cycle.steps[0])))


# Time


def times(*pairs: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    invoked, ended = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return invoked, ended


def realtime(*pairs: tuple[int, int], unknown: Sequence[int] = ()) -> Edges:
    invoked, ended = times(*pairs)
    return realtime_edges(invoked_ns=invoked, ended_ns=ended, is_ok=~np.isin(np.arange(len(pairs)), unknown))


def reached(edges: Edges, *, nodes: int) -> set[tuple[int, int]]:
    """Return which transactions lead to which, over whatever."""
    size = max([nodes - 1, *edges.source.tolist(), *edges.target.tolist()]) + 1
    reach = np.zeros((size, size), dtype=bool)
    reach[edges.source, edges.target] = True
    for middle in range(size):
        reach |= np.outer(reach[:, middle], reach[middle])
    return {(a, b) for a, b in np.argwhere(reach[:nodes, :nodes]).tolist()}


def test_who_ended_before_another_was_invoked_came_before_it() -> None:
    assert reached(realtime((0, 1), (2, 3)), nodes=2) == {(0, 1)}


def test_who_ended_as_another_was_invoked_did_not_surely_come_before_it() -> None:
    assert reached(realtime((0, 2), (2, 3)), nodes=2) == set()


def test_an_end_that_is_not_known_orders_nothing_but_a_beginning_does() -> None:
    assert reached(realtime((0, 1), (2, 3), (4, 5), unknown=[1]), nodes=3) == {(0, 1), (0, 2)}


def test_instants_are_not_shown() -> None:
    edges = realtime((0, 1), (0, 2), (0, 9), (3, 4)).and_also(graph((3, WR, 2), (2, WW, 0)))
    report = search(edges, nodes=4)
    assert counts(report) == {G1C_REALTIME: 1}
    assert only_cycle(report, G1C_REALTIME) == [(0, RT, 3), (3, WR, 2), (2, WW, 0)]


intervals = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 4), st.booleans()).map(lambda t: (t[0], t[0] + t[1], t[2])),
    max_size=8,
)


def columns(spans: list[tuple[int, int, bool]]) -> Edges:
    unknown = [number for number, (_, _, is_ok) in enumerate(spans) if not is_ok]
    return realtime(*[(invoked, ended) for invoked, ended, _ in spans], unknown=unknown)


def before(spans: list[tuple[int, int, bool]]) -> set[tuple[int, int]]:
    """Return realtime order by its definition, pair by pair."""
    numbered = list(enumerate(spans))
    return {(a, b) for a, (_, ended, is_ok) in numbered for b, (invoked, _, _) in numbered if is_ok and ended < invoked}


@given(intervals)
def test_realtime_edges_lead_where_the_definition_does_and_are_few(spans: list[tuple[int, int, bool]]) -> None:
    edges = columns(spans)
    assert reached(edges, nodes=len(spans)) == before(spans)
    assert len(edges) <= 3 * len(spans)


# Dependencies


def depends(writes: list[tuple[int, int]], reads: list[tuple[int, int]], keys: list[int]) -> list[tuple[int, ...]]:
    """Return (source, kind, target, key, offset) of writes and reads (transaction, slot); offsets are slots + 100."""
    written, read = (np.array(pairs, dtype=np.int64).reshape(-1, 2).T for pairs in (writes, reads))
    edges = dependencies(
        txn_of_write=written[0],
        slot=written[1],
        txn_of_read=read[0],
        slot_of_read=read[1],
        key_of_slot=np.array(keys, dtype=np.int64),
        offset_of_slot=np.arange(len(keys)) + 100,
    )
    rows = zip(edges.source, edges.kind, edges.target, edges.key, edges.offset, strict=True)
    return sorted(tuple(int(number) for number in row) for row in rows)


def test_each_version_depends_on_the_one_before_it_in_its_key() -> None:
    assert depends([(2, 2), (0, 0), (1, 1), (5, 3)], [], [7, 7, 7, 8]) == [(0, WW, 1, 7, 101), (1, WW, 2, 7, 102)]


def test_who_reads_depends_on_who_wrote_but_not_on_itself() -> None:
    assert depends([(0, 0)], [(1, 0), (0, 0), (1, 0)], [7]) == [(0, WR, 1, 7, 100)]


def test_a_pair_is_joined_once_for_each_reason() -> None:
    keys = [7, 7, 8, 8]
    assert depends([(0, 0), (1, 1), (0, 2), (1, 3)], [(1, 0), (1, 2)], keys) == [(0, WW, 1, 7, 101), (0, WR, 1, 7, 100)]


def test_writes_of_transactions_that_alternate_in_a_key_are_a_cycle() -> None:
    assert depends([(0, 0), (1, 1), (0, 2)], [], [7, 7, 7]) == [(0, WW, 1, 7, 101), (1, WW, 0, 7, 102)]


def test_a_version_of_a_writer_who_is_not_known_is_passed_over() -> None:
    assert depends([(0, 0), (1, 2)], [(3, 1)], [7, 7, 7]) == [(0, WW, 1, 7, 102)]
    contested = [(0, 0), (1, 1), (2, 1), (3, 2)]
    assert depends(contested, [(4, 1)], [7, 7, 7]) == [(0, WW, 3, 7, 102)]


def test_writes_and_reads_without_a_place_or_a_transaction_depend_on_nothing() -> None:
    assert depends([(0, NOTHING), (NOTHING, 1), (1, 0)], [(2, NOTHING), (NOTHING, 0)], [7, 7]) == []


def test_no_writes_and_no_reads_make_no_edges() -> None:
    assert depends([], [], []) == []


# Every cycle of small graphs, by brute force


def simple_cycles(arrows: list[Arrow]) -> Iterator[list[Arrow]]:
    """Give every cycle that visits no transaction twice, beginning at its lowest transaction."""
    out: dict[int, list[Arrow]] = {}
    for arrow in arrows:
        out.setdefault(arrow[0], []).append(arrow)

    def onward(path: list[Arrow], seen: frozenset[int]) -> Iterator[list[Arrow]]:
        for arrow in out.get(path[-1][2], []):
            if arrow[2] == path[0][0]:
                yield [*path, arrow]
            elif arrow[2] > path[0][0] and arrow[2] not in seen:
                yield from onward([*path, arrow], seen | {arrow[2]})

    for arrow in arrows:
        if arrow[2] > arrow[0]:
            yield from onward([arrow], frozenset({arrow[2]}))


def by_class(arrows: list[Arrow]) -> dict[CycleClass, list[list[Arrow]]]:
    """Return the cycles of each class, by the words of its definition."""
    cycles = [(cycle, {arrow[1] for arrow in cycle}) for cycle in simple_cycles(arrows)]
    classes = {
        G0: [cycle for cycle, kinds in cycles if kinds == {WW}],
        G1C: [cycle for cycle, kinds in cycles if WR in kinds and RT not in kinds],
        G0_REALTIME: [cycle for cycle, kinds in cycles if RT in kinds and WR not in kinds],
    }
    reads = {arrow for cycle in classes[G1C] for arrow in cycle if arrow[1] is WR}
    ends = {arrow for cycle in classes[G0_REALTIME] for arrow in cycle if arrow[1] is RT}
    both = [cycle for cycle, kinds in cycles if {WR, RT} <= kinds]
    shown = reads | ends
    classes[G1C_REALTIME] = [cycle for cycle in both if {a for a in cycle if a[1] is not WW} - shown]
    return classes


ALLOWED = {G0: {WW}, G1C: {WW, WR}, G0_REALTIME: {WW, RT}, G1C_REALTIME: {WW, WR, RT}}


def shortest_by_component(arrows: list[Arrow], one: CycleClass, cycles: list[list[Arrow]]) -> list[int]:
    """Return the length of the shortest of the cycles in each component that has one, in ascending order."""
    reach = reached(graph(*[arrow for arrow in arrows if arrow[1] in ALLOWED[one]]), nodes=10)
    shortest: dict[int, int] = {}
    for cycle in cycles:
        name = min(b for a, b in reach if a == cycle[0][0] and (b, a) in reach)
        shortest[name] = min(len(cycle), shortest.get(name, len(cycle)))
    return sorted(shortest.values())


transactions = st.integers(0, 6)
kinds = st.sampled_from([WW, WR])
arrow_lists = st.lists(st.tuples(transactions, kinds, transactions).filter(lambda a: a[0] != a[2]), max_size=11)


@given(arrow_lists, st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.booleans()), min_size=7, max_size=7))
def test_the_search_finds_what_brute_force_finds(deps: list[Arrow], spans: list[tuple[int, int, bool]]) -> None:
    spans = [(invoked, max(invoked, ended), is_ok) for invoked, ended, is_ok in spans]
    arrows: list[Arrow] = sorted({*deps, *((a, RT, b) for a, b in before(spans))})
    expected = {one: shortest_by_component(arrows, one, cycles) for one, cycles in by_class(arrows).items()}
    for edges in (graph(*arrows), graph(*deps).and_also(columns(spans))):
        report = search(edges, nodes=7)
        assert {one: found.components for one, found in report.found.items()} == {
            one: len(lengths) for one, lengths in expected.items()
        }
        for one, found in report.found.items():
            assert sorted(len(cycle.steps) for cycle in found.cycles) == expected[one]
            assert all(is_a_cycle_of(arrows, one, cycle) for cycle in found.cycles)


def is_a_cycle_of(arrows: list[Arrow], one: CycleClass, cycle: Cycle) -> bool:
    steps = arrows_of(cycle)
    return is_closed(cycle) and set(steps) <= set(arrows) and steps in by_class(arrows)[one]
