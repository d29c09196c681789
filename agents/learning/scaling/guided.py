"""A learned mind in an agent's chair: the scenario's own rule proposes, a policy disposes, a guard stands between."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from agents.autoscaling.seating import PODS_MAX, scaling_policy
from agents.learning.chair import MIND, ActionSet, Look, RowByRow, with_guard
from agents.learning.observing import Frames, Observation
from agents.learning.reward import Reward, Weights
from agents.learning.scaling.actions import ScaleActions
from agents.learning.scaling.features import SCALING
from agents.learning.scaling.guard import Guard
from agents.learning.scaling.measuring import Meter
from agents.learning.scaling.reward import reward_of
from agents.learning.scaling.ruling import Ruling
from agents.learning.scaling.sight import Looking, Sight
from agents.learning.watched import Watched
from agents.policy import Alternating, Needs, Policy, Verdict, View, asking_for
from scenarios.errors import ScenarioError
from scenarios.flow import Flow
from scenarios.schema.control import Scaling
from scenarios.schema.scenario import Scenario
from sim.commands import Command
from sim.telemetry import Integers


@dataclass(frozen=True)
class GuidedLook(Look):
    """A service that waits for its action."""

    mind: GuidedMind
    sight: Sight
    rule: Verdict
    wanted: Integers  # (actions,) pods, before the guard


class GuidedMind:
    """One service's chair: looks with its rule, and waits for the council's word."""

    mind = MIND

    def __init__(self, service: str, rule: Policy, bounds: tuple[int, int], watched: Watched, seats: GuidedSeats) -> None:
        self.service, self.rule, self.guard = service, rule, Guard(*bounds)
        self._ruling = Ruling(rule)
        self.cadence_ns = rule.cadence_ns
        self.needs = Needs(pods=rule.needs.pods, series=tuple(dict.fromkeys((*rule.needs.series, *watched.series))),
                           scrape_ns=rule.needs.scrape_ns)  # fmt: skip
        self._looking, self._frames, self._seats = Looking(watched, rule.cadence_ns), Frames(SCALING), seats

    def decide(self, view: View) -> Verdict | None:
        """The rule's verdict as long as rules decide alone; afterwards only a look, of which the council is told."""
        verdict, pods = self._ruling.rule_on(view)
        sight = self._looking.look(view, pods)
        observation = self._frames.take(sight)
        if view.now_ns < self._seats.world.warmup:
            return verdict
        self._seats.told(self._look(sight, verdict, observation))
        return None

    def carried_out(self, command: Command, view: View) -> None:
        """Nothing to remember: the rule remembers what it asked for itself."""

    def _look(self, sight: Sight, rule: Verdict, observation: Observation) -> GuidedLook:
        wanted = self._seats.actions.pods(sight)
        mask = self._seats.actions.mask(wanted, self.guard.least, self.guard.most)
        return GuidedLook(self.service, sight.now_ns, observation, mask, self, sight, rule, wanted)


class GuidedSeats(RowByRow):
    """All services of a mesh that a rule scales, in order of their names."""

    def __init__(self, world: Scenario, actions: ActionSet, weights: Weights, every_ns: int | None = None,
                 services: Collection[str] | None = None) -> None:  # fmt: skip
        """`services` are those it decides for: all, if absent. Raises ScenarioError where none has a rule that can be guided."""
        if every_ns is not None:
            raise ScenarioError("every_ns: whoever scales is asked when its rule looks, at the rule's own interval")
        assert isinstance(actions, ScaleActions), "of this chair"
        self.world, self.actions, self.weights = world, actions, weights
        self.minds: Mapping[str, GuidedMind] = _minds(world, self, world.services if services is None else services)
        self.rows = tuple(self.minds)
        self.cadence_ns = min(mind.cadence_ns for mind in self.minds.values())
        self._columns = [list(world.services).index(name) for name in self.rows]

    def follow(self, looks: Sequence[Look]) -> None:
        """Each rule's verdict."""
        for look in looks:
            assert isinstance(look, GuidedLook), "of this chair"
            self.plane.seats[look.row].act(look.rule, look.sight.view)

    def begin(self) -> None:
        """What happens is measured from here on."""
        self._meter = Meter(self.plane.mesh, {name: mind.guard.least for name, mind in self.minds.items()})

    def measure(self) -> Reward:
        """What came of it since the last time."""
        reward = reward_of(self._meter.take(), self.weights)
        return replace(reward, shares=reward.shares[self._columns])

    def carry_out(self, look: Look, action: int) -> str:
        """Pods for a service, past its guard."""
        assert isinstance(look, GuidedLook), "of this chair"
        view, wanted = look.sight.view, int(look.wanted[action])
        pods, changed = look.mind.guard.passed(wanted, look.sight)
        reason = f"{look.rule.reason}; {look.mind.rule.mind} {look.sight.proposed}, {self.actions.labels[action]} -> {wanted}"
        verdict = Verdict(with_guard(reason, changed), asking_for(pods, view), look.sight.proposed)
        self.plane.seats[look.row].act(verdict, view)
        return changed


def _minds(world: Scenario, seats: GuidedSeats, services: Collection[str]) -> Mapping[str, GuidedMind]:
    found, flow = {}, Flow(world)
    for service in sorted(services):
        described = world.minds(service).scaling
        rule = scaling_policy(described, service, world)
        if described is None or rule is None:
            continue
        if isinstance(rule, Alternating):
            raise ScenarioError(f"agents.{service}.scaling: {described.kind} does several things at intervals of its own and cannot be "
                                "guided by a policy; seat hpa, trend, staffing, forecast or mpc")  # fmt: skip
        found[service] = GuidedMind(service, rule, _bounds(described), Watched.of(flow, service), seats)
    if not found:
        raise ScenarioError("agents: nobody scales here, so there is no rule for a policy to guide; seat one, as "
                            "agents.defaults.scaling: {hpa: {target_cpu: 70%, min: 1, max: 20}}")  # fmt: skip
    return found


def _bounds(described: Scaling) -> tuple[int, int]:
    """Fewest and most pods that the rule may ask for."""
    most = described.most
    return getattr(described.chosen, "min", 1), PODS_MAX if most is None or math.isinf(most) else int(most)
