"""What no policy may do to a route: shut it for long without a look, throw it open at once, or act on figures that are old."""

from __future__ import annotations

from dataclasses import dataclass

from agents.learning.breaking.actions import CLOSED, PROBE, Setting

OPEN_TICKS = 3  # decisions in a row that a route may be open
STALE_TICKS = 4


@dataclass
class Guard:
    """Of one route: stands between a policy and its levers, in training as in service."""

    is_needed: bool = False  # whether some caller has nothing to put in the place of an answer
    open_ticks: int = 0  # decisions in a row that left the route open
    most_open: int = OPEN_TICKS
    stale_ticks: float = STALE_TICKS

    def may(self, setting: Setting) -> bool:
        """A route whose callers cannot do without an answer is never open."""
        return not (setting.is_open and self.is_needed)

    def passed(self, wanted: Setting, age_ticks: float) -> tuple[Setting, str]:
        """(what may be set, what was changed and why: nothing where all is well); remembers it.

        A route that was open is half open before it is closed, as breakers are: callers who waited must not come all at once.
        """
        held, why = wanted, ""
        if age_ticks > self.stale_ticks:
            held, why = CLOSED, "stale metrics: as the file has it"
        elif not self.may(wanted):
            held, why = PROBE, "its callers need an answer: half open"
        elif wanted.is_open and self.open_ticks >= self.most_open:
            held, why = PROBE, f"open for {self.open_ticks} decisions: half open"
        elif self.open_ticks > 0 and wanted.bound > PROBE.bound:
            held, why = PROBE, f"{wanted.name} at once: half open first"
        self.open_ticks = self.open_ticks + 1 if held.is_open else 0
        return held, why
