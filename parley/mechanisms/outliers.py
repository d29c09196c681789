"""Which hosts are ejected, and for how long: Envoy's rules, gRPC's A50, and Envoy's bound on what is under way."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from parley.mechanisms.mechanism import Answer, Mechanism
from scenarios.schema.ejecting import OutlierDetection
from scenarios.schema.model import Part, field
from scenarios.schema.units import Share
from scenarios.schema.words import Whole
from sim.laws.breaking import has_room
from sim.laws.ejecting import ejection_ns, judge, may_eject, rate_threshold, success_rate, sweep_grpc
from sim.records import HOST, HOST_SET

MS = 1_000_000
Host, Held = HOST.make_class(), HOST_SET.make_class()


class Counts(Part):
    """Requests of one host in an interval."""

    total: Whole = field(says="that ended", ge=0, le=10**9)
    success: Whole = field(says="of them well", ge=0, le=10**9)
    ejected: bool = field(False, says="whether the host is out already")

    @model_validator(mode="after")
    def _possible(self) -> Counts:
        if self.success > self.total:
            raise ValueError(f"success is {self.success} of {self.total}")
        return self


Hosts = Annotated[tuple[Counts, ...], Field(min_length=1)]
_hosts: Any = field(says="hosts, each with total and success")


class SuccessRateCase(Part):
    """Envoy's success rate outliers of one interval; everything detected is ejected."""

    hosts: Hosts = _hosts
    success_rate_minimum_hosts: Whole = field(5, says="hosts with enough requests, for a mean", ge=1)
    success_rate_request_volume: Whole = field(100, says="requests that are enough", ge=1)
    success_rate_stdev_factor: Whole = field(1900, says="in thousandths of a standard deviation", ge=0, le=1_000_000)


class FailurePercentageCase(Part):
    """Envoy's failure percentage outliers of one interval, enforced."""

    hosts: Hosts = _hosts
    failure_percentage_threshold: Share = field(0.85, says="share of failures, as a share or with %")
    failure_percentage_minimum_hosts: Whole = field(5, says="hosts with enough requests", ge=1)
    failure_percentage_request_volume: Whole = field(50, says="requests that are enough", ge=1)


class EjectionCase(Part):
    """How long an ejection lasts, less its jitter."""

    base_ejection_time_ms: Whole = field(30_000, says="base_ejection_time", ge=1)
    max_ejection_time_ms: Whole = field(300_000, says="max_ejection_time", ge=1)
    ejections: Whole = field(says="how often the host was ejected in a row, this time included", ge=1, le=1_000_000)


class CapCase(Part):
    """Whether one more host may be out."""

    hosts: Whole = field(says="of the cluster", ge=1)
    ejected: Whole = field(says="out now", ge=0)
    max_ejection_percent: Share = field(0.1, says="as a share or with %")
    always_eject_one_host: bool = field(False, says="one may be out whatever the share")


class A50Case(Part):
    """gRPC's outlier detection at the end of an interval."""

    hosts: Hosts = _hosts
    max_ejection_percent: Share = field(0.1, says="maxEjectionPercent")
    success_rate_stdev_factor: Whole | None = field(None, says="successRateEjection.stdevFactor; that is off if absent", ge=0, le=1_000_000)
    success_rate_minimum_hosts: Whole = field(5, says="successRateEjection.minimumHosts", ge=1)
    success_rate_request_volume: Whole = field(100, says="successRateEjection.requestVolume", ge=1)
    failure_percentage_threshold: Share | None = field(None, says="failurePercentageEjection.threshold; that is off if absent")
    failure_percentage_minimum_hosts: Whole = field(5, says="failurePercentageEjection.minimumHosts", ge=1)
    failure_percentage_request_volume: Whole = field(50, says="failurePercentageEjection.requestVolume", ge=1)


class BoundCase(Part):
    """Requests that begin and end in turn, under Envoy's circuit breaker."""

    max_requests: Whole = field(1024, says="circuit_breakers.max_requests", ge=0)
    events: tuple[Whole, ...] = field(says="1 where a request comes, -1 where one that was let go ends, in order")

    @field_validator("events")
    @classmethod
    def _one_by_one(cls, events: tuple[int, ...]) -> tuple[int, ...]:
        if any(event not in (1, -1) for event in events):
            raise ValueError("has something else than 1 and -1")
        return events


def _of(hosts: Hosts) -> list[Any]:
    return [Host(total=one.total, succeeded=one.success, is_ejected=int(one.ejected), unejected_ns=-1) for one in hosts]


def _out(hosts: list[Any], case_hosts: Hosts) -> list[int]:
    return [n for n, (host, before) in enumerate(zip(hosts, case_hosts, strict=True)) if host.is_ejected and not before.ejected]


def _success_rate(case: SuccessRateCase) -> Answer:
    hosts, least = _of(case.hosts), case.success_rate_request_volume
    rules = OutlierDetection(max_ejection_percent=1.0, success_rate_minimum_hosts=case.success_rate_minimum_hosts,
                             success_rate_request_volume=least, success_rate_stdev_factor=case.success_rate_stdev_factor,
                             failure_percentage_minimum_hosts=len(hosts) + 1)  # fmt: skip
    judged = [host for host in hosts if not host.is_ejected and host.total >= least]
    if len(judged) < case.success_rate_minimum_hosts:
        return {"average": None, "threshold": None, "ejected": []}
    average = sum(success_rate(host, False) for host in judged) / len(judged)
    threshold = rate_threshold(hosts, 0, len(hosts), rules, False)
    judge(hosts, 0, len(hosts), Held(), rules, 1, 0, False)
    return {"average": average, "threshold": threshold, "ejected": _out(hosts, case.hosts)}


def _failure_percentage(case: FailurePercentageCase) -> Answer:
    hosts = _of(case.hosts)
    rules = OutlierDetection(max_ejection_percent=1.0, enforcing_failure_percentage=1.0, success_rate_minimum_hosts=len(hosts) + 1,
                             failure_percentage_threshold=case.failure_percentage_threshold,
                             failure_percentage_minimum_hosts=case.failure_percentage_minimum_hosts,
                             failure_percentage_request_volume=case.failure_percentage_request_volume)  # fmt: skip
    judge(hosts, 0, len(hosts), Held(), rules, 1, 0, False)
    return {"ejected": _out(hosts, case.hosts)}


def _ejection(case: EjectionCase) -> Answer:
    return {"ejection_ms": ejection_ns(case.ejections, case.base_ejection_time_ms * MS, case.max_ejection_time_ms * MS) / MS}


def _cap(case: CapCase) -> Answer:
    return {"allowed": may_eject(case.ejected, case.hosts, case.max_ejection_percent, case.always_eject_one_host)}


def _a50(case: A50Case) -> Answer:
    hosts = _of(case.hosts)
    by_rate, by_share = case.success_rate_stdev_factor, case.failure_percentage_threshold
    rules = OutlierDetection(
        rules="grpc", max_ejection_percent=case.max_ejection_percent,
        enforcing_success_rate=0.0 if by_rate is None else 1.0, success_rate_stdev_factor=by_rate or 0,
        success_rate_minimum_hosts=case.success_rate_minimum_hosts, success_rate_request_volume=case.success_rate_request_volume,
        enforcing_failure_percentage=0.0 if by_share is None else 1.0, failure_percentage_threshold=by_share or 0.0,
        failure_percentage_minimum_hosts=case.failure_percentage_minimum_hosts,
        failure_percentage_request_volume=case.failure_percentage_request_volume)  # fmt: skip
    sweep_grpc(hosts, 0, len(hosts), Held(ejected=sum(host.is_ejected for host in hosts)), rules, 1, 0)
    return {"ejected": _out(hosts, case.hosts)}


def _bound(case: BoundCase) -> Answer:
    active, admitted = 0, []
    for event in case.events:
        if event > 0:
            admitted.append(has_room(active, case.max_requests))
            active += admitted[-1]
        else:
            active = max(0, active - 1)
    return {"admitted": admitted, "active": active}


_TEN = [{"total": 100, "success": 100}] * 4 + [{"total": 100, "success": 50}]
OUTLIERS = (
    Mechanism("envoy-success-rate-ejection", "hosts whose success rate is far below the mean (O6)", SuccessRateCase,
              {"average": "percent; null where too few hosts have the volume", "threshold": "percent below which a host is ejected",
               "ejected": "places of hosts"}, _success_rate, {"hosts": _TEN}),
    Mechanism("envoy-failure-percentage-ejection", "hosts whose share of failures reaches the threshold (O6)", FailurePercentageCase,
              {"ejected": "places of hosts"}, _failure_percentage, {"hosts": _TEN, "failure_percentage_threshold": "50%"}),
    Mechanism("envoy-ejection-time", "how long the n-th ejection lasts (O4)", EjectionCase,
              {"ejection_ms": "milliseconds"}, _ejection, {"ejections": 3}),
    Mechanism("envoy-max-ejection-percent", "whether one more host may be out (O2)", CapCase,
              {"allowed": "true or false"}, _cap, {"hosts": 10, "ejected": 0}),
    Mechanism("grpc-outlier-detection", "hosts that A50 ejects at the end of an interval (O7)", A50Case,
              {"ejected": "places of hosts"}, _a50, {"hosts": _TEN, "failure_percentage_threshold": "40%"}),
    Mechanism("envoy-circuit-breaker", "which requests max_requests lets go (X1)", BoundCase,
              {"admitted": "true or false for each that comes", "active": "requests under way at last"}, _bound,
              {"max_requests": 1, "events": [1, 1, -1, 1]}),
)  # fmt: skip
