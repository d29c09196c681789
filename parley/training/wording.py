"""Words about trainings, for terminals and pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from parley.training.plans import Plan
from parley.wording import number


def began_with(start: Mapping[str, Any]) -> str:
    """Where a training's weights were from at first."""
    where = "a fluid" if start["fidelity"] == "fluid" else "requests"
    run, world = Path(start["folder"]).name, Path(start["scenario"]).stem
    return f"begun with the best policies of {run}, seed by seed, which learned in {where} of {world}"


def judged_where(plan: Plan) -> str:
    """In which worlds its policies are judged."""
    final = plan.stages.final
    return "at the fidelity of requests" if final is None else f"of the stage {final.name} at the fidelity of requests"


def tuned_to(trials: Sequence[Mapping[str, Any]]) -> str:
    """What trials of a recipe's numbers came to, the first of which is the recipe as it stands."""
    best = max(trials, key=lambda one: float(one["reward"]))
    found = ", ".join(f"{name} {number(value, 3)}" for name, value in best["numbers"].items())
    return (f"{len(trials)} short trials on other episodes took {found}: a reward of {number(best['reward'], 4)}, "
            f"and {number(trials[0]['reward'], 4)} as the recipe stands")  # fmt: skip
