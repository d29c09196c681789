"""How calls wait in a pod, and which of them a busy one turns away."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from scenarios.schema.model import Part, Witness, field
from scenarios.schema.units import Duration, Share
from scenarios.schema.words import Whole


class Codel(Part):
    """Keep a queue's delay short by dropping from it while it stands."""

    target: Duration = field(
        5_000_000, says="a wait that is short enough", gt=0,
        seen=Witness("pods", "services.till.queue.codel.target", ("5ms", "30ms")))
    interval: Duration = field(
        100_000_000, says="how long waits may be longer before anyone is dropped", gt=0,
        seen=Witness("pods", "services.till.queue.codel.interval", ("100ms", "20ms")))
    control: Literal["rfc8289", "fail_at_scale"] = field(
        "rfc8289", says="drop more and more often (rfc8289), or let nobody wait longer than the target (fail_at_scale)",
        seen=Witness("pods", "services.till.queue.codel.control", ("rfc8289", "fail_at_scale")))


class Queue(Part):
    """Where calls wait in each pod: visits for a worker, their works for a core. Each of the two is a queue like this."""

    discipline: Literal["fifo", "lifo", "priority", "adaptive_lifo"] = field(
        "fifo", says="who is next: the oldest, the newest, the oldest of the highest priority, or the newest once many wait",
        seen=Witness("pods", "services.shop.queue.discipline", ("fifo", "priority")))
    lifo_switch_threshold: Whole | None = field(
        None, says="adaptive_lifo: while taking one leaves at least so many behind, the newest is taken", ge=1, le=10_000_000,
        seen=Witness("pods", "services.desk.queue.lifo_switch_threshold", (2, 9)))
    max_wait: Duration | None = field(
        None, says="whoever has waited longer is dropped when its turn comes", gt=0,
        seen=Witness("pods", "services.shop.queue.max_wait", ("20ms", "60ms")))
    drop_expired: bool = field(
        False, says="whoever's deadline, as a route with propagate_deadline brings it, has passed when its turn comes is dropped",
        seen=Witness("waiting", "services.bank.queue.drop_expired", (True, False)))
    codel: Codel | None = field(
        None, says="keep the delay short by dropping",
        seen=Witness("pods", "services.till.queue.codel", ({"target": "5ms"}, {"target": "30ms"})))

    size: Whole | None = field(
        None, says="requests that may wait in a pod; more are rejected. No limit if absent", ge=0, le=10_000_000,
        seen=Witness("mesh", "services.stock.queue.size", (20, 0)))  # fmt: skip

    @model_validator(mode="after")
    def _threshold_of_adaptive_lifo(self) -> Queue:
        if (self.discipline == "adaptive_lifo") != (self.lifo_switch_threshold is not None):
            raise ValueError("lifo_switch_threshold belongs to discipline adaptive_lifo, and either needs the other")
        return self

    @model_validator(mode="after")
    def _codel_reads_the_oldest(self) -> Queue:
        if self.codel is not None and self.codel.control == "rfc8289" and self.discipline != "fifo":
            raise ValueError(f"codel by rfc8289 judges a queue by who waited longest, so discipline {self.discipline} hides "
                             "that it stands; take fifo, or control: fail_at_scale")  # fmt: skip
        return self


class Shedding(Part):
    """Turn calls away at the door by priority while the pod is busy: bulk first, critical last."""

    start: Share = field(
        0.6, says="utilization from which bulk is shed",
        seen=Witness("pods", "services.door.shedding.start", ("50%", "20%")))
    full: Share = field(
        0.8, says="utilization at which everything is shed",
        seen=Witness("pods", "services.door.shedding.full", ("90%", "60%")))
    window: Duration = field(
        1_000_000_000, says="time constant of the mean that utilization is", gt=0,
        seen=Witness("pods", "services.door.shedding.window", ("100ms", "1s")))

    @model_validator(mode="after")
    def _in_order(self) -> Shedding:
        if self.start >= self.full:
            raise ValueError(f"start ({self.start:.0%}) is not less than full ({self.full:.0%})")
        return self
