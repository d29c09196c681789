"""sbom.json: what a policy is made of and with, in CycloneDX 1.6 (ECMA-424), written by hand: it is one list of names and hashes."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any

from agents.learning.bundles.described import Described

SPEC = "1.6"


def sbom(described: Described, files: Mapping[str, bytes]) -> bytes:
    """The policy, its files, and the packages that trained it; the same policy gives the same bytes."""
    digest = described.training.weights_sha256
    root = f"policy:{described.name}@{digest[:12]}"
    libraries = [_library(name, version) for name, version in sorted(described.training.versions.items()) if name != "python"]
    content = [_file(name, data) for name, data in sorted(files.items())]
    made = {
        "bomFormat": "CycloneDX", "specVersion": SPEC, "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, digest)}", "version": 1,
        "metadata": {
            "component": {
                "type": "machine-learning-model", "bom-ref": root, "name": described.name, "version": digest[:12],
                "description": f"A policy for the chair {described.chair}, trained on {described.task.scenario}",
                "hashes": [{"alg": "SHA-256", "content": digest}],
            },
            "properties": [{"name": "parley:training-command", "value": described.training.command},
                           {"name": "python", "value": described.training.versions.get("python", "unknown")}],
        },
        "components": [*libraries, *content],
        "dependencies": [{"ref": root, "dependsOn": [one["bom-ref"] for one in (*libraries, *content)]}],
    }  # fmt: skip
    return json.dumps(made, indent=1).encode() + b"\n"


def _library(name: str, version: str) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "library", "bom-ref": f"pkg:pypi/{name}@{version}", "name": name, "version": version,
                            "purl": f"pkg:pypi/{name}@{version}"}  # fmt: skip
    licence = _licence(name)
    return made if licence is None else {**made, "licenses": [{"license": {"name": licence}}]}


def _licence(name: str) -> str | None:
    """As the package tells it, where it is one line."""
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return None
    said = next((told[what] for what in ("License-Expression", "License") if what in told), "")
    return said if said and "\n" not in said and len(said) < 80 else None


def _file(name: str, data: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(data).hexdigest()
    return {"type": "file", "bom-ref": f"file:{name}", "name": name, "hashes": [{"alg": "SHA-256", "content": digest}]}
