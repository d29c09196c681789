"""What active faults together do to the links between zones."""

from __future__ import annotations

from scenarios.schema.faults import Fault, Latency, Link, Loss, Partition
from sim.clock import ControlClock
from sim.commands import LinkChanged
from sim.plane import DataPlane

NEVER_NS = 3_200_000_000_000_000_000  # a century: longer than any run (L1)


class Links:
    """The links that faults strike. Of several cuts the last to end counts, delays add up, losses are independent."""

    def __init__(self, clock: ControlClock, plane: DataPlane) -> None:
        self._clock, self._plane = clock, plane
        self._active: dict[str, tuple[Fault, Link]] = {}  # in the order in which they began

    def begin(self, name: str, fault: Fault, link: Link) -> None:
        """A fault begins."""
        self._active[name] = (fault, link)
        self._change(link)

    def end(self, name: str) -> None:
        """It is over."""
        _, link = self._active.pop(name)
        self._change(link)

    def _change(self, changed: Link) -> None:
        ends = set(changed.between)
        upon = [(fault, link) for fault, link in self._active.values() if set(link.between) == ends]
        opens_ns, added_ns, loss = 0, 0, 0.0
        for fault, link in upon:
            match link:
                case Partition():
                    opens_ns = max(opens_ns, NEVER_NS if fault.duration is None else fault.at + fault.duration)
                case Latency(added=added):
                    added_ns += added
                case Loss(rate=rate):
                    loss += rate - loss * rate  # exactly the rate where there is but one
        for source, target in dict.fromkeys((changed.between, changed.between[::-1])):
            self._plane.apply(LinkChanged(source, target, opens_ns, added_ns, loss))
