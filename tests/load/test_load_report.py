"""A load's page and exports are made again from its folder, and two runs are compared by name or by path."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow
import pytest
from click.testing import CliRunner
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
from pyarrow import csv, ipc

from harness import load_report
from harness.cli import main
from harness.errors import UsageError
from harness.measuring import recorded
from harness.measuring.histogram import DIGITS, HIGHEST_US
from tests.report.load_sample import Shape, write

SHORT = (
    ("warm-up", 1000, 4, "PASS"),
    ("ramp", 1000, 12, "PASS"),
    ("ramp", 2000, 12, "PASS"),
    ("soak", 4000, 24, "PASS"),
)


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    write(folder / "one", Shape(run_id="one", seed=1, course=SHORT, with_fault=False))
    write(folder / "alike", Shape(run_id="alike", seed=2, course=SHORT, with_fault=False))
    write(folder / "dear", Shape(run_id="dear", seed=3, course=SHORT, with_fault=False, costlier=1.6))
    write(folder / "unread", Shape(run_id="unread", seed=4, course=SHORT, with_fault=False, groups=0))
    for name in ("one", "unread"):
        load_report.make(folder / name)
    return folder


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, list(arguments))
    return done.exit_code, done.output


def test_a_histogram_log_is_read_by_the_librarys_own_reader(reports: Path) -> None:
    found = recorded.read(reports / "one")
    reader = HistogramLogReader(
        str(reports / "one" / "load" / load_report.PRODUCE_LOG), HdrHistogram(1, HIGHEST_US, DIGITS)
    )
    total, moments = HdrHistogram(1, HIGHEST_US, DIGITS), []
    while (interval := reader.get_next_interval_histogram()) is not None:
        moments.append(interval.get_start_time_stamp() / 1000)
        total.add(interval)
    reader.input_file.close()
    assert reader.get_start_time_sec() == 1768383000
    assert len(moments) == len(found.moments)
    assert moments[0] == pytest.approx(1768383000 + found.moments[0].second.time_s - 1)
    assert total.get_total_count() == sum(moment.second.acknowledged for moment in found.moments)
    longest_ms = max(moment.produce_ms[100] for moment in found.moments)
    assert total.get_max_value() / 1000 == pytest.approx(longest_ms, rel=0.001)


def test_a_log_of_latencies_that_nobody_had_has_a_head_and_no_interval(reports: Path) -> None:
    lines = (reports / "unread" / "load" / load_report.END_TO_END_LOG).read_text().splitlines()
    assert lines[-1].startswith('"StartTimestamp"')


def test_csv_and_arrow_are_the_same_table(reports: Path) -> None:
    parts = reports / "one" / "load"
    found = recorded.read(reports / "one")
    with pyarrow.memory_map(str(parts / "seconds.arrow")) as source:
        table = ipc.open_file(source).read_all()
    as_text = csv.read_csv(parts / "seconds.csv")
    assert table.column_names == as_text.column_names
    assert table.num_rows == as_text.num_rows == len(found.moments)
    assert table["acknowledged"].to_pylist() == [moment.second.acknowledged for moment in found.moments]
    assert as_text["produce_p99_ms"].to_pylist() == [moment.produce_ms[99] for moment in found.moments]
    assert table["asked_hz"].to_pylist()[-1] == 4000
    assert table["kafka-1.cpu_cores"].to_pylist()[-1] == pytest.approx(0.31, rel=0.2)


def test_what_was_not_seen_in_a_second_is_empty(reports: Path) -> None:
    table = csv.read_csv(reports / "one" / "load" / "seconds.csv")
    volumes = table["kafka-0.volume_used_bytes"].to_pylist()
    assert 0 < sum(value is not None for value in volumes) < len(volumes)
    unread = csv.read_csv(reports / "unread" / "load" / "seconds.csv")
    assert set(unread["end_to_end_p99_ms"].to_pylist()) == {None}


@pytest.mark.parametrize(
    ("before", "after", "code", "said"),
    [
        ("one", "alike", 0, "alike against one: same within noise"),
        ("one", "dear", 1, "dear against one: worse"),
        ("dear", "one", 0, "one against dear: better"),
        ("one", "unread", 2, "unread against one: cannot tell, the runs are not alike: traffic: groups"),
        ("one", "nothing", 4, "there is no load run 'nothing'"),
    ],
)
def test_two_runs_are_compared_by_their_ids(reports: Path, before: str, after: str, code: int, said: str) -> None:
    exit_code, output = run("diff", before, after, "--reports", str(reports))
    assert exit_code == code, output
    assert said in output


def test_the_figures_of_a_comparison_are_told_with_their_intervals(reports: Path) -> None:
    _, output = run("diff", str(reports / "one"), str(reports / "dear" / "load.json"))
    (line,) = [line for line in output.splitlines() if "broker CPU" in line]
    assert line.startswith("worse")
    assert " to +" in line


def test_a_comparison_is_also_json(reports: Path) -> None:
    exit_code, output = run("diff", "one", "dear", "--reports", str(reports), "--json")
    found = json.loads(output)
    assert exit_code == 1
    assert found["difference"] == "worse"
    assert {figure["name"] for figure in found["figures"]} >= {"knee", "throughput", "broker CPU", "throttling"}


def test_a_run_without_what_was_observed_cannot_be_compared(reports: Path, tmp_path: Path) -> None:
    old = write(tmp_path / "old", Shape(course=SHORT, with_fault=False))
    assert load_report.is_comparable(old)
    (old / "load" / "observed.jsonl").unlink()
    assert not load_report.is_comparable(old)
    exit_code, output = run("diff", str(reports / "one"), str(old))
    assert exit_code == 4
    assert "expected what was observed beside the load" in output


def test_the_page_is_made_again_with_a_comparison(reports: Path) -> None:
    exit_code, output = run("report", "alike", "--against", "one", "--reports", str(reports))
    assert exit_code == 0
    html = Path(output.strip()).read_text(encoding="utf-8")
    assert "Compared with one" in html


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "load.json").write_text("{}")
    with pytest.raises(UsageError, match="cannot be read as a load run"):
        load_report.make(tmp_path)
