"""The examiner of the data plane's contract: give it a way to build planes, and every promise of DataPlane is tried.

Any plane may sit the exam: both engines do in the tests, and so may an engine of your own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scenarios.schema.scenario import Scenario
from sim import commands as c
from sim.plane import DataPlane

MS = 1_000_000
Build = Callable[[Scenario, int], DataPlane]

WORLD = Scenario.model_validate({
    "version": 1, "name": "exam", "duration": "1s", "network": {"same_zone": "1ms"},
    "services": {
        "front": {"workers": 2, "endpoints": {"get": [{"work": {"exponential": "2ms"}}, {"call": "back.get"}]}},
        "back": {"workers": 1, "model": "thread", "queue": {"size": 3},
                 "endpoints": {"get": [{"work": {"exponential": "4ms"}}]}},
    },
    "routes": {"defaults": {"per_try_timeout": "20ms", "retries": {"num_retries": 1}}},
    "workload": {"clients": {"entry": "front.get", "arrivals": {"poisson": "300/s"}}},
})  # fmt: skip


def check_plane(build: Build) -> None:
    """Hold a plane to every promise of DataPlane. Raises AssertionError naming the promise that is broken."""
    for promise in (_starts_empty, _repeats_itself, _keeps_time, _cuts_nowhere, _stops_before, _reads_without_trace,
                    _forks_apart, _refuses_nonsense, _obeys_at_once, _lists_apart_from_life, _reroutes_at_once):  # fmt: skip
        promise(build)


def _ready(build: Build, seed: int = 1) -> DataPlane:
    plane = build(WORLD, seed)
    for service in ("front", "back"):
        plane.apply(c.PodReady(service, 0, "local"))
    return plane


def _starts_empty(build: Build) -> None:
    plane = build(WORLD, 1)
    assert plane.now_ns == 0, "a plane starts at time 0"
    seen = plane.observe()
    assert len(seen.pods) == 0, "a plane starts without pods"
    assert int(seen.workloads["offered"].sum()) == 0, "nothing has happened at time 0"


def _repeats_itself(build: Build) -> None:
    digests = []
    for seed in (1, 1, 2):
        plane = _ready(build, seed)
        plane.advance(300 * MS)
        digests.append(plane.digest())
    assert digests[0] == digests[1], "the same seed gives the same trace"
    assert digests[0] != digests[2], "another seed gives another trace"


def _keeps_time(build: Build) -> None:
    plane = _ready(build)
    for until in (0, 5 * MS, 5 * MS, 3 * MS, 7 * MS + 1):
        before = plane.now_ns
        plane.advance(until)
        assert plane.now_ns == max(before, until), "advance goes to its end, and never back"


def _cuts_nowhere(build: Build) -> None:
    whole, cut = _ready(build), _ready(build)
    whole.advance(400 * MS)
    for until in [*range(0, 100 * MS, 777_777), 399 * MS, 400 * MS]:
        cut.advance(until)
    assert whole.digest() == cut.digest(), "any partition of a run into advances gives the same digest"


def _stops_before(build: Build) -> None:
    level = WORLD.with_(**{"workload.clients.arrivals": {"constant": "100/s"}})
    plane = build(level, 1)
    plane.advance(10 * MS)
    assert int(plane.observe().workloads["offered"][0]) == 0, "advance(t) stops before the events of t"
    plane.advance(10 * MS + 1)
    assert int(plane.observe().workloads["offered"][0]) == 1, "the events of t follow when time goes on"


def _reads_without_trace(build: Build) -> None:
    read, unread = _ready(build), _ready(build)
    for until in range(10 * MS, 300 * MS, 10 * MS):
        read.advance(until)
        first, second = read.observe(), read.observe()
        assert first.pods.tolist() == second.pods.tolist(), "observing twice sees the same"
        read.digest()
        read.open_spans()
        read.present("front", 0)
        unread.advance(until)
    assert read.digest() == unread.digest(), "reading changes nothing"
    now = read.observe()
    for name, glimpsed in vars(read.glance()).items():
        assert np.array_equal(glimpsed, getattr(now, name)), "a glance sees what an observation sees"
    tries, done = now.routes["attempts"], now.routes["succeeded"] + now.routes["failed"]
    ended = done + now.routes["cancelled"] + now.routes["in_flight"] + now.routes["orphans"]
    assert (tries == ended).all(), "no try is lost"


def _forks_apart(build: Build) -> None:
    plane = _ready(build)
    plane.advance(150 * MS)
    twin = plane.fork()
    assert twin.digest() == plane.digest(), "a fork begins as its origin"
    twin.apply(c.PodGone("back", 0))
    twin.advance(300 * MS)
    untouched = _ready(build)
    for one in (plane, untouched):
        one.advance(300 * MS)
    assert plane.digest() == untouched.digest(), "what a fork does its origin does not see"
    assert twin.digest() != plane.digest(), "a fork goes its own way"


def _refuses_nonsense(build: Build) -> None:
    plane = _ready(build)
    for command in (c.PodDraining("front", 7), c.PodReady("nobody", 0, "local"), c.PodGone("nobody", 0),
                    c.PodReady("front", 0, "local"), c.RateLimited("front -> nobody", 1, 1), c.RateLimited("front -> back", 1, 1),
                    c.RetriesBudgeted("front -> back", 0.5), c.RequestsBounded("front -> back", 1), c.TimeoutChanged("front -> back", 1),
                    c.WeightsShifted("front -> back", "local", (("local", 100),)),
                    c.HostsWeighted("front -> back", (1,))):  # fmt: skip
        try:
            plane.apply(command)
        except ValueError:
            continue
        raise AssertionError(f"{command} cannot be obeyed and must raise ValueError")


def _obeys_at_once(build: Build) -> None:
    plane = _ready(build)
    plane.advance(100 * MS)
    plane.apply(c.PodDraining("back", 0))
    assert not plane.observe().pod_ready[1], "a draining pod takes no new calls"
    plane.apply(c.PodGone("back", 0))
    assert plane.present("back", 0) == 0, "a pod that is gone holds nothing"
    visits = int(plane.observe().pods["visits"][1])
    plane.advance(200 * MS)
    assert int(plane.observe().pods["visits"][1]) == visits, "a pod that is gone is not visited"


def _lists_apart_from_life(build: Build) -> None:
    plane = build(WORLD, 1)
    plane.apply(c.PodReady("front", 0, "local", is_listed=False))
    assert not plane.observe().pod_ready[0], "a pod that is not listed takes no new calls"
    for _ in range(2):
        plane.apply(c.EndpointListed("front", 0))
    plane.advance(100 * MS)
    visits = int(plane.observe().pods["visits"][0])
    assert visits > 0, "a listed pod is called"
    plane.apply(c.PodGone("front", 0, stays_listed=True))
    assert plane.observe().pod_ready[0], "a dead pod may stay listed"
    tries = int(plane.observe().routes["attempts"].sum())
    plane.advance(200 * MS)
    seen = plane.observe()
    assert int(seen.routes["attempts"].sum()) > tries, "a dead pod that is listed is called"
    assert int(seen.pods["visits"][0]) == visits, "and refuses"
    plane.apply(c.EndpointUnlisted("front", 0))
    assert not plane.observe().pod_ready[0], "an unlisted pod is called no more"


def _reroutes_at_once(build: Build) -> None:
    bucket = {"token_bucket": {"max_tokens": 1, "tokens_per_fill": 1, "fill_interval": "50ms"}}
    plane = build(WORLD.with_(**{"routes.front -> back": {"local_rate_limit": bucket}}), 1)
    for service in ("front", "back"):
        plane.apply(c.PodReady(service, 0, "local"))
    plane.advance(100 * MS)
    twin = plane.fork()
    twin.apply(c.RateLimited("front -> back", 0, 0))
    before = int(twin.observe().pods["visits"][1])
    assert before > 0, "a route with tokens lets calls go"
    for one in (plane, twin):
        one.advance(300 * MS)
    assert int(twin.observe().pods["visits"][1]) <= before + 1, "a route without tokens lets nobody go; one may be on its way"
    assert int(plane.observe().pods["visits"][1]) > before + 1, "what a fork's routes are told its origin's are not"
