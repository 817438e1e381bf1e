"""The documents of `fuota local`."""

from typing import Annotated, TypedDict

from fuota_constructs.cli.documents.kinds import AccountId, Amount, Count, Moment, Text


class Cloud(TypedDict):
    """A local cloud that runs."""

    url: Text
    port: int
    pid: int
    iam: Annotated[bool, "whether it enforces IAM policies"]
    log: Annotated[str, "its log file"]
    account: AccountId
    region: Text


class LocalTask(TypedDict):
    """A FUOTA task in the cloud; null where the service says nothing."""

    account: AccountId
    region: Annotated[Text, "AWS Region"]
    id: Text
    arn: Text
    name: str | None
    description: str | None
    status: str
    image: str
    role: str
    redundancy_percent: int | None
    fragment_size_bytes: int | None
    fragment_interval_ms: int | None
    descriptor: str | None
    created_at: Moment | None
    rf_region: str | None
    start_time: Moment | None
    multicast_group_ids: list[str]
    devices: Annotated[dict[str, str | None], "FuotaDeviceStatus by the id of the device"]
    tags: dict[str, str]


class LocalGroup(TypedDict):
    """A multicast group in the cloud; null where the service says nothing."""

    account: AccountId
    region: Annotated[Text, "AWS Region"]
    id: Text
    arn: Text
    name: str | None
    description: str | None
    status: str | None
    rf_region: str | None
    dl_class: str | None
    devices_in_group: int | None


class LocalRollout(TypedDict):
    """A deployed rollout, started or not."""

    account: AccountId | None
    region: Annotated[Text, "AWS Region"]
    name: Text
    state_machine_arn: Text


class LocalStatus(TypedDict):
    """What is in a local cloud, in every account and Region: `fuota local status --json`."""

    schema: str
    cloud: Cloud
    fuota_tasks: list[LocalTask]
    multicast_groups: list[LocalGroup]
    rollouts: list[LocalRollout]


class LocalEnv(TypedDict):
    """The variables that lead to a local cloud and nowhere else: `fuota local env --json`."""

    schema: str
    variables: Annotated[dict[str, str | None], "null is a variable to unset"]


class Fault(TypedDict):
    """A fault on order."""

    operation: Annotated[Text, 'an operation of the service, or "*"']
    fault: Text
    times: Annotated[int | None, "how many requests it still strikes"]
    seconds: Annotated[float | None, "for how long it strikes"]
    delay_seconds: Amount
    after_role_created: bool
    message: str | None
    ordered_at: Annotated[Moment, "by the clock of the service"]


class LocalFaults(TypedDict):
    """The faults on order: `fuota local faults list` and `add`."""

    schema: str
    faults: list[Fault]


class AddedCohort(TypedDict):
    """Devices of one kind that were made."""

    name: Text
    count: Count
    device_ids: list[str]


class LocalFleet(TypedDict):
    """Simulated devices that joined: `fuota local fleet add --json`."""

    schema: str
    devices: Count
    cohorts: list[AddedCohort]
    multicast_group_ids: list[str]


class LocalClock(TypedDict):
    """The clock of the service: `fuota local clock --json`."""

    schema: str
    now: Moment
    speed: Annotated[float, "seconds that pass there in one"]
    advanced_seconds: Annotated[float, "how far it is ahead of real time"]
