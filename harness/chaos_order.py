"""The order of a chaos run: what the process that strikes is told by the one that a person has started."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class ChaosOrder:
    """Either a schedule that is given, or a search for one that fails, or drawn rounds for a while.

    One that fails is shrunk for at most `shrink_s`. `only` and `skip` choose families of faults.
    """

    for_s: float
    shrink_s: float
    schedule: str | None = None
    search_s: float | None = None
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()

    def words(self) -> str:
        """Return the options that ask for the same again."""
        words = [f"--only {','.join(self.only)}"] if self.only else []
        words += [f"--skip {','.join(self.skip)}"] if self.skip else []
        if self.schedule is not None:
            words.append(schedule_words(self.schedule))
        elif self.search_s is not None:
            words.append(f"--search {self.search_s:g}s")
        else:
            words.append(f"--for {self.for_s:g}s")
        return " ".join(words)

    def as_text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> ChaosOrder:
        """Read an order that another process has written."""
        fields = json.loads(text)
        return cls(**{**fields, "only": tuple(fields["only"]), "skip": tuple(fields["skip"])})


def schedule_words(schedule: str) -> str:
    """Return the option that asks for a schedule, as a shell takes it."""
    return f"--schedule {shlex.quote(schedule)}"
