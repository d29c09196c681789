"""Routes of a world on their way out and back, whatever the words are.

What a format can say of a route is found by reading back what was written: what then differs from the route as it was is unsaid, field
by field, so that nothing can be dropped in silence. On the way back a world changes by what a file says otherwise than the world's own
file would: what nobody changed stays, and so does what the format has no words for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from parley.manifests.documents import Document, Leaving
from scenarios.errors import quoted
from scenarios.load import loads
from scenarios.schema.calls import edges
from scenarios.schema.changing import dumped
from scenarios.schema.resilience import Route
from scenarios.schema.routing import DEFAULTS, Edge, ResolvedRoute, resolve
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import format_duration
from scenarios.writing import as_data, yaml_of

Data = dict[str, Any]
Read = Callable[[Edge], Data | None]  # what a file says of an edge, as a scenario spells it; None: nothing
OF_NO_PROXY = ("name", "caller", "callee")
IDLE = "healthy_panic_threshold"  # means nothing where nobody is ejected


def named_routes(world: Scenario) -> dict[str, tuple[Edge, ResolvedRoute]]:
    """The routes of a world by name, each with an edge that takes it; those that name endpoints before those that do not."""
    found: dict[str, tuple[Edge, ResolvedRoute]] = {}
    for edge in edges(world.services, world.workload):
        route = resolve(world.routes, edge)
        found.setdefault(route.name, (edge, route))
    return dict(sorted(found.items(), key=lambda item: (-item[0].count("."), item[0])))


def told_apart(world: Scenario) -> dict[str, ResolvedRoute]:
    """The routes that a proxy can tell from each other, by name: it does not know for which of its requests a caller calls."""
    return {name: route for name, (_, route) in named_routes(world).items() if not names_caller_endpoint(name)}


def leaving(world: Scenario, documents: Sequence[Document], read: Read, reasons: Mapping[str, str], otherwise: str,
            disagreeing: Sequence[str] = ()) -> Leaving:  # fmt: skip
    """Documents that were made of routes, with all that `read`ing them again does not tell, and why."""
    named, apart = named_routes(world), told_apart(world)
    missing = [f"{name}: a proxy does not know which endpoint of its service calls" for name in named if name not in apart]
    missing += disagreeing
    for name, route in apart.items():
        edge = named[name][0]
        if (said := read(edge)) is not None:
            missing += _unsaid(name, edge, route, said, reasons, otherwise)
    return Leaving(tuple(documents), tuple(missing), (f"Routes of the scenario {world.name}.",))


def callee_endpoint(name: str) -> str:
    """`y` of `a -> b.y`; nothing where a route is of all endpoints."""
    return name.partition(" -> ")[2].partition(".")[2]


def names_caller_endpoint(name: str) -> bool:
    """Whether it is `a.x -> …`."""
    return "." in name.partition(" -> ")[0]


def _unsaid(name: str, edge: Edge, route: ResolvedRoute, said: Data, reasons: Mapping[str, str], otherwise: str) -> Iterator[str]:
    """What differs from a route in what was said of it: a sentence each."""
    back = resolve({DEFAULTS: Route.model_validate(said)}, edge)
    for one in dataclasses.fields(ResolvedRoute):
        if one.name in OF_NO_PROXY or (one.name == IDLE and route.outlier_detection is None):
            continue
        for path, value in _differing(one.name.removesuffix("_ns"), getattr(route, one.name), getattr(back, one.name)):
            spelled_value = format_duration(value) if one.name.endswith("_ns") else quoted(value)
            reason = next((why for place, why in reasons.items() if f"{path}.".startswith(f"{place}.")), otherwise)
            yield f"{name}: {path} = {spelled_value}: {reason}"


def as_given(route: ResolvedRoute, world: Scenario) -> Data:
    """A route in full, as a scenario spells it."""
    given: Data = {}
    for key in Route.model_fields:
        value = getattr(route, f"{key}_ns" if key in ("timeout", "per_try_timeout") else key, None)
        if isinstance(value, BaseModel):
            given[key] = dumped(value)
        elif key in ("timeout", "per_try_timeout"):
            given |= {key: format_duration(value)} if value else {}
        elif value not in (None, ()) and value != Route.model_fields[key].default:
            given[key] = value
    if not world.services[route.callee].replication:
        given.pop("target_session_attrs", None)
    return given


def imported(world: Scenario, was: Read, says: Read) -> Scenario:
    """The world with what a file `says` otherwise than its own file `was`. Raises ScenarioError where that breaks a rule of scenarios."""
    given: dict[str, dict[str, Data]] = {}
    for edge in edges(world.services, world.workload):
        route = resolve(world.routes, edge)
        before, after = (None, None) if names_caller_endpoint(route.name) else (was(edge), says(edge))
        own = as_given(route, world)
        changed = own if before is None or after is None else _changed(own, before, after)
        narrow = route.name if callee_endpoint(route.name) else f"{route.name}.{edge.callee_endpoint}"
        given.setdefault(route.name, {})[narrow] = changed
    return loads(yaml_of({**as_data(world), "routes": _by_pattern(given)}))


def _by_pattern(given: Mapping[str, Mapping[str, Data]]) -> dict[str, Data]:
    """One route of a name where all its edges have the same, else one of each edge."""
    routes: dict[str, Data] = {}
    for name, of in given.items():
        kinds = list(of.values())
        routes |= {name: kinds[0]} if all(one == kinds[0] for one in kinds) else dict(of)
    return routes


def _changed(own: Any, was: Any, says: Any) -> Any:
    """A part as a world has it, changed by what is said of it now and was not said before."""
    if was == says:
        return own
    if not isinstance(was, Mapping) or not isinstance(says, Mapping):
        return says
    made = dict(own) if isinstance(own, Mapping) else {}
    for key in [key for key in was if key not in says]:
        made.pop(key, None)
    return made | {key: _changed(made.get(key), was.get(key), value) for key, value in says.items() if was.get(key) != value}


def _differing(path: str, was: Any, back: Any) -> Iterator[tuple[str, Any]]:
    if was == back:
        return
    if isinstance(was, BaseModel) and isinstance(back, BaseModel):
        for key in type(was).model_fields:
            yield from _differing(f"{path}.{key}", getattr(was, key), getattr(back, key))
    else:
        yield path, dumped(was) if isinstance(was, BaseModel) else was
