"""Failures by chance, as they happen: on the control clock, to whoever is there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from scenarios.schema.scenario import Scenario
from sim.clock import ControlClock, ControlPhase
from sim.draws import Seed, family_key, indexed_key
from sim.platform.cluster import Cluster
from sim.platform.conditions import Ailment
from sim.platform.node_lifecycle import NodeLifecycle
from sim.platform.outages import Domain, Risk, address, outages, risks, struck
from sim.platform.pods import Pod

Times = Iterator[tuple[int, int]]


class Failures:
    """Domains that fail and are repaired."""

    def __init__(self, scenario: Scenario, seed: Seed, clock: ControlClock, cluster: Cluster, nodes: NodeLifecycle) -> None:
        self._scenario, self._seed, self._clock, self._cluster, self._nodes = scenario, seed, clock, cluster, nodes
        self._risks = risks(scenario.failures)
        self._active: list[tuple[Risk, Domain]] = []
        self._ill: dict[Pod, list[Risk]] = {}

    def begin(self) -> None:
        """Let every domain's first failure come; those of a pod begin to count when it is ready."""
        if not self._risks:
            return
        self._cluster.conditions.causes.append(self._upon)
        for risk in self._risks:
            for domain, is_common in struck(risk, self._scenario, self._cluster.nodes):
                times = outages(risk, address(self._seed, risk, domain), is_common=is_common)
                self._await(risk, domain, times)
        if any(risk.domain == "pod" for risk in self._risks):
            self._cluster.on_ready.append(self._watch)
            for service in self._scenario.services:
                for pod in self._cluster.pods(service):
                    if pod.is_serving:
                        self._watch(pod)

    def _await(self, risk: Risk, domain: Domain, times: Times) -> None:
        begins_ns, ends_ns = next(times, (self._scenario.duration, 0))
        if begins_ns < self._scenario.duration:
            fail = partial(self._fail, risk, domain, times, ends_ns)
            self._clock.at(begins_ns, ControlPhase.FAULT, _name(risk, domain), fail)

    def _fail(self, risk: Risk, domain: Domain, times: Times, ends_ns: int) -> None:
        if risk.effect.down is None:
            self._active.append((risk, domain))
            self._refresh(domain)
        elif risk.domain == "pod":
            for pod in [pod for pod in self._all_pods() if domain.covers(pod) and pod.is_serving]:
                assert pod.number is not None
                self._cluster.crash(pod.service, pod.number)
        else:
            for node in domain.nodes:
                self._nodes.lose(node, _name(risk, domain))
        self._clock.at(ends_ns, ControlPhase.FAULT, _name(risk, domain), partial(self._repair, risk, domain, times))

    def _repair(self, risk: Risk, domain: Domain, times: Times) -> None:
        if risk.effect.down is None:
            self._active.remove((risk, domain))
            self._refresh(domain)
        elif risk.domain != "pod":
            for node in domain.nodes:
                self._nodes.restore(node, _name(risk, domain))
        self._await(risk, domain, times)

    def _all_pods(self) -> Iterator[Pod]:
        return (pod for service in self._scenario.services for pod in self._cluster.pods(service))

    def _refresh(self, domain: Domain) -> None:
        self._cluster.conditions.refresh([pod for pod in self._all_pods() if domain.covers(pod)])

    def _upon(self, pod: Pod) -> Iterator[Ailment]:
        """What ails a pod: failures of domains it is in, in the order in which they began, then its own."""
        for risk, domain in self._active:
            if domain.covers(pod):
                yield _ailment(risk)
        yield from map(_ailment, self._ill.get(pod, ()))

    # -- pods that fail by themselves -----------------------------------------------------------------------------

    def _watch(self, pod: Pod) -> None:
        """F7 The failures of pod n of a service are those of address n, from its readiness on."""
        assert pod.number is not None
        for risk in self._risks:
            if risk.domain == "pod" and (not risk.services or pod.service in risk.services):
                key = indexed_key(family_key(self._seed, "failure", f"{risk.name}/pod:{pod.service}"), pod.number)
                self._await_of(pod, risk, outages(risk, key), self._clock.now_ns)

    def _await_of(self, pod: Pod, risk: Risk, times: Times, since_ns: int) -> None:
        begins_ns, ends_ns = next(times, (self._scenario.duration, 0))
        if since_ns + begins_ns < self._scenario.duration:
            fail = partial(self._fail_of, pod, risk, times, since_ns, ends_ns)
            self._clock.at(since_ns + begins_ns, ControlPhase.FAULT, f"{pod.number:09}/{pod.service}", fail)

    def _fail_of(self, pod: Pod, risk: Risk, times: Times, since_ns: int, ends_ns: int) -> None:
        if not pod.is_serving:
            return
        assert pod.number is not None
        if risk.effect.down is not None:
            self._cluster.crash(pod.service, pod.number)
            return
        self._ill.setdefault(pod, []).append(risk)
        self._cluster.conditions.refresh([pod])
        repair = partial(self._repair_of, pod, risk, times, since_ns)
        self._clock.at(since_ns + ends_ns, ControlPhase.FAULT, f"{pod.number:09}/{pod.service}", repair)

    def _repair_of(self, pod: Pod, risk: Risk, times: Times, since_ns: int) -> None:
        self._ill[pod].remove(risk)
        self._cluster.conditions.refresh([pod])
        self._await_of(pod, risk, times, since_ns)


def _ailment(risk: Risk) -> Ailment:
    return Ailment(risk.effect.slow or 1.0, risk.effect.errors or 0.0)


def _name(risk: Risk, domain: Domain) -> str:
    return f"{risk.name}/{domain.name}"
