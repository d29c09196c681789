"""A learned mind in the chair of a VPA: its recommender proposes, a policy disposes, a guard stands between, and its updater evicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.autoscaling import vpa
from agents.autoscaling.minds.vpa import VpaPolicy
from agents.control_plane import SIZE
from agents.learning.chair import MIND, ActionSet, Look, RowByRow, with_guard
from agents.learning.observing import Frames
from agents.learning.reward import Reward, Weights
from agents.learning.rightsizing.actions import SizeActions
from agents.learning.rightsizing.features import RIGHTSIZING
from agents.learning.rightsizing.guard import Guard
from agents.learning.rightsizing.measuring import Meter
from agents.learning.rightsizing.reward import reward_of
from agents.learning.rightsizing.sight import Looking, Sight
from agents.learning.watched import Watched
from agents.policy import Needs, Verdict, View
from scenarios.errors import ScenarioError
from scenarios.flow import Flow
from scenarios.schema.scenario import Scenario
from scenarios.schema.vpa import Vpa
from sim.commands import Command, Evict, Resize


@dataclass(frozen=True)
class SizeLook(Look):
    """A service that waits for its action."""

    mind: SizingMind
    sight: Sight
    rule: Verdict


class SizingMind:
    """One service's chair: looks with its VPA, and waits for the council's word."""

    mind = MIND

    def __init__(self, service: str, described: Vpa, watched: Watched, seats: SizingSeats) -> None:
        self.service, self.rule, self._seats = service, VpaPolicy(described), seats
        self.scales_limits = described.controlledValues == "RequestsAndLimits"
        self.guard = Guard(self.rule.flags.min_allowed or self.rule.flags.least_millicores, self.rule.flags.max_allowed)
        self.cadence_ns = described.recommender_interval
        self.needs = Needs(pods=True, series=watched.series)
        self._looking, self._frames = Looking(watched, self.cadence_ns), Frames(RIGHTSIZING)

    def decide(self, view: View) -> Verdict | None:
        """The VPA's verdict as long as it decides alone; afterwards only a look, of which the council is told."""
        verdict = self.rule.decide(view) or Verdict("the VPA only looked")
        sight = self._looking.look(view, self.rule.advice)
        self._seats.sights[self.service], observation = sight, self._frames.take(sight)
        if view.now_ns < self._seats.world.warmup:
            return verdict
        mask: NDArray[np.bool_] = self._seats.actions.mask(sight, self.guard.least, self.guard.most)
        self._seats.told(SizeLook(self.service, view.now_ns, observation, mask, self, sight, verdict))
        return None

    def carried_out(self, command: Command, view: View) -> None:
        """The VPA remembers nothing of it."""

    def sized(self, millicores: int, view: View) -> tuple[Command, ...]:
        """Give new pods so much, and evict whoever is a tenth or more off it, as the VPA's updater goes about it."""
        limit = view.file_limit_millicores
        if self.scales_limits:
            limit = vpa.limit_for(limit, view.file_request_millicores or 1, millicores)
        off = self.rule.updater.update_threshold
        bounds = vpa.Recommendation(round(millicores * (1 - off)), millicores, round(millicores * (1 + off)))
        pods = [vpa.SizedPod(pod.order, pod.request_millicores or 0, pod.start_ns) for pod in view.pods if not pod.is_terminating]
        going = vpa.evicted(self.rule.updater, vpa.due(self.rule.updater, bounds, pods, view.now_ns), pods, view.replicas)
        resize = () if millicores == view.request_millicores else (Resize(self.service, millicores, limit),)
        return (*resize, *(Evict(self.service, pod.order) for pod in going))


class SizingSeats(RowByRow):
    """All services of a mesh whose pods a VPA sizes, in order of their names."""

    def __init__(self, world: Scenario, actions: ActionSet, weights: Weights, every_ns: int | None = None) -> None:
        """Raises ScenarioError where no service has a VPA, or one that does two things at different times."""
        if every_ns is not None:
            raise ScenarioError("every_ns: whoever sizes is asked when its VPA looks, at the VPA's own recommender_interval")
        assert isinstance(actions, SizeActions), "of this chair"
        self.world, self.actions, self.weights = world, actions, weights
        self._minds = _minds(world, self)
        self.sights: dict[str, Sight] = {}  # the newest of each
        self.minds = {f"{service}{SIZE}": mind for service, mind in self._minds.items()}
        self.rows = tuple(self._minds)
        self.cadence_ns = min(mind.cadence_ns for mind in self._minds.values())

    def follow(self, looks: Sequence[Look]) -> None:
        """Each VPA's verdict."""
        for look in looks:
            assert isinstance(look, SizeLook), "of this chair"
            self.plane.seats[f"{look.row}{SIZE}"].act(look.rule, look.sight.view)

    def begin(self) -> None:
        """What happens is measured from here on."""
        self._meter = Meter(self.plane.mesh, self.rows)

    def measure(self) -> Reward:
        """What came of it since the last time."""
        return reward_of(self._meter.take(), self.weights)

    def carry_out(self, look: Look, action: int) -> str:
        """A size for the pods of a service, past its guard."""
        assert isinstance(look, SizeLook), "of this chair"
        if action == self.actions.follows:
            self.follow([look])
            return ""
        view, wanted = look.sight.view, self.actions.millicores(action, look.sight)
        millicores, changed = look.mind.guard.passed(wanted, look.sight)
        reason = f"{look.rule.reason}; {self.actions.labels[action]} -> {wanted}m"
        verdict = Verdict(with_guard(reason, changed), look.mind.sized(millicores, view), look.sight.target, view.request_millicores or 0)
        self.plane.seats[f"{look.row}{SIZE}"].act(verdict, view)
        return changed


def _minds(world: Scenario, seats: SizingSeats) -> Mapping[str, SizingMind]:
    found, flow = {}, Flow(world)
    for service in sorted(world.services):
        sizing = world.minds(service).sizing
        if sizing is None or sizing.vpa is None:
            continue
        described = sizing.vpa
        if described.updateMode == "Recreate" and described.updater_interval != described.recommender_interval:
            raise ScenarioError(f"agents.{service}.sizing.vpa: its updater_interval differs from its recommender_interval, and a policy "
                                "decides both at once; give them the same")  # fmt: skip
        found[service] = SizingMind(service, described, Watched.of(flow, service), seats)
    if not found:
        raise ScenarioError("agents: no pods are sized here, so there is no recommendation for a policy to multiply; seat a VPA, as "
                            "agents.defaults.sizing: {vpa: {}}")  # fmt: skip
    return found
