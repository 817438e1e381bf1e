"""The document of `fuota retry --json`."""

from typing import Annotated, Literal, TypedDict

from fuota_constructs.cli.documents.kinds import Place, Share, TaskName, Text
from fuota_constructs.cli.documents.task import Commands


class RetriedDevice(TypedDict):
    """A device that does not have the image."""

    id: Text
    fuota_status: Annotated[str | None, "FuotaDeviceStatus"]


class RetriedGroup(TypedDict):
    """A multicast group to make, and the devices to put into it."""

    dl_class: Literal["ClassB", "ClassC"]
    device_ids: list[str]


class Retry(TypedDict):
    """What sends to those again that do not have the image: `fuota retry --json`."""

    schema: str
    place: Place
    task: TaskName
    summary: Text
    before: Annotated[list[str], "what to look at before"]
    devices: list[RetriedDevice]
    left_out: Annotated[list[RetriedDevice], "for whom sending again is in vain"]
    multicast_groups: Annotated[list[RetriedGroup], "empty where the task was for devices alone"]
    redundancy_percent: int | None
    planned_loss_share: Annotated[
        Share | None, "what the redundancy makes up for; null where no fragments were missing"
    ]
    remarks: Annotated[list[str], "on interval, length and redundancy of the session of the snippet"]
    snippet: Annotated[str | None, "Python, a CDK app; null where there is nothing to send again"]
    next_steps: Commands
