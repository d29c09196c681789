"""A planner in an agent's chair: asked at an interval, held within bounds, and pods follow at once."""

from __future__ import annotations

from typing import Protocol

from agents.policy import Needs, Verdict, View, asking_for
from sim.commands import Command


class Planner(Protocol):
    """Who says how many pods it wants."""

    mind: str  # its kind, as the scenario spells it
    needs: Needs

    def want(self, view: View) -> tuple[int | None, str]:
        """Pods, before the bounds, and why; None where it cannot say."""


class PacedPolicy:
    """Asks a planner now and then; the bounds and the command are made here."""

    def __init__(self, planner: Planner, interval_ns: int, least: int, most: int) -> None:
        self.mind, self.needs, self.cadence_ns = planner.mind, planner.needs, interval_ns
        self._planner, self._least, self._most = planner, least, most

    def decide(self, view: View) -> Verdict:
        """What the planner wants, within the bounds."""
        wanted, why = self._planner.want(view)
        if wanted is None:
            return Verdict(why)
        desired = min(max(wanted, self._least), self._most)
        if desired != wanted:
            why += f", {'raised' if desired > wanted else 'limited'} to {desired} by {'min' if desired > wanted else 'max'}"
        return Verdict(why, asking_for(desired, view), wanted)

    def carried_out(self, command: Command, view: View) -> None:
        """Nothing to remember."""
