"""KEDA's external scaler: what it is asked is answered from the board, and nobody else is asked on the way.

A trigger names its service by `service` in its metadata; without it, the ScaledObject's own name is the service's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import grpc

from parley.serving.meters import Meters
from parley.serving.publishing import Board, Published
from parley.serving.services import Served
from parley.serving.wire.externalscaler_pb2 import (
    GetMetricSpecResponse,
    GetMetricsRequest,
    GetMetricsResponse,
    IsActiveResponse,
    MetricSpec,
    MetricValue,
    ScaledObjectRef,
)
from scenarios.naming import suggestion

SERVICE = "externalscaler.ExternalScaler"
METRIC = "desired_replicas"
TARGET = 1  # of the metric, a pod
if TYPE_CHECKING:
    Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]


class Scaler:
    """The five calls. What cannot be answered is refused with a status that KEDA logs, and counts for its `fallback`."""

    def __init__(self, board: Board, services: dict[str, Served], meters: Meters, now_s: Callable[[], float]) -> None:
        self._board, self._services, self._meters, self._now_s = board, services, meters, now_s
        self._changed = asyncio.Condition()

    async def told(self) -> None:
        """There are new numbers: whoever waits for them goes on."""
        async with self._changed:
            self._changed.notify_all()

    async def is_active(self, request: ScaledObjectRef, context: Context) -> IsActiveResponse:
        """Whether there should be any pods at all."""
        return IsActiveResponse(result=(await self._said(request, context)).pods > 0)

    async def stream_is_active(self, request: ScaledObjectRef, context: Context) -> AsyncIterator[IsActiveResponse]:
        """The same at once, and again whenever it changes."""
        before = None
        while True:
            said = (await self._said(request, context)).pods > 0
            if said != before:
                yield IsActiveResponse(result=said)
            before = said
            async with self._changed:
                await self._changed.wait()

    async def get_metric_spec(self, request: ScaledObjectRef, context: Context) -> GetMetricSpecResponse:
        """One metric, of which a pod is worth 1."""
        await self._service(request, context)
        return _spec()

    async def stream_metric_spec(self, request: ScaledObjectRef, context: Context) -> AsyncIterator[GetMetricSpecResponse]:
        """The same at once; it never changes."""
        await self._service(request, context)
        yield _spec()
        await asyncio.Event().wait()

    async def get_metrics(self, request: GetMetricsRequest, context: Context) -> GetMetricsResponse:
        """Pods, as they were decided last."""
        began = time.perf_counter()
        said = await self._said(request.scaledObjectRef, context)
        if request.metricName not in ("", METRIC):
            await self._refused(context, grpc.StatusCode.NOT_FOUND, f"metric {request.metricName!r}: there is {METRIC} only")
        value = MetricValue(metricName=METRIC, metricValue=said.pods, metricValueFloat=said.pods)
        self._meters.answered.observe(time.perf_counter() - began)
        return GetMetricsResponse(metricValues=[value])

    async def _service(self, ref: ScaledObjectRef, context: Context) -> Served:
        name = ref.scalerMetadata.get("service", "") or ref.name
        if not name:
            await self._refused(context, grpc.StatusCode.INVALID_ARGUMENT,
                                "whose? neither the ScaledObject nor the trigger's metadata.service has a name")  # fmt: skip
        if name not in self._services:
            await self._refused(context, grpc.StatusCode.NOT_FOUND,
                                f"service {name[:80]!r} is not served{suggestion(name[:80], self._services)}; name one in the "
                                f"trigger's metadata.service: {', '.join(list(self._services)[:12])}")  # fmt: skip
        service = self._services[name]
        if ref.namespace and ref.namespace != service.namespace:
            await self._refused(context, grpc.StatusCode.NOT_FOUND,
                                f"service {name!r} is served in namespace {service.namespace!r}, not in "
                                f"{ref.namespace[:80]!r}")  # fmt: skip
        return service

    async def _said(self, ref: ScaledObjectRef, context: Context) -> Published:
        service = await self._service(ref, context)
        said = self._board.said(service.name, self._now_s())
        if said is None:
            await self._refused(context, grpc.StatusCode.UNAVAILABLE,
                                f"nothing is known of {service.name!r} for {self._board.expires_s:g} s, or not yet")  # fmt: skip
        return said

    async def _refused(self, context: Context, code: grpc.StatusCode, why: str) -> NoReturn:
        self._meters.refused.labels(code=code.name).inc()
        await context.abort(code, why)


def _spec() -> GetMetricSpecResponse:
    return GetMetricSpecResponse(metricSpecs=[MetricSpec(metricName=METRIC, targetSize=TARGET, targetSizeFloat=TARGET)])


def handler(scaler: Scaler) -> grpc.GenericRpcHandler:
    """How gRPC finds the calls, as externalscaler.proto spells them."""
    unary, stream = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler
    of_ref = ScaledObjectRef.FromString
    return grpc.method_handlers_generic_handler(SERVICE, {
        "IsActive": unary(scaler.is_active, of_ref, IsActiveResponse.SerializeToString),
        "StreamIsActive": stream(scaler.stream_is_active, of_ref, IsActiveResponse.SerializeToString),
        "GetMetricSpec": unary(scaler.get_metric_spec, of_ref, GetMetricSpecResponse.SerializeToString),
        "StreamMetricSpec": stream(scaler.stream_metric_spec, of_ref, GetMetricSpecResponse.SerializeToString),
        "GetMetrics": unary(scaler.get_metrics, GetMetricsRequest.FromString, GetMetricsResponse.SerializeToString),
    })  # fmt: skip
