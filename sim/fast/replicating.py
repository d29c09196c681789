"""Databases: who may write, what a standby has, and what a commit waits for. Twin of reference/replicating.py."""

from __future__ import annotations

from typing import Any

from sim.clock import WORKED, rank
from sim.draws import LAG, indexed_key
from sim.fast.agenda import FAILS, NOTHING, push_any, todo
from sim.fast.compiling import feature
from sim.fast.frames import next_step
from sim.fast.sampling import any_ns
from sim.fast.state import USERS
from sim.laws.grading import graded
from sim.laws.replicating import EVERY, LOCAL, commit_wait_ns, has_arrived


@feature
def begin_visit(s: Any, f: int) -> int:
    """U6, U3: visit f begins, if it may; a read of a standby sees what that has got. Returns the todo."""
    visit = s.frames[f]
    op = s.ops[visit.pc]
    database = s.databases[op.a]
    if visit.pod == database.primary:
        return next_step(s, f, op.next)
    if op.b == 1:
        database.refused_writes += 1
        return todo(f, FAILS)
    lag_ns = any_ns(s.distributions, database.lag, visit.key, LAG)
    database.standby_reads += 1
    database.behind_ns += lag_ns
    committed_ns = s.wrote[place_of(s, f, op.a)]
    if committed_ns >= 0 and not has_arrived(committed_ns, lag_ns, s.lane[0].now_ns):
        database.stale_reads += 1
        if s.lane[0].graded == 1:
            s.extras[f].quality = graded(s.extras[f].quality, database.stale_quality)
    return next_step(s, f, op.next)


@feature
def commit(s: Any, f: int) -> int:
    """U5, U6: what visit f wrote is committed, and may wait for standbys. Returns the todo."""
    lane, visit = s.lane[0], s.frames[f]
    op = s.ops[visit.pc]
    database = s.databases[op.a]
    database.commits += 1
    if database.mode != EVERY:
        s.wrote[place_of(s, f, op.a)] = lane.now_ns
    if database.mode == LOCAL:
        if visit.pod == database.primary:
            one = s.commits[lane.commits]
            one.time_ns, one.database = lane.now_ns, op.a
            lane.commits += 1
        return next_step(s, f, op.next)
    count = s.services[database.standbys].count
    if count == 0:
        return next_step(s, f, op.next)
    least = any_ns(s.distributions, database.lag, indexed_key(visit.key, 0), LAG)
    most = least
    for i in range(1, count):
        lag_ns = any_ns(s.distributions, database.lag, indexed_key(visit.key, i), LAG)
        least, most = min(least, lag_ns), max(most, lag_ns)
    wait_ns = commit_wait_ns(database.mode, least, most)
    database.waited_ns += wait_ns
    push_any(s, lane.now_ns + wait_ns, rank(WORKED, visit.request_number, visit.number), (visit.gen << 32) | f)
    return NOTHING


@feature
def place_of(s: Any, f: int, database: int) -> int:
    """U4: where it is noted when visit f's client last wrote to a database: a user's, or a request's own, cleared when it is new."""
    lane, c = s.lane[0], s.frames[f].request
    client = s.frames[c]
    workload = s.workloads[client.workload]
    whose, place = 0, (workload.first_user + client.user) * lane.writing
    if workload.kind != USERS:
        whose, place = client.request_number + 1, (lane.users + c) * lane.writing
    if s.wrote[place] != whose:
        s.wrote[place] = whose
        for i in range(1, lane.writing):
            s.wrote[place + i] = -1
    return place + 1 + database
