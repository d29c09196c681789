"""A network told as a tree, after VIPER (Bastani, Pu and Solar-Lezama, NeurIPS 2018): the tree meets what its own mistakes lead to.

Round by round a tree is fitted to what the network does on all states met so far, each state weighing what a mistake there would cost: the
gap between the greatest and the least logit of what may be chosen, which is VIPER's loss for policies that have no values of actions. Then
the tree plays, and meets the states of the next round (DAgger). The tree of the best episodes is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

from agents.learning.bundles.playing import Played, Teacher, played
from agents.learning.bundles.trees import Leaf, Question, Tree, TreeFile
from agents.learning.chair import ActionSet
from agents.learning.observing import FRAMES
from agents.learning.scaling.features import FEATURES
from agents.learning.tasks import Task

ROUNDS = 3


@dataclass(frozen=True)
class Fitted:
    """A tree, and the library's own it was read from."""

    tree: Tree
    classifier: DecisionTreeClassifier


def distilled(task: Task, teacher: Teacher, first: Played, leaves: int, jobs: int = 1) -> Fitted:
    """The best of ROUNDS trees with so many leaves at most, by what they are paid on the episodes that the teacher played first."""
    actions, seeds, met = task.action_set, [one.seed for one in first.scores], [first]
    found: list[tuple[float, Fitted]] = []
    for _ in range(ROUNDS):
        seen, masks = (np.concatenate([getattr(one, what) for one in met]) for what in ("observations", "masks"))
        fitted = _fitted(seen, masks, teacher, actions, leaves)
        met.append(played(task, seeds, fitted.tree.decides, jobs))
        found.append((met[-1].reward, fitted))
    return max(found, key=lambda one: one[0])[1]


def _fitted(seen: NDArray[np.float32], masks: NDArray[np.bool_], teacher: Teacher, actions: ActionSet, leaves: int) -> Fitted:
    logits = teacher.logits(seen)
    cost = np.where(masks, logits, -np.inf).max(axis=1) - np.where(masks, logits, np.inf).min(axis=1)
    has_choice = cost > 0
    if not has_choice.any():
        has_choice, cost = np.ones_like(has_choice), np.ones_like(cost)
    labels = teacher.decides(seen[has_choice], masks[has_choice])
    classifier = DecisionTreeClassifier(max_leaf_nodes=max(2, leaves), random_state=0)
    classifier.fit(seen[has_choice], labels, sample_weight=cost[has_choice].astype(np.float64))
    return Fitted(Tree(tree_file(classifier, actions)), classifier)


def tree_file(classifier: DecisionTreeClassifier, actions: ActionSet) -> TreeFile:
    """A classifier of scikit-learn's as tree.json has it."""
    inner, nodes = classifier.tree_, list[Question | Leaf]()
    for place in range(inner.node_count):
        if inner.children_left[place] >= 0:
            number = int(inner.feature[place])
            nodes.append(Question(input=number, of=name_of(number), at_most=float(inner.threshold[place]),
                                  then=int(inner.children_left[place]), otherwise=int(inner.children_right[place])))  # fmt: skip
            continue
        shares = np.zeros(len(actions))
        shares[classifier.classes_] = np.clip(inner.value[place, 0], 0, 1)
        nodes.append(Leaf(shares=tuple(shares.tolist()), does=actions.labels[int(shares.argmax())]))
    return TreeFile(format=1, actions=actions.labels, follows=actions.follows, nodes=tuple(nodes))


def name_of(number: int) -> str:
    """A number of an observation: its feature, and how many looks ago."""
    ago, place = divmod(number, len(FEATURES))
    assert ago < FRAMES
    return FEATURES[place].name + (f", {ago} {'look' if ago == 1 else 'looks'} ago" if ago else "")
