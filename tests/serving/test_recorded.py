"""What a policy decides in the simulation it decides in service, pod for pod."""

from __future__ import annotations

import asyncio
from pathlib import Path

from parley.serving.decision_log import DecisionLog
from parley.serving.prometheus import Prometheus
from parley.serving.recipe import Deciding
from parley.serving.services import read_services
from parley.serving.serving import Serving
from parley.serving.settings import Settings
from scenarios.load import load
from scenarios.writing import as_yaml
from tests.serving.recorded import Recorded, recorded
from tests.serving.sources import Source, listening
from tests.serving.worlds import RECIPE, Leaning

WORLD = "learning_to_scale"
CHANGES = ["duration=9m", "workload.crowd.arrivals.poisson.flash_crowd.at=3m", "workload.shoppers.load=0.5"]


async def decided(run: Recorded, policy: Deciding, world: Path) -> dict[tuple[float, str], tuple[int, int]]:
    """What a scaler decides that is begun at the first decision of a run, and told its numbers by Prometheus' HTTP API."""
    times = sorted({at for at, _ in run.wanted})
    now, found = [times[0]], {}
    log = DecisionLog(world.parent / "decisions.jsonl")
    async with listening(Source(RECIPE, run.number)) as url, Prometheus(url, 10.0) as source:
        serving = Serving(policy, RECIPE, read_services(str(world)), source, log, Settings(), lambda: now[0])
        await serving.begin()
        for now[0] in times:
            found |= {(now[0], one.service): (one.rule, one.pods) for one in await serving.tick()}
    log.close()
    return found


def test_a_scaler_decides_as_the_policy_in_the_simulation(tmp_path: Path) -> None:
    """Six services through a flash crowd: every tick the same proposal of a rule that looks at rates, and the same pods after the guard."""
    changes = [f"agents.{name}.scaling={{trend: {{averageValue: 20, min: 1, max: 40}}}}" for name in load(WORLD).services]
    path = tmp_path / "world.yaml"
    path.write_text(as_yaml(load(WORLD, [*CHANGES, *changes])))
    run = recorded(load(path), 3, Leaning())
    found = asyncio.run(decided(run, Leaning(), path))
    assert len(run.wanted) == 6 * 32 and len({pods for _, pods in run.wanted.values()}) > 6
    assert found == run.wanted


def test_a_rule_that_looks_at_pods_is_told_of_their_sum(tmp_path: Path) -> None:
    """An HPA on CPU, which counts old pods and new ones differently, is shown sums alone: the same mostly, or a pod more or less.

    It remembers what it asked for, so that a pod more stays one until its figures leave the tolerance.
    """
    path = tmp_path / "world.yaml"
    path.write_text(as_yaml(load(WORLD, CHANGES)))
    run = recorded(load(path), 3, Leaning())
    found = asyncio.run(decided(run, Leaning(), path))
    apart = [abs(found[at][0] - rule) for at, (rule, _) in run.wanted.items()]
    assert sum(one <= 1 for one in apart) >= 0.9 * len(apart) and sum(not one for one in apart) >= 0.7 * len(apart)
