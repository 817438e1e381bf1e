"""Making a task, once however often the request for it is delivered."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import aws_errors
import resource_tags
import task_service
from aws_calls import AwsCalls
from charge import Charge
from properties import TaskProperties
from protocol import CREATE_FAILED, CREATE_OUTCOME_UNKNOWN, Log, Outcome, ProviderError, Request
from task_plan import DELETE_WAITING
from task_tags import FIELDS, MADE_BY

VISIBLE_SECONDS = 45
LONGEST_DELAY_SECONDS = 10.0


def new_task(request: Request, desired: TaskProperties, charge: Charge, calls: AwsCalls, log: Log) -> Outcome:
    """Make a task and everything on it; `request.id_if_failed` says what there is when that fails."""
    tags = {**desired.tags, MADE_BY: str(request.mark), FIELDS: desired.digest_of_fields}
    parameters = {**task_service.api_fields(desired.fields), "Tags": resource_tags.tag_list(tags)}
    request.id_if_failed = f"{CREATE_OUTCOME_UNKNOWN}:{request.mark}"
    try:
        task_id, arn = task_service.create(_client_request_token(request, parameters), parameters, calls)
    except Exception as error:
        # An error of another operation comes from the guard, which is also asked before boto3 tries again.
        if aws_errors.is_refusal(error) and getattr(error, "operation_name", "CreateFuotaTask") == "CreateFuotaTask":
            request.id_if_failed = CREATE_FAILED
        raise
    request.id_if_failed = task_id
    _await_visible(task_id, calls)
    # An event that Lambda delivers again finds its task, with some or all of this done, or in another's charge.
    charge.covers(arn)
    charge.check()
    groups = task_service.groups(task_id, calls) if desired.groups else set()
    devices = task_service.devices(task_id, calls) if desired.devices else set()
    task_service.associate(
        task_id,
        [group for group in desired.groups if group not in groups],
        [device for device in desired.devices if device not in devices],
        calls,
    )
    log.info("made the task", taskId=task_id)
    return Outcome(task_id, {"Arn": arn, "Id": task_id})


def _client_request_token(request: Request, parameters: Mapping[str, Any]) -> str:
    # The same for every delivery of one request, so that it makes one task. RequestId is not enough: CloudFormation
    # uses one again when a failed deployment is repeated (aws/aws-cdk#35957). The parameters are in it because a token
    # with other parameters is answered with 409. 64 characters are the API's maximum.
    parts = [request.stack_id, request.logical_id, request.request_id, request.mark.request, parameters]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _await_visible(task_id: str, calls: AwsCalls) -> None:
    """Wait until a new task can be read; until then a Delete would not find it either.

    Raises:
        Exception: it still cannot, or it is being deleted.
    """
    end = calls.now() + VISIBLE_SECONDS
    delay = 1.0
    while True:
        problem: Exception = ProviderError(f"FUOTA task {task_id} was made and cannot be read: deploy again")
        try:
            status = task_service.status(task_id, calls)
        except Exception as error:  # noqa: BLE001  # raised below, when the time for it is over
            status, problem = None, error
        if status is not None:
            break
        if not calls.pause(delay, until=end):
            raise problem
        delay = min(2 * delay, LONGEST_DELAY_SECONDS)
    if status == DELETE_WAITING:
        raise ProviderError(f"FUOTA task {task_id} was made by this request before and deleted since: deploy again")
