"""The command that puts a policy to work in a cluster."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from agents.learning.bundles.policy import Policy
from parley.commands.terminal import mistakes_told
from parley.errors import UsageError, unread
from parley.serving.recipe import recipe_of
from parley.serving.services import Served, read_services
from parley.serving.settings import LOOPBACK, METRICS_PORT, PORT, Asked, Doors, Settings
from scenarios.errors import ExtraMissing, ScenarioError
from scenarios.schema.units import NS_PER_S, parse_duration, parse_share
from scenarios.yaml_reading import plain_value

LOG = Path("decisions.jsonl")


def serve_scaler_command(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="A policy as `parley export` wrote it.")],
    prometheus: Annotated[str, typer.Option(metavar="URL", help="Whom to ask: http://prometheus.monitoring:9090.")],
    services: Annotated[str | None, typer.Option(help="A scenario, or a list of services; what it was trained in if absent.")] = None,
    namespace: Annotated[str | None, typer.Option(help="Of the services' Deployments; default.")] = None,
    key: Annotated[Path | None, typer.Option(metavar="FILE", help="The public key of whom you trust.")] = None,
    sha256: Annotated[str | None, typer.Option(help="Or the digest of this very bundle.")] = None,
    unsigned: Annotated[bool, typer.Option("--unsigned", help="Or take it from anybody: you know where it comes from.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Decide and write down, but publish what the rule asks for.")] = False,
    tolerance: Annotated[str, typer.Option(help="That of the HPA; 0 where its manifest says so (behavior.scaleUp.tolerance).")] = "10%",
    window: Annotated[str | None, typer.Option(help="What rates are taken over; two ticks, so that two scrapes lie in it.")] = None,
    expire: Annotated[str | None, typer.Option(help="Say nothing after so long without news, for KEDA's fallback; twenty ticks.")] = None,
    deadline: Annotated[str, typer.Option(help="How long Prometheus may take to answer.")] = "5s",
    token_file: Annotated[Path | None, typer.Option(metavar="FILE", help="A bearer token that Prometheus asks for.")] = None,
    log: Annotated[Path, typer.Option(metavar="FILE", help="Decisions and their reasons, a line of JSON each; added to.")] = LOG,
    host: Annotated[str, typer.Option(help="Where to listen; 0.0.0.0 in a cluster, behind a NetworkPolicy.")] = LOOPBACK,
    port: Annotated[int, typer.Option(help="Of gRPC, for KEDA.", min=0, max=65535)] = PORT,
    metrics_port: Annotated[int, typer.Option(help="Of HTTP, for /metrics and /healthz.", min=0, max=65535)] = METRICS_PORT,
) -> None:
    """Scale a real cluster by a policy: a KEDA external scaler that asks Prometheus each tick."""
    with mistakes_told():
        policy = Policy.load(bundle, key, sha256=sha256, unsigned=unsigned)
        recipe = recipe_of(policy.described)
        served = _served(services, policy.described.task.scenario, namespace)
        settings = Settings(_seconds(window), _seconds(expire), parse_share(plain_value(tolerance)), dry_run)
        asked = Asked(prometheus, log.absolute(), _seconds(deadline) or 0.0, _token(token_file))
        try:
            from parley.serving.doors import Open, serve_scaler
        except ModuleNotFoundError as fault:
            raise ExtraMissing.of("serving", "serve,export", fault) from None

        def told(found: Open) -> None:
            names = ", ".join(one.name for one in served)
            lines = [("policy", f"{policy.described.name}, {policy.vouched}"),
                     ("serves", f"{names} in {served[0].namespace}, every {policy.described.tick_s:g} s"),
                     ("asks", prometheus), ("KEDA", f"{found.grpc} (gRPC): desired_replicas, 1 a pod"),
                     ("metrics", f"{found.http}/metrics"),
                     ("decisions", f"{asked.log}" + (f"; as before: {', '.join(found.restored)}" if found.restored else ""))]  # fmt: skip
            console = Console(highlight=False)
            for word, what in [*lines, *([("dry run", "KEDA is told what the rule asks for")] if dry_run else [])]:
                console.print(f"{word:<10} {what}", soft_wrap=True)

        serve_scaler(policy, recipe, served, asked, settings, Doors(host, port, metrics_port), told)


def _served(services: str | None, trained_in: str, namespace: str | None) -> list[Served]:
    """Raises ScenarioError, and UsageError where nothing was named and the world of training is not here."""
    if services is not None:
        return read_services(services, namespace)
    try:
        return read_services(trained_in, namespace)
    except ScenarioError as fault:
        raise UsageError(f"it was trained in {fault}; name what it serves: --services, a scenario or a list of services") from None


def _seconds(text: str | None) -> float | None:
    """Raises UsageError for a time that is none."""
    if text is None:
        return None
    if not (found := parse_duration(text)):
        raise UsageError(f"{text!r}: give a time that is more than none")
    return found / NS_PER_S


def _token(path: Path | None) -> str | None:
    """Raises FolderError, and UsageError for what cannot be sent."""
    if path is None:
        return None
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as fault:
        raise unread(fault, path) from None
    if not (token.isascii() and token.isprintable() and token and " " not in token):
        raise UsageError(f"{path}: holds no bearer token, which is one word of letters, digits and signs in one line")
    return token


COMMANDS: dict[str, Callable[..., None]] = {"serve-scaler": serve_scaler_command}
