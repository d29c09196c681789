"""What may be done with a host: a multiple of its usual weight."""

from __future__ import annotations

from dataclasses import dataclass

from agents.learning.chair import ActionSet


@dataclass(frozen=True)
class Multiples(ActionSet):
    """`times` are of the weight that the file has; 0: callers are not told of the host."""

    times: tuple[float, ...]

    @classmethod
    def named(cls, name: str, times: tuple[float, ...]) -> Multiples:
        """With labels that say so."""
        return cls(name, tuple(f"x{one:g}" for one in times), times.index(1.0), times)

    @property
    def usual(self) -> int:
        """The action that changes nothing."""
        return self.times.index(1.0)

    def weight(self, action: int, usual: int) -> int:
        """In whole numbers: what is not nothing weighs 1 at least."""
        times = self.times[action]
        return max(1, round(times * usual)) if times and usual else 0


WEIGHTS = Multiples.named("weights", (0.125, 0.5, 1.0, 2.0, 4.0))
RANKS = Multiples.named("ranks", (0.0, 0.5, 1.0, 2.0))
