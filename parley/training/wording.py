"""Words about trainings, for terminals and pages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parley.training.plans import Plan


def began_with(start: Mapping[str, Any]) -> str:
    """Where a training's weights were from at first."""
    where = "a fluid" if start["fidelity"] == "fluid" else "requests"
    return f"begun with the best policies of {Path(start['folder']).name}, seed by seed, which learned in {where} of {Path(start['scenario']).stem}"


def judged_where(plan: Plan) -> str:
    """In which worlds its policies are judged."""
    return "at the fidelity of requests" if plan.stages.final is None else f"of the stage {plan.stages.final.name} at the fidelity of requests"
