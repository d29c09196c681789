"""The doors of a scaler: gRPC for KEDA, with the health service that Kubernetes' probes ask, and HTTP for `/metrics` and `/healthz`."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass

import grpc
from aiohttp import web
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from parley.errors import UsageError
from parley.serving.decision_log import DecisionLog
from parley.serving.prometheus import Prometheus
from parley.serving.recipe import Deciding, Recipe
from parley.serving.scaler import SERVICE, handler
from parley.serving.services import Served
from parley.serving.serving import Serving
from parley.serving.settings import Asked, Doors, Settings

GRACE_S = 2.0  # that calls under way have to end, once it is told to stop


@dataclass(frozen=True)
class Open:
    """Where it does listen."""

    grpc: str
    http: str
    restored: tuple[str, ...]  # services of which something is said since before the restart


@contextlib.asynccontextmanager
async def opened(serving: Serving, doors: Doors) -> AsyncIterator[Open]:
    """Answer as long as one is inside; begin a scaler before. Raises UsageError where a port is taken."""
    host = f"[{doors.host}]" if ":" in doors.host else doors.host
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((handler(serving.scaler),))
    well = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(well, server)
    for name in ("", SERVICE):
        await well.set(name, health_pb2.HealthCheckResponse.SERVING)
    try:
        port = server.add_insecure_port(f"{host}:{doors.port}")
    except RuntimeError:
        raise UsageError(f"--port: {host}:{doors.port} cannot be listened at; is it taken?") from None
    runner = web.AppRunner(_site(serving), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, doors.host, doors.metrics_port).start()
    except OSError as fault:
        await runner.cleanup()
        raise UsageError(f"--metrics-port: {host}:{doors.metrics_port} cannot be listened at: {fault.strerror}") from None
    await server.start()
    try:
        yield Open(f"{host}:{port}", f"http://{host}:{runner.addresses[0][1]}", tuple(serving.restored))
    finally:
        await well.enter_graceful_shutdown()
        await server.stop(GRACE_S)
        await runner.cleanup()


def _site(serving: Serving) -> web.Application:
    site = web.Application()

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=serving.meters.exposition(), headers={"Content-Type": serving.meters.content_type})

    async def healthz(_: web.Request) -> web.Response:
        if serving.is_alive:
            return web.Response(text="ok\n")
        return web.Response(status=503, text="no tick for too long\n")

    site.add_routes([web.get("/metrics", metrics), web.get("/healthz", healthz)])
    return site


def serve_scaler(policy: Deciding, recipe: Recipe, services: Sequence[Served], asked: Asked, settings: Settings, doors: Doors,
                 told: Callable[[Open], None]) -> None:
    """Serve until SIGTERM or Ctrl-C. Raises UsageError where an address cannot be used, FolderError where the log cannot be written."""
    async def whole() -> None:
        async with Prometheus(asked.url, asked.deadline_s, asked.token) as source:
            serving = Serving(policy, recipe, services, source, log, settings)
            with told_to_stop() as stop:
                async with opened(serving, doors) as found:
                    told(found)
                    await serving.begin()
                    await serving.run(stop)

    log = DecisionLog(asked.log)
    try:
        asyncio.run(whole())
    finally:
        log.close()


@contextlib.contextmanager
def told_to_stop() -> Iterator[asyncio.Event]:
    """An event that SIGTERM and Ctrl-C set."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
