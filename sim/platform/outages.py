"""When domains fail, and for how long: pure functions of scenario and seed, by address (F7 to F9)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from scenarios.schema.cluster import Cluster as ClusterSpec
from scenarios.schema.distributions import Distribution
from scenarios.schema.failures import NESTED, Effect, Failures
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import HOUR_NS
from sim.draws import OUTAGE, REPAIR, Seed, family_key, indexed_key
from sim.laws.service import exponential_ns
from sim.platform.pods import Pod
from sim.platform.scheduling import Node
from sim.sampling import sample_ns

YEAR_NS = 365 * 24 * HOUR_NS


@dataclass(frozen=True)
class Risk:
    """How domains of one kind fail."""

    name: str
    domain: str
    mean_up_ns: float
    duration: Distribution
    effect: Effect
    services: tuple[str, ...] = ()
    common_cause: float = 0.0
    acceleration: float = 1.0

    def means_ns(self, *, is_common: bool) -> float:
        """F8 Mean time to the next failure of a domain's own, or of one that its parent's domains have in common; 0: never."""
        share = self.common_cause if is_common else 1.0 - self.common_cause
        return self.mean_up_ns / share / self.acceleration if share > 0.0 else 0.0


@dataclass(frozen=True)
class Domain:
    """What fails as one: some nodes, or some pods wherever they are."""

    name: str
    nodes: tuple[Node, ...] = ()
    services: tuple[str, ...] = ()  # of the pods that are struck; all if empty
    revision: int | None = None  # only these pods

    def covers(self, pod: Pod) -> bool:
        """Whether a pod is struck."""
        is_there = not self.nodes or pod.machine in self.nodes
        is_of = not self.services or pod.service in self.services
        return is_there and is_of and self.revision in (None, pod.revision)


@dataclass(frozen=True)
class Outage:
    """A domain fails."""

    begins_ns: int
    ends_ns: int
    risk: Risk = field(compare=False)
    domain: Domain = field(compare=False)


def outages(risk: Risk, key: int, *, is_common: bool = False) -> Iterator[tuple[int, int]]:
    """F7 (begin, end) of a domain's failures, one after the other: times up are exponential; the k-th draws by its own key."""
    mean_ns, now_ns = risk.means_ns(is_common=is_common), 0
    for k in itertools.count() if mean_ns > 0 else ():
        begins_ns = now_ns + max(1, exponential_ns(mean_ns, indexed_key(key, k), OUTAGE))
        now_ns = begins_ns + round(sample_ns(risk.duration, indexed_key(key, k), REPAIR) / risk.acceleration)
        yield begins_ns, now_ns


def risks(failures: Failures) -> list[Risk]:
    """Those of the preset, then those of the file."""
    own = [
        Risk(name, one.domain, float(one.mtbf), one.duration, one.effect, one.services, one.common_cause)
        for name, one in failures.processes.items()
    ]
    return [*(_google_first_year(failures.acceleration) if failures.preset else ()), *own]


# F9 J. Dean's list for a new cluster, as failures a year of one domain in a cluster of 1,800 machines in 30 racks and 2 zones
# of power. Counts are his, and how long racks, power and routers are away; how long machines, wonky racks and heat last is ours.
GOOGLE_FIRST_YEAR: tuple[tuple[str, str, float, object, object], ...] = (
    ("google-machines", "node", 1000 / 1800, {"exponential": "1h"}, "down"),
    ("google-racks", "rack", 20 / 30, {"uniform": {"low": "1h", "high": "6h"}}, "down"),
    ("google-wonky-racks", "rack", 5 / 30, {"uniform": {"low": "1h", "high": "6h"}}, {"errors": "50%"}),
    ("google-power", "zone", 1 / 2, "6h", "down"),
    ("google-routers", "zone", 3 / 2, "1h", {"errors": "100%"}),
    ("google-overheating", "region", 1 / 2, {"uniform": {"low": "24h", "high": "48h"}}, "down"),
)


def _google_first_year(acceleration: float) -> Iterator[Risk]:
    for name, domain, per_year, lasts, does in GOOGLE_FIRST_YEAR:
        duration, effect = Distribution.model_validate(lasts), Effect.model_validate(does)
        yield Risk(name, domain, YEAR_NS / per_year - duration.mean_ns, duration, effect, acceleration=acceleration)


def timeline(scenario: Scenario, seed: Seed, nodes: Sequence[Node], until_ns: int) -> list[Outage]:
    """Every failure before a time, but for those of single pods, which begin when these do."""
    found = [
        Outage(begins_ns, ends_ns, risk, domain)
        for risk in risks(scenario.failures)
        for domain, is_common in struck(risk, scenario, nodes)
        for begins_ns, ends_ns in itertools.takewhile(
            lambda times: times[0] < until_ns, outages(risk, address(seed, risk, domain), is_common=is_common))
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.begins_ns, one.risk.name, one.domain.name))


def address(seed: Seed, risk: Risk, domain: Domain) -> int:
    """F7 Key of a domain's failures: the seed, the process's name and the domain's own."""
    return family_key(seed, "failure", f"{risk.name}/{domain.name}")


def struck(risk: Risk, scenario: Scenario, nodes: Sequence[Node]) -> Iterator[tuple[Domain, bool]]:
    """The domains of a risk, and those whose domains fail together; whether it is one of the latter."""
    if risk.domain in NESTED:
        if risk.domain != "pod":
            yield from ((one, False) for one in _places(risk.domain, risk, scenario.cluster, nodes))
        if risk.common_cause > 0:
            above = [*NESTED, "cluster"][NESTED.index(risk.domain) + 1]
            yield from ((one, True) for one in _places(above, risk, scenario.cluster, nodes))
    elif risk.domain == "release":
        for service in risk.services or scenario.services:
            revisions = 1 + sum(rollout.service == service for rollout in scenario.rollouts.values())
            yield from ((Domain(f"release:{service}@{n}", (), (service,), n), False) for n in range(revisions))
    else:
        yield Domain(f"{risk.domain}:{risk.name}", (), risk.services), False


def _places(kind: str, risk: Risk, spec: ClusterSpec, nodes: Sequence[Node]) -> Iterator[Domain]:
    """Nodes, racks, zones, regions, or the cluster, with the nodes in each; a node without a rack is one of its own."""
    region = {zone: name for name, zones in spec.regions.items() for zone in zones}
    groups: dict[str, list[Node]] = {}
    for node in nodes:
        place = {"node": node.name, "rack": node.rack or node.name, "zone": node.zone,
                 "region": region.get(node.zone, f"zone {node.zone}"), "cluster": ""}[kind]  # fmt: skip
        groups.setdefault(place, []).append(node)
    for place, members in groups.items():
        yield Domain(f"{kind}:{place}", tuple(members), risk.services)
