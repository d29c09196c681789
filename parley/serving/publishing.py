"""What KEDA is told of each service, and for how long.

The metric is `desired_replicas` with a target of 1 a pod, so that the HPA which KEDA makes asks for ceil(desired / 1) pods: the number
itself. But an HPA does nothing while a ratio is within its tolerance (0.1 unless `behavior.scaleUp.tolerance` says otherwise,
Kubernetes 1.33 and later): of 20 pods it would never make 21. So a number that is more, but too little more to be heard, is published
as the least that is heard; one that is a little less is published as it is, and the HPA keeps the pods it has. Where the HPA's tolerance
is 0, say so here as well, and every number is published as it was decided.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from parley.serving.deciding import Decision
from parley.serving.settings import TOLERANCE


@dataclass(frozen=True)
class Published:
    """What is said of one service now."""

    pods: int
    known_s: float  # when something was last known of it
    reason: str


class Board:
    """What was decided last, by service. Nothing is said any more of a service of which nothing was known for too long."""

    def __init__(self, least_and_most: Mapping[str, tuple[int, int]], expires_s: float, tolerance: float = TOLERANCE, dry_run: bool = False
                 ) -> None:
        self._bounds, self.expires_s, self._tolerance, self.dry_run = least_and_most, expires_s, tolerance, dry_run
        self._published: dict[str, Published] = {}

    def publish(self, decision: Decision, known_s: float) -> int:
        """From now on this is said; in a dry run the rule's number. What is said."""
        pods = decision.rule if self.dry_run else decision.pods
        said = heard(pods, decision.asked, self._bounds[decision.service][1], self._tolerance)
        self._published[decision.service] = Published(said, known_s, decision.reason)
        return said

    def restore(self, rows: Iterable[Mapping[str, Any]]) -> list[str]:
        """What was said before a restart, by the rows of the log; names of the services. Rows of others are passed over."""
        for row in rows:
            least, most = self._bounds.get(row["service"], (0, 0))
            if most:
                pods = min(max(int(row["published"]), least), most)
                self._published[row["service"]] = Published(pods, float(row["known"]), f"as before the restart: {row['reason']}")
        return sorted(self._published)

    def said(self, service: str, now_s: float) -> Published | None:
        """None where nothing is said."""
        found = self._published.get(service)
        return found if found is not None and now_s - found.known_s <= self.expires_s else None


def heard(pods: int, asked: int, most: int, tolerance: float) -> int:
    """The number to publish so that an HPA of `asked` pods hears `pods`."""
    if pods <= asked or asked == 0 or pods > asked * (1 + tolerance) + 1e-9:
        return pods
    return min(most, math.floor(asked * (1 + tolerance) + 1e-9) + 1)
