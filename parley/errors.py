"""What can go wrong around a run; extends scenarios/errors.py and sim/errors.py.

    ParleyError
    ├── UsageError              a command or call asks for something there is not (exit code 2)
    └── FolderError             a run folder cannot be made, written or read (exit code 5)
        └── DiskFull            the disk, a quota or a file-size limit is full
    AssertionError
    └── Unbalanced              a conservation law does not hold: our mistake, never the user's
    KeyboardInterrupt
    ├── Interrupted             a run was stopped from outside; what it has is in its folder (exit code 130)
    └── Stopped                 a trial was stopped before its end, so there is nothing of it
"""

from __future__ import annotations

import errno
from pathlib import Path

from scenarios.errors import ParleyError

FULL = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}


class UsageError(ParleyError):
    """A command or call asks for something there is not."""


class FolderError(ParleyError):
    """A run folder cannot be made, written or read."""

    exit_code = 5


class DiskFull(FolderError):
    """The disk, a quota or a file-size limit is full."""


class Unbalanced(AssertionError):
    """A conservation law does not hold: our mistake, never the user's."""


class Interrupted(KeyboardInterrupt):
    """A run was stopped from outside; everything up to then is in `folder`."""

    def __init__(self, folder: Path, signal_number: int) -> None:
        super().__init__(f"stopped; what there is: {folder}")
        self.folder = folder
        self.exit_code = 128 + signal_number


class Stopped(KeyboardInterrupt):
    """A trial was stopped before its end, so there is nothing of it."""


def unread(fault: OSError | UnicodeDecodeError, path: Path) -> FolderError:
    """The sentence for a failed reading."""
    return FolderError(f"{path}: cannot be read: {(fault.strerror if isinstance(fault, OSError) else None) or fault}")


def told(fault: OSError, path: Path) -> FolderError:
    """The sentence for a failed write."""
    reason = fault.strerror or str(fault)
    if fault.errno in FULL:
        return DiskFull(f"{path}: cannot be written: {reason}; what was written before is readable")
    return FolderError(f"{path}: cannot be written: {reason}; `--out` names another place")
