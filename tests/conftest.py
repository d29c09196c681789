"""What holds for all tests."""

from __future__ import annotations

import gc

from hypothesis import HealthCheck, settings

settings.register_profile("parley", deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a slow machine breaks no law
settings.load_profile("parley")


def pytest_collection_finish() -> None:
    """Modules and tests live to the end: Python need not look through them for garbage again and again."""
    gc.collect()
    gc.freeze()
