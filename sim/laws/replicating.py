"""What of a primary's writes its standbys have, and how long a commit waits for them."""

from __future__ import annotations

from sim.registry import law

LOCAL, FIRST, EVERY = range(3)
MODES = {"local": LOCAL, "on": FIRST, "remote_apply": EVERY}  # of synchronous_commit


@law
def has_arrived(committed_ns: int, lag_ns: int, now_ns: int) -> bool:
    """U3 Whether a standby that is so far behind has what was committed then; what comes at this very instant is there."""
    return committed_ns + lag_ns <= now_ns


@law
def commit_wait_ns(mode: int, least_ns: int, most_ns: int) -> int:
    """U5 How long a commit waits: for nobody, for the first standby to have it, or for the last."""
    if mode == LOCAL:
        return 0
    return least_ns if mode == FIRST else most_ns
