"""What real systems do where nothing is written: the routes of a mesh as it is installed, and of clients as they are made."""

from __future__ import annotations

from typing import Any, Literal

PresetName = Literal["envoy", "istio", "linkerd", "grpc", "kubernetes"]

# As a file would write them. `num_retries: 0` says what would hold if there were retries, and that there are none.
PRESETS: dict[str, dict[str, Any]] = {
    "envoy": {  # a cluster and a route without settings
        "lb_policy": "round_robin",
        "timeout": "15s",
        "circuit_breakers": {"max_requests": 1024},
        "healthy_panic_threshold": "50%",
        "retries": {"num_retries": 0, "max_retries": 3, "retry_back_off": {"base_interval": "25ms", "max_interval": "250ms"}},
    },
    "istio": {  # a sidecar without VirtualService and DestinationRule: no timeout, no breaker, no panic
        "lb_policy": "least_request",
        "healthy_panic_threshold": "0%",
        "retries": {
            "num_retries": 2, "retry_on": ["connect-failure", "refused-stream", "unavailable", "cancelled"],
            "retry_back_off": {"base_interval": "25ms"},
            "retry_host_predicate": "previous_hosts", "host_selection_retry_max_attempts": 5,
        },
    },
    "linkerd": {  # its proxy; retries are off until a route asks for them
        "lb_policy": {"peak_ewma": {"decay": "10s", "default_rtt": "30ms"}},
        "healthy_panic_threshold": "0%",
        "retries": {"num_retries": 0, "tower_budget": {"ttl": "10s", "min_per_sec": 10, "retry_percent": "20%"}},
    },
    "grpc": {  # a channel with round_robin in its service config; retries are off until that names a retryPolicy
        "lb_policy": "round_robin",
        "healthy_panic_threshold": "0%",
        "retries": {"num_retries": 0, "retry_on": ["unavailable"], "retry_back_off": {"base_interval": "25ms", "jitter": "20%"}},
    },
    "kubernetes": {  # kube-proxy: any pod of the service, and nothing else
        "lb_policy": "random",
    },
}  # fmt: skip
