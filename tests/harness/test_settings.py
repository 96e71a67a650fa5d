"""Settings of a run: what the launching process writes is what the certifying process reads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.claims import Level
from harness.cluster.connection import Target
from harness.launch import ROOT
from harness.run import Run, Settings
from harness.selection import Selection

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
PATHS = st.builds(lambda words: Path("/tmp") / words.strip("/"), WORDS)
TARGETS = st.builds(Target, kubeconfig=PATHS, context=st.none() | WORDS, kubectl=PATHS, is_testbed=st.booleans())
SETTINGS = st.builds(
    Settings,
    run_id=WORDS,
    level=st.sampled_from(Level),
    seed=st.integers(0, 2**63),
    report_dir=PATHS,
    namespace=WORDS,
    target=TARGETS,
    manifests_source=WORDS,
    manifests_file=PATHS,
    document=PATHS,
    reuse=st.booleans(),
    keep=st.booleans(),
    command=WORDS,
    selection=st.builds(Selection, only=st.lists(WORDS).map(tuple), skip=st.lists(WORDS).map(tuple)),
    resumes=st.none() | PATHS,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SETTINGS)
def test_what_is_written_is_read_back(tmp_path: Path, made: Settings) -> None:
    made.write(tmp_path / "settings.json")
    assert Settings.read(tmp_path / "settings.json") == made


@given(SETTINGS)
def test_a_run_begins_with_nothing_owed_and_nothing_known(made: Settings) -> None:
    run = Run(settings=made)
    assert (run.not_run, run.results, run.events, run.subject) == ((), [], [], {})


@given(SETTINGS)
def test_events_are_timed_on_the_runs_clock(made: Settings) -> None:
    run = Run(settings=made)
    first, second = run.event("fault", "injected"), run.event("fault", "healed")
    assert run.events == [first, second]
    assert 0 <= first.time_s <= second.time_s


def test_the_process_that_certifies_leaves_pytest_to_import_its_plugins_first() -> None:
    """Testinfra is one: imported earlier, it ends a run before its first clause."""
    program = "import sys, harness.inner; sys.exit('testinfra' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
