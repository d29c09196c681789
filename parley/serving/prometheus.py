"""Asking a monitoring system that speaks Prometheus' HTTP API: Prometheus itself, Thanos, Mimir, VictoriaMetrics.

A question is a POST, as it may be long. Everything is bounded: the time an answer may take, and its size.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp

from parley.errors import UsageError

ANSWER_MAX = 16 << 20  # bytes
_STRANGE = (LookupError, TypeError, ValueError, AttributeError, OverflowError)  # of an answer that is JSON and of another shape


class SourceError(Exception):
    """It did not answer, or not so that it can be understood; the message says what happened."""


@dataclass(frozen=True)
class Sample:
    """A number of a series at a moment; not a number where it has none."""

    labels: Mapping[str, str]
    at_s: float
    value: float


class Prometheus:
    """One such system. To be entered, and left, in a running loop."""

    def __init__(self, url: str, deadline_s: float, token: str | None = None) -> None:
        """Raises UsageError where that is no address."""
        if not _is_address(url):
            raise UsageError(f"--prometheus: {url!r} is no address; write it as http://prometheus.monitoring:9090")
        self.url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._timeout = aiohttp.ClientTimeout(total=deadline_s)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=self._timeout, headers=self._headers)
        return self

    async def __aexit__(self, _kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None) -> None:
        if self._session is not None:
            await self._session.close()

    async def instant(self, query: str, at_s: float) -> list[Sample]:
        """What a query is at a moment. Raises SourceError."""
        return _vector(await self._asked("query", {"query": query, "time": f"{at_s:.3f}"}))

    async def range(self, query: str, start_s: float, end_s: float, step_s: float) -> list[Sample]:
        """What it was from moment to moment. Raises SourceError."""
        asked = {"query": query, "start": f"{start_s:.3f}", "end": f"{end_s:.3f}", "step": f"{step_s:.3f}"}
        return _matrix(await self._asked("query_range", asked))

    async def _asked(self, what: str, form: Mapping[str, str]) -> Any:
        assert self._session is not None, "enter it first"
        try:
            async with self._session.post(f"{self.url}/api/v1/{what}", data=form) as answer:
                content = await answer.content.read(ANSWER_MAX + 1)
                while len(content) <= ANSWER_MAX and (more := await answer.content.read(ANSWER_MAX + 1 - len(content))):
                    content += more
        except (aiohttp.ClientError, OSError) as fault:
            raise SourceError(_told(fault, self._timeout.total)) from fault
        if len(content) > ANSWER_MAX:
            raise SourceError(f"answers with more than {ANSWER_MAX >> 20} MiB")
        return _data(content, answer.status)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of brackets that are left open, and ports that are none
        return False


def _told(fault: BaseException, deadline_s: float | None) -> str:
    if isinstance(fault, TimeoutError):
        return f"no answer within {deadline_s:g} s"
    return f"cannot be asked: {fault or type(fault).__name__}"


def _data(content: bytes, status: int) -> Any:
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        raise SourceError(f"answers {status}, and not with JSON: {content[:80]!r}") from None
    if not isinstance(said, dict) or said.get("status") != "success":
        why = said.get("error", "no reason") if isinstance(said, dict) else "no object"
        raise SourceError(f"answers {status}: {str(why)[:200]}")
    return said.get("data")


def _vector(data: Any) -> list[Sample]:
    """Of an instant query: a vector, or a scalar without labels."""
    try:
        if data["resultType"] == "scalar":
            return [_sample({}, data["result"])]
        return [_sample(one["metric"], one["value"]) for one in data["result"]]
    except _STRANGE as fault:
        raise SourceError(f"answers with no vector: {str(data)[:80]}") from fault


def _matrix(data: Any) -> list[Sample]:
    try:
        return [_sample(one["metric"], pair) for one in data["result"] for pair in one["values"]]
    except _STRANGE as fault:
        raise SourceError(f"answers with no matrix: {str(data)[:80]}") from fault


def _sample(labels: Mapping[str, str], pair: Any) -> Sample:
    at_s, text = pair
    if not all(isinstance(one, str) for one in labels.values()):
        raise ValueError("a label is text")
    return Sample(dict(labels), float(at_s), float(str(text).replace("Inf", "inf")) if text is not None else math.nan)
