"""Who pays what: for units that are held by lease, once a round, and no more than was agreed on."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.control_plane import ControlPlane
from agents.negotiation.leases import MILLI, Lease
from agents.negotiation.messages import Content
from agents.negotiation.parties.flows.bundling import BundleAuctioneer
from agents.negotiation.parties.flows.class_agent import ClassAgent
from agents.negotiation.parties.flows.flow_plan import Plan
from agents.negotiation.parties.flows.flow_pool import FlowPool
from agents.negotiation.parties.pools.clearing import Division, divided
from agents.negotiation.parties.pools.member import MemberAgent
from agents.negotiation.parties.pools.pool import PoolAgent
from tests.negotiation.parties.markets import BAD, TROUBLE, lived, market

BIDDING = ("uniform_price", "vcg", "k_double", "mcafee", "{english_clock: {increment: 5/h}}")
FLOWS = ("dual", "{bundles: {step: 5/s}}")
LOSSY = "control_network={latency: 5ms, loss: 20%}"
HOURS = 2 / 3600  # of a round


@dataclass
class Books:
    """What was divided, by round, and what each came to hold, with what it was to pay for it: in the order of time."""

    divided: dict[int, Division]
    kept: dict[tuple[str, int], list[Content]]
    plane: ControlPlane | None = None

    def newest(self, name: str) -> list[Content]:
        """Of each round's leases of one holder that were kept to, the last."""
        return [leases[-1] for (holder, _), leases in self.kept.items() if holder == name]


def books(*changes: str, seed: int = 4) -> Books:
    """Of a whole run."""
    found = Books({}, {})
    with pytest.MonkeyPatch.context() as patch:
        granted = PoolAgent._granted

        def noted(self: PoolAgent, division: Division) -> dict[str, Lease]:
            found.divided[self.round] = division
            return granted(self, division)

        patch.setattr(PoolAgent, "_granted", noted)
        for party in (MemberAgent, ClassAgent):
            keep = party.keep

            def kept(self: MemberAgent, content: Content, now_ns: int, keep: object = keep) -> bool:
                is_kept = bool(keep(self, content, now_ns))
                if is_kept:
                    found.kept.setdefault((self.name, content["round"]), []).append(content)
                return is_kept

            patch.setattr(party, "keep", kept)
        _, found.plane = lived(market(*changes), seed)
    return found


@pytest.mark.parametrize("network", [LOSSY, BAD])
@pytest.mark.parametrize("by", BIDDING + FLOWS)
def test_what_was_paid_is_what_leases_say(by: str, network: str) -> None:
    """Of each round the last lease that was kept to, for a round: no matter what was lost, topped up or told twice."""
    trouble = [TROUBLE] if network == BAD else []
    found = books(f"negotiations.pods.pool.by={by}", "negotiations.pods.pool.capacity=7", network, *trouble)
    assert found.plane is not None and sum(found.plane.paid.values()) != 0
    for name, paid in found.plane.paid.items():
        assert paid == pytest.approx(sum(lease["pay"] for lease in found.newest(name)) * HOURS)


@pytest.mark.parametrize("by", ["uniform_price", "{english_clock: {increment: 5/h}}"])
@pytest.mark.parametrize("seed", range(1, 7))
def test_at_one_price_every_unit_that_is_held_costs_it_and_no_other(by: str, seed: int) -> None:
    """Where a lease is smaller than what was won, there is less to pay; when it grows, the rest."""
    found = books(f"negotiations.pods.pool.by={by}", "negotiations.pods.pool.capacity=7", LOSSY, seed=seed)
    leases = [(nth, one) for (_, nth), leases in found.kept.items() for one in leases]
    assert leases
    for nth, one in leases:
        assert one["pay"] == pytest.approx(one["amount"] * (found.divided[nth].price or 0.0))


def test_who_holds_less_than_it_won_pays_less() -> None:
    """Under loss that happens, and under VCG it is a part of the pay in proportion; who holds nothing pays nothing."""
    found = books("negotiations.pods.pool.capacity=7", LOSSY)
    short = 0
    for (name, nth), leases in found.kept.items():
        won, pay = found.divided[nth].amounts[name], found.divided[nth].pays.get(name, 0.0)
        for one in leases:
            assert one["pay"] == pytest.approx(pay * one["amount"] / won if won else 0.0)
            short += one["amount"] < won
    assert short > 3


@pytest.mark.parametrize("by", FLOWS)
def test_who_is_leased_less_flow_than_was_planned_pays_less(by: str) -> None:
    """Until members have confirmed, or where they cannot be heard: a part of the pay for the plan's flow, in proportion."""
    agreed: dict[int, tuple[Plan, dict[str, float]]] = {}
    with pytest.MonkeyPatch.context() as patch:
        carry_out = FlowPool.carry_out_pods

        def noted(self: FlowPool, plan: Plan, pays: dict[str, float], workloads: list[str]) -> None:
            agreed[self.round] = plan, dict(pays)
            carry_out(self, plan, pays, workloads)

        patch.setattr(FlowPool, "carry_out_pods", noted)
        found = books(f"negotiations.pods.pool.by={by}", "negotiations.pods.pool.capacity=7", LOSSY)
    short = 0
    for (name, nth), leases in found.kept.items():
        for one in leases if name in ("many", "some") else ():
            (plan, pays), rate = agreed[nth], one["amount"] / MILLI
            planned, pay = plan.rates[name], pays.get(name, 0.0)
            assert one["pay"] == pytest.approx(pay * rate / planned if planned else 0.0, rel=1e-4, abs=1e-6)
            short += pay > 0 and rate < 0.9 * planned
    assert short >= 3


def test_a_purse_pays_for_what_is_held() -> None:
    """What has left it and what came in are what it holds."""
    found = books("negotiations.pods.pool.capacity=7", LOSSY, "negotiations.pods.pool.members.left.budget=60/h")
    assert found.plane is not None
    left = found.plane.parties["left"]
    assert isinstance(left, MemberAgent) and left.purse is not None
    assert 0 < left.paid <= 60 * (20 * 2 + 24) / 3600
    assert left.purse >= 0


@given(won=st.integers(0, 20), own=st.integers(0, 20), held=st.integers(0, 20), pay=st.floats(-100, 100))
def test_what_is_due_grows_with_what_is_held(won: int, own: int, held: int, pay: float) -> None:
    """From nothing to all of it; a seller's is the same whatever he has left."""
    found = Division({"a": won}, {"a": pay if won > own else -abs(pay)}, None, {"a": own})
    due = found.due("a", held)
    assert found.due("a", won) == found.pays["a"]
    assert found.due("a", held + 1) >= due - 1e-9
    assert due == found.pays["a"] if found.pays["a"] <= 0 else 0 <= due <= found.pays["a"]


def test_nobody_pays_for_half_a_pod() -> None:
    """Units are sold one by one, pods take two: five are won of left's six, four are granted and paid."""
    world = market("negotiations.pods.pool.by=uniform_price", "negotiations.pods.pool.members.left.units=2",
                   "negotiations.pods.pool.price=2/h")  # fmt: skip
    pool = world.negotiations["pods"].pool
    assert pool is not None
    proposals = {"left": {"values": [0, 0, 20, 20, 40, 40, 60]}, "right": {"values": [0, 11.0, 11.0]}}
    found = divided(pool, proposals, 6)
    assert (found.amounts, found.price) == ({"left": 4, "right": 1}, 10.0)
    assert found.pays == {"left": 40.0, "right": 10.0}


def test_bundles_are_sold_only_where_whole_pods_carry_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pods of three units each: so much is left out that who wins is leased all he won, and pays for no more."""
    shares: list[float] = []
    won: dict[str, float] = {}
    clear, win = BundleAuctioneer._cleared, BundleAuctioneer._won

    def winning(self: BundleAuctioneer, proposals: dict[str, Content], capacity: int) -> tuple[dict[str, float], dict[str, float]]:
        rates, pays = win(self, proposals, capacity)
        won.update(rates)
        return rates, pays

    def clearing(self: BundleAuctioneer, proposals: dict[str, Content]) -> tuple[Plan, dict[str, float]]:
        plan, pays = clear(self, proposals)
        shares.extend(plan.rates[name] / rate for name, rate in won.items() if rate)
        return plan, pays

    monkeypatch.setattr(BundleAuctioneer, "_won", winning)
    monkeypatch.setattr(BundleAuctioneer, "_cleared", clearing)
    lived(market("negotiations.pods.pool.by={bundles: {step: 5/s}}", "workload.many.arrivals={poisson: 100/s}",
                 "workload.some.arrivals={poisson: 60/s}", "negotiations.pods.pool.members.left.units=3",
                 "negotiations.pods.pool.members.right.units=3", "negotiations.pods.pool.capacity=20"))  # fmt: skip
    assert shares and all(share == pytest.approx(1.0) for share in shares)
