"""What decisions are counted in: pods of services, tokens of classes and routes. Nobody is told that a class has a thousand pods."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from parley.explanations.first_causes import _decided
from parley.printing import TOKENS_SAY, condensed, print_run
from parley.runs.results import Run
from parley.runs.running import run
from parley.wording import unit
from scenarios.load import load
from tests.negotiation.parties.markets import market
from tests.scenarios.test_witnesses import WORLDS

NS = 1_000_000_000


def screen(told: Run) -> list[str]:
    """What `parley run` prints of the agents."""
    console = Console(width=120, highlight=False)
    with console.capture() as captured:
        print_run(console, told.manifest, told.summary, told.decision_rows())
    lines = captured.get().splitlines()
    return lines[next(i for i, line in enumerate(lines) if line.startswith("agents")) :]


@pytest.mark.parametrize("by", ["dual", "planner", "{bundles: {step: 5/s}}"])
def test_classes_are_told_in_tokens_and_members_in_pods(by: str, tmp_path: Path) -> None:
    """Under one mind: on the screen, and where events are told."""
    told = run(market(f"negotiations.pods.pool.by={by}"), seed=1, out=tmp_path / "run")
    lines = screen(told)
    assert "change" in lines[0].split() and "pods" not in lines[0].split() and TOKENS_SAY in lines
    rows = [line for line in lines[2:] if "lease" in line]
    assert {line.split()[0] for line in rows if " tokens" in line} == {"many", "some"}
    assert {line.split()[0] for line in rows if " pods" in line} == {"left", "right"}
    said = [one.says for one in _decided(told)]
    assert {one.split()[0] for one in said if " tokens a fill of " in one} == {"many", "some"}
    assert {one.split()[0] for one in said if one.endswith(" pods")} == {"left", "right"}


def test_where_all_are_pods_their_column_says_so(tmp_path: Path) -> None:
    """And no line repeats it."""
    lines = screen(run(market("negotiations.pods.pool.by=vcg"), seed=1, out=tmp_path / "run"))
    assert "pods" in lines[0].split() and "change" not in lines[0].split()
    assert TOKENS_SAY not in lines and not any("tokens" in line for line in lines)


def test_callers_of_a_chain_change_tokens_by_route(tmp_path: Path) -> None:
    """Each row goes on from where the last one of its route left it, and a route has one line for all that is set anew round by round."""
    told = run(load(WORLDS / "chain.yaml", folder=WORLDS), seed=1, out=tmp_path / "run")
    rows, services = told.decision_rows(), told.scenario.services
    assert rows and {unit(one, services) for one in rows} == {"tokens"}
    latest: dict[str, int] = {}
    for one in rows:
        assert " -> " in one["service"] and one["before"] == latest.get(one["service"], one["before"])
        latest[one["service"]] = one["after"]
    groups = condensed([one for one in rows if one["applied"]], 60 * NS, services)
    assert len(groups) == len({one["service"] for one in rows if one["applied"]}) < len(rows)
    assert all(" tokens a fill of " in one.says for one in _decided(told))
    assert TOKENS_SAY in screen(told)


def test_from_outside_it_is_pods_that_are_lost() -> None:
    """Of a zone or node, too; minds that size or alert say themselves what they change."""
    row = {"mind": "whatif", "service": "west"}
    assert unit(row, {"front"}) == "pods"
    assert unit({"mind": "vpa", "service": "front"}, {"front"}) == unit({"mind": "burn_rate", "service": "some"}, {"front"}) == ""
