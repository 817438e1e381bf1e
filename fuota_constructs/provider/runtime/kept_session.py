"""No deployment ends a session: what becomes of a task that CloudFormation wants deleted during its session."""

import aws_errors
import leftovers
import stack_record
import task_service
from aws_calls import AwsCalls
from leftovers import Owned, Search
from mark import same
from protocol import Log, ProviderError, Request
from task_plan import DELETE_WAITING
from task_tags import Standing


def keep(
    task_id: str,
    arn: str,
    standing: Standing,
    *,
    request: Request,
    calls: AwsCalls,
    log: Log,
) -> None:
    """Refuse to delete a task in its session, unless the whole stack is being deleted.

    CloudFormation asks three times in its cleanup and then goes on without the task, which is marked, so that it goes
    when the stack does.

    Raises:
        ProviderError: it is refused.
    """
    deleting = stack_record.is_deleting_the_stack(request, calls, log)
    if deleting or (deleting is None and not _another_goes_on(task_id, standing, request, calls, log)):
        return
    leftovers.leave(arn, calls)
    raise ProviderError(
        f"FUOTA task {task_id} is in a session, which no deployment ends. CloudFormation asks three times and goes on "
        f"without it; it is deleted with the stack. To have it deleted earlier, run aws iotwireless delete-fuota-task "
        f"--id {task_id} when its session is over"
    )


def _another_goes_on(task_id: str, standing: Standing, request: Request, calls: AwsCalls, log: Log) -> bool:
    """Whether a deployment replaced the task by another, or goes back to another, as far as tags tell."""
    try:
        others = Search(request, calls).of_the_resource()
    except Exception as error:
        if not aws_errors.is_denial(error):
            raise
        log.warning("could not look for other tasks of the resource", cause=error)
        return False
    return any(
        other.id != task_id
        and _belongs_to(other, standing)
        and not other.standing.is_to_be_deleted
        and task_service.status(other.id, calls) not in {None, DELETE_WAITING}
        for other in others
    )


def _belongs_to(other: Owned, standing: Standing) -> bool:
    replaced = standing.is_replaced and same(standing.replaced_by, other.standing.made_by)
    replaces = not standing.changed_by and other.standing.is_replaced
    return replaced or (replaces and same(other.standing.replaced_by, standing.made_by))
