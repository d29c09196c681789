"""The kinds of task there are."""

from __future__ import annotations

from agents.learning.bidding.chair import BIDS
from agents.learning.breaking.chair import BREAKS
from agents.learning.chair import Chair
from agents.learning.hosts.chairs import BALANCES, DISCOVERS
from agents.learning.rightsizing.chair import SIZES
from agents.learning.routing.chair import ROUTES
from agents.learning.scaling.chair import SCALES

CHAIRS: dict[str, Chair] = {one.name: one for one in (SCALES, ROUTES, BALANCES, DISCOVERS, BREAKS, SIZES, BIDS)}
