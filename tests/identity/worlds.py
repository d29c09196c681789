"""Generated worlds: small meshes with every feature, many ties, and a script of commands that pods come and go by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from scenarios.schema.calls import edges
from scenarios.schema.routing import resolve
from scenarios.schema.scenario import Scenario
from sim import commands as c
from sim.plane import DataPlane
from tests.identity import pod_worlds, remembering, rerouting
from tests.identity.balancing import policies, with_balancers
from tests.identity.calls import lives
from tests.identity.databases import first_primaries, with_databases
from tests.identity.enclosing import caches, ladders, locks
from tests.identity.gates import door_gates, route_gates, with_pools
from tests.identity.located import with_zones

MS = 1_000_000
HORIZON_MS = 120

constants = st.sampled_from(["0ms", "1ms", "2ms", "3ms", "5ms"])
spreads = st.sampled_from([0.3, 1.0, 2.0])
simple = st.one_of(
    constants.map(lambda d: {"constant": d}),
    constants.map(lambda d: {"exponential": d}),
    st.tuples(constants, spreads).map(lambda p: {"lognormal": {"mean": p[0], "cv": p[1]}}),
    st.tuples(constants, spreads).map(lambda p: {"gamma": {"mean": p[0], "cv": p[1]}}),
    constants.map(lambda d: {"pareto": {"mean": d, "alpha": 2.5}}),
    constants.map(lambda d: {"uniform": {"low": "0ms", "high": d}}),
)
mixtures = st.lists(st.tuples(st.sampled_from([1, 2, 5]), simple), min_size=1, max_size=3).map(
    lambda parts: {"mixture": [{"weight": w, "of": d} for w, d in parts]})
times = st.one_of(constants, constants, simple, mixtures)

sizes = st.sampled_from([{"lognormal": {"cv": 1}}, {"gamma": {"cv": 0.5}}, {"pareto": {"alpha": 1.5}},
                         {"mixture": [{"weight": 3, "of": 1}, {"weight": 1, "of": 5}]}])  # fmt: skip


@st.composite
def steps(draw: st.DrawFn, callees: list[str], depth: int = 0) -> list[dict[str, Any]]:
    """A program of one to three steps; callees are what it may call."""
    kinds = ["work", "work", "wait"] + (["call"] * 4 if callees else [])
    kinds += ["parallel", "branch", "cache", "lock"] if depth < 2 else []
    return [draw(step(draw(st.sampled_from(kinds)), callees, depth)) for _ in range(draw(st.integers(1, 3)))]


@st.composite
def step(draw: st.DrawFn, kind: str, callees: list[str], depth: int) -> dict[str, Any]:
    """One step of a kind."""
    if kind in ("work", "wait"):
        return {kind: draw(times)}
    if kind == "call":
        made: dict[str, Any] = {"call": draw(st.sampled_from(callees)), "repeat": draw(st.sampled_from([1, 1, 2, 3]))}
        made["on_failure"] = draw(st.sampled_from(["fail", "fail", "ignore", "fallback", "ladder"]))
        if made["on_failure"] == "ladder":
            made["on_failure"] = draw(ladders(steps, callees if depth < 2 else [], depth))
        if made["on_failure"] == "fallback":
            made["on_failure"] = {"fallback": draw(steps(callees if depth < 2 else [], depth + 1))}
        return made
    if kind == "cache":
        return draw(caches(steps, callees, depth))
    if kind == "lock":
        return draw(locks(steps, callees, depth))
    if kind == "parallel":
        branches = [draw(steps(callees, depth + 1)) for _ in range(draw(st.integers(1, 3)))]
        return {"parallel": branches, "join": draw(st.sampled_from(["all", "first", len(branches)]))}
    options = [{"probability": draw(st.sampled_from([0.0, 0.2, 0.5])), "steps": draw(steps(callees, depth + 1))}
               for _ in range(draw(st.integers(1, 2)))]  # fmt: skip
    return {"branch": options}


@st.composite
def services(draw: st.DrawFn, names: list[str]) -> dict[str, Any]:
    """Services in a line of command: each may call those after it."""
    made: dict[str, Any] = {}
    for i, name in enumerate(names):
        callees = [f"{other}.{e}" for other in names[i + 1 :] for e in made_endpoints(other)]
        made[name] = {
            "replicas": draw(st.integers(0, 3)), "workers": draw(st.integers(1, 3)),
            "model": draw(st.sampled_from(["async", "async", "thread"])),
            "endpoints": {e: draw(steps(callees)) for e in made_endpoints(name)},
            "load_balancing_weights": draw(remembering.weights),
        }  # fmt: skip
        made[name] |= draw(pod_worlds.pods())
        made[name] |= draw(door_gates())
    return made


def made_endpoints(name: str) -> list[str]:
    """Endpoints of a generated service: the first two have two."""
    return ["get", "put"] if name in ("a", "b") else ["get"]


@st.composite
def routes(draw: st.DrawFn) -> dict[str, Any]:
    """A route with any of its settings."""
    made: dict[str, Any] = {"lb_policy": draw(st.one_of(
        st.sampled_from(["random", "round_robin", "least_request", {"least_request": {"choice_count": 3}}]), policies))}
    made["view"] = draw(st.sampled_from(["caller", "zone", "service"]))
    if draw(st.booleans()):
        made["timeout"] = f"{draw(st.integers(2, 40))}ms"
    if draw(st.booleans()):
        made["per_try_timeout"] = f"{draw(st.integers(1, 15))}ms"
    if draw(st.booleans()):
        made["retries"] = {"num_retries": draw(st.integers(1, 3)), "retry_on": draw(st.sampled_from(
            [["5xx"], ["gateway-error"], ["reset"], ["connect-failure", "reset"]]))}
        made["retries"]["retry_back_off"] = {"base_interval": draw(st.sampled_from(["0ms", "1ms", "5ms"]))}
        if draw(st.booleans()):
            made["retries"]["retry_budget"] = {"budget_percent": "20%", "min_retry_concurrency": draw(st.integers(0, 2))}
    return draw(lives(made | draw(remembering.settings()))) | draw(route_gates())


@st.composite
def arrivals(draw: st.DrawFn, entries: list[str]) -> dict[str, Any]:
    """Open or closed arrivals."""
    rate = draw(st.sampled_from(["100/s", "300/s", "1000/s"]))
    ramp = {"ramp": {"from": "50/s", "to": rate, "at": "10ms", "over": "50ms"}}
    users: dict[str, Any] = {"count": draw(st.integers(1, 8)), "think": draw(st.one_of(
        st.sampled_from(["1ms", "2ms"]), st.just({"exponential": "3ms"})))}
    if draw(st.booleans()):
        users["session"] = {"start": draw(st.sampled_from(entries)), "requests": draw(st.integers(1, 3)),
                            "pause": draw(st.sampled_from(["1ms", "4ms"]))}  # fmt: skip
    if draw(st.booleans()):
        users["spawn"] = "500/s"
    return draw(st.sampled_from(
        [{"poisson": rate}, {"constant": rate}, {"poisson": ramp}, {"constant": ramp}, {"users": users}]))


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """A whole world."""
    names = ["a", "b", "c", "d"][: draw(st.integers(1, 4))]
    entries = [f"{name}.{e}" for name in names[:2] for e in made_endpoints(name)]
    zones = draw(st.sampled_from([["x"], ["x", "y"]]))
    workload = {}
    for name in ["one", "two"][: draw(st.integers(1, 2))]:
        mix = {entry: draw(st.sampled_from([1, 3])) for entry in draw(st.sets(st.sampled_from(entries), min_size=1))}
        workload[name] = {"mix": dict(sorted(mix.items())), "arrivals": draw(arrivals(entries)),
                          "priority": draw(pod_worlds.priorities)}  # fmt: skip
        if draw(st.booleans()):
            workload[name]["zone"] = zones[0]
        if draw(st.integers(0, 3)) == 3:
            workload[name]["size"] = draw(sizes)
        if draw(st.booleans()):
            workload[name]["slo"] = {"latency": {"p": 99, "under": draw(st.sampled_from(["2ms", "5ms", "12ms"]))}}
    edges = [f"{name} -> {target}" for name, spec in workload.items() for target in spec["mix"]]
    own = {edge: draw(routes()) for edge in edges if draw(st.booleans())}
    called = next(iter(workload["one"]["mix"])).split(".")[0]
    return draw(expiring(Scenario.model_validate(draw(with_databases(draw(with_zones(draw(with_balancers(draw(with_pools({
        "version": 1, "name": "generated", "duration": f"{HORIZON_MS}ms", "warmup": "10ms", "cluster": {"zones": zones},
        "network": {"same_zone": draw(times), "cross_zone": draw(times)},
        "services": draw(services(names)), "routes": {"defaults": draw(routes()), **own}, "workload": workload,
        "expect": [{"good": "> 50%", "from": "30ms", "until": "90ms"}],
    }, called)))))))))))  # fmt: skip


@st.composite
def expiring(draw: st.DrawFn, world: Scenario) -> Scenario:
    """The world with some queues that drop what has expired, of services that are told deadlines."""
    routes = [resolve(world.routes, edge) for edge in edges(world.services, world.workload)]
    told = sorted({route.callee for route in routes if route.propagate_deadline})
    return world.with_(**{f"services.{name}.queue.drop_expired": True for name in told if draw(st.booleans())})


@dataclass(frozen=True)
class Act:
    """A command at a time."""

    at_ns: int
    command: c.PlaneCommand


@st.composite
def scripts(draw: st.DrawFn, scenario: Scenario) -> list[Act]:
    """The pods of the file at time 0, then pods that come, go, slow down and fail, often at instants of data."""
    zones = scenario.cluster.zones
    started = {name: spec.replicas for name, spec in scenario.services.items()}
    acts = [Act(0, c.PodReady(name, k, zones[k % len(zones)])) for name, n in started.items() for k in range(n)]
    acts += [Act(0, promoted) for promoted in first_primaries(scenario)]
    for at in sorted(draw(st.lists(st.integers(0, HORIZON_MS - 1), max_size=8))):
        name = draw(st.sampled_from(sorted(started)))
        kind = draw(st.sampled_from(["ready", "drain", "gone", "slow", "fail", "started", "list", "unlist", "stale", "link"]))
        if scenario.services[name].replication is not None and draw(st.booleans()):
            kind = draw(st.sampled_from(["promote", "promote", "demote", "gone"]))
        if kind == "link":
            opens, added = draw(st.sampled_from([0, at + 5, at + 30])), draw(st.sampled_from([0, 1, 4]))
            loss = draw(st.sampled_from([0.0, 0.4]))
            ends = draw(st.sampled_from(zones)), draw(st.sampled_from(zones))
            acts.append(Act(at * MS, c.LinkChanged(*ends, opens * MS, added * MS, loss)))
            continue
        if kind in ("ready", "started") or started[name] == 0:
            acts.append(Act(at * MS, c.PodReady(name, started[name], draw(st.sampled_from(zones)), kind != "started")))
            started[name] += 1
            continue
        pod = draw(st.one_of(st.just(0), st.integers(0, started[name] - 1)))
        acts.append(Act(at * MS, {
            "drain": c.PodDraining(name, pod), "gone": c.PodGone(name, pod),
            "list": c.EndpointListed(name, pod), "unlist": c.EndpointUnlisted(name, pod),
            "stale": c.PodGone(name, pod, stays_listed=True),
            "promote": c.PodPromoted(name, pod), "demote": c.PodDemoted(name, pod),
            "slow": c.PodSlowed(name, pod, draw(st.sampled_from([0.5, 3.0]))),
            "fail": c.PodFailing(name, pod, draw(st.sampled_from([0.0, 0.3, 1.0]))),
        }[kind]))  # fmt: skip
    acts += [Act(draw(st.integers(0, HORIZON_MS - 1)) * MS, rerouted) for rerouted in draw(rerouting.commands(scenario))]
    return acts


def play(plane: DataPlane, script: list[Act], until_ns: int, stops: tuple[int, ...] = ()) -> DataPlane:
    """Run a plane through a script, with extra stops along the way."""
    for at in sorted({act.at_ns for act in script} | set(stops)):
        plane.advance(at)
        for act in script:
            if act.at_ns == at:
                plane.apply(act.command)
    plane.advance(until_ns)
    return plane
