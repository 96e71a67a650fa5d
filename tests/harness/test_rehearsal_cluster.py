"""The rehearsal cluster: suites run on it in seconds, planted bugs turn clauses red, nothing is ever certified."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from harness import launch, protocols
from harness.claims import Level
from harness.cli import main
from harness.clients.admin import Admin
from harness.clients.traffic import Traffic
from harness.cluster.pods import Cluster
from harness.rehearsal.bugs import Bug
from harness.rehearsing.admin import RehearsedAdmin
from harness.rehearsing.clock import RehearsalClock
from harness.rehearsing.cluster import NOT_HERE, RehearsedCluster
from harness.rehearsing.staging import Casting, set_stage
from harness.rehearsing.traffic import RehearsedTraffic
from harness.run import Settings
from harness.verdict import Inconclusive
from harness.waiting import MonotonicClock, TimedOut, wait_until, waiting_on

SUITES = Path(__file__).parents[2] / "suites"
CRASH = ["bash", "-c", "kill -SEGV 1"]
TRANSACTIONAL = '''
    from chaos.process import CrashInPlace
    from harness.budget import Budget
    from harness.checkers import exactly_once
    from harness.checkers.exactly_once import Pipeline
    from harness.clients.company import Transactions
    from harness.clients.traffic import Load
    from harness.trial import survive

    @clause("TXN-01")
    def test_transactions(steady, admin, topic, traffic, run, evidence):
        """Transactions are whole."""
        name, target = topic("in", partitions=3), topic("out", partitions=3)
        company = Transactions(name="company", target=target)
        flow = traffic(Load(topic=name, partitions=3, rate_per_partition_hz=50, consumers=0, transactions=company))
        fault = CrashInPlace(steady, steady.broker_pod(admin.group_coordinator("any")))
        trial = survive(
            fault, cluster=steady, traffic=flow, admin=admin, run=run, evidence=evidence,
            budget=Budget(seconds=3, why="so it is"),
        )
        pipeline = Pipeline(source=name, target=target, group=company.transforming_group)
        evidence.judge(*trial.judgements, exactly_once.check(flow.ops(), pipeline))
'''


def conformance(
    cluster: Cluster,
    admin: Admin,
    traffic: Traffic,
    rehearsed_cluster: RehearsedCluster,
    rehearsed_admin: RehearsedAdmin,
    rehearsed_traffic: RehearsedTraffic,
) -> None:
    """Let mypy compare the methods of real and rehearsed objects with the protocols; there is nothing to run."""
    clusters: list[protocols.Cluster] = [cluster, rehearsed_cluster]
    admins: list[protocols.Admin] = [admin, rehearsed_admin]
    flows: list[protocols.Traffic] = [traffic, rehearsed_traffic]
    del clusters, admins, flows


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """What a rehearsal left behind."""

    exit_code: int
    certificate: Mapping[str, Any]
    folder: Path

    @property
    def verdicts(self) -> dict[str, str]:
        return {clause["id"]: clause["verdict"] for clause in self.certificate["clauses"]}

    @property
    def reasons(self) -> dict[str, str]:
        return {clause["id"]: clause["reason"] for clause in self.certificate["clauses"]}

    def histories(self) -> list[str]:
        """Return the histories, without the part of the topics' names that differs from run to run."""
        files = sorted((self.folder / "histories").iterdir())
        return [re.sub(r"-[0-9a-f]{4}-\d+-", "-", file.read_text(encoding="utf-8")) for file in files]


class Rehearse:
    """Rehearses suites as `harness gate --cluster rehearsal` does, in this process."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester
        self._runs = 0

    def __call__(
        self, *arguments: str, plant: Bug | None = None, seed: int = 7, level: Level = Level.GATE
    ) -> Rehearsed:
        self._runs += 1
        folder = self._pytester.path / "reports" / f"run-{self._runs:04x}"
        folder.mkdir(parents=True)
        (folder / "manifests.json").write_text("[]", encoding="utf-8")
        document = self._pytester.path / "page.md"
        document.write_text("# A page\n", encoding="utf-8")
        settings = Settings(
            run_id=folder.name,
            level=level,
            seed=seed,
            report_dir=folder,
            namespace="none",
            target=launch.NOWHERE,
            manifests_source="none",
            manifests_file=folder / "manifests.json",
            document=document,
            reuse=False,
            keep=False,
            command="harness gate --cluster rehearsal",
            is_rehearsal=True,
            planted=plant.name if plant else None,
        )
        settings.write(folder / "settings.json")
        result = self._pytester.runpytest_inprocess(
            *("-p", "harness.plugin", "--harness-run", str(folder / "settings.json")),
            *(
                "-q",
                "--no-header",
                "--tb=no",
                "-rN",
                "-p",
                "no:locust",
                "--disable-warnings",
                "--import-mode=importlib",
            ),
            *arguments,
        )
        certificate = json.loads((folder / "certificate.json").read_text(encoding="utf-8"))
        return Rehearsed(exit_code=int(result.ret), certificate=certificate, folder=folder)


@pytest.fixture
def rehearse(pytester: pytest.Pytester) -> Rehearse:
    """Return a function that rehearses suites."""
    return Rehearse(pytester)


def failover(*clauses: str) -> tuple[str, ...]:
    return (str(SUITES / "test_failover.py"), "-k", " or ".join(clauses))


def test_clauses_of_clients_and_faults_run_for_real_and_certify_nothing(rehearse: Rehearse) -> None:
    done = rehearse(*failover("FAIL-03", "FAIL-04"))
    assert (done.exit_code, set(done.verdicts.values())) == (2, {"PASS"})
    assert done.certificate["verdict"] == "INCONCLUSIVE"
    assert "it certifies nothing" in done.certificate["environment"]["rehearsal"]
    assert "a rehearsal, which certifies nothing" in (done.folder / "report.html").read_text(encoding="utf-8")


def test_even_a_rehearsal_in_which_everything_owed_has_passed_is_inconclusive(
    rehearse: Rehearse, pytester: pytest.Pytester
) -> None:
    suite = (
        '@clause("TXN-01")\n    def test_it(traffic, evidence):\n        "It holds."\n        evidence.fact(it=True)'
    )
    path = pytester.makepyfile(test_tiny=f"from harness.claims import clause\nif True:\n    {suite}")
    done = rehearse(str(path))
    assert (done.exit_code, done.verdicts, done.certificate["not_run"]) == (2, {"TXN-01": "PASS"}, [])


def test_each_broker_in_turn_survives_on_the_same_cluster(rehearse: Rehearse) -> None:
    done = rehearse(*failover("FAIL-05"), level=Level.CERTIFY)
    assert done.verdicts == {"FAIL-05": "PASS"}


def test_a_clause_that_needs_a_real_cluster_says_so_in_one_sentence(rehearse: Rehearse) -> None:
    done = rehearse(
        str(SUITES / "test_rolling.py"),
        str(SUITES / "test_replication.py"),
        *failover("ROLL-01", "REP-01", "REP-06", "FAIL-06"),
    )
    assert done.exit_code == 2
    assert done.verdicts.keys() == {"ROLL-01", "REP-01", "REP-06", "FAIL-06"}
    assert set(done.verdicts.values()) == {"INCONCLUSIVE"}
    assert set(done.reasons.values()) == {NOT_HERE}


def test_the_same_seed_gives_the_same_histories_whichever_clauses_run_before(rehearse: Rehearse) -> None:
    alone = rehearse(*failover("FAIL-02")).histories()
    after = rehearse(*failover("FAIL-01", "FAIL-02")).histories()
    assert [len(alone), len(after)] == [1, 2]
    assert _without_times(alone[0]) == _without_times(after[0])
    assert _without_times(alone[0]) != _without_times(after[1])


def _without_times(history: str) -> str:
    return re.sub(r'"time":\d+', "", history)


@pytest.mark.parametrize(
    ("bug", "said"),
    [
        (Bug.ACKNOWLEDGED_TOO_EARLY, "unseen"),
        (Bug.CONSUMER_JUMPS, "poll-skip"),
    ],
    ids=lambda value: value.name if isinstance(value, Bug) else "",
)
def test_a_planted_bug_turns_a_failover_clause_red(rehearse: Rehearse, bug: Bug, said: str) -> None:
    done = rehearse(*failover("FAIL-03"), plant=bug)
    assert (done.exit_code, done.verdicts) == (1, {"FAIL-03": "FAIL"})
    assert said in done.reasons["FAIL-03"]
    assert bug.name in done.certificate["environment"]["rehearsal"]
    (planted,) = [event["what"] for event in done.certificate["events"] if event["kind"] == "planted"]
    assert "struck 0 times" not in planted


def transactional(pytester: pytest.Pytester) -> str:
    preamble = "import pytest\nfrom harness.claims import clause\nif True:\n"
    return str(pytester.makepyfile(test_transactional=preamble + TRANSACTIONAL))


def test_transactions_are_rehearsed_exactly_once(rehearse: Rehearse, pytester: pytest.Pytester) -> None:
    done = rehearse(transactional(pytester))
    assert done.verdicts == {"TXN-01": "PASS"}, done.reasons
    judged = {judgement["checker"]: judgement["measured"] for judgement in done.certificate["clauses"][0]["judgements"]}
    assert judged["exactly-once"]["inputs"] > 300


def test_a_planted_bug_turns_a_transactional_clause_red(rehearse: Rehearse, pytester: pytest.Pytester) -> None:
    done = rehearse(transactional(pytester), plant=Bug.HALF_A_COMMIT)
    assert (done.exit_code, done.verdicts) == (1, {"TXN-01": "FAIL"})
    assert "torn-transaction" in done.reasons["TXN-01"]


COORDINATORS = (str(SUITES / "test_coordinators.py"), "-k", "FAIL-11")


def test_coordinators_of_transactions_end_again_and_again(rehearse: Rehearse) -> None:
    done = rehearse(*COORDINATORS, level=Level.CERTIFY)
    assert done.verdicts == {"FAIL-11": "PASS"}, done.reasons


def test_a_commit_that_is_torn_turns_the_clause_of_coordinators_red(rehearse: Rehearse) -> None:
    done = rehearse(*COORDINATORS, level=Level.CERTIFY, plant=Bug.HALF_A_COMMIT)
    assert (done.exit_code, done.verdicts) == (1, {"FAIL-11": "FAIL"})
    assert "torn-transaction" in done.reasons["FAIL-11"]


class Small:
    """A rehearsed cluster without a run."""

    def __init__(self) -> None:
        self.clock = RehearsalClock()
        stage = set_stage(Casting(seed=1, bugs=frozenset()), self.clock)
        self.cluster = RehearsedCluster(stage.cluster)
        self.admin = RehearsedAdmin(self.cluster)
        with waiting_on(self.clock):
            self.admin.create_topic("orders", partitions=3, replication_factor=3)


def test_a_deleted_pod_comes_back_as_another_one_and_a_crashed_one_as_the_same() -> None:
    small = Small()
    before = small.cluster.identity("kafka-0")
    small.cluster.run("kafka-0", CRASH)
    assert small.cluster.identity("kafka-0") is None
    small.clock.pause_s(5)
    crashed = small.cluster.identity("kafka-0")
    small.cluster.delete_pod("kafka-0", grace_s=0)
    small.clock.pause_s(5)
    deleted = small.cluster.identity("kafka-0")
    assert before is not None
    assert crashed is not None
    assert deleted is not None
    assert (crashed.uid, crashed.restarts) == (before.uid, 1)
    assert (deleted.uid != before.uid, deleted.restarts) == (True, 0)
    assert small.cluster.all_ready()


def test_leaders_move_away_from_a_pod_that_ends_and_return_to_it_later() -> None:
    small = Small()
    (led,) = [partition.key for partition in small.admin.describe("orders") if partition.leader == 1]
    small.cluster.delete_pod("kafka-1", grace_s=None)
    small.clock.pause_s(1)
    assert [partition.key for partition in small.admin.describe("orders") if partition.leader == 1] == []
    assert len(small.admin.out_of_sync()) == 5
    assert not small.cluster.is_ready("kafka-1")
    small.clock.pause_s(4)
    assert [partition.key for partition in small.admin.describe("orders") if partition.leader == 1] == [led]
    assert small.admin.out_of_sync() == ()


def test_another_broker_is_the_controller_when_that_one_ends() -> None:
    small = Small()
    assert small.admin.controller() == 2
    small.cluster.delete_pod("kafka-2", grace_s=0)
    small.clock.pause_s(5)
    assert small.admin.controller() == 1


@pytest.mark.parametrize(
    "ask",
    [
        lambda small: small.cluster.connection,
        lambda small: small.cluster.zookeepers,
        lambda small: small.cluster.address("kafka-0"),
        lambda small: small.cluster.run("kafka-0", ["ls"]),
        lambda small: small.admin.bootstrap,
        lambda small: small.admin.topic_config("orders"),
        lambda small: small.admin.broker_config(0)["message.max.bytes"],
        lambda small: small.admin.create_topic("one", partitions=1, replication_factor=1),
    ],
    ids=["connection", "zookeepers", "address", "another command", "bootstrap", "method", "setting", "one replica"],
)
def test_what_the_model_does_not_have_is_never_made_up(ask: Any) -> None:
    with pytest.raises(Inconclusive, match=NOT_HERE):
        ask(Small())


def test_waiting_takes_virtual_time_inside_and_real_time_again_outside() -> None:
    clock = RehearsalClock()
    with waiting_on(clock), pytest.raises(TimedOut):
        wait_until(lambda: False, what="nothing", timeout_s=3600)
    assert clock.now_s() == pytest.approx(3600)
    real, before_s = MonotonicClock(), clock.now_s()
    began_s = real.now_s()
    with pytest.raises(TimedOut):
        wait_until(lambda: False, what="nothing", timeout_s=0.01, every_s=0.01)
    assert real.now_s() - began_s >= 0.01
    assert clock.now_s() == before_s


def gate(tmp_path: Path, *arguments: str) -> Result:
    result = CliRunner().invoke(main, ["gate", "--reports", str(tmp_path / "reports"), *arguments])
    assert not (tmp_path / "reports").exists()
    return result


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--cluster", "rehearsal", "--kubeconfig", "k"), "got --cluster rehearsal and --kubeconfig: a rehearsal"),
        (("--cluster", "rehearsal", "--manifests", "m", "--reuse"), "got --cluster rehearsal and --manifests, --reuse"),
        (("--cluster", "rehearsal", "--keep"), "got --cluster rehearsal and --keep: a rehearsal deploys nothing"),
        (("--cluster", "testbed", "--kubeconfig", "k"), "got --cluster testbed and --kubeconfig: leave one of them"),
        (("--plant", "HALF_A_COMMIT"), "got --plant HALF_A_COMMIT for a real cluster: add --cluster rehearsal"),
        (("--cluster", "rehearsal", "--plant", "NONE"), "there is no bug NONE: choose from: ACKNOWLEDGED_TOO_EARLY,"),
    ],
)
def test_a_request_that_contradicts_itself_is_refused(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    result = gate(tmp_path, *arguments)
    assert result.exit_code == 4
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"harness: {said}")


def test_a_cluster_of_another_kind_is_refused(tmp_path: Path) -> None:
    result = gate(tmp_path, "--cluster", "moon")
    assert result.exit_code == 4
    assert "'moon' is not one of 'testbed', 'rehearsal'" in result.stderr


def test_the_command_line_launches_a_rehearsal_without_any_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Settings] = []

    def do(_: launch.Work, settings: Settings, *, enter: launch.Enter) -> int:
        assert enter(["a", "b"]) == ["a", "b"]
        seen.append(settings)
        return 2

    monkeypatch.setattr(launch, "_do", do)
    arguments = ["--cluster", "rehearsal", "--plant", "HALF_A_COMMIT", "--seed", "5", "-k", "TXN"]
    result = CliRunner().invoke(main, ["gate", "--reports", str(tmp_path / "reports"), *arguments])
    assert result.exit_code == 2, result.output
    (settings,) = seen
    assert (settings.is_rehearsal, settings.planted, settings.target) == (True, "HALF_A_COMMIT", launch.NOWHERE)
    assert settings.command == "harness gate --seed 5 --cluster rehearsal --plant HALF_A_COMMIT -k 'TXN'"
    settings.write(tmp_path / "settings.json")
    assert Settings.read(tmp_path / "settings.json") == settings
