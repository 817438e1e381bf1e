"""What CloudFormation has on record of the stack and the resource; asked only where a mistake would lose something.

That the record of a resource says CREATE_FAILED or UPDATE_FAILED as soon as CloudFormation stops waiting for it, and
its new id as soon as it has taken the answer, is what stack events show; AWS documents no more than the statuses.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import aws_errors
from aws_calls import AwsCalls
from protocol import Log, Request

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackTypeDef


@dataclass(frozen=True)
class Record:
    """A resource on record; both empty if there is none (any more)."""

    physical_id: str = ""
    status: str = ""

    @property
    def is_awaited(self) -> bool:
        """Whether CloudFormation waits for an answer to a Create or an Update."""
        return self.status.endswith("_IN_PROGRESS") and not self.status.startswith("DELETE_")


def read(request: Request, calls: AwsCalls, log: Log) -> Record | None:
    """The record of the resource, None if it cannot be read."""
    try:
        detail = calls.cloudformation.describe_stack_resource(
            StackName=request.stack_id, LogicalResourceId=request.logical_id
        )["StackResourceDetail"]
    except Exception as error:  # noqa: BLE001  # then others have to tell
        if "does not exist" in aws_errors.message_of(error):
            return Record()
        log.warning("could not read what CloudFormation has on record", cause=error)
        return None
    return Record(detail.get("PhysicalResourceId", ""), detail["ResourceStatus"])


def is_certainly_without(task_id: str, request: Request, calls: AwsCalls, log: Log) -> bool:
    """Whether CloudFormation neither has the task on record nor waits for an answer that names it."""
    record = read(request, calls, log)
    return record is not None and not record.is_awaited and record.physical_id != task_id


def read_stack(request: Request, calls: AwsCalls, log: Log) -> "StackTypeDef | None":
    """The stack, None if this function may not know.

    Raises:
        Exception: the stack could not be read, but may be next time.
    """
    try:
        return calls.until_permitted(lambda: _stack(request, calls))
    except Exception as error:
        if not aws_errors.is_denial(error):
            raise
        log.warning("could not read the status of the stack", cause=error)
        return None


def is_deleting_the_stack(request: Request, calls: AwsCalls, log: Log) -> bool | None:
    """Whether a Delete comes from the deletion of the stack and not from a deployment.

    None if this function may not know.

    Raises:
        Exception: the stack could not be read, but may be next time.
    """
    stack = read_stack(request, calls, log)
    return None if stack is None else stack["StackStatus"].startswith("DELETE_")


def is_surely_deleting_the_stack(request: Request, calls: AwsCalls, log: Log) -> bool:
    """The same for what can wait: not, if that cannot be read now."""
    return _status_if_known(request, calls, log).startswith("DELETE_")


def is_undoing_the_creation(request: Request, calls: AwsCalls, log: Log) -> bool:
    """Whether the creation of the stack is rolled back; not, if that cannot be read now."""
    return _status_if_known(request, calls, log) == "ROLLBACK_IN_PROGRESS"


def is_rolling_back(request: Request, calls: AwsCalls, log: Log) -> bool:
    """Whether an update of the stack is rolled back; not, if that cannot be read now."""
    return "ROLLBACK" in _status_if_known(request, calls, log)


def may_be_rolling_back(request: Request, calls: AwsCalls, log: Log) -> bool:
    """The same where a rollback must not be hindered: it may be, if that cannot be read now."""
    status = _status_if_known(request, calls, log)
    return not status or "ROLLBACK" in status


def _status_if_known(request: Request, calls: AwsCalls, log: Log) -> str:
    try:
        return _stack(request, calls)["StackStatus"]
    except Exception as error:  # noqa: BLE001  # then others have to tell
        log.warning("could not read the status of the stack", cause=error)
        return ""


def _stack(request: Request, calls: AwsCalls) -> "StackTypeDef":
    return calls.cloudformation.describe_stacks(StackName=request.stack_id)["Stacks"][0]
