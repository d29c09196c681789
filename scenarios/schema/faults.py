"""What goes wrong, when, and to whom. A fault names a fraction or a zone, never a pod that may not exist."""

from __future__ import annotations

from pydantic import model_validator

from scenarios.schema.model import OneOf, Part, field
from scenarios.schema.units import Duration, Number, Share
from scenarios.schema.words import Name


class Struck(Part):
    """Which pods a fault strikes."""

    service: Name = field(says="the service")
    fraction: Share = field(1.0, says="share of its pods, those started meanwhile included")
    zone: Name | None = field(None, says="only pods in this zone")


class Slow(Struck):
    """A gray failure: work takes longer, health checks pass."""

    factor: Number = field(says="how many times longer work takes", gt=0, le=1e6)


class Errors(Struck):
    """Calls fail at once with some probability."""

    rate: Share = field(says="share of calls that fail")


class Crash(Struck):
    """Pods die: what they hold is lost, their callers see a reset, replacements start."""


class Fault(OneOf):
    """One thing that goes wrong."""

    modifiers = frozenset({"at", "duration"})
    at: Duration = field(says="when it begins")
    duration: Duration | None = field(None, says="how long it lasts; to the end if absent", alias="for", gt=0)
    slow: Slow | None = field(None, says="pods work slower")
    errors: Errors | None = field(None, says="calls fail")
    crash: Crash | None = field(None, says="pods die")

    @model_validator(mode="after")
    def _crash_is_an_instant(self) -> Fault:
        if self.crash is not None and self.duration is not None:
            raise ValueError("is a crash, which is an instant; leave out 'for'")
        return self
