"""Bundle → bytes by name: from a folder, a .tar or a .zip, into memory, so that nothing of an archive is ever written anywhere."""

from __future__ import annotations

import io
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from agents.learning.bundles.refusing import BundleError
from scenarios.naming import suggestion

GRAPH, TREE, DESCRIBED, VECTORS, CARD, SBOM = "policy.onnx", "tree.json", "policy.json", "vectors.npz", "MODEL_CARD.md", "sbom.json"
SEAL, SIGNATURE = "manifest.json", "manifest.sig"
LIMITS = {  # bytes
    GRAPH: 4 << 20, TREE: 2 << 20, DESCRIBED: 1 << 20, VECTORS: 8 << 20, CARD: 1 << 20, SBOM: 1 << 20, SEAL: 64 << 10, SIGNATURE: 64,
}  # fmt: skip
ARCHIVES = (".tar", ".zip")
ARCHIVE_MAX = sum(LIMITS.values()) + (64 << 10)
UNSAFE = (".pkl", ".pickle", ".pt", ".pth", ".joblib", ".npy")
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError, ValueError)


def read_files(path: Path) -> dict[str, bytes]:
    """The files of a bundle by name. Raises BundleError for a name no bundle has, for links, and for what is too large."""
    try:
        if path.is_dir():
            return _collected(path, _of_folder(path))
        if not path.is_file():
            raise BundleError(f"{path}: there is no bundle")
        if path.suffix not in ARCHIVES:
            raise BundleError(f"{path}: a bundle is a folder, or one packed as {' or '.join(ARCHIVES)}")
        if path.stat().st_size > ARCHIVE_MAX:
            raise BundleError(f"{path}: has {path.stat().st_size:,} bytes, and no bundle has more than {ARCHIVE_MAX:,}")
        return _collected(path, _of_tar(path) if path.suffix == ".tar" else _of_zip(path))
    except _BROKEN as fault:
        raise BundleError(f"{path}: cannot be read as a bundle: {fault}") from None


def packed(files: Mapping[str, bytes], suffix: str) -> bytes:
    """One archive of a bundle; the same files give the same bytes."""
    made = io.BytesIO()
    if suffix == ".tar":
        with tarfile.open(fileobj=made, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for name, content in sorted(files.items()):
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(content), 0o644
                tar.addfile(entry, io.BytesIO(content))
    else:
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in sorted(files.items()):
                archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def require_bounded(info: zipfile.ZipInfo, where: str) -> None:
    """Raises BundleError for a packing that unpacks as much as it likes at once, whatever is asked for: bzip2 and LZMA do."""
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BundleError(f"{where}: is packed by method {info.compress_type}; a bundle's files are deflated, or as they are")


Entry = tuple[str, int, IO[bytes]]  # (name, bytes it says it has, its content)


def _collected(path: Path, entries: Iterator[Entry]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for name, size, file in entries:
        if name not in LIMITS:
            raise BundleError(f"{path}: {name}: {_stranger(name)}")
        if name in found:
            raise BundleError(f"{path}: {name}: is in it twice")
        with file:
            content = b"" if size > LIMITS[name] else file.read(LIMITS[name] + 1)
        if max(size, len(content)) > LIMITS[name]:
            raise BundleError(f"{path}: {name}: has {max(size, len(content)):,} bytes, and may have {LIMITS[name]:,}")
        found[name] = content
    return found


def _stranger(name: str) -> str:
    """Why a file is not taken that no bundle has."""
    if name.startswith(("/", "\\")) or "/" in name or "\\" in name:
        return "leads out of the bundle or into folders, and a bundle is files beside each other; nothing was unpacked"
    if name.lower().endswith(UNSAFE):
        return "may hold pickled objects, which would be run by whoever reads them; it was not opened"
    return f"is no file of a bundle{suggestion(name, LIMITS)}"


def _of_folder(path: Path) -> Iterator[Entry]:
    for entry in sorted(os.scandir(path), key=lambda one: one.name):
        if not entry.is_file(follow_symlinks=False):
            raise BundleError(f"{path}: {entry.name}: is a link, a folder or a device, and a bundle has files only")
        with Path(entry.path).open("rb") as file:
            yield entry.name, entry.stat(follow_symlinks=False).st_size, file


def _of_tar(path: Path) -> Iterator[Entry]:
    with tarfile.open(path, mode="r:") as tar:
        for member in tar:
            if member.isdir() and member.name in (".", "./"):
                continue  # what `tar -C folder .` writes first
            file = tar.extractfile(member) if member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) else None
            if file is None:
                raise BundleError(f"{path}: {member.name}: is a link, a folder or a device, and a bundle has files only")
            yield member.name.removeprefix("./"), member.size, file


def _of_zip(path: Path) -> Iterator[Entry]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if info.is_dir() or kind not in (0, stat.S_IFREG):
                raise BundleError(f"{path}: {info.filename}: is a link, a folder or a device, and a bundle has files only")
            require_bounded(info, f"{path}: {info.filename}")
            yield info.filename, info.file_size, archive.open(info)
