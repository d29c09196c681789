"""A pod's CPU: who works, for how long, and who waits for a core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.clock import WORKED, Moment, rank
from sim.laws.cpu import is_over, next_change_ns, pass_time, renew, stalled, uses_fraction
from sim.laws.queueing import shift_slow, shift_stalled, shift_waiting, shift_working
from sim.laws.service import duration_ns
from sim.records import CPU
from sim.reference.life import Strand
from sim.reference.queues import Line, Waiter
from sim.settings import cores, cpu_fields, slow_core
from sim.trace import STARTED
from sim.trace import WORKED as ROW_WORKED

if TYPE_CHECKING:
    from sim.reference.pod import Pod

Settings = CPU.make_class()


@dataclass(slots=True, eq=False)
class Job:
    """A demand for CPU time: waiting for a core, or at work."""

    strand: Strand
    demand_ns: int
    done: Moment  # its value is true where it was dropped from the queue
    started_ns: int = -1
    lasts_ns: int = 0
    on_slow_core: bool = False
    is_shed: bool = False
    finish_ns: float = 0.0  # the virtual time at which it is over, where works share cores

    @property
    def rank(self) -> int:
        """Its place among the events of the instant at which it ends."""
        return rank(WORKED, self.strand.request.number, self.strand.number)


class Cores:
    """The cores of a pod, and the queue for them (Q3); a work has one to itself (L9, L10)."""

    def __init__(self, pod: Pod) -> None:
        self.pod, self.plane, self.tally = pod, pod.plane, pod.tally
        self.cores, self.slow_core = cores(pod.spec), slow_core(pod.spec)
        self.at_work: list[Job] = []
        self.line = Line(pod.spec.queue)

    @property
    def free(self) -> int:
        """How many more works could start now."""
        return self.cores - int(self.tally.working)

    def work(self, strand: Strand, demand_ns: int) -> Moment:
        """Work for a strand as soon as a core is free; the moment when it is done, or dropped."""
        job = Job(strand, demand_ns, Moment(self.plane.env))
        job.done.callbacks.append(lambda _: self._finish(job))  # before the strand's own: D11
        if self.free > 0:
            self._start(job)
        else:
            shift_waiting(self.tally, 1, self.plane.now_ns)
            assert strand.visit is not None
            waiter = Waiter(job, self.plane.priority(strand.request), deadline_ns=strand.visit.ends_at_ns)
            self.line.join(waiter, self.plane.now_ns)
        return job.done

    def stop(self, strand: Strand) -> bool:
        """Whether the strand was at work; it is no more: its core goes to the next, what it had done is lost (M6)."""
        job = next((job for job in self.at_work if job.strand is strand), None)
        if job is None or strand.visit is None:
            return False
        job.done.forget()
        worked_ns = self.plane.now_ns - job.started_ns
        self.tally.lost_ns += worked_ns
        strand.visit.worked_ns += worked_ns
        self._leave(job)
        return True

    def remove_waiting(self, strand: Strand) -> bool:
        """Whether the strand waited for a core; it does no more."""
        found = self.line.remove(lambda job: job.strand is strand)
        shift_waiting(self.tally, -found, self.plane.now_ns)
        return found

    def die(self) -> None:
        """Works in progress are lost."""
        for job in self.at_work:
            self.tally.lost_ns += self.plane.now_ns - job.started_ns
            job.done.forget()
        self.at_work = []
        self.line.clear()

    def _begin(self, job: Job, lasts_ns: int) -> None:
        visit, now = job.strand.visit, self.plane.now_ns
        assert visit is not None
        job.started_ns, job.lasts_ns = now, lasts_ns
        self.at_work.append(job)
        shift_working(self.tally, 1, now)
        if visit.started_ns < 0:
            visit.started_ns = now
            self.plane.begun(visit)
        self.plane.row(STARTED, job.strand.request.number, job.strand.number, self.pod.ident, lasts_ns)

    def _start(self, job: Job) -> None:
        millicores, now = 1000, self.plane.now_ns
        if self.slow_core > 0 and self.tally.slow_working == 0 and self.free == 1:
            millicores, job.on_slow_core = self.slow_core, True
            shift_slow(self.tally, 1, now)
        self._begin(job, duration_ns(job.demand_ns, millicores, self.pod.slowdown))
        job.done.fall(now + job.lasts_ns, job.rank)

    def _finish(self, job: Job) -> None:
        """D11: the row, the core is free, the next in the queue starts; then the strand goes on."""
        if job.is_shed:
            self._hand_on()
            return
        visit, worked_ns = job.strand.visit, self.plane.now_ns - job.started_ns
        assert visit is not None
        self.plane.row(ROW_WORKED, job.strand.request.number, job.strand.number, self.pod.ident, 0)
        self.tally.served_ns += worked_ns
        visit.worked_ns += worked_ns
        self._leave(job)

    def _leave(self, job: Job) -> None:
        self.at_work.remove(job)
        shift_slow(self.tally, -int(job.on_slow_core), self.plane.now_ns)
        self._hand_on()

    def _hand_on(self) -> None:
        """A core is free for the next in the queue, who starts; or is dropped (Q8), and hands it on when it goes on."""
        now = self.plane.now_ns
        shift_working(self.tally, -1, now)
        if not self.line:
            return
        shift_waiting(self.tally, -1, now)
        one, is_shed = self.line.take(now)
        if is_shed:
            one.who.is_shed = True
            shift_working(self.tally, 1, now)
            self.tally.shed += 1
            one.who.done.follow(now, True)
        else:
            self._start(one.who)


class SharedCores(Cores):
    """Works share the cores evenly (L12), or a quota of CPU time (L13): one event at a time, the CPU's next change."""

    def __init__(self, pod: Pod) -> None:
        super().__init__(pod)
        self.cpu = Settings(**cpu_fields(pod.spec, self.plane.now_ns))
        self._alarm = Moment(self.plane.env)

    def _start(self, job: Job) -> None:
        pass_time(self.cpu, self.plane.now_ns)
        self.cpu.working += 1
        demand_ns = duration_ns(job.demand_ns, 1000, self.pod.slowdown)
        job.finish_ns = self.cpu.virtual_ns + demand_ns
        self._begin(job, demand_ns)
        self.at_work.sort(key=lambda job: (job.finish_ns, job.rank))
        self._await_change()

    def _leave(self, job: Job) -> None:
        pass_time(self.cpu, self.plane.now_ns)
        self.cpu.working -= 1
        super()._leave(job)

    def _hand_on(self) -> None:
        super()._hand_on()
        self._await_change()

    def _await_change(self) -> None:
        """From now on so many share; the next change is when the first is done, or the quota used up or renewed."""
        now, cpu = self.plane.now_ns, self.cpu
        self._alarm.forget()
        self.tally.throttled += renew(cpu, now)
        shift_stalled(self.tally, stalled(cpu) - self.tally.stalled, now)
        if self.slow_core:
            shift_slow(self.tally, uses_fraction(cpu) - self.tally.slow_working, now)
        if self.at_work:
            first, self._alarm = self.at_work[0], Moment(self.plane.env)
            self._alarm.callbacks.append(lambda _: self._change(first))
            self._alarm.fall(next_change_ns(cpu, first.finish_ns, now), first.rank)

    def _change(self, first: Job) -> None:
        pass_time(self.cpu, self.plane.now_ns)
        if is_over(self.cpu, first.finish_ns):
            first.done.follow(self.plane.now_ns, False)
        else:
            self._await_change()

    def die(self) -> None:
        """Works in progress are lost."""
        super().die()
        self._alarm.forget()


def cores_of(pod: Pod) -> Cores:
    """A pod's cores, by its CPU model."""
    is_shared = pod.spec.resources.cpu_model != "fcfs"
    return SharedCores(pod) if is_shared else Cores(pod)
