"""The page of an evaluation in Markdown, and its pictures: every family and controller with its interval, all trainings, every claim."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parley.evaluations.evaluations import SUMMARY, Evaluation
from parley.evaluations.figures import picture_of_plane, picture_of_profile
from parley.evaluations.findings import HOLDS
from parley.evaluations.wording import MARKS, cost, judged_in, percents, score, share, sure
from parley.storage.run_folder import MANIFEST, RunFolder
from parley.wording import markdown_table, number

PAGE, PLANE, PROFILE = "README.md", "plane.png", "profile.png"
PICTURES = (PLANE, PROFILE)
READING = (
    "J is what a tick costs, mean over an episode: lateness, failures, pods and moves by their weights; less is better. In brackets are "
    "95 % intervals, from drawing trainings anew, and episodes within families, which all controllers and trainings share; with few "
    "trainings they are as wide as Student's t would have them. Saves is the share of the calibrated rule's J that one does not cost: "
    f"{MARKS[HOLDS]} surely more than nothing, {MARKS['does not hold']} surely less, {MARKS['undecided']} neither. The score is 0 for the "
    "default and 1 for the reference, which has read what will be offered; it is never clipped."
)

UNSCALED = "Without a scale, for the reference costs no less than the default there, or an episode of one of them could not go on"
VERDICTS = (
    "Policies were trained for the first weights only; rules were calibrated for each. Every verdict stands for itself, by its own 95 % "
    "interval: of many claims about nothing, one in twenty would be called something."
)


def publish(found: Evaluation) -> None:
    """Write the page and the pictures of a finished evaluation into its folder. Raises FolderError."""
    folder = RunFolder(found.path)
    folder.write_bytes(PAGE, page_of_evaluation(found).encode())
    picture_of_plane(found).save(found.path / PLANE)
    if found.findings["profile"]:
        picture_of_profile(found).save(found.path / PROFILE)


def page_of_evaluation(found: Evaluation) -> str:
    """All of it."""
    return "\n".join(_lines(found)).rstrip() + "\n"


def _lines(found: Evaluation) -> Iterator[str]:
    made, manifest, told = found.file, found.manifest, found.findings
    yield from (f"# {manifest['name']}", "")
    if made.question:
        yield from (f"*{made.question}*", "")
    trainings = f", {len(manifest['policies'])} trained policies" if manifest["policies"] else ""
    asked = (f"`{manifest['command']}`: {len(made.tests)} families for tests, {made.seeds} episodes of each{trainings}. `{SUMMARY}` has "
             f"all that is told here, `{MANIFEST}` what was asked for, `cells/` every episode.")
    yield from (asked, "", READING, "")
    yield from _claims(told)
    yield from _overall(found)
    yield from _glance(found)
    for family in told["families"]:
        yield from _family(found, family)
    yield from _trainings(told)
    yield from _ordering(told)
    yield from _weightings(found)
    if told["faults"]:
        yield from ("## Episodes that could not go on", "", *(f"- {fault}" for fault in told["faults"]))


def _claims(told: dict[str, Any]) -> Iterator[str]:
    if told["hypotheses"]:
        yield from ("## What was claimed before anything was run", "")
        rows = ((says if nth == 0 else "", weighting, judged_in(one, len(each["families"])), share(one["saves"]), f"**{one['verdict']}**")
                for says, each in told["hypotheses"].items() for nth, (weighting, one) in enumerate(each["found"].items()))  # fmt: skip
        yield from markdown_table(("claim", "weights", "judged in", "saves", "verdict"), rows)
        yield from (VERDICTS, "")


def _overall(found: Evaluation) -> Iterator[str]:
    told = found.findings["overall"]
    if told:
        yield from ("## All families for tests", "", f"![cost and violations]({PLANE})", "", f"![performance profile]({PROFILE})", "")
        rows = ((name, score(told[name]["score"]), f"{share(told[name]['saves'])} {sure(told[name]['saves'])}",
                 share(told[name]["saves_of_default"]), percents(told[name]["better_than_calibrated"])) for name in found.names)
        heads = ("", "score (interquartile mean)", "saves", "saves of the default's", "better than calibrated, of pairs")
        yield from markdown_table(heads, rows)
        left = [name for name in found.file.tests if name not in told[""]["families"] and name in found.findings["families"]]
        if left:
            yield from (f"{UNSCALED}: {', '.join(left)}.", "")


def _glance(found: Evaluation) -> Iterator[str]:
    yield from ("## J at a glance", "")
    rows = ((family, *(cost([each[name]["J"][0], None, None]) for name in found.names))
            for family, each in found.findings["families"].items())  # fmt: skip
    yield from markdown_table(("", *found.names), rows)


def _family(found: Evaluation, family: str) -> Iterator[str]:
    made, told = found.file, found.findings
    says = f"{made.families[family].says} (digest `{found.manifest['digests'][family]}`)".strip()
    yield from (f"## {family[0].upper()}{family[1:]}", "", says, "")
    rows = ((name, cost(one["J"]), cost(one["iqm"]), f"{share(one['saves'])} {sure(one['saves'])}", _p(told, name, family),
             score(one["score"]), cost(one["regret"]), percents(one["violation"], 1), number(one["pods"], 3), number(one["moved"], 2))
            for name, one in told["families"][family].items())  # fmt: skip
    heads = ("", "J", "interquartile mean", "saves", "p (Wilcoxon, Holm)", "score", "regret", "missed", "pods", "moves")
    yield from markdown_table(heads, rows)


def _p(told: dict[str, Any], name: str, family: str) -> str:
    value = told["tests"].get(name, {}).get(family)
    return "" if value is None else f"{value:.2g}"


def _trainings(told: dict[str, Any]) -> Iterator[str]:
    if told["seeds"]:
        yield from ("## Every training", "", "Mean J of each, those that failed too.", "")
        width = max(len(each) for each in told["seeds"].values())
        rows = ((family, *(number(value, 4) for value in each)) for family, each in told["seeds"].items())
        yield from markdown_table(("", *(f"{nth}" for nth in range(1, width + 1))), rows)


def _ordering(told: dict[str, Any]) -> Iterator[str]:
    pairs = {(one["better"], one["worse"]) for each in told["ordering"].values() for one in each}
    if pairs:
        heads = [(one["better"], one["worse"]) for one in next(iter(told["ordering"].values()))]
        yield from ("## The order in which they must stand", "", "What the first saves of the second's J.", "")
        rows = ((family, *(f"{share(one['saves'])} {MARKS[one['verdict']]}" for one in each)) for family, each in told["ordering"].items())
        yield from markdown_table(("", *(f"{better} < {worse}" for better, worse in heads)), rows)


def _weightings(found: Evaluation) -> Iterator[str]:
    others = {name: each for name, each in found.findings["weightings"].items() if each}
    if len(others) < 2:
        return
    yield from ("## Other weights", "", "Rules are calibrated for each; what each saves of the calibrated one's J.", "")
    for family in next(each for name, each in list(others.items())[1:]):
        yield from (f"### {family[0].upper()}{family[1:]}", "")
        rows = ((name, *(f"{share(each[family][name]['saves'])} {sure(each[family][name]['saves'])}" for each in others.values()))
                for name in found.names)  # fmt: skip
        yield from markdown_table(("", *others), rows)
