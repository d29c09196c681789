"""Probes, to the second: when they are asked, what they see, and what comes of it."""

from __future__ import annotations

import pytest

from sim.platform.lives import back_off_ns
from tests.control.yards import S, life, mesh, phases

YARD = """
version: 1
name: yard
duration: 1h
services:
  api: {replicas: 1, startup: 7s, endpoints: {get: [{work: 10ms}]}}
workload: {few: {entry: api.get, arrivals: {constant: 1/s}}}
"""
READY = "services.api.readinessProbe={periodSeconds: 5, response: 0s%s}"


def second_pod(*changes, until_s=200):
    """The life of a pod that is asked for at 100 s and runs from there on."""
    world = mesh(YARD, *changes, until_s=100)
    world.cluster.scale("api", 2)
    world.advance(until_s * S)
    return life(world, 1)


@pytest.mark.parametrize(
    ("more", "ready_s"),
    [
        ("", 110),  # asked at 100 and 105, refused; 107 it answers; 110 it is asked again
        (", initialDelaySeconds: 8", 108),
        (", initialDelaySeconds: 3", 108),  # 103 refused
        (", successThreshold: 3", 120),
        (", failureThreshold: 1", 110),  # what has never been ready cannot fail
    ],
)
def test_when_a_pod_is_ready(more, ready_s):
    """K5: the first probe when the container runs, or after the initial delay, then every 5 s; start-up takes 7 s."""
    assert second_pod(READY % more)[1] == (ready_s, "ready")


def test_an_answer_takes_its_time():
    """K5: asked at 110 s, answered 300 ms later."""
    assert second_pod("services.api.readinessProbe={periodSeconds: 5, response: 300ms}")[1] == (110.3, "ready")


def test_the_startup_probe_comes_first():
    """K5: asked every 3 s, it succeeds at 109 s; only then is readiness asked, at once, and liveness can kill."""
    start = "services.api.startupProbe={periodSeconds: 3, failureThreshold: 9, response: 0s}"
    live = "services.api.livenessProbe={periodSeconds: 1, failureThreshold: 1}"
    assert second_pod(start)[1] == (109, "ready")
    assert second_pod(start, live, READY % "")[1] == (109, "ready")
    assert second_pod(live)[1] == (100, "gone")


def test_a_startup_probe_that_fails_kills():
    """K5, K6: three failures, at 100, 101 and 102 s: the next container begins at once, the one after 10 s later, then 20 s."""
    world = mesh(YARD, "services.api.startupProbe={periodSeconds: 1}", until_s=100)
    world.cluster.scale("api", 2)
    world.advance(200 * S)
    lives = [life(world, number)[0][0] for number in (1, 2, 3, 4)], [life(world, number)[-1] for number in (1, 2, 3)]
    assert lives == ([100, 102, 104, 116], [(102, "gone"), (104, "gone"), (116, "gone")])
    assert len(phases(world)) == 2


def test_back_off_doubles():
    """K6: none, 10 s, 20 s, ... up to 5 min."""
    assert [back_off_ns(n) // S for n in range(1, 9)] == [0, 10, 20, 40, 80, 160, 300, 300]
    assert back_off_ns(10_000) == 300 * S


def slow(factor, until=130):
    """A fault that makes every pod slower from 100 s to a time."""
    return f"faults.slow={{at: 100s, for: {until - 100}s, slow: {{service: api, factor: {factor}}}}}"


@pytest.mark.parametrize(("factor", "seen"), [(9, False), (11, True)])
def test_a_gray_pod_passes_while_it_answers_in_time(factor, seen):
    """K5: a sound answer takes 100 ms, the timeout is 1 s: nine times slower passes, eleven times does not."""
    probe = "services.api.readinessProbe={periodSeconds: 10, response: 100ms}"
    world = mesh(YARD, probe, slow(factor), until_s=160)
    told = life(world, 0)[2:]
    assert told == ([(121.0, "unready"), (130.1, "ready")] if seen else [])


def test_an_unready_pod_takes_no_calls():
    """K5: failures at 100, 110 and 120 s are known a second later each: at 121 s and 122 s there is no endpoint."""
    probe = "services.api.readinessProbe={periodSeconds: 10, response: 100ms}"
    for engine in ("reference", "fast"):
        world = mesh(YARD, probe, slow(11), until_s=122.5, engine=engine)
        seen = world.plane.observe()
        assert not seen.pod_ready[0]
        assert seen.workloads["failed"][0] == 2
        world.advance(135 * S)
        assert world.plane.observe().pod_ready[0]


def test_a_hung_pod_is_killed_and_starts_again():
    """K6: liveness fails at 121 s; the container drains for its grace of 30 s, since its work never ends, then starts anew."""
    probe = "services.api.livenessProbe={periodSeconds: 10, response: 100ms}"
    world = mesh(YARD, probe, "faults.hang={at: 95s, for: 40s, slow: {service: api, factor: 1000000}}", until_s=200)
    assert life(world, 0)[2:] == [(121, "draining"), (151, "gone")]
    assert life(world, 1) == [(151, "starting"), (158, "ready")]
    assert world.plane.observe().pods["lost"][0] > 0


@pytest.mark.parametrize("deep", [False, True])
def test_errors_show_to_a_deep_probe_only(deep):
    """K5: every call fails, and the process answers: gray, unless the probe asks what callers ask."""
    probe = f"services.api.readinessProbe={{periodSeconds: 10, response: 0s, deep: {str(deep).lower()}}}"
    world = mesh(YARD, probe, "faults.bad={at: 100s, for: 30s, errors: {service: api, rate: 100%}}", until_s=160)
    assert [phase for _, phase in life(world, 0)[2:]] == (["unready", "ready"] if deep else [])


def test_a_deep_probe_draws_by_its_own_address():
    """K5: at 50 % the three failures in a row come when the draws say, the same under both engines and any other load."""
    probe = "services.api.readinessProbe={periodSeconds: 1, response: 0s, deep: true}"
    fault = "faults.bad={at: 10s, errors: {service: api, rate: 50%}}"
    lives = [life(mesh(YARD, probe, fault, *more, until_s=60, engine=engine), 0)
             for engine, more in (("reference", ()), ("fast", ()), ("reference", ("workload.few.load=3",)))]  # fmt: skip
    assert lives[0] == lives[1] == lives[2]
    assert len(lives[0]) > 3


def test_a_slow_probe_is_asked_at_the_next_whole_period():
    """K5: with a period of 1 s and a timeout of 2 s, failures are known at 103, 105 and 107 s: one probe at a time."""
    probe = "services.api.readinessProbe={periodSeconds: 1, timeoutSeconds: 2, response: 1500ms}"
    assert life(mesh(YARD, probe, "faults.slow={at: 100500ms, slow: {service: api, factor: 2}}", until_s=160), 0)[2][0] in (107, 108)
