"""What a load left is read back: the same figures as load.json, blocks for comparisons, and a gap stays a gap."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.measuring import recorded
from harness.measuring.drift import BLOCK_S, Difference, compare
from harness.measuring.recorded import Recorded
from tests.report.load_sample import KNEE_HZ, Shape, write

SHORT = (("warm-up", 1000, 4, "PASS"), ("ramp", 1000, 9, "PASS"), ("ramp", 9000, 8, "FAIL"), ("soak", 1000, 8, "PASS"))
SHAPE = Shape(course=SHORT, with_fault=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("load") / "run", SHAPE)


@pytest.fixture(scope="module")
def run(folder: Path) -> Recorded:
    return recorded.read(folder)


def test_the_histograms_of_a_trial_are_those_that_it_was_judged_by(run: Recorded) -> None:
    for tried in run.trials:
        assert tried.latency.percentile_ms(99) == tried.content["produce_ms"]["p99"]
        assert tried.end_to_end.percentile_ms(50) == tried.content["end_to_end_ms"]["p50"]
        assert tried.latency.count == round(tried.content["achieved_hz"] * (tried.until_s - tried.from_s))


def test_every_second_is_there_once_and_in_order(run: Recorded) -> None:
    times = [moment.second.time_s for moment in run.moments]
    assert times == sorted(set(times))
    assert len(times) == run.trials[-1].until_s - 20
    assert all(moment.second.acknowledged == moment.second.consumed for moment in run.moments)
    assert all(moment.produce_ms[50] <= moment.produce_ms[99] for moment in run.moments)


def test_a_block_is_whole_seconds_of_one_trial(run: Recorded) -> None:
    assert [len(tried.blocks) for tried in run.trials] == [1, 2, 2, 2]
    block = run.trials[1].blocks[0]
    assert block.acknowledged_per_s == 1000
    megabytes = 1000 * BLOCK_S * 1024 / 1e6
    assert block.cpu_s_per_mb == pytest.approx(3 * 0.149 * BLOCK_S / megabytes, rel=0.1)
    assert block.throttled_ratio is not None
    assert block.received_per_byte is not None


def test_only_what_was_carried_is_compared(run: Recorded) -> None:
    measured = run.measured()
    assert set(measured.blocks) == {1000.0}
    assert len(measured.blocks[1000.0]) == 4
    assert measured.repeats == (7025.0, 6940.5, 7110.0)
    assert measured.last_carried is True
    assert measured.is_testbed


def test_a_dearer_cluster_is_found_out(run: Recorded, tmp_path: Path) -> None:
    same = recorded.read(write(tmp_path / "same", Shape(course=SHORT, with_fault=False, seed=5)))
    dear = recorded.read(write(tmp_path / "dear", Shape(course=SHORT, with_fault=False, seed=6, costlier=1.5)))

    def cpu(other: Recorded) -> Difference:
        figures = compare(run.measured(), other.measured()).figures
        return next(figure.difference for figure in figures if figure.name == "broker CPU")

    assert cpu(same) is Difference.SAME
    assert cpu(dear) is Difference.WORSE


def test_seconds_without_samples_of_a_broker_have_no_cpu(tmp_path: Path) -> None:
    folder = write(tmp_path / "run", SHAPE)
    path = folder / "load" / recorded.OBSERVED
    kept = [line for line in path.read_text().splitlines() if '"pod":"kafka-1"' not in line]
    path.write_text("\n".join(kept) + "\n")
    blocks = [block for tried in recorded.read(folder).trials for block in tried.blocks]
    assert {block.cpu_s_per_mb for block in blocks} == {None}
    assert {block.throttled_ratio for block in blocks} == {None}
    assert all(block.produce_p99_ms for block in blocks)


def test_a_missing_second_breaks_a_block(tmp_path: Path) -> None:
    folder = write(tmp_path / "run", SHAPE)
    for path in (folder / "load").glob("*er-0.jsonl"):
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(lines[:9] + lines[10:]))  # the fourth judged second of the first ramp
    assert [len(tried.blocks) for tried in recorded.read(folder).trials] == [1, 1, 2, 2]


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    folder = write(tmp_path / "run", SHAPE)
    whole = len(recorded.read(folder).moments)
    for path in (folder / "load").glob("*er-0.jsonl"):
        path.write_text(path.read_text()[:-20])
    assert len(recorded.read(folder).moments) == whole - 1


def test_each_second_is_handed_on_while_it_is_read(folder: Path) -> None:
    seen: list[int] = []
    run = recorded.read(folder, each=lambda _, frame: seen.append(frame.latency.count))
    assert seen == [moment.second.acknowledged for moment in run.moments]


def test_the_engines_clock_is_laid_on_the_runs(run: Recorded) -> None:
    assert run.run_s(run.steps[0].from_ns) == 20
    assert [step.rate_hz for step in run.steps] == [1000, 1000, 9000, 1000]
    assert max(step.rate_hz for step in run.steps) > KNEE_HZ


def test_a_run_that_kept_nothing_of_what_was_observed_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "run", SHAPE)
    (folder / "load" / recorded.OBSERVED).unlink()
    with pytest.raises(ValueError, match="expected what was observed"):
        recorded.read(folder)


def test_another_schema_is_refused(tmp_path: Path) -> None:
    (tmp_path / "load.json").write_text(json.dumps({"schema": "other/1"}))
    with pytest.raises(ValueError, match="greenfield-load/1"):
        recorded.read(tmp_path)
