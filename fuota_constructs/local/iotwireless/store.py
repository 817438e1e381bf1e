"""What the local IoT Wireless service remembers, apart for every account and region."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from fuota_constructs.local.iotwireless.errors import invalid, not_found


@dataclass(kw_only=True)
class Resource:
    """A resource: its identity, its tags and its API fields as they were given."""

    id: str
    arn: str
    serial: int  # order of creation inside one account and region, for stable pages
    created_at: float  # epoch seconds
    tags: dict[str, str] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True)
class FuotaTask(Resource):
    """A FUOTA task, who is to receive it, and when its session runs."""

    multicast_group_ids: list[str] = field(default_factory=list)
    wireless_device_ids: list[str] = field(default_factory=list)
    start_time: float | None = None
    done_time: float | None = None
    gone_time: float | None = None  # set by a delete: when the task stops existing


@dataclass(kw_only=True)
class MulticastGroup(Resource):
    """A multicast group, its devices and its session."""

    wireless_device_ids: list[str] = field(default_factory=list)
    session: dict[str, Any] | None = None
    session_end_time: float | None = None
    gone_time: float | None = None
    sent_messages: list[dict[str, Any]] = field(default_factory=list)


@dataclass(kw_only=True)
class WirelessDevice(Resource):
    """A wireless device, and the messages that wait for it."""

    queued_messages: list[dict[str, Any]] = field(default_factory=list)
    last_message: int = 0  # serial of the last one ever queued


@dataclass(kw_only=True)
class DeviceProfile(Resource):
    """A device profile."""


@dataclass(kw_only=True)
class ServiceProfile(Resource):
    """A service profile."""


@dataclass(kw_only=True)
class Destination(Resource):
    """A destination, whose id is its name."""


# Every kind of resource; the class name is also the resource type in its ARN (service authorization reference).
KINDS: tuple[type[Resource], ...] = (
    FuotaTask,
    MulticastGroup,
    WirelessDevice,
    DeviceProfile,
    ServiceProfile,
    Destination,
)
AnyResource = TypeVar("AnyResource", bound=Resource)


class RegionalState:
    """Everything one account has in one region."""

    def __init__(self, account: str, region: str) -> None:
        self.account = account
        self.region = region
        self.tokens: dict[str, Any] = {}  # answers by ClientRequestToken: see idempotency.py
        self._last_serial = 0
        self._resources: dict[str, dict[str, Any]] = {kind.__name__: {} for kind in KINDS}

    def all(self, kind: type[AnyResource]) -> dict[str, AnyResource]:
        """Give the resources of one kind by id, oldest first."""
        return self._resources[kind.__name__]

    def add(
        self,
        kind: type[AnyResource],
        now: float,
        request: dict[str, Any],
        resource_id: str | None = None,
    ) -> AnyResource:
        """Create a resource from the fields of its Create request."""
        self._last_serial += 1
        resource_id = resource_id or str(uuid.uuid4())
        resource = kind(
            id=resource_id,
            arn=f"arn:aws:iotwireless:{self.region}:{self.account}:{kind.__name__}/{resource_id}",
            serial=self._last_serial,
            created_at=now,
            tags=tags_of(request.get("Tags", [])),
            details={name: value for name, value in request.items() if name not in {"Tags", "ClientRequestToken"}},
        )
        self.all(kind)[resource_id] = resource
        return resource

    def get(self, kind: type[AnyResource], resource_id: str) -> AnyResource:
        """Find a resource or answer ResourceNotFoundException."""
        try:
            return self.all(kind)[resource_id]
        except KeyError:
            raise not_found(kind.__name__, resource_id) from None

    def remove(self, resource: Resource) -> None:
        """Forget a resource."""
        del self._resources[type(resource).__name__][resource.id]

    def find_by_arn(self, arn: str) -> Resource:
        """Find a resource of any kind by its ARN or answer ResourceNotFoundException."""
        for resources in self._resources.values():
            for resource in resources.values():
                found: Resource = resource
                if found.arn == arn:
                    return found
        raise not_found("Resource", arn)

    def forget_deleted(self, now: float) -> None:
        """Let the tasks and groups go whose deletion is over."""
        deletable: list[FuotaTask | MulticastGroup] = [
            *self.all(FuotaTask).values(),
            *self.all(MulticastGroup).values(),
        ]
        for resource in deletable:
            if resource.gone_time is not None and resource.gone_time <= now:
                self.remove(resource)

    def dump(self) -> dict[str, Any]:
        """Give everything as JSON types, for the state file."""
        return {
            "tokens": self.tokens,
            "lastSerial": self._last_serial,
            "resources": {
                kind: [asdict(resource) for resource in resources.values()]
                for kind, resources in self._resources.items()
            },
        }

    def load(self, dumped: dict[str, Any]) -> None:
        """Take back what dump() gave."""
        self.tokens = dumped["tokens"]
        self._last_serial = dumped["lastSerial"]
        for kind in KINDS:
            loaded = [kind(**fields) for fields in dumped["resources"].get(kind.__name__, [])]
            self._resources[kind.__name__] = {resource.id: resource for resource in loaded}


class Store:
    """The states of all accounts and regions."""

    def __init__(self) -> None:
        self._states: dict[tuple[str, str], RegionalState] = {}

    def of(self, account: str, region: str) -> RegionalState:
        """Give the state of one account in one region."""
        return self._states.setdefault((account, region), RegionalState(account, region))

    def states(self) -> list[RegionalState]:
        """List the states that were ever asked for."""
        return list(self._states.values())

    def clear(self) -> None:
        """Forget everything."""
        self._states.clear()

    def dump(self) -> dict[str, Any]:
        """Give everything as JSON types, for the state file."""
        return {f"{account}/{region}": state.dump() for (account, region), state in self._states.items()}

    def load(self, dumped: dict[str, Any]) -> None:
        """Take back what dump() gave."""
        self.clear()
        for name, state in dumped.items():
            account, _, region = name.partition("/")
            self.of(account, region).load(state)


def tags_of(tag_list: list[dict[str, str]]) -> dict[str, str]:
    """Turn the API's list of tags into a mapping; a key given twice is refused (assumed)."""
    tags: dict[str, str] = {}
    for tag in tag_list:
        if tag["Key"] in tags:
            raise invalid(f"tag key {tag['Key']!r} is given twice")
        if tag["Key"].lower().startswith("aws:"):
            # General AWS tagging rule ("Tag naming limits and requirements", AWS General Reference).
            raise invalid(f"tag key {tag['Key']!r} starts with 'aws:', which is reserved for AWS")
        tags[tag["Key"]] = tag["Value"]
    return tags
