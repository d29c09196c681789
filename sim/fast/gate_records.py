"""What kernels know of the gates of routes and doors."""

from __future__ import annotations

from sim.records import BREAKER_RULE, CONCURRENCY_RULE, LIMIT_RULE, Record

GATE_RULE = Record("GateRule", (  # what a route asks of its tries, or a service at its pods' doors
    ("bound", "i8"),  # tries under way at most; -1: no bound
    ("full", "i8"),  # credit of a full bucket; 0: it holds nothing
    ("token_ns", "i8"),  # and of one token; 0: there is no bucket
    ("per_fill", "i8"),
    ("k", "f8"),  # of the throttle; 0: there is none
    ("throttle_ns", "i8"),  # its window
    ("admission_parts", "i8"),  # seconds of the window of admission control; 0: there is none
    ("sr_threshold", "f8"),
    ("rps_threshold", "f8"),
    ("aggression", "f8"),
    ("most_denied", "f8"),
    *BREAKER_RULE.fields,
    *CONCURRENCY_RULE.fields,
    *LIMIT_RULE.fields,
))  # fmt: skip
