"""Small worlds for the experiment floor, and the command line as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.house.sources import ROOT

SHOP = """
version: 1
name: shop
question: Do two services answer in time while one of them is slow?
duration: 6s
warmup: 1050ms
services:
  front: {replicas: 2, workers: 8, endpoints: {page: [{work: {exponential: 2ms}}, {call: stock.look_up}]}}
  stock: {replicas: 2, workers: 2, queue: {size: 20}, endpoints: {look_up: [{work: {exponential: 6ms}}]}}
routes:
  front -> stock: {timeout: 60ms, retries: {num_retries: 1}}
network: {same_zone: 0.5ms}
workload:
  readers: {entry: front.page, arrivals: {poisson: 200/s}, slo: {latency: {p: 95, under: 60ms}, availability: 99%}}
  writers: {entry: stock.look_up, arrivals: {constant: 30/s}}
faults:
  slow_stock: {at: 2s, for: 1s, slow: {service: stock, factor: 4}}
expect:
  - {good: ">= 50%", workload: readers}
  - {p99: "< 10s", from: 3s, until: 5s}
"""

LONG = """
version: 1
name: long
duration: 6h
services: {q: {workers: 8, endpoints: {get: [{work: {exponential: 8ms}}]}}}
workload: {jobs: {entry: q.get, arrivals: {poisson: 800/s}}}
"""

MAIN = [sys.executable, "-c", "from parley.cli import main; main()"]


def written(folder: Path, text: str, name: str = "world.yaml") -> Path:
    """A scenario file in a folder."""
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def parley(*words: str | Path, cwd: Path, columns: int = 100, **options: Any) -> subprocess.CompletedProcess[str]:
    """What the command does in a process of its own."""
    return subprocess.run([*MAIN, *map(str, words)], cwd=cwd, env=environment() | {"COLUMNS": str(columns)},
                          capture_output=True, text=True, timeout=120, check=False, **options)  # fmt: skip


def started(*words: str | Path, cwd: Path) -> subprocess.Popen[str]:
    """The command at work."""
    return subprocess.Popen([*MAIN, *map(str, words)], cwd=cwd, env=environment(), stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)  # fmt: skip


def environment() -> dict[str, str]:
    """Plain terminals, 100 wide."""
    plain = {"PYTHONPATH": str(ROOT), "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb", "MPLBACKEND": "agg"}
    return {**os.environ, **plain}


def wait_for(file: Path, seconds: float = 60.0) -> None:
    """Until a file is there."""
    end = time.monotonic() + seconds
    while not file.exists():
        assert time.monotonic() < end, f"{file} did not appear"
        time.sleep(0.02)
