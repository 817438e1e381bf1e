"""The documents of `fuota preflight`, `start`, `status` and `report`."""

from typing import Annotated, Literal, TypedDict

from fuota_constructs.cli.documents.kinds import (
    Amount,
    Count,
    DevicesByStatus,
    Level,
    Moment,
    Place,
    SessionPlan,
    TaskName,
    Text,
)

Commands = Annotated[list[str], "what to type next, as a shell takes it"]


class Check(TypedDict):
    """One thing that was looked at."""

    name: Text
    outcome: Annotated[Literal["ok", "warning", "error"], "what could not be checked is a warning"]
    message: Text
    remedy: str


class Preflight(TypedDict):
    """Whether the session of a task can work: `fuota preflight --json`."""

    schema: str
    place: Place
    task: TaskName
    ready: Annotated[bool, "no error was found"]
    checks: list[Check]
    next_steps: Commands


class Start(TypedDict):
    """A session that was scheduled: `fuota start --json`."""

    schema: str
    place: Place
    task: TaskName
    starts_at: Moment
    ends_at_by_plan: Moment | None
    warnings: list[str]
    next_steps: Commands


class Task(TypedDict):
    """What GetFuotaTask says; null where it says nothing."""

    id: Text
    arn: Text
    status: str
    name: str | None
    description: str | None
    rf_region: str | None
    start_time: Moment | None
    created_at: Moment | None
    image: Annotated[str, "S3 URI"]
    role: Annotated[str, "ARN"]
    redundancy_percent: int | None
    fragment_size_bytes: int | None
    fragment_interval_ms: int | None
    descriptor: str | None


class StatusVerdict(TypedDict):
    """What came of a task: done is not success, and Successful is not installed."""

    level: Level
    outcome: Literal[
        "pending",
        "waiting",
        "running",
        "done-and-updated",
        "done-in-part",
        "done-but-failed",
        "deleting",
        "unknown",
    ]
    summary: Text
    causes: list[str]
    remedies: list[str]
    final: Annotated[bool, "the task will not change any more by itself"]


class Session(TypedDict):
    """The session of a task; AWS publishes no progress, so the end is by plan."""

    starts_at: Moment | None
    ends_at_by_plan: Moment | None
    image_bytes: int | None
    firmware_version: Annotated[str | None, "as the deployment left it at the image; of a delta, that of its target"]
    firmware_format: str | None
    firmware_digest: Annotated[str | None, "of the content, which signing again does not change"]
    plan: SessionPlan | None
    clock_speed: Annotated[float, "seconds of the session in one of ours; over 1 only in a local cloud"]


class Group(TypedDict):
    """What GetMulticastGroup says; null where it says nothing."""

    id: Text
    name: str | None
    status: str | None
    rf_region: str | None
    dl_class: str | None
    data_rate: int | None
    devices_requested: int | None
    devices_in_group: int | None
    frequency_hz: int | None
    gateways: Count
    gateway_spacing_seconds: Amount
    ping_slot_period: Annotated[int | None, "in slots of 30 ms"]
    gateway_ids: Annotated[list[str], "empty where the service chooses"]


class Device(TypedDict):
    """What ListWirelessDevices says; null where it says nothing."""

    id: Text
    name: str | None
    dev_eui: str | None
    fuota_status: Annotated[str | None, "FuotaDeviceStatus"]
    multicast_status: str | None
    last_uplink: Annotated[str | None, "as the service has it"]
    kind: Annotated[Literal["updated", "open", "failed"], "what the status counts as"]


class Status(TypedDict):
    """A task with everything that was read of it: `fuota status --json`."""

    schema: str
    read_at: Moment
    place: Place
    task: Task
    verdict: StatusVerdict
    next_steps: Commands
    session: Session
    multicast_groups: list[Group]
    devices_by_status: DevicesByStatus
    devices: list[Device]


class Report(Status):
    """The same, to keep: `fuota report --json`."""
