"""tree.json: a decision tree that people can read, and the reader of it.

A node asks whether one number of an observation is at most a threshold: `then` is the node to go to if so, `otherwise` the node if not;
both stand further down the list. A leaf has the share of each action among what it was fitted to: the greatest that may be chosen is taken,
the first of several, and where none of them may be chosen, what follows the rule.
"""

from __future__ import annotations

import json
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from agents.learning.bundles.packing import TREE
from agents.learning.bundles.records import Record
from agents.learning.bundles.refusing import BundleError
from agents.learning.bundles.sealing import first_of

NODES_MAX = 8191


class Question(Record):
    """An inner node."""

    input: int  # number of the observation
    of: str  # its name: a feature, and how many looks ago
    at_most: float
    then: int
    otherwise: int


class Leaf(Record):
    """An end."""

    shares: tuple[float, ...]  # of actions
    does: str  # the action, where all may be chosen


class TreeFile(Record):
    """tree.json."""

    format: Literal[1]
    actions: tuple[str, ...]
    follows: int | None
    nodes: tuple[Question | Leaf, ...]  # the first is the root

    def as_json(self) -> bytes:
        """A line for each node, so that people can read it."""
        head = {"format": self.format, "actions": self.actions, "follows": self.follows}
        nodes = ",\n".join(f"  {json.dumps(one.model_dump())}" for one in self.nodes)
        return f'{json.dumps(head)[:-1]}, "nodes": [\n{nodes}\n]}}\n'.encode()

    @property
    def leaves(self) -> int:
        """How many ends it has."""
        return sum(isinstance(one, Leaf) for one in self.nodes)


class Tree:
    """A tree that decides."""

    def __init__(self, file: TreeFile) -> None:
        self.file = file
        questions = [one if isinstance(one, Question) else None for one in file.nodes]
        self._input = np.array([0 if one is None else one.input for one in questions])
        self._at_most = np.array([np.inf if one is None else one.at_most for one in questions])
        self._then = np.array([place if one is None else one.then for place, one in enumerate(questions)])
        self._otherwise = np.array([place if one is None else one.otherwise for place, one in enumerate(questions)])
        self._shares = np.array([one.shares if isinstance(one, Leaf) else [0.0] * len(file.actions) for one in file.nodes])

    def leaf(self, observations: NDArray[np.float32]) -> NDArray[np.int64]:
        """(rows,) the node at which each observation ends."""
        at, rows = np.zeros(len(observations), dtype=np.int64), np.arange(len(observations))
        while True:
            asked = observations[rows, self._input[at]].astype(np.float64)
            there = np.where(asked <= self._at_most[at], self._then[at], self._otherwise[at])
            if (there == at).all():
                return at
            at = there

    def decides(self, observations: NDArray[np.float32], masks: NDArray[np.bool_]) -> NDArray[np.int64]:
        """(rows,)."""
        shares = np.where(masks, self._shares[self.leaf(observations)], -1.0)
        chosen: NDArray[np.int64] = shares.argmax(axis=1)
        if self.file.follows is not None:
            lost = (shares.max(axis=1) <= 0) & masks[:, self.file.follows]
            chosen[lost] = self.file.follows
        return chosen

    def path(self, observation: NDArray[np.float32]) -> list[str]:
        """Why one observation ends where it does, question by question."""
        at, said = 0, []
        while isinstance(node := self.file.nodes[at], Question):
            is_so = float(observation[node.input]) <= node.at_most
            said.append(f"{node.of} {float(observation[node.input]):.3g} {'<=' if is_so else '>'} {node.at_most:.3g}")
            at = node.then if is_so else node.otherwise
        return said


def tree(content: bytes, width: int, actions: tuple[str, ...]) -> Tree:
    """Raises BundleError for what is no tree over such observations and actions."""
    try:
        file = TreeFile.from_json(content)
    except ValidationError as fault:
        raise BundleError(f"{TREE}: is no tree: {first_of(fault)}") from None
    if file.actions != actions or not 1 <= len(file.nodes) <= NODES_MAX:
        raise BundleError(f"{TREE}: has {len(file.nodes)} nodes over {len(file.actions)} actions; "
                          f"it may have {NODES_MAX} over the {len(actions)} of policy.json")  # fmt: skip
    if file.follows is not None and not 0 <= file.follows < len(actions):
        raise BundleError(f"{TREE}: follows by action {file.follows}, which is none")
    for place, node in enumerate(file.nodes):
        if isinstance(node, Question):
            is_right = 0 <= node.input < width and all(place < one < len(file.nodes) for one in (node.then, node.otherwise))
        else:
            is_right = len(node.shares) == len(actions) and all(0 <= share <= 1 for share in node.shares)
        if not is_right:
            raise BundleError(f"{TREE}: node {place} leads up or out of the tree")
    return Tree(file)
