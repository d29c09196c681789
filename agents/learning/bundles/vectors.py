"""vectors.npz: observations, masks and the actions that every consumer of a policy must choose on them."""

from __future__ import annotations

import io
import math
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from agents.learning.bundles.packing import LIMITS, VECTORS, require_bounded
from agents.learning.bundles.refusing import BundleError

GOLDEN = 1_000  # rows
KINDS = {"observations": np.dtype(np.float32), "masks": np.dtype(np.bool_), "actions": np.dtype(np.int64)}


@dataclass(frozen=True)
class Vectors:
    """(rows, width), (rows, actions) and (rows,)."""

    observations: NDArray[np.float32]
    masks: NDArray[np.bool_]
    actions: NDArray[np.int64]

    def as_npz(self) -> bytes:
        """The same vectors give the same bytes."""
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in KINDS:
                array = io.BytesIO()
                npy.write_array(array, np.ascontiguousarray(getattr(self, name)), allow_pickle=False)
                archive.writestr(zipfile.ZipInfo(f"{name}.npy"), array.getvalue(), zipfile.ZIP_DEFLATED)
        return made.getvalue()


def vectors(content: bytes, width: int, actions: int) -> Vectors:
    """Raises BundleError for whatever is not just that, and runs nothing of it: arrays of objects would be pickles."""
    shapes = {"observations": (GOLDEN, width), "masks": (GOLDEN, actions), "actions": (GOLDEN,)}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sorted(archive.namelist()) != sorted(f"{name}.npy" for name in KINDS):
                raise BundleError(f"{VECTORS}: holds {', '.join(archive.namelist()[:5]) or 'nothing'}, not {', '.join(KINDS)}")
            return Vectors(*(_array(archive, name, shapes[name]) for name in KINDS))
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, RuntimeError, NotImplementedError) as fault:
        raise BundleError(f"{VECTORS}: cannot be read: {str(fault) or type(fault).__name__}") from None


def _array(archive: zipfile.ZipFile, name: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """One array; its head is looked at before there is any room made for it."""
    packed = archive.getinfo(f"{name}.npy")
    require_bounded(packed, f"{VECTORS}: {name}")
    if packed.file_size > LIMITS[VECTORS]:
        raise BundleError(f"{VECTORS}: {name} unpacks to more than {LIMITS[VECTORS]:,} bytes")
    with archive.open(packed) as file:
        raw = io.BytesIO(file.read(LIMITS[VECTORS]))
    if npy.read_magic(raw) != (1, 0):
        raise BundleError(f"{VECTORS}: {name} is no array in NumPy's format 1.0")
    try:
        told, is_fortran, kind = npy.read_array_header_1_0(raw)
    except (SyntaxError, TypeError, tokenize.TokenError) as fault:  # of a head that is no literal
        raise BundleError(f"{VECTORS}: {name} has a head that cannot be read: {str(fault) or type(fault).__name__}") from None
    if kind.hasobject:
        raise BundleError(f"{VECTORS}: {name} holds pickled objects, which would be run by whoever reads them; it was not opened")
    if (told, kind, is_fortran) != (shape, KINDS[name], False) or len(raw.getvalue()) - raw.tell() != math.prod(shape) * kind.itemsize:
        raise BundleError(f"{VECTORS}: {name} is {kind} {list(told)}, and should be {KINDS[name]} {list(shape)}")
    raw.seek(0)
    found: NDArray[Any] = npy.read_array(raw, allow_pickle=False)
    return found
