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
from tests.serving.recorded import Recorded, recorded
from tests.serving.sources import Source, listening
from tests.serving.worlds import RECIPE, Leaning

WORLD = "learning_to_scale"
CHANGES = ["duration=9m", "workload.crowd.arrivals.poisson.flash_crowd.at=3m", "workload.shoppers.load=0.5"]


async def decided(run: Recorded, policy: Deciding, folder: Path) -> dict[tuple[float, str], tuple[int, int]]:
    """What a scaler decides that is begun at the first decision of a run, and told its numbers by Prometheus' HTTP API."""
    times = sorted({at for at, _ in run.wanted})
    now, found = [times[0]], {}
    log = DecisionLog(folder / "decisions.jsonl")
    async with listening(Source(RECIPE, run.number)) as url, Prometheus(url, 10.0) as source:
        serving = Serving(policy, RECIPE, read_services(WORLD), source, log, Settings(), lambda: now[0])
        await serving.begin()
        for now[0] in times:
            found |= {(now[0], one.service): (one.rule, one.pods) for one in await serving.tick()}
    log.close()
    return found


def test_a_scaler_decides_as_the_policy_in_the_simulation(tmp_path: Path) -> None:
    """Six services through a flash crowd: every tick the same proposal of the rule, and the same pods after the guard."""
    run = recorded(load(WORLD, CHANGES), 3, Leaning())
    found = asyncio.run(decided(run, Leaning(), tmp_path))
    assert len(run.wanted) == 6 * 32 and len({pods for _, pods in run.wanted.values()}) > 8
    assert found == run.wanted
