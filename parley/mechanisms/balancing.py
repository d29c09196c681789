"""How balancers choose: Envoy's schedules, rings and tables, tower's peaks, gRPC's strides, Prequal's rule, C3's score."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from parley.mechanisms.mechanism import Answer, Mechanism
from parley.mechanisms.times import rising
from scenarios.schema.balancing import LbPolicy
from scenarios.schema.hashing import RING_MAX, TABLE_MAX
from scenarios.schema.model import Part, field
from scenarios.schema.units import Number, Share
from scenarios.schema.words import Whole
from sim.draws import indexed_key
from sim.laws import hashing, peaking, probing, reporting, weighing
from sim.records import BALANCER_PROBE, FILLER
from sim.reference.hashing import table_of

MS = 1_000_000
Weights = Annotated[tuple[Annotated[Whole, Field(ge=1, le=1_000_000)], ...], Field(min_length=1, max_length=10_000)]
Filler, Probe = FILLER.make_class(), BALANCER_PROBE.make_class()


class EdfCase(Part):
    """A fresh schedule by weight, without early picks."""

    weights: Weights = field(says="load_balancing_weight of each host, in their order")
    picks: Whole = field(says="how many", ge=1, le=100_000)


class SlowStartCase(Part):
    """The weight of a new host."""

    weight: Number = field(1.0, says="its weight", gt=0)
    age_ms: Whole = field(says="since it was added", ge=0)
    slow_start_window_ms: Whole = field(says="slow_start_window", ge=1)
    aggression: Number = field(1.0, says="aggression", gt=0)
    min_weight_percent: Share = field(0.1, says="min_weight_percent, as a share or with %")


class RingCase(Part):
    """The entries of hosts on a ring."""

    weights: Weights = field(says="of each host")
    minimum_ring_size: Whole = field(1024, says="minimum_ring_size", ge=1, le=RING_MAX)
    maximum_ring_size: Whole = field(RING_MAX, says="maximum_ring_size", ge=1, le=RING_MAX)

    @model_validator(mode="after")
    def _in_order(self) -> RingCase:
        if self.minimum_ring_size > self.maximum_ring_size:
            raise ValueError(f"minimum_ring_size ({self.minimum_ring_size}) is more than maximum_ring_size ({self.maximum_ring_size})")
        return self


class Permuted(Part):
    """A host of a Maglev table."""

    offset: Whole = field(says="where its permutation begins", ge=0)
    skip: Whole = field(says="by how much it goes on", ge=1)
    weight: Whole = field(1, says="its weight", ge=1)


class MaglevCase(Part):
    """A table from given permutations."""

    hosts: Annotated[tuple[Permuted, ...], Field(min_length=1)] = field(says="each with offset, skip and weight, in the order they move")
    table_size: Whole = field(65537, says="a prime number", ge=2, le=TABLE_MAX)

    @model_validator(mode="after")
    def _fits(self) -> MaglevCase:
        if any(self.table_size % d == 0 for d in range(2, int(self.table_size**0.5) + 1)):
            raise ValueError(f"table_size {self.table_size} is not a prime number")
        if any(host.offset >= self.table_size or host.skip >= self.table_size for host in self.hosts):
            raise ValueError("offset and skip must be less than table_size")
        return self


class BoundedCase(Part):
    """Whether a host of a ring or table may have one more request."""

    hash_balance_factor: Whole = field(says="hash_balance_factor", ge=100)
    active_requests: Whole = field(says="of the whole cluster", ge=0)
    weights: Weights = field(says="of each host")
    host: Whole = field(0, says="which is asked about, from 0", ge=0)
    host_active_requests: Whole = field(says="its own", ge=0)

    @model_validator(mode="after")
    def _is_there(self) -> BoundedCase:
        if self.host >= len(self.weights):
            raise ValueError(f"host is {self.host} of {len(self.weights)}, counted from 0")
        return self


class Answered(Part):
    """An answer, or a look at the estimate."""

    at_ms: Number = field(says="when", ge=0)
    rtt_ms: Number | None = field(None, says="of an answer; a look if absent", ge=0)


class PeakCase(Part):
    """The estimate of one host over time."""

    decay_ms: Number = field(10_000.0, says="decay", gt=0)
    default_rtt_ms: Number = field(30.0, says="default_rtt", ge=0)
    pending: Whole = field(0, says="requests in flight", ge=0)
    events: Annotated[tuple[Answered, ...], Field(min_length=1)] = field(says="answers and looks, in order of time")

    @field_validator("events")
    @classmethod
    def _in_order(cls, events: tuple[Answered, ...]) -> tuple[Answered, ...]:
        return rising(events, [event.at_ms for event in events])


class EndpointWeightCase(Part):
    """The weight an endpoint reports."""

    qps: Number = field(says="answers a second", ge=0)
    utilization: Number = field(says="of its CPU, or the application's own", ge=0)
    eps: Number = field(0.0, says="failures a second", ge=0)
    errorUtilizationPenalty: Number = field(1.0, says="errorUtilizationPenalty", ge=0)


class StrideCase(Part):
    """Picks of the static stride scheduler."""

    weights: Annotated[tuple[Number, ...], Field(min_length=1)] = field(says="of each endpoint; 0: unknown")
    picks: Whole = field(says="how many", ge=1, le=1_000_000)
    sequence: Whole = field(0, says="where the sequence begins", ge=0)


class ProbeCase(Part):
    """A probe in the pool."""

    rif: Whole = field(says="requests in flight", ge=0)
    latency_ms: Number = field(says="estimated", ge=0)


class HclCase(Part):
    """The hot-cold lexicographic rule."""

    q_rif: Number = field(0.84, says="quantile above which a replica is hot", ge=0, le=1)
    rifs: Annotated[tuple[Whole, ...], Field(min_length=1)] = field(says="requests in flight seen recently")
    probes: Annotated[tuple[ProbeCase, ...], Field(min_length=1)] = field(says="in the pool, the oldest first")


class ScoreCase(Part):
    """A server's rank."""

    response_ms: Number = field(says="R, as the client sees it", ge=0)
    service_ms: Number = field(says="1/mu, as the server says", ge=0)
    queue: Number = field(0.0, says="as the server says", ge=0)
    outstanding: Whole = field(0, says="the client's own requests", ge=0)
    clients: Whole = field(1, says="how many there are", ge=1)


def _edf(case: EdfCase) -> Answer:
    queue = [(weighing.next_deadline(0.0, weighing.early_weight(weight)), turn) for turn, weight in enumerate(case.weights)]
    picked = []
    for turn in range(len(queue), len(queue) + case.picks):
        first = 0
        for i in range(1, len(queue)):
            if weighing.is_due_before(*queue[i], *queue[first]):
                first = i
        queue[first] = weighing.next_deadline(queue[first][0], case.weights[first]), turn
        picked.append(first)
    return {"picked": picked}


def _slow_start(case: SlowStartCase) -> Answer:
    window, age = case.slow_start_window_ms * MS, case.age_ms * MS
    return {"weight": weighing.warming_weight(case.weight, age, window, case.aggression, case.min_weight_percent)}


def _ring(case: RingCase) -> Answer:
    settings = {"minimum_ring_size": case.minimum_ring_size, "maximum_ring_size": case.maximum_ring_size}
    policy = LbPolicy.model_validate({"ring_hash": settings})
    hosts = tuple((number, indexed_key(1, number), weight) for number, weight in enumerate(case.weights))
    found = Counter(table_of(policy, hosts).owners)
    return {"size": sum(found.values()), "entries": [found[i] for i in range(len(hosts))]}


def _maglev(case: MaglevCase) -> Answer:
    total, owners = sum(host.weight for host in case.hosts), [-1] * case.table_size
    fillers = [Filler(host=i, place=host.offset, skip=host.skip, share=host.weight / total) for i, host in enumerate(case.hosts)]
    hashing.fill_maglev(owners, 0, case.table_size, fillers, len(fillers), max(one.share for one in fillers))
    found = Counter(owners)
    return {"table": owners, "slots": [found[i] for i in range(len(fillers))]}


def _bounded(case: BoundedCase) -> Answer:
    share = case.weights[case.host] / sum(case.weights)
    slots = hashing.bounded_slots(case.active_requests, case.hash_balance_factor, share)
    load = hashing.overload(case.host_active_requests, slots)
    return {"slots": slots, "overload": load, "accepted": load <= 1.0}


def _peak(case: PeakCase) -> Answer:
    rtt, seen, costs = case.default_rtt_ms, case.events[0].at_ms, []
    for event in case.events:
        rtt = peaking.peak_rtt_ns(rtt, event.rtt_ms or 0.0, event.at_ms - seen, case.decay_ms)
        seen = event.at_ms
        costs.append(rtt * (case.pending + 1))
    return {"rtt_ms": rtt, "costs": costs}


def _endpoint_weight(case: EndpointWeightCase) -> Answer:
    return {"weight": reporting.reported_weight(case.qps, case.utilization, case.eps, case.errorUtilizationPenalty)}


def _strides(case: StrideCase) -> Answer:
    known = [weight for weight in case.weights if weight > 0.0]
    scaled = [reporting.STRIDE] * len(case.weights)
    if len(known) > 1:
        scaled = [reporting.stride_weight(weight, max(known), sum(known) / len(known)) for weight in case.weights]
    picked: list[int] = []
    sequence = case.sequence
    while len(picked) < case.picks:
        generation, place = divmod(sequence, len(scaled))
        sequence += 1
        if not reporting.strides_by(scaled[place], generation, place):
            picked.append(place)
    return {"scaledWeights": scaled, "picked": picked}


def _hcl(case: HclCase) -> Answer:
    rifs = [0] * (2 * probing.RIFS)
    for seen, rif in enumerate(case.rifs):
        probing.note_rif(rifs, 0, seen, rif)
    threshold = probing.rif_threshold(rifs, 0, len(case.rifs), case.q_rif)
    pool: list[Any] = [Probe(rif=one.rif, latency_ns=round(one.latency_ms * MS)) for one in case.probes]
    return {
        "threshold": threshold, "hot": [one.rif > threshold for one in pool],
        "picked": probing.best_probe(pool, 0, len(pool), threshold), "worst": probing.worst_probe(pool, 0, len(pool), threshold),
    }  # fmt: skip


def _score(case: ScoreCase) -> Answer:
    return {"score_ms": reporting.c3_score(case.response_ms, case.service_ms, case.queue, case.outstanding, case.clients)}


BALANCING = (
    Mechanism("envoy-edf", "whom round robin picks among hosts of unequal weight (B7)", EdfCase, {
        "picked": "the hosts, from 0, in order",
    }, _edf, {"weights": [4, 2, 1], "picks": 7}),
    Mechanism("envoy-slow-start", "the weight of a host that is new (B15)", SlowStartCase, {
        "weight": "weight max((age / window)^(1 / aggression), min_weight_percent)",
    }, _slow_start, {"age_ms": 15_000, "slow_start_window_ms": 60_000}),
    Mechanism("envoy-ring-hash", "how many entries hosts have on a ring (B11)", RingCase, {
        "size": "of the ring", "entries": "of each host",
    }, _ring, {"weights": [1, 2, 3]}),
    Mechanism("envoy-maglev", "the table that permutations fill (B12)", MaglevCase, {
        "table": "the host of each slot", "slots": "how many each has",
    }, _maglev, {"table_size": 7, "hosts": [{"offset": 3, "skip": 4}, {"offset": 0, "skip": 2}, {"offset": 3, "skip": 1}]}),
    Mechanism("envoy-bounded-load", "whether a hashed host takes one more request (B13)", BoundedCase, {
        "slots": "requests it may have", "overload": "its own over that", "accepted": "whether that is at most 1",
    }, _bounded, {"hash_balance_factor": 125, "active_requests": 3, "weights": [1, 1, 1, 1], "host_active_requests": 2}),
    Mechanism("peak-ewma", "the latency a host is reckoned with, by tower and Linkerd (B9)", PeakCase, {
        "rtt_ms": "the estimate after the last event", "costs": "after each event: estimate (pending + 1)",
    }, _peak, {"pending": 1, "events": [{"at_ms": 0, "rtt_ms": 100}, {"at_ms": 10_000}]}),
    Mechanism("grpc-endpoint-weight", "what an endpoint's report weighs (B16)", EndpointWeightCase, {
        "weight": "qps / (utilization + eps / qps penalty); 0: none",
    }, _endpoint_weight, {"qps": 100, "utilization": 0.5, "eps": 10}),
    Mechanism("grpc-static-stride", "whom weighted_round_robin picks (B17)", StrideCase, {
        "scaledWeights": "as whole numbers up to 65535", "picked": "the endpoints, from 0, in order",
    }, _strides, {"weights": [4, 2, 0], "picks": 8}),
    Mechanism("prequal-hcl", "which probe decides, and which is removed as the worst (B20, B21)", HclCase, {
        "threshold": "the quantile of rifs", "hot": "of each probe, whether its rif is above", "picked": "the best, from 0",
        "worst": "the worst, from 0",
    }, _hcl, {"rifs": [1, 2, 3, 4, 5], "probes": [{"rif": 6, "latency_ms": 1}, {"rif": 3, "latency_ms": 50}, {"rif": 5, "latency_ms": 9}]}),
    Mechanism("c3-score", "how C3 ranks a server; the least is asked (B22)", ScoreCase, {
        "score_ms": "R - 1/mu + (1 + outstanding clients + queue)^3 / mu",
    }, _score, {"response_ms": 10, "service_ms": 4, "queue": 1, "outstanding": 2, "clients": 3}),
)  # fmt: skip
