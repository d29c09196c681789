"""Consistent hashing: by what a call is hashed, and the rings and tables that hashes fall on. Names as Envoy spells them."""

from __future__ import annotations

from typing import ClassVar

from pydantic import model_validator

from scenarios.schema.keys import Keys
from scenarios.schema.model import OneOf, Part, Plain, Witness, field
from scenarios.schema.words import Name, Whole

RING_MAX = 8 * 1024 * 1024
TABLE_MAX = 5_000_011

_RING, _MAGLEV = (f"routes.users -> {callee}.lb_policy" for callee in ("ring", "maglev"))
_ITEMS = {"header": {"header_name": "x-item", "values": {"uniform": 40}}}


class RingHash(Part):
    """Envoy's ring: each pod has entries all around it, and a call goes to the next entry after its hash."""

    minimum_ring_size: Whole = field(
        1024, says="entries at least; more of them share the load more evenly", ge=1, le=RING_MAX,
        seen=Witness("hashing", f"{_RING}.ring_hash.minimum_ring_size", (1024, 8)))
    maximum_ring_size: Whole = field(
        RING_MAX, says="entries at most, even if some pod then has none", ge=1, le=RING_MAX,
        seen=Witness("hashing", f"{_RING}.ring_hash.maximum_ring_size", (RING_MAX, 8)))
    hash_balance_factor: Whole | None = field(
        None, says="in percent of a pod's fair share of the calls in flight: above it, calls go elsewhere; no bound if absent", ge=100,
        le=1_000_000, seen=Witness("hashing", f"{_RING}.ring_hash.hash_balance_factor", (100, 1000)))

    @model_validator(mode="after")
    def _possible(self) -> RingHash:
        if self.minimum_ring_size > self.maximum_ring_size:
            raise ValueError(f"minimum_ring_size {self.minimum_ring_size} is more than maximum_ring_size {self.maximum_ring_size}")
        return self


class Maglev(Part):
    """Google's table: one look, and shares more even than a ring's; more calls move when pods come and go."""

    table_size: Whole = field(
        65537, says="slots, a prime number", ge=2, le=TABLE_MAX,
        seen=Witness("hashing", f"{_MAGLEV}.maglev.table_size", (251, 11)))
    hash_balance_factor: Whole | None = field(
        None, says="in percent of a pod's fair share of the calls in flight: above it, calls go elsewhere; no bound if absent", ge=100,
        le=1_000_000, seen=Witness("hashing", f"{_MAGLEV}.maglev.hash_balance_factor", (120, 1000)))

    @model_validator(mode="after")
    def _is_prime(self) -> Maglev:
        if not _is_prime(self.table_size):
            below = next(n for n in range(self.table_size, 1, -1) if _is_prime(n))
            raise ValueError(f"table_size {self.table_size} is not a prime number, so a pod's permutation would miss slots; {below} is one")
        return self


def _is_prime(n: int) -> bool:
    return n > 1 and all(n % d for d in range(2, int(n**0.5) + 1))


class HeaderHash(Part):
    """One of many values, drawn for the whole request: whoever asks for the same header and values sees the same one."""

    header_name: Name = field(
        says="which header; cache and lock steps may take their key from it too",
        seen=Witness("hashing", "routes.defaults.hash_policy.header.header_name", ("x-item", "x-other")))
    values: Keys = field(
        says="which values it may have",
        seen=Witness("hashing", "routes.defaults.hash_policy.header.values", ({"uniform": 40}, {"uniform": 4})))


class HashPolicy(OneOf):
    """By what a call is hashed: calls with the same key go to the same pod, as long as pods stay the same."""

    named: ClassVar[bool] = True
    header: HeaderHash | None = field(
        None, says="by a header of the request, the same on all its calls",
        seen=Witness("hashing", "routes.defaults.hash_policy", (_ITEMS, "cookie")))
    cookie: Plain | None = field(
        None, says="by the user; in open arrivals each request is a user of its own",
        seen=Witness("hashing", "routes.users -> ring.hash_policy", ("cookie", _ITEMS)))
    source_ip: Plain | None = field(
        None, says="by the pod that calls; a client's calls as by cookie",
        seen=Witness("hashing", "routes.shop -> maglev.hash_policy", ("source_ip", "cookie")))
