"""The price of anarchy of a run's zones: as the game has it, of verified equilibria, and refused where there is no game."""

from __future__ import annotations

import pytest

import parley
from agents.negotiation.mechanisms.equilibria import is_equilibrium
from agents.negotiation.parties.zones.game import game_at
from parley.errors import UsageError
from tests.negotiation.parties.crossings import crossing
from tests.negotiation.parties.markets import market

S = 1_000_000_000


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Zones under selfish play."""
    return parley.run(crossing(by="selfish"), spans="none", out=tmp_path_factory.mktemp("anarchy") / "run")


def test_a_run_tells_the_price_of_anarchy_of_a_stretch(run):
    """While one zone has a crowd; whoever sits in the chair, since it is of the load and the pods alone."""
    found = run.anarchy("5s..13s")
    game = game_at(run.scenario, "crossing", 5 * S, 13 * S)
    assert found == game.anarchy() == run.anarchy("5s..13s", negotiation="crossing")
    verified = [play for play in found.plays if is_equilibrium(game.strategies, game.cost, play.profile)]
    assert verified and found.price == max(game.social_cost(play.profile) for play in verified) / found.least_cost > 1
    assert run.anarchy("5s..13s", step=50).least_cost >= found.least_cost


@pytest.mark.parametrize(("asked", "says"), [
    ({"over": "5s..13s", "negotiation": "pods"}, "there are crossing"),
    ({"over": "5s..13s", "step": 30}, "does not divide 100"),
    ({"over": "5s..13s", "step": 4}, "take a larger step than 4"),
    ({"over": "5s"}, "no stretch of a run"),
])
def test_what_cannot_be_played_is_refused(run, asked, says):
    """With the reason."""
    with pytest.raises(UsageError, match=says):
        run.anarchy(**asked)


def test_without_zones_there_is_no_game(tmp_path):
    """A pool is something else."""
    run = parley.run(market("duration=2s"), spans="none", out=tmp_path / "run")
    with pytest.raises(UsageError, match="nobody bargains for traffic that crosses zones"):
        run.anarchy("0s..2s")
