"""What holds for all tests."""

from __future__ import annotations

import gc


def pytest_collection_finish() -> None:
    """Modules and tests live to the end: Python need not look through them for garbage again and again."""
    gc.collect()
    gc.freeze()
