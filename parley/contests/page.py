"""The page of a contest in Markdown: every event and figure with its interval and verdict, who paid what, what a lie gains."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from parley.contests.contests import PAGE, PICTURE, SUMMARY, Contest
from parley.contests.figure import picture_of_contest
from parley.contests.files import Lie
from parley.contests.lies import PAID, PAYMENTS, Gain
from parley.contests.standings import BETTER, SAME, UNDECIDED, WORSE, Row
from parley.contests.wording import MARKS, difference_text, mark, mean_text, points, share, written
from parley.statistics.intervals import Difference
from parley.storage.run_folder import MANIFEST, RunFolder
from parley.wording import NOTHING, count, markdown_table, number, signed

READING = (
    "± is half of a 95 % interval. Differences are from the baseline, by pairs of the same seed, shares in percentage points: "
    "{signs}; undecided is one whose interval has zero in it, the same one in which no seed differs. Each interval stands for itself, "
    "so of differences that are none about one in twenty is called better or worse; and a difference may be sure and too small to "
    "matter. Loss is the share of what the reference earned that one did not earn, negative where it earned more: no reference is the "
    "best that is possible."
)
LYING = (
    "{says} Its utility is what good answers of {earns} are worth less what it pays, in {currency} an hour: for the truth the mean, "
    "for other factors what is gained over the truth, by pairs of {seeds} seeds. The best factor was found under the first {half} "
    "seeds; what it gains is told of the others, for the best of several is the luckiest, too. In hindsight, with the best factor of "
    "each seed, is more than any liar could count on. Where the best factor is the least or the greatest of those tried, a better one "
    "may lie beyond."
)


def publish(found: Contest) -> None:
    """The page and the picture, into the contest's folder; what is there of them is made anew. Raises FolderError."""
    RunFolder(found.path).write_bytes(PAGE, page_of_contest(found).encode())
    picture_of_contest(found).save(found.path / PICTURE)


def page_of_contest(found: Contest) -> str:
    """All of it; the same to the byte for the same folder."""
    parts = [*_head(found), *_claims(found), *_at_a_glance(found)]
    for name, rows in found.standings.items():
        parts += _event(found, name, rows)
    for name, gains in found.gains.items():
        parts += _lie(found, name, gains)
    return "\n".join(parts).rstrip() + "\n"


def _head(found: Contest) -> Iterator[str]:
    made, told = found.file, found.manifest
    versions = ", ".join(f"{name} {version}" for name, version in told["versions"].items())
    yield from (f"# The contest `{told['name']}`", "", f"*{made.question}*" if made.question else "", "")
    yield from (f"![How much better than the baseline each alternative is in each event, with intervals]({PICTURE})", "")
    yield (f"`{told['command']}` made this page from {count(told['cells'])} runs: {made.seeds} seeds for every alternative in every event, "
           f"the same for all, so that every request comes at the same time and is as large. {versions}; SEMANTICS {told['semantics']}. "
           f"`{SUMMARY}` has every figure of every run with its trace's digest, `{MANIFEST}` the contest's file.")  # fmt: skip
    yield ""
    verdicts = Counter(one.verdict for rows in found.standings.values() for row in rows for one in row.standings.values() if one.verdict)
    signs = ", ".join(f"{MARKS[word]} {word} ({verdicts[word]})" for word in (BETTER, WORSE, UNDECIDED, SAME))
    yield READING.format(signs=signs)
    yield ""


def _claims(found: Contest) -> Iterator[str]:
    if found.claims:
        yield from ("## What was claimed", "")
        rows = ((says, found.file.claims[says].event, measured, f"**{verdict}**") for says, (verdict, measured) in found.claims.items())
        yield from markdown_table(("claim", "in", "measured", "verdict"), rows)


def _at_a_glance(found: Contest) -> Iterator[str]:
    """Every alternative in every event, by the first figure."""
    made = found.file
    yield from (f"## {_upper(made.main)}: all events", "")
    yield from ("The difference from the event's baseline.", "")
    known = {name: {row.name: row for row in rows} for name, rows in found.standings.items()}
    names = dict.fromkeys([*made.alternatives, *(who for rows in known.values() for who in rows)])
    rows = ((who, *(_glance(found, rows[who]) if who in rows else "" for rows in known.values())) for who in names)
    yield from markdown_table(("", *known), rows)


def _glance(found: Contest, row: Row) -> str:
    one = row.standings[found.file.main]
    told = found.file.figures[found.file.main]
    return "baseline" if one.against is None else f"{difference_text(told, one.against)}{mark(one)}"


def _event(found: Contest, name: str, rows: Sequence[Row]) -> Iterator[str]:
    made = found.file
    event, main = made.events[name], made.main
    baseline, reference = made.baseline_of(event), made.reference_of(event)
    sets = "".join(f", `{path}={value}`" for path, value in event.set.items())
    yield from (f"## {_upper(name)}", "")
    yield from (f"{event.says} (`{event.scenario}`{sets}; baseline: {baseline}; reference: {reference})".strip(), "")
    others, alike = _differing(found, rows)
    lines = ((*_first(found, row), *(_known(found, row, what) for what in others)) for row in rows)
    yield from markdown_table(("", main, "against the baseline", "verdict", "loss", *others), lines)
    yield from (_in_words(made.main, baseline, rows), "")
    if alike:
        yield from (f"The same in every run: {'; '.join(alike)}.", "")
    yield from _payments(found, name)


def _differing(found: Contest, rows: Sequence[Row]) -> tuple[list[str], list[str]]:
    """Figures beside the first that differ somewhere; and of those that do not, their value."""
    made, differing, alike = found.file, [], []
    for what, told in made.figures.items():
        means = {row.standings[what].known.mean for row in rows if not math.isnan(row.standings[what].known.mean)}
        if len(means) == 1 and all(row.standings[what].known.half_width == 0 for row in rows):
            alike.append(f"{what} {written(told, *means)}")
        elif means and what != made.main:
            differing.append(what)
    return differing, alike


def _in_words(main: str, baseline: str, rows: Sequence[Row]) -> str:
    """Who is better than the baseline by the first figure, who is worse, and of whom that is not known; the best of each first."""
    found = []
    for word in (BETTER, WORSE, UNDECIDED, SAME):
        names = [row.name for row in sorted(rows, key=lambda row: row.loss.mean) if row.standings[main].verdict == word]
        if names:
            found.append(f"{word}: {'; '.join(names)}")
    return f"{_upper(main)}, against {baseline}, the least loss first. {'. '.join(map(_upper, found))}."


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


def _known(found: Contest, row: Row, what: str) -> str:
    """`8.37 ± 0.02 ▼`."""
    one = row.standings[what]
    return f"{mean_text(found.file.figures[what], one.known)}{mark(one)}"


def _first(found: Contest, row: Row) -> tuple[str, ...]:
    """The columns about the first figure."""
    told, one = found.file.figures[found.file.main], row.standings[found.file.main]
    apart = "" if one.against is None else difference_text(told, one.against)
    return row.name, mean_text(told, one.known), apart, one.verdict or "baseline", share(row.loss)


def _payments(found: Contest, name: str) -> Iterator[str]:
    """Who paid what, where somebody paid."""
    outcomes, world = found.events[name], found.worlds[name]
    paid = {who: {agent: float(np.nanmean(mine.values(f"{PAID}.{agent}"))) / world.measured_hours for agent in mine.below(PAID)}
            for who, mine in outcomes.items()}  # fmt: skip
    paid = {who: by for who, by in paid.items() if any(by.values())}
    agents = list(dict.fromkeys(agent for by in paid.values() for agent in by))
    if paid:
        yield from (f"Who paid what, {world.currency} an hour, means over the seeds; below zero is what was received:", "")
        yield from markdown_table(("", *agents), ((who, *(number(by[agent], 3) if agent in by else NOTHING for agent in agents))
                                          for who, by in paid.items()))  # fmt: skip


def _lie(found: Contest, name: str, gains: Sequence[Gain]) -> Iterator[str]:
    lie, world = found.file.lies[name], found.worlds[name]
    seeds, half = found.file.seeds, found.file.seeds // 2
    yield from (f"## What a lie gains: {name}", "")
    yield from (LYING.format(says=lie.says, earns=lie.earns, currency=world.currency, seeds=seeds, half=half), "")
    heads = ("", *(f"× {one:g}" for one in lie.values), "best", f"gains under the other {seeds - half}", "verdict", "in hindsight")
    yield from markdown_table((*heads, "truth is best in"), ((*_lied(one, lie), f"{one.truthful} of {seeds}") for one in gains))
    yield from (f"What the factor {lie.shown:g} changes for everybody: shares in points, payments in {world.currency} an hour.", "")
    changes = list(dict.fromkeys(what for one in gains for what in one.paid_by))
    yield from markdown_table(("", *changes), ((one.name, *(_changed(one, what) for what in changes)) for one in gains))


def _lied(one: Gain, lie: Lie) -> tuple[str, ...]:
    """What each factor gains, and what came of the search."""
    factors = (number(one.truth.mean) if factor == lie.truth else _signed(one.gains[factor]) for factor in lie.values)
    fresh = "0" if one.best == lie.truth else _signed(one.fresh)
    return one.name, *factors, f"× {one.best:g}", fresh, _says(one, lie.truth), signed(one.hindsight.mean)


def _changed(one: Gain, what: str) -> str:
    return _signed(one.paid_by[what]) if what in PAYMENTS else points(one.paid_by[what])


def _says(one: Gain, truth: float) -> str:
    """Whether lying pays, as far as the other seeds tell."""
    if one.best == truth:
        return "the truth is best"
    if not one.fresh.is_clear:
        return "undecided"
    return "the lie pays" if one.fresh.difference > 0 else "the lie costs"


def _signed(one: Difference) -> str:
    return f"{signed(one.difference)} ± {number(one.half_width, 2)}"
