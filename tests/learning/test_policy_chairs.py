"""Policies in chairs: a run with one is the rollout of it, replays to the bit, and says which policy it was."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

import parley
from agents.learning.bundles.policy import Policy
from agents.learning.bundles.refusing import BundleError
from agents.learning.lanes import Lanes
from agents.learning.seating import opened, plane_of
from agents.learning.tasks import SCALE_V0
from parley.cli import main
from parley.runs.replaying import replay
from parley.runs.replicating import replicate
from parley.runs.running import ordered
from parley.runs.trials import trial
from scenarios.errors import ScenarioError
from scenarios.load import load
from scenarios.writing import as_yaml
from sim.mesh import Mesh
from tests.learning.bundles import FOLLOWS, HASTY, WORLD_BUNDLE, lively, parts, stubborn

WORLDS = WORLD_BUNDLE.parent


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three minutes in which a few come, as a file."""
    changes = ["duration=3m", "workload.shoppers.load=0.5", "workload.crowd.load=0.1",
               "workload.crowd.arrivals.poisson.flash_crowd.at=1m"]  # fmt: skip
    path = tmp_path_factory.mktemp("world") / "small.yaml"
    path.write_text(as_yaml(load("learning_to_scale", changes)))
    return path


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    """One that does now this, now that."""
    return Policy.load(parts(lively(2).network).written(tmp_path_factory.mktemp("lively") / "b"), unsigned=True)


@pytest.fixture(scope="module")
def follower(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    """One that always does as the rule."""
    return Policy.load(parts(stubborn(FOLLOWS)).written(tmp_path_factory.mktemp("follower") / "b"), unsigned=True)


@pytest.fixture
def typed(tmp_path, capsys, monkeypatch):
    """Type a command: (exit code, stdout, stderr)."""
    def type_in(*words: str) -> tuple[int, str, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["parley", *words])
        with pytest.raises(SystemExit) as end:
            main()
        return (int(end.value.code or 0), *capsys.readouterr())

    return type_in


@pytest.mark.parametrize("engine", ["fast", "reference"])
def test_a_rollout_of_lanes_is_the_run(engine: str, world: Path, policy: Policy, tmp_path: Path) -> None:
    """Beside another episode on the batch path, and by `parley.run(policy=...)` under either engine: one digest."""
    lanes = Lanes(SCALE_V0.changed(scenario=str(world)), 2)
    seen = lanes.reset([1, 2])
    plays = list(lanes.plays)
    over = np.zeros(2, dtype=np.bool_)
    while not over.all():
        chosen = policy.decides(seen.reshape(-1, seen.shape[-1]), lanes.masks.reshape(-1, lanes.shape.actions))
        step = lanes.step(chosen.reshape(2, -1))
        over, seen = over | step.ended, step.observations
    for play in plays:
        done = parley.run(world, seed=play.episode.seed, engine=engine, policy=policy, spans="none", out=tmp_path / str(play.episode.seed))
        assert done.manifest["trace_digest"] == play.drive.mesh.plane.digest()


@pytest.mark.parametrize("engine", ["fast", "reference"])
def test_who_follows_the_rule_is_the_rule(engine: str, world: Path, follower: Policy, policy: Policy, tmp_path: Path) -> None:
    """The same trace as without any policy; and one that does otherwise leaves another."""
    digests = [parley.run(world, engine=engine, policy=one, spans="none", out=tmp_path / str(place)).manifest["trace_digest"]
               for place, one in enumerate((None, follower, policy))]  # fmt: skip
    assert digests[0] == digests[1] != digests[2]


def test_a_run_says_which_policy_and_why(world: Path, policy: Policy, tmp_path: Path) -> None:
    """In its manifest, its command, its scenario, and in each decision."""
    done = parley.run(world, policy=policy, out=tmp_path / "r")
    assert set(done.manifest["policies"].values()) == {policy.reference} and len(done.manifest["policies"]) == 6
    assert f"--set 'agents.defaults.policy=\"{policy.reference}\"'" in done.manifest["command"]
    rows = [row for row in done.decision_rows() if row["mind"] == "policy" and row["time_ns"] >= done.scenario.warmup]
    assert len(rows) > 10 and all("; hpa " in row["reason"] and " -> " in row["reason"] for row in rows)
    assert "policies" not in parley.run(world, until="10s", out=tmp_path / "plain").manifest


def test_it_replays_or_says_why_not(world: Path, policy: Policy, tmp_path: Path) -> None:
    """To the bit as long as the bundle is there and the same; a what-if goes on with the policy in its chair."""
    shutil.copytree(policy.path or "", bundle := tmp_path / "b")
    done = parley.run(world, policy=Policy.load(bundle, unsigned=True), out=tmp_path / "r")
    again = replay(done, 60 * 10**9, lambda _: None)
    assert again.end.digest == done.manifest["trace_digest"]
    made = parley.whatif(done, at="2m", do=["Scale(front,+1)"], out=tmp_path / "if")
    assert made.as_json() and parley.load_run(tmp_path / "if").manifest["policies"] == done.manifest["policies"]
    parts(stubborn(HASTY)).written(bundle)
    opened.cache_clear()
    with pytest.raises(BundleError, match="is another bundle than was asked for"):
        replay(done, 60 * 10**9, lambda _: None)
    shutil.rmtree(bundle)
    with pytest.raises(BundleError, match="there is no bundle"):
        replay(done, 60 * 10**9, lambda _: None)


def test_everything_above_a_run_seats_it(world: Path, policy: Policy, tmp_path: Path) -> None:
    """Trials, which sweeps and contests are made of, and seeds, too."""
    order = ordered(world, policy=policy, until="170s")
    one, none = trial(order), trial(ordered(world, until="170s"))
    assert one["trace_digest"] == parley.run(order, out=tmp_path / "r").manifest["trace_digest"] != none["trace_digest"]
    made = replicate(world, 2, policy=policy, until="170s", out=tmp_path / "seeds")
    assert parley.load_run(made.path / "seed-1").manifest["trace_digest"] == one["trace_digest"]


def test_a_scenario_names_its_policy(tmp_path: Path) -> None:
    """Relative to its file; one service may have its own; a digest that is another one is refused when the world is run."""
    guided = load(WORLDS / "guided.yaml")
    assert guided.agents["defaults"].policy.startswith(f"{WORLD_BUNDLE}@sha256:")
    reference = guided.agents["defaults"].policy
    digests = {}
    for engine in ("fast", "reference"):
        own = guided.with_(**{"agents.defaults.policy": None, "agents.shop": {"policy": reference}})
        for how, world in (("all", guided), ("own", own)):
            digests[engine, how] = parley.run(world, engine=engine, out=tmp_path / f"{engine}-{how}").manifest["trace_digest"]
    assert len(set(digests.values())) == 1
    with pytest.raises(BundleError, match="is another bundle than was asked for"):
        parley.run(guided, set=[f"agents.defaults.policy={WORLD_BUNDLE}@sha256:{64 * '0'}"], out=tmp_path / "other")
    with pytest.raises(ScenarioError, match="is not a policy: write 'path/to/bundle@sha256:"):
        guided.with_(**{"agents.defaults.policy": "hasty_policy.zip"})
    with pytest.raises(ScenarioError, match=r"agents\.shop\.policy.* nobody scales shop"):
        guided.with_(agents={"shop": {"policy": reference}})


def test_the_command_line_asks_whom_to_trust(world: Path, policy: Policy, typed, tmp_path: Path) -> None:
    """Refused without a word of consent, run with it; one message and an exit code, and never a traceback."""
    words = ("run", str(world), "--until", "90s", "--policy", str(policy.path))
    code, out, told = typed(*words)
    assert (code, out) == (5, "") and "is not signed; if you know where it comes from, say so by --unsigned" in told
    code, out, told = typed(*words, "--unsigned", "--out", "r")
    assert code == 0 and "(policy)" in out and parley.load_run(tmp_path / "r").manifest["policies"]["front"] == policy.reference
    assert typed(*words, "--key", "nowhere.pub")[0] == 5
    code, _, told = typed("run", str(world), "--unsigned")
    assert code == 2 and "--policy BUNDLE" in told
    code, _, told = typed("run", "hello_mesh", "--policy", str(policy.path), "--unsigned")
    assert code == 2 and "nobody scales here" in told
    assert "Traceback" not in told
    with pytest.raises(parley.ParleyError, match=r"parley\.Policy\.load\('b', key="):
        parley.run(world, policy="b")


def test_whoever_decides_may_guide_all_who_scale(world, policy):
    """Without a bundle: the trace is that of the policy where the scenario names it, and another one than the rules'."""
    def digest(changes: list[str], decides=None) -> str:
        mesh = Mesh(load(world, changes), 3)
        plane_of(mesh, decides)
        mesh.advance(mesh.scenario.duration)
        return mesh.plane.digest()

    named = digest([f"agents.defaults.policy={policy.reference}"])
    assert digest([], policy.decides) == named != digest([])
