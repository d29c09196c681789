"""What bargaining is measured by: rounds that settled, messages that were lost, payments and reversals since the warm-up."""

from __future__ import annotations

import math
from collections import Counter
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from agents.control_plane import ControlPlane
from agents.decision import Decision
from agents.mailbox import Fate
from agents.negotiation.parties.rounds import Rounds
from agents.negotiation.protocols.contract_net import Initiator
from parley.recording.bargaining import negotiation_of, reversals
from parley.recording.spillover import moved, spillover_of
from scenarios.load import load
from sim.mesh import Mesh
from tests.negotiation.parties.crossings import crossing
from tests.negotiation.parties.crossings import lived as spilled
from tests.negotiation.parties.markets import BAD, MECHANISMS, TROUBLE, UNARRANGED, lived, market
from tests.scenarios.test_witnesses import WORLDS

S = 1_000_000_000
ARRANGED = tuple(by for by in MECHANISMS if by not in UNARRANGED)


def measured(plane: ControlPlane) -> dict[str, Any]:
    """The part `negotiation` of a summary."""
    world = plane.mesh.scenario
    return negotiation_of(plane, plane.mesh.plane.observe(live=True).intervals[: len(world.workload)])


@cache
def under_loss(by: str, loss: int) -> dict[str, Any]:
    """A market in which so many percent of the messages are lost."""
    world = market(f"negotiations.pods.pool.by={by}", f"control_network={{latency: 20ms, loss: {loss}%}}", "duration=40s", "warmup=4s")
    return measured(lived(world)[1])


def begun(*at: int) -> Rounds:
    """A book of rounds, each of which is over in 4 ns unless it tells something later."""
    book = Rounds()
    for time in at:
        book.begin(time, time + 4)
    return book


def test_a_round_is_settled_when_all_of_its_leases_are_confirmed() -> None:
    """Not at the first, and never where one is missing."""
    book = begun(0)
    book.tell({"ann": 1, "bob": 2}, 1, 3)
    book.confirm("ann", 1, 2)
    assert book.all[0].settled_ns is None
    book.confirm("bob", 2, 3)
    assert book.all[0].settled_ns == 3


def test_a_lease_that_is_told_later_opens_the_round_again() -> None:
    """Whoever is to have more hears of it late; the newest lease of a holder is the one that counts."""
    book = begun(0)
    book.tell({"ann": 1, "bob": 2}, 1, 3)
    book.confirm("ann", 1, 2)
    book.confirm("bob", 2, 2)
    book.tell({"bob": 3}, 2, 8)
    assert book.all[0].settled_ns is None and book.all[0].until_ns == 8
    book.confirm("bob", 2, 5)
    assert book.all[0].settled_ns is None
    book.confirm("bob", 3, 6)
    assert book.all[0].settled_ns == 6


def test_a_late_confirmation_is_of_the_round_that_told_the_lease() -> None:
    """Not of the newest."""
    book = begun(0)
    book.tell({"ann": 1}, 1, 13)
    book.begin(10, 14)
    book.tell({"ann": 2}, 11, 13)
    book.confirm("ann", 1, 12)
    assert [one.settled_ns for one in book.all] == [12, None]
    book.confirm("ann", 7, 13)  # nobody told it that one
    assert book.all[1].settled_ns is None


def test_a_round_without_a_lease_to_tell_is_settled_once_it_has_decided_so() -> None:
    """One that came to no decision is not, nor one in which somebody who was asked was not heard."""
    book = begun(0, 10, 20)
    book.tell({}, 21, 23)
    assert [one.settled_ns for one in book.all] == [None, None, 21]
    book.miss()
    assert book.all[2].settled_ns is None


def test_a_miss_is_of_the_round_that_asked() -> None:
    """Not of one that begins at the instant at which it is known."""
    book = begun(0, 4)
    book.tell({}, 4, 6)
    book.miss(4)
    assert book.all[1].settled_ns == 4 and book.all[0]._has_missed


def test_where_a_round_begins_as_the_last_one_ends_only_rounds_that_heard_all_settle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under loss: none is called settled in which somebody did not answer, and none is blamed for another."""
    unheard, decide = set[str](), Initiator.decide

    def noted(self: Initiator, now_ns: int) -> str | None:
        found = decide(self, now_ns)
        unheard.update({self.conversation_id} if self.unheard else ())
        return found

    monkeypatch.setattr(Initiator, "decide", noted)
    loss = "control_network={latency: 20ms, loss: 20%}"
    _, plane = lived(market("negotiations.pods.pool.by=vcg", "negotiations.pods.every=2s", loss, "duration=100s"))
    missed = {f"pods/1.{nth}" for nth, one in enumerate(plane.rounds, 1) if one._has_missed}
    assert len(missed) > 5 and missed == unheard


def test_leases_of_rounds_that_are_over_are_forgotten() -> None:
    """However many there were."""
    book = Rounds()
    for at in range(0, 1000, 10):
        book.begin(at, at + 4)
        book.tell({"ann": at, "bob": at + 1}, at + 1, at + 3)
        book.confirm("ann", at, at + 2)
    assert len(book._telling) == 2


def test_what_is_told_before_any_round_is_nobodys() -> None:
    """As what an agent begins with."""
    book = Rounds()
    book.tell({"ann": 1}, 0, 2)
    book.miss()
    book.confirm("ann", 1, 1)
    assert not book.all


@pytest.mark.parametrize("by", ARRANGED)
def test_without_loss_all_rounds_settle(by: str) -> None:
    """Whatever divides, once telemetry is there; in the time that its messages take and no less."""
    found = under_loss(by, 0)
    assert found["rounds"] >= 10
    assert found["settled"] == 1.0
    assert 40 <= found["agreement_ms"] <= found["agreement_p95_ms"] < 2000


@pytest.mark.parametrize("by", ARRANGED)
def test_loss_only_lowers_the_share_of_rounds_that_settle(by: str) -> None:
    """And those that settle do not seem quicker for it by more than the ones that were not heard."""
    found = [under_loss(by, loss)["settled"] for loss in (0, 30, 60)]
    assert found[0] == 1.0 > found[1] >= found[2]
    assert found[2] < 0.2


def test_a_round_that_is_not_over_at_the_end_is_not_judged() -> None:
    """Messages take so long that the last round still waits for them."""
    _, plane = lived(market("negotiations.pods.pool.by=vcg", "duration=21s", "control_network={latency: 400ms}"))
    waiting = [one for one in plane.rounds if one.until_ns >= plane.mesh.now_ns]
    assert waiting and all(one.settled_ns is None for one in waiting)
    assert measured(plane)["settled"] == 1.0


def test_while_nothing_may_be_granted_nothing_settles() -> None:
    """The auctioneer is back, and leases of before it died may be live; what began before its end is not settled by what came later."""
    _, plane = lived(market("negotiations.pods.pool.by=vcg", "faults={dead: {at: 6s, for: 4s, agent_crash: {agent: pods}}}"))
    pool = plane.parties["pods"]
    quiet = [one for one in plane.rounds if 10 * S <= one.began_ns < pool.office.ledger.quiet_until_ns]
    assert quiet and all(one.settled_ns is None for one in quiet)
    assert any(one.settled_ns is not None for one in plane.rounds if one.began_ns >= pool.office.ledger.quiet_until_ns)


def test_who_is_cut_off_keeps_rounds_from_settling() -> None:
    """Under an auction, which does not hear it, as under a planner, which it does not confirm to: the two can be compared."""
    for by in ("vcg", "planner", "dual", "{bundles: {step: 5/s}}"):
        cut = "some" if by in ("dual", "{bundles: {step: 5/s}}") else "right"
        world = market(f"negotiations.pods.pool.by={by}", f"faults={{cut: {{at: 10s, for: 8s, control_partition: {{agents: [{cut}]}}}}}}")
        _, plane = lived(world)
        during = [one for one in plane.rounds if 10 * S <= one.began_ns < 17 * S]
        after = [one for one in plane.rounds if one.began_ns >= 18 * S and one.until_ns < plane.mesh.now_ns]
        assert during and after, by
        assert all(one.settled_ns is None for one in during), by
        assert all(one.settled_ns is not None for one in after), by


@pytest.mark.parametrize("by", ["contract_net", "planner"])
def test_zones_settle_their_rounds(by: str) -> None:
    """Who calls, when everybody it accepted has granted a lease; a planner, when every zone has confirmed its plan."""
    quiet = measured(spilled(crossing("control_network={latency: 20ms}", "warmup=4s", by=by))[1])
    noisy = measured(spilled(crossing("control_network={latency: 20ms, loss: 40%}", "warmup=4s", by=by))[1])
    assert quiet["rounds"] > 5 and quiet["agreement_ms"] >= 40
    assert quiet["settled"] > 0.9 > noisy["settled"]


def test_gossip_has_no_rounds_that_could_settle() -> None:
    """Nobody confirms anything there."""
    found = measured(spilled(crossing(by="gossip"))[1])
    assert found["rounds"] == 0 and found["messages"] > 0
    assert all(math.isnan(found[name]) for name in ("settled", "agreement_ms", "agreement_p95_ms", "messages_per_round"))


@pytest.mark.parametrize("by", ["credits", "planner", "proportional"])
def test_chains_settle_their_rounds(by: str) -> None:
    """Each service's rounds: its callers keep to what they were granted."""
    quiet, noisy = (measured(lived(load(WORLDS / "chain.yaml", [f"negotiations.relief.credits.by={by}", "warmup=3s",
                                                                f"control_network.loss={loss}%"], folder=WORLDS))[1])
                    for loss in (0, 30))  # fmt: skip
    assert quiet["rounds"] > 5
    assert quiet["settled"] == 1.0 > noisy["settled"]


def test_messages_under_way_are_not_lost() -> None:
    """And those that are lost are told by what lost them."""
    _, plane = lived(market("negotiations.pods.pool.by=vcg", "control_network={latency: 900ms}", "duration=8500ms"))
    fates, found = Counter(row.fate for row in plane.network.log), measured(plane)
    assert fates[Fate.IN_FLIGHT] > 0
    assert (found["messages"], found["lost"], found["in_flight"]) == (fates.total(), 0, fates[Fate.IN_FLIGHT])
    _, plane = lived(market("negotiations.pods.pool.by=vcg", "control_network={latency: 50ms, loss: 15%}", TROUBLE))
    fates, found = Counter(row.fate for row in plane.network.log), measured(plane)
    assert found["lost_to"] == {"loss": fates[Fate.LOST], "cut": fates[Fate.CUT], "crash": fates[Fate.CRASHED]}
    assert min(found["lost_to"].values()) > 0
    assert found["lost"] == sum(found["lost_to"].values()) == fates.total() - fates[Fate.DELIVERED] - fates[Fate.IN_FLIGHT]


def test_a_copy_is_no_message_of_its_own() -> None:
    """One of two that arrives is enough."""
    _, plane = lived(market("negotiations.pods.pool.by=vcg", BAD, TROUBLE))
    log, found = plane.network.log, measured(plane)
    assert found["messages"] == sum(not row.is_copy for row in log) < len(log)
    pairs = [(first, copy) for first, copy in pairwise(log) if copy.is_copy]
    assert all(first.reply_with == copy.reply_with for first, copy in pairs)
    saved = sum(first.fate is Fate.LOST and copy.fate is Fate.DELIVERED for first, copy in pairs)
    assert saved > 0
    assert found["lost_to"]["loss"] == sum(row.fate is Fate.LOST and not row.is_copy for row in log) - sum(
        first.fate is Fate.LOST and copy.fate is not Fate.LOST for first, copy in pairs)  # fmt: skip


def test_messages_are_counted_by_round_and_by_change() -> None:
    """A change is a decision that took effect and left another figure behind."""
    _, plane = lived(market("negotiations.pods.pool.by=vcg"))
    found = measured(plane)
    changes = [one for one in plane.decisions if one.applied and one.after != one.before]
    assert 0 < len(changes) < len(plane.decisions)
    assert found["messages_per_change"] == found["messages"] / len(changes)
    assert found["messages_per_round"] == found["messages"] / found["rounds"]
    nobody = measured(lived(market("negotiations.pods.pool.by=first_come"))[1])
    assert nobody["messages"] == 0 and nobody["messages_per_change"] == 0.0
    assert math.isnan(nobody["messages_per_round"])


def test_everything_counts_since_the_warm_up() -> None:
    """Two runs of the same trace, one of which calls its first part a warm-up; the same figures of the rest."""
    changes = ("negotiations.pods.pool.by=vcg", "negotiations.pods.pool.capacity=8")
    _, whole = lived(market(*changes))
    _, late = lived(market(*changes, "warmup=12s"))
    start_ns, found = 12 * S, measured(late)
    assert late.decisions == whole.decisions and late.network.log == whole.network.log
    assert found["rounds"] == sum(one.began_ns >= start_ns for one in whole.rounds) < len(whole.rounds)
    assert found["messages"] == sum(row.sent_ns >= start_ns for row in whole.network.log) < len(whole.network.log)
    assert found["reversals_per_hour"] == pytest.approx(
        sum(reversals(whole.decisions, start_ns).values()) * 3600 / (late.mesh.now_ns / S - 12))  # fmt: skip
    all_paid, before = measured(whole)["paid"], _paid_at(market(*changes), start_ns)
    assert any(all_paid.values())
    assert found["paid"] == pytest.approx({name: paid - before[name] for name, paid in all_paid.items()})
    assert sum(found["paid"].values()) < sum(all_paid.values())


def test_before_the_warm_up_is_over_nothing_is_paid() -> None:
    """Nor said: a run may be looked at any time."""
    _, plane = lived(market("negotiations.pods.pool.by=vcg", "warmup=23s", "duration=24s"))
    mesh = Mesh(plane.mesh.scenario, 1)
    early = ControlPlane(mesh)
    mesh.advance(20 * S)
    found = measured(early)
    assert found["paid"] == dict.fromkeys(found["paid"], 0.0) and sum(early.paid.values()) > 0
    assert found["messages"] == found["rounds"] == 0


def _paid_at(world: Any, time_ns: int) -> dict[str, float]:
    """What was paid before that instant."""
    mesh = Mesh(world, 1)
    plane = ControlPlane(mesh)
    mesh.advance(time_ns)
    return dict(plane.paid)


def test_a_reversal_counts_when_it_happens() -> None:
    """Up before the warm-up and down after it is one that happens after it."""
    rows = [Decision(time * S, "a", "a", "vcg", before, None, after, "", True)
            for time, before, after in ((1, 1, 2), (2, 2, 1), (11, 1, 2), (12, 2, 3), (13, 3, 3), (14, 3, 1))]  # fmt: skip
    assert reversals(rows) == {"a": 3}
    assert reversals(rows, 10 * S) == {"a": 2}
    assert reversals(rows, 12 * S) == {"a": 1}


def test_egress_and_moves_count_since_the_warm_up() -> None:
    """Of a run whose traffic crosses from the beginning, half before the warm-up is over."""
    whole, late = (spilled(crossing(*changes, by="proportional"))[1] for changes in ((), ("warmup=12s",)))
    seen = late.mesh.plane.observe(live=True)
    mine = spillover_of(late, seen.intervals[: len(late.mesh.scenario.workload)], seen.routes)
    mesh = Mesh(whole.mesh.scenario, 1)
    ControlPlane(mesh)
    mesh.advance(12 * S)
    layout = mesh.plane.layout
    gone = [route.callee == "api" for route in layout.routes]
    bytes_ = np.array([seen.routes["egress_bytes"], mesh.plane.observe(live=True).routes["egress_bytes"]])[:, gone].sum(axis=1)
    assert 0 < bytes_[1] < bytes_[0]
    assert mine["egress"] == pytest.approx((bytes_[0] - bytes_[1]) / 1e9 * mesh.scenario.network.egress)
    minutes = (late.mesh.now_ns / S - 12) / 60
    assert mine["moved_per_minute"] == pytest.approx(moved(one for one in whole.decisions if one.time_ns >= 12 * S) / minutes)
