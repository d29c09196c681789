"""Discovery: which pods callers believe are there, and when they come to believe it."""

from __future__ import annotations

from sim.commands import EndpointListed, EndpointUnlisted, PodGone, PodReady
from sim.plane import DataPlane
from sim.platform.pods import Pod


class Registry:
    """The list of endpoints, as the platform tells callers of it."""

    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane

    def admit(self, pod: Pod) -> None:
        """A pod is ready for the first time: it is there, and is to be listed."""
        assert pod.number is not None and pod.zone is not None
        self._plane.apply(PodReady(pod.service, pod.number, pod.zone))

    def list(self, pod: Pod) -> None:
        """It is ready again."""
        assert pod.number is not None
        self._plane.apply(EndpointListed(pod.service, pod.number))

    def unlist(self, pod: Pod) -> None:
        """It is to get no new calls."""
        assert pod.number is not None
        self._plane.apply(EndpointUnlisted(pod.service, pod.number))

    def bury(self, pod: Pod, *, is_seen: bool = True) -> None:
        """It is dead; unless somebody saw it, nobody says so."""
        assert pod.number is not None
        self._plane.apply(PodGone(pod.service, pod.number, stays_listed=not is_seen))
