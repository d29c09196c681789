"""What whoever serves a policy may say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

TOLERANCE = 0.1  # --horizontal-pod-autoscaler-tolerance
DEADLINE_S = 5.0
PORT, METRICS_PORT = 6000, 9095
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Settings:
    """How it serves."""

    window_s: float | None = None  # what rates are taken over; two ticks if None
    expires_s: float | None = None  # nothing is said after so long without news; EXPIRES_TICKS of serving.py if None
    tolerance: float = TOLERANCE  # the HPA's
    dry_run: bool = False


@dataclass(frozen=True)
class Doors:
    """Where it listens; port 0 is any that is free."""

    host: str = LOOPBACK
    port: int = PORT
    metrics_port: int = METRICS_PORT


@dataclass(frozen=True)
class Asked:
    """Whom it asks, and where it writes down what it decides."""

    url: str
    log: Path
    deadline_s: float = DEADLINE_S
    token: str | None = None
