"""What observers read of the kernel's records: the tallies that lie in them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.plane import Records
from sim.records import Record


class Tallies:
    """Takes the fields of one record, all of them words of 8 bytes, out of wider records: NumPy copies field by field."""

    def __init__(self, record: Record, wider: Record) -> None:
        places: Any = wider.dtype.fields
        self._places = np.array([places[name][1] // 8 for name, _ in record.fields])
        self._of, self._dtype = wider.dtype.itemsize // 8, record.dtype

    def words(self, rows: Records) -> NDArray[np.int64]:
        """A copy, (rows, fields)."""
        return rows.view(np.int64).reshape(len(rows), self._of).take(self._places, axis=1)

    def as_records(self, words: NDArray[np.int64]) -> Records:
        """The same memory as records."""
        return words.view(self._dtype).reshape(len(words))

    def records(self, rows: Records) -> Records:
        """A copy, (rows,)."""
        return self.as_records(self.words(rows))
