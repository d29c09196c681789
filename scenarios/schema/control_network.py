"""How messages between agents travel: on a network of their own, which is not as good as one would like."""

from __future__ import annotations

from scenarios.schema.distributions import Distribution
from scenarios.schema.model import Part, field
from scenarios.schema.units import Share


class ControlNetwork(Part):
    """What happens to a message from one agent to another. An agent's messages to itself arrive at once and always."""

    latency: Distribution = field(
        Distribution(constant=0), says="how long a message is under way; drawn for each, so that later ones may arrive first")
    loss: Share = field(
        0.0, says="share of messages that never arrive; nobody sends them again")
    duplicates: Share = field(
        0.0, says="share of messages that come a second time, each copy with a latency and a loss of its own")
