"""How callers learn of pods."""

from __future__ import annotations

from pydantic import model_validator

from scenarios.schema.distributions import Distribution
from scenarios.schema.model import Part, Witness, field
from scenarios.schema.units import Duration, format_duration


class Discovery(Part):
    """The registry of endpoints, and how its changes reach the callers. Without it they know of each at once."""

    propagation_delay: Distribution = field(
        Distribution(constant=0), says="from a change of the registry to all callers; drawn for each change",
        seen=Witness("cluster", "discovery.propagation_delay", ("100ms", "1s")))
    ttl: Duration | None = field(
        None, says="an entry is dropped this long after its last heartbeat; if absent, deaths are told by the platform", gt=0,
        seen=Witness("cluster", "discovery.ttl", ("2s", "4s")))
    heartbeat_interval: Duration = field(
        30_000_000_000, says="how often a pod renews its entry, where there is a ttl", gt=0,
        seen=Witness("cluster", "discovery.heartbeat_interval", ("500ms", "900ms")))

    @model_validator(mode="after")
    def _outlives_a_heartbeat(self) -> Discovery:
        if self.ttl is not None and self.ttl <= self.heartbeat_interval:
            raise ValueError(f"ttl ({format_duration(self.ttl)}) is not longer than heartbeat_interval "
                             f"({format_duration(self.heartbeat_interval)}): the living would be dropped")  # fmt: skip
        return self
