"""What happens inside the pods of generated worlds: disciplines, drops, shedding by priority, CPUs that are shared."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

priorities = st.sampled_from(["critical", "degraded", "best_effort", "bulk"])
short = st.sampled_from(["1ms", "2ms", "5ms", "10ms"])


@st.composite
def queues(draw: st.DrawFn) -> dict[str, Any]:
    """A queue; half of them plain, half of them with few places."""
    made: dict[str, Any] = {}
    if draw(st.booleans()):
        made["size"] = draw(st.integers(0, 4))
    if draw(st.booleans()):
        return made
    made["discipline"] = draw(st.sampled_from(["fifo", "fifo", "lifo", "priority", "adaptive_lifo"]))
    if made["discipline"] == "adaptive_lifo":
        made["lifo_switch_threshold"] = draw(st.integers(1, 3))
    if draw(st.booleans()):
        made["max_wait"] = draw(short)
    if draw(st.booleans()):
        control = draw(st.sampled_from(["rfc8289", "fail_at_scale"])) if made["discipline"] == "fifo" else "fail_at_scale"
        made["codel"] = {"target": draw(st.sampled_from(["1ns", "1ms", "3ms"])), "interval": draw(short), "control": control}
    return made


@st.composite
def pods(draw: st.DrawFn) -> dict[str, Any]:
    """The part of a service that says how its pods work."""
    made: dict[str, Any] = {}
    if queue := draw(queues()):
        made["queue"] = queue
    cpu = draw(st.sampled_from([None, None, "30m", "500m", "1", "1500m", "2500m"]))
    if cpu is not None:
        made["resources"] = {"limits": {"cpu": cpu}}
    model = draw(st.sampled_from(["fcfs", "fcfs", "fcfs", "ps", "cfs"]))
    if model == "ps" or (model == "cfs" and cpu is not None):
        made.setdefault("resources", {})["cpu_model"] = model
    if draw(st.integers(0, 3)) == 3:
        start = draw(st.sampled_from([0.0, 0.2, 0.5]))
        made["shedding"] = {"start": start, "full": start + draw(st.sampled_from([0.1, 0.4])), "window": draw(short)}
    return made
