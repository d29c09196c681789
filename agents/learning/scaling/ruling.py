"""The rule in a guided chair, asked as if it had what it asked for: what a policy makes of its word is not the rule's own doing.

A rule whose figures are near their target leaves things as they are, so that a policy which always takes nine tenths of "as they are"
would take nine tenths of nine tenths, and end with one pod. So that a multiple of a rule is what it says, the rule has a count of its
own: what it last asked for, with its own limits and windows. An HPA of which a policy always takes ten ninths is then an HPA with nine
tenths of its target.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agents.policy import PodView, Policy, Verdict, View, asking_for
from sim.commands import Scale


class Ruling:
    """One service's rule, and the pods there would be if nobody else had a word."""

    def __init__(self, rule: Policy) -> None:
        self._rule = rule
        self._pods: int | None = None  # that it last asked for

    def rule_on(self, view: View) -> tuple[Verdict, int]:
        """(verdict, pods that it asks for): the verdict commands what leads there from the pods there are."""
        own = view if self._pods is None else as_if(view, self._pods)
        verdict = self._rule.decide(own) or Verdict("the rule only looked")
        command = next((command for command in verdict.commands if isinstance(command, Scale)), None)
        if command is not None:
            self._rule.carried_out(command, own)
        self._pods = own.replicas if command is None else command.replicas
        return replace(verdict, commands=asking_for(self._pods, view)), self._pods


def as_if(view: View, replicas: int) -> View:
    """What would be seen if so many pods were asked for: as large a part of them ready, and the same work shared among these."""
    if replicas == view.replicas:
        return view
    ready, others, ending = list[PodView](), list[PodView](), list[PodView]()
    for pod in view.pods:
        (ending if pod.is_terminating else ready if pod.is_ready else others).append(pod)
    serving = _ready_of(len(ready), view.replicas, replicas)
    share = len(ready) / max(serving, 1)
    pods = [pod if pod.usage_millicores is None else pod._replace(usage_millicores=round(pod.usage_millicores * share))
            for pod in _as_many(ready, serving)]  # fmt: skip
    return replace(view, replicas=replicas, pods=(*pods, *_as_many(others, replicas - serving), *ending))


def _ready_of(ready: int, asked: int, replicas: int) -> int:
    """How many of other replicas would be ready, where so many of those asked for are: as large a part, and one at least."""
    return min(replicas, max(1, (2 * ready * replicas + asked) // (2 * max(asked, 1)))) if ready else 0


def _as_many(pods: Sequence[PodView], wanted: int) -> list[PodView]:
    """So many, evenly from among those there are; none where there are none."""
    return [pods[n * len(pods) // wanted] for n in range(wanted)] if pods else []
