"""The page of a training in Markdown: how it was asked for, its picture, and every seed against the rule, those that failed too."""

from __future__ import annotations

from collections.abc import Iterator

from parley.storage.run_folder import MANIFEST, RunFolder
from parley.training.figure import picture_of_training
from parley.training.training import BEST, CURVE, Training
from parley.training.wording import began_with, judged_where, tuned_to
from parley.wording import count, markdown_table, number, signed

PAGE, PICTURE = "README.md", "training.png"
FLATTERED = (
    "Means of a tick over {episodes} episodes, {where}, that nobody was trained on. The best leg was chosen on these very episodes, so its "
    "lead is a little flattered: `parley evaluate` judges policies on others. After ± is half of a 95 % interval over pairs of the same "
    "episode."
)


def publish(found: Training) -> None:
    """Write the page and the picture of a training into its folder. Raises FolderError."""
    RunFolder(found.path).write_bytes(PAGE, page_of_training(found).encode())
    picture_of_training(found).save(found.path / PICTURE)


def page_of_training(found: Training) -> str:
    """All of it."""
    return "\n".join(_lines(found)).rstrip() + "\n"


def _lines(found: Training) -> Iterator[str]:
    manifest, plan, rule = found.manifest, found.plan, found.manifest["rule"]
    yield from (f"# {found.path.name}", "")
    begun = "" if found.start is None else f", {began_with(found.start)}"
    yield from (f"`{manifest['command']}`", "")
    asked = f"{plan.seeds} seeds of {count(plan.steps)} decisions of the chair {plan.chair} in the world `{manifest['name']}`{begun}"
    yield from (f"{asked}. `{MANIFEST}` has what was asked for, `seed-N/{CURVE}` every leg, `seed-N/{BEST}` the weights that did best.", "")
    if trials := manifest.get("trials"):
        yield from (f"{tuned_to(trials)}.", "")
    yield from (f"![all seeds from leg to leg]({PICTURE})", "")
    missed = f"{100 * rule['violation']:.1f} %"
    rows: list[tuple[str, ...]] = [("the rule", number(rule["reward"], 4), "", missed, number(rule["pods"], 3), "")]
    for seed in found.seeds:
        best, against = found.best(seed), found.against_the_rule(seed)
        if best is None or against is None:
            rows.append((f"seed {seed}", *("" for _ in range(5))))
            continue
        judged, legs = best["judged"], found.curve(seed)[-1]["legs"]
        rows.append((f"seed {seed}", number(judged["reward"], 4), f"{signed(against.difference)} ± {number(against.half_width, 2)}",
                     f"{100 * judged['violation']:.1f} %", number(judged["pods"], 3), f"{best['leg']} of {legs}"))
    yield from markdown_table(("", "reward", "against the rule", "objectives missed", found.cost, "best leg"), rows)
    yield FLATTERED.format(episodes=len(rule["seeds"]), where=judged_where(plan))
