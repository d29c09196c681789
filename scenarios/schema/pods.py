"""What one pod is made of and how it is treated, in Kubernetes' words: resources, image, probes, rollouts, budgets."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from scenarios.schema.distributions import Distribution
from scenarios.schema.model import OneOf, Part, Witness, field
from scenarios.schema.units import Bytes, Duration, MilliCores, Number, Share
from scenarios.schema.words import Name, Whole, word

WholePercent = Annotated[str, *word(r"(?:100|[1-9]?\d)%", "a whole number of percent up to 100%, or of pods")]
IntOrPercent = Annotated[
    Annotated[Whole, Field(ge=0), Tag("number")] | Annotated[WholePercent, Tag("percent")],
    Discriminator(lambda value: "percent" if isinstance(value, str) else "number"),
]


class Requests(Part):
    """What the scheduler reserves for a pod; cpu is also the denominator of the HPA's utilisation."""

    cpu: MilliCores | None = field(
        None, says="cores reserved",
        seen=Witness("mesh", "services.front.resources.requests.cpu", ("500m", 3)))
    memory: Bytes | None = field(
        None, says="memory reserved", gt=0,
        seen=Witness("mesh", "services.front.resources.requests.memory", ("256Mi", "8Gi")))
    gpu: Whole = field(
        0, says="GPUs reserved", ge=0, le=1024,
        seen=Witness("cluster", "services.brain.resources.requests.gpu", (1, 2)))


class Limits(Part):
    """What a pod may use at most."""

    cpu: MilliCores | None = field(
        None, says="cores: at most ceil(n) work at once, the last fraction slower",
        seen=Witness("mesh", "services.stock.resources.limits.cpu", (2, "500m")))


class Resources(Part):
    """Kubernetes' requests and limits of one pod."""

    requests: Requests = field(
        Requests(), says="what is reserved",
        seen=Witness("mesh", "services.front.resources.requests", ({"cpu": "500m"}, {"cpu": 3})))
    limits: Limits = field(
        Limits(), says="what is allowed",
        seen=Witness("mesh", "services.stock.resources.limits", ({"cpu": 2}, {"cpu": "500m"})))

    cpu_model: Literal["fcfs", "ps", "cfs"] = field(
        "fcfs", says="works wait for a core each (fcfs), share cores evenly (ps), or run until the limit's quota is used up (cfs)",
        seen=Witness("pods", "services.shop.resources.cpu_model", ("fcfs", "ps")))

    @model_validator(mode="after")
    def _quota_has_a_limit(self) -> Resources:
        if self.cpu_model == "cfs" and not self.limits.cpu:
            raise ValueError("cpu_model cfs shares out the quota of limits.cpu, and there is none")
        return self

    @model_validator(mode="after")
    def _limit_covers_request(self) -> Resources:
        asked, allowed = self.requests.cpu, self.limits.cpu
        if asked is not None and allowed is not None and allowed < asked:
            raise ValueError(f"limits.cpu ({allowed}m) is less than requests.cpu ({asked}m)")
        return self


class Image(OneOf):
    """What a container is made from. A bare size means one layer that no other image has."""

    short: ClassVar[str] = "size"
    size: Bytes | None = field(
        None, says="all of it, in a layer of its own", gt=0,
        seen=Witness("cluster", "rollouts.v2.image.size", ("1MB", "30MB")))
    layers: Annotated[dict[Name, Bytes], Field(min_length=1)] | None = field(
        None, says="sizes by name; a layer of that name is the same one in every image, and pulled once by a node",
        seen=Witness("cluster", "services.brain.image.layers", ({"os": "10MB"}, {"os": "90MB"})))


class Probe(Part):
    """A question the kubelet asks a container, again and again."""

    initialDelaySeconds: Whole = field(
        0, says="no probe before the container has run this long", ge=0, le=86_400,
        seen=Witness("cluster", "services.cart.readinessProbe.initialDelaySeconds", (0, 3)))
    periodSeconds: Whole = field(
        10, says="from one probe to the next", ge=1, le=86_400,
        seen=Witness("cluster", "services.cart.readinessProbe.periodSeconds", (1, 4)))
    timeoutSeconds: Whole = field(
        1, says="an answer that takes longer is a failure", ge=1, le=86_400,
        seen=Witness("cluster", "services.cart.readinessProbe.timeoutSeconds", (1, 2)))
    successThreshold: Whole = field(
        1, says="successes in a row that make a success", ge=1, le=1000,
        seen=Witness("cluster", "services.cart.readinessProbe.successThreshold", (1, 3)))
    failureThreshold: Whole = field(
        3, says="failures in a row that make a failure", ge=1, le=1000,
        seen=Witness("cluster", "services.cart.readinessProbe.failureThreshold", (1, 3)))
    response: Duration = field(
        10_000_000, says="how long a sound pod takes to answer it; a slow pod takes as many times longer as its work does",
        seen=Witness("cluster", "services.cart.readinessProbe.response", ("200ms", "10ms")))
    deep: bool = field(
        False, says="whether it fails as often as calls to the pod do; else a pod whose calls fail may still pass",
        seen=Witness("cluster", "services.cart.readinessProbe.deep", (False, True)))


class RollingUpdate(Part):
    """How far a rolling update may leave the wanted number of pods, either way."""

    maxSurge: IntOrPercent = field(
        "25%", says="pods above it; a percentage is rounded up",
        seen=Witness("cluster", "services.cart.strategy.rollingUpdate.maxSurge", ("25%", 3)))
    maxUnavailable: IntOrPercent = field(
        "25%", says="pods below it that are not available; a percentage is rounded down",
        seen=Witness("cluster", "services.cart.strategy.rollingUpdate.maxUnavailable", (0, "50%")))

    @model_validator(mode="after")
    def _can_move(self) -> RollingUpdate:
        if self.maxSurge in (0, "0%") and self.maxUnavailable in (0, "0%"):
            raise ValueError("maxSurge and maxUnavailable are both 0: no pod could ever be replaced")
        return self


class Strategy(Part):
    """A Deployment's strategy."""

    type: Literal["RollingUpdate", "Recreate"] = field(
        "RollingUpdate", says="a few pods at a time, or first none of the old ones and then all of the new",
        seen=Witness("cluster", "services.cart.strategy.type", ("RollingUpdate", "Recreate")))
    rollingUpdate: RollingUpdate = field(
        RollingUpdate(), says="how many at a time",
        seen=Witness("cluster", "services.cart.strategy.rollingUpdate", ({"maxSurge": 1}, {"maxSurge": 3})))


class DisruptionBudget(OneOf):
    """Which voluntary evictions are allowed; percentages are of the wanted pods, and rounded up."""

    minAvailable: IntOrPercent | None = field(
        None, says="ready pods that must stay",
        seen=Witness("cluster", "services.cart.podDisruptionBudget.minAvailable", (1, "100%")))
    maxUnavailable: IntOrPercent | None = field(
        None, says="pods that may be missing",
        seen=Witness("cluster", "services.cart.podDisruptionBudget", ({"maxUnavailable": 2}, {"maxUnavailable": 0})))


class Rollout(Part):
    """A new release of a service, good or bad. To roll back is to roll out a good one."""

    at: Duration = field(
        says="when it begins",
        seen=Witness("cluster", "rollouts.v2.at", ("3s", "5s")))
    service: Name = field(
        says="the service",
        seen=Witness("cluster", "rollouts.v2.service", ("cart", "brain")))
    image: Image | None = field(
        None, says="its image; the same layers as before if absent",
        seen=Witness("cluster", "rollouts.v2.image", ("1MB", "30MB")))
    startup: Distribution | None = field(
        None, says="its start-up; as before if absent",
        seen=Witness("cluster", "rollouts.v2.startup", ("300ms", "2s")))
    slow: Number = field(
        1.0, says="how many times longer its pods work", gt=0, le=1e6,
        seen=Witness("cluster", "rollouts.v2.slow", (1, 5)))
    errors: Share = field(
        0.0, says="share of calls to its pods that fail at once",
        seen=Witness("cluster", "rollouts.v2.errors", ("0%", "50%")))
