"""Outlier detection: when a caller ejects a pod, and for how long. Names and defaults as Envoy has them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import StrictBool, model_validator

from scenarios.schema.model import Part, Witness, field
from scenarios.schema.units import Duration, Share
from scenarios.schema.words import Whole

_RUNS, _RATES, _LOCAL, _GRPC = (f"routes.{caller} -> {callee}.outlier_detection" for caller, callee in (
    ("users", "runs"), ("users", "rates"), ("users", "local"), ("users", "grpc")))  # fmt: skip
_NOT_GRPC = ("consecutive_5xx", "enforcing_consecutive_5xx", "consecutive_gateway_failure", "enforcing_consecutive_gateway_failure",
             "split_external_local_origin_errors", "max_ejection_time_jitter", "always_eject_one_host")  # fmt: skip
_ONLY_SPLIT = ("consecutive_local_origin_failure", "enforcing_consecutive_local_origin_failure",
               "enforcing_local_origin_success_rate", "enforcing_failure_percentage_local_origin")  # fmt: skip


def _enforcing(default: float, says: str, at: str) -> Any:
    """A share of ejections that are carried out; `at` is where its witness stands."""
    return field(default, says=says, seen=Witness("hosts", at, ("100%", "0%")))


class OutlierDetection(Part):
    """Pods that fail more than others get no calls from this view for a while; every view has its own opinion."""

    rules: Literal["envoy", "grpc"] = field(
        "envoy", says="whose: Envoy's, or gRPC's (A50), which knows no runs and looks at the cap before an ejection",
        seen=Witness("hosts", f"{_GRPC}.rules", ("grpc", "envoy")))
    consecutive_5xx: Whole = field(
        5, says="failures in a row", ge=1,
        seen=Witness("hosts", f"{_RUNS}.consecutive_5xx", (3, 6)))
    enforcing_consecutive_5xx: Share = _enforcing(
        1.0, "how often such a run ejects", at=f"{_RUNS}.enforcing_consecutive_5xx")
    consecutive_gateway_failure: Whole = field(
        5, says="502, 503, 504, timeouts and resets in a row", ge=1,
        seen=Witness("hosts", f"{_RUNS}.consecutive_gateway_failure", (2, 4)))
    enforcing_consecutive_gateway_failure: Share = _enforcing(
        0.0, "how often such a run ejects", at=f"{_RUNS}.enforcing_consecutive_gateway_failure")
    split_external_local_origin_errors: StrictBool = field(
        False, says="tell timeouts, resets and refusals, which the caller's proxy sees, from answers",
        seen=Witness("hosts", f"{_RUNS}.split_external_local_origin_errors", (False, True)))
    consecutive_local_origin_failure: Whole = field(
        5, says="with the split: refused connections in a row", ge=1,
        seen=Witness("hosts", f"{_LOCAL}.consecutive_local_origin_failure", (2, 9)))
    enforcing_consecutive_local_origin_failure: Share = _enforcing(
        1.0, "how often such a run ejects", at=f"{_LOCAL}.enforcing_consecutive_local_origin_failure")
    interval: Duration = field(
        10_000_000_000, says="from one sweep to the next", ge=1_000_000,
        seen=Witness("hosts", f"{_RUNS}.interval", ("100ms", "1s")))
    base_ejection_time: Duration = field(
        30_000_000_000, says="how long a pod is out, times its ejections so far", gt=0,
        seen=Witness("hosts", f"{_RUNS}.base_ejection_time", ("200ms", "500ms")))
    max_ejection_time: Duration = field(
        300_000_000_000, says="at most; the base where that is longer than the default", gt=0,
        seen=Witness("hosts", f"{_RUNS}.max_ejection_time", ("1s", "200ms")))
    max_ejection_time_jitter: Duration = field(
        0, says="and up to so much longer, in whole milliseconds",
        seen=Witness("hosts", f"{_RUNS}.max_ejection_time_jitter", ("0s", "900ms")))
    max_ejection_percent: Share = field(
        0.1, says="share of the pods that may be out; of fewer than ten the default allows none",
        seen=Witness("hosts", f"{_RUNS}.max_ejection_percent", ("50%", "20%")))
    always_eject_one_host: StrictBool = field(
        False, says="one may be out whatever the share",
        seen=Witness("hosts", f"{_RATES}.always_eject_one_host", (True, False)))
    enforcing_success_rate: Share = _enforcing(
        1.0, "how often a success rate far below the mean ejects", at=f"{_RATES}.enforcing_success_rate")
    success_rate_minimum_hosts: Whole = field(
        5, says="pods with enough requests, for a mean", ge=1,
        seen=Witness("hosts", f"{_RATES}.success_rate_minimum_hosts", (3, 90)))
    success_rate_request_volume: Whole = field(
        100, says="requests in an interval that are enough", ge=1,
        seen=Witness("hosts", f"{_RATES}.success_rate_request_volume", (5, 500)))
    success_rate_stdev_factor: Whole = field(
        1900, says="how far below, in thousandths of a standard deviation", ge=0, le=1_000_000,
        seen=Witness("hosts", f"{_RATES}.success_rate_stdev_factor", (1000, 9000)))
    enforcing_local_origin_success_rate: Share = _enforcing(
        1.0, "with the split: the same for refusals, resets and timeouts", at=f"{_LOCAL}.enforcing_local_origin_success_rate")
    enforcing_failure_percentage: Share = _enforcing(
        0.0, "how often a share of failures beyond the threshold ejects", at=f"{_GRPC}.enforcing_failure_percentage")
    enforcing_failure_percentage_local_origin: Share = _enforcing(
        0.0, "with the split: the same for refusals, resets and timeouts", at=f"{_LOCAL}.enforcing_failure_percentage_local_origin")
    failure_percentage_threshold: Share = field(
        0.85, says="of failures in an interval",
        seen=Witness("hosts", f"{_GRPC}.failure_percentage_threshold", ("20%", "100%")))
    failure_percentage_minimum_hosts: Whole = field(
        5, says="pods with enough requests; gRPC: pods", ge=1,
        seen=Witness("hosts", f"{_GRPC}.failure_percentage_minimum_hosts", (2, 90)))
    failure_percentage_request_volume: Whole = field(
        50, says="requests in an interval that are enough", ge=1,
        seen=Witness("hosts", f"{_GRPC}.failure_percentage_request_volume", (5, 500)))

    @property
    def is_grpc(self) -> bool:
        """Whether the rules are those of A50."""
        return self.rules == "grpc"

    @model_validator(mode="after")
    def _possible(self) -> OutlierDetection:
        given = self.model_fields_set
        if "max_ejection_time" in given and self.max_ejection_time < self.base_ejection_time:
            raise ValueError("max_ejection_time is less than base_ejection_time")
        if self.is_grpc and (idle := [name for name in _NOT_GRPC + _ONLY_SPLIT if name in given]):
            raise ValueError(f"{idle[0]} means nothing under gRPC's rules (A50), which only know success rates and failure percentages")
        if not self.split_external_local_origin_errors and (idle := [name for name in _ONLY_SPLIT if name in given]):
            raise ValueError(f"{idle[0]} means nothing without split_external_local_origin_errors")
        return self
