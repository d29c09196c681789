"""Databases by hand: who is asked, what a standby has, whom a commit waits for, and what is lost with a primary."""

from __future__ import annotations

import pytest

from sim.commands import EndpointUnlisted, PodDemoted, PodDraining, PodGone, PodPromoted, PodReady
from sim.mesh import Mesh
from tests.conservation import assert_drained
from tests.worlds import MS, lines, plane_of, told, world


def database(times: str, engine: str, lag: str = "5ms", program: str = "[{call: db.put}, {call: db.get}]", routes: str = "",
             wanted: str = "standby", replicas: int = 3, hop: str = "0ms", **settings: object):  # fmt: skip
    """A shop that writes and then reads, 1 ms each without a network, and pods 0 to 2 of a database; pod 0 is the primary."""
    shown = "".join(f", {name}: {value}" for name, value in settings.items())
    read = f"a.x -> db.get: {{target_session_attrs: {wanted}, lb_policy: round_robin}}" if "db.get" in program else "defaults: {}"
    plane = plane_of(f"""
services:
  a: {{workers: 99, endpoints: {{x: {program}}}}}
  db:
    replicas: {replicas}
    workers: 9
    replication: {{writes: [put], lag: {lag}{shown}}}
    endpoints: {{put: [{{work: 1ms}}], get: [{{work: 1ms}}]}}
network: {{same_zone: {hop}}}
routes: {{{read}{routes}}}
workload: {{w: {{entry: a.x, arrivals: {{timestamps: times({times})}}}}}}
""", engine)  # fmt: skip
    if replicas:
        plane.apply(PodPromoted("db", 0))
    return plane


def counted(plane, *names: str) -> list[int]:
    """Some tallies of the only database."""
    (tally,) = plane.observe().databases
    return [int(tally[name]) for name in names]


def asked(plane, until_ms: float = 100) -> list[int]:
    """The database's pods in the order they were asked; pods of a are the first."""
    pods = [int(row.split()[3]) for row in told(plane, until_ms, "sent")]
    return [pod - 1 for pod in pods if pod != 0]


def ends(plane, until_ms: float = 1000) -> list[str]:
    """When each request ended and how."""
    found = [" ".join(row.split()[::4]) for row in told(plane, until_ms, "finished")]
    assert_drained(plane.observe(), plane.layout)
    return found


@pytest.mark.parametrize(("wanted", "pods"), [("primary", {0}), ("standby", {1, 2}), ("prefer-standby", {1, 2}), ("any", {0, 1, 2})])
def test_who_is_read(engine, wanted, pods):
    """U2: reads go where their route says, writes to the primary."""
    found = asked(database("0, 10, 20, 30", engine, wanted=wanted))
    assert set(found[::2]) == {0}
    assert set(found[1::2]) == pods


@pytest.mark.parametrize(("wanted", "outcome"), [("standby", "failed"), ("prefer-standby", "ok")])
def test_without_a_standby(engine, wanted, outcome):
    """U2: only who prefers a standby reads from the primary."""
    plane = database("0", engine, wanted=wanted, replicas=1)
    assert ends(plane) == [f"{1 + (outcome == 'ok')} {outcome}"]


@pytest.mark.parametrize("policy", ["round_robin", "least_request", "random", "peak_ewma"])
def test_lists_change_with_roles(engine, policy):
    """U2, B6: pod 2 leads from 20 ms on and pod 1 is unlisted at 40 ms, so pod 0 alone is read; at 60 ms nobody but the primary is left."""
    program = "[{call: db.put}, {call: db.get, on_failure: ignore}]"
    plane = database("5, 25, 45, 65", engine, program=program, wanted="prefer-standby", routes=f", defaults: {{lb_policy: {policy}}}")
    plane.advance(20 * MS)
    plane.apply(PodPromoted("db", 2))
    plane.advance(40 * MS)
    plane.apply(EndpointUnlisted("db", 1))
    plane.advance(60 * MS)
    plane.apply(EndpointUnlisted("db", 0))
    found = asked(plane)
    assert found[0] == 0 and found[1] in (1, 2)
    assert found[2] == 2 and found[3] in (0, 1)
    assert found[4:] == [2, 0, 2, 2]


def test_hosts_learn_of_roles(engine):
    """U2, B6: the same of a view that knows its pods one by one: whoever is promoted is met anew, and found when no standby is left."""
    program = "[{call: db.get}]"
    plane = database("5, 25, 45", engine, program=program, wanted="prefer-standby",
                     routes=", a -> db: {outlier_detection: {}}")  # fmt: skip
    plane.apply(EndpointUnlisted("db", 1))
    plane.advance(20 * MS)
    plane.apply(PodPromoted("db", 2))
    plane.advance(40 * MS)
    plane.apply(EndpointUnlisted("db", 0))
    assert asked(plane) == [2, 0, 2]


@pytest.mark.parametrize(("lag", "stale"), [("0ms", 0), ("1ms", 0), ("2ms", 1)])
def test_a_reader_misses_his_own_write(engine, lag, stale):
    """U3, U4: written at 1 ms, and read at 2 ms, for the shop works 1 ms in between."""
    plane = database("0", engine, lag=lag, program="[{call: db.put}, {work: 1ms}, {call: db.get}]", stale_quality="30%")
    assert ends(plane) == ["3 ok"]
    assert counted(plane, "commits", "standby_reads", "stale_reads", "behind_ns") == [1, 1, stale, int(lag[0]) * MS]
    assert plane.observe().workloads["quality_ppm"].tolist() == [300_000 if stale else 1_000_000]


def test_what_others_wrote_is_not_missed(engine):
    """U4: request 1 reads while request 0's write is on its way to the standbys."""
    plane = plane_of("""
services:
  db: {replicas: 2, replication: {writes: [put], lag: 9ms}, endpoints: {put: [{work: 1ms}], get: [{work: 1ms}]}}
routes: {v -> db: {target_session_attrs: standby}}
workload: {w: {entry: db.put, arrivals: {timestamps: times(0)}}, v: {entry: db.get, arrivals: {timestamps: times(2)}}}
""", engine)
    plane.apply(PodPromoted("db", 0))
    assert ends(plane) == ["1 ok", "3 ok"]
    assert counted(plane, "standby_reads", "stale_reads") == [1, 0]


@pytest.mark.parametrize(("lag", "stale"), [("4ms", 0), ("5ms", 1)])
def test_a_user_comes_back(engine, lag, stale):
    """U4: each user writes, 1 ms, thinks for 4 ms and reads; the session begins with the write, and is repeated after two requests."""
    plane = plane_of(f"""
services:
  db: {{replicas: 2, workers: 9, replication: {{writes: [put], lag: {lag}}}, endpoints: {{put: [{{work: 1ms}}], get: [{{work: 1ms}}]}}}}
routes: {{w -> db.get: {{target_session_attrs: standby}}}}
workload:
  w: {{entry: db.get, arrivals: {{users: {{count: 3, think: 4ms, session: {{start: db.put, requests: 2, pause: 4ms}}}}}}}}
""", engine)
    plane.apply(PodPromoted("db", 0))
    plane.advance(41 * MS)
    assert counted(plane, "commits", "standby_reads", "stale_reads") == [12, 12, 12 * stale]


@pytest.mark.parametrize(("mode", "end", "stale"), [("local", 1, 1), ("on", 5, 0), ("remote_apply", 5, 0)])
def test_a_commit_waits(engine, mode, end, stale):
    """U5: of standbys that are all 4 ms behind; the read is then fresh, for the commit was 4 ms ago."""
    plane = database("0", engine, lag="4ms", synchronous_commit=mode)
    assert ends(plane) == [f"{end + 1} ok"]
    assert counted(plane, "stale_reads", "waited_ns") == [stale, (end - 1) * MS]


def test_the_wait_of_a_commit_is_a_row(engine):
    """U5: as that of a `wait` step; the core is free meanwhile, and the answer follows."""
    plane = database("0", engine, lag="4ms", synchronous_commit="on", program="[{call: db.put}]")
    assert told(plane, 10)[3:-3] == lines("""
        0 0.1 started  1 1
        1 0.1 worked   1 0
        5 0.1 worked   1 0
        5 0.1 answered 1 ok
        5 0.1 returned 1 ok
    """)


def test_first_and_last_of_unequal_standbys(engine):
    """U5: with `on` a commit waits for the lesser of two lags, with `remote_apply` for the greater: 5 and 15 ms on average."""
    waited = {}
    for mode in ("on", "remote_apply"):
        plane = plane_of(f"""
services:
  db: {{replicas: 3, workers: 99, replication: {{writes: [put], lag: {{exponential: 10ms}}, synchronous_commit: {mode}}},
       endpoints: {{put: [{{work: 1ms}}]}}}}
workload: {{w: {{entry: db.put, arrivals: {{constant: 100/s}}}}}}
""", engine)
        plane.apply(PodPromoted("db", 0))
        plane.advance(10_000 * MS)
        commits, waited_ns = counted(plane, "commits", "waited_ns")
        assert commits == 999
        waited[mode] = waited_ns / commits / MS
    assert waited["on"] == pytest.approx(5, rel=0.15)
    assert waited["remote_apply"] == pytest.approx(15, rel=0.15)


def test_a_lone_primary_waits_for_nobody(engine):
    """U5: without a standby a commit is answered at once."""
    plane = database("0", engine, synchronous_commit="remote_apply", wanted="primary", replicas=1)
    assert ends(plane) == ["2 ok"]


def test_a_write_fails_on_a_standby(engine):
    """U6: of two writes on their way to the primary the second arrives when it is one no longer, and fails; the first goes on."""
    plane = database("0, 2", engine, program="[{call: db.put}]", hop="2ms")
    plane.advance(round(2.5 * MS))  # they begin at 2 ms and would at 4
    plane.apply(PodDemoted("db", 0))
    assert ends(plane) == ["5 ok", "6 failed"]
    assert counted(plane, "commits", "refused_writes") == [1, 1]


@pytest.mark.parametrize(("at_ms", "lost"), [(5.5, 1), (6, 0), (13.5, 2), (15.9, 2), (17, 0)])
def test_what_dies_with_a_primary(engine, at_ms, lost):
    """U8: commits at 1, 11 and 12 ms are with the standbys 5 ms later: who is younger when the primary dies is lost, though answered."""
    plane = database("0, 10, 11", engine, program="[{call: db.put}]")
    plane.advance(round(at_ms * MS))
    plane.apply(PodGone("db", 0))
    assert counted(plane, "lost_writes") == [lost]
    plane.apply(PodPromoted("db", 1))
    plane.apply(PodGone("db", 1))
    assert counted(plane, "lost_writes", "promotions") == [lost, 1]


@pytest.mark.parametrize(("mode", "replicas", "in_order", "lost"), [
    ("local", 3, False, 1), ("local", 3, True, 0), ("local", 1, False, 0), ("on", 3, False, 0), ("remote_apply", 3, False, 0)])  # fmt: skip
def test_what_does_not(engine, mode, replicas, in_order, lost):
    """U8, U9: nothing is lost of who hands over in order, of who has no standby, and where commits wait."""
    plane = database("0", engine, lag="5ms", program="[{call: db.put}]", synchronous_commit=mode, replicas=replicas)
    plane.advance(8 * MS if mode != "local" else 4 * MS)
    if in_order:
        plane.apply(PodDemoted("db", 0))
    plane.apply(PodGone("db", 0))
    assert counted(plane, "commits", "lost_writes") == [1, lost]


def test_only_databases_have_primaries(engine):
    """U1: a service without replication is told so."""
    with pytest.raises(ValueError, match="a has no primary"):
        database("0", engine).apply(PodPromoted("a", 0))


def test_a_pod_that_comes_is_a_standby(engine):
    """U1: nobody leads before somebody is promoted, and a pod that comes later changes nothing."""
    plane = database("0, 10, 20", engine, program="[{call: db.put}]", replicas=0)
    plane.apply(PodReady("db", 0, "local"))
    plane.advance(5 * MS)
    plane.apply(PodPromoted("db", 0))
    plane.apply(PodReady("db", 1, "local"))
    plane.advance(15 * MS)
    plane.apply(PodDraining("db", 0))
    assert ends(plane) == ["0 failed", "11 ok", "20 failed"]


YARD = """
duration: 60s
network: {same_zone: 1ms}
services:
  db:
    replicas: 3
    startup: 4s
    replication: {writes: [put], lag: 100ms, ttl: 3s, loop_wait: 1s, promotion: 500ms}
    endpoints: {put: [{work: 1ms}]}
workload: {w: {entry: db.put, arrivals: {constant: 100/s}}}
"""


def lived(engine: str, faults: str = "", more: str = "", seconds: int = 20) -> tuple[Mesh, int]:
    """A database on its platform, and how many writes failed."""
    mesh = Mesh(world(YARD.replace("ttl: 3s", f"ttl: 3s{more}") + f"faults: {{{faults}}}"), 1, engine)
    mesh.advance(seconds * 1_000 * MS)
    return mesh, int(mesh.plane.observe().workloads["failed"][0])


@pytest.mark.parametrize(("at_s", "outage_s"), [(4.2, 3.3), (4.9, 2.6), (5.0, 2.5)])
def test_how_long_writes_fail(engine, at_s, outage_s):
    """U7: the key was renewed at 4 s, for before 5.0 s that is the last time; it runs out at 7 s, and 0.5 s later a standby leads."""
    mesh, failed = lived(engine, f"dies: {{at: {at_s}s, crash: {{service: db, role: primary}}}}")
    assert abs(failed - outage_s * 100) <= 1
    assert counted(mesh.plane, "promotions", "lost_writes")[0] == 1
    assert counted(mesh.plane, "lost_writes")[0] in (9, 10)  # 100/s for 100 ms
    leader = mesh.elections.leader("db")
    assert leader is not None and leader.number == 1


def test_standbys_may_die(engine):
    """U1: no write fails for the death of a standby."""
    mesh, failed = lived(engine, "dies: {at: 4200ms, crash: {service: db, role: standby}}")
    assert (failed, counted(mesh.plane, "promotions")) == (0, [0])


def test_the_chosen_one_dies_too(engine):
    """U7: pod 1 is chosen at 7 s and dies at 7.2 s; at 7.5 s pod 2 is chosen, and leads at 8 s."""
    mesh, failed = lived(engine, "one: {at: 4200ms, crash: {service: db, role: primary}}", seconds=7)
    mesh.advance(7_200 * MS)
    mesh.cluster.crash("db", 1)
    mesh.advance(20_000 * MS)
    assert abs(int(mesh.plane.observe().workloads["failed"][0]) - 380) <= 1
    leader = mesh.elections.leader("db")
    assert failed and leader is not None and leader.number == 2


def test_nobody_is_left(engine):
    """U7: all die at 4.2 s; the first replacement is ready at 8.2 s, is chosen, and leads at 8.7 s."""
    _, failed = lived(engine, "all: {at: 4200ms, crash: {service: db}}")
    assert abs(failed - 450) <= 1


def test_a_drained_primary_hands_over(engine):
    """U9: demoted at 5 s, its key is free, and a standby leads 0.5 s later; nothing is lost."""
    mesh, _ = lived(engine, seconds=5)
    leader = mesh.elections.leader("db")
    assert leader is not None and mesh.cluster.evict(leader)
    mesh.advance(20_000 * MS)
    assert abs(int(mesh.plane.observe().workloads["failed"][0]) - 50) <= 1
    assert counted(mesh.plane, "promotions", "lost_writes") == [1, 0]


def test_no_control_plane_no_election(engine):
    """U7, F5: the key runs out at 7 s, but until 10 s nobody may be elected."""
    mesh, failed = lived(engine, "dies: {at: 4200ms, crash: {service: db, role: primary}}, "
                                 "away: {at: 5s, for: 5s, control_plane_outage: {}}")  # fmt: skip
    assert abs(failed - 630) <= 1
    assert counted(mesh.plane, "promotions") == [1]
