"""`Custom::FuotaTask`: makes, changes and deletes a FUOTA task of AWS IoT Core for LoRaWAN."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import adoption
import aws_errors
import downgrade
import kept_session
import leftovers
import replacement
import resource_tags
import stack_record
import task_service
from aws_calls import AwsCalls
from charge import Charge
from new_task import new_task
from properties import TaskProperties, former_task_properties, task_properties, unknown_task_properties
from protocol import CREATE_FAILED, Log, Outcome, ProviderError, Request
from task_plan import DELETE_WAITING, FUOTA_DONE, ActualTask, Plan, is_in_session, plan_update
from task_tags import ADOPTED, BEING_WRITTEN, FIELDS, PREFIX, Standing, owner

# The documentation shows ids in this form only; that there is no other is assumed.
TASK_ID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)

# A Delete may be the first to use a permission again that a rollback gave back a moment ago.
DELETE_PATIENCE_SECONDS = 30


def create(request: Request, calls: AwsCalls, log: Log) -> Outcome:
    """Make the task and everything on it.

    When that fails halfway, CloudFormation is told the id of what there is, and its Delete takes it away. Undoing it
    here could delete a task that another delivery of the same event has reported as made.
    """
    calls.be_patient()
    desired = _desired(request, log)
    if desired.adopt:
        return adoption.adopt(desired, request, Charge(request, calls, log), calls, log)
    try:
        return new_task(request, desired, Charge(request, calls, log), calls, log)
    except Exception:
        if TASK_ID.fullmatch(request.id_if_failed):
            _delete_if_forsaken(request.id_if_failed, request, calls, log)
        raise


def update(request: Request, calls: AwsCalls, log: Log) -> Outcome:
    """Bring the task to what the template says: in place, by a new task, or not at all while it is in a session.

    Another task to adopt takes the place of the one there is, as a new task does.

    A new task is answered with its id; the old one is not touched. CloudFormation then deletes the old one "during
    cleanup", and "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS will do deletes, including for resources that got
    created in this update" (aws/aws-cdk docs/CLOUDFORMATION.md): when the stack fails later, its record goes back to
    the old id and the Delete names the new one. Deletes therefore go by their id alone, so that neither order of
    events loses a task or leaves one over. Should a rollback send an Update for the new id instead (AWS does not say
    that it never does), that is an ordinary Update: the new task takes the old properties.

    The Update that follows a failed one "will have ResourceProperties=OLD and OldResourceProperties=NEW" (ibid.). It
    finds the task as it should be and changes nothing, or takes back what the failed one got done, and deletes the new
    task that one may have left.

    Raises:
        ProviderError: the task is in a session and the change is not one of tags alone, the version is lower than the
            one that it has, or a younger request is in charge.
    """
    desired = _desired(request, log)
    former = former_task_properties(request.old_properties)
    charge = Charge(request, calls, log)
    task = task_service.get(request.physical_id, calls) if TASK_ID.fullmatch(request.physical_id) else None
    if task is not None and task.get("Status") == DELETE_WAITING:
        task = None
    if desired.adopt:
        tags = None if task is None else resource_tags.tags(task["Arn"], calls)
        if adoption.is_asked_for(desired, request, tags):
            # CloudFormation then deletes the one on record, as it does a replaced one.
            _check_session(request, task)
            _check_version(desired, former, tags or {}, request=request, calls=calls, log=log)
            calls.be_patient()
            return adoption.adopt(desired, request, charge, calls, log)
    if task is None:
        _check_version(desired, former, {}, request=request, calls=calls, log=log)
        return replacement.of_a_vanished_task(request, desired, charge, calls, log)
    charge.take(task["Arn"])
    actual = task_service.read(request.physical_id, desired, former, calls)
    if actual is None:
        return replacement.of_a_vanished_task(request, desired, charge, calls, log)
    replacement.forget(actual, request, calls, log)
    plan = plan_update(desired, former, actual)
    if lower := downgrade.refusal(desired, former, actual.tags, request=request, calls=calls, log=log):
        charge.finish(actual.arn)
        raise ProviderError(lower)
    if plan.refuse:
        charge.finish(actual.arn)
        raise ProviderError(
            f"FUOTA task {actual.id} is {actual.status}, and {' and '.join(plan.refuse)} cannot change during a "
            f"session. Wait until the task is {FUOTA_DONE} and deploy again, or abort the session by deleting the task "
            f"(aws iotwireless delete-fuota-task --id {actual.id}) and deploy again, which makes a new one"
        )
    if plan.replace:
        log.info("a new task takes the place of this one", why=plan.replace)
        return replacement.beside(actual, desired, request=request, charge=charge, calls=calls, log=log)
    _change(actual, plan, desired.digest_of_fields, calls)
    charge.finish(actual.arn)
    return Outcome(actual.id, {"Arn": actual.arn, "Id": actual.id})


def delete(request: Request, calls: AwsCalls, log: Log) -> Outcome:
    """Delete the task by its physical id and wait until it is gone; a session ends only with the whole stack."""
    calls.be_patient(DELETE_PATIENCE_SECONDS)
    task_id = request.physical_id
    if task_id == CREATE_FAILED:
        return Outcome(task_id)
    if TASK_ID.fullmatch(task_id):
        _delete(task_id, request, calls, log)
    else:
        leftovers.sweep(request, calls, log)
    return Outcome(task_id or CREATE_FAILED)


ACTIONS: Mapping[str, Callable[[Request, AwsCalls, Log], Outcome]] = {
    "Create": create,
    "Update": update,
    "Delete": delete,
}


def _desired(request: Request, log: Log) -> TaskProperties:
    if unknown := unknown_task_properties(request.properties):
        log.warning("properties that this version of the provider does not know are ignored", names=unknown)
    given = task_properties(request.properties)
    # Tags under this library's prefix say who may change or delete a task: a template cannot set them.
    tags = {key: value for key, value in given.tags.items() if not key.startswith(PREFIX)}
    adopted = {ADOPTED: given.adopt} if given.adopt else {}
    own = {**owner(request.stack_id, request.logical_id), **adopted, **given.firmware.tags}
    return replace(given, tags={**tags, **own})


def _check_version(
    desired: TaskProperties,
    former: TaskProperties,
    tags: Mapping[str, str],
    *,
    request: Request,
    calls: AwsCalls,
    log: Log,
) -> None:
    if lower := downgrade.refusal(desired, former, tags, request=request, calls=calls, log=log):
        raise ProviderError(lower)


def _check_session(request: Request, task: Mapping[str, Any] | None) -> None:
    status = None if task is None else task.get("Status")
    if is_in_session(status):
        raise ProviderError(
            f"FUOTA task {request.physical_id} is {status}, and AdoptFuotaTaskId cannot change during a session. Wait "
            f"until the task is {FUOTA_DONE} and deploy again"
        )


def _delete_if_forsaken(task_id: str, request: Request, calls: AwsCalls, log: Log) -> None:
    """Delete what a failing Create made, if CloudFormation does not wait for its answer: it would not know the id."""
    if not stack_record.is_certainly_without(task_id, request, calls, log):
        return
    calls.drop_guard()
    try:
        if task_service.keep_from_starting(task_id, calls, log):
            task_service.request_delete(task_id, calls)
    except Exception as error:  # noqa: BLE001  # the failure that led here is the one to report
        log.warning("the new task could not be deleted again", taskId=task_id, cause=error)


def _change(actual: ActualTask, plan: Plan, digest_of_fields: str, calls: AwsCalls) -> None:
    # Only a role that may be new is worth waiting for; nothing else here is newly permitted.
    if "FirmwareUpdateRole" in plan.fields:
        calls.be_patient()
    if plan.fields:
        resource_tags.tag(actual.arn, {FIELDS: BEING_WRITTEN}, calls)
    task_service.change(actual.id, plan.fields, plan.groups, plan.devices, calls)
    # Tags last: unlike the rest they are never refused because of the task's status.
    resource_tags.untag(actual.arn, plan.drop_tags, calls)
    are_written = plan.fields or actual.tags.get(FIELDS) == BEING_WRITTEN
    resource_tags.tag(actual.arn, {**plan.set_tags, **({FIELDS: digest_of_fields} if are_written else {})}, calls)


def _delete(task_id: str, request: Request, calls: AwsCalls, log: Log) -> None:
    task = task_service.get(task_id, calls)
    standing = Standing()
    if task is not None:
        tags = _tags(task["Arn"], calls, log)
        if not adoption.is_left(task, tags, request, calls, log):
            standing = Standing.of(tags)
            if not task_service.keep_from_starting(task_id, calls, log):
                kept_session.keep(task_id, task["Arn"], standing, request=request, calls=calls, log=log)
            task_service.delete_and_wait(task_id, calls, log)
    if stack_record.is_surely_deleting_the_stack(request, calls, log):
        leftovers.take_away_with_the_stack(task_id, standing, request=request, calls=calls, log=log)
    elif standing.in_place_of:
        leftovers.take_away_in_the_same_place(task_id, standing.in_place_of, request=request, calls=calls, log=log)


def _tags(arn: str, calls: AwsCalls, log: Log) -> dict[str, str]:
    try:
        return resource_tags.tags(arn, calls)
    except Exception as error:
        if not aws_errors.is_denial(error):
            raise
        # Deleting takes no more than the permission to delete.
        log.warning("could not read the tags of the task", cause=error)
        return {}
