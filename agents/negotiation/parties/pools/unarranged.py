"""Baselines without any arrangement: each service asks the platform for what it wants, and gets it while there is some."""

from __future__ import annotations

from typing import Any

from agents.negotiation.parties.knowing import Trade
from agents.negotiation.parties.pools.member import Wanting
from scenarios.schema.negotiating import Negotiation, Pool
from sim.commands import Scale
from sim.draws import family_key, stream, unit

PHASE = stream("negotiation/phase")  # of an agent's own cadence


class UnarrangedAgent(Wanting):
    """Asks for itself, as a Kubernetes autoscaler does under a ResourceQuota: who comes first is served first.

    Under `selfish` it reckons as if capacity cost nothing, and gives nothing back while it might be of use.
    """

    def __init__(self, model: Any, trade: Trade, name: str, described: Negotiation, pool: Pool, others: list[Trade]) -> None:
        """`others`: all members of the pool, for the quota counts their pods."""
        super().__init__(model, trade, name, described, pool)
        self._others = others
        self._rest_ns = int(unit(family_key(model.mesh.seed, "agent", trade.service), PHASE, 0) * described.every)

    def begin(self) -> None:
        """Agents are not in step with each other: each wakes at its own times."""
        super().begin()
        self.wake_after(self._rest_ns + 1, self._wake)

    def _wake(self) -> None:
        self.wake_after(self.described.every, self._wake)
        price = 0.0 if self.mind == "selfish" else self.pool.price
        wants, own, now = self.wants(self.pool.capacity, price), self.trade.described, self.around.mesh.cluster
        before = now.replicas(self.name)
        if wants is None:
            return
        pods = own.floor + wants // own.units
        taken = sum(now.replicas(one.service) * one.described.units for one in self._others if one.service != self.name)
        room = (self.pool.capacity - taken) // own.units
        granted = min(pods, max(before, room))
        applied = granted != before and self.around.carry_out(Scale(self.name, granted))
        told = f"wants {pods}" + (f", the quota has room for {max(before, room)}" if granted < pods else "")
        self.decided(self.name, self.mind, before, pods, granted, f"{told} -> {granted}", applied=applied)
