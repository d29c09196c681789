"""Deployments: a replica set per release, and how a rolling update moves pods from one to the next (K4).

Rules and rounding are those of kubernetes/pkg/controller/deployment: rolling.go and util/deployment_util.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from scenarios.schema.distributions import Distribution
from scenarios.schema.pods import DisruptionBudget, Image, RollingUpdate, Rollout
from scenarios.schema.topology import Service
from sim.platform.pods import Pod, Size

NS_PER_S = 1_000_000_000


def scaled(value: int | str, total: int, *, up: bool) -> int:
    """A number of pods, or a whole percentage of `total`, rounded up or down without passing through a float."""
    if isinstance(value, int):
        return value
    share = int(value.removesuffix("%")) * total
    return -(-share // 100) if up else share // 100


def fenceposts(rolling: RollingUpdate, desired: int) -> tuple[int, int]:
    """K4 (maxSurge, maxUnavailable) in pods: surge rounded up, unavailable down; where both come to 0, one may be missing."""
    surge, unavailable = scaled(rolling.maxSurge, desired, up=True), scaled(rolling.maxUnavailable, desired, up=False)
    return surge, unavailable if surge or unavailable else 1


def must_stay(budget: DisruptionBudget, desired: int) -> int:
    """K7 Ready pods that evictions must leave; both percentages are rounded up, as PodDisruptionBudgets have it."""
    if budget.minAvailable is not None:
        return scaled(budget.minAvailable, desired, up=True)
    assert budget.maxUnavailable is not None
    return desired - scaled(budget.maxUnavailable, desired, up=True)


def may_evict(budget: DisruptionBudget, desired: int, healthy: int, *, is_healthy: bool) -> bool:
    """K7 Whether one pod may go: a ready one if enough others are, another if enough are (IfHealthyBudget, the default)."""
    return healthy - is_healthy >= must_stay(budget, desired)


@dataclass(frozen=True)
class Standing:
    """Pods of a replica set: asked for, and available."""

    replicas: int
    available: int


def rolled(desired: int, surge: int, unavailable: int, sets: Sequence[Standing]) -> list[int]:
    """K4 What one sync of a rolling update asks of each set; the last is the new one.

    First the new one grows as far as the surge allows. Once it does not, old pods go: first those that are not available,
    then others while enough are available, and never more than leaves room for new ones that are not yet.
    """
    replicas, new = [one.replicas for one in sets], sets[-1]
    if new.replicas > desired:
        return [*replicas[:-1], desired]
    if (grown := min(desired - new.replicas, desired + surge - sum(replicas))) > 0:
        return [*replicas[:-1], new.replicas + grown]
    least = desired - unavailable
    may_go = sum(replicas) - least - (new.replicas - new.available)
    if may_go <= 0:
        return replicas
    for i, one in enumerate(sets[:-1]):
        unhealthy = min(may_go, one.replicas - one.available)
        replicas[i] -= unhealthy
        may_go -= unhealthy
    excess = max(0, sum(one.available for one in sets) - least)
    for i in range(len(sets) - 1):
        going = min(replicas[i], excess)
        replicas[i] -= going
        excess -= going
    return replicas


@dataclass(frozen=True)
class Release:
    """What pods of one revision are."""

    layers: dict[str, int]  # of its image: bytes by name
    startup: Distribution
    slow: float = 1.0
    errors: float = 0.0


@dataclass
class ReplicaSet:
    """So many pods of one revision."""

    revision: int
    replicas: int


@dataclass
class Deployment:
    """A service as the cluster keeps it."""

    name: str
    spec: Service
    key: int  # of its pods' addresses
    desired: int
    releases: list[Release]  # by revision
    sets: list[ReplicaSet]  # the oldest first; the last is of the newest release
    size: Size  # of pods that are created now
    starts: int = 0
    pods: dict[int, Pod] = field(default_factory=dict)  # all that are not gone, by order of creation
    past_ns: int = 0  # from scheduled to gone, summed over the pods that are gone

    @property
    def is_rolling(self) -> bool:
        """Whether pods of an older release are still asked for, or a newer one waits for them to go."""
        return len(self.sets) > 1

    def wanted(self, revision: int) -> list[Pod]:
        """Pods of a revision that count, in order of creation."""
        return [pod for pod in self.pods.values() if pod.is_wanted and pod.revision == revision]

    def healthy(self) -> int:
        """Pods that look ready and are to stay."""
        return sum(pod.looks_ready and pod.is_wanted for pod in self.pods.values())

    def release(self, rollout: Rollout) -> None:
        """A new revision, of which there are no pods yet."""
        last, revision = self.releases[-1], len(self.releases)
        layers = last.layers if rollout.image is None else layers_of(rollout.image, f"{self.name}@{revision}")
        startup = last.startup if rollout.startup is None else rollout.startup
        self.releases.append(Release(layers, startup, rollout.slow, rollout.errors))
        self.sets.append(ReplicaSet(revision, 0))

    def sync(self, now_ns: int) -> bool:
        """Ask the sets for what they are to have next; whether that changed anything."""
        self.sets = [one for one in self.sets[:-1] if one.replicas > 0 or self._waits_for(one)] + self.sets[-1:]
        asked = self._asked(now_ns)
        is_changed = asked != [one.replicas for one in self.sets]
        for one, replicas in zip(self.sets, asked, strict=True):
            one.replicas = replicas
        return is_changed

    def _asked(self, now_ns: int) -> list[int]:
        if not self.is_rolling:
            return [self.desired]
        if self.spec.strategy.type == "Recreate":
            newest = self.sets[-1].revision
            is_over = all(pod.revision == newest for pod in self.pods.values())
            return [0] * (len(self.sets) - 1) + [self.desired if is_over else 0]
        least_ns = self.spec.minReadySeconds * NS_PER_S
        standings = [
            Standing(one.replicas, sum(pod.is_available(now_ns, least_ns) for pod in self.wanted(one.revision))) for one in self.sets
        ]
        return rolled(self.desired, *fenceposts(self.spec.strategy.rollingUpdate, self.desired), standings)

    def _waits_for(self, one: ReplicaSet) -> bool:
        """Whether nothing new may start before the last pod of an old set is gone."""
        return self.spec.strategy.type == "Recreate" and any(pod.revision == one.revision for pod in self.pods.values())


def deployment(name: str, spec: Service, key: int) -> Deployment:
    """As the file describes it."""
    layers = layers_of(spec.image, name) if spec.image is not None else {}
    size = Size(spec.resources.requests, spec.resources.limits.cpu)
    return Deployment(name, spec, key, spec.replicas, [Release(layers, spec.startup)], [ReplicaSet(0, spec.replicas)], size)


def layers_of(image: Image, own: str) -> dict[str, int]:
    """Bytes by layer; an image without named layers is one of its own."""
    return dict(image.layers) if image.layers is not None else {own: image.size or 0}
