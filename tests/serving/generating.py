"""What grpcio-tools makes of externalscaler.proto; as a script it makes it anew where it is kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import grpc

PROTO = "parley/serving/wire/externalscaler.proto"
ROOT = Path(__file__).parents[2]


def generate(folder: Path) -> list[Path]:
    """The files that are kept beside the .proto, made below a folder."""
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", "-I.", f"--python_out={folder}", f"--pyi_out={folder}", PROTO],
                   cwd=ROOT, check=True)  # fmt: skip
    return sorted((folder / PROTO).parent.glob("externalscaler_pb2.py*"))


def client() -> tuple[ModuleType, Any]:
    """(messages, Stub) as grpcio-tools makes them of the .proto on the spot: a client that shares no code with the server."""
    messages, services = grpc.protos_and_services(PROTO)
    return messages, services.ExternalScalerStub


if __name__ == "__main__":
    generate(ROOT)
