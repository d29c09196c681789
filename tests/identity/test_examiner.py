"""Both engines sit the exam of the contract, and the examiner notices a plane that cheats."""

from __future__ import annotations

import functools

import pytest

from sim.build import ENGINES, build_plane
from sim.examining import check_plane
from sim.fast.engine import FastPlane
from sim.plane import Observation
from sim.reference.engine import ReferencePlane


@pytest.mark.parametrize("engine", ENGINES)
def test_engine_passes_the_exam(engine: str) -> None:
    """Every promise of DataPlane holds on both engines."""
    check_plane(functools.partial(build_plane, engine=engine))


class Forgetful(FastPlane):
    """A plane that counts its observations as events."""

    def observe(self) -> Observation:
        """Observe, and let time slip."""
        self.advance(self.now_ns + 1000)
        return super().observe()


class Stubborn(ReferencePlane):
    """A plane whose fork is itself."""

    def fork(self) -> ReferencePlane:
        """Not a fork."""
        return self


@pytest.mark.parametrize("cheat", [Forgetful, Stubborn])
def test_examiner_notices_a_cheat(cheat: type[FastPlane]) -> None:
    """A plane that breaks a promise fails the exam."""
    with pytest.raises(AssertionError):
        check_plane(cheat)
