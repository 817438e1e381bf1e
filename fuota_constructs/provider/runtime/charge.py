"""Who is in charge of a task: requests overlap, and only the youngest may change anything.

CloudFormation sends the Update of a rollback while the one that it cancelled still runs (aws/aws-cdk#31541), and Lambda
may deliver any event again, minutes later. Every request therefore writes its mark on the task before anything else,
and looks for younger ones before each single change; whoever finds one stops.
"""

import contextlib
from collections.abc import Iterator

import resource_tags
import stack_record
from aws_calls import READ_TIMEOUT_SECONDS, AwsCalls
from mark import Mark, same
from protocol import Log, ProviderError, Request
from task_tags import CHANGED_BY, DONE, UNDER_WAY, Standing, changed_by

# So long after it was sent a request may make a task. Whoever looks for what a cut-off request made looks longer, so
# nothing is made behind his back. Waiting for IAM (90 s) has room in it.
MAKING_SECONDS = 120
# From then on CloudFormation is asked whether it still waits, as another resource may have failed meanwhile.
PROMPT_SECONDS = 5
# A request that was cut off may have one change under way, which arrives before boto3 stops waiting for the answer.
SETTLING_SECONDS = READ_TIMEOUT_SECONDS + 2
# A Create that is over, as an Update is only sent then; unless Lambda delivers it once more.
SETTLING_AFTER_CREATE_SECONDS = 2
# No request is worked on longer than that: the timeout of the function, and a margin.
LONGEST_REQUEST_SECONDS = 330


class SupersededError(ProviderError):
    """A younger request is in charge; nobody waits for the answer of this one."""


class TooLateError(ProviderError):
    """The request may make nothing any more."""


class Charge:
    """What one request is in charge of."""

    def __init__(self, request: Request, calls: AwsCalls, log: Log, *, seconds_between_looks: float = 0.0) -> None:
        """Nothing is taken yet.

        `seconds_between_looks`: how long a look for younger requests holds, where there are too many changes for one
        before each. At most 2 s: so much longer than a call may be under way does the next request wait.
        """
        self._seconds_between_looks = seconds_between_looks
        self._good_until = float("-inf")
        self.mark = request.mark
        self._request = request
        self._calls = calls
        self._log = log
        self._known: dict[str, tuple[Mark, ...]] = {}  # by ARN, the marks that were there before
        self._former: list[str] = []  # the tags of older requests
        self._has_no_order = False  # another request of the same second was there first, and may be the younger
        calls.guard = self.check

    def take(self, arn: str) -> None:
        """Take charge of a task, and wait until nothing that an older request began can change it any more.

        Raises:
            SupersededError: a younger request is in charge.
        """
        before = self._standing(arn)
        # Of two requests signed in the same second the later is the younger, if this is the first time it comes; the
        # request that made the task is always the older.
        was_here = any(same(mark, self.mark) for mark in before.changed_by)
        comes_again = was_here or self.mark.age(self._calls.epoch()) > PROMPT_SECONDS
        younger = [mark for mark in before.changed_by if comes_again and self._is_not_older(mark)]
        self._known[arn] = tuple(mark for mark in before.marks if mark not in younger)
        if any(self._is_not_older(mark) for mark in before.changed_by):
            self._has_no_order = True
        self._former = [f"{CHANGED_BY}{mark}" for mark in before.before(self.mark).changed_by]
        self.check()
        resource_tags.tag(arn, changed_by(self.mark, UNDER_WAY), self._calls)
        if seconds := self._settling_seconds(self._standing(arn)):
            self._calls.sleep(seconds)

    def finish(self, arn: str) -> None:
        """Write on a task that this request is through with it, so that the next need not wait for it."""
        try:
            resource_tags.tag(arn, changed_by(self.mark, DONE), self._calls)
            resource_tags.untag(arn, self._former, self._calls)
        except Exception as error:  # noqa: BLE001  # what was asked for is done
            self._log.warning("could not write on the task that this request is through", cause=error)

    def _release(self, arn: str) -> None:
        """Take the marks off again, where nothing may stay: a request that comes late asks CloudFormation instead."""
        try:
            resource_tags.untag(arn, [*changed_by(self.mark, DONE), *self._former], self._calls)
        except Exception as error:  # noqa: BLE001  # what was asked for is done
            self._log.warning("could not take the marks of this request off again", cause=error)

    @contextlib.contextmanager
    def briefly(self, arn: str) -> Iterator[None]:
        """Be in charge of what may keep no marks, for so long as the body runs, whether it fails or not.

        Raises:
            SupersededError: a younger request is in charge; the marks stay for it.
        """
        self.take(arn)
        try:
            yield
        except SupersededError:
            raise
        except Exception:
            self._release(arn)
            raise
        self._release(arn)

    def covers(self, arn: str) -> None:
        """Change a new task only while no other request has taken charge of it."""
        self._known[arn] = ()

    def check(self, operation: str = "") -> None:
        """Judge whether this request may still do something.

        Raises:
            SupersededError: a younger request is in charge.
            TooLateError: it is too late for making a task.
        """
        if operation == "CreateFuotaTask":
            self._check_making()
        if operation and self._calls.now() < self._good_until:
            return
        if self._has_no_order:
            self._check_waiting()
        for arn, known in self._known.items():
            for mark in self._standing(arn).marks:
                if self._is_not_older(mark) and (mark not in known or mark.signed_at > self.mark.signed_at):
                    raise SupersededError(
                        f"a younger request of CloudFormation is in charge of {arn}: this one changes nothing any more"
                    )
        self._good_until = self._calls.now() + self._seconds_between_looks

    def check_awaited(self) -> None:
        """Notice an event that Lambda delivers again when CloudFormation has gone on.

        Raises:
            TooLateError: it does not wait for this one any more.
        """
        if self.mark.age(self._calls.epoch()) <= PROMPT_SECONDS:
            return
        record = stack_record.read(self._request, self._calls, self._log)
        if record is not None and not record.is_awaited:
            raise TooLateError("CloudFormation does not wait for this any more, so nothing is changed: deploy again")

    def _check_waiting(self) -> None:
        record = stack_record.read(self._request, self._calls, self._log)
        if record is not None and not record.is_awaited:
            raise SupersededError("CloudFormation does not wait for this request any more: it changes nothing more")

    def _is_not_older(self, other: Mark) -> bool:
        return not same(other, self.mark) and other.signed_at >= self.mark.signed_at

    def _settling_seconds(self, standing: Standing) -> float:
        former = standing.before(self.mark)
        if former.youngest is None or former.youngest.age(self._calls.epoch()) > LONGEST_REQUEST_SECONDS:
            return 0
        if former.changed_by:
            return 0 if former.is_done else SETTLING_SECONDS
        return SETTLING_AFTER_CREATE_SECONDS

    def _check_making(self) -> None:
        age = self.mark.age(self._calls.epoch())
        record = stack_record.read(self._request, self._calls, self._log) if age > PROMPT_SECONDS else None
        if age > MAKING_SECONDS or (record is not None and not record.is_awaited):
            raise TooLateError(
                f"no task is made {age:.0f} s after CloudFormation asked for it, because it does not wait for it any "
                "more, or may not: deploy again"
            )

    def _standing(self, arn: str) -> Standing:
        return Standing.of(resource_tags.tags(arn, self._calls))
