"""The table of a sizing: what is documented, what the kernel enforces, and what a load used of it. Pure."""

from __future__ import annotations

from harness.checkers.load.resources import Documented, PodUse, uses
from harness.load_document import Concluded
from harness.measuring.plan import Purpose

MIB = 1 << 20
GIB = 1 << 30


def rows(
    load: Concluded,
    *,
    documented: Documented,
    quota_cores: float | None,
    volume_bytes: int,
    documented_volume_bytes: int,
) -> list[dict[str, object]]:
    """Return the rows of CPU, memory and volume; what was not measured is said to be so, never left to a guess."""
    used = [use for tried in load.tried if _counts(tried.step.purpose) for use in uses(tried.judged.result)]
    hours = load.hours_to_full_disk
    return [
        _row("broker CPU", _millicores(documented.cpu_millicores), _quota(quota_cores), _cpu(used)),
        _row("broker memory", _mib(documented.memory_bytes), _memory_limit(used), _memory(used)),
        _row(
            "broker volume",
            _gib(documented_volume_bytes),
            _gib(volume_bytes),
            "not full within its retention" if hours is None else f"full after {hours:.1f} h at the carried rate",
        ),
    ]


def _counts(purpose: Purpose) -> bool:
    return purpose is not Purpose.WARM_UP


def _row(what: str, documented: str, deployed: str, measured: str) -> dict[str, object]:
    return {"what": what, "documented": documented, "deployed": deployed, "measured": measured}


def _millicores(value: int) -> str:
    return f"{value}m"


def _quota(cores: float | None) -> str:
    return "no limit" if cores is None else f"{cores * 1000:.0f}m"


def _mib(value: int) -> str:
    return f"{value / MIB:.0f} MiB"


def _gib(value: int) -> str:
    return f"{value / GIB:.1f} GiB"


def _cpu(used: list[PodUse]) -> str:
    return f"{max(use.cpu_cores for use in used) * 1000:.0f}m at the most" if used else "not measured"


def _memory_limit(used: list[PodUse]) -> str:
    limits = {use.memory_limit_bytes for use in used}
    if not limits:
        return "not measured"
    return ", ".join("no limit" if limit is None else _mib(limit) for limit in limits)


def _memory(used: list[PodUse]) -> str:
    return f"{_mib(max(use.anonymous_bytes for use in used))} anonymous at the most" if used else "not measured"
