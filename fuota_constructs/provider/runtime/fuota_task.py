"""`Custom::FuotaTask`: makes, changes and deletes a FUOTA task of AWS IoT Core for LoRaWAN."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import task_service
from aws_calls import AwsCalls, OutOfTimeError
from botocore.exceptions import ClientError, ParamValidationError
from properties import TaskProperties, former_task_properties, task_properties, unknown_task_properties
from protocol import CREATE_FAILED, CREATE_OUTCOME_UNKNOWN, Log, Outcome, ProviderError, Request
from task_plan import DELETE_WAITING, FUOTA_DONE, plan_update

# Every task carries who it belongs to, so that one whose Create was cut off can be found again.
STACK_TAG = "fuota-constructs:stack-id"
LOGICAL_ID_TAG = "fuota-constructs:logical-id"

# The documentation shows ids in this form only; that there is no other is assumed.
TASK_ID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)

VISIBLE_SECONDS = 30
# A token stays spent when its task is gone, and a deployment that is repeated may come with the same RequestId again.
CREATE_ATTEMPTS = 4
SWEEP_SECONDS = 30
# CloudFormation waits 330 s for a Create; what a cut-off one made is not much older.
LEFTOVER_SECONDS = 3600
LONGEST_DELAY_SECONDS = 10.0


def create(request: Request, calls: AwsCalls, log: Log) -> Outcome:
    """Make the task and everything on it, or nothing at all."""
    return _new_task(request, _desired(request, log), calls, log)


def update(request: Request, calls: AwsCalls, log: Log) -> Outcome:
    """Bring the task to what the template says: in place, by a new task, or not at all while it is in a session.

    A new task is answered with its id; the old one is not touched. CloudFormation then deletes the old one "during
    cleanup", and "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS will do deletes, including for resources that got
    created in this update" (aws/aws-cdk docs/CLOUDFORMATION.md): when the stack fails later, its record goes back to
    the old id and the Delete names the new one. Deletes therefore go by their id alone, so that neither order of
    events loses a task or leaves one over. Should a rollback send an Update for the new id instead (AWS does not say
    that it never does), that is an ordinary Update: the new task takes the old properties.

    The Update that follows a failed one "will have ResourceProperties=OLD and OldResourceProperties=NEW" (ibid.). It
    finds the task as it should be and changes nothing, or takes back what the failed one got done.

    Raises:
        ProviderError: the task is in a session and the change is not one of tags alone.
    """
    desired = _desired(request, log)
    former = former_task_properties(request.old_properties)
    known = TASK_ID.fullmatch(request.physical_id) is not None
    actual = task_service.read(request.physical_id, desired, former, calls) if known else None
    if actual is None:
        log.warning("the task is gone: a new one takes its place")
        return _replacement(request, desired, calls, log)
    plan = plan_update(desired, former, actual)
    if plan.refuse:
        raise ProviderError(
            f"FUOTA task {actual.id} is {actual.status}, and {' and '.join(plan.refuse)} cannot change during a "
            f"session. Wait until the task is {FUOTA_DONE} and deploy again, or abort the session by deleting the task "
            f"(aws iotwireless delete-fuota-task --id {actual.id}) and deploy again, which makes a new one"
        )
    if plan.replace:
        log.info("a new task takes the place of this one", why=plan.replace)
        return _replacement(request, desired, calls, log)
    task_service.change(actual.id, plan.fields, plan.groups, plan.devices, calls)
    # Tags last: unlike the rest they are never refused because of the task's status.
    if plan.drop_tags:
        calls.iotwireless.untag_resource(ResourceArn=actual.arn, TagKeys=list(plan.drop_tags))
    if plan.set_tags:
        calls.iotwireless.tag_resource(ResourceArn=actual.arn, Tags=task_service.tag_list(plan.set_tags))
    return Outcome(actual.id, {"Arn": actual.arn, "Id": actual.id})


def delete(request: Request, calls: AwsCalls, log: Log) -> Outcome:
    """Delete the task by its physical id, in whatever status, and wait until it is gone.

    Groups, role and bucket are deleted next, and a group "in use by a FUOTA task" is not deletable. Taking the groups
    off first would not help: that is refused outside `Pending`, and would leave a crippled task if the delete failed.
    """
    task_id = request.physical_id
    if task_id == CREATE_FAILED:
        return Outcome(task_id)
    if TASK_ID.fullmatch(task_id):
        _delete_and_wait(task_id, calls, log)
    else:
        _sweep(request, calls, log)
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
    owner = {STACK_TAG: request.stack_id, LOGICAL_ID_TAG: request.logical_id}
    return TaskProperties(given.fields, given.groups, given.devices, {**given.tags, **owner})


def _replacement(request: Request, desired: TaskProperties, calls: AwsCalls, log: Log) -> Outcome:
    # A failed Update keeps the old id, or CloudFormation would delete the old task: so what becomes of the new one is
    # kept apart, and nobody but the reader of the reason will look for one that is left over.
    new = replace(request, id_if_failed=CREATE_FAILED)
    try:
        return _new_task(new, desired, calls, log)
    except Exception as error:
        if new.id_if_failed == CREATE_OUTCOME_UNKNOWN:
            error.add_note(f"whether a new task was made is unknown: look for one tagged {LOGICAL_ID_TAG}")
        elif new.id_if_failed != CREATE_FAILED:
            error.add_note(f"delete the new task {new.id_if_failed} yourself: the provider could not")
        raise


def _new_task(request: Request, desired: TaskProperties, calls: AwsCalls, log: Log) -> Outcome:
    parameters = {**task_service.api_fields(desired.fields), "Tags": task_service.tag_list(desired.tags)}
    task_id, arn = _create_visible(request, parameters, calls, log)
    try:
        # An event that Lambda delivers again finds its task, with some or all of this done.
        groups = task_service.groups(task_id, calls) if desired.groups else set()
        devices = task_service.devices(task_id, calls) if desired.devices else set()
        task_service.associate(
            task_id,
            [group for group in desired.groups if group not in groups],
            [device for device in desired.devices if device not in devices],
            calls,
        )
    except Exception:
        _undo(task_id, request, calls, log)
        raise
    log.info("made the task", taskId=task_id)
    return Outcome(task_id, {"Arn": arn, "Id": task_id})


def _create_visible(request: Request, parameters: Mapping[str, Any], calls: AwsCalls, log: Log) -> tuple[str, str]:
    task_id = ""
    for attempt in range(CREATE_ATTEMPTS):
        token = _client_request_token(request, parameters, attempt)
        request.id_if_failed = CREATE_OUTCOME_UNKNOWN
        try:
            task_id, arn = calls.until_permitted(partial(task_service.create, token, parameters, calls))
        except (ClientError, ParamValidationError) as error:
            if _was_refused(error):
                request.id_if_failed = CREATE_FAILED
            raise
        request.id_if_failed = task_id
        try:
            if _is_visible(task_id, calls):
                return task_id, arn
        except Exception:
            _undo(task_id, request, calls, log)
            raise
        # The token was used before, by the same event, and the task it made has been deleted since.
        log.warning("the request token leads to a task that cannot be read", taskId=task_id)
        _undo(task_id, request, calls, log)
    raise ProviderError(f"FUOTA task {task_id} was made but could not be read afterwards: deploy again")


def _client_request_token(request: Request, parameters: Mapping[str, Any], attempt: int) -> str:
    # The same event makes the same task. The parameters are in it because CloudFormation uses a RequestId again when
    # a failed deployment is repeated (aws/aws-cdk#35957), and a token with other parameters is answered with 409.
    parts = [request.stack_id, request.logical_id, request.request_id, parameters, attempt]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()  # 64 characters, the API's maximum


def _was_refused(error: ClientError | ParamValidationError) -> bool:
    """Whether the service certainly made nothing: it said no, or boto3 did not even ask."""
    if isinstance(error, ParamValidationError):
        return True
    answer = error.response.get("ResponseMetadata", {})
    # boto3 may have asked more than once: an attempt before the last can have made the task and lost its answer.
    return int(answer.get("HTTPStatusCode", 500)) < 500 and not answer.get("RetryAttempts")  # noqa: PLR2004


def _is_visible(task_id: str, calls: AwsCalls) -> bool:
    end = calls.now() + VISIBLE_SECONDS
    delay = 1.0
    while (status := task_service.status(task_id, calls)) is None:
        if not calls.pause(delay, until=end):
            return False
        delay = min(2 * delay, LONGEST_DELAY_SECONDS)
    return status != DELETE_WAITING


def _undo(task_id: str, request: Request, calls: AwsCalls, log: Log) -> None:
    """Delete what a failing request made; if that fails too, CloudFormation is told the id and tries itself."""
    try:
        task_service.request_delete(task_id, calls)
    except Exception as refusal:  # noqa: BLE001 - the failure that led here is the one to report
        log.warning("the new task could not be deleted again", taskId=task_id, cause=refusal)
    else:
        request.id_if_failed = CREATE_FAILED


def _delete_and_wait(task_id: str, calls: AwsCalls, log: Log) -> None:
    task_service.request_delete(task_id, calls)
    delay = 1.0
    while (status := task_service.status(task_id, calls)) is not None:
        if calls.pause(delay, until=float("inf")):
            delay = min(2 * delay, LONGEST_DELAY_SECONDS)
        elif status == DELETE_WAITING:
            # Nothing leads back from this status, so the task counts as deleted.
            log.warning("the task is still being deleted: its multicast groups may not be deletable yet")
            return
        else:
            raise ProviderError(f"FUOTA task {task_id} was to be deleted and is still {status}: deploy again")


def _sweep(request: Request, calls: AwsCalls, log: Log) -> None:
    """Find and delete what a Create left behind that never got to answer.

    When another resource fails first, CloudFormation cancels the Create and sends a Delete with an id of its own
    making (aws-cloudformation/cloudformation-coverage-roadmap#1814), while the Create may still be running: so it
    looks for a while. Not being able to look is no reason to block the stack. Only a task that is new and `Pending` can
    be such a leftover: one that a removal policy kept carries the same tags, and may be in a session.
    """
    end = calls.now() + SWEEP_SECONDS
    owner = {STACK_TAG: request.stack_id, LOGICAL_ID_TAG: request.logical_id}.items()
    found: list[str] = []
    try:
        while True:
            tagged = task_service.tagged(owner, calls)
            found = [task_id for task_id in tagged if task_service.is_new(task_id, LEFTOVER_SECONDS, calls)]
            if found:
                break
            if not calls.pause(LONGEST_DELAY_SECONDS, until=end):
                return
    except (ClientError, OutOfTimeError) as error:
        log.warning("could not look for tasks that a cut-off Create may have left behind", cause=error)
    for task_id in found:
        log.warning("deleting a task that a cut-off Create left behind", taskId=task_id)
        _delete_and_wait(task_id, calls, log)
