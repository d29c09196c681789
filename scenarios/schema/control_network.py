"""How messages between agents travel: on a network of their own, which is not as good as one would like."""

from __future__ import annotations

from scenarios.schema.distributions import Distribution
from scenarios.schema.model import Part, Witness, field
from scenarios.schema.units import Duration, Share


class ControlNetwork(Part):
    """What happens to a message from one agent to another. An agent's messages to itself arrive at once and always."""

    latency: Distribution = field(
        Distribution(constant=0), says="how long a message is under way; drawn for each, so that later ones may arrive first",
        seen=Witness("market", "control_network.latency", ("5ms", "900ms"), moves="messages"))
    loss: Share = field(
        0.0, says="share of messages that never arrive; nobody sends them again",
        seen=Witness("market", "control_network.loss", ("0%", "40%"), moves="messages"))
    duplicates: Share = field(
        0.0, says="share of messages that come a second time, each copy with a latency and a loss of its own",
        seen=Witness("market", "control_network.duplicates", ("0%", "40%"), moves="messages"))
    clock_skew: Duration = field(
        0, says="how far an agent's clock may be from true time; each is off by some of it, for good",
        seen=Witness("market", "control_network.clock_skew", ("0s", "400ms"), moves="messages"))
