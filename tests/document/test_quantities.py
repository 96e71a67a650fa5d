"""Quantities: whole numbers of one unit, or a refusal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.quantities import bytes_of, millicores_of


@pytest.mark.parametrize(
    ("quantity", "millicores"), [("500m", 500), ("250m", 250), ("2", 2000), ("0.5", 500), ("1.25", 1250)]
)
def test_millicores(quantity: str, millicores: int) -> None:
    assert millicores_of(quantity) == millicores


@pytest.mark.parametrize(
    ("quantity", "count"),
    [("1Gi", 2**30), ("512Mi", 2**29), ("10G", 10**10), ("1.5Ki", 1536), ("1k", 1000), ("7", 7), ("1000m", 1)],
)
def test_bytes(quantity: str, count: int) -> None:
    assert bytes_of(quantity) == count


@pytest.mark.parametrize("quantity", ["", "1GB", "1 Gi", "-1", "Gi", "1K", "1e3"])
def test_what_is_no_quantity_is_refused(quantity: str) -> None:
    with pytest.raises(ValueError, match="got quantity"):
        bytes_of(quantity)


@pytest.mark.parametrize("quantity", ["0.5", "500m"])
def test_half_a_byte_is_refused(quantity: str) -> None:
    with pytest.raises(ValueError, match="whole number"):
        bytes_of(quantity)


@given(st.integers(min_value=0, max_value=10**6))
def test_binary_units_are_steps_of_1024(number: int) -> None:
    assert bytes_of(f"{number}Gi") == bytes_of(f"{number * 1024}Mi") == bytes_of(f"{number * 1024 * 1024}Ki")
    assert millicores_of(f"{number}") == millicores_of(f"{number * 1000}m")
