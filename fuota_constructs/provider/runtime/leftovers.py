"""Tasks that CloudFormation does not know of: found by their tags, and deleted by whoever is next to deal with them.

CloudFormation cancels a Create when another resource fails, and deletes the resource under an id of its own making
while the Create may still run (aws-cloudformation/cloudformation-coverage-roadmap#1814). A replacing Update that is cut
off leaves its new task likewise. And a task in its session is left when CloudFormation wants it deleted.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import aws_errors
import resource_tags
import stack_record
import task_service
from aws_calls import AwsCalls, OutOfTimeError
from charge import MAKING_SECONDS
from mark import Mark, same
from protocol import CREATE_OUTCOME_UNKNOWN, Log, ProviderError, Request
from task_plan import DELETE_WAITING, PENDING
from task_tags import LOGICAL_ID, STACK_ID, TO_DELETE, Standing

# Beyond the time in which a request may make a task: the clocks of CloudFormation and Lambda may differ.
CLOCK_SECONDS = 10
SECONDS_BETWEEN_LOOKS = 10
SHORTEST_SEARCH_SECONDS = 20
# A Create that waits for IAM asks every 20 s whether it is still waited for; a new task may take 30 s to be seen.
STOPPING_SECONDS = 50
# A rollback that a session holds up for days comes to its Deletes only then. Older tasks of the same resource are those
# that a removal policy kept.
LEFTOVER_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True)
class Owned:
    """A task that carries the tags of the stack."""

    id: str
    arn: str
    logical_id: str
    standing: Standing


@dataclass(frozen=True)
class Found:
    """What a look found: tasks as they were made, or going already, and those that somebody has started."""

    untouched: tuple[Owned, ...] = ()
    started: tuple[Owned, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.untouched or self.started)


@dataclass
class Search:
    """Looks through all tasks of the account for those of the stack: one request per task, for lack of a filter."""

    request: Request
    calls: AwsCalls
    _others: set[str] = field(default_factory=set)

    def of_the_stack(self) -> list[Owned]:
        """The tasks of the stack, in any status; those of others are looked at only once."""
        found = []
        for task_id, arn in task_service.every_task(self.calls):
            if task_id not in self._others:
                self.calls.check_time("looking at the tags of all FUOTA tasks")
                tags = resource_tags.tags(arn, self.calls)
                if tags.get(STACK_ID) == self.request.stack_id:
                    found.append(Owned(task_id, arn, tags.get(LOGICAL_ID, ""), Standing.of(tags)))
                elif tags:
                    self._others.add(task_id)
        return found

    def of_the_resource(self) -> list[Owned]:
        """Those that are of the same resource of the stack."""
        return [task for task in self.of_the_stack() if task.logical_id == self.request.logical_id]


def sweep(request: Request, calls: AwsCalls, log: Log) -> None:
    """Delete what the Create left that CloudFormation has no id of, while it may still run.

    Raises:
        Exception: nothing could be looked at, though that may be otherwise next time; only if the Create itself said
            that it does not know what became of its task.
        ProviderError: somebody has started what the Create left, and the whole stack is being taken back.
    """
    unknown, _, text = request.physical_id.partition(f"{CREATE_OUTCOME_UNKNOWN}:")
    create = Mark.read(text) if not unknown else None
    search = Search(request, calls)
    end = calls.now() + max(_making_seconds_left(create or request.mark, calls), SHORTEST_SEARCH_SECONDS)

    def look() -> Found:
        nonlocal end
        record = stack_record.read(request, calls, log)
        if record is not None:
            # The Create reads it too, and stops when it is not waited for.
            end = min(end, calls.now() + STOPPING_SECONDS)
        candidates = [task for task in search.of_the_resource() if _may_be_of_the_create(task, create, request)]
        on_record = record.physical_id if record else ""
        return _sorted_out((task for task in candidates if task.id != on_record), calls, young=create is None)

    found, problem = _look_again(look, lambda: end, calls)
    if problem is not None:
        log.warning("could not look for tasks that a cut-off Create may have left behind", cause=problem)
        if create is not None and not aws_errors.is_denial(problem):
            raise problem
    if found.started and stack_record.is_undoing_the_creation(request, calls, log):
        # Nothing of the stack is left then, and its deletion would send no Delete that takes the task away.
        raise ProviderError(
            f"FUOTA task {' and '.join(task.id for task in found.started)} was started while the creation of its stack "
            "failed, and no deployment ends a session. Delete the stack, which deletes the task too, whatever its "
            "status"
        )
    take_away(found, calls, log)
    if stack_record.is_surely_deleting_the_stack(request, calls, log):
        take_away_with_the_stack(request.physical_id, Standing(), request=request, calls=calls, log=log)


def made_by(mark: Mark, longest: float, *, request: Request, calls: AwsCalls) -> Found:
    """The tasks that an Update made and no other has changed since.

    It may still run: this looks until it may make none any more, so many seconds at most.
    """

    def look() -> Found:
        candidates = (task for task in Search(request, calls).of_the_resource() if same(task.standing.made_by, mark))
        return _sorted_out((task for task in candidates if not task.standing.changed_by), calls)

    end = calls.now() + min(_making_seconds_left(mark, calls) if mark.signed_at else 0, longest)
    found, problem = _look_again(look, lambda: end, calls)
    if problem is not None:
        raise problem
    return found


def beside(task_id: str, request: Request, calls: AwsCalls) -> tuple[Found, bool]:
    """What else was made in place of the same task: by older requests, and whether by a younger one."""
    others = _others_in_place_of(request.physical_id, task_id, request, calls)
    younger = any(task.standing.is_in_charge_of_a_younger_than(request.mark) for task in others)
    # The record of CloudFormation never got past the task that is gone, so whatever took its place before is left over.
    return _sorted_out((task for task in others if _is_older(task, request.mark)), calls), younger


def take_away(found: Found, calls: AwsCalls, log: Log) -> None:
    """Delete what is untouched and wait until it is gone; mark what somebody has started for the end of the stack."""
    started = list(found.started)
    for task in found.untouched:
        if task_service.keep_from_starting(task.id, calls, log):
            log.warning("deleting a task that a cut-off request left behind", taskId=task.id)
            task_service.delete_and_wait(task.id, calls, log)
        else:
            started.append(task)
    for task in started:
        log.warning("a task that a cut-off request left behind is started: it goes with the stack", taskId=task.id)
        leave(task.arn, calls)


def leave(arn: str, calls: AwsCalls) -> None:
    """Mark a task to be deleted with its stack."""
    resource_tags.tag(arn, {TO_DELETE: "with the stack"}, calls)


def take_away_with_the_stack(task_id: str, standing: Standing, *, request: Request, calls: AwsCalls, log: Log) -> None:
    """Delete what is left of the resource when its stack is deleted, and what was marked for that."""
    # Neither what was made in place of this one got on record, nor what was made beside it in place of another; but
    # for one at most, which has a Delete of its own, or a policy that keeps it.
    record = stack_record.read(request, calls, log)
    places = {task_id, standing.in_place_of} - {""} if record else set()
    for task in Search(request, calls).of_the_stack():
        if task.id == task_id or (record and task.id == record.physical_id):
            continue
        if task.standing.is_to_be_deleted or task.standing.in_place_of in places:
            log.info("deleting a task that was left until the stack goes", taskId=task.id)
            task_service.delete_and_wait(task.id, calls, log)
    if standing.replaced_by is not None and record is not None and record.physical_id == task_id:
        # On record to the end, so what was made in its place came of an Update that was cut off.
        found = made_by(standing.replaced_by, MAKING_SECONDS, request=request, calls=calls)
        for task in found.untouched + found.started:
            task_service.delete_and_wait(task.id, calls, log)


def take_away_in_the_same_place(task_id: str, old_id: str, *, request: Request, calls: AwsCalls, log: Log) -> None:
    """Take away what else was made in place of the old task when the one that took its place is replaced or removed.

    An Update that was cancelled while its task could not be seen yet, and then was cut off, leaves that task. Nothing
    points to it once this one, made in the same place, is gone.
    """
    try:
        others = [
            task
            for task in _others_in_place_of(old_id, task_id, request, calls)
            # Asked after it was found, or an Update could have answered with it in between.
            if stack_record.is_certainly_without(task.id, request, calls, log)
        ]
        take_away(_sorted_out(others, calls), calls, log)
    except Exception as error:  # noqa: BLE001  # what this Delete is about is gone: it succeeds whatever else is there
        log.warning("could not look for tasks that a cut-off Update may have left behind", cause=error)


def _look_again(look: Callable[[], Found], end: Callable[[], float], calls: AwsCalls) -> tuple[Found, Exception | None]:
    """Look until something is found or the time is up; the problem is that of the last look."""
    while True:
        found, problem = Found(), None
        try:
            found = look()
        except OutOfTimeError as error:
            return found, error
        except Exception as error:  # noqa: BLE001  # whatever it is, the next look may do better
            problem = error
        if found or not calls.pause(SECONDS_BETWEEN_LOOKS, until=end()):
            return found, problem


def _making_seconds_left(mark: Mark, calls: AwsCalls) -> float:
    return MAKING_SECONDS + CLOCK_SECONDS - mark.age(calls.epoch())


def _may_be_of_the_create(task: Owned, create: Mark | None, request: Request) -> bool:
    if task.standing.changed_by or task.standing.is_to_be_deleted:
        return False  # an Update knew it, so CloudFormation did; or it has been found before
    if create is not None:
        return same(task.standing.made_by, create)
    # A task that a younger Create made is none of the one that this Delete is about.
    return not task.standing.is_in_charge_of_a_younger_than(request.mark)


def _others_in_place_of(old_id: str, task_id: str, request: Request, calls: AwsCalls) -> list[Owned]:
    tasks = Search(request, calls).of_the_resource()
    return [task for task in tasks if task.id != task_id and task.standing.in_place_of == old_id]


def _is_older(task: Owned, mark: Mark) -> bool:
    made = task.standing.made_by
    return made is None or made.signed_at < mark.signed_at


def _sorted_out(tasks: Iterable[Owned], calls: AwsCalls, *, young: bool = False) -> Found:
    untouched: list[Owned] = []
    started: list[Owned] = []
    for task in tasks:
        actual = task_service.get(task.id, calls)
        if actual is None or (young and calls.epoch() - actual["CreatedAt"].timestamp() > LEFTOVER_SECONDS):
            continue
        (untouched if actual.get("Status") in {PENDING, DELETE_WAITING} else started).append(task)
    return Found(tuple(untouched), tuple(started))
