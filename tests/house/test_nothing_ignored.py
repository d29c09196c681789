"""Nothing is parsed and ignored: every schema field changes what its witness says it changes, in a run that is made."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import pytest

from agents.control_plane import ControlPlane
from agents.learning.seating import plane_of
from parley.runs.running import run
from scenarios.load import load
from scenarios.schema.scenario import Scenario
from sim.mesh import Mesh
from tests.scenarios.test_witnesses import FIELDS, WORLDS, witness_of


def lived(scenario: Scenario) -> tuple[Mesh, ControlPlane]:
    """A whole run, minds included."""
    mesh = Mesh(scenario, 1)
    plane = plane_of(mesh)
    mesh.advance(scenario.duration)
    return mesh, plane


def digest(scenario: Scenario, _: Path) -> str:
    """Its trace."""
    return lived(scenario)[0].plane.digest()


def decisions(scenario: Scenario, _: Path) -> Any:
    """What agents decided and told."""
    return lived(scenario)[1].decisions


def messages(scenario: Scenario, _: Path) -> Any:
    """What agents said to each other."""
    return lived(scenario)[1].network.log


def summary(scenario: Scenario, folder: Path) -> dict[str, Any]:
    """Its summary, without what names it."""
    return run(scenario, out=folder).summary


def verdict(scenario: Scenario, folder: Path) -> Any:
    """What became of its expectations."""
    return summary(scenario, folder)["expect"]


def manifest(scenario: Scenario, folder: Path) -> dict[str, Any]:
    """The words that describe it."""
    whole = run(scenario, out=folder).manifest
    return {key: whole[key] for key in ("scenario", "question", "currency")}


OUTPUTS = {"digest": digest, "summary": summary, "verdict": verdict, "decisions": decisions, "messages": messages, "manifest": manifest}


@functools.cache
def outcome(world: str, setting: str, output: str, folder: Path) -> Any:
    """The named output of a world with one setting; the same setting is run once."""
    return OUTPUTS[output](load(WORLDS / f"{world}.yaml", [setting], folder=WORLDS), folder)


@pytest.mark.parametrize("info", FIELDS)
def test_field_changes_a_run(info: Any, tmp_path: Path) -> None:
    """Two values of a field end in two different runs."""
    seen = witness_of(info)
    first, second = (outcome(seen.world, f"{seen.at}={json.dumps(value)}", seen.moves, tmp_path / str(i))
                     for i, value in enumerate(seen.values))  # fmt: skip
    assert first != second
