"""The page of a survival in Markdown: every basin with its interval, every claim kept or refuted, every training."""

from __future__ import annotations

from collections.abc import Iterator

from parley.evaluations.files import LEARNED
from parley.storage.run_folder import MANIFEST, RunFolder
from parley.survival.figure import picture_of_survival
from parley.survival.files import SurvivalFile
from parley.survival.findings import NARROWER, SAME, UNDECIDED, WIDER
from parley.survival.survival import SUMMARY, Survival
from parley.survival.wording import MARKS, area, wider
from parley.wording import count, markdown_table, number

PAGE, PICTURE = "README.md", "basins.png"
READING = (
    "A basin is the share of the plane, kicks by loads, from which the mesh comes back: afterwards the {what} is {level:.0f} % or more. "
    "Everybody meets the same requests under the same seeds. In brackets are 95 % intervals, from drawing trainings and seeds anew, as "
    "wide as Student's t would have them. Pods are those asked for when the kick begins: whoever pays for more has a wider basin, so read "
    "both. References are nobody's rivals."
)
POLICIES = "Policies that multiply what the world's own rule asks for, all trainings."
CLAIMED = (
    f"By how many points of the plane a basin is wider: {MARKS[WIDER]} surely wider, {MARKS[NARROWER]} surely narrower, {MARKS[UNDECIDED]} "
    f"neither, {MARKS[SAME]} the same under every seed. p is by Student's t, adjusted by Holm over all that one claim compares. A claim is "
    "kept where its basin is surely wider than every other, refuted where it is the same as one or surely narrower, and else undecided."
)


def publish(found: Survival) -> None:
    """Write the page and the picture of a finished survival into its folder. Raises FolderError."""
    RunFolder(found.path).write_bytes(PAGE, page_of_survival(found).encode())
    picture_of_survival(found).save(found.path / PICTURE)


def page_of_survival(found: Survival) -> str:
    """All of it."""
    return "\n".join(_lines(found)).rstrip() + "\n"


def role_of(made: SurvivalFile, name: str) -> str:
    """What an entrant is."""
    return LEARNED if name == LEARNED else made.entrants[name].role


def _lines(found: Survival) -> Iterator[str]:
    made, manifest, told = found.file, found.manifest, found.findings
    outcome, level = made.outcome, made.outcome.level
    assert level is not None, "a file without a level is refused"
    yield from (f"# {manifest['name']}", "", f"*{made.question}*" if made.question else "", "")
    yield from (f"![For each entrant, from which kicks and loads the mesh comes back, and the area of that]({PICTURE})", "")
    trainings = f", {len(manifest['policies'])} trained policies" if manifest["policies"] else ""
    plane = f"{len(found.across.values)} loads by {len(found.up.values)} kicks, {made.seeds} seeds of each{trainings}"
    yield (f"`{manifest['command']}`: {plane}; {count(manifest['cells'])} runs, SEMANTICS {manifest['semantics']}. `{SUMMARY}` has all "
           f"that is told here, `{MANIFEST}` what was asked for, `worlds/` the world of every entrant, `cells/` every run with its "
           "trace's digest.")  # fmt: skip
    yield from ("", READING.format(what=outcome.label or outcome.figure, level=100 * level), "")
    yield from _claims(found)
    yield from _basins(found)
    yield from _trainings(found)
    if told["faults"]:
        yield from ("## Runs that could not go on", "", *(f"- {fault}" for fault in told["faults"]))


def _claims(found: Survival) -> Iterator[str]:
    told = found.findings["claims"]
    if not told:
        return
    yield from ("## What was claimed before anything was run", "", CLAIMED, "")
    for says, one in told.items():
        many = f", {one['trainings']} trainings" if one["of"] == LEARNED else ""
        yield from (f"### {says}: **{one['verdict']}**", "", f"Of {one['of']}{many}.", "")
        rows = ((name, f"{wider(each['wider'])} {MARKS[each['verdict']]}", f"{each['p']:.2g}") for name, each in one["over"].items())
        yield from markdown_table(("than", "wider by points", "p (Holm)"), rows)


def _basins(found: Survival) -> Iterator[str]:
    made = found.file
    yield from ("## Every basin", "")
    rows = ((name, role_of(made, name), area(one["area"]), number(one["pods"], 3), _says(found, name))
            for name, one in found.findings["entrants"].items())  # fmt: skip
    yield from markdown_table(("", "", "basin", "pods", ""), rows)


def _says(found: Survival, name: str) -> str:
    """What an entrant is, in its own words, or in those of its controller."""
    return POLICIES if name == LEARNED else str(found.manifest["says"][name])


def _trainings(found: Survival) -> Iterator[str]:
    told = found.findings["entrants"].get(LEARNED)
    if told is not None:
        yield from ("## Every training", "", "Its basin, also of those that failed.", "")
        rows = ((one["name"], area([value, None, None])) for one, value in zip(found.manifest["policies"], told["trainings"], strict=True))
        yield from markdown_table(("", "basin"), rows)
