"""Contests: what a file may say, differences and verdicts worked by hand, lies, going on after a stop, and the published one."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from parley.contests.contests import PAGE, PICTURE, SUMMARY, Contest, contest
from parley.contests.figure import better_by, picture_of_contest
from parley.contests.files import SHIPPED, Claim, Lie, Told, as_plain, contest_file, parsed
from parley.contests.legs import legs_of
from parley.contests.lies import gain_of, utility
from parley.contests.outcomes import DIGEST, Outcomes, World, rounded, with_worth
from parley.contests.page import page_of_contest
from parley.contests.standings import BETTER, FAILS, HOLDS, SAME, UNDECIDED, WORSE, judged, loss_of, rows_of, verdict_of
from parley.errors import FolderError, Interrupted, UsageError
from parley.runs.running import Stop
from parley.statistics.intervals import difference, estimate
from parley.storage.run_folder import MANIFEST, as_json
from parley.sweeps.cells import Cell, computed
from scenarios.errors import ScenarioError
from tests.parley.worlds import parley as command

PUBLISHED = Path(__file__).parents[2] / "results" / "published" / "negotiation"
SMALL = {
    "question": "Who divides sixteen places best?",
    "alternatives": {"first come": "first_come", "seer": {"planner": {"view": "clairvoyant"}}, "shares": "proportional", "flow": "dual"},
    "baseline": "first come", "reference": "seer", "seeds": 2,
    "figures": {
        "worth not earned": {"figure": "negotiation.violation", "better": "less", "shown": "percent"},
        "pod hours": {"figure": "cost.pod_hours", "better": "less"},
        "Jain": {"figure": "negotiation.jain", "better": "more", "shown": "index"},
        "messages": {"figure": "negotiation.messages", "better": "less"},
        "paid": {"figure": "negotiation.paid"},
    },
    "events": {"agree": {
        "says": "A caller and a callee.", "scenario": "two_autoscalers_agree", "set": {"duration": "5m"},
        "chair": "negotiations.pods.pool.by", "others": {"two autoscalers": {"scenario": "two_autoscalers_fight"}},
        "baseline": "two autoscalers"}},
    "lies": {"back": {
        "scenario": "two_autoscalers_agree", "set": {"duration": "5m"}, "chair": "negotiations.pods.pool.by", "only": ["shares"],
        "path": "negotiations.pods.pool.members.back.misreport", "values": [1, 3], "liar": "back", "earns": "users"}},
    "claims": {"Flow is close": {"event": "agree", "of": "flow", "loss": "10%"},
               "Flow is no worse": {"event": "agree", "of": "flow", "against": "two autoscalers"}},
}  # fmt: skip
WORLD = World({"many": 1.0, "few": 3.0}, 0.4, "EUR")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A contest of four alternatives and one lie."""
    return contest(SMALL, jobs=1, out=tmp_path_factory.mktemp("contest") / "small")


def outcomes(**figures):
    """Of an alternative under some seeds; dots in paths are written as two underscores."""
    named = {name.replace("__", "."): tuple(map(float, values)) for name, values in figures.items()}
    return Outcomes(("d",) * len(next(iter(named.values()))), named)


def test_every_alternative_meets_the_same_seeds(small):
    """In the order of the file, an event's own first; every figure has a value for each seed, and every run a digest."""
    names = ["two autoscalers", "first come", "seer", "shares", "flow"]
    assert small.state == "complete" and [row.name for row in small.standings["agree"]] == names
    for mine in small.events["agree"].values():
        assert len(mine.digests) == 2 and all(len(one) == DIGEST for one in mine.digests)
        assert mine.values("cost.pod_hours").min() > 0
    by_name = {row.name: row for row in small.standings["agree"]}
    assert by_name["two autoscalers"].standings["worth not earned"].verdict is None
    flow = by_name["flow"].standings["worth not earned"]
    found = small.events["agree"]
    expected = difference(found["two autoscalers"].values("negotiation.violation").tolist(),
                          found["flow"].values("negotiation.violation").tolist(), same_seeds=True)  # fmt: skip
    assert flow.against == expected and flow.verdict == BETTER
    assert by_name["seer"].loss.mean == 0 and by_name["flow"].loss == loss_of(found["flow"], found["seer"])


def test_what_is_kept_is_what_the_cells_were(small):
    """Figures with ten digits, as a run of the cell alone gives them; contest.json alone is enough to read everything."""
    legs = [*legs_of(small.file)]
    assert [leg.folder for leg in legs] == ["event-1-1", "event-1", "lie-1"]
    row = computed(legs[1].grid.base, next(legs[1].grid.cells([7])), Stop())
    kept = small.events["agree"]["flow"]
    assert kept.digests[1] == row["trace_digest"][:DIGEST]
    assert all(values[1] == rounded(row["figures"][path]) for path, values in kept.figures.items())
    told = json.loads((small.path / SUMMARY).read_text())
    again = Contest(small.path)
    assert json.loads(as_json(again.as_json())) == told and told["standings"]["agree"]["flow"]["worth not earned"]["verdict"] == BETTER


def test_worth_is_counted_alike_where_nobody_bargains(small):
    """From the classes' shares what the summary of a negotiation says."""
    known = small.events["agree"]["flow"]
    bare = Outcomes(known.digests, {path: values for path, values in known.figures.items() if not path.startswith("negotiation.")})
    anew = with_worth(bare, small.worlds["agree"])
    for name in ("violation", "earned", "value_per_hour", "jain", "worst_class_good"):
        assert anew.values(f"negotiation.{name}") == pytest.approx(known.values(f"negotiation.{name}"), rel=1e-8, abs=1e-9), name
    two = with_worth(outcomes(classes__many__good=[0.5], classes__many__measured__offered=[300], classes__few__good=[1.0],
                              classes__few__measured__offered=[100]), WORLD)  # fmt: skip
    assert two.values("negotiation.violation") == pytest.approx([1 - (150 + 300) / 600])
    assert two.values("negotiation.value_per_hour") == pytest.approx([450 / 1000 / 0.4])
    assert two.values("negotiation.jain") == pytest.approx([1.5**2 / (2 * 1.25)])
    assert two.values("negotiation.worst_class_good") == [0.5]


def test_a_path_above_several_figures_is_their_sum():
    """As what was paid in all; of a path that is not there nothing."""
    mine = outcomes(negotiation__paid__a=[1, 2], negotiation__paid__b=[10, 20])
    assert mine.values("negotiation.paid").tolist() == [11, 22] and mine.below("negotiation.paid") == ["a", "b"]
    assert np.isnan(mine.values("negotiation.pai")).all()


@pytest.mark.parametrize(("first", "second", "better", "verdict"), [
    ([1.0, 2.0, 3.0], [0.5, 1.4, 2.6], "less", BETTER),
    ([1.0, 2.0, 3.0], [0.5, 1.4, 2.6], "more", WORSE),
    ([1.0, 2.0, 3.0], [1.1, 1.9, 3.0], "less", UNDECIDED),
    ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], "less", SAME),
    ([1.0, 2.0, 3.0], [0.5, 1.4, 2.6], None, None),
    ([1.0], [2.0], "less", None),
])  # fmt: skip
def test_verdicts(first, second, better, verdict):
    """By the paired interval; undecided where it has zero in it; one pair decides nothing."""
    assert verdict_of(difference(first, second, same_seeds=True), better) == verdict


def test_losses_and_claims_by_hand():
    """1 - worth over the reference's, seed by seed; a claim holds where its whole interval does."""
    found = {"base": outcomes(negotiation__value_per_hour=[80, 60, 70], v=[0.2, 0.4, 0.3]),
             "mine": outcomes(negotiation__value_per_hour=[90, 95, 91], v=[0.1, 0.05, 0.09]),
             "best": outcomes(negotiation__value_per_hour=[100, 100, 100], v=[0.0, 0.0, 0.0])}  # fmt: skip
    told = Told(figure="v", better="less", shown="percent")
    loss, expected = loss_of(found["mine"], found["best"]), estimate([0.1, 0.05, 0.09])
    assert (loss.mean, loss.half_width) == (pytest.approx(expected.mean), pytest.approx(expected.half_width))
    rows = rows_of(found, {"v": told}, "base", "best")
    assert [row.standings["v"].verdict for row in rows] == [None, UNDECIDED, BETTER] and rows[2].loss.mean == 0
    middle, wide = better_by(rows[2], "v", "less", is_share=True)
    assert (middle, wide) == (pytest.approx(30), pytest.approx(100 * rows[2].standings["v"].against.half_width))

    def verdict(**claim):
        return judged(Claim(event="e", **claim), found, told, "best")[0]

    assert (verdict(of="mine", loss="20%"), verdict(of="mine", loss="8%"), verdict(of="base", loss="5%")) == (HOLDS, UNDECIDED, FAILS)
    against = [verdict(of="best", against="base"), verdict(of="base", against="best"), verdict(of="base", against="mine")]
    assert against == [HOLDS, FAILS, UNDECIDED]


def test_what_a_lie_gains_by_hand():
    """Worth less payments, an hour; the best factor is of the first half of the seeds, its gain of the other."""
    lie = Lie(scenario="s", chair="c", path="p", values=(1, 2, 3), truth=1, shown=2, liar="a", earns="few")

    def run(good, paid):
        return outcomes(classes__few__good=good, classes__few__measured__offered=[1000] * 4, classes__many__good=[0.5] * 4,
                        classes__many__measured__offered=[1000] * 4, negotiation__paid__a=paid, negotiation__paid__b=[1.0] * 4,
                        negotiation__violation=[0.5] * 4)  # fmt: skip

    found = {1.0: run([0.5] * 4, [0.1] * 4), 2.0: run([0.6, 0.6, 0.5, 0.4], [0.1] * 4), 3.0: run([0.55, 0.55, 0.6, 0.6], [0.1] * 4)}
    assert utility(found[1.0], lie, WORLD) == pytest.approx([3 * 0.5 / 0.4 - 0.1 / 0.4] * 4)
    gain = gain_of("m", lie, found, WORLD)
    assert gain.best == 2 and gain.fresh.difference == pytest.approx(3 / 0.4 * (0.0 - 0.1) / 2)
    assert gain.hindsight.mean == pytest.approx(3 / 0.4 * 0.1) and gain.truthful == 0
    assert gain.paid_by["few good"].difference == pytest.approx(0.025) and gain.paid_by["others pay"].difference == 0
    silent = gain_of("m", lie, {1.0: found[2.0], 2.0: found[1.0], 3.0: found[1.0]}, WORLD)
    assert silent.best == 1 and silent.fresh.difference == 0 and silent.truthful == 3


def test_a_stopped_contest_goes_on(small, tmp_path, monkeypatch):
    """After a stop in the second sweep nothing is computed twice, and contest.json is the same to the byte."""
    whole, calls = (small.path / SUMMARY).read_bytes(), []

    def tell(done, of):
        calls.append((done, of))
        if len(calls) == 3:
            raise Interrupted(tmp_path / "begun" / "event-1", 2)

    with pytest.raises(Interrupted) as stopped:
        contest(SMALL, jobs=1, out=tmp_path / "begun", told=tell)
    assert (stopped.value.folder, stopped.value.exit_code) == (tmp_path / "begun", 130)
    begun = Contest(tmp_path / "begun")
    assert begun.state == "partial" and not (begun.path / SUMMARY).exists() and calls[-1] == (3, 14)
    with pytest.raises(FolderError, match=r"holds a contest that is partial; `parley contest --resume"):
        contest(SMALL, jobs=1, out=tmp_path / "begun")
    done = begun.resume(jobs=1, told=lambda done, of: calls.append((done, of)))
    assert done.state == "complete" and (done.path / SUMMARY).read_bytes() == whole and calls[3:] == [(n, 14) for n in range(4, 15)]
    assert done.resume() is done


def test_cells_of_another_world_are_not_taken(small, tmp_path):
    """A sweep in the folder that is not of this contest is refused."""
    begun = contest(SMALL | {"lies": {}}, jobs=1, out=tmp_path / "begun")
    manifest = begun.manifest | {"state": "partial", "contest": as_plain(parsed(SMALL | {"lies": {}, "seeds": 3}))}
    (begun.path / MANIFEST).write_text(json.dumps(manifest))
    (begun.path / SUMMARY).unlink()
    with pytest.raises(FolderError, match="holds cells of another world"):
        Contest(begun.path).resume(jobs=1)


@pytest.mark.parametrize(("changes", "says"), [
    ({"reference": "nobody"}, "the reference names 'nobody'"),
    ({"events": {"e": SMALL["events"]["agree"] | {"only": ["flw"]}}}, "did you mean 'flow'"),
    ({"events": {"e": SMALL["events"]["agree"] | {"reference": "two autoscaler"}}}, "did you mean 'two autoscalers'"),
    ({"claims": {"c": {"event": "agree", "of": "flow"}}}, "claims one thing"),
    ({"claims": {"c": {"event": "agre", "of": "flow", "loss": "1%"}}}, "did you mean 'agree'"),
    ({"lies": {"l": SMALL["lies"]["back"] | {"values": [2, 3]}}}, "among them"),
    ({"seeds": 1}, "seeds"),
    ({"colour": 1}, "colour"),
])  # fmt: skip
def test_a_file_is_checked(changes, says):
    """Names that there are not are told with the nearest one."""
    with pytest.raises(ScenarioError, match=says):
        parsed(SMALL | changes)


def test_figures_and_values_are_checked_before_anything_runs(tmp_path):
    """A figure no run has, a mechanism there is not, a contest there is not."""
    figures = {"f": {"figure": "negotiation.violaton"}}
    with pytest.raises(UsageError, match=r"did you mean 'negotiation.violation'"):
        contest(SMALL | {"figures": figures}, out=tmp_path / "none")
    with pytest.raises(ScenarioError, match="vgc"):
        contest(SMALL | {"alternatives": SMALL["alternatives"] | {"auction": "vgc"}}, out=tmp_path / "none")
    with pytest.raises(UsageError, match="did you mean 'negotiation'"):
        contest_file("negotiaton")
    assert not (tmp_path / "none").exists()


def test_a_chair_may_have_seats_of_its_own():
    """Where the contest's alternatives do not fit; names are then those of the seats."""
    seats = {"nobody": "first_come", "seer": {"planner": {"view": "clairvoyant"}}}
    event = SMALL["events"]["agree"] | {"seats": seats, "without": ["nobody"]}
    made = parsed(SMALL | {"events": {"agree": event}, "claims": {}})
    assert made.events["agree"].names(made.alternatives) == ["two autoscalers", "seer"]
    assert [*legs_of(made)][1].grid.axes[0].values == ('{"planner": {"view": "clairvoyant"}}',)
    with pytest.raises(ScenarioError, match="names 'flow', which there is not"):
        parsed(SMALL | {"events": {"agree": event | {"only": ["flow"]}}, "claims": {}})


def test_files_may_lie_beside_a_contest(tmp_path):
    """Scenarios that a contest's file names are looked for in its folder first."""
    for name in ("mine.yaml", "other.yaml"):
        (tmp_path / name).write_text("version: 1\n")
    event = SMALL["events"]["agree"] | {"scenario": "mine.yaml", "others": {"two autoscalers": {"scenario": "other.yaml"}}}
    path = tmp_path / "contest.yaml"
    path.write_text(json.dumps(SMALL | {"events": {"agree": event}}))
    found = contest_file(path, seeds=7)
    assert found.events["agree"].scenario == str(tmp_path / "mine.yaml") and found.seeds == 7
    assert found.events["agree"].others["two autoscalers"].scenario == str(tmp_path / "other.yaml")
    assert found.lies["back"].scenario == "two_autoscalers_agree"


def test_the_command_line(tmp_path):
    """Tables, page, picture; JSON alone; what goes with what."""
    plan = SMALL | {"lies": {}, "alternatives": {"first come": "first_come", "flow": "dual"}, "reference": "flow"}
    (tmp_path / "small.yaml").write_text(json.dumps(plan | {"claims": {"Flow is close": SMALL["claims"]["Flow is close"]}}))
    done = command("contest", "small.yaml", "--seeds", "3", "-j", "1", "--out", "made", cwd=tmp_path, columns=110)
    assert done.returncode == 0, done.stderr
    for word in ("two autoscalers", "against two autoscalers", "better", "▲ better", "holds", "made/README.md", "made/contest.png"):
        assert word in done.stdout, done.stdout
    assert (tmp_path / "made" / PICTURE).read_bytes().startswith(b"\x89PNG")
    page = (tmp_path / "made" / PAGE).read_text()
    assert "`parley contest small.yaml --seeds 3` made this page from 9 runs" in page and "Who paid what" in page
    told = command("contest", "--resume", "made", "--json", cwd=tmp_path)
    assert set(json.loads(told.stdout)) == {"claims", "standings", "gains"}
    assert command("contest", "small.yaml", "--resume", "made", cwd=tmp_path).returncode == 2
    assert command("contest", cwd=tmp_path).returncode == 2


def test_the_page_hides_nothing(small):
    """Every alternative with its verdict on every figure, every factor of a lie; bars in names do not break tables."""
    page = page_of_contest(small)
    (table,) = [part for part in page.split("\n\n") if part.startswith("|  | worth not earned | against the baseline | verdict |")]
    lines = table.splitlines()[2:]
    assert [line.split(" | ")[0] for line in lines] == [f"| {row.name}" for row in small.standings["agree"]]
    assert [line.split(" | ")[3] for line in lines] == ["baseline", BETTER, BETTER, BETTER, BETTER]
    assert all(line.count("|") == table.splitlines()[0].count("|") for line in lines) and "The same in every run: Jain 1.000." in page
    assert "What a lie gains: back" in page and "|  | × 1 | × 3 | best |" in page
    assert "**holds**" in page and picture_of_contest(small).png().startswith(b"\x89PNG")
    named = parsed(SMALL | {"claims": {"a | b": SMALL["claims"]["Flow is close"]}})
    other = Contest(small.path)
    other.__dict__["file"] = named
    assert "| a \\| b | agree |" in page_of_contest(other)


published = pytest.mark.skipif(not (PUBLISHED / SUMMARY).is_file(), reason="nothing is published yet")


@published
def test_the_published_page_is_of_its_figures():
    """README.md and the findings follow from contest.json to the last character; the contest is the shipped one."""
    found = Contest(PUBLISHED)
    assert (PUBLISHED / PAGE).read_text() == page_of_contest(found)
    told = json.loads((PUBLISHED / SUMMARY).read_text())
    assert {name: told[name] for name in found.findings()} == json.loads(as_json(found.findings()))
    assert found.manifest["contest"] == json.loads(as_json(as_plain(contest_file("negotiation")))) and found.file.seeds == 20
    assert (SHIPPED / "negotiation.yaml").is_file()


@cache
def kept_contest():
    """The one that is published, and its sweeps."""
    found = Contest(PUBLISHED)
    return found, [*legs_of(found.file)]


def cell_of(nth):
    """A cell of the published contest by its number, anew and as it is kept."""
    found, legs = kept_contest()
    for leg in legs:
        if nth < leg.grid.size:
            break
        nth -= leg.grid.size
    (cell,) = leg.grid.cells([nth])
    name, place = leg.names[nth // leg.grid.seeds], nth % leg.grid.seeds
    number = int(leg.folder.split("-")[1]) - 1
    if leg.folder.startswith("event"):
        return leg, cell, [*found.events.values()][number][name], place
    who, factor = name.rsplit(" ", 1)
    return leg, cell, [*found.lied.values()][number][who][float(factor)], place


def require_the_same(nth):
    """A run of a cell has the digest and the figures that are published, to the last digit."""
    leg, cell, kept, place = cell_of(nth)
    row = computed(leg.grid.base, Cell(cell.index, cell.changes, cell.seed), Stop())
    assert row["trace_digest"][:DIGEST] == kept.digests[place], (leg.folder, cell)
    for path, values in kept.figures.items():
        if path in row["figures"]:
            assert rounded(row["figures"][path]) == values[place] or math.isnan(values[place]), (leg.folder, cell, path)


@published
@pytest.mark.parametrize("nth", [0, 337, 659, 1279, 1300, 1500, 1700, 1990, 2600])
def test_a_sample_of_published_cells(nth):
    """The same figures to the last digit, from every event and the lie."""
    require_the_same(nth)


@published
@pytest.mark.slow
def test_all_published_cells():
    """An hour."""
    found, legs = kept_contest()
    whole = sum(leg.grid.size for leg in legs)
    assert whole == found.manifest["cells"]
    for nth in range(whole):
        require_the_same(nth)
