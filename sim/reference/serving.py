"""The pod's side: a visit runs its endpoint's program, and answers."""

from __future__ import annotations

import functools
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import simpy

from scenarios.schema.programs import Branch, Cache, Call, Ladder, Lock, Parallel, Wait, Work
from sim.clock import WORKED, Moment, rank
from sim.draws import BRANCH, WORK, child_key, unit
from sim.laws.grading import graded, parts
from sim.laws.retrying import FAILED, OK, SHED
from sim.laws.service import lap_number, sized_ns, way
from sim.reference.caching import look_up
from sim.reference.calling import call
from sim.reference.hashing import asked_key
from sim.reference.life import Join, Numbered, Strand, Try
from sim.reference.locking import with_key
from sim.sampling import cumulative, sample_ns
from sim.trace import WORKED as ROW_WORKED

if TYPE_CHECKING:
    from sim.reference.engine import ReferencePlane

Process = Generator[simpy.Event, Any, Any]


def visit(plane: ReferencePlane, one: Try) -> Process:
    """A visit that was let in: a worker if it must hold one, the program, the answer."""
    pod = one.pod
    assert pod is not None
    if pod.is_threaded:
        turn = pod.worker(one)
        if turn is not None and not (yield turn):
            plane.answer(one, SHED)
            return
    main = Strand(one.request, one.number, one)
    one.strands.append(main)
    succeeded = yield from transact(plane, main, one.endpoint)
    one.strands.remove(main)
    one.quality = main.quality
    plane.answer(one, OK if succeeded else SHED if main.is_shed else FAILED)


def transact(plane: ReferencePlane, main: Strand, endpoint: int) -> Process:
    """An endpoint's program; of a database it begins where it may, and what it wrote is committed (U6)."""
    service, name = plane.layout.endpoints[endpoint]
    database = plane.databases.get(plane.layout.service_index[service])
    writes = database is not None and name in database.spec.writes
    if database is not None and not database.begin(main, writes):
        return False
    succeeded = yield from run(plane, main, plane.programs[endpoint], 0)
    if succeeded and database is not None and writes and (wait_ns := database.commit(main)) >= 0:
        yield from pause(plane, main, wait_ns)
    return succeeded


def run(plane: ReferencePlane, strand: Strand, program: Sequence[Numbered], lap: int) -> Process:
    """D14: steps in order; False as soon as one fails. A strand nobody waits for stops after its step (D12)."""
    for one in program:
        succeeded = yield from step(plane, strand, one, lap)
        if not succeeded or strand.abandoned:
            return False
    return True


def step(plane: ReferencePlane, strand: Strand, one: Numbered, lap: int) -> Process:
    """One step; whether it succeeded."""
    assert strand.visit is not None
    key = child_key(strand.visit.key, one.number, lap, 0)
    match one.step:
        case Work(work=demand):
            assert strand.visit.pod is not None
            demand_ns = sized_ns(sample_ns(demand, key, WORK), strand.request.size)
            is_dropped = yield strand.visit.pod.cores.work(strand, demand_ns)
            strand.is_shed |= bool(is_dropped)
            return not is_dropped
        case Wait(wait=time):
            yield from pause(plane, strand, sample_ns(time, key, WORK))
        case Call():
            return (yield from calls(plane, strand, one, lap))
        case Parallel():
            return (yield from parallel(plane, strand, one, lap))
        case Cache():
            on_miss, on_hit = (functools.partial(run, plane, strand, program, lap) for program in one.inner)
            cache = plane.cache(strand.visit, one.number)
            asked = asked_key(cache.spec, strand.request, key)
            return (yield from look_up(plane, strand, cache, asked, (on_miss, on_hit)))
        case Lock(lock=spec):
            steps = functools.partial(run, plane, strand, one.inner[0], lap)
            asked = asked_key(spec, strand.request, key)
            return (yield from with_key(plane, strand, *plane.lock(strand.visit, one.number), asked, steps))
        case Branch(branch=options):
            bounds = cumulative([option.probability for option in options])
            taken = way(unit(key, BRANCH, 0), bounds, 0, len(bounds))
            if taken < len(options):
                return (yield from run(plane, strand, one.inner[taken], lap))
    return True


def pause(plane: ReferencePlane, strand: Strand, length_ns: int) -> Process:
    """Time passes without a core."""
    visit = strand.visit
    assert visit is not None and visit.pod is not None
    over = Moment(plane.env)
    place, request = visit.pod.ident, strand.request.number


    def tell(_: simpy.Event) -> None:
        if not visit.is_lost:
            plane.row(ROW_WORKED, request, strand.number, place, 0)

    over.callbacks.append(tell)
    yield over.fall(plane.now_ns + length_ns, rank(WORKED, request, strand.number))
    if visit.is_lost:
        yield plane.env.event()  # never: the strand died with its pod


def calls(plane: ReferencePlane, strand: Strand, one: Numbered, lap: int) -> Process:
    """A call step, as often as it says."""
    spec, visit = one.step, strand.visit
    assert isinstance(spec, Call) and visit is not None
    route, endpoint = plane.edge(*plane.layout.endpoints[visit.endpoint], spec.call)
    for k in range(spec.repeat):
        branch = lap_number(lap, spec.repeat, k)
        key = functools.partial(child_key, visit.key, one.number, branch)
        outcome = yield from call(plane, strand, route, endpoint, key)
        if strand.abandoned:
            return False
        if outcome == OK or spec.on_failure == "ignore":
            continue
        if isinstance(spec.on_failure, Ladder):
            stood_in = yield from climb(plane, strand, one, spec.on_failure, branch)
        else:
            stood_in = spec.on_failure != "fail" and (yield from run(plane, strand, one.inner[0], branch))
        if not stood_in:
            return False
    return True


def climb(plane: ReferencePlane, strand: Strand, one: Numbered, ladder: Ladder, lap: int) -> Process:
    """E4: rungs in order, until one holds; the quality of what failed is forgotten."""
    quality = strand.quality
    for rung, program in zip(ladder.ladder, one.inner, strict=True):
        if (yield from run(plane, strand, program, lap)):
            strand.quality = graded(strand.quality, parts(rung.quality))
            return True
        if strand.abandoned:
            break
        strand.quality = quality
    return False


def parallel(plane: ReferencePlane, strand: Strand, one: Numbered, lap: int) -> Process:
    """Branches at once: all are numbered, then started in order; the join decides."""
    spec, visit = one.step, strand.visit
    assert isinstance(spec, Parallel) and visit is not None
    needed = {"all": len(one.inner), "first": 1}.get(str(spec.join), spec.join)
    assert isinstance(needed, int)
    join = Join(plane.env, strand, len(one.inner), needed)
    branches = [Strand(strand.request, strand.request.number_call(), visit, join) for _ in one.inner]
    visit.strands.extend(branches)
    for branch, program in zip(branches, one.inner, strict=True):
        plane.env.process(run_branch(plane, branch, program, lap))
    return (yield join.event)


def run_branch(plane: ReferencePlane, strand: Strand, program: Sequence[Numbered], lap: int) -> Process:
    """A branch of a parallel step, from its start to its report."""
    succeeded = yield from run(plane, strand, program, lap)
    assert strand.visit is not None and strand.join is not None
    visit = strand.visit
    visit.strands.remove(strand)
    if not visit.strands and visit.pod and visit in visit.pod.leftovers:
        visit.pod.leftovers.remove(visit)
    strand.join.report(succeeded, strand.quality)
