"""What episodes are of, over a training and over a day."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents.learning.curriculum import Curriculum, Stage
from agents.learning.playing import begun
from agents.learning.tasks import SCALE_V0, Range, Task
from agents.learning.training import Recipe, Trainer
from agents.learning.windows import LEAD_NS, window_of
from parley.errors import UsageError
from parley.training.curricula import curriculum_of, curriculum_text
from parley.training.training import CURVE, LAST, Training, train
from scenarios.errors import ScenarioError
from scenarios.load import load, loads
from scenarios.rates import pieces
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S
from scenarios.writing import as_yaml
from sim.draws import Seeds

MINUTE = 60 * NS_PER_S
FLUID = SCALE_V0.changed(fidelity="fluid", ticks=12)
STAGES = Curriculum((Stage("quiet", 0.5, {"workload.shoppers.load": Range(0.05, 0.1), "workload.crowd.load": Range(0, 0)}),
                     Stage("full", 0.25, {"workload.shoppers.load": Range(1.5, 1.6)})))  # fmt: skip
FILE = """
stages:
  quiet: {share: 40%, varied: {workload.shoppers.load: 0.05..0.1}}
  slow: {share: 20%, set: {services.store.startup: 60s}}
"""


def test_a_stage_follows_from_the_leg() -> None:
    """Shares of the legs, rounded; what is left is for the task itself."""
    names = [None if (stage := STAGES.stage(leg, 8)) is None else stage.name for leg in range(8)]
    assert names == ["quiet"] * 4 + ["full"] * 2 + [None] * 2
    assert Curriculum().stage(0, 3) is None


def test_stages_are_learned_in_and_gone_on_with_exactly() -> None:
    """Each leg is of its stage, whoever was stopped before it."""
    asked = Recipe(FLUID.changed(ticks=48), steps=4000, lanes=2, jobs=1, rollout=24, curriculum=STAGES)
    through, again = Trainer(asked, 1), Trainer(asked, 1)
    done = []
    states = []
    while through.done < through.legs:
        done.append(through.leg())
        states.append(through.state(""))
    assert [one.stage for one in done] == [None if (stage := STAGES.stage(leg, through.legs)) is None else stage.name
                                           for leg in range(through.legs)]  # fmt: skip
    pods = {name: np.mean([one.pods for one in done if one.stage == name]) for name in ("quiet", "full")}
    assert pods["quiet"] < 0.6 * pods["full"], "little load needs few pods"
    again.restore(states[-3])
    assert again.leg().stage == done[-2].stage and again.state("") == states[-2]


def test_a_stage_that_another_policy_would_need_is_refused() -> None:
    """Other rows, and worlds that nobody can sit in, before anything is learned."""
    fewer, faulty = Stage("fewer", 0.5, added=("agents.store.scaling=fixed",)), Stage("faulty", 0.5, added=(
        "faults.x={at: 1m, crash: {service: store}}",))  # fmt: skip
    for fidelity, stage, told in (("requests", fewer, "stages.fewer: has 5 rows"),
                                  ("fluid", faulty, "stages.faulty: faults: a fluid knows")):
        with pytest.raises(ScenarioError, match=told):
            Trainer(Recipe(FLUID.changed(fidelity=fidelity), steps=100, lanes=2, jobs=1, curriculum=Curriculum((stage,))), 1)


def test_what_a_stage_adds_may_be_varied() -> None:
    """The shipped curriculum has a fault in its last stage, that comes at another time in each episode."""
    stages = curriculum_of(curriculum_text("scaling")).stages
    task = stages[-1].of(SCALE_V0)
    worlds = [task.drawn(np.random.default_rng(seed), {}).world for seed in (1, 2)]
    at = [world.faults["sickens"].at for world in worlds]
    assert [stage.name for stage in stages] == ["quiet", "full", "crowds", "faults"] and at[0] != at[1]
    assert all(5 * MINUTE <= one <= 50 * MINUTE for one in at) and not SCALE_V0.drawn(np.random.default_rng(1), {}).world.faults


def test_a_file_is_read_and_mistakes_are_told(tmp_path: Path) -> None:
    """Shares, ranges, names."""
    assert [(one.name, one.share, one.added) for one in curriculum_of(FILE).stages] == [
        ("quiet", 0.4, ()), ("slow", 0.2, ("services.store.startup=60s",))]  # fmt: skip
    for text, told in (("stages: {a: {share: 70%}, b: {share: 40%}}", "come to 110% of a training"),
                       ("stages: {a: {share: 0}}", "no share"),
                       ("stages: {a: {share: 1, varies: {}}}", "did you mean 'varied'"), ("[1]", "is a mapping with stages")):  # fmt: skip
        with pytest.raises(ScenarioError, match=told):
            curriculum_of(text)
    with pytest.raises(UsageError, match=r"workload.shoppers.load: '1' is not a range"):
        curriculum_of("stages: {a: {share: 1, varied: {workload.shoppers.load: '1'}}}")
    with pytest.raises(UsageError, match="scalings: is no curriculum; did you mean 'scaling'"):
        curriculum_text("scalings")


@pytest.mark.slow
def test_a_training_keeps_its_curriculum(tmp_path: Path) -> None:
    """In its folder, so that it goes on without the file."""
    path = tmp_path / "stages.yaml"
    path.write_text(FILE)
    small = tmp_path / "small.yaml"
    small.write_text(as_yaml(load("learning_to_scale", ["duration=3m", "workload.crowd.arrivals.poisson.flash_crowd.at=1m"])))
    words: dict[str, Any] = {"steps": 600, "seeds": 1, "lanes": 2, "fidelity": "fluid", "curriculum": path, "jobs": 1}
    found = train(small, **words, out=tmp_path / "a")
    stages = [row.get("stage") for row in found.curve(1)]
    assert stages[0] == "quiet" and stages[-1] is None and f"--curriculum {path}" in found.manifest["command"]
    before = {name: (found.path / "seed-1" / name).read_bytes() for name in (CURVE, LAST)}
    for name in before:
        (found.path / "seed-1" / name).unlink()
    (found.path / "manifest.json").write_text(json.dumps(found.manifest | {"state": "partial"}))
    path.unlink()
    again = Training(found.path).resume()
    assert {name: (again.path / "seed-1" / name).read_bytes() for name in before} == before


def test_sac_learns_no_table(tmp_path: Path) -> None:
    """It is refused, and told why."""
    with pytest.raises(UsageError, match="sac learns actions that are continuous, and every chair chooses one of a table; take ppo"):
        train(algorithm="sac", out=tmp_path / "t")


DAY = """
version: 1
name: day
duration: 100m
warmup: 1m
cluster: {zones: [a], nodes: {general: {zones: [a], count: 3, cpu: 64, memory: 256Gi, price: 1.60/h}}}
services: {front: {replicas: 2, workers: 8, endpoints: {home: [{work: {exponential: 20ms}}]}}}
workload:
  shoppers:
    entry: front.home
    load: 1.5
    arrivals: {poisson: {diurnal: {trough: 2/s, peak: 40/s, period: 100m, peak_at: 50m}}}
    slo: {latency: {p: 99, under: 500ms}}
  machine: {entry: front.home, arrivals: {constant: {step: {base: 1/s, to: 5/s, at: 40m, hold: 20m}}}}
faults: {slower: {at: 70m, for: 5m, slow: {service: front, factor: 2}}}
expect: [{good: '>= 0%', from: 2m, until: 90m}]
agents: {defaults: {scaling: {trend: {averageValue: 20, min: 1, max: 20}}}}
"""


def test_a_window_is_a_stretch_of_the_day() -> None:
    """From the lead on all comes as the file has it; before nobody calls; and the clock is the day's."""
    day, span = loads(DAY), 20 * MINUTE
    starts = set()
    for seed in range(40):
        cut = window_of(day, seed, span)
        starts.add(cut.warmup)
        assert cut.duration == cut.warmup + span <= day.duration and not cut.expect and cut.faults == day.faults
        for name in ("shoppers", "machine"):
            whole, part = (_rates(world, name, cut.duration) for world in (day, cut))
            since = max(0, cut.warmup - LEAD_NS) // NS_PER_S
            assert np.allclose(whole[since + 1 :], part[since + 1 :]) and (since == 0 or not part[:since].any())
        assert cut.workload["shoppers"].load == 1.5
    assert len(starts) > 20 and min(starts) >= day.warmup and all((start - day.warmup) % MINUTE == 0 for start in starts)
    assert window_of(day, Seeds(7, 1, 1), span) == window_of(day, Seeds(7, 2, 3), span), "a window is demand"
    with pytest.raises(ScenarioError, match=r"windows of 2h after a warm-up of 1m do not fit into 1h40m|do not fit into 100m"):
        window_of(day, 1, 120 * MINUTE)


def _rates(world: Scenario, name: str, until_ns: int) -> np.ndarray:
    """Each second."""
    arrivals = world.workload[name].arrivals
    found = pieces(arrivals.poisson or arrivals.constant, 1.0, until_ns)
    corners = np.array([(piece.start_ns, piece.rate_start, piece.end_ns - 1, piece.rate_end) for piece in found]).reshape(-1, 2)
    return np.interp(np.arange(0, until_ns, NS_PER_S), corners[:, 0], corners[:, 1])


def test_an_episode_of_a_window_is_asked_for_the_first_time_in_it(tmp_path: Path) -> None:
    """And has as many ticks as the task says; in a fluid there are none."""
    path = tmp_path / "day.yaml"
    path.write_text(DAY)
    task = Task(str(path), ticks=8, windows=True)
    play = begun(task.drawn(np.random.default_rng(3), {}))
    first = play.drive.mesh.now_ns
    assert first >= play.episode.world.warmup > loads(DAY).warmup and play.horizon == 8
    assert first - play.episode.world.warmup < play.drive.seats.cadence_ns
    other = task.drawn(np.random.default_rng(3), {"demand_seed": 5}).world, task.drawn(np.random.default_rng(8), {"demand_seed": 5}).world
    assert other[0].warmup == other[1].warmup
    with pytest.raises(ScenarioError, match="in a fluid all episodes begin together"):
        Trainer(Recipe(FLUID.changed(windows=True), steps=100, lanes=2, jobs=1), 1)


def test_a_training_in_windows_is_judged_in_windows(tmp_path: Path) -> None:
    """By what the command line says."""
    day = load("learning_to_scale", ["duration=10m"])
    path = tmp_path / "short.yaml"
    path.write_text(as_yaml(day))
    with pytest.raises(ScenarioError, match="windows of 1h"):
        train(path, windows=True, steps=100, seeds=1, lanes=1, jobs=1, out=tmp_path / "t")
