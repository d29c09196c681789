"""Decisions a second while PPO trains, and what they are spent on: six services, flat traffic, a decision of each every 15 seconds.

A decision is one service's. A turn is one leg of a training (agents/learning/training.py), in wall time, worlds and processes made before;
it is told apart what passes in the lanes, in choosing and noting actions, and in the updates of the network. What the lanes do with
their time at the fidelity of requests is measured in this process, in CPU time: how much of it is the compiled engine's, how much looking,
proposing and acting. How long it takes to learn as much as a calibrated rule knows is told with `--whole`: by a policy that multiplies
nothing, but says how busy pods shall be, and knows nothing when it begins.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from rich.table import Table

from agents.learning import driving
from agents.learning.judging import own_scores, scores
from agents.learning.lanes import Lanes
from agents.learning.tasks import FIDELITIES, SCALE_V0, Task
from agents.learning.training import Recipe, Trainer
from tests.benchmarks.turns import Effort, Figures, kept

FLAT = SCALE_V0.changed(varied={}, changes=("workload.shoppers.arrivals={poisson: 100/s}", "workload.crowd.load=0"))
TICKS = 240  # of a turn in each lane
LANES, JOBS = 16, 2
TARGET = 3_000  # decisions a second, at the fidelity of requests
OWN_TICKS, OWN_LANES = 60, 8  # of what is measured in this process
PARITY_STEPS = 600_000  # after which a training that has not caught up is given up
JUDGED = range(900_201, 900_209)  # episodes by which it has, or has not


def measure(effort: Effort) -> Figures:
    """Decisions a second and where their time goes, by fidelity; and, of a whole measurement, seconds to parity."""
    found: dict[str, Figures] = {fidelity: _training(effort, fidelity) for fidelity in FIDELITIES}
    figures: Figures = {"target": TARGET, "lanes": LANES, "jobs": JOBS, "fidelities": found, "tick": _tick(effort)}
    return figures | ({"parity": {fidelity: _parity(fidelity) for fidelity in FIDELITIES}} if effort.whole else {})


def tables(figures: Figures) -> list[Table]:
    """Speed and shares, then what a tick of one mesh costs."""
    speed = Table("fidelity", title=f"PPO, {figures['lanes']} meshes in {figures['jobs']} processes; to reach {figures['target']:,}/s")
    for column in ("decisions/s", "in the lanes", "choosing, noting", "updates"):
        speed.add_column(column, justify="right")
    for fidelity, found in figures["fidelities"].items():
        speed.add_row(fidelity, f"{found['decisions_per_s']['median']:,}", *(f"{found[name]['median']:.0%}" for name in SHARES))
    tick, costs = figures["tick"], Table("a mesh-tick at the fidelity of requests", title="CPU of one core")
    costs.add_column("ms", justify="right")
    costs.add_row("the engine", f"{tick['engine_ms']['median']:.2f}")
    costs.add_row("looking, proposing, acting", f"{tick['control_ms']['median']:.2f}")
    return [speed, costs, *([_parities(figures["parity"])] if "parity" in figures else [])]


def sentence(figures: Figures) -> str:
    """What a training does in a second."""
    of = {name: found["decisions_per_s"]["median"] for name, found in figures["fidelities"].items()}
    tick = figures["tick"]
    said = (f"PPO on six services at 100 requests/s makes {of['requests']:,} decisions a second at the fidelity of requests (to reach "
            f"{figures['target']:,}) and {of['fluid']:,} in a fluid; a tick of one mesh takes {tick['engine_ms']['median']:.1f} ms of "
            f"the engine's and {tick['control_ms']['median']:.1f} ms of the agents', at {tick['hops_per_s']['median'] / 1e6:.1f} M hops "
            "a second of the engine")  # fmt: skip
    parity = [f"{_taken(found)} in {fidelity}" for fidelity, found in figures.get("parity", {}).items()]
    return said + (f"; to do as well as a calibrated HPA, from nothing, it takes {' and '.join(parity)}." if parity else ".")


SHARES = ("in_lanes", "choosing", "updates")


def _training(effort: Effort, fidelity: str) -> Figures:
    ticks = effort.of(TICKS)
    trainer = Trainer(Recipe(FLAT.changed(fidelity=fidelity, ticks=ticks), lanes=LANES, jobs=JOBS), seed=1)
    spent = dict.fromkeys(SHARES, 0.0)
    taken: list[tuple[float, ...]] = []
    try:
        with _timed(trainer.env.lanes, "step", spent, "in_lanes"), _timed(trainer.model, "train", spent, "updates"):
            for turn in range(effort.rounds + 1):
                spent.update(dict.fromkeys(SHARES, 0.0))
                began = time.perf_counter()
                trainer.leg()
                all_s = time.perf_counter() - began
                spent["choosing"] = all_s - spent["in_lanes"] - spent["updates"]
                if turn:  # what compiles has done so
                    taken.append((trainer.leg_steps / all_s, *(spent[name] / all_s for name in SHARES)))
    finally:
        trainer.close()
    speed, *shares = zip(*taken, strict=True)
    return {"decisions_per_s": kept(speed), **{name: kept(share, 3) for name, share in zip(SHARES, shares, strict=True)}}


@contextmanager
def _timed(of: Any, name: str, spent: dict[str, float], what: str) -> Iterator[None]:
    """Adds up the wall time of a method."""
    own = getattr(of, name)

    def timed(*args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        try:
            return own(*args, **kwargs)
        finally:
            spent[what] += time.perf_counter() - began

    setattr(of, name, timed)
    try:
        yield
    finally:
        delattr(of, name)


def _tick(effort: Effort) -> Figures:
    """CPU of a tick of one mesh, that of the engine apart."""
    lanes, ticks = Lanes(FLAT, OWN_LANES), effort.of(OWN_TICKS)
    engine_s, taken = [0.0], []
    advance = driving.advance_planes

    def timed(*args: Any) -> None:
        began = time.process_time()
        advance(*args)
        engine_s[0] += time.process_time() - began

    driving.advance_planes = timed
    try:
        lanes.reset(list(range(OWN_LANES)))
        follow = np.full((OWN_LANES, len(lanes.shape.rows)), FLAT.action_set.follows)
        for _ in range(effort.rounds):
            engine_s[0], hops, began = 0.0, _hops(lanes), time.process_time()
            for _ in range(ticks):
                lanes.step(follow)
            all_s = time.process_time() - began
            taken.append((engine_s[0], all_s - engine_s[0], (_hops(lanes) - hops) / engine_s[0]))
    finally:
        driving.advance_planes = advance
        lanes.close()
    per_tick = 1e3 / (ticks * OWN_LANES)
    engine, control, speed = zip(*taken, strict=True)
    return {"engine_ms": kept([s * per_tick for s in engine], 3), "control_ms": kept([s * per_tick for s in control], 3),
            "hops_per_s": kept(speed)}  # fmt: skip


def _hops(lanes: Lanes) -> int:
    return sum(int(play.drive.mesh.plane.glance().pods["visits"].sum()) for play in lanes.plays)


def _parity(fidelity: str) -> Figures:
    """Wall time of a training, without its judging, until it does as well as the rule on requests."""
    task: Task = SCALE_V0.changed(fidelity=fidelity, actions="target")
    judged = task.changed(fidelity="requests")
    rule = float(np.mean([score.reward for score in own_scores(judged, JUDGED)]))
    trainer, spent_s, found = Trainer(Recipe(task, steps=PARITY_STEPS, lanes=LANES, jobs=JOBS), seed=1), 0.0, list[Figures]()
    try:
        while trainer.done < trainer.legs:
            began = time.perf_counter()
            steps = trainer.leg().steps
            spent_s += time.perf_counter() - began
            decides: Callable[..., Any] = trainer.decides
            reward = float(np.mean([score.reward for score in scores(judged, JUDGED, decides, JOBS)]))
            found.append({"seconds": round(spent_s, 1), "decisions": steps, "reward": round(reward, 4)})
            if reward >= rule:
                break
    finally:
        trainer.close()
    return {"rule": round(rule, 4), "is_reached": found[-1]["reward"] >= round(rule, 4), "legs": found}


def _parities(parity: Figures) -> Table:
    table = Table("fidelity", title="from nothing to what a calibrated rule earns, judged on requests")
    for column in ("rule", "policy", "decisions", "seconds"):
        table.add_column(column, justify="right")
    for fidelity, found in parity.items():
        last = found["legs"][-1]
        table.add_row(fidelity, f"{found['rule']:.3f}", f"{last['reward']:.3f}", f"{last['decisions']:,}", _taken(found))
    return table


def _taken(found: Figures) -> str:
    last = found["legs"][-1]
    return f"{last['seconds']:.0f} s" if found["is_reached"] else f"more than {last['seconds']:.0f} s ({last['decisions']:,} decisions)"
