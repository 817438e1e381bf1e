"""All FUOTA tasks of an account and Region, with how many devices have the image."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from fuota_constructs.operations.device_status import NOT_GIVEN, status_named
from fuota_constructs.operations.errors import NoSuchTaskError
from fuota_constructs.operations.failures import is_about_one
from fuota_constructs.operations.task import Task, read_task, task_devices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fuota_constructs.operations.aws import Aws


@dataclass(frozen=True, slots=True)
class ListedTask:
    """A task, and its devices by FuotaDeviceStatus; or why it could not be read, with what the list says of it."""

    task: Task
    devices_by_status: dict[str, int]
    refusal: ClientError | None = None

    @property
    def devices(self) -> int:
        """How many devices it has."""
        return sum(self.devices_by_status.values())

    def count_of(self, kind: str) -> int:
        """How many devices count as `updated`, `open` or `failed`."""
        return sum(
            count
            for name, count in self.devices_by_status.items()
            if status_named(None if name == NOT_GIVEN else name).kind == kind
        )


def list_tasks(aws: Aws) -> Iterator[ListedTask]:
    """Each task with its devices; one that is deleted meanwhile is left out."""
    for item in aws.pages("list_fuota_tasks", "FuotaTaskList"):
        try:
            task = read_task(aws, item["Id"])
            found = Counter(device.fuota_status or NOT_GIVEN for device in task_devices(aws, task.id))
        except NoSuchTaskError:
            continue
        except ClientError as error:
            if not is_about_one(error):
                raise
            yield ListedTask(Task(item["Id"], item["Arn"], "", item.get("Name")), {}, error)
        else:
            yield ListedTask(task, dict(sorted(found.items())))
