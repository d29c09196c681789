"""The control plane: one agent per service whose scaling somebody decides, on the mesh's own clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.agent import AlertAgent, ControlAgent
from agents.alerting.alerts import BurnRateMind
from agents.autoscaling.seating import scaling_policy, sizing_policy
from agents.decision import Decision
from agents.failing import AgentFaults
from agents.mailbox import ControlNetwork
from agents.mesa_classes import MesaModel
from agents.negotiation.parties.kept import Leaseholder
from agents.negotiation.parties.rounds import Round
from agents.negotiation.parties.seating import parties
from agents.negotiation.parties.zones.net import BargainingZone
from agents.policy import NOTHING, Needs, PodView, Policy, View
from scenarios.schema.scenario import Scenario
from sim.clock import ControlPhase
from sim.commands import Command, Resize, RouteCommand, Scale
from sim.draws import family_key
from sim.mesh import Mesh
from sim.platform.metrics import POD_METRICS, CpuSample, MetricsServer, PodMetrics
from sim.platform.pods import Pod, PodPhase, Size

SIZE = "/size"  # ends the name of a seat whose mind sizes the pods of a service


@dataclass(frozen=True)
class Accounts:
    """What was run up until an instant."""

    paid: dict[str, float]  # by party, in currency
    egress_bytes: NDArray[np.int64]  # (routes,)


class ControlPlane(MesaModel):
    """The minds of a mesh. Make one, and advance the mesh: its agents wake on the mesh's clock."""

    def __init__(self, mesh: Mesh, minds: Mapping[str, Policy] | None = None) -> None:
        """Minds by seat, as `front` for who scales it and `front/size` for who sizes its pods, come before those of the scenario."""
        super().__init__(rng=family_key(mesh.seed, "agent", "mesa"))  # for Mesa's users; our agents draw by address or not at all
        self.mesh, self.clock = mesh, mesh.clock
        self.decisions: list[Decision] = []
        self.held: set[str] = set()  # services that agents command in vain: somebody outside keeps them as they are
        self._own_scrapes: dict[int, MetricsServer] = {}  # by interval
        policies = {**_policies(mesh.scenario), **_sizers(mesh.scenario), **(minds or {})}
        self.seats = {seat: ControlAgent(self, seat.removesuffix(SIZE), policies[seat], seat)
                      for seat in sorted(policies, key=lambda seat: (seat.endswith(SIZE), seat))}  # fmt: skip
        self._scrapes = {name: self._scraped(agent.policy.needs) for name, agent in self.seats.items()}
        self.alerts = {name: AlertAgent(self, mind) for name, mind in sorted(_alerts(mesh.scenario).items())}
        self.network = ControlNetwork(mesh.scenario.control_network, mesh.seed, mesh.clock)
        self.parties = {party.name: party for party in parties(self)}
        for agent in self.seats.values():
            agent.begin()
        for alert in self.alerts.values():
            alert.begin()
        for party in self.parties.values():
            party.begin()
        AgentFaults(mesh.scenario.faults, mesh.clock, self.network, self.parties).begin()
        self.warm: Accounts | None = None  # when the warm-up ended
        if mesh.scenario.negotiations:
            mesh.clock.at(max(mesh.now_ns, mesh.scenario.warmup), ControlPhase.FAULT, "accounts", self._warm_up)

    def _scraped(self, needs: Needs) -> MetricsServer:
        """The scrapes a mind looks at: everybody's, or those of an interval of its own."""
        mesh = self.mesh
        metrics = mesh.metrics
        if needs.scrape_ns is not None:
            if needs.scrape_ns not in self._own_scrapes:
                made = MetricsServer(mesh.scenario, mesh.clock, mesh.plane, mesh.cluster, needs.scrape_ns)
                made.begin()
                self._own_scrapes[needs.scrape_ns] = made
            metrics = self._own_scrapes[needs.scrape_ns]
        for series in needs.series:
            metrics.watch(series)
        return metrics

    @property
    def mechanisms(self) -> set[str]:
        """The kinds of all that is bargained by."""
        return {one.spill.mind if one.spill is not None else one.chosen.by.kind for one in self.mesh.scenario.negotiations.values()}

    @property
    def rounds(self) -> list[Round]:
        """Every round that was begun, of all that is bargained for."""
        return [one for party in self.parties.values() for one in party.rounds.all]

    @property
    def paid(self) -> dict[str, float]:
        """What each has paid so far, in currency; those who could have."""
        return {name: party.paid for name, party in self.parties.items() if isinstance(party, Leaseholder | BargainingZone)}

    @property
    def accounts(self) -> Accounts:
        """How accounts stand."""
        return Accounts(self.paid, self.mesh.plane.observe(live=True).routes["egress_bytes"].astype(np.int64))

    def _warm_up(self) -> None:
        """What came before the end of the warm-up is told apart from what comes after it."""
        self.warm = self.accounts

    @property
    def interval_ns(self) -> int:
        """The control interval: the shortest cadence of an agent or a negotiation, or of the metrics where there is neither."""
        cadences = [agent.policy.cadence_ns for agent in self.seats.values()]
        cadences += [one.every for one in self.mesh.scenario.negotiations.values()]
        return min(cadences, default=self.mesh.scenario.telemetry.scrape_interval)

    def step(self) -> None:
        """Advance one control interval: the door for Mesa's DataCollector, batch_run and SolaraViz."""
        until_ns = self.mesh.scenario.duration
        self.mesh.advance(min(self.mesh.now_ns + self.interval_ns, until_ns))
        self.running = self.mesh.now_ns < until_ns

    def view(self, agent: ControlAgent) -> View:
        """What an agent can see of its service now."""
        metrics, needs, service = self._scrapes[agent.name], agent.policy.needs, agent.service
        described = self.mesh.scenario.services[service].resources
        samples = {sample.number: sample for sample in metrics.samples(service)}
        said = {one.number: one for one in metrics.pod_metrics(service)} if needs.pods else {}
        return View(
            now_ns=self.clock.now_ns,
            service=service,
            replicas=self.mesh.cluster.replicas(service),
            request_millicores=self.mesh.cluster.size(service).requests.cpu,
            file_request_millicores=described.requests.cpu,
            file_limit_millicores=described.limits.cpu,
            pods=tuple(_pod_view(pod, samples.get(_number(pod)), said.get(_number(pod))) for pod in self.mesh.cluster.pods(service)),
            values_milli={series: value for series in needs.series if (value := metrics.value(series)) is not None},
        )

    def carry_out(self, command: Command) -> bool:
        """Hand a command to the platform; whether it changed anything. Raises ValueError for a route that cannot obey."""
        cluster, routing = self.mesh.cluster, self.mesh.routing
        if isinstance(command, RouteCommand):
            return self.held.isdisjoint(routing.ends(command)) and routing.change(command)
        if command.service in self.held:
            return False
        match command:
            case Scale():
                before = cluster.replicas(command.service)
                cluster.scale(command.service, command.replicas)
                return before != command.replicas
            case Resize():
                size = cluster.size(command.service)
                requests = size.requests.model_copy(update={"cpu": command.request})
                cluster.resize(command.service, wanted := Size(requests, command.limit))
                return size != wanted
        pod = next((pod for pod in cluster.pods(command.service) if pod.order == command.order), None)
        return pod is not None and cluster.evict(pod)


def _policies(scenario: Scenario) -> dict[str, Policy]:
    found = {service: scaling_policy(scenario.minds(service).scaling, service, scenario) for service in scenario.services}
    return {service: policy for service, policy in found.items() if policy is not None}


def _sizers(scenario: Scenario) -> dict[str, Policy]:
    found = {f"{service}{SIZE}": sizing_policy(scenario.minds(service).sizing) for service in scenario.services}
    return {seat: policy for seat, policy in found.items() if policy is not None}


def _alerts(scenario: Scenario) -> dict[str, BurnRateMind]:
    found = {}
    for name, described in scenario.alerts.items():
        objective = described.objective or scenario.workload[described.workload].slo.availability
        assert objective is not None, f"alert {name} has no objective"
        found[name] = BurnRateMind(name, described, objective)
    return found


def _number(pod: Pod) -> int:
    return -1 if pod.number is None else pod.number


def _pod_view(pod: Pod, sample: CpuSample | None, said: PodMetrics | None) -> PodView:
    request = pod.size.requests.cpu
    if pod.phase is PodPhase.PENDING:
        return PodView(f"{pod.service}-pending-{pod.order}", "Pending", pod.order, request)
    usage, sampled_ns, window_ns = (None, 0, 0) if sample is None else sample[1:]
    return PodView(
        f"{pod.service}-{pod.number}",
        "Running",  # a starting pod's containers run; they are not ready
        pod.order,
        request,
        pod.zone,
        pod.scheduled_ns,
        pod.looks_ready or pod.phase is PodPhase.DRAINING,
        pod.scheduled_ns if pod.ready_ns is None else pod.ready_ns,
        pod.phase is PodPhase.DRAINING,
        usage,
        sampled_ns,
        window_ns,
        NOTHING if said is None else {name: getattr(said, name) for name in POD_METRICS},
    )
