"""Failures that come by chance: how often a domain fails, for how long, how many fail together, and what that does."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import model_validator

from scenarios.schema.distributions import Distribution
from scenarios.schema.model import OneOf, Part, Plain, Witness, field
from scenarios.schema.units import Duration, Number, Share
from scenarios.schema.words import Name

Domain = Literal["pod", "node", "rack", "zone", "region", "release", "dependency", "config"]
OF_NODES = ("node", "rack", "zone", "region")
NESTED = ("pod", *OF_NODES)  # each within the next


class Effect(OneOf):
    """What a failure does while it lasts."""

    named: ClassVar[bool] = True
    down: Plain | None = field(
        None, says="nodes go down; a pod crashes",
        seen=Witness("failures", "failures.processes.machines.effect", ("down", {"slow": 3})))
    slow: Number | None = field(
        None, says="pods work so many times slower", gt=0, le=1e6,
        seen=Witness("failures", "failures.processes.neighbours.effect", ({"slow": 3}, {"slow": 9})))
    errors: Share | None = field(
        None, says="share of calls to the pods that fail",
        seen=Witness("failures", "failures.processes.neighbours.effect", ({"errors": "20%"}, {"errors": "70%"})))


class Process(Part):
    """Domains of one kind fail again and again, each by itself or all of the same parent together."""

    domain: Domain = field(
        says="what fails as one: a pod, a node, a rack, a zone, a region, all pods of a release, all that share a dependency, "
             "or all that get the same config",
        seen=Witness("failures", "failures.processes.neighbours.domain", ("node", "zone")))  # fmt: skip
    services: tuple[Name, ...] = field(
        (), says="only pods of these services; of a dependency, those that depend on it",
        seen=Witness("failures", "failures.processes.neighbours.services", (["web"], ["db"])))
    mtbf: Duration = field(
        says="mean time from the end of a domain's failure to its next; exponential", gt=0,
        seen=Witness("failures", "failures.processes.neighbours.mtbf", ("1s", "3s")))
    duration: Distribution = field(
        Distribution(constant=0), says="how long a failure lasts; a pod that crashes is replaced and needs none",
        seen=Witness("failures", "failures.processes.neighbours.duration", ("300ms", "1s")))
    common_cause: Share = field(
        0.0, says="share of a domain's failures that strike all domains of the same parent at once (beta factor)",
        seen=Witness("failures", "failures.processes.neighbours.common_cause", ("0%", "80%")))
    effect: Effect = field(
        says="what it does",
        seen=Witness("failures", "failures.processes.neighbours.effect", ({"slow": 3}, {"errors": "50%"})))

    @model_validator(mode="after")
    def _makes_sense(self) -> Process:
        is_down = self.effect.down is not None
        if is_down and self.domain not in NESTED:
            raise ValueError(f"domain {self.domain} cannot be down; give its effect as slow or errors")
        if is_down and self.services and self.domain != "pod":
            raise ValueError("has services, but a node that is down is down for all; leave them out")
        if self.common_cause > 0 and self.domain not in NESTED:
            raise ValueError(f"domain {self.domain} has no parent that common causes could strike; leave out common_cause")
        if self.domain == "dependency" and not self.services:
            raise ValueError("is about a dependency, so name the services that depend on it")
        if not (is_down and self.domain == "pod") and self.duration == Distribution(constant=0):
            raise ValueError("has failures that last no time; give a duration")
        return self


class Failures(Part):
    """Failures by chance. Who fails when depends on the seed and on names, never on what anybody does about it."""

    preset: Literal["google_first_year"] | None = field(
        None, says="the failures of a new Google cluster's first year: machines, racks, power, cooling, routers",
        seen=Witness("failures", "failures.preset", ("google_first_year", None)))
    acceleration: Number = field(
        1.0, says="how many times faster than in the world the preset's failures come and go", gt=0, le=1e9,
        seen=Witness("failures", "failures.acceleration", (1e6, 3e6)))
    processes: dict[Name, Process] = field(
        {}, says="by name",
        seen=Witness("failures", "failures.processes", (
            {"m": {"domain": "node", "mtbf": "2s", "duration": "1s", "effect": "down"}},
            {"m": {"domain": "node", "mtbf": "4s", "duration": "1s", "effect": "down"}})))
