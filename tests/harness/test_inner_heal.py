"""The process that heals: it refuses what is not its own or is alive, and needs no report to heal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import inner_heal
from harness.cluster.connection import Target
from harness.cluster.fault_copies import FaultCopies
from harness.cluster.pods import Cluster
from harness.errors import ExitCode, RefusalError, UsageError
from harness.fault_lines import FaultLine
from harness.heal_order import HealOrder
from harness.healer import Healer
from harness.healing import Outcome
from harness.inner_heal import fulfil, known_lines, main
from harness.waiting import waiting_on
from tests.cluster.fakes import NAMESPACE, FakeApi, FakeCore
from tests.cluster.test_safety import lease
from tests.harness.clocks import FakeClock

HERE = Path("somewhere")
ORDER = HealOrder(
    target=Target(kubeconfig=HERE, context="here", kubectl=HERE, is_testbed=True),
    namespace=NAMESPACE,
    run=None,
    reports=Path("no reports"),
    dry_run=False,
)
LINE = FaultLine(run="a-run", number=1, place=f"uid-of-{NAMESPACE}", fault="pause", targets=(), remedies=(), at="2026")
CLEAN = Outcome(done=("looked",))


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApi]:
    """Return a namespace of the harness's own; whoever connects is connected with it."""
    made = FakeApi(core=FakeCore({NAMESPACE: {"harness.greenfield/created": "true"}}))

    def healer_of(*_: object) -> Healer:
        return Healer(
            open_cluster=lambda: cast(Cluster, None),
            copies=FaultCopies(made.connection, NAMESPACE),
            rest=lambda _: CLEAN,
            audit=lambda _: CLEAN,
            glance=lambda _: CLEAN,
        )

    monkeypatch.setattr(inner_heal, "connect", lambda _: made.connection)
    monkeypatch.setattr(inner_heal, "healer_of", healer_of)
    monkeypatch.setattr(inner_heal, "end_in_order", lambda: None)
    with waiting_on(FakeClock()):
        yield made


def copies(api: FakeApi) -> FaultCopies:
    return FaultCopies(api.connection, NAMESPACE)


def test_what_the_namespace_tells_is_healed_without_a_report(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    copies(api).put(LINE)
    assert main(ORDER.as_text()) == ExitCode.CERTIFIED
    assert "healed a-run/1 pause" in capsys.readouterr().out
    assert [line.is_open for line in copies(api).lines()] == [False]
    assert api.leases.stored is None, "the right to the namespace is given back"


def test_a_dry_run_changes_nothing(api: FakeApi) -> None:
    copies(api).put(LINE)
    assert fulfil(replace(ORDER, dry_run=True)).exit_code is ExitCode.CERTIFIED
    assert copies(api).lines() == (LINE,)


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_run_that_is_alive_heals_by_itself(api: FakeApi, dry_run: bool) -> None:
    copies(api).put(LINE)
    api.leases.put(lease("a-run", age_s=3))
    with pytest.raises(RefusalError, match="another run is in progress"):
        fulfil(replace(ORDER, dry_run=dry_run))
    assert copies(api).lines() == (LINE,)


def test_a_run_that_was_killed_long_ago_is_healed(api: FakeApi) -> None:
    copies(api).put(LINE)
    api.leases.put(lease("a-run", age_s=30))
    assert fulfil(ORDER).exit_code is ExitCode.CERTIFIED


def test_somebody_elses_namespace_is_refused(api: FakeApi, capsys: pytest.CaptureFixture[str]) -> None:
    api.core = FakeCore({NAMESPACE: {"team": "payments"}})
    assert main(ORDER.as_text()) == ExitCode.USAGE
    assert "does not carry the label" in capsys.readouterr().err


def test_an_unknown_run_is_answered_with_those_that_there_are(api: FakeApi) -> None:
    copies(api).put(LINE)
    with pytest.raises(UsageError, match="choose one of: a-run"):
        fulfil(replace(ORDER, run="b-run"))


def test_a_bug_of_the_harness_is_not_taken_for_something_left(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del api

    def stumble(_: object) -> Outcome:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(inner_heal, "fulfil", stumble)
    assert main(ORDER.as_text()) == ExitCode.HARNESS
    assert "a bug" in capsys.readouterr().err


def test_an_interrupt_may_be_followed_by_another_healing(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del api

    def interrupt(_: object) -> Outcome:
        raise KeyboardInterrupt

    monkeypatch.setattr(inner_heal, "fulfil", interrupt)
    assert main(ORDER.as_text()) == ExitCode.HARNESS
    assert "heal again" in capsys.readouterr().err


def report(folder: Path, line: FaultLine) -> None:
    """Write a line into the report of its run."""
    (folder / line.run).mkdir()
    (folder / line.run / "faults.jsonl").write_text(f"{line.as_text()}\n", encoding="utf-8")


def test_an_end_that_only_the_report_knows_of_counts(api: FakeApi, tmp_path: Path) -> None:
    copies(api).put(LINE)
    report(tmp_path, replace(LINE, ended="healed and proven"))
    assert [line.is_open for line in known_lines(copies(api), tmp_path)] == [False]
    assert [line.is_open for line in known_lines(copies(api), tmp_path / "nothing")] == [True]


def test_the_report_of_another_namespace_of_the_same_name_counts_for_nothing(api: FakeApi, tmp_path: Path) -> None:
    copies(api).put(LINE)
    report(tmp_path, replace(LINE, place="elsewhere", ended="healed and proven"))
    assert [line.is_open for line in known_lines(copies(api), tmp_path)] == [True]


def test_a_report_that_cannot_be_read_tells_of_no_end(api: FakeApi, tmp_path: Path) -> None:
    copies(api).put(LINE)
    report(tmp_path, LINE)
    (tmp_path / "a-run" / "faults.jsonl").write_text("{\n{\n", encoding="utf-8")
    assert known_lines(copies(api), tmp_path) == (LINE,)


def test_a_fault_that_the_namespace_has_forgotten_is_not_undone_again(api: FakeApi, tmp_path: Path) -> None:
    """It was healed since; what it declares may be older than what is declared now."""
    report(tmp_path, LINE)
    assert known_lines(copies(api), tmp_path) == ()
    with pytest.raises(UsageError, match="there is no journal here at all"):
        fulfil(replace(ORDER, run="a-run", reports=tmp_path))


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)
PATHS = WORDS.map(lambda words: Path("/tmp") / words.strip("/"))


@given(
    st.builds(
        HealOrder,
        target=st.builds(Target, kubeconfig=PATHS, context=st.none() | WORDS, kubectl=PATHS, is_testbed=st.booleans()),
        namespace=WORDS,
        run=st.none() | WORDS,
        reports=PATHS,
        dry_run=st.booleans(),
    )
)
def test_an_order_is_read_back_as_it_was(order: HealOrder) -> None:
    assert HealOrder.of(order.as_text()) == order
