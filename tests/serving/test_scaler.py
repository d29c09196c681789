"""The scaler as KEDA meets it: by a client that grpcio-tools makes of the .proto."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from parley.errors import UsageError
from parley.serving.doors import opened
from parley.serving.settings import Doors
from tests.serving.generating import ROOT, client, generate
from tests.serving.worlds import Always, World, served

MESSAGES, STUB = client()
Story = Callable[[World, Any, str], Awaitable[None]]


def met(story: Story, folder: Path, ticks: int = 1) -> None:
    """A story of a client that meets a scaler after some ticks."""
    async def whole() -> None:
        async with served(folder, Always("x1.25")) as world, opened(world.serving, Doors(port=0, metrics_port=0)) as doors:
            for _ in range(ticks):
                await world.tick()
            async with grpc.aio.insecure_channel(doors.grpc) as channel:
                await story(world, STUB(channel), doors.http)

    asyncio.run(whole())


def ref(name: str = "front", namespace: str = "shop", **metadata: str) -> Any:
    """A ScaledObject as KEDA names it."""
    return MESSAGES.ScaledObjectRef(name=name, namespace=namespace, scalerMetadata=metadata)


def metrics(of: Any, metric: str = "desired_replicas") -> Any:
    """What KEDA asks for."""
    return MESSAGES.GetMetricsRequest(scaledObjectRef=of, metricName=metric)


def test_what_is_kept_is_what_the_proto_makes(tmp_path: Path) -> None:
    """Generated code is nobody's to edit."""
    for made in generate(tmp_path):
        assert made.read_text() == (ROOT / "parley/serving/wire" / made.name).read_text()


def test_keda_is_told_pods(tmp_path: Path) -> None:
    """One metric of which a pod is worth 1, so that ceil(5 / 1) pods are asked for; old KEDA reads the integers."""
    async def story(world: World, stub: Any, _: str) -> None:
        (spec,) = (await stub.GetMetricSpec(ref())).metricSpecs
        assert (spec.metricName, spec.targetSize, spec.targetSizeFloat) == ("desired_replicas", 1, 1.0)
        (value,) = (await stub.GetMetrics(metrics(ref()))).metricValues
        assert (value.metricName, value.metricValue, value.metricValueFloat) == ("desired_replicas", 5, 5.0)
        assert (await stub.IsActive(ref())).result
        (value,) = (await stub.GetMetrics(metrics(ref("shop-front-scaler", service="cart")))).metricValues
        assert value.metricValue == 8

    met(story, tmp_path)


REFUSED = [
    (lambda stub: stub.GetMetrics(metrics(ref("fornt"))), grpc.StatusCode.NOT_FOUND, "did you mean 'front'?"),
    (lambda stub: stub.IsActive(ref("")), grpc.StatusCode.INVALID_ARGUMENT, "neither the ScaledObject nor"),
    (lambda stub: stub.GetMetrics(MESSAGES.GetMetricsRequest()), grpc.StatusCode.INVALID_ARGUMENT, "whose?"),
    (lambda stub: stub.GetMetrics(metrics(ref(), "cpu")), grpc.StatusCode.NOT_FOUND, "there is desired_replicas only"),
    (lambda stub: stub.GetMetricSpec(ref(namespace="prod")), grpc.StatusCode.NOT_FOUND, "in namespace 'shop', not in 'prod'"),
    (lambda stub: stub.IsActive(ref("x" * 100_000)), grpc.StatusCode.NOT_FOUND, "is not served"),
]


@pytest.mark.parametrize(("asked", "code", "sentence"), REFUSED, ids=[row[2] for row in REFUSED])
def test_what_cannot_be_answered_is_refused(tmp_path: Path, asked: Any, code: grpc.StatusCode, sentence: str) -> None:
    """With a status that KEDA knows and a sentence for its log; the next question is answered."""
    async def story(world: World, stub: Any, _: str) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await asked(stub)
        assert caught.value.code() == code and sentence in (caught.value.details() or "")
        assert (await stub.GetMetrics(metrics(ref()))).metricValues[0].metricValue == 5

    met(story, tmp_path)


def test_bytes_that_are_no_message(tmp_path: Path) -> None:
    """The call fails, the server does not."""
    async def whole() -> None:
        async with served(tmp_path, Always("x1")) as world, opened(world.serving, Doors(port=0, metrics_port=0)) as doors:
            await world.tick()
            async with grpc.aio.insecure_channel(doors.grpc) as channel:
                with pytest.raises(grpc.aio.AioRpcError):
                    await channel.unary_unary("/externalscaler.ExternalScaler/GetMetrics")(b"\xff\xff\xff\x07 no message")
                assert (await STUB(channel).IsActive(ref())).result

    asyncio.run(whole())


def test_nothing_is_said_before_anything_is_known(tmp_path: Path) -> None:
    """KEDA counts it as a failure, as it should: its own fallback stands in."""
    async def story(world: World, stub: Any, _: str) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.GetMetrics(metrics(ref()))
        assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
        assert (await stub.GetMetricSpec(ref())).metricSpecs

    met(story, tmp_path, ticks=0)


def test_streams_tell_at_once_and_when_it_changes(tmp_path: Path) -> None:
    """StreamIsActive of external-push, and the younger StreamMetricSpec."""
    async def story(world: World, stub: Any, _: str) -> None:
        active, spec = stub.StreamIsActive(ref()), stub.StreamMetricSpec(ref())
        assert (await active.read()).result and (await spec.read()).metricSpecs[0].targetSize == 1
        await world.tick()
        waiting = asyncio.ensure_future(active.read())
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(waiting), 0.2)  # nothing changed, so nothing is told
        active.cancel(), spec.cancel(), waiting.cancel()

    met(story, tmp_path)


def test_health_and_metrics(tmp_path: Path) -> None:
    """By gRPC's own protocol, and by HTTP; the exposition is OpenMetrics that Prometheus' own parser reads."""
    async def story(world: World, stub: Any, http: str) -> None:
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{http}/metrics") as answer:
                assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
                families = {one.name: one for one in text_string_to_metric_families(await answer.text())}
            assert {one.labels["service"]: one.value for one in families["parley_decided_replicas"].samples} == {"front": 5, "cart": 8}
            assert families["parley_guarded_decisions"].samples[0].labels == {"service": "cart"}
            async with session.get(f"{http}/healthz") as answer:
                assert answer.status == 200
            world.now[0] += 61
            async with session.get(f"{http}/healthz") as answer:
                assert answer.status == 503

    met(story, tmp_path)


def test_kubernetes_probes(tmp_path: Path) -> None:
    """grpc.health.v1 says SERVING of the whole and of the service."""
    async def whole() -> None:
        async with served(tmp_path, Always("x1")) as world, opened(world.serving, Doors(port=0, metrics_port=0)) as doors:
            channel = grpc.aio.insecure_channel(doors.grpc)
            for name in ("", "externalscaler.ExternalScaler"):
                answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=name))
                assert answer.status == health_pb2.HealthCheckResponse.SERVING
            await channel.close()

    asyncio.run(whole())


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """Is named, with the option that has another."""
    async def whole() -> None:
        async with served(tmp_path, Always("x1")) as world, opened(world.serving, Doors(port=0, metrics_port=0)) as doors:
            taken = int(doors.http.rsplit(":", 1)[1])
            with pytest.raises(UsageError, match="--metrics-port"):
                async with opened(world.serving, Doors(port=0, metrics_port=taken)):
                    pass

    asyncio.run(whole())
