"""What every mind has in common: it is shown a View, and answers with commands and a reason.

A View holds only what a real autoscaler could ask of the API server and the metrics server, as late as it would get it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol

from sim.commands import Command, Scale
from sim.platform.metrics import Series


@dataclass(frozen=True, slots=True)
class Needs:
    """What a mind wants to be shown besides pods and their CPU."""

    pods: bool = False  # the pods' own metrics
    series: tuple[Series, ...] = ()  # numbers a monitoring system has
    scrape_ns: int | None = None  # an interval of scrapes of its own; None: those of everybody, `telemetry.scrape_interval`


NOTHING: Mapping[str, int] = MappingProxyType({})


class PodView(NamedTuple):
    """One pod as the API server and the metrics server show it. CPU is in milli-cores, times are integer ns."""

    name: str
    phase: Literal["Pending", "Running"]
    order: int = 0  # among all pods that were ever created
    request_millicores: int | None = None  # CPU it requests; None without a request
    zone: str | None = None  # None while pending
    start_ns: int | None = None  # when it was bound to a node; None while pending
    is_ready: bool = False
    ready_changed_ns: int | None = None  # when the Ready condition last changed; None while pending
    is_terminating: bool = False
    usage_millicores: int | None = None  # mean over the window; None without a sample
    sampled_ns: int = 0  # the end of the sample's window
    window_ns: int = 0
    values_milli: Mapping[str, int] = NOTHING  # its own metrics in thousandths; empty without a sample


@dataclass(frozen=True, slots=True)
class View:
    """What an agent sees of its service when it wakes."""

    now_ns: int
    service: str
    replicas: int  # asked for: spec.replicas
    request_millicores: int | None  # CPU that a pod created now requests; None without a request
    pods: tuple[PodView, ...]  # by order of creation, terminating ones included
    file_request_millicores: int | None = None  # and one as the file has it
    file_limit_millicores: int | None = None  # its limit; None without a limit
    values_milli: Mapping[Series, int] = field(default_factory=dict)  # what was asked for and is known, in thousandths


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a mind wants done, and why."""

    reason: str  # for humans
    commands: tuple[Command, ...] = ()  # none: all stays as it is
    recommended: int | None = None  # before windows, limits and bounds; None where there is no such figure
    stays: int | None = None  # where nothing is commanded, the figure that is left as it is; None: the pods asked for


def asking_for(pods: int, view: View) -> tuple[Command, ...]:
    """What to command for so many pods: nothing where they are asked for already."""
    return () if pods == view.replicas else (Scale(view.service, pods),)


class Alternating:
    """What a mind is that does several things, each at the multiples of an interval of its own, and is woken when one is due."""

    def __init__(self, *intervals_ns: int) -> None:
        self.intervals_ns, self.cadence_ns = intervals_ns, min(intervals_ns)

    def rest_ns(self, now_ns: int) -> int:
        """Until the next of them is due."""
        return min(each - now_ns % each for each in self.intervals_ns)


class Policy(Protocol):
    """A mind. It keeps what it must remember; it has no access to the world but its View."""

    mind: str  # its kind, as the scenario spells it
    cadence_ns: int  # how often it wants to be woken
    needs: Needs  # what it wants to be shown

    def decide(self, view: View) -> Verdict | None:
        """What to do now; None where it only looked."""

    def carried_out(self, command: Command, view: View) -> None:
        """A command of the last verdict on this view has taken effect."""
