"""Quantities as people write them: `500m` of CPU, `1Gi` of memory, `30m` of time, as numbers of one unit."""

from __future__ import annotations

import re
from decimal import Decimal

_QUANTITY = re.compile(r"^(?P<number>\d+(?:\.\d+)?)(?P<unit>m|[kMGTPE]|[KMGTPE]i)?$")
_POWERS = "KMGTPE"
_DURATION = re.compile(r"^(?P<number>\d+(?:\.\d+)?)(?P<unit>[smh])$")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def millicores_of(quantity: str) -> int:
    """Return CPU in thousandths of a core: 500 for `500m`, 2000 for `2`."""
    return _whole(_parse(quantity) * 1000, quantity)


def bytes_of(quantity: str) -> int:
    """Return memory or storage in bytes: 1073741824 for `1Gi`, 1000000000 for `1G`."""
    return _whole(_parse(quantity), quantity)


def seconds_of(duration: str) -> float:
    """Return a duration in seconds: 1800 for `30m`."""
    match = _DURATION.match(duration)
    if not match:
        raise ValueError(f"got duration {duration!r}, expected a number and a unit such as '90s', '30m' or '2h'")
    return float(match["number"]) * _SECONDS[match["unit"]]


def _parse(quantity: str) -> Decimal:
    match = _QUANTITY.match(quantity)
    if not match:
        raise ValueError(f"got quantity {quantity!r}, expected a number and a unit such as '500m', '1Gi' or '10G'")
    return Decimal(match["number"]) * _factor(match["unit"] or "")


def _factor(unit: str) -> Decimal:
    if unit == "m":
        return Decimal("0.001")
    if not unit:
        return Decimal(1)
    base = 1024 if unit.endswith("i") else 1000
    return Decimal(base) ** (_POWERS.index(unit[0].upper()) + 1)


def _whole(number: Decimal, quantity: str) -> int:
    if number != number.to_integral_value():
        raise ValueError(f"got quantity {quantity!r}, expected a whole number of the smallest unit")
    return int(number)
