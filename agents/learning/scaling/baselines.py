"""Whom a policy that scales is compared with."""

from __future__ import annotations

from agents.learning.baselines import Baseline, Standing

SERVICES = ("front", "catalog", "recommend", "store", "features", "memory")  # of learning_to_scale


def _by(scaling: str) -> tuple[str, ...]:
    """The same for each service."""
    return tuple(f"agents.{name}.scaling={scaling}" for name in SERVICES)


SCALERS = {
    "lookahead": Baseline("has read what will be offered, and how long a start takes", Standing.ORACLE,
                          _by("{lookahead: {target_utilization: 75%, lead: 72s, interval: 15s, max: 40}}")),
    "calibrated hpa": Baseline("the world's own rule: Kubernetes' autoscaler, calibrated for the task's reward", Standing.GOOD),
    "default hpa": Baseline("Kubernetes' defaults, on 80 % of the CPU requested", Standing.NAIVE, _by("{hpa: {target_cpu: 80%, max: 40}}")),
    "one pod": Baseline("one pod of each service, whatever comes", Standing.SILLY, _by("{trend: {averageValue: 1000, min: 1, max: 1}}")),
}  # fmt: skip
