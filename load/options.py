"""Options: what can be asked of a load on Locust's command line and on its page, and what is wrong with it."""

from __future__ import annotations

import re
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn

from harness.errors import ExitCode, UsageError
from load.outcome import Objective

DOCUMENTED_BROKERS = ",".join(f"kafka-{number}.kafka.greenfield.svc.cluster.local:9092" for number in range(3))
FOLDER = Path("reports") / "locust"
GIGABYTE = 1_000_000_000

_TOPIC = re.compile(r"[a-zA-Z0-9._-]{1,249}")
_BROKER = re.compile(r"[^\s:/,]+:\d{1,5}")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked of one test, and is possible."""

    order: Path | None
    """The file of a load whose pace somebody else sets; the other options then say nothing."""
    folder: Path
    topic: str
    rate_hz: float
    partitions: int
    replication_factor: int
    groups: int
    most_bytes: float
    run_s: float | None
    objective: Objective


def add_to(parser: ArgumentParser) -> None:
    """Add the options of a load to Locust's own; a wrong one ends Locust with the exit code for usage."""
    add: Callable[..., object] = parser.add_argument
    add("--topic", default="locust", help="The topic that is made for each test and deleted after it.")
    add("--rate", type=float, default=100.0, help="Records per second of all producers, if no shape sets the rate.")
    add("--partitions", type=int, default=6, help="How many partitions the topic has.")
    add("--replication-factor", type=int, default=3, help="How many brokers have each record.")
    add("--groups", type=int, default=1, help="How many groups of consumers read everything, each on its own.")
    add("--most-gb", type=float, default=2.0, help="End the test before more is written: it would fill the disks.")
    add("--max-p99-ms", type=float, help="Exit with 1 if the 99th percentile to the acknowledgement is longer.")
    add("--min-ratio", type=float, help="Exit with 1 if less of the sent records were acknowledged; default: all.")
    add("--load-folder", default=str(FOLDER), help="Where each test leaves its traces.", include_in_web_ui=False)
    add("--load-order", help="The file of a load whose pace somebody else sets.", include_in_web_ui=False)
    parser.error = partial(_refuse, parser)  # type: ignore[method-assign]


def _refuse(parser: ArgumentParser, message: str) -> NoReturn:
    """End with 4: argparse ends with 2, which means that nothing could be said about the cluster."""
    parser.exit(int(ExitCode.USAGE), f"locust: {message}: see --help\n")


def asked(options: Namespace) -> Asked:
    """Return what is asked; UsageError for the first thing that is not possible."""
    if not _TOPIC.fullmatch(options.topic):
        raise UsageError(f"got --topic {options.topic!r}", remedy="use letters, digits, dots, _ and -, at most 249")
    return Asked(
        order=Path(options.load_order) if options.load_order else None,
        folder=Path(options.load_folder),
        topic=options.topic,
        rate_hz=_number(options, "rate", least=0.01),
        partitions=int(_number(options, "partitions", least=1)),
        replication_factor=int(_number(options, "replication_factor", least=1)),
        groups=int(_number(options, "groups", least=1)),
        most_bytes=_number(options, "most_gb", least=0) * GIGABYTE,
        run_s=float(options.run_time) if options.run_time else None,
        objective=Objective(
            max_p99_ms=_number(options, "max_p99_ms", least=0) if options.max_p99_ms else None,
            min_ratio=_number(options, "min_ratio", least=0, most=1) if options.min_ratio else None,
        ),
    )


def brokers(host: str | None) -> str:
    """Return Locust's own option --host as the addresses of brokers, the documented ones by default."""
    found = host or DOCUMENTED_BROKERS
    if not all(_BROKER.fullmatch(address.strip()) for address in found.split(",")):
        raise UsageError(f"got --host {found!r}", remedy="name brokers as host:port, with commas between them")
    return found


def _number(options: Namespace, name: str, *, least: float, most: float = float("inf")) -> float:
    """Return a number; Locust's page hands in text for an option that had no value."""
    value, flag = getattr(options, name), f"--{name.replace('_', '-')}"
    try:
        number = float(value)
    except ValueError as wrong:
        raise UsageError(f"got {flag} {value!r}", remedy="give a number") from wrong
    if not least <= number <= most or number == float("inf"):
        limits = f"at least {least:g}" if most == float("inf") else f"from {least:g} to {most:g}"
        raise UsageError(f"got {flag} {number:g}", remedy=f"give a number of {limits}")
    return number
