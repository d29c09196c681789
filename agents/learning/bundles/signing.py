"""Keys and signatures: Ed25519, as PEM files and 64 raw bytes, which OpenSSL reads too.

    openssl pkeyutl -verify -pubin -inkey team.pub -rawin -in manifest.json -sigfile manifest.sig
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from agents.learning.bundles.refusing import BundleError

KEY_MAX = 4096  # bytes of a file


def make_keys(path: Path) -> Path:
    """A new pair: the private key at `path`, for its owner's eyes alone, and the public one beside it as PATH.pub. Raises BundleError."""
    private, public = Ed25519PrivateKey.generate(), path.with_name(f"{path.name}.pub")
    for place in (path, public):
        if place.exists():
            raise _is_taken(place)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for place, mode, content in (
            (path, 0o600, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())),
            (public, 0o644, private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)),
        ):
            place.touch(mode, exist_ok=False)
            place.write_bytes(content)
    except FileExistsError as fault:
        raise _is_taken(fault.filename) from None
    except OSError as fault:
        raise BundleError(f"{path}: cannot be written: {fault.strerror}") from None
    return public


def _is_taken(place: str | Path) -> BundleError:
    return BundleError(f"{place}: is there already, and a key is never written over; name another file")


def private_key(path: Path) -> Ed25519PrivateKey:
    """Raises BundleError where there is none, or it is of another kind."""
    try:
        key = load_pem_private_key(_content(path), password=None)
    except TypeError:
        raise BundleError(f"{path}: is locked by a passphrase, and nobody is asked for one here") from None
    except (ValueError, UnsupportedAlgorithm):
        raise BundleError(f"{path}: is no private key in PEM; `--new-key FILE` makes one") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BundleError(f"{path}: is a key, but not of Ed25519")
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """Raises BundleError where there is none, or it is of another kind."""
    content = _content(path)
    if b"PRIVATE KEY" in content:
        raise BundleError(f"{path}: is a private key, which is for signing only; name its public half, {path.name}.pub")
    try:
        key = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        raise BundleError(f"{path}: is no public key in PEM") from None
    if not isinstance(key, Ed25519PublicKey):
        raise BundleError(f"{path}: is a key, but not of Ed25519")
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """What people compare: SHA-256 of the 32 bytes of a key, in base64."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key.public_bytes_raw()).digest()).decode().rstrip("=")


def is_signed(content: bytes, signature: bytes, key: Ed25519PublicKey) -> bool:
    """Whether a key's owner signed just this."""
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(KEY_MAX)
    except OSError as fault:
        raise BundleError(f"{path}: cannot be read: {fault.strerror}") from None
