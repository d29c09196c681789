"""What a caller has to have before its try may leave: a connection of its pool, or a place of its bulkhead."""

from __future__ import annotations

from scenarios.schema.distributions import Distribution
from scenarios.schema.model import Part, Witness, field
from scenarios.schema.units import Duration
from scenarios.schema.words import Whole

_POOL = "routes.front -> store.connection_pool"
_BULKHEAD = "routes.front -> mail.bulkhead"


class ConnectionPool(Part):
    """Connections of one caller to a service, each to one pod and for one try at a time, as those of HTTP/1.1 or a database."""

    max_connections: Whole = field(
        1024, says="connections at most, those being opened included", ge=1, le=10_000,
        seen=Witness("pools", f"{_POOL}.max_connections", (3, 1)))
    max_pending_requests: Whole = field(
        1024, says="tries that may wait for a connection, also for one that is being opened; one more is refused at once",
        ge=0, le=2**32 - 1,
        seen=Witness("pools", f"{_POOL}.max_pending_requests", (8, 1)))
    connection_timeout: Duration | None = field(
        None, says="how long a try may wait for a connection; as long as its caller if absent", gt=0,
        seen=Witness("pools", f"{_POOL}.connection_timeout", ("30ms", "2ms")))
    connect: Distribution = field(
        Distribution(constant=0), says="how long a connection takes to open",
        seen=Witness("pools", f"{_POOL}.connect", ("2ms", "4ms")))
    idle_timeout: Duration | None = field(
        None, says="a connection that nobody used for so long is closed; never if absent", gt=0,
        seen=Witness("pools", f"{_POOL}.idle_timeout", ("20ms", "1ms")))
    max_connection_duration: Duration | None = field(
        None, says="an older connection is closed after its try; never if absent", gt=0,
        seen=Witness("pools", f"{_POOL}.max_connection_duration", ("200ms", "10ms")))
    max_requests_per_connection: Whole | None = field(
        None, says="tries that a connection carries; no limit if absent", ge=1, le=2**32 - 1,
        seen=Witness("pools", f"{_POOL}.max_requests_per_connection", (20, 1)))


class Bulkhead(Part):
    """resilience4j's Bulkhead: so many calls at once, and others wait for a while, first in, first out."""

    maxConcurrentCalls: Whole = field(
        25, says="calls at once", ge=1, le=1_000_000,
        seen=Witness("pools", f"{_BULKHEAD}.maxConcurrentCalls", (2, 1)))
    maxWaitDuration: Duration = field(
        0, says="how long others may wait for a place; 0: not at all",
        seen=Witness("pools", f"{_BULKHEAD}.maxWaitDuration", ("10ms", "0s")))

    @property
    def pending(self) -> int:
        """How many may wait."""
        return 2**32 - 1 if self.maxWaitDuration else 0
