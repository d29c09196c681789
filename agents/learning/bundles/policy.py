"""A policy as it was exported: opened, checked and ready to decide."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from agents.learning.bundles.described import Described, described
from agents.learning.bundles.packing import CARD, DESCRIBED, GRAPH, SEAL, TREE, VECTORS, read_files
from agents.learning.bundles.refusing import BundleError, ObservationError
from agents.learning.bundles.sealing import Trust, digest_of, unsealed
from agents.learning.bundles.trees import Tree, tree
from agents.learning.bundles.vectors import vectors
from scenarios.errors import ExtraMissing

if TYPE_CHECKING:
    from agents.learning.bundles.session import Session


class Policy:
    """Chooses actions for services: `decides(observations, masks)`; `described` is its policy.json, `tree` its tree.

    `Policy.load(bundle, key="team.pub")` opens what `parley export` made.
    """

    def __init__(self, files: Mapping[str, bytes], vouched: str, path: Path | None = None) -> None:
        """Of files whose seal was checked. Raises BundleError where one is not what it should be."""
        self.described: Described = described(files[DESCRIBED])
        labels = self.described.actions.labels
        self.tree: Tree = tree(files[TREE], self.described.width, labels)
        self.card, self.vouched, self.path, self.sha256 = files[CARD].decode(errors="replace"), vouched, path, digest_of(files[SEAL])
        golden = vectors(files[VECTORS], self.described.width, len(labels))
        self._session = _opened(files[GRAPH], self.described.width, len(labels))
        if wrong := int((self.decides(golden.observations, golden.masks) != golden.actions).sum()):
            raise BundleError(f"{VECTORS}: on {wrong} of {len(golden.actions):,} golden vectors {GRAPH} chooses something else than it "
                              "should: it is another network, or is run wrongly here")  # fmt: skip

    @classmethod
    def load(cls, path: str | os.PathLike[str], key: str | os.PathLike[str] | None = None, *, sha256: str | None = None,
             unsigned: bool = False) -> Self:  # fmt: skip
        """The policy in a bundle: a folder, a .tar or a .zip.

        `key` is the file of the public key whose owner you trust; or else `sha256` pins this very bundle by its digest; or else
        `unsigned=True` says that you know where it comes from. A bundle that is none of this, was changed, or holds anything but
        what it should is refused: raises BundleError, and nothing of the bundle was run. Raises ExtraMissing.
        """
        place = Path(path).absolute()
        try:
            trust = Trust(None if key is None else Path(key), sha256, unsigned)
            files = read_files(place)
            return cls(files, unsealed(files, trust), place)
        except BundleError as fault:
            raise fault if str(fault).startswith(str(place)) else BundleError(f"{place}: {fault}") from None

    @property
    def reference(self) -> str:
        """What a scenario names it by: `agents.defaults.policy: PATH@sha256:…`."""
        return f"{self.path}@sha256:{self.sha256}"

    def decides(self, observations: NDArray[np.float32], masks: NDArray[np.bool_]) -> NDArray[np.int64]:
        """(rows, width) and (rows, actions) that may be chosen -> (rows,) actions. Raises ObservationError."""
        return self._session.actions(*self._asked(observations, masks))

    def logits(self, observations: NDArray[np.float32]) -> NDArray[np.float32]:
        """(rows, actions): how much it is for each, whether it may be chosen or not. Raises ObservationError."""
        masks = np.ones((len(observations), len(self.described.actions.labels)), dtype=np.bool_)
        return self._session.logits(*self._asked(observations, masks))

    def _asked(self, observations: NDArray[np.float32], masks: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        seen, allowed = np.ascontiguousarray(observations, dtype=np.float32), np.ascontiguousarray(masks, dtype=np.bool_)
        shapes = (seen.shape[0], self.described.width), (seen.shape[0], len(self.described.actions.labels))
        if (seen.shape, allowed.shape) != shapes:
            raise ObservationError(f"observations and masks are {seen.shape} and {allowed.shape}, not {shapes[0]} and {shapes[1]}")
        if not np.isfinite(seen).all():
            raise ObservationError("an observation has numbers that are none: what is not known reads as the feature's `unknown`")
        if not allowed.any(axis=1).all():
            raise ObservationError("a mask allows nothing: one action at least may always be chosen")
        return seen, allowed

    def __repr__(self) -> str:
        return f"<Policy {self.described.name} · {self.described.chair} · {self.described.actions.name} · {self.vouched}>"


def _opened(content: bytes, width: int, actions: int) -> Session:
    try:
        from agents.learning.bundles.graph import require_graph
        from agents.learning.bundles.session import Session
    except ModuleNotFoundError as fault:
        raise ExtraMissing.of("a policy", "export", fault) from None
    require_graph(content, width, actions)
    return Session(content)
