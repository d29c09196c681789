"""What the CRDs say of the fields that leave: types, bounds and enumerations, and no other field.

After istio/api release 1.31 (networking.istio.io/v1), gateway-api 1.4 (experimental HTTPRoute), KEDA 2.18 and the VPA's v1; a key
ending in `!` is required.
"""

from __future__ import annotations

from typing import Any

import jsonschema

TEXT, WHOLE, NUMBER, FLAG = ({"type": kind} for kind in ("string", "integer", "number", "boolean"))
COUNT = {"type": "integer", "minimum": 0, "maximum": 2**32 - 1}
ISTIO_DURATION = {"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$"}
GEP_DURATION = {"type": "string", "pattern": r"^([0-9]{1,5}(h|m|s|ms)){1,4}$"}


def of(**fields: Any) -> dict[str, Any]:
    """An object of these fields; `name_` is required."""
    return {"type": "object", "additionalProperties": False, "required": [key[:-1] for key in fields if key.endswith("_")],
            "properties": {key.removesuffix("_"): one for key, one in fields.items()}}


def many(item: dict[str, Any], **bounds: int) -> dict[str, Any]:
    """A list."""
    return {"type": "array", "items": item, **bounds}


def named(value: dict[str, Any]) -> dict[str, Any]:
    """A mapping with any keys."""
    return {"type": "object", "additionalProperties": value}


def word(*words: str) -> dict[str, Any]:
    """One of these."""
    return {"enum": list(words)}


LOCALITY = of(enabled=FLAG, failover=many({"type": "object", "properties": {"from": TEXT, "to": TEXT}, "additionalProperties": False}),
              distribute=many({"type": "object", "properties": {"from": TEXT, "to": named(COUNT)}, "additionalProperties": False}))
TRAFFIC = of(
    loadBalancer={**of(
        simple=word("UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST"), localityLbSetting=LOCALITY,
        warmup=of(duration_=ISTIO_DURATION, minimumPercent={"type": "number", "minimum": 0, "maximum": 100}, aggression={
            "type": "number", "minimum": 0}),
        consistentHash=of(httpHeaderName=TEXT, httpCookie=of(name_=TEXT), useSourceIp=FLAG, ringHash=of(minimumRingSize=COUNT),
                          maglev=of(tableSize=COUNT))),
        "not": {"required": ["simple", "consistentHash"]}},
    connectionPool=of(tcp=of(maxConnections=WHOLE, maxConnectionDuration=ISTIO_DURATION),
                      http=of(http1MaxPendingRequests=WHOLE, http2MaxRequests=WHOLE, maxRetries=WHOLE, idleTimeout=ISTIO_DURATION,
                              maxRequestsPerConnection=WHOLE)),
    outlierDetection=of(consecutive5xxErrors=COUNT, consecutiveGatewayErrors=COUNT, consecutiveLocalOriginFailures=COUNT,
                        splitExternalLocalOriginErrors=FLAG, interval=ISTIO_DURATION, baseEjectionTime=ISTIO_DURATION,
                        maxEjectionPercent=WHOLE, minHealthPercent=WHOLE),
    retryBudget=of(percent={"type": "number", "minimum": 0, "maximum": 100}, minRetryConcurrency=COUNT))  # fmt: skip
SHARE = of(value=NUMBER)
RULES = of(stabilizationWindowSeconds=WHOLE, tolerance=TEXT, selectPolicy=word("Max", "Min", "Disabled"), policies=many(of(
    type_=word("Pods", "Percent"), value_=WHOLE, periodSeconds_=WHOLE)))
SPECS = {
    "VirtualService": of(hosts=many(TEXT), http=many(of(
        match=many(of(sourceLabels=named(TEXT), uri=of(exact=TEXT))), route=many(of(destination_=of(host_=TEXT, subset=TEXT))),
        timeout=ISTIO_DURATION,
        retries=of(attempts=WHOLE, perTryTimeout=ISTIO_DURATION, retryOn=TEXT, backoff=ISTIO_DURATION, retryIgnorePreviousHosts=FLAG),
        fault=of(delay=of(percentage=SHARE, fixedDelay=ISTIO_DURATION), abort=of(percentage=SHARE, httpStatus=WHOLE))))),
    "DestinationRule": of(host=TEXT, workloadSelector=of(matchLabels=named(TEXT)), trafficPolicy=TRAFFIC,
                          subsets=many(of(name_=TEXT, labels=named(TEXT), trafficPolicy=TRAFFIC))),
    "HTTPRoute": of(parentRefs=many(of(group=TEXT, kind=TEXT, name_=TEXT, port=WHOLE)), rules=many(of(
        matches=many(of(path=of(type=word("Exact", "PathPrefix", "RegularExpression"), value=TEXT))),
        timeouts=of(request=GEP_DURATION, backendRequest=GEP_DURATION),
        retry=of(attempts={"type": "integer", "minimum": 1}, backoff=GEP_DURATION,
                 codes=many({"type": "integer", "minimum": 400, "maximum": 599})),
        backendRefs=many(of(name_=TEXT, port_=WHOLE))), minItems=1)),
    "ScaledObject": of(
        scaleTargetRef_=of(apiVersion=TEXT, kind=TEXT, name_=TEXT), pollingInterval={"type": "integer", "minimum": 1},
        minReplicaCount=COUNT, maxReplicaCount={"type": "integer", "minimum": 1},
        fallback=of(failureThreshold_=COUNT, replicas_=COUNT, behavior=word(
            "static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower", "scalingModifiers")),
        advanced=of(horizontalPodAutoscalerConfig=of(behavior=of(scaleUp=RULES, scaleDown=RULES))),
        triggers_=many(of(type_=TEXT, metricType=word("Value", "AverageValue", "Utilization"), metadata_=named(TEXT)), minItems=1)),
    "VerticalPodAutoscaler": of(
        targetRef_=of(apiVersion=TEXT, kind_=TEXT, name_=TEXT),
        updatePolicy=of(updateMode=word("Off", "Initial", "Recreate", "InPlaceOrRecreate", "Auto"),
                        minReplicas={"type": "integer", "minimum": 1}),
        resourcePolicy=of(containerPolicies=many(of(
            containerName=TEXT, mode=word("Auto", "Off"), minAllowed=named(TEXT), maxAllowed=named(TEXT), controlledResources=many(TEXT),
            controlledValues=word("RequestsAndLimits", "RequestsOnly"))))),
}  # fmt: skip


def require_valid(document: dict[str, Any]) -> None:
    """Raises jsonschema's ValidationError."""
    jsonschema.validate(document["spec"], SPECS[document["kind"]])
