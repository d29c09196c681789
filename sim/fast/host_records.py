"""What kernels keep of a view's hosts, and know of the route they are for."""

from __future__ import annotations

from sim import records
from sim.fast.key_records import KEY_SPACE
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
    ("pool", "i8"),  # first of its probes; -1: none
    ("rif_place", "i8"),  # and of the requests in flight that they told
    ("subset_key", "u8"),  # of the order in which the pods it knows lie from `low` to `high`
    ("subset_low", "u8"),
    ("subset_high", "u8"),
    ("table", "i8"),  # what its hashes fall on: its own, or that of all views of its route; -1: none
))  # fmt: skip

HASH_TABLE = Record("HashTable", (  # a ring's entries, or Maglev's slots
    ("version", "i8"),  # of the list of ready pods it was made from; -1: none
    ("first", "i8"),  # place of its owners
    ("first_mark", "i8"),  # and, of a ring, of its marks
    ("room", "i8"),
    ("size", "i8"),
    ("route", "i8"),
))  # fmt: skip

TRY, HEADER, COOKIE, SOURCE = range(4)  # by what a call is hashed
BALANCER = Record("Balancer", (  # of the route of the same place, where its views remember hosts
    ("policy", "i4"),
    ("weights", "i4"),  # first of its own weights of pods
    ("weighted", "i4"),  # how many they are; 0: pods have their service's
    ("choices", "i4"),
    ("bias", "f8"),
    ("decay_ns", "i8"),
    ("default_rtt_ns", "f8"),
    ("warm_ns", "i8"),  # window of the slow start; 0: none
    ("aggression", "f8"),
    ("min_weight", "f8"),
    ("subset_size", "i8"),  # 0: a view knows all pods
    ("is_dealt", "i4"),  # 1: they are dealt out
    ("hash_by", "i4"),  # TRY, HEADER, COOKIE, SOURCE
    ("balance_factor", "i4"),  # 0: no bound on a host's share
    ("minimum_ring_size", "i8"),
    ("maximum_ring_size", "i8"),
    ("table_size", "i8"),
    ("blackout_period", "i8"),  # of weighted_round_robin
    ("weight_expiration_period", "i8"),
    ("weight_update_period", "i8"),
    ("error_utilization_penalty", "f8"),
    ("r_probe", "f8"),  # of prequal
    ("r_remove", "f8"),
    ("q_rif", "f8"),
    ("pool_size", "i8"),
    ("max_age", "i8"),
    ("delta", "f8"),
    ("probe_timeout", "i8"),
    ("clients", "i8"),  # of c3
    ("smoothing", "f8"),
    *KEY_SPACE,  # values of its header
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
