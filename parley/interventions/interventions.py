"""Actions from outside at an instant of a run, and the seating of its agents beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from agents.control_plane import ControlPlane
from agents.decision import Decision
from agents.learning.seating import plane_of
from agents.mailbox import Posted
from parley.interventions.actions import Action, Fail, Kill, Scale, Slow, parsed
from parley.interventions.levers import pull
from scenarios.schema.scenario import Scenario
from sim.clock import ControlPhase
from sim.mesh import Mesh

NAME = "what-if"  # on the control clock


@dataclass(frozen=True)
class Intervention:
    """What is done at an instant, in order; `before` is called there just before."""

    at_ns: int
    do: tuple[Action, ...]
    hold: bool = False  # whether agents command the services acted upon in vain from then on
    before: Callable[[Mesh], None] | None = None

    def as_json(self) -> dict[str, Any]:
        """As a manifest tells it."""
        return {"at_ns": self.at_ns, "do": [str(one) for one in self.do], "hold": self.hold}

    @property
    def held(self) -> list[str]:
        """The services that `hold` keeps agents from."""
        services = (one.service for one in self.do if isinstance(one, Scale | Kill | Slow | Fail))
        return [*dict.fromkeys(services)] if self.hold else []


def interventions_of(manifest: Mapping[str, Any], world: Scenario) -> tuple[Intervention, ...]:
    """All that was done from outside to the run of a manifest, the earliest first."""
    told = manifest.get("whatif")
    every = [] if told is None else [*told.get("earlier", ()), told]
    return tuple(Intervention(one["at_ns"], tuple(parsed(text, world) for text in one["do"]), one["hold"]) for one in every)


@dataclass(frozen=True)
class Seated:
    """Who decides in a run, and what came of it so far."""

    decisions: list[Decision]
    plane: ControlPlane | None = None  # None: nobody is there

    @property
    def messages(self) -> list[Posted] | None:
        """What agents said to each other; None in a world where nothing is bargained for."""
        return None if self.plane is None or not self.plane.parties else self.plane.network.log


def seat(mesh: Mesh, interventions: Sequence[Intervention] = ()) -> Seated:
    """Let the scenario's agents decide from here on, and others act at their instants.

    D15 Who acts from outside does so with the messages of that instant: after faults, platform and scrapes, before minds wake.
    """
    plane, decisions = None, list[Decision]()
    world = mesh.scenario
    if world.agents or world.alerts or world.negotiations:  # else nobody would be there, and importing Mesa takes a second
        plane = plane_of(mesh)
        decisions = plane.decisions
    for one in interventions:
        mesh.clock.at(one.at_ns, ControlPhase.MESSAGE, NAME, partial(_act, one, mesh, plane, decisions))
    return Seated(decisions, plane)


def _act(one: Intervention, mesh: Mesh, plane: ControlPlane | None, decisions: list[Decision]) -> None:
    if one.before is not None:
        one.before(mesh)
    decisions += [row for action in one.do if (row := pull(mesh, action)) is not None]
    if plane is not None:
        plane.held.update(one.held)
