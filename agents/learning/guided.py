"""A learned mind in an agent's chair: the scenario's own rule proposes, a policy disposes, a guard stands between.

Minds of a mesh that look at one instant are asked at once (PettingZoo's parallel step); then each acts, in order of its name. Until
the warm-up is over, rules decide alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.autoscaling.seating import PODS_MAX, scaling_policy
from agents.control_plane import ControlPlane
from agents.learning.actions import MULTIPLIER, ActionSet
from agents.learning.features import Frames
from agents.learning.guard import Guard
from agents.learning.sight import Looking, Sight, Watched
from agents.policy import Alternating, Needs, Policy, Verdict, View, asking_for
from scenarios.errors import ScenarioError
from scenarios.flow import Flow
from scenarios.schema.control import Scaling
from scenarios.schema.scenario import Scenario
from sim.clock import ControlPhase
from sim.commands import Command, Scale

MIND = "policy"


@dataclass(frozen=True)
class Asking:
    """What is to be decided now: a row for every service that looks, in order of their names."""

    now_ns: int
    services: tuple[str, ...]
    observations: NDArray[np.float32]  # (services, FRAMES * features)
    masks: NDArray[np.bool_]  # (services, actions) those that may be chosen


Chooser = Callable[[Asking], NDArray[np.int64]]  # actions, one of every service that asks


@dataclass(frozen=True)
class Look:
    """A service that waits for its action."""

    mind: GuidedMind
    sight: Sight
    rule: Verdict
    observation: NDArray[np.float32]


class GuidedMind:
    """One service's chair: looks with its rule, and waits for the council's word."""

    mind = MIND

    def __init__(self, service: str, rule: Policy, bounds: tuple[int, int], watched: Watched, council: Council) -> None:
        self.service, self.rule, self.guard = service, rule, Guard(*bounds)
        self.cadence_ns = rule.cadence_ns
        self.needs = Needs(pods=rule.needs.pods, series=tuple(dict.fromkeys((*rule.needs.series, *watched.series))),
                           scrape_ns=rule.needs.scrape_ns)  # fmt: skip
        self._looking, self._frames, self._council = Looking(watched, rule.cadence_ns), Frames(), council

    def decide(self, view: View) -> Verdict | None:
        """The rule's verdict as long as rules decide alone; afterwards only a look, of which the council is told."""
        verdict = self.rule.decide(view) or Verdict("the rule only looked")
        sight = self._looking.look(view, _pods(verdict, view))
        observation = self._frames.take(sight)
        if not self._council.decides(view.now_ns):
            return verdict
        self._council.told(Look(self, sight, verdict, observation))
        return None

    def carried_out(self, command: Command, view: View) -> None:
        """The rule remembers it, as its own."""
        self.rule.carried_out(command, view)


class Council:
    """Asks a policy for all that look at one instant; without one, whoever advances the mesh has to `act`."""

    def __init__(self, world: Scenario, actions: ActionSet = MULTIPLIER, chooser: Chooser | None = None,
                 services: Collection[str] | None = None) -> None:  # fmt: skip
        """`services` are those it decides for: all, if absent. Raises ScenarioError where none has a rule that can be guided."""
        self.world, self.actions, self._chooser = world, actions, chooser
        self.minds = _minds(world, self, world.services if services is None else services)
        self.is_waiting = False
        self._looks: dict[str, Look] = {}
        self._plane: ControlPlane | None = None

    def sit(self, plane: ControlPlane) -> None:
        """Take part in a control plane that was made with `minds`."""
        self._plane = plane

    def decides(self, now_ns: int) -> bool:
        """Whether policies decide by now."""
        return now_ns >= self.world.warmup

    def told(self, look: Look) -> None:
        """A service looked; the first one of an instant calls the others together, after all have woken."""
        assert self._plane is not None, "sit in a plane first"
        if not self._looks:
            self._plane.clock.after(0, ControlPhase.COUNCIL, MIND, self._meet)
        self._looks[look.mind.service] = look

    def asking(self) -> Asking:
        """What is asked now."""
        looks = self._in_order()
        masks = [self.actions.mask(look.sight, look.mind.guard.least, look.mind.guard.most) for look in looks]
        return Asking(looks[0].sight.view.now_ns, tuple(look.mind.service for look in looks),
                      np.stack([look.observation for look in looks]), np.stack(masks))  # fmt: skip

    def act(self, chosen: NDArray[np.int64]) -> dict[str, str]:
        """Carry out an action for every service that asks, in the order of `asking()`; what the guard changed, by service."""
        looks, guarded = self._in_order(), {}
        self._looks, self.is_waiting = {}, False
        for look, action in zip(looks, chosen.tolist(), strict=True):
            if changed := self._carry_out(look, int(action)):
                guarded[look.mind.service] = changed
        return guarded

    def _in_order(self) -> list[Look]:
        return [self._looks[name] for name in sorted(self._looks)]

    def _meet(self) -> None:
        self.is_waiting = True
        if self._chooser is not None:
            self.act(self._chooser(self.asking()))

    def _carry_out(self, look: Look, action: int) -> str:
        assert self._plane is not None, "sit in a plane first"
        view, wanted = look.sight.view, self.actions.pods(action, look.sight)
        pods, changed = look.mind.guard.passed(wanted, look.sight)
        reason = f"{look.rule.reason}; {look.mind.rule.mind} {look.sight.proposed}, {self.actions.labels[action]} -> {wanted}"
        verdict = Verdict(f"{reason}; guard: {changed}" if changed else reason, asking_for(pods, view), look.sight.proposed)
        self._plane.seats[look.mind.service].act(verdict, view)
        return changed


def _minds(world: Scenario, council: Council, services: Collection[str]) -> Mapping[str, GuidedMind]:
    found, flow = {}, Flow(world)
    for service in sorted(services):
        described = world.minds(service).scaling
        rule = scaling_policy(described, service, world)
        if described is None or rule is None:
            continue
        if isinstance(rule, Alternating):
            raise ScenarioError(f"agents.{service}.scaling: {described.kind} does several things at intervals of its own and cannot be "
                                "guided by a policy; seat hpa, trend, staffing, forecast or mpc")  # fmt: skip
        found[service] = GuidedMind(service, rule, _bounds(described), Watched.of(flow, service), council)
    if not found:
        raise ScenarioError("agents: nobody scales here, so there is no rule for a policy to guide; seat one, as "
                            "agents.defaults.scaling: {hpa: {target_cpu: 70%, min: 1, max: 20}}")  # fmt: skip
    return found


def _bounds(described: Scaling) -> tuple[int, int]:
    """Fewest and most pods that the rule may ask for."""
    most = described.most
    return getattr(described.chosen, "min", 1), PODS_MAX if most is None or math.isinf(most) else int(most)


def _pods(verdict: Verdict, view: View) -> int:
    """Pods that a rule's verdict comes to."""
    return next((command.replicas for command in verdict.commands if isinstance(command, Scale)), view.replicas)
