"""Calibrated and judged: the same whoever was stopped, and what is told is what the cells have."""

from __future__ import annotations

import json
import shutil
import signal
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from agents.learning.bundles.trained import Trained
from agents.learning.judging import scores
from agents.learning.scaling.actions import ACTION_SETS
from agents.learning.tasks import SCALE_V0
from agents.learning.training import Recipe, Trainer
from agents.learning.weights import WeightsError
from parley.errors import FolderError, Interrupted, UsageError
from parley.evaluations.calibrating import SUMMARY as CALIBRATED
from parley.evaluations.calibrating import Calibration, calibrate
from parley.evaluations.cells import FIGURES
from parley.evaluations.entrants import FIRST_SEED
from parley.evaluations.evaluations import SUMMARY, Evaluation, begun, evaluate
from parley.evaluations.files import LEARNED, parsed
from parley.evaluations.findings import DERIVED, FAILS, HOLDS, hypotheses
from parley.evaluations.page import PAGE, PICTURES, page_of_evaluation, publish
from parley.evaluations.scoring import objective
from parley.evaluations.tables import print_evaluation
from parley.runs.running import Stop
from parley.statistics.robust import iqm
from parley.training.training import BEST, Training, train
from scenarios.load import load
from scenarios.writing import as_yaml
from tests.evaluations.little import LITTLE
from tests.parley.worlds import parley as command


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    """One rule, under two weightings."""
    return calibrate(LITTLE, jobs=1, out=tmp_path_factory.mktemp("calibrated") / "c")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Training:
    """Two policies that have hardly learned anything."""
    folder = tmp_path_factory.mktemp("trained")
    world = load("learning_to_scale", ["duration=2m", "workload.crowd.arrivals.poisson.flash_crowd.at=1m"])
    (folder / "small.yaml").write_text(as_yaml(world))
    return train(folder / "small.yaml", steps=24, seeds=2, lanes=1, jobs=1, out=folder / "t")


@pytest.fixture(scope="module")
def judged(calibrated: Calibration, trained: Training, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """Everybody, and both policies."""
    out = tmp_path_factory.mktemp("judged") / "e"
    return evaluate(LITTLE, policies=[trained.path], calibration=calibrated.path, jobs=1, out=out)


def stopped_after(monkeypatch: pytest.MonkeyPatch, cells: int) -> Any:
    """Somebody who presses Ctrl-C once so many cells are there."""
    made: list[Stop] = []
    init = Stop.__init__

    def kept(self: Stop) -> None:
        init(self)
        made.append(self)

    monkeypatch.setattr(Stop, "__init__", kept)

    def told(done: int, _: int) -> None:
        if done == cells:
            for one in made:
                one.signal_number = signal.SIGINT

    return told


def test_a_calibration_keeps_to_its_budget(calibrated: Calibration) -> None:
    """So many proposals of so many episodes, the best on the family for validation; and J of them is that of the cells."""
    assert calibrated.state == "complete"
    for weighting, studies in calibrated.found.items():
        one = studies["calibrated HPA"]
        assert len(one["trials"]) == 3 and one["J"] == min(trial["J"] for trial in one["trials"]) and len(one["finalists"]) == 1
        assert one["words"]["weights"]["cost"] == (2 if weighting == "dear pods" else 0.5)
    free, dear = (calibrated.found[name]["calibrated HPA"]["trials"][0] for name in LITTLE["weightings"])
    assert free["chosen"] == dear["chosen"] and dear["J"] > free["J"], "the same episodes at another price"


def test_a_calibration_that_was_stopped_goes_on(calibrated: Calibration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the same bytes."""
    with monkeypatch.context() as patch, pytest.raises(Interrupted):
        calibrate(LITTLE, jobs=1, out=tmp_path / "c", told=stopped_after(patch, 3))
    with pytest.raises(FolderError, match="is not finished; `parley calibrate --resume"):
        _ = Calibration(tmp_path / "c").found
    again = Calibration(tmp_path / "c").resume(jobs=1)
    assert (again.path / CALIBRATED).read_bytes() == (calibrated.path / CALIBRATED).read_bytes()


def test_a_calibration_of_something_else_is_refused(calibrated: Calibration, tmp_path: Path) -> None:
    """Other words about a controller, other worlds, no folder at all."""
    other = deepcopy(LITTLE)
    other["controllers"]["calibrated HPA"]["scaling"]["hpa"]["tolerance"] = "5%"
    with pytest.raises(FolderError, match="has no calibration of 'calibrated HPA' as trained, or of other words about it"):
        evaluate(other, calibration=calibrated.path, out=tmp_path / "a")
    other = deepcopy(LITTLE)
    other["families"]["train"]["set"] = {**other["families"]["train"]["set"], "services.front.replicas": 5}
    with pytest.raises(FolderError, match="was calibrated in another family 'train'"):
        evaluate(other, calibration=calibrated.path, out=tmp_path / "b")
    with pytest.raises(UsageError, match="holds no calibration, and uncalibrated rules are no baseline; `parley calibrate evaluation"):
        evaluate(LITTLE, calibration=tmp_path, out=tmp_path / "c")
    assert not [*tmp_path.iterdir()], "nothing is written"


def test_where_nobody_is_calibrated_no_calibration_is_asked_for(tmp_path: Path) -> None:
    """One that is named has to be there all the same."""
    other = deepcopy(LITTLE)
    del other["controllers"]["calibrated HPA"]["calibrated"]
    assert begun(other, out=tmp_path / "a").manifest["state"] == "running"
    with pytest.raises(UsageError, match="holds no calibration"):
        begun(other, calibration=tmp_path, out=tmp_path / "b")


def test_everybody_meets_the_same_episodes(judged: Evaluation) -> None:
    """Rules once, policies once each, in every family; the calibrated one again at other prices where that is asked for."""
    rows = judged.cells().to_pylist()
    assert {row["seed"] for row in rows} == set(range(FIRST_SEED, FIRST_SEED + 3)) and not any(row["fault"] for row in rows)
    often = {(row["family"], row["controller"], row["member"], row["weighting"]) for row in rows}
    assert len(rows) == 3 * len(often) == 3 * (2 * (5 + 2 + 2) + 1)
    assert ("late", "calibrated HPA", "", "dear pods") in often and ("fresh", LEARNED, "seed 2", "as trained") in often
    bare = [row for row in rows if row["controller"] == "one pod"]
    assert all(row["pods"] == 6 and row["moved"] == 0 for row in bare)


def test_findings_are_of_the_cells(judged: Evaluation) -> None:
    """J, its middle half, regret, what is saved and the score, worked anew from the rows."""
    told, outcomes = judged.findings, judged.outcomes("as trained")
    rows = judged.cells().to_pylist()

    def costs(name: str) -> list[float]:
        mine = [row for row in rows if (row["family"], row["controller"], row["weighting"]) == ("late", name, "as trained")]
        found = [objective(row, outcomes.weights) for row in mine]
        return found if name != "lookahead" else min(found[:3], found[3:], key=sum)

    for name in judged.names:
        mine, default, reference, hpa = (np.array(costs(one)) for one in (name, "default HPA", "lookahead", "calibrated HPA"))
        means = [float(one.mean()) for one in (mine, default, reference, hpa)]
        expected = (means[0], float(iqm(mine)), means[0] - means[2], 1 - means[0] / means[3], (means[1] - means[0]) / (means[1] - means[2]))
        assert [told["families"]["late"][name][what][0] for what in DERIVED] == pytest.approx(expected)
    assert told["families"]["late"]["default HPA"]["score"][0] == 0 and told["families"]["late"]["lookahead"]["score"][0] == 1
    assert told["seeds"]["late"] == pytest.approx([float(np.mean(costs(LEARNED)[:3])), float(np.mean(costs(LEARNED)[3:]))])
    assert told["overall"]["calibrated HPA"]["better_than_calibrated"] == 0.5
    assert told["profile"]["shares"]["one pod"][0][0] >= told["profile"]["shares"]["one pod"][-1][0]


def test_what_was_claimed_is_held_against_it(judged: Evaluation) -> None:
    """Whoever does nothing is worse by more than a tenth; two policies that learned nothing are not better by half."""
    found = judged.findings["hypotheses"]
    assert found["Calibrated is better than none"]["found"]["as trained"]["verdict"] == HOLDS
    half = found["Policies are better by half"]["found"]["as trained"]
    assert half["verdict"] == FAILS and half["trainings"] == 2
    assert set(found["Policies are better by half"]["found"]) == set(LITTLE["weightings"])
    for pairs in judged.findings["ordering"].values():
        assert [(one["better"], one["worse"]) for one in pairs] == [("lookahead", "calibrated HPA"), ("calibrated HPA", "one pod")]
        assert pairs[1]["verdict"] == HOLDS


@pytest.mark.slow
def test_an_episode_that_could_not_go_on_is_told(judged: Evaluation, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What it is part of is not known, nobody is flattered by it, and the page, the tables and the pictures are made all the same."""
    copy = tmp_path / "copy"
    shutil.copytree(judged.path, copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    for one in manifest["policies"]:
        one["path"] = str((judged.path / one["path"]).resolve())
    (copy / "manifest.json").write_text(json.dumps(manifest))
    usual = judged.outcomes("as trained").costs("fresh", "lookahead")
    (part,) = (copy / "cells").glob("*.parquet")
    table = pq.read_table(part)
    rows = table.to_pylist()
    ill = {("fresh", "lookahead"): "50%", ("late", LEARNED): "seed 1", ("late", "default HPA"): ""}
    for row in rows:
        if ill.get((row["family"], row["controller"])) == row["member"] and row["seed"] == FIRST_SEED:
            row.update(dict.fromkeys(FIGURES) | {"fault": "stuck"})
    pq.write_table(pa.Table.from_pylist(rows, table.schema), part)
    found = Evaluation(copy).go_on(1, None)
    seen = found.outcomes("as trained").costs("fresh", "lookahead")
    assert np.isfinite(seen).all() and seen.mean() >= usual.mean(), "the reference is the best of those that are known"
    told = found.findings
    assert len(told["faults"]) == 3 and told["overall"][""]["families"] == ["fresh"]
    assert told["families"]["late"][LEARNED]["J"][0] is None and told["families"]["fresh"][LEARNED]["J"][0] is not None
    publish(found)
    print_evaluation(Console(width=120), found)
    for text in ((copy / PAGE).read_text(), capsys.readouterr().out):
        assert "late, default HPA, seed" in text and ": stuck" in text and "nan" not in text


def test_a_claim_about_all_families_is_judged_in_all_of_them(judged: Evaluation, calibrated: Calibration, tmp_path: Path) -> None:
    """Where some are left out it is not judged; where a weighting has fewer the page says how many; who costs the same saves nothing."""
    one = begun(LITTLE, calibration=calibrated.path, families=["fresh"], out=tmp_path / "e")
    assert one.file.tests == ["fresh"] and one.file.hypotheses == {} and len(judged.file.hypotheses) == 2
    assert "| dear pods | 1 of 2 families |" in page_of_evaluation(judged)
    made = parsed(LITTLE | {"hypotheses": {"Nobody costs less than himself": {"of": "cron", "against": "cron"}}})
    outcomes = {"as trained": judged.outcomes("as trained")}
    (found,) = hypotheses(made, outcomes, judged.names)["Nobody costs less than himself"]["found"].values()
    assert (found["saves"], found["verdict"]) == ([0, 0, 0], FAILS)


def test_an_evaluation_that_was_stopped_goes_on(judged: Evaluation, calibrated: Calibration, trained: Training, tmp_path: Path,
                                                monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """To the same findings; another policy in its place is refused."""
    with monkeypatch.context() as patch, pytest.raises(Interrupted):
        evaluate(LITTLE, policies=[trained.path], calibration=calibrated.path, jobs=1, out=tmp_path / "e", told=stopped_after(patch, 2))
    with pytest.raises(FolderError, match="is not finished; `parley evaluate --resume"):
        _ = Evaluation(tmp_path / "e").findings
    best = trained.path / "seed-2" / BEST
    before = best.read_bytes()
    best.write_bytes(before + b"0")
    with pytest.raises(FolderError, match="is not the policy that this evaluation began with"):
        Evaluation(tmp_path / "e").resume(jobs=1)
    best.write_bytes(before)
    again = Evaluation(tmp_path / "e").resume(jobs=2)
    assert (again.path / SUMMARY).read_bytes() == (judged.path / SUMMARY).read_bytes()


def test_its_page_and_pictures(judged: Evaluation, tmp_path: Path) -> None:
    """Every family, controller and claim; every training; and the command prints them."""
    publish(judged)
    page = page_of_evaluation(judged)
    assert (judged.path / PAGE).read_text() == page
    assert all(name in page for name in (*judged.names, "Fresh", "Late", "Every training", "Policies are better by half", "dear pods"))
    assert all((judged.path / name).read_bytes().startswith(b"\x89PNG") for name in PICTURES)
    told = command("evaluate", "--resume", str(judged.path), cwd=tmp_path)
    assert told.returncode == 0 and "must cost less" in told.stdout and "plane.png" in told.stdout
    kept = command("evaluate", "--resume", str(judged.path), "--json", cwd=tmp_path)
    assert json.loads(kept.stdout) == judged.findings
    refused = command("evaluate", "scaling", "--resume", str(judged.path), cwd=tmp_path)
    assert refused.returncode == 2 and "--resume goes on with what was asked then" in refused.stderr
    refused = command("evaluate", "scaling", "--family", "freshdays", cwd=tmp_path)
    assert refused.returncode == 2 and "is no family for tests" in refused.stderr


def test_a_policy_out_of_its_file_is_the_one_that_was_trained(trained: Training, tmp_path: Path) -> None:
    """The same actions as the trainer's own; what is no policy is refused, and nothing in it is run."""
    state = (trained.path / "seed-1" / BEST).read_bytes()
    task = SCALE_V0.changed(scenario=trained.plan.scenario)
    trainer = Trainer(Recipe(task, steps=24, lanes=1, jobs=1), 1)
    trainer.restore(state)
    ours = Trained.of(state, task.action_set).decides
    assert scores(task, [3], ours) == scores(task, [3], trainer.decides)
    trainer.close()
    for broken in (state[:100], b"", b"cos\nsystem\n(S'false'\ntR."):
        with pytest.raises(WeightsError, match="nothing in it was run"):
            Trained.of(broken, task.action_set)
    with pytest.raises(WeightsError, match="nothing in it was run"):
        Trained.of(state, ACTION_SETS["replicas"])
