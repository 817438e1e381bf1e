"""One look at a task: everything that can be read of it, and what comes of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuota_constructs.operations import task as states
from fuota_constructs.operations.preflight import access_checks
from fuota_constructs.operations.progress import read_progress
from fuota_constructs.operations.task import read_task
from fuota_constructs.operations.verdict import verdict_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fuota_constructs.lorawan.device_stack import DeviceStack
    from fuota_constructs.operations.aws import Aws
    from fuota_constructs.operations.progress import Progress
    from fuota_constructs.operations.verdict import Verdict


def look(aws: Aws, task_id: str, stacks: Sequence[DeviceStack] = ()) -> tuple[Progress, Verdict]:
    """Read a task and judge it; where no device got anything, image and role are looked at for the cause.

    `stacks` are those of the devices, which say what a status of theirs proves.
    """
    progress = read_progress(aws, read_task(aws, task_id))
    in_vain = progress.task.status == states.DONE and not progress.count_of("updated")
    return progress, verdict_of(progress, access_checks(aws, progress) if in_vain else (), stacks)
