"""The English clock in the chair of a pool: every round that anybody bids in grants what there is, however small its steps are."""

from __future__ import annotations

import pytest

from agents.negotiation.messages import Performative
from agents.negotiation.parties.pools.clearing import Division
from agents.negotiation.parties.pools.clocking import ClockAuctioneer
from agents.negotiation.parties.pools.member import MemberAgent
from scenarios.schema.negotiating import CLOCK_CALLS_MAX
from tests.negotiation.parties.markets import lived, market

S = 1_000_000_000
SHORT = ("negotiations.pods.pool.capacity=7", "workload.many.arrivals={poisson: 200/s}", "workload.some.arrivals={poisson: 120/s}")


def clocked(increment: str, *changes: str) -> tuple[list[Division], list[int], int]:
    """(divisions, calls of each round, units beyond the floors) of a market that is far too small for what comes."""
    found: list[Division] = []

    class Watched(ClockAuctioneer):
        """Tells what is divided."""

        def _awards(self, division: Division) -> dict:
            found.append(division)
            return super()._awards(division)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("agents.negotiation.parties.seating.AUCTIONEERS", {"english_clock": Watched})
        _, plane = lived(market(f"negotiations.pods.pool.by={{english_clock: {{increment: {increment}}}}}", *SHORT, *changes))
    rounds: dict[str, set[str]] = {}
    for row in plane.network.log:
        if row.sender == "pods" and row.performative == Performative.CFP:
            rounds.setdefault(row.conversation_id, set()).add(row.content)
    return found, [len(prices) for prices in rounds.values()], plane.parties["pods"].supply


@pytest.mark.parametrize("increment", ["0.01/h", "0.2/h", "1/h", "5/h"])
@pytest.mark.parametrize("latency", ["0s", "5ms", "{lognormal: {mean: 20ms, cv: 0.2}}"])
def test_every_round_grants_all_there_is(increment: str, latency: str) -> None:
    """In deep shortage, whether the price gets where it clears or not; in no more calls than are good for anything."""
    divisions, calls, supply = clocked(increment, f"control_network.latency={latency}")
    assert len(divisions) == len(calls) == 11
    assert [sum(one.amounts.values()) for one in divisions[1:]] == [supply] * 10
    assert max(calls) <= CLOCK_CALLS_MAX


@pytest.mark.parametrize("latency", ["20ms", "60ms"])
def test_a_round_whose_calls_run_out_of_time_leaves_enough_for_its_awards(latency: str) -> None:
    """They arrive and are reported before the round is over, so that it settles."""
    _, plane = lived(market("negotiations.pods.pool.by={english_clock: {increment: 0.01/h}}", *SHORT, f"control_network.latency={latency}"))
    over = [one for one in plane.rounds[1:] if one.until_ns < plane.mesh.now_ns]  # the first is before telemetry
    assert len(over) >= 9
    assert all(one.settled_ns is not None and one.settled_ns - one.began_ns <= 2 * S for one in over)


def test_whole_pods_are_granted_where_a_pod_takes_several_units() -> None:
    """Of five units that are free, four to who takes two at a time, or two; nobody pays for half a pod."""
    divisions, *_ = clocked("1/h", "negotiations.pods.pool.members.left.units=2", "negotiations.pods.pool.capacity=8")
    for one in divisions[1:]:
        assert one.amounts["left"] % 2 == 0
        assert sum(one.amounts.values()) in (4, 5)
        assert one.pays == {name: one.price * amount for name, amount in one.amounts.items()}


def test_nobody_pays_more_than_the_units_are_worth_to_him_as_he_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """One who understates, one with a small purse, and calls that run out: what was last said covers what is due."""
    said: dict[str, list[float]] = {}
    plainly = MemberAgent.worths

    def worths(self: MemberAgent, most: int) -> list[float] | None:
        found = plainly(self, most)
        said[self.name] = found or []
        return found

    monkeypatch.setattr(MemberAgent, "worths", worths)
    short_of: list[float] = []
    awards = ClockAuctioneer._awards

    def told(self: ClockAuctioneer, division: Division) -> dict:
        short_of.extend(said[name][amount] - division.pays[name] for name, amount in division.amounts.items() if said[name])
        return awards(self, division)

    monkeypatch.setattr(ClockAuctioneer, "_awards", told)
    lived(market("negotiations.pods.pool.by={english_clock: {increment: 0.5/h}}", *SHORT,
                 "negotiations.pods.pool.members.left.misreport=0.2", "negotiations.pods.pool.members.right.budget=200/h"))  # fmt: skip
    assert len(short_of) == 22 and min(short_of) >= -1e-9
