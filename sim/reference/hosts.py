"""What a view remembers of each pod, where its route asks for more than tries in flight (B6 to B9, O1 to O8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sim.draws import indexed_key
from sim.laws.balancing import draw_candidate, first_turn, is_less_busy, next_turn
from sim.laws.ejecting import is_in_panic, note_outcome, on_runs, work_off
from sim.laws.peaking import is_dearer, other_candidate, peak_rtt_ns
from sim.laws.retrying import FAILED, OK, another_pick_key
from sim.laws.weighing import (
    busy_weight,
    early_picks,
    early_share,
    early_weight,
    is_due_before,
    next_deadline,
    warming_weight,
)
from sim.layout import WEIGHTED
from sim.records import HOST, HOST_SET
from sim.reference.hashing import Slots, chosen_host, table_of, word_of
from sim.reference.localities import Localities
from sim.reference.probing import Prober
from sim.reference.scoring import begin_strides, learn, least_of, next_by_stride
from sim.reference.subsetting import chosen_pods

if TYPE_CHECKING:
    from scenarios.schema.routing import ResolvedRoute
    from sim.reference.life import Try
    from sim.reference.pod import Pod
    from sim.reference.route import Route

PART = -2  # in place of a zone: of the hosts of one zone
Host = HOST.make_class()
Held = HOST_SET.make_class()


class HostSet:
    """The pods of a route's callee as one view knows them, in the order it met them."""

    def __init__(self, route: Route, viewer: int, view_key: int, began_ns: int, zone: int) -> None:
        self.plane, self.route, self.callee, self.key = route.plane, route, route.callee, view_key
        self.rules = self.policy.outlier_detection
        sweep_ns = began_ns + self.rules.interval if self.rules else 0
        self.held: Any = Held(version=-1, next_sweep_ns=sweep_ns, began_ns=began_ns, viewer=viewer)
        self.localities = Localities(self, zone) if self.policy.is_located and zone != PART else None
        self.known: Sequence[Pod] = ()  # the pods of the list it has seen last, those it is to know
        self.table: Slots | None = None  # what hashes fall on
        prequal = self.policy.lb_policy.prequal
        self.prober = Prober(self, prequal) if prequal is not None else None
        self.hosts: list[Any] = []
        self.usable: list[Any] = []  # those that are picked from
        self.picked: Any = None

    @property
    def policy(self) -> ResolvedRoute:
        """That of its route, as it is now."""
        return self.route.policy

    def pick(self, one: Try, again: int) -> Pod | None:
        """A pod for a try, picked for the `again`-th time again; None if all are ejected."""
        self._meet()
        self._sweep()
        if self.held.is_stale or (self.localities is not None and self.localities.have_callers_changed()):
            self._choose_usable()
        key = another_pick_key(one.key, again) if again else one.key
        among = self if self.localities is None else self.localities.choose(key)
        self.picked = None if among is None else among.pick_host(one, again)
        return None if self.picked is None else self.plane.pods[self.picked.pod]

    def shift(self, zone: int) -> None:
        """Z13: callers in a zone are told of other weights; the next pick meets whom they are to send to."""
        if self.localities is not None and self.localities.here == zone:
            self.localities.look()
            self.held.is_met = 0

    def part(self, n: int) -> HostSet:
        """A set of some of its hosts, who take turns on their own: the n-th."""
        return HostSet(self.route, self.held.viewer, indexed_key(self.key, n), 0, PART)

    def lend(self) -> Any:
        """The host picked last has one more try."""
        self.picked.active += 1
        return self.picked

    def give_back(self, one: Try, outcome: int) -> None:
        """A try of this view is over, answered or given up; what it says of a host that has left says nothing."""
        now, host = self.plane.now_ns, one.host
        if host not in self.hosts:
            return
        host.active -= 1
        ewma = self.policy.lb_policy.peak_ewma
        if ewma is not None:
            host.rtt_ns = peak_rtt_ns(host.rtt_ns, now - one.sent_ns, now - host.updated_ns, ewma.decay)
            host.updated_ns = now
        elif one.reported > 0.0 and outcome in (OK, FAILED):
            learn(self, host, one)
        if self.rules is not None:
            self._sweep()
            reached = note_outcome(host, self.rules, outcome, one.delivered_ns >= 0)
            on_runs(host, self.held, len(self.hosts), reached, self.rules, self.key, now)

    def _meet(self) -> None:
        """B6, Z13, B26: whoever left the list of ready pods is forgotten, even if it is back; whoever is new is met."""
        held, version = self.held, self.plane.versions[self.callee]
        if held.version == version and held.is_met:
            return
        pods, seen, before = self.plane.pods, held.version, self.known
        ready = self.plane.ready[self.callee]
        chosen = chosen_pods(self.policy.subset, ready, held.viewer, self.key, self.route.key)
        self.known = [pod for pod in chosen if self._reaches(pod) and self._weight_of(pod) > 0]
        self.hosts = [host for host in self.hosts if pods[host.pod].listed <= seen and pods[host.pod] in self.known]
        for pod in ready:
            if pod in self.known and (pod.listed > seen or pod not in before):
                self.hosts.append(self._met(pod))
        for host in self.hosts:
            host.weight = self._weight_of(pods[host.pod])
        held.version, held.is_stale, held.is_met = version, 1, 1
        held.ejected = sum(host.is_ejected for host in self.hosts)

    def _reaches(self, pod: Pod) -> bool:
        return self.localities is None or self.localities.reach(pod)

    def _weight_of(self, pod: Pod) -> int:
        """B26: as this route has it, or else its service."""
        told = self.policy.load_balancing_weights
        return told[pod.number % len(told)] if told else pod.weight

    def _met(self, pod: Pod) -> Any:
        ewma = self.policy.lb_policy.peak_ewma
        self.held.serials += 1
        return Host(serial=self.held.serials, pod=pod.ident, updated_ns=self.plane.now_ns,
                    since_ns=max(self.held.began_ns, pod.listed_ns), reporting_ns=-1,
                    rtt_ns=float(ewma.default_rtt) if ewma else 0.0, unejected_ns=-1)  # fmt: skip

    def _sweep(self) -> None:
        """O5: what is due by now."""
        if self.rules is not None:
            work_off(self.hosts, 0, len(self.hosts), self.held, self.rules, self.key, self.plane.now_ns)

    def _choose_usable(self) -> None:
        """O8: hosts in service, or all in panic."""
        self.held.is_stale = 0
        if self.localities is not None:
            self.localities.arrange()
            return
        serving = [host for host in self.hosts if not host.is_ejected]
        panics = bool(self.hosts) and is_in_panic(len(serving), len(self.hosts), self.policy.healthy_panic_threshold)
        self.choose_among(self.hosts if panics else serving)

    def choose_among(self, usable: list[Any]) -> None:
        """From now on these; their schedule or rotation begins anew (B3, B7)."""
        self.usable = usable
        held = self.held
        held.changes += 1
        differ = len({host.weight for host in self.usable}) > 1 or any(self._is_warming(host) for host in self.usable)
        held.is_scheduled = int(differ and self.policy.lb_policy.kind in WEIGHTED)
        held.weights = float(sum(host.weight for host in self.usable))
        if held.is_scheduled:
            self._begin_schedule()
        elif self.usable:
            held.place = first_turn(self.key, held.changes, len(self.usable)) - 1
        if self.policy.lb_policy.weighted_round_robin is not None:
            begin_strides(self)
        if self.policy.lb_policy.is_hashing and self.usable:
            pods = [self.plane.pods[host.pod] for host in self.usable]
            self.table = table_of(self.policy.lb_policy, tuple((pod.number, pod.address, pod.weight) for pod in pods))

    def pick_host(self, one: Try, again: int) -> Any:
        """One of those that may be picked; None if there is none."""
        usable, held, policy = self.usable, self.held, self.policy.lb_policy
        n = len(usable)
        if n == 0:
            return None
        if self.table is not None:
            return chosen_host(policy, self.table, usable, one.view.active, held.weights, word_of(self.plane, one), again)
        key = another_pick_key(one.key, again) if again else one.key
        if self.prober is not None:
            return self.prober.pick(one, key, is_first=again == 0)
        if policy.weighted_round_robin is not None:
            return next_by_stride(self)
        if policy.c3 or policy.join_shortest_queue or policy.least_work:
            return least_of(self, key)
        if held.is_scheduled:
            return self._next_due()
        if policy.round_robin is not None:
            held.place = next_turn(held.place, n)
            return usable[held.place]
        if n == 1:
            return usable[0]
        first = draw_candidate(key, 0, n)
        if policy.peak_ewma is not None:
            return self._quicker(usable[first], usable[other_candidate(key, first, n)], policy.peak_ewma.decay)
        best = usable[first]
        for k in range(1, policy.least_request.choice_count if policy.least_request else 1):
            other = usable[draw_candidate(key, k, n)]
            if is_less_busy(other.active, best.active):
                best = other
        return best

    def _quicker(self, one: Any, other: Any, decay_ns: int) -> Any:
        """B9: looking at an estimate lets it fade."""
        now = self.plane.now_ns
        for host in (one, other):
            host.rtt_ns = peak_rtt_ns(host.rtt_ns, 0.0, now - host.updated_ns, decay_ns)
            host.updated_ns = now
        return other if is_dearer(one.rtt_ns, one.active, other.rtt_ns, other.active) else one

    # -- B7: by weight ----------------------------------------------------------------------------------------------

    def _weight(self, host: Any) -> float:
        least_request, slow_start = self.policy.lb_policy.least_request, self.policy.lb_policy.slow_start
        weight = busy_weight(host.weight, host.active, least_request.active_request_bias if least_request else 0.0)
        if slow_start is None:
            return weight
        age_ns = self.plane.now_ns - host.since_ns
        return warming_weight(weight, age_ns, slow_start.slow_start_window, slow_start.aggression, slow_start.min_weight_percent)

    def _is_warming(self, host: Any) -> bool:
        """B15: whether it is younger than the window."""
        slow_start = self.policy.lb_policy.slow_start
        return slow_start is not None and self.plane.now_ns - host.since_ns < slow_start.slow_start_window

    def _begin_schedule(self) -> None:
        held, total = self.held, 0.0
        for host in self.usable:  # not `sum`, which rounds otherwise than a loop
            total += early_weight(self._weight(host))
        picks = left = early_picks(self.key, held.changes, total)
        held.reached, held.turns = 0.0, 0
        for host in self.usable:
            weight = early_weight(self._weight(host))
            share = early_share(picks, weight, total)
            held.reached = max(held.reached, share / weight)
            held.turns += 1
            host.deadline, host.turn = (share + 1) / weight, held.turns
            left -= share
        for _ in range(left):
            self._next_due()

    def _next_due(self) -> Any:
        """The host whose turn it is, queued again."""
        held, first = self.held, self.usable[0]
        for host in self.usable[1:]:
            if is_due_before(host.deadline, host.turn, first.deadline, first.turn):
                first = host
        held.reached = first.deadline
        held.turns += 1
        first.deadline, first.turn = next_deadline(held.reached, self._weight(first)), held.turns
        return first
