"""Generated platforms: whatever happens to pods and nodes, both engines live the same life and the books balance."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scenarios.schema.pods import Requests
from scenarios.schema.scenario import Scenario
from sim.commands import RateLimited, RouteCommand, WeightsShifted
from sim.mesh import Mesh
from sim.platform.pods import PodPhase, Size
from tests.conservation import assert_conserved

S = 1_000_000_000
HORIZON_S = 40
seconds = st.integers(0, HORIZON_S).map(lambda s: f"{s}s")
shares = st.sampled_from(["0%", "30%", "100%"])
few = st.integers(0, 4)
probes = st.fixed_dictionaries({"periodSeconds": st.integers(1, 4), "failureThreshold": st.integers(1, 3)}, optional={
    "initialDelaySeconds": few, "timeoutSeconds": st.integers(1, 3), "response": st.sampled_from(["0s", "300ms"]),
    "deep": st.booleans()})  # fmt: skip
budgets = st.sampled_from([{"minAvailable": 1}, {"minAvailable": "60%"}, {"maxUnavailable": 1}, {"maxUnavailable": "50%"}])
strategies = st.sampled_from([{"type": "Recreate"}, {}, {"rollingUpdate": {"maxSurge": 2, "maxUnavailable": 0}},
                              {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "50%"}}])  # fmt: skip
discoveries = st.sampled_from([{}, {"propagation_delay": "2s"}, {"propagation_delay": {"exponential": "1s"}},
                               {"ttl": "5s", "heartbeat_interval": "2s"}])  # fmt: skip
replications = st.fixed_dictionaries({
    "writes": st.just(["get"]), "ttl": st.sampled_from(["2s", "7s"]), "loop_wait": st.just("1s"),
    "lag": st.sampled_from(["100ms", {"exponential": "1s"}]), "synchronous_commit": st.sampled_from(["local", "on", "remote_apply"]),
    "promotion": st.sampled_from(["0s", "3s"])})  # fmt: skip
effects = st.sampled_from(["down", {"slow": 30}, {"errors": "50%"}])

TELLABLE: dict[str, Any] = {
    "local_rate_limit": {"token_bucket": {"max_tokens": 9, "tokens_per_fill": 9, "fill_interval": "1s"}},
    "locality_lb_setting": {"distribute": [{"from": "*", "to": {"*": 100}}]}}  # fmt: skip
told = st.lists(st.tuples(st.integers(0, HORIZON_S), st.sampled_from([
    RateLimited("a -> b", 0, 1), RateLimited("a -> b", 2, 3), WeightsShifted("a -> b", "x", (("x", 10), ("y", 90))),
    WeightsShifted("a -> b", "x", (("x", 100),)), WeightsShifted("a -> b", "y", (("x", 100),))])), max_size=5)  # fmt: skip


@st.composite
def services(draw: st.DrawFn) -> dict[str, Any]:
    """A service that is started, probed, replaced and evicted in some way."""
    made = draw(st.fixed_dictionaries(
        {"replicas": st.integers(0, 5), "startup": st.sampled_from(["0s", "2s", {"exponential": "3s"}])},
        optional={"image": st.sampled_from(["10MB", {"layers": {"os": "20MB", "app": "5MB"}}]), "strategy": strategies,
                  "startupProbe": probes, "readinessProbe": probes, "livenessProbe": probes, "podDisruptionBudget": budgets,
                  "preStopSeconds": few, "minReadySeconds": few, "termination_grace_period": st.sampled_from(["0s", "5s"]),
                  "replication": replications}))  # fmt: skip
    limited = draw(st.sampled_from([{}, {}, {"limits": {"cpu": "1"}, "cpu_model": "cfs"}]))
    return {"resources": {"requests": {"cpu": draw(st.sampled_from(["500m", "1"]))}, **limited}, **made}


faults = st.one_of(
    st.fixed_dictionaries({"crash": st.fixed_dictionaries({"service": st.sampled_from(["a", "b"]), "fraction": shares})}),
    st.fixed_dictionaries({"for": st.sampled_from(["1s", "7s"])}, optional={}).flatmap(lambda lasts: st.sampled_from([
        {**lasts, "node_loss": {"fraction": "50%"}}, {**lasts, "zone_loss": {"zone": "x"}}, {**lasts, "drain": {"zone": "y"}},
        {**lasts, "region_loss": {"region": "r"}}, {**lasts, "control_plane_outage": {}}, {**lasts, "config_push_lag": {"delay": "3s"}},
        {**lasts, "slow": {"service": "a", "factor": 1e6}}, {**lasts, "errors": {"service": "b", "rate": "60%"}}])))  # fmt: skip


@st.composite
def platforms(draw: st.DrawFn) -> Scenario:
    """A small cluster in trouble."""
    pool: dict[str, Any] = {"count": draw(st.integers(1, 2)), "cpu": 2, "memory": "8Gi", "rack_size": 2, "pull_bandwidth": "10MB/s"}
    if draw(st.booleans()):
        pool["autoscaling"] = {"max": 3, "provisioning": "4s", "scan_interval": "2s", "unneeded_time": "6s"}
    rollouts = draw(st.lists(st.tuples(seconds, st.sampled_from(["a", "b"]), shares), max_size=3))
    struck = draw(st.lists(st.tuples(seconds, faults), max_size=4))
    chances = draw(st.lists(st.tuples(st.sampled_from(["pod", "node", "rack", "zone"]), shares, effects), max_size=2))
    return Scenario.model_validate({
        "version": 1, "name": "generated", "duration": f"{HORIZON_S}s", "discovery": draw(discoveries),
        "cluster": {"zones": ["x", "y"], "regions": {"r": ["x", "y"]}, "nodes": {"box": pool},
                    "node_monitor_grace_period": "3s", "unreachable_toleration": "4s"},
        "services": {"a": {**draw(services()), "endpoints": {"get": [{"work": {"exponential": "20ms"}}, {"call": "b.get"}]}},
                     "b": {**draw(services()), "endpoints": {"get": [{"work": {"exponential": "20ms"}}, {"wait": "500ms"}]}}},
        "routes": {"defaults": {"lb_policy": draw(st.sampled_from(["random", "round_robin", "least_request"])), "timeout": "2s"},
                   "a -> b": draw(st.sampled_from([{}, TELLABLE]))},
        "workload": {"w": {"entry": "a.get", "arrivals": {"poisson": "8/s"}}},
        "rollouts": {f"r{i}": {"at": at, "service": name, "errors": errors} for i, (at, name, errors) in enumerate(rollouts)},
        "faults": {f"f{i}": {"at": at, **fault} for i, (at, fault) in enumerate(struck)},
        "failures": {"processes": {f"p{i}": {"domain": domain, "mtbf": "15s", "duration": "3s", "common_cause": share, "effect": effect}
                                   for i, (domain, share, effect) in enumerate(chances)}},
    })  # fmt: skip


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(world=platforms(), seed=st.integers(0, 2**32), scales=st.lists(st.tuples(st.integers(0, HORIZON_S), few), max_size=3),
       sizes=st.lists(st.tuples(st.integers(0, HORIZON_S), st.sampled_from([(250, 300), (700, 1700)])), max_size=2), routes=told)
def test_engines_agree_on_generated_platforms(world: Scenario, seed: int, scales: list[tuple[int, int]],
                                              sizes: list[tuple[int, tuple[int, int]]], routes: list[tuple[int, RouteCommand]]) -> None:
    """D8, V4: one digest and one log of pods; visits are conserved, and no node holds more than it has."""
    meshes = [Mesh(world, seed, engine) for engine in ("reference", "fast")]
    for mesh in meshes:
        acts = [(at_s, partial(mesh.cluster.scale, "a", replicas)) for at_s, replicas in scales]
        acts += [(at_s, partial(mesh.cluster.resize, "a", Size(Requests(cpu=f"{request}m"), limit))) for at_s, (request, limit) in sizes]
        if world.routes["a -> b"].local_rate_limit is not None:
            acts += [(at_s, partial(mesh.routing.change, command)) for at_s, command in routes]
        for at_s, act in sorted(acts, key=lambda pair: pair[0]):
            mesh.advance(at_s * S)
            act()
        mesh.advance(HORIZON_S * S)
        assert_conserved(mesh.plane.observe(), mesh.plane.layout)
        assert_sound(mesh)
    one, other = meshes
    assert one.plane.digest() == other.plane.digest()
    assert one.cluster.log == other.cluster.log
    assert one.plane.observe().databases.tolist() == other.plane.observe().databases.tolist()


def assert_sound(mesh: Mesh) -> None:
    """The platform's own books: room, numbers, primaries, and what the data plane knows of the pods."""
    pods = [pod for name in ("a", "b") for pod in mesh.cluster.pods(name)]
    held = Counter(pod.machine for pod in pods if pod.machine is not None)
    for node in mesh.cluster.nodes:
        asked = [pod.size.requests.cpu or 0 for pod in pods if pod.machine is node]
        assert node.cpu_reserved == sum(asked) <= node.cpu
    assert set(held) <= set(mesh.cluster.nodes)
    for name in ("a", "b"):
        numbers = [pod.number for pod in mesh.cluster.pods(name) if pod.number is not None]
        assert len(set(numbers)) == len(numbers)
        leader = mesh.elections.leader(name)
        assert leader is None or leader.phase in (PodPhase.READY, PodPhase.UNREADY)
    dead = [pod for pod in pods if pod.phase is PodPhase.LOST and pod.ready_ns is not None]
    assert all(mesh.plane.present(pod.service, pod.number or 0) == 0 for pod in dead)
