"""The documents of `fuota list` and `fuota devices`."""

from typing import Annotated, TypedDict

from fuota_constructs.cli.documents.kinds import Count, DevicesByStatus, Moment, Place, TaskName, Text
from fuota_constructs.cli.documents.task import Device


class DeviceCounts(TypedDict):
    """How many devices count as what."""

    updated: Annotated[Count, "have the image"]
    open: Annotated[Count, "have not reported an end"]
    failed: Count


class ListedTask(TypedDict):
    """A FUOTA task; null where the service says nothing."""

    place: Place
    id: Text
    arn: Text
    name: str | None
    status: Annotated[str | None, "null where the task could not be read"]
    rf_region: str | None
    created_at: Moment | None
    starts_at: Moment | None
    devices: DeviceCounts
    devices_by_status: DevicesByStatus
    problem: Annotated[str | None, "why it could not be read; null where it was"]


class TaskList(TypedDict):
    """The FUOTA tasks there are: `fuota list --json`."""

    schema: str
    fuota_tasks: list[ListedTask]


class Devices(TypedDict):
    """The devices of a task, with --status only those: `fuota devices --json`."""

    schema: str
    place: Place
    task: TaskName
    task_status: str
    devices_by_status: Annotated[DevicesByStatus, "of the whole task"]
    devices: Annotated[list[Device], "failed first"]
