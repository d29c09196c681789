"""Kubernetes' own walkthrough (FACTS 7): php-apache, request 200m, target 50 %, 1 to 10 replicas; 305 % CPU asks for 7.

The loop around the autoscaler is arithmetic: the load is shared evenly by the pods that are ready, a pod is ready 5 s
after it starts, metrics are scraped every 15 s and seen one sync later.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from agents.autoscaling.hpa import (
    Behavior,
    CpuUtilization,
    HpaSpec,
    HpaState,
    Observation,
    PodSample,
    decide,
    scaled,
)
from agents.autoscaling.manifest import SECOND_NS as S

REQUEST_MILLICORES = 200
LOAD_MILLICORES = 610  # 305 % of one pod's request
START_UP_NS = 5 * S
SYNC_NS = 15 * S
LOAD_STARTS_NS = 600 * S
LOAD_STOPS_NS = 1800 * S
PHP_APACHE = HpaSpec(min_replicas=1, max_replicas=10, metrics=(CpuUtilization(50),))
PHP_APACHE_WITH_BEHAVIOR = HpaSpec(min_replicas=1, max_replicas=10, metrics=(CpuUtilization(50),), behavior=Behavior())


@dataclass
class Deployment:
    """php-apache: pods by their start, the newest last, and the newest scrape of each by position."""

    starts_ns: list[int] = field(default_factory=lambda: [-3600 * S])
    scraped_ns: int = 0
    usage_millicores: dict[int, int] = field(default_factory=dict)

    def ready(self, now_ns: int) -> list[int]:
        """The positions of the pods that are ready."""
        return [index for index, start_ns in enumerate(self.starts_ns) if now_ns >= start_ns + START_UP_NS]

    def scrape(self, now_ns: int, load_millicores: int) -> None:
        """Measure every pod: the load is shared evenly by those that are ready."""
        ready = self.ready(now_ns)
        self.scraped_ns = now_ns
        self.usage_millicores = {
            index: load_millicores // len(ready) if index in ready else 0 for index in range(len(self.starts_ns))
        }

    def observe(self, now_ns: int) -> Observation:
        """What the autoscaler is shown: pods as they are, metrics as they were scraped."""
        pods = tuple(self._sample(index, start_ns, now_ns) for index, start_ns in enumerate(self.starts_ns))
        return Observation(len(self.starts_ns), pods)

    def scale(self, replicas: int, now_ns: int) -> None:
        """Start pods, or stop the newest ones."""
        new = replicas - len(self.starts_ns)
        self.starts_ns = [*self.starts_ns[:replicas], *[now_ns] * new]

    def _sample(self, index: int, start_ns: int, now_ns: int) -> PodSample:
        ready = now_ns >= start_ns + START_UP_NS
        return PodSample(
            name=f"php-apache-{index}",
            request_millicores=REQUEST_MILLICORES,
            usage_millicores=self.usage_millicores.get(index),
            sample_ns=self.scraped_ns,
            window_ns=SYNC_NS,
            start_ns=start_ns,
            ready=ready,
            ready_transition_ns=start_ns + START_UP_NS if ready else start_ns,
        )


def load_millicores(now_ns: int) -> int:
    """The offered load: nothing, then 610m, then nothing again."""
    return LOAD_MILLICORES if LOAD_STARTS_NS <= now_ns < LOAD_STOPS_NS else 0


def walkthrough(spec: HpaSpec, until_ns: int) -> dict[int, int]:
    """Run the loop, and return every change of spec.replicas by its time."""
    deployment, state, changes = Deployment(), HpaState(), {}
    for now_ns in range(0, until_ns, SYNC_NS):
        observation = deployment.observe(now_ns)
        decision, state = decide(spec, state, observation, now_ns)
        deployment.scrape(now_ns, load_millicores(now_ns))
        if decision.desired != observation.replicas:
            changes[now_ns] = decision.desired
            deployment.scale(decision.desired, now_ns)
            state = scaled(state, spec, observation.replicas, decision.desired, now_ns)
    return changes


def one_pod(usage_millicores: int) -> Observation:
    """A single php-apache pod that has long been ready."""
    deployment = Deployment(scraped_ns=-S, usage_millicores={0: usage_millicores})
    return deployment.observe(0)


def test_305_percent_of_one_replica_asks_for_seven() -> None:
    """The published run: ceil(305/50 * 1) = 7."""
    decision, _ = decide(PHP_APACHE, HpaState(), one_pod(LOAD_MILLICORES), 0)
    assert (decision.metrics[0].reading, decision.recommended) == (305, 7)


def test_the_first_step_is_four_without_behavior_and_five_with_it() -> None:
    """At most max(2*1, 4) = 4 a sync without behavior; with its defaults at most max(1+4, 1*2) = 5."""
    first = [decide(spec, HpaState(), one_pod(610), 0)[0] for spec in (PHP_APACHE, PHP_APACHE_WITH_BEHAVIOR)]
    assert [decision.desired for decision in first] == [4, 5]
    assert first[0].reason == "cpu 305% of 50% target -> 7, limited to 4 by max(2*current, 4)"
    assert first[1].reason == "cpu 305% of 50% target -> 7, limited to 5 by scaleUp policy Pods 4/15s"


def test_the_walkthrough_without_behavior() -> None:
    """1 -> 4 -> 7 in two syncs, 7 while the load stays; 1 once the last 7, advised at the stop, is over 300 s old."""
    changes = walkthrough(PHP_APACHE, until_ns=3600 * S)
    assert changes == {615 * S: 4, 630 * S: 7, LOAD_STOPS_NS + 315 * S: 1}


def test_the_walkthrough_with_behavior() -> None:
    """1 -> 5 -> 7, and one sync earlier down: a recommendation exactly 300 s old holds no longer."""
    changes = walkthrough(PHP_APACHE_WITH_BEHAVIOR, until_ns=3600 * S)
    assert changes == {615 * S: 5, 630 * S: 7, LOAD_STOPS_NS + 300 * S: 1}


@pytest.mark.parametrize("spec", [PHP_APACHE, PHP_APACHE_WITH_BEHAVIOR], ids=["plain", "behavior"])
def test_replicas_outlive_the_load_by_five_minutes(spec: HpaSpec) -> None:
    """Up to 7, no change while the load stays, no change for 5 minutes after it, then down to 1 within a minute."""
    changes = walkthrough(spec, until_ns=3600 * S)
    assert max(changes.values()) == 7
    assert not [now_ns for now_ns in changes if 660 * S <= now_ns < LOAD_STOPS_NS + 300 * S]
    assert changes[max(changes)] == 1
    assert max(changes) <= LOAD_STOPS_NS + 360 * S
