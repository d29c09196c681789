"""Two sets of kernels, one trace: a world that needs no feature lives the same life in the core as in the full set."""

from __future__ import annotations

import pytest

from scenarios.load import load
from sim.fast import engine
from sim.mesh import Mesh


@pytest.mark.parametrize(("name", "until_s"), [("three_tier_retries", 20), ("fan_out", 5), ("flash_crowd", 30), ("boutique", 60)])
def test_core_and_full_agree(name: str, until_s: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries, branches, minds: whatever the core knows, it does as the full set does."""
    digests = []
    for is_full in (False, True):
        monkeypatch.setattr(engine, "needs_features", lambda *_, forced=is_full: forced)
        mesh = Mesh(load(name), 1)
        assert mesh.plane.is_full == is_full
        mesh.advance(until_s * 1_000_000_000)
        digests.append(mesh.plane.digest())
    assert digests[0] == digests[1]


@pytest.mark.parametrize(("change", "is_full"), [
    ("services.page.workers=3", False),
    ("routes.defaults={retries: {num_retries: 2, retry_budget: {}}}", False),
    ("routes.defaults={retries: {num_retries: 2, max_retries: 3, retry_host_predicate: previous_hosts}}", True),
    ("routes.defaults={circuit_breakers: {}}", True),
    ("routes.defaults={outlier_detection: {}}", True),
    ("routes.defaults={cancel: true}", True),
    ("services.page.queue={discipline: lifo}", True),
    ("services.page.resources={limits: {cpu: 1}, cpu_model: ps}", True),
])  # fmt: skip
def test_who_needs_the_full_set(change: str, is_full: bool) -> None:
    """Whatever the core leaves out."""
    assert engine.needs_full(load("hello_mesh", [change])) == is_full
