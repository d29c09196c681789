"""Burn-rate alerts against the SRE Workbook's figures, by hand, and in a world."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.alerting.burn_rate import BurnWindow, Counted, burning, error_ratio, factor, kept
from agents.control_plane import ControlPlane
from parley.runs.running import run
from scenarios.errors import ScenarioError
from scenarios.load import load
from scenarios.schema.alerting import WORKBOOK
from scenarios.schema.units import HOUR_NS
from sim.mesh import Mesh
from tests.scenarios.test_witnesses import WORLDS

S = 1_000_000_000
DAY_NS = 24 * HOUR_NS

# (budget, hours, burn rate for 30 days, for 28 days): the Workbook's table, and Sloth's for another period
FACTORS = [(0.02, 1, 14.4, 13.44), (0.05, 6, 6, 5.6), (0.10, 24, 3, 2.8), (0.10, 72, 1, 0.933333)]


@pytest.mark.parametrize(("budget", "hours", "of_30", "of_28"), FACTORS)
def test_factors_of_the_workbook(budget: float, hours: int, of_30: float, of_28: float) -> None:
    """H24: share of the budget x period / long window."""
    assert factor(budget, 30 * DAY_NS, hours * HOUR_NS) == pytest.approx(of_30)
    assert factor(budget, 28 * DAY_NS, hours * HOUR_NS) == pytest.approx(of_28, rel=1e-5)


def test_the_workbooks_windows_are_the_default() -> None:
    """H24: two pages and two tickets."""
    assert [(one.long_window // HOUR_NS, one.budget, one.severity) for one in WORKBOOK] == [
        (1, 0.02, "page"), (6, 0.05, "page"), (24, 0.1, "ticket"), (72, 0.1, "ticket")]  # fmt: skip


def counts(*rows: tuple[int, int, int]) -> list[Counted]:
    """(second, bad so far, all so far)."""
    return [Counted(second * S, bad, total) for second, bad, total in rows]


RATIOS = [
    (counts((0, 0, 0), (60, 1, 100), (120, 3, 1000)), 60, 2 / 900),  # the last minute only
    (counts((0, 0, 0), (60, 50, 100), (120, 50, 1000)), 120, 0.05),  # a ratio of sums, though the mean of the minutes is a quarter
    (counts((0, 0, 0), (60, 1, 100)), 600, 0.01),  # of what there is
    (counts((0, 5, 100), (60, 5, 100)), 60, None),  # nothing was over
    (counts((0, 0, 0), (50, 1, 10), (110, 2, 20)), 45, 0.1),  # no count at 65 s: the one before it
]


@pytest.mark.parametrize(("seen", "window_s", "ratio"), RATIOS)
def test_ratios_by_hand(seen: list[Counted], window_s: int, ratio: float | None) -> None:
    """H24: bad over all within the window, by the counters at its ends."""
    assert error_ratio(seen, window_s * S) == ratio


PAGE = [BurnWindow(HOUR_NS, HOUR_NS // 12, 0.02, "page")]  # above 1.44 % for 99.9 % in 30 days
FIRING = [
    ("both above", counts((0, 0, 0), (3300, 10, 1000), (3600, 30, 2000)), True),
    ("the long one below: a blip", counts((0, 0, 0), (3300, 0, 100_000), (3600, 30, 100_100)), False),
    ("the short one below: over by now", counts((0, 0, 0), (3300, 900, 1000), (3600, 900, 2000)), False),
    ("exactly at the threshold", counts((0, 0, 0), (3300, 0, 0), (3600, 144, 10_000)), False),
    ("nothing in the short window", counts((0, 0, 0), (3300, 900, 1000), (3600, 900, 1000)), False),
]  # fmt: skip


@pytest.mark.parametrize(("seen", "fires"), [row[1:] for row in FIRING], ids=[row[0] for row in FIRING])
def test_both_windows_must_agree(seen: list[Counted], fires: bool) -> None:
    """H24: strictly above the threshold, in both lengths."""
    (one,) = burning(0.999, 30 * DAY_NS, PAGE, seen)
    assert one.threshold == pytest.approx(0.0144)
    assert one.is_firing is fires


steps = st.lists(st.tuples(st.integers(1, 100), st.integers(0, 5), st.integers(0, 20)), min_size=1, max_size=20)


@given(steps, st.integers(1, 300))
def test_what_is_forgotten_changes_nothing(rows: list[tuple[int, int, int]], window_s: int) -> None:
    """H24: counts older than the longest window needs may go; a ratio is a share."""
    seen, at, bad, total = [Counted(0, 0, 0)], 0, 0, 0
    for after, worse, more in rows:
        at, bad, total = at + after, bad + worse, total + worse + more
        seen.append(Counted(at * S, bad, total))
    ratio = error_ratio(seen, window_s * S)
    assert ratio is None or 0 <= ratio <= 1
    assert error_ratio(kept(seen, window_s * S), window_s * S) == ratio


@pytest.mark.parametrize("engine", ["reference", "fast"])
def test_an_alert_is_a_row_when_it_begins_and_when_it_ends(engine: str) -> None:
    """H24: 30 % fail from 8 s to 12 s; the page comes with the first scrape that sees it and goes when the short window is clean."""
    mesh = Mesh(load(WORLDS / "alerting.yaml"), 1, engine)
    plane = ControlPlane(mesh)
    alone = Mesh(load(WORLDS / "alerting.yaml", ["alerts={}"], folder=WORLDS), 1, engine)
    for each in (mesh, alone):
        each.advance(mesh.scenario.duration)
    rows = [(d.time_ns // S, d.agent, d.service, d.mind, d.before, d.after, d.reason.split(":")[0]) for d in plane.decisions]
    assert rows == [(9, "burning", "some", "burn_rate", 0, 1, "page"), (14, "burning", "some", "burn_rate", 1, 0, "resolved")]
    assert mesh.plane.digest() == alone.plane.digest()


def test_alerts_are_in_the_run_folder(tmp_path) -> None:
    """As decisions, though nobody scales."""
    done = run(load(WORLDS / "alerting.yaml"), out=tmp_path / "run")
    assert done.decisions.mind.tolist() == ["burn_rate"] * 2


MISTAKES = [
    ("alerts.burning.workload=sone", "is not a workload of this world; did you mean 'some'?"),
    ("alerts.burning.windows.0.short_window=6s", "short_window is not shorter than long_window"),
    ("workload.some.slo.availability=null", "has no objective; give one, or workload.some.slo.availability"),
]


@pytest.mark.parametrize(("change", "sentence"), MISTAKES)
def test_mistakes_are_answered_with_the_rule(change: str, sentence: str) -> None:
    """An unknown class, windows the wrong way round, no objective anywhere."""
    given = [change] if "objective" not in sentence else [change, "alerts.burning.objective=null"]
    with pytest.raises(ScenarioError) as caught:
        load(WORLDS / "alerting.yaml", given, folder=WORLDS)
    assert sentence in str(caught.value)
