"""The way of configuration to the callers' proxies: it takes a while, may lag, and waits while the control plane is away (V2, F4, F5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scenarios.schema.distributions import Distribution
from sim.clock import ControlClock, ControlPhase
from sim.draws import DISCOVERY, indexed_key
from sim.sampling import sample_ns


@dataclass(eq=False)
class Resource:
    """Something that callers are told of, again and again."""

    name: str  # orders what they learn at one instant
    key: int  # of its draws
    is_whole: bool = False  # each change says all there is to say: those that wait to be told before it are dropped
    changes: int = 0  # told so far
    due_ns: int = 0  # when callers know the last of them


class ConfigPush:
    """Tells callers of changes."""

    def __init__(self, delay: Distribution, clock: ControlClock) -> None:
        self.lags: dict[str, int] = {}  # by cause: how much longer a change takes now
        self._delay, self._clock = delay, clock
        self._held: list[tuple[Resource, Callable[[], None]]] | None = None  # changes that wait for the control plane

    def hold(self) -> None:
        """The control plane is away: changes wait until it is back."""
        self._held = self._held or []

    def release(self) -> None:
        """It is back, and tells them in turn."""
        held, self._held = self._held or [], None
        for resource, learn in held:
            self._tell(resource, learn)

    def tell(self, resource: Resource, learn: Callable[[], None]) -> None:
        """A change of a resource: `learn` is called when callers know of it."""
        if self._held is None:
            self._tell(resource, learn)
            return
        if resource.is_whole:
            self._held = [one for one in self._held if one[0] is not resource]
        self._held.append((resource, learn))

    def _tell(self, resource: Resource, learn: Callable[[], None]) -> None:
        """V2 A change is known to all callers after its delay, and not before the one that came before it."""
        now_ns = self._clock.now_ns
        delay_ns = sample_ns(self._delay, indexed_key(resource.key, resource.changes), DISCOVERY)
        resource.changes += 1
        due_ns = max(resource.due_ns, now_ns + delay_ns + sum(self.lags.values()))
        is_first, resource.due_ns = resource.due_ns < now_ns or resource.changes == 1, due_ns
        if due_ns == now_ns and is_first:
            learn()
        else:
            self._clock.at(due_ns, ControlPhase.CONFIG, resource.name, learn)
