"""Bundles for tests, made in a moment: networks of a fixed seed, or ones that always do the same; figures of no training.

`python -m tests.learning.bundles` writes the one that tests/house/worlds/guided.yaml names, and tells its digest: for when features change.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from agents.learning.bundles.described import (
    FEATURE_LINES,
    GUARD,
    Against,
    Described,
    Judged,
    Losses,
    Provenance,
    action_table,
)
from agents.learning.bundles.graph import graph_of
from agents.learning.bundles.network import Layer, Network
from agents.learning.bundles.packing import CARD, DESCRIBED, GRAPH, SBOM, SEAL, TREE, VECTORS, packed
from agents.learning.bundles.playing import Played
from agents.learning.bundles.sealing import digest_of, sealed
from agents.learning.bundles.session import Session
from agents.learning.bundles.trained import Trained, fresh
from agents.learning.bundles.trees import Leaf, TreeFile
from agents.learning.bundles.vectors import GOLDEN, Vectors
from agents.learning.observing import FRAMES
from agents.learning.scaling.actions import MULTIPLIER
from agents.learning.scaling.features import SCALING
from agents.learning.tasks import SCALE_V0
from parley.exporting.card import card
from parley.exporting.finished import task_line
from parley.exporting.inputs import region, statistics
from parley.exporting.sbom import sbom

WORLD_BUNDLE = Path(__file__).parents[1] / "house" / "worlds" / "hasty_policy.zip"
HASTY = MULTIPLIER.labels.index("x1.5")
FOLLOWS = MULTIPLIER.follows or 0
ROWS = 50_000


def observations(rows: int, seed: int = 1) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Anywhere within the bounds, half of them about what is usual; and masks of all kinds."""
    random = np.random.default_rng(seed)
    low, high, spread = SCALING.low, SCALING.high, SCALING.usual[:, 1] - SCALING.usual[:, 0]
    usual = np.clip(random.normal(SCALING.usual.mean(axis=1), spread, (rows, len(low))), low, high)
    seen = np.where(random.random((rows, 1)) < 0.5, random.uniform(low, high, (rows, len(low))), usual).astype(np.float32)
    masks = random.random((rows, len(MULTIPLIER))) < 0.7
    masks[:, FOLLOWS] = True
    return seen, masks


def lively(seed: int = 1) -> Trained:
    """A network as training has them, with weights that make it do now this, now that."""
    torch.manual_seed(seed)
    policy = fresh(MULTIPLIER)
    with torch.no_grad():
        policy.action_net.weight.mul_(300)
        policy.action_net.bias.zero_()
    return Trained(policy)


def stubborn(action: int) -> Network:
    """A network that always wants the same."""
    size, bias = len(MULTIPLIER), np.zeros(len(MULTIPLIER), dtype=np.float32)
    bias[action] = 9
    low, high = SCALING.usual.T.astype(np.float32)
    layer = Layer(np.zeros((size, len(SCALING.low)), dtype=np.float32), bias)
    return Network(SCALING.low, SCALING.high, (high + low) / 2, (high - low) / 2, (layer,))


@dataclass(frozen=True)
class Parts:
    """What a bundle is made of, unsealed; tests change some of it."""

    files: Mapping[str, bytes]

    def but(self, **changed: bytes) -> Parts:
        """With others in place of some: graph, tree, described, vectors, card."""
        names = {"graph": GRAPH, "tree": TREE, "described": DESCRIBED, "vectors": VECTORS, "card": CARD}
        return Parts({**self.files, **{names[name]: content for name, content in changed.items()}})

    def sealed(self, key: Path | None = None) -> dict[str, bytes]:
        """With a manifest of what it is now."""
        return sealed(self.files, key)

    def written(self, folder: Path, key: Path | None = None) -> Path:
        """As a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.sealed(key).items():
            (folder / name).write_bytes(content)
        return folder


def described(name: str = "made-for-tests") -> Described:
    """policy.json, with figures that nobody measured."""
    seen, masks = observations(200)
    judged, against = Judged(reward=-1, violation=0.1, pods=30, rewards=(-1, -1)), Against(difference=0, half_width=0.1)
    met = Played(seen, masks, ())
    return Described(
        format=1, name=name, chair="scaling", frames=FRAMES, features=FEATURE_LINES, actions=action_table("multiplier"), guard=GUARD,
        tick_s=15, task=task_line(SCALE_V0), inputs=statistics(met), safe_region=region(met),
        training=Provenance(seed=1, leg=1, decisions=1, seeds=1, command="none", versions={"numpy": "2.4.6"}, weights_sha256=64 * "0"),
        measured=Losses(seeds=(1, 2), rule=judged, policy=judged, tree=judged, policy_over_rule=against, tree_over_policy=against, leaves=1,
                        agreement=1),
    )  # fmt: skip


def parts(network: Network, does: int = FOLLOWS) -> Parts:
    """A bundle of a network; its tree always does the same, and golden vectors are coarse, so that they pack well."""
    graph, told = graph_of(network), described()
    seen, masks = observations(GOLDEN, seed=2)
    seen = np.clip(np.round(seen), SCALING.low, SCALING.high).astype(np.float32)
    leaf = Leaf(shares=tuple(float(action == does) for action in range(len(MULTIPLIER))), does=MULTIPLIER.labels[does])
    content = {
        GRAPH: graph, TREE: TreeFile(format=1, actions=MULTIPLIER.labels, follows=FOLLOWS, nodes=(leaf,)).as_json(),
        DESCRIBED: told.as_json(), VECTORS: Vectors(seen, masks, Session(graph).actions(seen, masks)).as_npz(), CARD: card(told),
    }  # fmt: skip
    return Parts({**content, SBOM: sbom(told, content)})


def main() -> None:
    """Write the bundle of the witness."""
    files = parts(stubborn(HASTY), HASTY).sealed()
    WORLD_BUNDLE.write_bytes(packed(files, ".zip"))
    sys.stdout.write(f"{digest_of(files[SEAL])}\n")


if __name__ == "__main__":
    main()
