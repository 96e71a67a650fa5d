"""Profiles: which loads there are, each in a small file that says what it shows; a bad one starts nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from math import isfinite
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from harness import omb, sizing
from harness.errors import UsageError
from harness.measuring.plan import Disturbance, Drain, FindKnee, Hold, Plan, Profile, Sizing, Soak
from harness.measuring.traffic import Acks, Compression, Keys, Records, Sending, Traffic
from harness.shaping import shaped

FOLDER = Path(__file__).parent.parent / "load" / "profiles"
PLANS: Mapping[str, type[Plan]] = {"hold": Hold, "soak": Soak, "find the knee": FindKnee, "drain": Drain}


@dataclass(frozen=True, kw_only=True)
class OwnObjectives:
    """The objectives that a profile sets for itself; the sizing file says the others."""

    achieved_ratio: float | None = None
    produce_p99_ms: float | None = None
    end_to_end_p99_ms: float | None = None
    growth_ratio: float | None = None
    throttled_ratio: float | None = None


@dataclass(frozen=True, kw_only=True)
class Written:
    """A profile as it is written, but for its plan."""

    what: str
    traffic: Traffic = field(default_factory=Traffic)
    objectives: OwnObjectives = field(default_factory=OwnObjectives)
    disturbance: Disturbance | None = None
    expected_records_per_s: float | None = None


def catalogue(folder: Path = FOLDER) -> tuple[Profile, ...]:
    """Read all profiles of a folder."""
    return tuple(read(path) for path in sorted(folder.glob("*.yaml")))


def find(name: str, *, folder: Path = FOLDER) -> Profile:
    """Read the profile with this name, or the file at this path."""
    known = {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    if name in known:
        return read(known[name])
    if not Path(name).is_file():
        raise UsageError(f"there is no profile {name!r}", remedy=f"choose from: {', '.join(known)}; or give a file")
    return read(Path(name))


def read(path: Path, *, defaults: Sizing | None = None) -> Profile:
    """Read a profile or a workload of the OpenMessaging Benchmark; everything wrong with it is told at once."""
    defaults = defaults or sizing.read()
    try:
        content = YAML(typ="safe").load(path)
    except (OSError, YAMLError, ValueError) as error:
        raise _unusable(path, [" ".join(str(error).split())]) from error
    problems: list[str] = []
    written = _read(content, problems)
    if written is not None:
        problems.extend(_impossible(*written))
    if problems or written is None:
        raise _unusable(path, problems)
    return _profile(path.stem, *written, defaults=defaults)


def of_sizing(expected: Sizing) -> Profile:
    """Return the load of the gate as a profile: the expectation of the sizing file, held."""
    load, trial = expected.expectation, expected.trial
    return Profile(
        name="gate",
        what="The expected load is carried.",
        traffic=Traffic(
            partitions=load.partitions,
            replication_factor=load.replication_factor,
            producers=load.producers,
            consumers=load.consumers,
            records=Records(value_bytes=load.record_bytes),
            sending=Sending(linger_ms=load.linger_ms),
        ),
        plan=Hold(records_per_s=load.records_per_s, warm_up_s=trial.warm_up_s, measured_s=trial.measured_s),
        objectives=expected.objectives,
        generator=expected.generator,
        expected_records_per_s=load.records_per_s,
        drain_s=trial.drain_s,
    )


def _read(content: object, problems: list[str]) -> tuple[Written, Plan] | None:
    if not isinstance(content, dict):
        problems.append("it has no keys, expected what, traffic and plan")
        return None
    if omb.is_workload(content):
        workload = omb.read(content, problems)
        return (Written(what=workload[0], traffic=workload[1]), workload[2]) if workload else None
    rest = {key: value for key, value in content.items() if key != "plan"}
    written = shaped(Written, rest, where="profile", problems=problems)
    plan = _plan(content.get("plan"), problems)
    return (written, plan) if written and plan else None


def _plan(content: object, problems: list[str]) -> Plan | None:
    if not isinstance(content, dict) or len(content) != 1 or not set(content) <= set(PLANS):
        problems.append(f"plan is {content!r}, expected one of {', '.join(PLANS)} with its figures")
        return None
    ((name, figures),) = content.items()
    return shaped(PLANS[name], figures, where=f"plan.{name}", problems=problems)


def _profile(name: str, written: Written, plan: Plan, *, defaults: Sizing) -> Profile:
    own = {one.name: getattr(written.objectives, one.name) for one in fields(OwnObjectives)}
    return Profile(
        name=name,
        what=written.what,
        traffic=written.traffic,
        plan=plan,
        objectives=replace(defaults.objectives, **{key: value for key, value in own.items() if value is not None}),
        generator=defaults.generator,
        disturbance=written.disturbance,
        expected_records_per_s=written.expected_records_per_s,
    )


def _impossible(written: Written, plan: Plan) -> Iterator[str]:
    """Say which figures no cluster and no generator could keep to."""
    yield from _not_above_0(plan, "plan")
    yield from _not_above_0(written.objectives, "objectives")
    if written.expected_records_per_s is not None and not 0 < written.expected_records_per_s < MOST_RECORDS_PER_S:
        yield f"expected_records_per_s is {written.expected_records_per_s:g}, expected a rate above 0"
    for name in ("records_per_s", "from_records_per_s", "most_records_per_s"):
        rate_hz = getattr(plan, name, 1)
        if rate_hz > MOST_RECORDS_PER_S:
            yield f"plan.{name} is {rate_hz:g}, expected at most {MOST_RECORDS_PER_S}"
    if isinstance(plan, FindKnee):
        yield from _impossible_search(plan)
    if isinstance(plan, Drain):
        yield from _impossible_drain(written, plan)
    if written.disturbance is Disturbance.QUOTA and written.traffic.sending.compression is not Compression.NONE:
        yield "disturbance is a quota, which counts bytes as they are sent: traffic.sending.compression must be none"
    yield from _impossible_traffic(written.traffic)


MOST_RECORDS_PER_S = 1_000_000
"""More than any generator of one machine sends; a rate beyond it is a slip of the pen."""


def _not_above_0(figures: object, where: str) -> Iterator[str]:
    for one in fields(figures):  # type: ignore[arg-type]  # only dataclasses are handed in
        value = getattr(figures, one.name)
        if value is not None and not (isfinite(value) and value > 0):
            yield f"{where}.{one.name} is {value!r}, expected a number above 0"


def _impossible_search(plan: FindKnee) -> Iterator[str]:
    if plan.most_records_per_s < plan.from_records_per_s:
        yield f"plan.most_records_per_s is {plan.most_records_per_s:g}, expected at least from_records_per_s"
    if not plan.soak_share <= 1:
        yield f"plan.soak_share is {plan.soak_share:g}, expected at most 1"
    if not 0.01 <= plan.precision <= 0.5:
        yield f"plan.precision is {plan.precision:g}, expected 0.01 to 0.5"
    if plan.repeats < 2:
        yield f"plan.repeats is {plan.repeats}, expected at least 2: one says nothing of its noise"
    if plan.most_repeats < plan.repeats:
        yield f"plan.most_repeats is {plan.most_repeats}, expected at least plan.repeats, {plan.repeats}"


def _impossible_drain(written: Written, plan: Drain) -> Iterator[str]:
    if plan.repeats < 2:
        yield f"plan.repeats is {plan.repeats}, expected at least 2: one says nothing of its noise"
    if not written.traffic.groups:
        yield "traffic.groups is 0, and somebody must read a backlog"
    if written.disturbance is not None:
        yield f"disturbance is {written.disturbance.value!r}, and a drain holds no rate in which it could be felt"


def _impossible_traffic(traffic: Traffic) -> Iterator[str]:
    for name, (least, most) in _RANGES.items():
        value = getattr(traffic, name)
        if not least <= value <= most:
            yield f"traffic.{name} is {value}, expected {least} to {most}"
    if traffic.consumers > traffic.partitions:
        yield f"traffic.consumers is {traffic.consumers}, expected at most one for each partition"
    yield from _impossible_records(traffic.records)
    yield from _impossible_sending(traffic.sending)


_RANGES = {
    "partitions": (1, 2000),
    "replication_factor": (1, 3),
    "producers": (1, 64),
    "groups": (0, 64),
    "consumers": (1, 64),
}


def _impossible_records(records: Records) -> Iterator[str]:
    if not LEAST_VALUE_BYTES <= records.value_bytes <= MOST_VALUE_BYTES:
        yield (
            f"traffic.records.value_bytes is {records.value_bytes}, expected {LEAST_VALUE_BYTES} (its stamp) to "
            f"{MOST_VALUE_BYTES} (what a broker takes by default)"
        )
    if not 0 <= records.random_ratio <= 1:
        yield f"traffic.records.random_ratio is {records.random_ratio:g}, expected 0 to 1"
    if records.headers < 0 or records.header_bytes < 0:
        yield f"traffic.records has {records.headers} headers of {records.header_bytes} bytes, expected 0 or more"
    yield from _impossible_keys(records.keys)


LEAST_VALUE_BYTES = 24
MOST_VALUE_BYTES = 1_000_000


def _impossible_keys(keys: Keys) -> Iterator[str]:
    if keys.distinct < 1:
        yield f"traffic.records.keys.distinct is {keys.distinct}, expected at least 1"
    if not 0 < keys.exponent <= 10:
        yield f"traffic.records.keys.exponent is {keys.exponent:g}, expected above 0, up to 10"
    if not 0 <= keys.hot_ratio <= 1:
        yield f"traffic.records.keys.hot_ratio is {keys.hot_ratio:g}, expected 0 to 1"


def _impossible_sending(sending: Sending) -> Iterator[str]:
    if sending.idempotent and sending.acks is not Acks.ALL:
        yield f"traffic.sending.acks is {sending.acks.value} with idempotent: true, expected all, or idempotent: false"
    if sending.transaction_records and not sending.idempotent:
        yield "traffic.sending has transactions with idempotent: false, expected true"
    if not 1 <= sending.in_flight <= MOST_IN_FLIGHT:
        yield f"traffic.sending.in_flight is {sending.in_flight}, expected 1 to {MOST_IN_FLIGHT}"
    if sending.transaction_records < 0 or sending.linger_ms < 0 or sending.batch_bytes < 1:
        yield "traffic.sending has a negative figure, expected 0 or more (batch_bytes: 1 or more)"


MOST_IN_FLIGHT = 5
"""More than this and an idempotent producer could not keep the order."""


def _unusable(path: Path, problems: list[str]) -> UsageError:
    return UsageError(f"{path} is not a usable profile ({'; '.join(problems)})", remedy="correct it, see docs/load.md")
