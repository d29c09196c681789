"""An agent: wakes on its own cadence, looks, lets its mind decide, and pulls the levers."""

from __future__ import annotations

from agents.alerting.alerts import BurnRateMind
from agents.decision import Decision
from agents.mesa_classes import MesaAgent
from agents.policy import Alternating, Policy, Verdict, View
from sim.clock import ControlPhase
from sim.commands import Command, Evict, Resize, Scale


class ControlAgent(MesaAgent):
    """The agent of one service, or a second one beside it. `model` is the ControlPlane it belongs to."""

    def __init__(self, model: object, service: str, policy: Policy, seat: str | None = None) -> None:
        """`seat` tells it from the service's own agent."""
        super().__init__(model)
        self.name, self.service = seat or service, service
        self.policy = policy

    def begin(self) -> None:
        """Wake for the first time one cadence from now, as a controller's resync does."""
        policy = self.policy
        rest_ns = policy.rest_ns(self.model.clock.now_ns) if isinstance(policy, Alternating) else policy.cadence_ns
        self.model.clock.after(rest_ns, ControlPhase.WAKE, self.name, self.wake)

    @property
    def pods(self) -> int:
        """Pods of its service that are asked for."""
        return int(self.model.mesh.cluster.replicas(self.service))

    def wake(self) -> None:
        """One decision, or only a look, and the next waking; whoever was removed from the model wakes no more."""
        if self not in self.model.agents:
            return
        view = self.model.view(self)
        verdict = self.policy.decide(view)
        if verdict is not None:
            self.act(verdict, view)
        self.begin()

    def act(self, verdict: Verdict, view: View) -> None:
        """Carry out a verdict on a view of this instant, and write down what came of it."""
        for command in verdict.commands or (None,):
            applied = command is not None and self.model.carry_out(command)
            if command is not None and applied:
                self.policy.carried_out(command, view)
            before, after = _figures(verdict, command, view)
            self.model.decisions.append(Decision(
                view.now_ns, self.service, self.service, self.policy.mind, before, verdict.recommended, after,
                verdict.reason, applied))  # fmt: skip


class AlertAgent(MesaAgent):
    """Somebody who watches an error budget; what it tells is a decision that changes nothing but itself."""

    def __init__(self, model: object, alert: BurnRateMind) -> None:
        super().__init__(model)
        self.name, self.alert = alert.name, alert

    def begin(self) -> None:
        """Look for the first time one interval from now."""
        self.model.clock.after(self.alert.cadence_ns, ControlPhase.WAKE, f"alert/{self.name}", self.wake)

    def wake(self) -> None:
        """One look at the newest counts, and the next one; whoever was removed from the model looks no more."""
        if self not in self.model.agents:
            return
        before = self.alert.is_firing
        told = self.alert.look(self.model.mesh.metrics.requests(self.alert.workload))
        if told is not None:
            self.model.decisions.append(Decision(
                self.model.clock.now_ns, self.name, self.alert.workload, self.alert.mind, int(before), None,
                int(self.alert.is_firing), told, applied=True))  # fmt: skip
        self.begin()


def _figures(verdict: Verdict, command: Command | None, view: View) -> tuple[int, int]:
    """What a decision starts from and leads to: pods asked for, or milli-cores that a pod requests."""
    match command:
        case Scale():
            return view.replicas, command.replicas
        case Resize():
            return view.request_millicores or 0, command.request
        case Evict():
            was = next(pod.request_millicores for pod in view.pods if pod.order == command.order)
            return was or 0, verdict.recommended or 0
    stays = view.replicas if verdict.stays is None else verdict.stays
    return stays, stays
