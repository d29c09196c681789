"""The kinds of task there are."""

from __future__ import annotations

from agents.learning.chair import Chair
from agents.learning.hosts.chairs import BALANCES, DISCOVERS
from agents.learning.routing.chair import ROUTES
from agents.learning.scaling.chair import SCALES

CHAIRS: dict[str, Chair] = {one.name: one for one in (SCALES, ROUTES, BALANCES, DISCOVERS)}
