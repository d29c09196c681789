"""Changes of a scenario that show from an instant on: more or fewer requests, and values nothing has used before."""

from __future__ import annotations

from collections.abc import Sequence

from parley.errors import UsageError
from parley.interventions.actions import Action, Load, Set
from scenarios.load import loads
from scenarios.rates import Piece, pieces
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import format_duration
from scenarios.schema.workload import Arrivals, RateShape
from scenarios.writing import as_yaml

OF_THE_MEASURE = ("version", "name", "question", "duration", "warmup", "currency", "expect")  # no part of the world


def changed(world: Scenario, actions: Sequence[Action], at_ns: int) -> Scenario:
    """The world with what its actions change in the file; the same object where none does. Raises ParleyError."""
    for action in actions:
        if isinstance(action, Load):
            world = _loaded(world, action, at_ns)
        elif isinstance(action, Set):
            if (root := action.path.split(".")[0]) in OF_THE_MEASURE:
                raise UsageError(f"{action}: {root} says what is run and measured, and changes nothing in the world")
            world = loads(as_yaml(world), [f"{action.path}={action.value}"])
    return world


def _loaded(world: Scenario, action: Load, at_ns: int) -> Scenario:
    """The class's rate as straight lines, multiplied from `at_ns` on."""
    workload = world.workload[action.workload]
    kind, shape = workload.arrivals.kind, workload.arrivals.chosen
    if not isinstance(shape, RateShape):
        what = "a closed population, who come when they were answered" if kind == "users" else "recorded times"
        raise UsageError(f"{action}: {action.workload} are {what}; only classes with a rate (poisson, constant) can be multiplied")
    points: list[tuple[int, float]] = []
    for piece in pieces(shape, 1.0, world.duration):
        for part, factor in _split(piece, at_ns, action.factor):
            points += [(part.start_ns, part.rate_start * factor), (part.end_ns, part.rate_end * factor)]
    written = [[format_duration(time), f"{rate!r}/s"] for time, rate in points]
    line = Arrivals.model_validate({kind: {"pieces": {"points": written}}})
    given = workload.model_copy(update={"arrivals": line})
    return loads(as_yaml(world.model_copy(update={"workload": {**world.workload, action.workload: given}})))


def _split(piece: Piece, at_ns: int, factor: float) -> list[tuple[Piece, float]]:
    if piece.end_ns <= at_ns:
        return [(piece, 1.0)]
    if piece.start_ns >= at_ns:
        return [(piece, factor)]
    share = (at_ns - piece.start_ns) / (piece.end_ns - piece.start_ns)
    middle = piece.rate_start + (piece.rate_end - piece.rate_start) * share
    return [(piece._replace(end_ns=at_ns, rate_end=middle), 1.0), (piece._replace(start_ns=at_ns, rate_start=middle), factor)]
