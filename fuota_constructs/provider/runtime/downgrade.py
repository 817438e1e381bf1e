"""Whether a deployment would put a lower version over a higher one, which is refused unless it is meant.

What a task has is written on it, as the last thing of every request that brings it firmware: so the Update that takes a
failed one back, whose old properties are those that failed, is compared with what the task really has. A rollback goes
from the new to the old and is never refused; only the status of the stack tells it from a deployment of the older
version. (Assumed: while a failed Update is taken back without a rollback, that status is that of an update.)
"""

from collections.abc import Mapping

import stack_record
from aws_calls import AwsCalls
from firmware_facts import Firmware
from properties import TaskProperties
from protocol import Log, Request
from task_tags import FIRMWARE


def refusal(
    desired: TaskProperties,
    former: TaskProperties,
    tags: Mapping[str, str],
    *,
    request: Request,
    calls: AwsCalls,
    log: Log,
) -> str:
    """Why an Update is refused; empty where it goes on. `tags` are those of the task, none where it is gone."""
    new = desired.firmware
    before = Firmware.of_tag(tags[FIRMWARE]) if FIRMWARE in tags else former.firmware
    if desired.allows_downgrade or not new.is_below(before):
        return ""
    if stack_record.may_be_rolling_back(request, calls, log):
        log.info(
            "a lower version takes the place of a higher one, as the stack may be rolled back", version=new.version
        )
        return ""
    return (
        f"FUOTA task {request.physical_id} has firmware version {before.version}, and the template has {new.version}, "
        "which is lower: devices that compare versions refuse it after the whole session. Deploy a higher version, or "
        "give the task allow_downgrade=True to mean it"
    )
