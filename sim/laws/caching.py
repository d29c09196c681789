"""How long what a cache keeps may be used."""

from __future__ import annotations

from sim.registry import law


@law
def is_fresh(filled_ns: int, ttl_ns: int, now_ns: int) -> bool:
    """S3 Whether a value may be used: until its time to live is over, at that very instant not; 0 is for ever."""
    return ttl_ns == 0 or now_ns < filled_ns + ttl_ns


@law
def stands_in(filled_ns: int, ttl_ns: int, stale_ns: int, now_ns: int) -> bool:
    """S8 RFC 5861's stale-if-error: whether a value that is still kept stands in for one that could not be had."""
    return stale_ns > 0 and now_ns < filled_ns + ttl_ns + stale_ns
