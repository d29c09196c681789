"""Who survives what: what a file may say, areas and verdicts by hand, going on after a stop, and the published one."""

from __future__ import annotations

import json
import signal
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from parley.errors import FolderError, Interrupted, UsageError
from parley.evaluations.calibrating import Calibration, calibrate
from parley.evaluations.files import LEARNED, evaluation_file
from parley.statistics.crossed import Design
from parley.survival.basins import Basins, basins_of
from parley.survival.cells import OUTCOME, KickCell, Kicks
from parley.survival.figure import maps_of
from parley.survival.files import RULE, as_plain, is_survival, parsed, survival_file
from parley.survival.findings import KEPT, NARROWER, REFUTED, SAME, UNDECIDED, WIDER, findings_of
from parley.survival.page import PAGE, PICTURE, page_of_survival, publish
from parley.survival.survival import FIRST_SEED, SUMMARY, Survival, begun
from parley.survival.worlds import path_of
from parley.training.training import BEST, Training, train
from scenarios.errors import ScenarioError
from scenarios.flow import Flow
from scenarios.load import load
from scenarios.writing import as_yaml
from tests.evaluations.little import LITTLE
from tests.parley.worlds import parley as command

PUBLISHED = Path(__file__).parents[2] / "results" / "published" / "survival"
SMALL: dict[str, Any] = {
    "question": "Who comes back?", "evaluation": "little.yaml", "scenario": "learning_to_scale",
    "set": {"duration": "3m", "workload.shoppers.arrivals": {"poisson": "20/s"}, "routes.defaults.retries": {"num_retries": 2},
            "workload.crowd.arrivals.poisson.flash_crowd": {"base": "0/s", "peak": "400/s", "at": "70s", "rise": "5s", "hold": "20s"}},
    "x": {"path": "workload.shoppers.load", "values": [0.5, 1]}, "y": {"path": "workload.crowd.load", "values": [0, 1]},
    "kick": "70s", "outcome": {"figure": "good", "from": "150s", "level": 0.5}, "seeds": 2,
    "entrants": {"calibrated HPA": {}, "nobody": {"set": {"agents": {}}}, "one pod": {},
                 "patient": {"role": "negotiated", "controller": "calibrated HPA", "set": {"routes.defaults.retries.num_retries": 0}}},
    "claims": {"Patience widens": {"of": "patient"}, "Policies widen": {"of": "learned", "over": ["one pod"]}},
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a small evaluation, and a survival of its controllers."""
    made: Path = tmp_path_factory.mktemp("survival")
    (made / "little.yaml").write_text(yaml.safe_dump(LITTLE))
    (made / "small.yaml").write_text(yaml.safe_dump(SMALL))
    return made


@pytest.fixture(scope="module")
def calibrated(folder: Path) -> Calibration:
    """Its rules."""
    return calibrate(folder / "little.yaml", jobs=1, out=folder / "c")


@pytest.fixture(scope="module")
def trained(folder: Path) -> Training:
    """Two policies that have hardly learned anything."""
    world = load("learning_to_scale", ["duration=2m", "workload.crowd.arrivals.poisson.flash_crowd.at=1m"])
    (folder / "world.yaml").write_text(as_yaml(world))
    return train(folder / "world.yaml", steps=24, seeds=2, lanes=1, jobs=1, out=folder / "t")


@pytest.fixture(scope="module")
def kicked(folder: Path, calibrated: Calibration, trained: Training) -> Survival:
    """Everybody, and both policies."""
    return begun(folder / "small.yaml", calibration=calibrated.path, policies=[trained.path], out=folder / "s").resume(jobs=1)


def basins(**survived: Any) -> Basins:
    """By entrant a plane of one row for each training: cells by seeds."""
    arrays = {name: np.array(rows, dtype=float)[:, None] for name, rows in survived.items()}
    return Basins(arrays, {name: np.full(one.shape, 3.0) for name, one in arrays.items()})


def claimed(told: Basins, over: tuple[str, ...]) -> dict[str, Any]:
    """What is found of the claim that `ours` is wider."""
    entrants: dict[str, Any] = {name: {} for name in told.survived}
    made = parsed(SMALL | {"evaluation": "scaling", "entrants": entrants, "claims": {"wider": {"of": "ours", "over": over}}})
    found: dict[str, Any] = findings_of(made, told)["claims"]["wider"]
    return found


def test_the_shipped_one_says_what_its_axes_say() -> None:
    """A load of 1 is 55 % of what 32 cores can serve, which the pods at the beginning fill but for one; rules are the evaluation's."""
    made = survival_file("survival")
    world = load(made.scenario, [f"{path}={json.dumps(value)}" for path, value in made.set.items()])
    flow = Flow(world)
    visits = flow.visits()
    work_s = sum(often * flow.work_ns[target] for target, often in visits.items()) / 1e9 / visits["front.home"]
    (pool,) = world.cluster.nodes.values()
    cores = pool.count * pool.cpu / 1000
    assert work_s == pytest.approx(0.176) and cores == 32
    assert made.x.times == made.y.times == pytest.approx(100 * work_s / cores)
    assert sum(one.replicas for one in world.services.values()) == 31
    rules = {name for name, one in made.entrants.items() if one.role == RULE}
    assert rules > {"default HPA", "calibrated HPA", "rule that is guided", "trend-HPA", "staffing", "mpc", "minimum replicas"}
    assert all(one.controller in evaluation_file(made.evaluation).controllers for one in made.entrants.values() if one.controller)
    assert is_survival("survival") and not is_survival("scaling")


@pytest.mark.parametrize(("changes", "says"), [
    ({"outcome": {"figure": "good", "from": "60s", "level": 0.5}}, "looked at before the kick"),
    ({"outcome": {"figure": "good", "from": "150s"}}, "needs a level"),
    ({"x": SMALL["y"]}, "varies workload.crowd.load twice"),
    ({"claims": {"so": {"of": "pateint"}}}, "'so' names 'pateint', which there is not; did you mean 'patient'"),
    ({"claims": {"so": {"of": "one pod"}}}, "'so' says that 'one pod' is wider than itself"),
    ({"entrants": {**SMALL["entrants"], LEARNED: {}}}, "cannot be called 'learned'"),
    ({"entrants": {**SMALL["entrants"], "who": {"controller": "hpa"}}}, "'hpa' is none of scaling's"),
    ({"y": {"path": "workload.crowd.load", "values": [1, 0, 2]}}, "go up, or down"),
])  # fmt: skip
def test_mistakes_are_answered(changes: dict[str, Any], says: str) -> None:
    """With the place and the rule."""
    with pytest.raises((ScenarioError, UsageError), match=says):
        parsed(deepcopy(SMALL) | {"evaluation": "scaling"} | changes)


def test_areas_are_shares_of_the_plane() -> None:
    """By seed and training; a run that could not go on makes its area unknown."""
    rows = [{"entrant": "a", "member": str(training), OUTCOME: value, "pods": 5}
            for training, values in enumerate(([1, 1, 0.5, 0.4], [1, 0, 0, None])) for value in values]  # fmt: skip

    class Table:
        def to_pylist(self) -> list[dict[str, Any]]:
            return rows

    found = basins_of(Table(), (1, 2, 2), 0.5)
    assert found.areas("a")[0].tolist() == [1, 0.5] and found.areas("a")[1][0] == 0.5 and np.isnan(found.areas("a")[1][1])
    assert found.shares("a")[0].tolist() == [[1, 0.5]] and found.design.seeds == 2 and found.design.episodes == (2,)
    assert found.drawn("a", Design(1, [2]).whole).tolist() == [0.75]


def test_a_claim_holds_where_all_are_surely_narrower() -> None:
    """Kept against two that are; undecided beside one that may not be; refuted beside one that is the same or wider."""
    ours, less, least = [[[1, 1, 1, 1], [1, 1, 1, 1], [1, 0, 1, 1]]], [[[1, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]]], [np.zeros((3, 4))]
    close, more = [[[1, 1, 1, 1], [1, 1, 1, 1], [0, 1, 0, 1]]], [np.ones((3, 4))]
    told = basins(ours=ours, less=less, least=least, close=close, same=ours)
    found = claimed(told, ("less", "least"))
    assert found["verdict"] == KEPT and {one["verdict"] for one in found["over"].values()} == {WIDER}
    assert found["over"]["least"]["wider"][0] == pytest.approx(11 / 12)
    assert claimed(told, ("less", "close"))["verdict"] == UNDECIDED
    assert claimed(told, ("less", "same"))["over"]["same"]["verdict"] == SAME and claimed(told, ("less", "same"))["verdict"] == REFUTED
    assert claimed(basins(ours=least, most=more), ("most",))["verdict"] == UNDECIDED, "four that differ alike are four heads in a row"
    found = claimed(basins(ours=[np.zeros((3, 8))], most=[np.ones((3, 8))]), ("most",))
    assert found["over"]["most"]["verdict"] == NARROWER and found["verdict"] == REFUTED


def test_p_is_adjusted_over_what_a_claim_compares() -> None:
    """The least counts for all of them."""
    random = np.random.default_rng(3)
    told = basins(**{name: [random.random((20, 6)) < chance] for name, chance in (("ours", 0.7), ("a", 0.5), ("b", 0.55))})
    alone, both = (claimed(told, over)["over"]["a"] for over in (("a",), ("a", "b")))
    assert both["wider"] == pytest.approx(alone["wider"]) and both["p"] == pytest.approx(2 * alone["p"]) and 0 < alone["p"] < 0.01


def test_everybody_is_kicked_alike(kicked: Survival) -> None:
    """Rules once, policies once each, in all cells under the same seeds; and what they come to is that of their worlds."""
    rows = kicked.cells().to_pylist()
    assert len(rows) == 8 * (4 + 2) == kicked.manifest["cells"] and {row["seed"] for row in rows} == {FIRST_SEED, FIRST_SEED + 1}
    assert not any(row["fault"] for row in rows)
    assert [row["member"] for row in rows if row["entrant"] == LEARNED][::8] == ["seed 1", "seed 2"]
    assert {row["pods"] for row in rows if row["entrant"] == "one pod"} == {6}
    assert {row["pods"] for row in rows if row["entrant"] == "nobody"} == {20}
    told = kicked.findings["entrants"]
    assert told["one pod"]["area"][0] < 1 and told["patient"]["area"][0] == 1, "who does not try again comes back"
    for name, one in told.items():
        mine = [row[OUTCOME] >= 0.5 for row in rows if row["entrant"] == name]
        assert one["area"][0] == pytest.approx(np.mean(mine)) and np.mean(one["survived"]) == pytest.approx(np.mean(mine))


def test_a_cell_is_a_run_of_its_world(kicked: Survival) -> None:
    """As anybody would run the file in the folder, with the values of the cell."""
    row = kicked.cells().to_pylist()[3]
    ran = command("run", str(path_of(kicked.path, row["entrant"])), "--set", f"workload.shoppers.load={row['x']}", "--set",
                  f"workload.crowd.load={row['y']}", "--seed", str(row["seed"]), "--json", "--out", str(kicked.path.parent / "run"),
                  cwd=kicked.path.parent)  # fmt: skip
    told = json.loads(ran.stdout)
    assert told["trace_digest"] == row["trace_digest"] and told["expect"][0]["measured"] == row[OUTCOME]


@pytest.mark.slow
def test_one_that_was_stopped_goes_on(kicked: Survival, folder: Path, calibrated: Calibration, trained: Training) -> None:
    """To the same findings; another world or policy in its place is refused."""
    made = begun(folder / "small.yaml", calibration=calibrated.path, policies=[trained.path], out=folder / "again")

    def told(done: int, _: int) -> None:
        if done == 2:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(Interrupted):
        made.resume(jobs=1, told=told)
    with pytest.raises(FolderError, match="is not finished; `parley evaluate --resume"):
        _ = Survival(made.path).findings
    for path in (path_of(made.path, "nobody"), trained.path / "seed-2" / BEST):
        before = path.read_bytes()
        path.write_bytes(before + b"\n")
        with pytest.raises(FolderError, match="began with"):
            Survival(made.path).resume(jobs=1)
        path.write_bytes(before)
    again = Survival(made.path).resume(jobs=2)
    assert (again.path / SUMMARY).read_bytes() == (kicked.path / SUMMARY).read_bytes()


def test_its_page_and_picture(kicked: Survival, folder: Path) -> None:
    """Every entrant, claim and training; and the command prints them."""
    publish(kicked)
    page = (kicked.path / PAGE).read_text()
    assert page == page_of_survival(kicked) and all(name in page for name in (*kicked.names, *SMALL["claims"], "seed 2", "Holm"))
    assert (kicked.path / PICTURE).read_bytes().startswith(b"\x89PNG") and len(maps_of(kicked)) == 4 + 1 + 2
    told = command("evaluate", "--resume", str(kicked.path), cwd=folder)
    assert told.returncode == 0 and "wider by points" in told.stdout and PICTURE in told.stdout
    kept = command("evaluate", "--resume", str(kicked.path), "--json", cwd=folder)
    assert json.loads(kept.stdout) == kicked.findings
    refused = command("evaluate", "survival", "--family", "attack", cwd=folder)
    assert refused.returncode == 2 and "--family is of evaluations that have families" in refused.stderr
    refused = command("calibrate", "survival", cwd=folder)
    assert refused.returncode == 2 and "`parley calibrate scaling` does" in refused.stderr


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="published once policies are trained")
def test_the_published_page_tells_the_published_figures() -> None:
    """Of the file that is shipped."""
    found = Survival(PUBLISHED)
    assert as_plain(found.file) == as_plain(survival_file("survival")) and found.state == "complete"
    assert (PUBLISHED / PAGE).read_text() == page_of_survival(found)
    assert not found.findings["faults"] and findings_of(found.file, found.basins)["entrants"].keys() == set(found.names)


@pytest.mark.slow
@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="published once policies are trained")
def test_the_published_cells_are_computed_again() -> None:
    """One of each entrant and training: the same trace, so the same outcome."""
    found = Survival(PUBLISHED)
    rows, plan = found.cells().to_pylist(), found.plan
    each = plan.size // len(plan.members)
    for cell in plan.cells([nth * each + (37 * nth) % each for nth in range(len(plan.members))]):
        assert isinstance(cell, KickCell) and Kicks().row(cell) == rows[cell.index]
