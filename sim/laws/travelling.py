"""How a message crosses a link that is not well."""

from __future__ import annotations

from sim.draws import unit
from sim.registry import law

RETRANSMISSION_NS = 200_000_000  # Linux's least retransmission timeout
LOSSES_MAX = 15  # of one message in a row; Linux gives a connection up after as many


@law
def crossing_ns(now_ns: int, latency_ns: int, added_ns: int, opens_ns: int) -> int:
    """N2 Time a message takes that is sent now over a link: it waits until the link opens, then what is added comes on top."""
    return max(0, opens_ns - now_ns) + latency_ns + added_ns


@law
def retransmission_ns(key: int, stream: int, loss: float) -> int:
    """N3 Time until a message is not lost any more, each time with its chance: the timeout doubles (RFC 6298, 5.5)."""
    waited = 0
    timeout = RETRANSMISSION_NS
    for k in range(LOSSES_MAX):
        if unit(key, stream, k) >= loss:
            break
        waited += timeout
        timeout += timeout
    return waited
