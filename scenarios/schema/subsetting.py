"""Subsets: how many of a service's pods a caller knows."""

from __future__ import annotations

from typing import Literal

from scenarios.schema.model import Part, Witness, field
from scenarios.schema.words import Whole


class Subset(Part):
    """A caller knows a few of the pods only, and balances among these."""

    short = "size"
    size: Whole = field(
        says="how many; all of them where there are no more", ge=1, le=1_000_000,
        seen=Witness("warming", "routes.front -> many.subset.size", (2, 3)))
    method: Literal["random", "deterministic"] = field(
        "random", says="each caller any of them (gRPC's A68), or dealt out evenly, round by round (the SRE book's)",
        seen=Witness("warming", "routes.front -> many.subset.method", ("random", "deterministic")))
