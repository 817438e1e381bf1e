"""A new task in the place of another: beside the old one, or where somebody deleted the one on record."""

from dataclasses import replace

import leftovers
import resource_tags
import stack_record
import task_service
from aws_calls import AwsCalls
from charge import Charge, SupersededError
from mark import same
from new_task import VISIBLE_SECONDS, new_task
from properties import TaskProperties
from protocol import CREATE_FAILED, CREATE_OUTCOME_UNKNOWN, Log, Outcome, ProviderError, Request
from task_plan import ActualTask
from task_tags import IN_PLACE_OF, REPLACED_BY, Standing

# Lambda delivers an event at once; what comes later was delivered before, and the task may have been deleted since.
FIRST_DELIVERY_SECONDS = 30


def beside(
    actual: ActualTask,
    desired: TaskProperties,
    *,
    request: Request,
    charge: Charge,
    calls: AwsCalls,
    log: Log,
) -> Outcome:
    """Make a new task beside the old one.

    The old one is marked first, so that the next request for it finds what this one leaves if it is cut off.
    """
    calls.be_patient()
    resource_tags.tag(actual.arn, {REPLACED_BY: str(request.mark)}, calls)
    # A failed Update keeps the old id, or CloudFormation would delete the old task: so what becomes of the new one is
    # kept apart.
    new = replace(request, id_if_failed=CREATE_FAILED)
    try:
        outcome = new_task(new, _in_place_of(actual.id, desired), charge, calls, log)
        charge.check()
        _check_the_record(outcome.physical_id, request, calls, log)
    except Exception as error:
        # When this event was delivered before, that delivery may have reported the new task as made.
        is_first = not same(Standing.of(actual.tags).replaced_by, request.mark)
        if is_first or stack_record.is_certainly_without(new.id_if_failed, request, calls, log):
            _undo(new, error, calls, log, marked=actual.arn)
        raise
    return outcome


def forget(actual: ActualTask, request: Request, calls: AwsCalls, log: Log) -> None:
    """Delete the task that an earlier Update made in the place of this one, which CloudFormation still has on record.

    That Update was cut off, or rolled back: what CloudFormation knows of it has its own Delete.
    """
    replaced_by = Standing.of(actual.tags).replaced_by
    if replaced_by is None or same(replaced_by, request.mark):
        return
    # That Update finds this one in charge and makes nothing more; what it made may not be readable yet.
    leftovers.take_away(leftovers.made_by(replaced_by, VISIBLE_SECONDS, request=request, calls=calls), calls, log)
    resource_tags.untag(actual.arn, [REPLACED_BY], calls)


def of_a_vanished_task(request: Request, desired: TaskProperties, charge: Charge, calls: AwsCalls, log: Log) -> Outcome:
    """Make a new task where the one on record is gone, which leaves nothing to write a mark on.

    Raises:
        ProviderError: the event has been delivered before, or a younger request makes one.
    """
    if not _is_wanted(request, calls, log):
        _take_away_what_was_cut_off(request, calls, log)
        raise ProviderError(
            f"FUOTA task {request.physical_id} does not exist any more, and the stack may have gone on since this "
            "request was sent, so no new one is made. Deploy again, which makes one"
        )
    log.warning("the task is gone: a new one takes its place")
    # With no task to write a mark on, this tells an Update that is cancelled in the second in which it was sent.
    began_in_rollback = stack_record.is_rolling_back(request, calls, log)
    calls.be_patient()
    new = replace(request, id_if_failed=CREATE_FAILED)
    try:
        outcome = new_task(new, _in_place_of(request.physical_id, desired), charge, calls, log)
        older, younger = leftovers.beside(outcome.physical_id, request, calls)
        if younger:
            raise SupersededError("a younger request has made another task in place of the one that is gone")
        _check_the_record(outcome.physical_id, request, calls, log)
        if not began_in_rollback and stack_record.is_rolling_back(request, calls, log):
            raise SupersededError("the stack rolls back since: another request makes a task in place of the one gone")
    except SupersededError as error:
        # Otherwise the next request deletes what this one made: another delivery may have reported it as made.
        _undo(new, error, calls, log)
        raise
    leftovers.take_away(older, calls, log)
    return outcome


def _in_place_of(old_id: str, desired: TaskProperties) -> TaskProperties:
    return replace(desired, tags={**desired.tags, IN_PLACE_OF: old_id})


def _check_the_record(new_id: str, request: Request, calls: AwsCalls, log: Log) -> None:
    """Notice that CloudFormation does not wait for the new task, whatever became of the old one.

    Raises:
        SupersededError: it does not.
    """
    if stack_record.is_certainly_without(new_id, request, calls, log):
        raise SupersededError(f"CloudFormation does not wait for FUOTA task {new_id} any more: deploy again")


def _is_wanted(request: Request, calls: AwsCalls, log: Log) -> bool:
    record = stack_record.read(request, calls, log)
    if record is None:
        return request.mark.age(calls.epoch()) <= FIRST_DELIVERY_SECONDS
    return record.is_awaited and record.physical_id == request.physical_id


def _take_away_what_was_cut_off(request: Request, calls: AwsCalls, log: Log) -> None:
    """Delete what an earlier delivery of this event made, if CloudFormation neither has it nor waits for it.

    The rollback that made another may have looked before that task could be seen, and Lambda delivers no third time.
    """
    calls.drop_guard()
    try:
        found = leftovers.made_by(request.mark, 0, request=request, calls=calls)
        tasks = found.untouched + found.started
        if all(stack_record.is_certainly_without(task.id, request, calls, log) for task in tasks):
            leftovers.take_away(found, calls, log)
    except Exception as error:  # noqa: BLE001  # that no new one is made is what there is to report
        log.warning("could not look for a task that an earlier delivery of this event may have left", cause=error)


def _undo(new: Request, error: Exception, calls: AwsCalls, log: Log, *, marked: str = "") -> None:
    """Delete the new task of an Update that failed, as nobody else knows its id, and take the mark off the old one."""
    if new.id_if_failed.startswith(CREATE_OUTCOME_UNKNOWN):
        error.add_note("whether a new task was made is unknown: the rollback looks for it")
        return
    # Who is in charge of the old task does not matter to a new one that nobody has on record.
    calls.drop_guard()
    try:
        if new.id_if_failed != CREATE_FAILED:
            if not task_service.keep_from_starting(new.id_if_failed, calls, log):
                raise ProviderError("somebody has started it")
            task_service.delete_and_wait(new.id_if_failed, calls, log)
        if marked:
            resource_tags.untag(marked, [REPLACED_BY], calls)
    except Exception as refusal:  # noqa: BLE001  # the failure that led here is the one to report
        log.warning("the new task could not be deleted again", taskId=new.id_if_failed, cause=refusal)
        error.add_note(f"the new task {new.id_if_failed} could not be deleted again: the rollback tries it")
