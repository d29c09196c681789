"""Uncertain numbers: where they may stand, that the guess counts, and what is told of one that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import parley
from scenarios.errors import ScenarioError
from scenarios.guessing import Guess
from scenarios.load import guesses, load, loads
from scenarios.writing import as_yaml, json_schema

PLAIN = """
version: 1
name: unsure
duration: 4s
services:
  guess: {replicas: 2, workers: 4, endpoints: {get: [{work: {lognormal: {mean: 8ms, cv: 1}}}, {wait: 2ms}]}}
routes: {"* -> guess": {timeout: 90ms}}
workload: {jobs: {entry: guess.get, load: 1.5, arrivals: {poisson: 200/s}, slo: {availability: 99%}}}
"""
UNSURE = (
    PLAIN.replace("replicas: 2,", "replicas: {guess: 2, low: 1, high: 4},")
    .replace("mean: 8ms, cv: 1", "mean: {guess: 8ms, low: 5ms, high: 14ms}, cv: {low: 0.5, guess: 1, high: 2}")
    .replace("wait: 2ms", "wait: {guess: 2ms, low: 0s, high: 4ms}")
    .replace("load: 1.5", "load: {guess: 1.5, low: 1, high: 2}")
    .replace("poisson: 200/s", "poisson: {guess: 200/s, low: 20/s, high: 200/s}")
    .replace("availability: 99%", "availability: {guess: 99%, low: 0.9, high: 99.9%}")
)
PATHS = {
    "services.guess.replicas": (2, 1, 4), "services.guess.endpoints.get.0.work.lognormal.mean": ("8ms", "5ms", "14ms"),
    "services.guess.endpoints.get.0.work.lognormal.cv": (1, 0.5, 2), "services.guess.endpoints.get.1.wait": ("2ms", "0s", "4ms"),
    "workload.jobs.load": (1.5, 1, 2), "workload.jobs.arrivals.poisson": ("200/s", "20/s", "200/s"),
    "workload.jobs.slo.availability": ("99%", 0.9, "99.9%"),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plain.yaml").write_text(PLAIN.replace("", ""))
    (tmp_path / "unsure.yaml").write_text(UNSURE.replace("", ""))
    return tmp_path


def told(one: Guess) -> tuple[Any, Any, Any]:
    return one.guess, one.low, one.high


def test_the_guess_is_what_counts(folder: Path) -> None:
    """The same world, also for a service that is called guess; written down, nothing of the form is left."""
    assert load("unsure.yaml", folder=folder) == load("plain.yaml", folder=folder)
    assert loads(as_yaml(load("unsure.yaml", folder=folder))) == load("plain.yaml", folder=folder)
    assert "low" not in as_yaml(load("unsure.yaml", folder=folder))


def test_a_run_of_guesses_is_a_run_of_a_plain_file(folder: Path) -> None:
    """The same trace, to the byte."""
    digests = {parley.run(folder / f"{name}.yaml", out=folder / name).summary["trace_digest"] for name in ("plain", "unsure")}
    assert len(digests) == 1


def test_where_they_stand_can_be_asked(folder: Path) -> None:
    """Paths are as --set takes them, and values as written."""
    found = guesses("unsure.yaml", folder=folder)
    assert {one.path: told(one) for one in found} == PATHS
    assert guesses("plain.yaml", folder=folder) == ()
    for one in found:
        plain, unsure = (load(f"{name}.yaml", [f"{one.path}={one.at(0.5)}"], folder=folder) for name in ("plain", "unsure"))
        assert plain == unsure


def test_values_between_the_ends(folder: Path) -> None:
    """Every whole number has the same room; ends ten times apart are crossed by their logarithm."""
    found = {one.path.rpartition(".")[2]: one for one in guesses("unsure.yaml", folder=folder)}
    shares = (0.0, 0.24, 0.26, 0.5, 1.0)
    assert [found["replicas"].at(share) for share in shares] == [1, 1, 2, 3, 4]
    assert [found["wait"].at(share) for share in shares] == ["0s", "960us", "1.04ms", "2ms", "4ms"]
    assert [found["poisson"].is_logarithmic, found["wait"].is_logarithmic, found["mean"].is_logarithmic] == [True, False, False]
    assert [round(float(found["poisson"].at(share)[:-2]), 6) for share in (0.0, 0.5, 1.0)] == [20.0, 63.245553, 200.0]


def test_files_that_lie_over_others_and_set_know_the_form(folder: Path) -> None:
    """Each replaces the whole of it, whatever stood there before."""
    (folder / "over.yaml").write_text("extends: unsure.yaml\nservices: {guess: {replicas: 3, workers: {guess: 5, low: 2, high: 6}}}\n")
    changes = ["workload.jobs.load=1", "duration={guess: 5s, low: 4s, high: 6s}"]
    found = {one.path: told(one) for one in guesses("over.yaml", changes, folder=folder)}
    changed = {path: values for path, values in PATHS.items() if path not in ("services.guess.replicas", "workload.jobs.load")}
    assert found == changed | {"services.guess.workers": (5, 2, 6), "duration": ("5s", "4s", "6s")}
    world = load("over.yaml", folder=folder)
    assert (world.services["guess"].replicas, world.services["guess"].workers) == (3, 5)


def test_one_step_in_place_of_a_list_has_the_path_of_the_first() -> None:
    """A branch of one step needs no brackets; --set finds it under 0 all the same."""
    text = PLAIN.replace("", "").replace("{wait: 2ms}", "{parallel: [{wait: {guess: 2ms, low: 1ms, high: 3ms}}, [{wait: 1ms}]]}")
    assert loads(text) == loads(text.replace("{guess: 2ms, low: 1ms, high: 3ms}", "2ms"))


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ("{guess: 8ms, low: 9ms, high: 14ms}", "6:81: SPOT: the guess 8ms must be between low (9ms) and high (14ms)"),
        ("{guess: 8ms, low: 14ms, high: 5ms}", "6:93: SPOT: low (14ms) must be less than high (5ms)"),
        ("{guess: 8ms, low: 8ms, high: 8ms}", "6:93: SPOT: low (8ms) must be less than high (8ms)"),
        ("{guess: 8ms, low: 5ms}", "6:80: SPOT: needs high as well; write it like {guess: 8ms, low: 5ms, high: 14ms}"),
        ("{guess: 8ms}", "6:80: SPOT: needs low and high as well; write it like {guess: 8ms, low: 5ms, high: 14ms}"),
        ("{guess: 8ms, lwo: 5ms, high: 14ms}", "6:93: SPOT has no 'lwo'; did you mean 'low'?"),
        ("{guess: 8ms, low: 5, high: 14ms}", "6:93: SPOT.low = 5 is not a duration; write it like 250ms, 1.5s, 20m or 12m03s"),
        ("{guess: 8ms, low: 5ms, high: many}", "6:103: SPOT.high = 'many' is not a duration; write it like 250ms, 1.5s, 20m or 12m03s"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, wrong: str, rule: str) -> None:
    """File, line, column, path, value, rule and the nearest right name."""
    file = tmp_path / "wrong.yaml"
    file.write_text(PLAIN.replace("mean: 8ms", f"mean: {wrong}"))
    with pytest.raises(ScenarioError) as caught:
        load(file)
    assert str(caught.value) == f"{file}:{rule.replace('SPOT', 'services.guess.endpoints.get.0.work.lognormal.mean')}"


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("replicas: 2", "replicas: {guess: 2, low: 0.5, high: 4}", "services.guess.replicas.low = 0.5 is not a whole number"),
        ("workers: 4", "workers: {guess: 2, low: 0, high: 4}", "services.guess.workers.low = 0 must be at least 1"),
        ("name: unsure", "name: {guess: a1, low: a0, high: a2}", "name.guess = 'a1' is no number"),
        ("arrivals: {poisson: 200/s}", "arrivals: {guess: 2/s, low: 1/s, high: 3/s}", "a guess stands for a number, and here is none"),
    ],
)
def test_the_rules_of_the_place_hold_for_its_ends(old: str, new: str, rule: str) -> None:
    """A number that could not stand there is refused as guess, low and high; where no number stands, so is the form."""
    with pytest.raises(ScenarioError, match=rule):
        loads(PLAIN.replace(old, new))


def test_an_editor_takes_the_form_where_numbers_stand(folder: Path) -> None:
    """And underlines it where an end is missing, or no number stands."""
    editor = jsonschema.Draft202012Validator(json_schema())
    for text in (UNSURE.replace("", ""), "version: 1\nextends: [a.yaml]\nduration: {guess: 5s, low: 4s, high: 6s}\n"):
        assert [error.message for error in editor.iter_errors(yaml.safe_load(text))] == []
    for wrong in ("duration: {guess: 5s, low: 4s}", "duration: {guess: 5s, low: 4s, hihg: 6s}", "name: {guess: 5s, low: 4s, high: 6s}"):
        assert list(editor.iter_errors(yaml.safe_load(f"version: 1\nextends: [a.yaml]\n{wrong}\n")))
