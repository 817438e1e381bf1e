"""Which IAM actions an IoT Wireless request needs, and on which ARNs.

Source: the Service Authorization Reference of AWS IoT Core for LoRaWAN (IoT Wireless), operations table. What it leaves
open is marked "assumed" below.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import unquote

from fuota_constructs.local.iotwireless.json_body import JsonBodyError, json_object

ACTION_PREFIX = "iotwireless:"
# Collection path -> the resource type of its ARNs.
_RESOURCES = {
    "fuota-tasks": "FuotaTask",
    "multicast-groups": "MulticastGroup",
    "wireless-devices": "WirelessDevice",
    "device-profiles": "DeviceProfile",
    "service-profiles": "ServiceProfile",
    "destinations": "Destination",
    "wireless-gateways": "WirelessGateway",
}
_SECOND = {"MulticastGroupId": "MulticastGroup", "WirelessDeviceId": "WirelessDevice"}


class Permission(NamedTuple):
    """An action on an ARN."""

    action: str
    resource: str


class _Route(NamedTuple):
    method: str
    pattern: re.Pattern[str]
    operation: str


@cache
def _routes() -> tuple[_Route, ...]:
    import botocore.session

    model = botocore.session.get_session().get_service_model("iotwireless")
    routes = []
    for operation in model.operation_names:
        http = model.operation_model(operation).http
        path = http["requestUri"].partition("?")[0]
        pattern = re.sub(r"\\\{(\w+)(?:\\\+)?\\\}", r"(?P<\1>[^/]+)", re.escape(path))
        routes.append(_Route(http["method"], re.compile(f"^{pattern}$"), operation))
    return tuple(routes)


def permissions(
    *, method: str, path: str, query: dict[str, list[str]], body: bytes, region: str, account: str
) -> list[Permission]:
    """What the caller must be allowed, the request's own action first; empty when no operation has that route."""
    for route in _routes():
        match = route.pattern.match(path) if route.method == method else None
        if match:
            break
    else:
        return []
    action = ACTION_PREFIX + route.operation
    if route.operation in ("TagResource", "UntagResource", "ListTagsForResource"):
        return [Permission(action, (query.get("resourceArn") or ["*"])[0])]

    def arn(kind: str, identity: str) -> str:
        return f"arn:aws:iotwireless:{region}:{account}:{kind}/{identity}"

    parameters = {name: unquote(value) for name, value in match.groupdict().items()}
    fields = _fields(body)
    kind = _RESOURCES.get(path.split("/")[1])
    identity = parameters.get("Id") or parameters.get("Identifier") or parameters.get("Name")
    needed = [Permission(action, arn(kind, identity) if kind and identity else "*")]
    for name, second in _SECOND.items():
        if value := parameters.get(name) or fields.get(name):
            needed.append(Permission(action, arn(second, str(value))))
    if route.operation.startswith("Create") and fields.get("Tags") and kind:
        # Assumed: tagging on create is checked on the type's wildcard, as the new id is not known to the caller.
        needed.append(Permission(f"{ACTION_PREFIX}TagResource", arn(kind, "*")))
    return needed


def resource_tag_keys(tags: Mapping[str, str]) -> dict[str, str]:
    """The condition keys that the tags of a resource give a request on it (aws:ResourceTag, of every resource type)."""
    return {f"aws:resourcetag/{key.lower()}": value for key, value in tags.items()}


def _fields(body: bytes) -> dict[str, Any]:
    try:
        return json_object(body)
    except JsonBodyError:
        return {}
