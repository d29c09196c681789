"""Who takes traffic that its own zone cannot serve: what zones bargain for, priced by distance and by data that leaves a zone."""

from __future__ import annotations

from typing import ClassVar, Literal

from scenarios.schema.misreporting import Misreport
from scenarios.schema.model import OneOf, Part, Plain, Witness, field
from scenarios.schema.units import Number, Percent, Share
from scenarios.schema.words import Name

_SPILL = "negotiations.crossing.spill"


class AllSeeing(Part):
    """Somebody who decides for all: services of a pool or a chain, or zones."""

    view: Literal["delayed", "clairvoyant"] = field(
        "delayed", says="what it knows of the load: what telemetry says, or what the file will offer, as far ahead as it plans",
        seen=Witness("planned", "negotiations.pods.pool.by.planner.view", ("delayed", "clairvoyant")))


class SpillMechanism(OneOf):
    """Who takes what a zone cannot serve itself."""

    named: ClassVar[bool] = True
    stay: Plain | None = field(
        None, says="nobody: calls go as their route says",
        seen=Witness("crossing", f"{_SPILL}.by", ("stay", "proportional")))
    proportional: Plain | None = field(
        None, says="everybody, by how many pods are ready in each zone, however busy they are",
        seen=Witness("crossing", f"{_SPILL}.by", ("proportional", "stay")))
    selfish: Plain | None = field(
        None, says="whoever looks cheapest: each zone sends all it has there, as telemetry has it, and asks nobody",
        seen=Witness("crossing", f"{_SPILL}.by", ("selfish", "proportional")))
    gossip: Plain | None = field(
        None, says="the others, by their pods: a zone knows how busy all together are by gossip (push-sum), and not who has room",
        seen=Witness("crossing", f"{_SPILL}.by", ("gossip", "contract_net")))
    contract_net: Plain | None = field(
        None, says="who offers it for least: a zone with too much calls, others propose, and what is taken is leased",
        seen=Witness("crossing", f"{_SPILL}.by", ("contract_net", "proportional")))
    planner: AllSeeing | None = field(
        None, says="whom a central planner tells to",
        seen=Witness("crossing", f"{_SPILL}.by", ("planner", "contract_net")))


class Spill(Part):
    """Traffic of one service that may cross the borders of zones. In each zone there is an agent, `service@zone`."""

    service: Name = field(
        says="the service that is called; only workloads with a zone may call it",
        seen=Witness("crossing", f"{_SPILL}.service", ("api", "echo")))
    by: SpillMechanism = field(
        says="who takes what a zone cannot serve itself",
        seen=Witness("crossing", f"{_SPILL}.by", ("contract_net", "stay")))
    worth: dict[Name, Number] = field(
        {}, says="what a thousand good answers of a class are worth, of the scenario's currency; 1 where it is not said",
        seen=Witness("crossing", f"{_SPILL}.worth", ({}, {"easterners": 0.001})))
    misreport: dict[Name, Misreport] = field(
        {}, says="zones that say to others of their callers what is not so: under contract_net, and of their rate under gossip",
        seen=Witness("crossing", f"{_SPILL}.misreport", ({}, {"west": {"rate": 3}})))
    latency_price: Number = field(
        0.0, says="what it costs, of the scenario's currency, that a thousand requests take a second longer", ge=0, le=1e6,
        seen=Witness("crossing", f"{_SPILL}.latency_price", (0, 1000)))
    target_utilization: Percent = field(
        0.9, says="share of a pod's working capacity that is counted on", gt=0, le=1,
        seen=Witness("crossing", f"{_SPILL}.target_utilization", ("90%", "40%")))
    spread: Share = field(
        0.2, says="standard deviation of the load to come, as a share of what is seen",
        seen=Witness("crossing", f"{_SPILL}.spread", ("20%", "80%")))

    @property
    def mind(self) -> str:
        """What its decisions are signed with: their figures are percents of a zone's calls."""
        return f"{SPILLS}{self.by.kind}"


SPILLS = "spill_"  # what the names of all minds that spread traffic begin with
SPILL_MINDS = tuple(f"{SPILLS}{kind}" for kind in SpillMechanism.alternatives() if kind != "stay")
