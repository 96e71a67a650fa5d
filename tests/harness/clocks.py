"""A clock for tests: it moves when somebody pauses on it, or when a test moves it."""

from __future__ import annotations


class FakeClock:
    """Time as a test tells it; `pauses_s` are the pauses that were asked for."""

    def __init__(self) -> None:
        self.at_s = 1000.0
        self.pauses_s: list[float] = []

    def now_s(self) -> float:
        return self.at_s

    def pause_s(self, duration_s: float) -> None:
        self.pauses_s.append(duration_s)
        self.at_s += duration_s
