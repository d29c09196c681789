"""What may be done with a way: one of five weights, whose share of those of its zone is the percent that goes there."""

from __future__ import annotations

from agents.learning.chair import ActionSet

LEVELS = (0, 1, 2, 4, 8)
WEIGHTS = ActionSet("weights", tuple(f"w{level}" for level in LEVELS), None)
ACTION_SETS = {WEIGHTS.name: WEIGHTS}
