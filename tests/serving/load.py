"""How fast a scaler answers: a process that serves and ticks, and a client that asks at a rate, whatever the answers do.

    python -m tests.serving.load [REQUESTS_A_SECOND] [SECONDS]
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import numpy as np

from parley.serving.doors import opened
from parley.serving.settings import Doors
from tests.serving.generating import client
from tests.serving.worlds import Always, served

RATE, SECONDS = 500, 10
TICK_S = 0.5  # far more often than in service, so that ticks are in the way if they can be


class Measured(NamedTuple):
    """Of answers, from when each was due to be asked for."""

    answered: int
    lost: int  # where more than 1,000 wait, gRPC turns some away
    rate: float  # a second
    p50_ms: float
    p99_ms: float
    worst_ms: float
    cpu_ms: float = 0.0  # of the server, an answer; ticks included


def serving(told: Connection) -> None:
    """Serve two services, and tick, until told to stop."""
    async def whole() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with served(Path(folder), Always("x1.25")) as world, opened(world.serving, Doors(port=0, metrics_port=0)) as doors:
                await world.tick()
                told.send(doors.grpc)
                while not told.poll():
                    await asyncio.sleep(TICK_S)
                    await world.tick()

    began = time.process_time()
    asyncio.run(whole())
    told.send(time.process_time() - began)


async def asked(address: str, rate: int, seconds: float) -> Measured:
    """Ask for metrics at a rate, at even intervals."""
    messages, stub = client()
    request = messages.GetMetricsRequest(scaledObjectRef=messages.ScaledObjectRef(name="front", namespace="shop"),
                                         metricName="desired_replicas")  # fmt: skip
    async with grpc.aio.insecure_channel(address) as channel:
        of: Any = stub(channel)
        await of.GetMetrics(request)
        began, took = time.perf_counter(), []

        async def one(due: float) -> None:
            with contextlib.suppress(grpc.aio.AioRpcError):
                await of.GetMetrics(request)
                took.append(1000 * (time.perf_counter() - due))

        under_way = []
        for n in range(int(rate * seconds)):
            due = began + n / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            under_way.append(asyncio.create_task(one(due)))
        await asyncio.gather(*under_way)
        lasted = time.perf_counter() - began
    p50, p99 = np.percentile(took, (50, 99)).tolist()
    return Measured(len(took), len(under_way) - len(took), len(took) / lasted, p50, p99, max(took))


def measured(rate: int = RATE, seconds: float = SECONDS) -> Measured:
    """With a server in a process of its own."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serving, args=(there,))
    process.start()
    try:
        found = asyncio.run(asked(here.recv(), rate, seconds))
        here.send(None)
        return found._replace(cpu_ms=1000 * here.recv() / max(1, found.answered))
    finally:
        process.join(10)
        process.kill()


if __name__ == "__main__":
    found = measured(*(int(word) for word in sys.argv[1:3]))
    sys.stdout.write(f"{found.answered:,} answers, {found.lost} lost, at {found.rate:.0f}/s: median {found.p50_ms:.2f} ms, "
                     f"p99 {found.p99_ms:.2f} ms, "
                     f"worst {found.worst_ms:.2f} ms; the server works {found.cpu_ms:.2f} ms for one\n")  # fmt: skip
