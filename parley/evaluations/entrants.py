"""Who is judged, and where: rules as they were calibrated, policies, and the cells that all of them come to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from parley.evaluations.calibrating import Calibration
from parley.evaluations.cells import EpisodeCell
from parley.evaluations.families import arenas_of
from parley.evaluations.files import LEARNED, EvaluationFile
from parley.evaluations.policies import Learned
from parley.evaluations.seats import Chosen, Seats, seats_of
from parley.evaluations.stages import Ground

FIRST_SEED = 2_000_001  # of episodes that everybody is judged by, and nobody learned from


@dataclass(frozen=True)
class Entrant:
    """Who is judged, and where: a controller as it was calibrated for one weighting, or a policy."""

    controller: str
    weighting: str
    families: tuple[str, ...]
    policy: Learned | None = None
    value: str = ""  # of what a reference is the best of

    @property
    def member(self) -> str:
        """Which of several policies, or values; empty of a rule."""
        return self.policy.name if self.policy else self.value


def entrants_of(made: EvaluationFile, found: Sequence[Learned]) -> list[Entrant]:
    """Everybody under the first weighting in all families, the reference with each of its values; then who is calibrated for others."""
    first, judged = made.first, tuple(made.tests)
    rules = [Entrant(name, first, judged, value=value) for name, one in made.controllers.items()
             for value in next(iter(one.best_of.values()), ("",))]  # fmt: skip
    learned = [Entrant(LEARNED, first, judged, one) for one in found]
    again = [Entrant(name, weighting, made.over_weightings) for weighting in made.weightings if weighting != first
             for name, one in made.controllers.items() if one.calibrated is not None and made.over_weightings]  # fmt: skip
    return [*rules, *learned, *again]


def require_calibrated(made: EvaluationFile, entrants: Sequence[Entrant], calibrated: Calibration | None) -> None:
    """Raises FolderError where somebody was not calibrated as he stands here, before anything is written."""
    if calibrated is None:
        return
    digests = {name: one.digest for name, one in arenas_of(made).items()}
    for one in entrants:
        if one.policy is None and made.controllers[one.controller].calibrated is not None:
            calibrated.chosen(one.weighting, one.controller, made, digests)


def seats_of_all(made: EvaluationFile, ground: Ground, entrants: Sequence[Entrant],
                 calibrated: Calibration | None) -> list[dict[str, Seats | None]]:  # fmt: skip
    """Of every entrant by family. Raises FolderError where a controller was not calibrated."""
    found = []
    for one in entrants:
        if one.policy is not None:
            found.append(dict[str, Seats | None].fromkeys(one.families))
            continue
        controller = made.controllers[one.controller]
        chosen = Chosen(all=dict.fromkeys(controller.best_of, one.value))
        if calibrated is not None and controller.calibrated is not None:
            chosen = calibrated.chosen(one.weighting, one.controller, made, ground.digests)
        found.append({family: seats_of(controller, chosen, ground.arenas[family], ground.homes(family), made.pods.least)
                      for family in one.families})  # fmt: skip
    return found


@dataclass(frozen=True)
class Plan:
    """Cells by their number: family by family, then entrant by entrant, then episode by episode."""

    made: EvaluationFile
    ground: Ground
    entrants: Sequence[Entrant]
    seats: Sequence[Mapping[str, Seats | None]]

    @cached_property
    def places(self) -> list[tuple[str, int, int]]:
        """(family, entrant, episode) in canonical order."""
        return [(family, nth, k) for family in self.made.tests for nth, one in enumerate(self.entrants) if family in one.families
                for k in range(self.made.seeds_of(family))]  # fmt: skip

    @property
    def size(self) -> int:
        """How many."""
        return len(self.places)

    def cells(self, wanted: Iterable[int]) -> Iterator[EpisodeCell]:
        """Some of them, by their index."""
        for index in wanted:
            family, nth, k = self.places[index]
            one = self.entrants[nth]
            words = {"family": family, "controller": one.controller, "member": one.member, "weighting": one.weighting}
            replicas = None if one.policy else self.made.controllers[one.controller].replicas
            yield replace(self.ground.cell(family, FIRST_SEED + k), index=index, words=words, seats=self.seats[nth][family],
                          replicas=replicas, policy=str(one.policy.path) if one.policy else None)  # fmt: skip
