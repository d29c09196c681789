"""A database: one primary, which writes go to, and standbys that follow it. Names as PostgreSQL and Patroni spell them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from scenarios.schema.distributions import Distribution
from scenarios.schema.model import Part, Witness, field
from scenarios.schema.units import Duration, Share, format_duration
from scenarios.schema.words import Name

SessionAttrs = Literal["any", "primary", "standby", "prefer-standby"]  # libpq's target_session_attrs


class Replication(Part):
    """Streaming replication from a primary to its standbys, with Patroni to replace a primary that died."""

    writes: Annotated[tuple[Name, ...], Field(min_length=1)] = field(
        says="endpoints that write: they go to the primary only, and commit when their steps are done; the others read",
        seen=Witness("database", "services.store.replication.writes", (["put"], ["put", "count"]), moves="summary"))
    lag: Distribution = field(
        Distribution(constant=0), says="from a commit on the primary until a standby has it (replay_lag); drawn for each read",
        seen=Witness("database", "services.store.replication.lag", ("5ms", "80ms"), moves="summary"))
    synchronous_commit: Literal["local", "on", "remote_apply"] = field(
        "local", says="whom a commit waits for: nobody (local), the first standby to have it (on), or all of them (remote_apply)",
        seen=Witness("database", "services.store.replication.synchronous_commit", ("local", "remote_apply")))
    stale_quality: Share = field(
        1.0, says="quality of what a standby reads that has not got the reader's own last write",
        seen=Witness("database", "services.store.replication.stale_quality", ("100%", "20%"), moves="summary"))
    ttl: Duration = field(
        30_000_000_000, says="how long a primary's key holds after it was renewed; when it is over a standby takes over", gt=0,
        seen=Witness("database", "services.store.replication.ttl", ("300ms", "700ms")))
    loop_wait: Duration = field(
        10_000_000_000, says="how often the primary renews its key", gt=0,
        seen=Witness("database", "services.store.replication.loop_wait", ("70ms", "190ms")))
    promotion: Distribution = field(
        Distribution.model_validate("1s"), says="from the decision for a standby until it takes writes (pg_promote)",
        seen=Witness("database", "services.store.replication.promotion", ("10ms", "200ms")))

    @model_validator(mode="after")
    def _is_renewed_in_time(self) -> Replication:
        if self.ttl <= self.loop_wait:
            raise ValueError(f"ttl ({format_duration(self.ttl)}) is not longer than loop_wait ({format_duration(self.loop_wait)}): "
                             "a primary that is well would lose its key")  # fmt: skip
        return self
