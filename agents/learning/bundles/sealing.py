"""The seal of a bundle: a manifest with the SHA-256 and size of every file, and who signed it.

Who takes a bundle says whom to trust, as people do for packages and images:

    a key       the public key of a team, pinned: whatever its owner signs is taken, newer bundles too
    a digest    sha256 of manifest.json, pinned: this very bundle, whoever signed it (`BUNDLE@sha256:…` in a scenario)
    unsigned    nobody is asked for: said aloud (`--unsigned`), for one's own bundles on one's own machine

A signature says who vouches for a policy, and no more: every file is still checked for what it is (policy.py). There is no "trust on
first use", and no key inside a bundle is believed: `signed_by` in a manifest only helps to say which key is missing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from agents.learning.bundles.packing import LIMITS, SEAL, SIGNATURE
from agents.learning.bundles.records import Record
from agents.learning.bundles.refusing import BundleError
from scenarios.errors import ExtraMissing

FORMAT = 1
DIGEST = re.compile(r"[0-9a-f]{64}")


class Listed(Record):
    """One file."""

    sha256: str
    size: int


class Seal(Record):
    """manifest.json."""

    format: Literal[1]
    kind: Literal["parley-policy"]
    signed_by: str | None  # fingerprint of a key; None where nobody signed
    files: dict[str, Listed]


@dataclass(frozen=True)
class Trust:
    """Whom to believe; exactly one of the three."""

    key: Path | None = None
    sha256: str | None = None
    unsigned: bool = False

    def __post_init__(self) -> None:
        if (self.key is not None) + (self.sha256 is not None) + self.unsigned > 1:
            raise BundleError("name a key, a digest or `unsigned`, and one of them only")
        if self.sha256 is not None and not DIGEST.fullmatch(self.sha256):
            raise BundleError(f"sha256 is 64 digits from 0 to f, not {self.sha256[:80]!r}")


def digest_of(seal: bytes) -> str:
    """Of a bundle: SHA-256 of its manifest, which has those of all other files."""
    return hashlib.sha256(seal).hexdigest()


def sealed(files: Mapping[str, bytes], key: Path | None) -> dict[str, bytes]:
    """Files with their manifest, and its signature where there is a private key. Raises BundleError."""
    listed = {name: Listed(sha256=hashlib.sha256(content).hexdigest(), size=len(content)) for name, content in sorted(files.items())}
    if key is None:
        return {**files, SEAL: Seal(format=1, kind="parley-policy", signed_by=None, files=listed).as_json()}
    try:
        from agents.learning.bundles.signing import fingerprint, private_key
    except ModuleNotFoundError as fault:
        raise ExtraMissing.of("signing a bundle", "export", fault) from None
    private = private_key(key)
    seal = Seal(format=1, kind="parley-policy", signed_by=fingerprint(private.public_key()), files=listed).as_json()
    return {**files, SEAL: seal, SIGNATURE: private.sign(seal)}


def unsealed(files: Mapping[str, bytes], trust: Trust) -> str:
    """Check the seal, then every file against it; who vouches for the bundle, in words. Raises BundleError."""
    if SEAL not in files:
        raise BundleError(f"{SEAL}: is missing, and without it nobody can tell what belongs to the bundle")
    try:
        seal = Seal.from_json(files[SEAL])
    except ValidationError as fault:
        raise BundleError(f"{SEAL}: is no manifest of a policy: {first_of(fault)}") from None
    vouched = _vouched(files, seal, trust)
    for name in LIMITS:
        if name in (SEAL, SIGNATURE):
            continue
        if name not in files:
            raise BundleError(f"{name}: is missing")
        listed = seal.files.get(name)
        if listed is None:
            raise BundleError(f"{name}: is there, and the manifest does not know of it")
        if listed.size != len(files[name]) or listed.sha256 != hashlib.sha256(files[name]).hexdigest():
            raise BundleError(f"{name}: is not what the manifest lists: it was changed or damaged after it was sealed")
    if unknown := sorted(seal.files.keys() - LIMITS.keys()):
        raise BundleError(f"{SEAL}: lists {unknown[0]!r}, which is no file of a bundle")
    return vouched


def first_of(fault: ValidationError) -> str:
    """The first mistake: where, and what."""
    mistake = fault.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, mistake["loc"]))
    return f"{place}: {mistake['msg']}" if place else mistake["msg"]


def _vouched(files: Mapping[str, bytes], seal: Seal, trust: Trust) -> str:
    if trust.unsigned:
        return "nobody was asked who made it"
    if trust.sha256 is not None:
        if (digest := digest_of(files[SEAL])) != trust.sha256:
            raise BundleError(f"is another bundle than was asked for: its digest is sha256:{digest}, not sha256:{trust.sha256}")
        return f"pinned by its digest sha256:{trust.sha256}"
    if SIGNATURE not in files:
        raise BundleError("is not signed; if you know where it comes from, say so by --unsigned (unsigned=True)")
    if trust.key is None:
        raise BundleError(f"is signed, it says by {seal.signed_by}; name the public key you trust by --key FILE (key=…), or take it "
                          "unchecked by --unsigned (unsigned=True)")  # fmt: skip
    return _signed(files, seal, trust.key)


def _signed(files: Mapping[str, bytes], seal: Seal, path: Path) -> str:
    try:
        from agents.learning.bundles.signing import fingerprint, is_signed, public_key
    except ModuleNotFoundError as fault:
        raise ExtraMissing.of("checking a signature", "export", fault) from None
    key = public_key(path)
    if not is_signed(files[SEAL], files[SIGNATURE], key):
        if seal.signed_by != fingerprint(key):
            raise BundleError(f"is signed by another key: it says by {seal.signed_by}, and {path} is {fingerprint(key)}")
        raise BundleError(f"{SIGNATURE}: is no signature of this manifest by {path}: one of them was changed after it was signed")
    return f"signed by {fingerprint(key)}"
