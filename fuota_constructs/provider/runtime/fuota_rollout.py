"""`Custom::FuotaRollout`: ties a rollout to its stack. What runs is a state machine; nothing here starts one.

It notes the settings where `start` finds them, refuses to change them under a rollout that is under way, and takes away
what a rollout has made when it goes with its stack.
"""

from collections.abc import Callable, Mapping
from typing import Any

import group_service
import resource_tags
import task_service
from aws_calls import AwsCalls
from protocol import CREATE_FAILED, Log, Outcome, ProviderError, Request
from service_answers import gone_is_fine, items, lets_pass

PHYSICAL_ID = "fuota-constructs:rollout-of:"
TAG = "fuota-constructs:rollout"
"""What the tasks and groups of a rollout carry; the same name as in the rollout's own function."""

CONTROL, PLAN = "control", "plan"
RUNNING = "RUNNING"
DELETE_PATIENCE_SECONDS = 30
SETTLING_SECONDS = 10
"""A step that is under way may still make its group or task; the next one hears of the abort and cleans up itself."""

REQUIRED = ("ControlTable", "Rollout", "Settings")


def create(request: Request, calls: AwsCalls, log: Log) -> Outcome:
    """Note the settings."""
    del log
    calls.be_patient()
    _check(request.properties)
    _note(request.properties, calls)
    return Outcome(f"{PHYSICAL_ID}{request.properties['ControlTable']}")


def update(request: Request, calls: AwsCalls, log: Log) -> Outcome:
    """Note other settings, which the next rollout has; another table is another resource.

    What is noted is compared, not what the template said before: the Update that follows a failed one has nothing to
    take back.

    Raises:
        ProviderError: a rollout is under way.
    """
    del log
    calls.be_patient()
    _check(request.properties)
    table = request.properties["ControlTable"]
    if _item(table, PLAN, calls).get("Settings") != request.properties["Settings"]:
        execution = _under_way(table, calls)
        if execution:
            raise ProviderError(
                f"execution {execution} of the rollout is under way, and what it sends cannot change. Wait until it is"
                " over and deploy again, or abort it first and deploy again"
            )
        _note(request.properties, calls)
    return Outcome(f"{PHYSICAL_ID}{table}")


def delete(request: Request, calls: AwsCalls, log: Log) -> Outcome:
    """Abort what is under way, and take away the tasks and groups of all rollouts there were."""
    calls.be_patient(DELETE_PATIENCE_SECONDS)
    if request.physical_id == CREATE_FAILED:
        return Outcome(CREATE_FAILED)
    table = request.physical_id.removeprefix(PHYSICAL_ID)
    name = str(request.properties.get("Rollout") or "")
    if table and table != request.physical_id:
        _abort(table, calls, log)
    if name:
        _take_away(name, calls, log)
    return Outcome(request.physical_id or CREATE_FAILED)


ACTIONS: Mapping[str, Callable[[Request, AwsCalls, Log], Outcome]] = {
    "Create": create,
    "Update": update,
    "Delete": delete,
}


def _check(properties: Mapping[str, Any]) -> None:
    for name in REQUIRED:
        if not isinstance(properties.get(name), str) or not properties[name]:
            raise ProviderError(f"{name} is required and must be a string, got {properties.get(name)!r}")


def _note(properties: Mapping[str, Any], calls: AwsCalls) -> None:
    noted = {name: {"S": properties[name]} for name in ("Settings",)}
    calls.dynamodb.put_item(TableName=properties["ControlTable"], Item={"Rollout": {"S": PLAN}, **noted})


def _item(table: str, key: str, calls: AwsCalls) -> dict[str, str]:
    answer = calls.dynamodb.get_item(TableName=table, Key={"Rollout": {"S": key}}, ConsistentRead=True)
    return {name: str(value["S"]) for name, value in answer.get("Item", {}).items() if "S" in value}


def _under_way(table: str, calls: AwsCalls) -> str:
    """The name of the execution that is under way, empty where there is none."""
    control = _item(table, CONTROL, calls)
    return control["Execution"] if control.get("Status") == RUNNING and _runs(control, calls) else ""


def _runs(control: Mapping[str, str], calls: AwsCalls) -> bool:
    with lets_pass("ExecutionDoesNotExist"):
        found = calls.stepfunctions.describe_execution(executionArn=control["ExecutionArn"])
        return bool(found["status"] == RUNNING)
    return False


def _abort(table: str, calls: AwsCalls, log: Log) -> None:
    """Say abort, then stop the machine, which may be waiting for hours.

    A wave may outlive the rollout's execution, by its failure or its stop: it hears the abort, too.
    """
    with gone_is_fine():  # the table
        control = _item(table, CONTROL, calls)
        if control.get("Status") != RUNNING:
            return
        calls.dynamodb.update_item(
            TableName=table,
            Key={"Rollout": {"S": CONTROL}},
            UpdateExpression="SET #word = :abort, EndSessions = :yes, #status = :aborted",
            ExpressionAttributeNames={"#word": "Word", "#status": "Status"},
            ExpressionAttributeValues={":abort": {"S": "abort"}, ":yes": {"BOOL": True}, ":aborted": {"S": "ABORTED"}},
        )
        if _runs(control, calls):
            arn = control["ExecutionArn"]
            log.info("the rollout is aborted with its stack", execution=control["Execution"])
            calls.stepfunctions.stop_execution(
                executionArn=arn, error="Aborted", cause="the rollout's stack deletes it"
            )
        calls.sleep(SETTLING_SECONDS)


def _take_away(name: str, calls: AwsCalls, log: Log) -> None:
    """Delete the tasks and groups that carry the tag of this rollout; a session of theirs ends with them."""
    for task in _tagged(name, "FuotaTaskList", calls.iotwireless.list_fuota_tasks, calls):
        task_service.delete_and_wait(task["Id"], calls, log)
    for group in _tagged(name, "MulticastGroupList", calls.iotwireless.list_multicast_groups, calls):
        members = group_service.members(group["Id"], calls)
        group_service.move(group["Id"], join=[], leave=sorted(members), calls=calls)
        with gone_is_fine():
            calls.iotwireless.delete_multicast_group(Id=group["Id"])
        log.info("a group of a rollout is deleted", groupId=group["Id"])


def _tagged(name: str, key: str, page: Callable[..., Any], calls: AwsCalls) -> list[Mapping[str, Any]]:
    # Only of those that a rollout may have named: each look at tags is a request.
    named = [found for found in items(key, page) if str(found.get("Name") or "").startswith("rollout-")]
    return [found for found in named if resource_tags.tags(found["Arn"], calls).get(TAG) == name]
