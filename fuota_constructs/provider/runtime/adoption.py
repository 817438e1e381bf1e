"""Taking a FUOTA task into management that somebody else made, and giving it back when its deployment is undone.

An adopted task is one that was there before: until a deployment with it is through, nothing here may delete it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import resource_tags
import stack_record
import task_service
from aws_calls import AwsCalls
from charge import Charge, SupersededError
from properties import TaskProperties
from protocol import Log, Outcome, ProviderError, Request
from task_plan import PENDING, ActualTask, Changes, Plan, plan_update
from task_tags import (
    ADOPTED,
    ATTACHED,
    BEING_WRITTEN,
    FIELDS,
    LOGICAL_ID,
    PREFIX,
    REPLACED_BY,
    STACK_ID,
    TO_DELETE,
    Standing,
)

_NOTHING = TaskProperties()


def is_asked_for(desired: TaskProperties, request: Request, tags: Mapping[str, str] | None) -> bool:
    """Whether an Update names another task than the one it is about, for the first time.

    `tags` are those of the task on record, None where it is gone. A task that took the place of an adopted one carries
    on whose place it took: the Update of a rollback names that one, which is gone, as if it were new.
    """
    if not desired.adopt or desired.adopt == request.physical_id:
        return False
    before = request.old_properties.get("AdoptFuotaTaskId") if tags is None else tags.get(ADOPTED)
    return before != desired.adopt


def adopt(desired: TaskProperties, request: Request, charge: Charge, calls: AwsCalls, log: Log) -> Outcome:
    """Take charge of a task that exists, and bring it to what the template says while it is `Pending`.

    What the template does not say stays as it is. A failure leaves the task, and takes this library's tags off again.

    Raises:
        ProviderError: there is no such task, it is in charge of another resource, or differs and cannot be changed.
    """
    task_id = desired.adopt
    actual = _read(task_id, desired, calls)
    _check_owner(actual, request)
    _check_differences(actual, desired)
    charge.check_awaited()
    try:
        charge.take(actual.arn)
        actual = _read(task_id, desired, calls)
        plan = _check_differences(actual, desired)
        # The tags first: from here on others are refused.
        attached = dict.fromkeys((f"{ATTACHED}{group}" for group in plan.groups.add), "by the adoption")
        fields = {FIELDS: BEING_WRITTEN if plan.fields else desired.digest_of_fields}
        resource_tags.tag(actual.arn, {**plan.set_tags, **attached, **fields}, calls)
        resource_tags.untag(actual.arn, [key for key in (REPLACED_BY, TO_DELETE) if key in actual.tags], calls)
        task_service.change(actual.id, plan.fields, plan.groups, plan.devices, calls)
        resource_tags.tag(actual.arn, {FIELDS: desired.digest_of_fields} if plan.fields else {}, calls)
    except SupersededError:
        raise
    except Exception as error:
        _give_back_after(error, actual, request, calls, log)
        raise
    charge.finish(actual.arn)
    log.info("adopted the task", taskId=task_id, changed=", ".join(plan.fields))
    return Outcome(task_id, {"Arn": actual.arn, "Id": task_id})


def is_left(task: Mapping[str, Any], tags: Mapping[str, str], request: Request, calls: AwsCalls, log: Log) -> bool:
    """Leave a task that was adopted alone where its Delete is not meant for good; say whether it was left.

    It is given back when the deployment that adopted it is rolled back, and when its nested stack goes: a parent that
    is rolled back deletes that one as anybody would. An older task than the deployment never gets a rollback's Delete,
    which is for what the deployment made. Where tags do not say that it was adopted, the event does.
    """
    if task["Id"] not in {tags.get(ADOPTED), request.properties.get("AdoptFuotaTaskId")}:
        return False
    if tags.get(STACK_ID) != request.stack_id or Standing.of(tags).is_in_charge_of_a_younger_than(request.mark):
        log.warning(
            "the adopted task is not in charge of this resource any more: it is left as it is", taskId=task["Id"]
        )
        return True
    stack = stack_record.read_stack(request, calls, log)
    if stack is not None and "ROLLBACK" not in stack["StackStatus"] and "ParentId" not in stack:
        return False
    log.warning("the adopted task is given back, not deleted", taskId=task["Id"])
    _give_back(task["Id"], task["Arn"], tags, calls, log)
    return True


def _read(task_id: str, desired: TaskProperties, calls: AwsCalls) -> ActualTask:
    actual = task_service.read(task_id, desired, _NOTHING, calls)
    if actual is None:
        raise ProviderError(
            f"FUOTA task {task_id} cannot be adopted: there is none in this account and Region, or it is being "
            "deleted. Correct adopt_fuota_task_id, or leave it out to have a new task made"
        )
    return actual


def _check_owner(actual: ActualTask, request: Request) -> None:
    stack_id, logical_id = actual.tags.get(STACK_ID), actual.tags.get(LOGICAL_ID)
    if stack_id is None or (stack_id, logical_id) == (request.stack_id, request.logical_id):
        return
    raise ProviderError(
        f"FUOTA task {actual.id} cannot be adopted: it is in charge of the resource {logical_id} of the stack "
        f"{stack_id}, which would delete it. Have that stack retain it (removal_policy RETAIN, deploy), take it out "
        f"there (deploy), take the tags {STACK_ID} and {LOGICAL_ID} off the task (aws iotwireless untag-resource "
        f"--resource-arn {actual.arn} --tag-keys {STACK_ID} {LOGICAL_ID}), and deploy again"
    )


def _check_differences(actual: ActualTask, desired: TaskProperties) -> Plan:
    # Outside Pending nothing can be changed, and the session of a task is none of a deployment's business.
    as_if = actual if actual.status == PENDING else replace(actual, status="in a session")
    plan = plan_update(desired, _NOTHING, as_if)
    if plan.refuse:
        raise ProviderError(
            f"FUOTA task {actual.id} cannot be adopted: it is {actual.status}, so it cannot be changed, and "
            f"{' and '.join(plan.refuse)} of the template differ from what it has. Give them as the task has them, or "
            "leave adopt_fuota_task_id out to have a new task made"
        )
    return plan


def _give_back(task_id: str, arn: str, tags: Mapping[str, str], calls: AwsCalls, log: Log) -> None:
    """Take groups and tags of the adoption off; fields and devices stay as it left them.

    A group of the same deployment goes next, and one "in use by a FUOTA task" cannot be deleted.
    """
    groups = [key.removeprefix(ATTACHED) for key in tags if key.startswith(ATTACHED)]
    try:
        task_service.change(task_id, {}, Changes(drop=tuple(groups)), Changes(), calls)
    except Exception as error:  # noqa: BLE001  # it may have been started since
        log.warning("could not take the multicast groups off the task again", taskId=task_id, cause=error)
    resource_tags.untag(arn, [key for key in tags if key.startswith(PREFIX)], calls)


def _give_back_after(error: Exception, actual: ActualTask, request: Request, calls: AwsCalls, log: Log) -> None:
    if actual.tags.get(ADOPTED) == actual.id and actual.tags.get(STACK_ID) == request.stack_id:
        return  # another delivery of this event may have reported it as adopted
    try:
        _give_back(actual.id, actual.arn, resource_tags.tags(actual.arn, calls), calls, log)
    except Exception as refusal:  # noqa: BLE001  # the failure that led here is the one to report
        log.warning("could not take the tags off the task again", taskId=actual.id, cause=refusal)
        error.add_note(f"the task keeps tags that begin with {PREFIX}: take them off before another stack adopts it")
