"""Safety: only an empty or a labelled namespace, and only one run in it; in doubt the harness refuses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from kubernetes import client

from harness.cluster import safety
from harness.cluster.safety import Ground, RunLease, refuse_if_held, require_own, survey
from harness.errors import ExitCode, MachineError, RefusalError, UsageError
from harness.waiting import wait_until
from tests.cluster.fakes import NAMESPACE, FakeApi, FakeApps, FakeCore

ALLOWED = {"harness.greenfield/allowed": "true"}
CREATED = {"harness.greenfield/created": "true"}
OWN = {"app.kubernetes.io/managed-by": "greenfield-harness"}
Labels = Mapping[str, str] | None


def surveyed(labels: Labels, *, reuse: bool = False, workloads: FakeApps | None = None) -> Ground:
    """Survey a namespace that has these labels and workloads."""
    api = FakeApi(core=FakeCore({NAMESPACE: labels}), apps=workloads or FakeApps())
    return survey(api.connection, NAMESPACE, reuse=reuse)


def test_a_namespace_that_does_not_exist_may_be_made_and_so_deleted() -> None:
    assert survey(FakeApi().connection, NAMESPACE, reuse=False) == Ground(namespace=NAMESPACE, created=True)


def test_a_namespace_that_does_not_exist_cannot_be_reused() -> None:
    with pytest.raises(UsageError, match="there is no namespace 'greenfield' to reuse"):
        survey(FakeApi().connection, NAMESPACE, reuse=True)


@pytest.mark.parametrize(
    "labels",
    [
        None,
        {},
        {"team": "payments"},
        {"harness.greenfield/allowed": "false"},
        {"harness.greenfield/allowed": ""},
        {"harness.greenfield/created": "True"},
    ],
    ids=str,
)
@pytest.mark.parametrize("reuse", [False, True])
def test_a_namespace_without_the_label_is_refused_with_the_command_that_allows_it(labels: Labels, reuse: bool) -> None:
    with pytest.raises(RefusalError, match="does not carry the label") as refused:
        surveyed(labels, reuse=reuse)
    assert "kubectl label namespace greenfield harness.greenfield/allowed=true" in refused.value.remedy
    assert refused.value.exit_code is ExitCode.USAGE


def test_a_namespace_that_an_earlier_run_made_is_its_own_again() -> None:
    assert surveyed(CREATED) == Ground(namespace=NAMESPACE, created=True)


def test_only_an_own_namespace_that_is_there_may_be_healed() -> None:
    def own(labels: Labels) -> Ground:
        return require_own(FakeApi(core=FakeCore({NAMESPACE: labels})).connection, NAMESPACE)

    assert own(CREATED) == Ground(namespace=NAMESPACE, created=True)
    assert own(ALLOWED) == Ground(namespace=NAMESPACE, created=False)
    with pytest.raises(RefusalError, match="does not carry the label"):
        own({"team": "payments"})
    with pytest.raises(UsageError, match="there is no namespace 'greenfield', so nothing of it is left"):
        require_own(FakeApi().connection, NAMESPACE)


def test_an_empty_namespace_with_the_label_may_be_used_and_stays() -> None:
    assert surveyed(ALLOWED) == Ground(namespace=NAMESPACE, created=False)


@pytest.mark.parametrize("kind", ["stateful_set", "deployment", "daemon_set"])
def test_a_namespace_that_is_occupied_is_refused_and_the_occupant_named(kind: str) -> None:
    with pytest.raises(RefusalError, match="namespace 'greenfield' is occupied by shop"):
        surveyed(ALLOWED, workloads=FakeApps(**{kind: {"shop": {"app": "shop"}, "kafka": OWN}}))


def test_what_an_earlier_run_left_is_not_foreign() -> None:
    assert surveyed(ALLOWED, workloads=FakeApps(stateful_set={"kafka": OWN, "zookeeper": OWN})).created is False


def test_what_runs_already_may_be_certified_when_that_is_asked_for() -> None:
    occupied = FakeApps(stateful_set={"kafka": None})
    assert surveyed(ALLOWED, reuse=True, workloads=occupied) == Ground(namespace=NAMESPACE, created=False)


def test_a_namespace_that_cannot_be_read_is_not_taken_for_a_missing_one() -> None:
    api = FakeApi(core=FakeCore({}, forbidden=[NAMESPACE]))
    with pytest.raises(MachineError, match=r"cannot be read \(403 Forbidden\)"):
        survey(api.connection, NAMESPACE, reuse=False)


def lease(holder: str, *, age_s: float) -> client.V1Lease:
    """Make the lease of another run that was last seen alive so many seconds ago."""
    then = datetime.now(UTC) - timedelta(seconds=age_s)
    spec = client.V1LeaseSpec(holder_identity=holder, lease_duration_seconds=20, acquire_time=then, renew_time=then)
    return client.V1Lease(metadata=client.V1ObjectMeta(name="greenfield-harness"), spec=spec)


def run_lease(api: FakeApi) -> RunLease:
    return RunLease(api.connection, NAMESPACE, holder="this-run")


def holder(api: FakeApi) -> str | None:
    """Return who has the right to the namespace now."""
    return api.leases.stored.spec.holder_identity if api.leases.stored and api.leases.stored.spec else None


def test_the_right_is_taken_for_the_length_of_a_run() -> None:
    api = FakeApi()
    with run_lease(api):
        assert holder(api) == "this-run"
    assert holder(api) is None


def test_the_right_is_given_back_when_the_run_ends_badly() -> None:
    api = FakeApi()
    with pytest.raises(OSError, match="a bug"), run_lease(api):
        raise OSError("a bug")
    assert holder(api) is None


def test_another_runs_right_is_respected_before_and_at_the_start() -> None:
    api = FakeApi()
    api.leases.put(lease("another-run", age_s=3))
    with pytest.raises(RefusalError, match=r"another run is in progress .*run another-run, alive 3 s ago"):
        refuse_if_held(api.connection, NAMESPACE)
    with pytest.raises(RefusalError, match="another run is in progress"), run_lease(api):
        pass
    assert holder(api) == "another-run"


def test_a_right_that_has_lapsed_is_taken_over() -> None:
    api = FakeApi()
    api.leases.put(lease("a-killed-run", age_s=21))
    refuse_if_held(api.connection, NAMESPACE)
    with run_lease(api):
        assert holder(api) == "this-run"


def test_a_lease_that_nobody_holds_is_free() -> None:
    api = FakeApi()
    api.leases.put(client.V1Lease(metadata=client.V1ObjectMeta(name="greenfield-harness")))
    refuse_if_held(api.connection, NAMESPACE)
    with run_lease(api):
        assert holder(api) == "this-run"


@pytest.mark.parametrize("found", [None, lease("a-killed-run", age_s=60)], ids=["no lease", "a lapsed lease"])
def test_of_two_runs_that_start_together_one_is_refused(found: client.V1Lease | None) -> None:
    api = FakeApi()
    if found is not None:
        api.leases.put(found)
    api.leases.before_write = lambda: api.leases.put(lease("a-faster-run", age_s=0))
    with pytest.raises(RefusalError, match="a run that started at the same moment"), run_lease(api):
        pass
    assert holder(api) == "a-faster-run"


def test_asking_whether_a_namespace_is_held_changes_nothing() -> None:
    api = FakeApi()
    refuse_if_held(api.connection, NAMESPACE)
    assert api.leases.stored is None


@pytest.fixture
def quick_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let leases be renewed every 20 ms."""
    monkeypatch.setattr(safety, "BEAT_S", 0.02)


def renewed(api: FakeApi) -> datetime:
    assert api.leases.stored is not None
    assert api.leases.stored.spec is not None
    assert api.leases.stored.spec.renew_time is not None
    return api.leases.stored.spec.renew_time


@pytest.mark.usefixtures("quick_beats")
def test_the_right_is_renewed_while_the_run_lasts() -> None:
    api = FakeApi()
    with run_lease(api):
        first = renewed(api)
        wait_until(lambda: renewed(api) > first, what="a renewal", timeout_s=5, every_s=0.01)
        second = renewed(api)
        wait_until(lambda: renewed(api) > second, what="another renewal", timeout_s=5, every_s=0.01)


@pytest.mark.usefixtures("quick_beats")
def test_a_right_that_was_lost_is_neither_renewed_nor_given_back_for_its_new_holder() -> None:
    api = FakeApi()
    mine = run_lease(api).__enter__()
    api.leases.put(lease("a-third-run", age_s=0))
    taken_at = renewed(api)
    wait_until(lambda: mine.lost, what="the loss being noticed", timeout_s=5, every_s=0.01)
    with pytest.raises(MachineError, match="run a-third-run took the namespace 'greenfield' over"):
        mine.__exit__(None, None, None)
    assert (holder(api), renewed(api)) == ("a-third-run", taken_at)


def test_a_right_that_was_lost_since_the_last_renewal_is_not_given_back_either() -> None:
    api = FakeApi()
    with pytest.raises(MachineError, match="took the namespace 'greenfield' over"), run_lease(api):
        api.leases.put(lease("a-third-run", age_s=0))
    assert holder(api) == "a-third-run"


def test_a_lost_right_does_not_hide_what_went_wrong_before() -> None:
    api = FakeApi()

    def stumble() -> None:
        api.leases.put(lease("a-third-run", age_s=0))
        raise OSError("a bug")

    with pytest.raises(OSError, match="a bug"), run_lease(api):
        stumble()


def test_a_lease_that_went_with_its_namespace_is_not_missed() -> None:
    api = FakeApi()
    with run_lease(api):
        api.leases.stored = None
