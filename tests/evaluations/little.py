"""A small evaluation: a few minutes of a few families, a rule that is calibrated, one that knows the future, one that does nothing."""

from __future__ import annotations

from typing import Any

SHORT = {"duration": "3m", "workload.crowd.arrivals.poisson.flash_crowd.at": "75s", "workload.shoppers.load": 0.5}
LITTLE: dict[str, Any] = {
    "question": "Who scales best in three minutes?", "scenario": "learning_to_scale", "ticks": 8, "pods": {"most": 40},
    "varied": {"workload.crowd.load": "0.5..1.5"}, "seeds": 3,
    "controllers": {
        "default HPA": {"scaling": {"hpa": {"target_cpu": "80%"}}},
        "calibrated HPA": {
            "scaling": {"hpa": {"target_cpu": "70%", "behavior": {"scaleDown": {"stabilizationWindowSeconds": 60}}}},
            "calibrated": {"each": {"hpa.target_cpu": "30%..95%"}, "all": {"hpa.behavior.scaleDown.stabilizationWindowSeconds": "0..300"}}},
        "the rule": {},
        "cron": {"scaling": {"cron": {"timetable": {"every": "1m", "period": "4m", "lead": "30s", "utilization": "60%"}}}},
        "lookahead": {"scaling": {"lookahead": {"target_utilization": "60%", "lead": "150% of startup", "interval": "15s"}},
                      "best_of": {"lookahead.target_utilization": ["50%", "65%"]}},
        "one pod": {"scaling": "fixed", "replicas": 1},
    },
    "default": "default HPA", "calibrated": "calibrated HPA", "reference": "lookahead",
    "ordering": ["lookahead", "calibrated HPA", "one pod"],
    "calibration": {"decisions": 48 * 2 * 3, "episodes": 2, "finalists": 1},
    "weightings": {"as trained": {}, "dear pods": {"cost": 2}}, "over_weightings": ["late"],
    "hypotheses": {"Calibrated is better than none": {"of": "calibrated HPA", "against": "one pod", "better_by": "10%"},
                   "Policies are better by half": {"of": "learned", "against": "calibrated HPA", "better_by": "50%"}},
    "families": {
        "train": {"role": "train", "set": SHORT, "is_usual": True}, "validation": {"role": "validation", "set": SHORT},
        "fresh": {"set": SHORT}, "late": {"set": SHORT | {"telemetry.delivery_lag": "30s"}},
    },
}  # fmt: skip
