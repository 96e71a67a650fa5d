"""Guards: a fault that hardly any operation overlapped has shown nothing."""

from __future__ import annotations

from harness.guards import ENOUGH_TO_COMPARE, overlap, slower, stuck
from harness.histories.building import history_of
from harness.histories.history import History
from harness.ops import Op, OpType
from harness.runclock import NS_PER_S
from harness.verdict import Judgement, Verdict


def history(*sends: tuple[float, float | None]) -> History:
    """Make a history of sends that lasted from one second to another; without the second, for ever."""
    moments = [(begun_s, OpType.INVOKE, value) for value, (begun_s, _) in enumerate(sends)]
    moments += [(ended_s, OpType.OK, value) for value, (_, ended_s) in enumerate(sends) if ended_s is not None]
    moments.sort(key=lambda moment: (moment[0], moment[1] is OpType.OK))
    return history_of(
        Op(
            index,
            int(at_s * NS_PER_S),
            1,
            type,
            "send",
            [["send", "a", value if type is OpType.INVOKE else [0, value]]],
        )
        for index, (at_s, type, value) in enumerate(moments)
    )


def counted(*sends: tuple[float, float | None]) -> object:
    """Count the sends that overlap a fault from 10 s to 20 s."""
    return overlap(history(*sends), from_s=10, until_s=20, at_least=1).measured["overlapping_sends"]


def test_sends_in_the_air_at_any_time_of_the_fault_count() -> None:
    assert counted((9, 11), (12, 13), (19, 25), (5, 30), (10, 10)) == 5


def test_sends_that_were_over_before_or_begun_after_do_not() -> None:
    assert counted((1, 9.9), (20.1, 21)) == 0


def test_a_send_that_never_ended_is_in_the_air_for_ever() -> None:
    assert counted((1, None)) == 1
    assert counted((21, None)) == 0


def test_enough_is_a_pass_and_one_fewer_is_inconclusive() -> None:
    two = history((11, 12), (13, 14))
    assert overlap(two, from_s=10, until_s=20, at_least=2).verdict is Verdict.PASS
    judged = overlap(two, from_s=10, until_s=20, at_least=3)
    assert (judged.verdict, judged.reason) == (
        Verdict.INCONCLUSIVE,
        "only 2 sends overlapped the fault, 3 are needed",
    )


def answered(*, during_ms: int, after_ms: int, count: int = ENOUGH_TO_COMPARE) -> Judgement:
    """Judge as many sends during a fault from 10 s to 20 s as after its healing at 25 s, each answered after so long.

    Those before it and those while it heals take a minute.
    """
    begun = [(1 + at / count, 60_000) for at in range(count)] + [(22 + at / count, 60_000) for at in range(count)]
    begun += [(11 + at / count, during_ms) for at in range(count)] + [
        (26 + at / count, after_ms) for at in range(count)
    ]
    made = history(*((begun_s, begun_s + took_ms / 1000) for begun_s, took_ms in begun))
    return slower(made, from_s=10, until_s=20, well_s=25)


def test_a_squeeze_that_is_felt_is_told() -> None:
    judged = answered(during_ms=300, after_ms=20)
    assert judged.verdict is Verdict.PASS
    assert judged.measured == {"median_during_ms": 300.0, "median_after_ms": 20.0}


def test_a_squeeze_that_is_hardly_felt_shows_nothing() -> None:
    judged = answered(during_ms=39, after_ms=20)
    assert (judged.verdict, judged.reason) == (
        Verdict.INCONCLUSIVE,
        "half of the answers came within 39 ms during the fault, 20 ms after it",
    )


def test_too_few_answers_are_not_compared() -> None:
    assert answered(during_ms=300, after_ms=20, count=ENOUGH_TO_COMPARE - 1).verdict is Verdict.INCONCLUSIVE
    assert slower(history(), from_s=10, until_s=20, well_s=25).verdict is Verdict.INCONCLUSIVE


def waited(*sends: tuple[float, float | None], keys: frozenset[str] = frozenset({"a"})) -> tuple[Verdict, object]:
    judged = stuck(history(*sends), keys=keys, before_s=10, after_s=20)
    return judged.verdict, judged.measured["stuck_sends"]


def test_a_send_that_was_under_way_all_the_time_waited() -> None:
    assert waited((9, 21), (9, 12), (12, 21)) == (Verdict.PASS, 1)


def test_without_anybody_who_waited_nothing_stale_could_be_answered() -> None:
    assert waited((9, 12), (12, 21)) == (Verdict.INCONCLUSIVE, 0)
    assert waited((9, 21), keys=frozenset({"b"})) == (Verdict.INCONCLUSIVE, 0)
