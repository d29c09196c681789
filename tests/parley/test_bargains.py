"""What a negotiation came to, read from messages worked by hand, and its picture."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace

import pytest

import parley
from parley.analysis.bargains import DENIED, GRANTED, LOST, OPEN, Bargains, bargains_of
from parley.errors import UsageError
from parley.pages.facts import Facts
from parley.pages.one_run import page_of_one
from tests.parley.letters import LEASE, ROUND, WAY, Letter, S, arrived, auction, kept, lost
from tests.parley.test_map_and_sweep_pages import refused_by_plotly, section
from tests.parley.worlds import SHOP, written
from tests.scenarios.test_witnesses import WORLDS

WANTED = {"front": [9.0, 5.0, 2.0], "stock": [4.0, 1.0], "search": [0.5], "idle": []}


def told(folder, said) -> Bargains:
    """Messages, as a run folder gives them back."""
    kept(folder, said)
    return bargains_of(folder, flows=("buyers",))


def test_a_round_by_hand(tmp_path):
    """Three units for 9, 5, 4, 2, 1 and 0.5: two to the front, one to the stock, at the price of 2; who wants least has none."""
    found = told(tmp_path, auction(0, WANTED, supply=3))
    assert [(one.agent, one.amount, one.verdict) for one in found.asks] == [
        ("front", 3, GRANTED), ("stock", 2, GRANTED), ("search", 1, DENIED)]  # fmt: skip
    assert [(one.agent, one.amount, one.price, one.pool) for one in found.grants] == [
        ("front", 2, 2.0, "general"), ("stock", 1, 2.0, "general")]  # fmt: skip
    start = (ROUND + S + WAY) / 1e9
    assert found.grants[0].start_s == pytest.approx(start) and found.grants[0].end_s == pytest.approx((ROUND + S + LEASE) / 1e9)
    assert found.prices == {"general": [(16.0, 2.0)]} and found.pools == ["general"] and found.conversations == 1
    assert (found.live(start + 1, "general"), found.live(start + 40, "general")) == (3, 0)


def test_how_much_of_it_was_held(tmp_path):
    """Two of three asked for while the lease lives, 15 s to 39 s: halfway to 47 s it does, to 87 s it does not."""
    found = told(tmp_path, auction(0, WANTED, supply=3))
    assert found.held_share("front", 39.0) == pytest.approx(2 / 3) and found.held_share("front", 200.0) == 0
    assert math.isnan(found.held_share("idle", 39.0))


def test_a_newer_lease_replaces_the_one_before(tmp_path):
    """From its arrival on; what is held of a pool is never counted twice."""
    found = told(tmp_path, auction(0, WANTED, supply=3) + auction(1, WANTED, supply=4))
    first, second = (one for one in found.grants if one.agent == "front")
    assert first.end_s == second.start_s and (first.amount, second.amount) == (2, 3)
    assert found.live(second.start_s + 1, "general") == 4


def test_what_nobody_heard_of_replaces_nothing(tmp_path):
    """A lost acceptance stands there as such; its holder goes on with the lease it knows."""
    found = told(tmp_path, auction(0, WANTED, supply=3) + auction(1, WANTED, supply=4, unheard=["front"]))
    first, second = (one for one in found.grants if one.agent == "front")
    assert second.is_lost and first.end_s == pytest.approx((ROUND + S + LEASE) / 1e9)
    assert found.live(second.start_s + 1, "general") == 3  # two of the first lease, and one of the other


def test_what_is_under_way_at_the_end_is_not_lost(tmp_path):
    """An ask is open, and a lease that has not arrived is none yet."""
    lease = {"amount": 3, "expires_ns": 9 * S, "token": 1, "pool": "general"}
    granted, late = Letter(S, "accept-proposal", lease, "auctioneer", "stock"), Letter(S, "propose", {"amount": 3}, conversation_id="late")
    found = told(tmp_path, [granted, late])
    assert [one.is_lost for one in found.said] == [False, False] and not found.grants
    assert [one.verdict for one in found.asks] == [OPEN]


def test_a_lost_proposal_is_no_refusal(tmp_path):
    """Nor is one that nobody answered."""
    said = [lost(Letter(S, "propose", {"amount": 3})), arrived(Letter(2 * S, "propose", {"amount": 2}, conversation_id="round-2"))]
    assert [one.verdict for one in told(tmp_path, said).asks] == [LOST, OPEN]


def test_a_duplicate_counts_once(tmp_path):
    """Also where only the copy arrived."""
    ask = Letter(S, "request", {"amount": 3}, reply_with="a")
    found = told(tmp_path, [lost(ask), replace(arrived(ask), is_copy=True)])
    assert [one.verdict for one in found.asks] == [OPEN] and len(found.said) == 1


def test_what_is_given_back_is_held_no_more(tmp_path):
    """A cancel that names the token ends the lease."""
    grant = Letter(S, "agree", {"amount": 3, "expires_ns": 90 * S, "token": 7}, "auctioneer", "stock")
    found = told(tmp_path, [arrived(grant), arrived(Letter(20 * S, "cancel", {"token": 7}))])
    assert [(one.amount, one.end_s) for one in found.grants] == [(3, 20.0)]


@pytest.mark.parametrize("content", [{}, {"amount": "three"}, {"amount": True}, {"values": 3}, {"price": None}, {"rate": 3.5}])
def test_contents_that_say_nothing_of_this_are_counted_only(tmp_path, content):
    """Other protocols talk of other things."""
    found = told(tmp_path, [arrived(Letter(S, kind, content)) for kind in ("propose", "accept-proposal", "inform", "cfp")])
    assert (len(found.said), found.asks, found.grants, found.prices) == (4, [], [], {})


def test_an_award_that_is_told_back_is_none_of_its_own(tmp_path):
    """Who did what was accepted informs of it with the same token."""
    award = {"amount": 3, "expires_ns": 90 * S, "token": 7, "pool": "general"}
    found = told(tmp_path, [arrived(Letter(S, "accept-proposal", award, "auctioneer", "stock")), arrived(Letter(2 * S, "inform", award))])
    assert [one.agent for one in found.grants] == ["stock"]


def test_a_grant_without_an_end_is_an_instant(tmp_path):
    """It is no lease."""
    (grant,) = told(tmp_path, [arrived(Letter(S, "accept-proposal", {"amount": 3}, "auctioneer", "stock"))]).grants
    assert grant.end_s == grant.start_s and math.isnan(grant.price)


@pytest.mark.parametrize(("price", "units"), [(0.0, 3), (1.0, 2), (4.5, 1)])
def test_a_bid_of_totals_asks_for_what_is_worth_its_price(tmp_path, price, units):
    """Worth 0, 5, 8, 8.5 and 8.5 together: that many units add more than the call's price each."""
    call = Letter(S, "cfp", {"pool": "pods", "price": price, "asks": "values"}, "pods", "stock")
    bid = Letter(2 * S, "propose", {"values": [0.0, 5.0, 8.0, 8.5, 8.5]})
    assert [(one.amount, one.pool) for one in told(tmp_path, [arrived(call), arrived(bid)]).asks] == [(units, "pods")]


def test_who_pays_by_the_hour_has_a_price_by_the_unit(tmp_path):
    """Of all that are told at one instant together: 12 for 6 units and 3 for 4 are 1.5 a unit; the call's reserve is none."""
    awards = [Letter(S, "accept-proposal", {"amount": amount, "pay": pay, "pool": "pods", "token": token, "expires_ns": 9 * S}, "pods", who)
              for who, amount, pay, token in (("stock", 6, 12.0, 1), ("front", 4, 3.0, 2))]  # fmt: skip
    said = [arrived(Letter(S - 1, "cfp", {"pool": "pods", "price": 0.1}, "pods", "stock")), *map(arrived, awards)]
    assert told(tmp_path, said).prices == {"pods": [(1.0, 1.5)]}


def test_flow_is_told_in_requests(tmp_path):
    """Leases of a class are in thousandths of a request a second; its last rate in a conversation is what it asks for."""
    lease = {"amount": 70_000, "pool": "pods", "token": 3, "expires_ns": 9 * S}
    said = [Letter(S, "inform", {"rate": 90.0, "round": 1}, "buyers", "pods"),
            Letter(2 * S, "inform", {"rate": 80.0, "round": 2}, "buyers", "pods"),
            Letter(3 * S, "agree", {"price": 2.0, "rate": 80.0}, "pods", "buyers"),
            Letter(3 * S, "inform", lease, "pods", "buyers", "parley-lease", "l/3")]  # fmt: skip
    found = told(tmp_path, [arrived(one) for one in said])
    assert [(one.agent, one.amount, one.verdict) for one in found.asks] == [("buyers", 80.0, GRANTED)]
    assert [(one.agent, one.amount) for one in found.grants] == [("buyers", 70.0)]
    assert found.prices == {"pods": [(3.0, 2.0)]}  # whose conversation names no pool: it is that of who speaks for one


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of two services, of a minute."""
    folder = tmp_path_factory.mktemp("bargains")
    return parley.run(written(folder, SHOP), set=["duration=60s"], out=folder / "run")


def put(run, said):
    """Messages in place of those that are there."""
    shutil.rmtree(run.path / "messages", ignore_errors=True)
    kept(run.path, said)


def test_a_report_has_a_section_on_negotiation(run):
    """Below decisions: a row an agent with what it asked for, one for prices, and how it went for each; no other run has one."""
    shutil.rmtree(run.path / "messages", ignore_errors=True)
    assert "negotiation" not in [one.name for one in page_of_one(Facts(run)).sections]
    put(run, [one for nth in range(3) for one in auction(nth, WANTED, supply=3, unheard=["stock"] if nth else [])])
    page = page_of_one(Facts(run))
    assert [one.name for one in page.sections][7:9] == ["negotiation", "objectives"]
    figure, agents, words = section(page, "negotiation").parts
    assert {trace["name"] for trace in figure.traces} >= {"held", "asked", "denied or lost", "general"}
    assert agents.rows[0][:2] == ("front", "3") and agents.rows[2][:6] == ("stock", "3", "0", "0", "3", "2")
    assert dict(row[:2] for row in words.rows)["cfp"] == "12"
    assert "were settled" not in section(page, "negotiation").says
    refused_by_plotly(page)


def test_a_report_says_how_rounds_went(tmp_path):
    """Which share settled, and how soon."""
    run = parley.run(WORLDS / "market.yaml", set=["control_network.latency=20ms"], spans="none", out=tmp_path / "run")
    told = section(page_of_one(Facts(run)), "negotiation").says
    assert "Since the warm-up 100.00 % of the rounds were settled" in told
    assert f"in {run.summary['negotiation']['agreement_ms']:.0f} ms on average" in told


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("said", [
    [one for nth in range(3) for one in auction(nth, WANTED, supply=3, unheard=["stock"] if nth else [])],
    [one for nth in range(3) for one in auction(nth, {f"team-with-a-long-name-{k}": [k + 1.0] for k in range(15)}, supply=9)],
    [arrived(Letter(S, "inform", {"load": 0.5}))],
    [lost(Letter(S, "propose", {"amount": 0}))],
    [arrived(replace(one, content=one.content | {"pool": f"zone-{nth % 9}"})) for nth in range(12)
     for one in auction(0, {"front": [1.0 + nth]}, supply=1)],
], ids=["few", "many agents", "nothing asked", "nothing wanted", "many pools"])  # fmt: skip
def test_every_negotiation_has_a_picture(run, tmp_path, said):
    """Without a warning."""
    put(run, said)
    assert run.plot.negotiation().png().startswith(b"\x89PNG")


def test_who_does_not_negotiate_has_no_picture(tmp_path):
    """Which is said."""
    quiet = parley.run(written(tmp_path, SHOP), until="1s", out=tmp_path / "run")
    with pytest.raises(UsageError, match="nobody said anything in this run"):
        quiet.plot.negotiation()
