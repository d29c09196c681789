"""The world of each entrant: the same for all but for who decides in it, written into the folder so that any run can be had again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from parley.errors import UsageError
from parley.evaluations.calibrating import Calibration
from parley.evaluations.cells import seated
from parley.evaluations.families import Arena, arenas_of
from parley.evaluations.files import LEARNED, TRAIN, Controller, EvaluationFile, Family, evaluation_file
from parley.evaluations.seats import Chosen, Home, Seats, seats_of
from parley.evaluations.stages import slug
from parley.maps.files import MapAxis, as_changes, values_of
from parley.survival.files import Entrant, SurvivalFile
from parley.sweeps.axes import Axis, axis
from scenarios.errors import ScenarioError
from scenarios.load import load, loads
from scenarios.schema.scenario import Scenario
from scenarios.writing import as_yaml

WORLDS = "worlds"


def axis_of(side: MapAxis) -> Axis:
    """The values of a side, as they are laid over a world. Raises UsageError."""
    return axis(side.path, values_of(side))


def path_of(folder: Path, name: str) -> Path:
    """Where an entrant's world is written."""
    return folder / WORLDS / f"{slug(name)}.yaml"


def worlds_of(made: SurvivalFile, calibrated: Calibration | None, *, with_policies: bool) -> dict[str, Scenario]:
    """By entrant; that of policies is the world with its own rules. Raises ParleyError for whatever is wrong, before anything runs."""
    evaluation, bare = evaluation_file(made.evaluation), load(made.scenario, as_changes(made.set))
    arenas = arenas_of(evaluation)
    digests = {name: one.digest for name, one in arenas.items()}
    found = {}
    with TemporaryDirectory() as place:
        home = _home(arenas[evaluation.family_of(TRAIN)], Path(place))
        for name, one in made.entrants.items():
            controller, chosen = controller_of(name, one, evaluation), Chosen(all=one.values)
            if calibrated is not None and controller.calibrated is not None:
                chosen = calibrated.chosen(evaluation.first, one.controller or name, evaluation, digests)
            try:
                world = seated(bare, _seats(controller, chosen, bare, home, evaluation), controller.replicas)
                found[name] = loads(as_yaml(world), [*as_changes(one.set), *made.outcome.changes()])
            except ScenarioError as fault:
                raise ScenarioError(f"entrants.{name}: {fault}") from None
    if with_policies:
        found[LEARNED] = loads(as_yaml(bare), made.outcome.changes())
    _require_values(made, next(iter(found.values())))
    return found


def _home(train: Arena, place: Path) -> Home:
    """What whoever set a controller up could know: the family in training, its world written there."""
    path = place / "train.yaml"
    path.write_text(as_yaml(train.world), encoding="utf-8")
    return Home(train, path)


def _seats(controller: Controller, chosen: Chosen, world: Scenario, home: Home, evaluation: EvaluationFile) -> Seats | None:
    arena = Arena("", Family(), world, {}, evaluation.ticks, evaluation.pods.most)
    return seats_of(controller, chosen, arena, lambda _: home, evaluation.pods.least)


def controller_of(name: str, one: Entrant, evaluation: EvaluationFile) -> Controller:
    """Who scales: one of the evaluation's, or the world's own rules. Raises UsageError."""
    found = evaluation.controllers.get(one.controller or name, Controller())
    missing = [path for path in found.best_of if path not in one.values]
    if missing:
        raise UsageError(f"entrants.{name}: is the best of several in hindsight there, and here needs values of its own: {missing[0]}")
    return found


def _require_values(made: SurvivalFile, world: Scenario) -> None:
    """Raises ScenarioError for a value that the world cannot have."""
    text = as_yaml(world)
    for change in (*axis_of(made.x).changes(), *axis_of(made.y).changes()):
        loads(text, [change])


def texts_of(worlds: Mapping[str, Scenario]) -> dict[str, str]:
    """As they are written."""
    return {name: as_yaml(world) for name, world in worlds.items()}
