"""A file to which rows are added one by one, each with its checksum: a row is there whole or not at all, however a run ends."""

from __future__ import annotations

import contextlib
import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from parley.errors import told, unread

Row = dict[str, Any]


class Journal:
    """Rows as lines of JSON behind their CRC-32. One process writes; a line that was cut short is cut off."""

    def __init__(self, path: Path) -> None:
        """Open it, or begin it; `rows` are those it holds. Raises FolderError."""
        self._path = path
        try:
            path.parent.mkdir(exist_ok=True)
            content = path.read_bytes() if path.exists() else b""
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
            self.rows, self._size = _read(content)
            if self._size < len(content):
                os.ftruncate(self._file, self._size)
        except OSError as fault:
            raise told(fault, path) from fault

    def append(self, row: Row) -> Row:
        """Add a row; it comes back as it will be read. Raises FolderError, or DiskFull, and then the row is not there."""
        text = json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
        line = b"%08x %b\n" % (zlib.crc32(text), text)
        try:
            _write(self._file, line)
        except OSError as fault:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)
            raise told(fault, self._path) from fault
        self._size += len(line)
        return _row(text)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def remove(self) -> None:
        """Close it and take it away."""
        self.close()
        with contextlib.suppress(OSError):
            self._path.unlink()


def read_journal(path: Path) -> list[Row]:
    """The rows of a journal that somebody else may be writing, or just took away. Raises FolderError."""
    try:
        return _read(path.read_bytes())[0]
    except FileNotFoundError:
        return []
    except OSError as fault:
        raise unread(fault, path) from fault


def _read(content: bytes) -> tuple[list[Row], int]:
    """The rows up to the first line that is not whole, and how many bytes they take."""
    rows, size = [], 0
    for line, text in _lines(content):
        rows.append(_row(text))
        size += len(line)
    return rows, size


def _lines(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    for line in content.splitlines(keepends=True):
        checksum, _, text = line.removesuffix(b"\n").partition(b" ")
        if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(text):
            return
        yield line, text


def _row(text: bytes) -> Row:
    row: Row = json.loads(text)
    return row


def _write(file: int, data: bytes) -> None:
    """All of it: the system may take a part, and refuse the rest the next time."""
    while data:
        data = data[os.write(file, data) :]
