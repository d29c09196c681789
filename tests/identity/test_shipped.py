"""Every shipped scenario lives one life under both engines, minds, faults and platform included."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from agents.control_plane import ControlPlane
from scenarios.flow import Flow
from scenarios.load import load, shipped
from scenarios.schema.scenario import Scenario
from sim.mesh import Mesh
from tests.conservation import assert_conserved
from tests.sampling import sampled

PINNED = Path(__file__).parents[2] / "results" / "published" / "identity" / "digests.json"
HOPS = 25_000  # a reference run of this many takes about two seconds
DEAR = ("antagonists",)  # takes minutes: fifty callers probe a hundred pods


def lived(scenario: Scenario, engine: str, seed: int = 1) -> dict[str, Any]:
    """What a whole life leaves: digest, hops and decisions."""
    mesh = Mesh(scenario, seed, engine)
    control = ControlPlane(mesh)
    mesh.advance(scenario.duration)
    seen = mesh.plane.observe()
    assert_conserved(seen, mesh.plane.layout)
    decisions = [(d.time_ns, d.service, d.before, d.after, d.reason) for d in control.decisions if d.applied]
    return {"digest": mesh.plane.digest(), "hops": int(seen.pods["visits"].sum()), "decisions": decisions}


def lightened(name: str) -> Scenario:
    """The whole horizon, the load scaled until the reference engine lives it in seconds, and pods that may go down to one."""
    scenario = load(name)
    hops = sum(Flow(scenario).visits().values()) * scenario.duration / 1e9
    factor = min(1.0, HOPS / max(hops, 1.0))
    lighter: dict[str, Any] = {f"workload.{name}.load": spec.load * factor for name, spec in scenario.workload.items()}
    alone = {f"agents.{name}.scaling.hpa.min": 1 for name, mind in scenario.agents.items() if mind.scaling and mind.scaling.hpa}
    return scenario.with_(**lighter, **alone)


@pytest.mark.parametrize("name", sampled(shipped(), lambda name: name not in DEAR))
def test_engines_agree_on_a_lightened_life(name: str) -> None:
    """Whole horizon, every fault, at least one decision where there is a mind; only the load is scaled down."""
    scenario = lightened(name)
    reference, fast = (lived(scenario, engine) for engine in ("reference", "fast"))
    assert reference == fast
    minds = [agent.scaling.kind for agent in scenario.agents.values() if agent.scaling]
    assert reference["decisions"] or "hpa" not in minds


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped())
def test_reference_lives_the_pinned_life(name: str) -> None:
    """Whole horizon and whole load: the reference engine comes to the digest that is kept."""
    life = lived(load(name), "reference")
    assert summary_of(life) == json.loads(PINNED.read_text())[name]


@pytest.mark.parametrize("name", shipped())
def test_fast_lives_the_pinned_life(name: str) -> None:
    """Whole horizon and whole load: the fast engine comes to the digest that is kept; a moved one is a changed law."""
    assert summary_of(lived(load(name), "fast")) == json.loads(PINNED.read_text())[name]


def summary_of(life: dict[str, Any]) -> dict[str, Any]:
    """A life as it is kept: the decisions only counted."""
    return life | {"decisions": len(life["decisions"])}


def whole_life(name: str) -> str:
    """Whole horizon and whole load under both engines: a line of the log that is kept."""
    reference, fast = (lived(load(name), engine) for engine in ("reference", "fast"))
    verdict = "identical" if reference == fast else f"DIFFERENT from {fast['digest']}"
    return f"{name:<24} {reference['hops']:>10,} hops  {len(reference['decisions']):>4} changes  {reference['digest']}  {verdict}"


def main() -> None:
    """`python -m tests.identity.test_shipped` keeps today's lives of the fast engine; `--whole` logs both engines' too."""
    PINNED.parent.mkdir(parents=True, exist_ok=True)
    kept = {name: summary_of(lived(load(name), "fast")) for name in shipped()}
    PINNED.write_text(json.dumps(kept, indent=1) + "\n")
    if "--whole" in sys.argv:
        with ProcessPoolExecutor(2) as pool:
            lines = [*pool.map(whole_life, shipped())]
        PINNED.with_name("whole_horizon.log").write_text("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    main()
