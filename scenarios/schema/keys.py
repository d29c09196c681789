"""Keys that steps ask for: which of many, and how unevenly."""

from __future__ import annotations

from scenarios.schema.model import OneOf, Part, Witness, field
from scenarios.schema.units import Number
from scenarios.schema.words import Whole

KEYS_MAX = (1 << 31) - 1


class Zipf(Part):
    """The k-th most wanted key is asked for in proportion to k^-exponent."""

    count: Whole = field(
        says="how many keys there are", ge=1, le=KEYS_MAX,
        seen=Witness("steps", "services.shop.endpoints.page.0.cache.keys.zipf.count", (40, 400)))
    exponent: Number = field(
        says="how uneven: 0 is even, about 1 is usual", ge=0, le=20,
        seen=Witness("steps", "services.shop.endpoints.page.0.cache.keys.zipf.exponent", (0.5, 1.2)))


class Even(Part):
    """Every key is asked for as often as any other."""

    short = "count"
    count: Whole = field(
        says="how many keys there are", ge=1, le=KEYS_MAX,
        seen=Witness("steps", "services.shop.endpoints.page.1.cache.keys.uniform.count", (5, 50)))


class Keys(OneOf):
    """What is asked for: one of many keys, drawn for each pass of the step."""

    zipf: Zipf | None = field(
        None, says="few keys are asked for often, many seldom",
        seen=Witness("steps", "services.shop.endpoints.page.0.cache.keys.zipf", (
            {"count": 40, "exponent": 0.5},
            {"count": 40, "exponent": 1.5})))
    uniform: Even | None = field(
        None, says="all alike",
        seen=Witness("steps", "services.shop.endpoints.page.1.cache.keys.uniform", ({"count": 5}, {"count": 50})))

    @property
    def count(self) -> int:
        """How many keys there are."""
        count: int = self.chosen.count
        return count
