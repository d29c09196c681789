"""What kernels keep of a view's hosts, and know of the route they are for."""

from __future__ import annotations

from sim import records
from sim.records import Record

HOST = Record("Host", (  # a pod as one view knows it
    *records.HOST.fields,
    ("usable", "i4"),  # of the view's i-th row: the row of the i-th host it may pick
    ("slot", "i4"),  # the row in place i of the view's schedule
))  # fmt: skip
HOST_SET = Record("HostSet", (  # what only some routes' views remember: of the view of the same place
    *records.HOST_SET.fields,
    ("route", "i8"),
    ("first", "i8"),  # row of its hosts
    ("count", "i8"),
    ("room", "i8"),
    ("usable", "i8"),  # hosts it may pick
    ("picked", "i8"),  # the row picked last
    ("localities", "i8"),  # first row of its hosts by zone, where its route asks for that
    ("taken", "i8"),  # of one zone: 0 who is in service is picked from, 2 who is so in its level, 1 all of its level, -1 nobody
))  # fmt: skip

BALANCER = Record("Balancer", (  # of the route of the same place, where its views remember hosts
    ("policy", "i4"),
    ("choices", "i4"),
    ("bias", "f8"),
    ("decay_ns", "i8"),
    ("default_rtt_ns", "f8"),
    ("panic", "f8"),
    ("is_located", "i4"),  # 1 where it matters in which zones hosts are
    ("is_aware", "i4"),  # of these: 1 by Envoy's zone-aware routing, 0 by Istio's setting
    ("is_weighted", "i4"),  # of the others: 1 where zones of a level take turns by weight
    ("caller", "i4"),  # its service
    ("fail_traffic_on_panic", "i4"),
    ("routing_enabled", "f8"),
    ("min_cluster_size", "i8"),
    ("detects", "i4"),  # 1 where it ejects outliers; by what follows, named as in the schema
    ("is_grpc", "?"),
    ("split_external_local_origin_errors", "?"),
    ("always_eject_one_host", "?"),
    ("consecutive_5xx", "i8"),
    ("enforcing_consecutive_5xx", "f8"),
    ("consecutive_gateway_failure", "i8"),
    ("enforcing_consecutive_gateway_failure", "f8"),
    ("consecutive_local_origin_failure", "i8"),
    ("enforcing_consecutive_local_origin_failure", "f8"),
    ("interval", "i8"),
    ("base_ejection_time", "i8"),
    ("max_ejection_time", "i8"),
    ("max_ejection_time_jitter", "i8"),
    ("max_ejection_percent", "f8"),
    ("enforcing_success_rate", "f8"),
    ("success_rate_minimum_hosts", "i8"),
    ("success_rate_request_volume", "i8"),
    ("success_rate_stdev_factor", "i8"),
    ("enforcing_local_origin_success_rate", "f8"),
    ("enforcing_failure_percentage", "f8"),
    ("enforcing_failure_percentage_local_origin", "f8"),
    ("failure_percentage_threshold", "f8"),
    ("failure_percentage_minimum_hosts", "i8"),
    ("failure_percentage_request_volume", "i8"),
))  # fmt: skip
