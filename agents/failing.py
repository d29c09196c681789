"""What goes wrong with agents themselves: a process dies, or some are cut off from the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from agents.mailbox import ControlNetwork
from agents.negotiation.parties.party import Party
from scenarios.schema.faults import OF_AGENTS, Fault
from sim.clock import ControlClock, ControlPhase

Act = Callable[[], None]


class AgentFaults:
    """The faults of a scenario that strike agents, at their times."""

    def __init__(self, faults: Mapping[str, Fault], clock: ControlClock, network: ControlNetwork, parties: Mapping[str, Party]) -> None:
        self._faults, self._clock, self._network, self._parties = faults, clock, network, parties
        self._dead: dict[str, set[str]] = {}  # by agent, what keeps it so

    def begin(self) -> None:
        """Set each on the clock."""
        for name, fault in self._faults.items():
            if fault.kind not in OF_AGENTS:
                continue
            begin, end = self._acts(name, fault)
            self._clock.at(fault.at, ControlPhase.FAULT, name, begin)
            if fault.duration is not None:
                self._clock.at(fault.at + fault.duration, ControlPhase.FAULT, name, end)

    def _acts(self, name: str, fault: Fault) -> tuple[Act, Act]:
        """What begins it, and what ends it."""
        if fault.agent_crash is not None:
            party = self._parties[fault.agent_crash.agent]
            return partial(self._kill, party, name), partial(self._revive, party, name)
        assert fault.control_partition is not None, "a fault of agents is one of the two"
        return partial(self._network.cut, name, fault.control_partition.agents), partial(self._network.mend, name)

    def _kill(self, party: Party, cause: str) -> None:
        """Whoever is dead already stays so, until the last cause is over."""
        causes = self._dead.setdefault(party.name, set())
        if not causes:
            party.crash()
        causes.add(cause)

    def _revive(self, party: Party, cause: str) -> None:
        """Whoever was removed from the model meanwhile stays away."""
        self._dead[party.name].discard(cause)
        if not self._dead[party.name] and party in party.model.agents:
            party.begin()
