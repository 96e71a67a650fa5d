"""Virtual time: what is to happen, in the order in which it happens."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator
from typing import Any

MS = 1_000_000
"""A millisecond in nanoseconds."""


class Call:
    """An answer that will come; the first one counts, later ones are dropped."""

    __slots__ = ("_clock", "_task", "answer")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._task: Task | None = None
        self.answer: Any = None

    def resolve(self, answer: Any) -> None:
        """Give the answer to whoever waits for it, once."""
        if self.answer is None:
            self.answer = answer
            if self._task is not None:
                self._clock.step(self._task, answer)

    def wait(self, task: Task) -> None:
        """Let a task go on when the answer is there."""
        if self.answer is None:
            self._task = task
        else:
            self._clock.step(task, self.answer)


Task = Generator[int | Call, Any, Any]
"""A logical process: it yields how many nanoseconds it sleeps, or the call whose answer it waits for."""


class Clock:
    """Time in nanoseconds; things planned for one moment happen in the order in which they were planned."""

    __slots__ = ("_count", "_heap", "now_ns")

    def __init__(self) -> None:
        self.now_ns = 0
        self._count = 0
        self._heap: list[tuple[int, int, Callable[..., object], tuple[Any, ...]]] = []

    def after(self, delay_ns: int, act: Callable[..., object], *arguments: Any) -> None:
        """Plan an act."""
        self._count += 1
        heapq.heappush(self._heap, (self.now_ns + delay_ns, self._count, act, arguments))

    def spawn(self, task: Task) -> None:
        """Start a logical process now."""
        self.step(task, None)

    def step(self, task: Task, answer: Any) -> None:
        """Let a task go on until it waits again."""
        try:
            wanted = task.send(answer)
        except StopIteration:
            return
        if type(wanted) is int:
            self.after(wanted, self.step, task, None)
        else:
            wanted.wait(task)  # type: ignore[union-attr]

    def run(self, *, until_ns: int) -> None:
        """Let everything happen that is planned up to a moment."""
        heap = self._heap
        pop = heapq.heappop
        while heap and heap[0][0] <= until_ns:
            self.now_ns, _, act, arguments = pop(heap)
            act(*arguments)
        self.now_ns = until_ns
