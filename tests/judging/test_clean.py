"""However slow, unlucky or refused clients were: where nothing went wrong, nothing is found."""

from __future__ import annotations

from hypothesis import given

from harness.histories.building import history_of
from harness.judging.judge import judge
from harness.ops import Op
from harness.verdict import Verdict
from tests.judging.made import clean_ops


@given(clean_ops())
def test_a_log_that_never_errs_passes(ops: tuple[Op, ...]) -> None:
    judged = judge(history_of(ops))
    assert judged.verdict is Verdict.PASS, judged.reason
