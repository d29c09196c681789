"""A day under one of those who are compared: tick by tick into a file of its own, so that whoever is stopped loses none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.learning.driving import to_the_next_question
from agents.learning.judging import Decides
from agents.learning.playing import Play, begun, played
from agents.learning.scaling.truth import told
from agents.learning.tasks import OF_CHAIRS, Episode, Task
from parley.errors import FolderError
from parley.storage.run_folder import RunFolder
from parley.training.plans import Plan

if TYPE_CHECKING:
    from agents.learning.online import Caution, Online
    from agents.learning.training import Recipe

RULE, FROZEN, LEARNER, TOLD = "rule", "frozen", "learner", "told"
WHO = {RULE: "the rule", FROZEN: "policy as it was", LEARNER: "learning on", TOLD: "told the truth"}
FIRST, ADAPTED, LESSONS = "first.pt", "adapted.pt", "lessons.json"
BLOCK = 20  # ticks that are written at once, of those who do not learn
TICKS = 1_000_000  # of an episode: all that the world has
Stopped = Callable[[], bool]
Row = dict[str, Any]


@dataclass(frozen=True)
class Day:
    """One run: who decides, and the seed of the world."""

    folder: Path
    scenario: str
    training: Plan  # of the policy
    numbers: Mapping[str, Any]  # of its recipe, where they were looked for
    who: str
    seed: int

    @property
    def task(self) -> Task:
        """The whole world, as one episode."""
        return OF_CHAIRS[self.training.chair].changed(scenario=self.scenario, ticks=TICKS)

    @property
    def episode(self) -> Episode:
        """Of its seed, for whoever decides."""
        return self.task.drawn(np.random.default_rng(self.seed), {})

    @property
    def path(self) -> Path:
        """Of its ticks; of a day that is not over they are in `.part`."""
        return self.folder / f"seed-{self.seed}" / f"{self.who}.jsonl"


def live(day: Day, stopped: Stopped) -> bool:
    """To its end, or until it is stopped; whether it came to it. Raises ParleyError."""
    day.path.parent.mkdir(exist_ok=True)
    part = day.path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        for block in _learning(day) if day.who == LEARNER else _blocks(_ticks(day)):
            file.write("".join(f"{json.dumps(row)}\n" for row in block))
            file.flush()
            if stopped():
                return False
    part.replace(day.path)
    return True


def rows_of(path: Path) -> list[Row]:
    """What was written, of a day that is over."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def _blocks(ticks: Iterator[Row]) -> Iterator[list[Row]]:
    for first in ticks:
        yield [*chain([first], islice(ticks, BLOCK - 1))]


def _ticks(day: Day) -> Iterator[Row]:
    play = Play(day.episode)
    decides = told(play) if day.who == TOLD else None
    to_the_next_question([play.drive])
    play.begin()
    policy = decides_of(day) if day.who == FROZEN else None
    while not play.is_over:
        chosen = policy(play.observations, play.masks) if policy is not None else None if decides is None else decides()
        reward = played(play, chosen)
        yield {"reward": reward.total, "violation": reward.violated, "pods": reward.facts["cost"]}


def decides_of(day: Day) -> Decides:
    """What the policy does that a day begins with. Raises FolderError."""
    from agents.learning.online import frozen

    return frozen(recipe_of(day), weights_of(day))


def recipe_of(day: Day) -> Recipe:
    """How its policy was trained."""
    from agents.learning.training import Recipe

    said: dict[str, Any] = {"algorithm": day.training.algorithm, "critic": day.training.critic}
    return Recipe(day.task, **said | dict(day.numbers))


def weights_of(day: Day) -> bytes:
    """Those that a day begins with. Raises FolderError."""
    try:
        return (day.folder / FIRST).read_bytes()
    except OSError as fault:
        raise FolderError(f"{day.folder / FIRST}: cannot be read: {fault.strerror}") from None


def online_of(day: Day, caution: Caution | None = None) -> Online:
    """Its policy, which learns on. Raises ScenarioError where it cannot."""
    from agents.learning.online import Caution, Online

    return Online(begun(day.episode), day.training.task, weights_of(day), recipe_of(day), day.seed, caution or Caution())


def _learning(day: Day) -> Iterator[list[Row]]:
    online, kept = online_of(day), 0
    for block in _blocks(asdict(tick) for tick in online.ticks()):
        if len(online.lessons) > kept:
            kept, folder = len(online.lessons), RunFolder(day.folder)
            folder.write_bytes(f"seed-{day.seed}/{ADAPTED}", online.lessons[-1].state)
            folder.write_json(f"seed-{day.seed}/{LESSONS}", {"lessons": [one.as_json() for one in online.lessons]})
        yield block
