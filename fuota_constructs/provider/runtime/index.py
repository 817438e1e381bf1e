"""The Lambda entry: one event in, exactly one answer out, whatever happens in between.

The work runs in a thread of its own and only this one answers, so there can be neither two answers nor none: not when
the work raises, not when its modules cannot be imported, not when a call hangs.
"""

from collections.abc import Mapping
from typing import Any

from aws_calls import AwsCalls
from failure_reason import failure_reason
from protocol import (
    CREATE_OUTCOME_UNKNOWN,
    LambdaContext,
    Log,
    Outcome,
    ProviderError,
    Request,
    answer_body,
    deliver,
)

# The answer leaves at least 15 s before Lambda's deadline; 20 s give its first attempt 5 s of those.
ANSWERING_SECONDS = 20
# Before that, so much is left to undo what a failure would leave behind.
CLEARING_UP_SECONDS = 20


def handler(event: Mapping[str, Any], context: LambdaContext) -> None:
    """Answer one event of CloudFormation."""
    answer(event, context, AwsCalls())


def answer(event: Mapping[str, Any], context: LambdaContext, calls: AwsCalls) -> None:
    """Answer one event of CloudFormation, with the side effects given.

    Raises:
        AnswerNotDeliveredError: CloudFormation could not be reached; Lambda then delivers the event again, and every
            kind of request can be repeated.
    """
    request = Request.of(event)
    log = Log(request)
    log.info("request")
    if not request.response_url:
        log.error("the event has no ResponseURL: nobody waits for an answer, so nothing is done")
        return
    try:
        result = _too_late(request, calls) or _work(request, context, calls, log)
    except Exception as error:  # noqa: BLE001  # no thread, no context: CloudFormation is waiting all the same
        result = failure_reason(error)
    outcome, reason = (result, "") if isinstance(result, Outcome) else (None, result)
    body = answer_body(request, outcome=outcome, reason=reason)
    if outcome is None:
        log.error(reason, answeredId=request.id_if_failed)
    deliver(request, body, calls)
    log.info("answered", status="SUCCESS" if outcome else "FAILED", bytes=len(body))


def _too_late(request: Request, calls: AwsCalls) -> str:
    """Why a request is not worked on any more: what it changed now would be done behind CloudFormation's back."""
    age = request.mark.age(calls.epoch())
    if age <= request.service_timeout:
        return ""
    if request.kind == "Create":
        # What an earlier delivery of it made is not forgotten.
        request.id_if_failed = f"{CREATE_OUTCOME_UNKNOWN}:{request.mark}"
    return (
        f"the request came {age:.0f} s after CloudFormation had sent it, which waits {request.service_timeout} s: "
        "nothing was done. Deploy again"
    )


def _work(request: Request, context: LambdaContext, calls: AwsCalls, log: Log) -> Outcome | str:
    """Do what is asked within the time there is; a string is the reason of a failure."""
    seconds = context.get_remaining_time_in_millis() / 1000 - ANSWERING_SECONDS
    calls.work_by = calls.now() + seconds - CLEARING_UP_SECONDS
    results: list[Outcome | str] = []

    def work() -> None:
        try:
            results.append(_dispatch(request, calls, log))
        except BaseException as error:  # noqa: BLE001  # SystemExit and broken imports too
            results.append(failure_reason(error, log_stream=_log_stream(request, context)))

    calls.run(work, seconds=max(seconds, 0))
    # Lambda freezes a thread that is left behind and may thaw it during a later event: it must change nothing then.
    calls.abandoned = True
    late = ProviderError("a call to AWS did not return in time: deploy again")
    return results[0] if results else failure_reason(late, log_stream=_log_stream(request, context))


def _dispatch(request: Request, calls: AwsCalls, log: Log) -> Outcome:
    # Imported here, where a failing import becomes an answer.
    import firmware_object
    import fuota_rollout
    import fuota_task
    import multicast_group_settings

    resources = {
        "Custom::FuotaTask": fuota_task.ACTIONS,
        "Custom::FirmwareObject": firmware_object.ACTIONS,
        "Custom::FuotaRollout": fuota_rollout.ACTIONS,
        "Custom::MulticastGroupSettings": multicast_group_settings.ACTIONS,
    }
    actions = resources.get(request.resource_type)
    if actions is None and request.kind == "Delete":
        # A type of a later version of the library, after a way back to this one: nothing here can have made it, and a
        # failure would keep the stack from ever being deleted.
        log.warning("this version of the provider does not know the resource type: nothing is deleted")
        return Outcome(request.id_if_failed)
    if actions is None:
        *most, last = resources
        known = f"{', '.join(most)} and {last}"
        raise ProviderError(f"this provider makes {known}, not the resource type {request.resource_type!r}")
    action = actions.get(request.kind)
    if action is None:
        raise ProviderError(f"the request type must be one of {', '.join(actions)}, got {request.kind!r}")
    return action(request, calls, log)


def _log_stream(request: Request, context: LambdaContext) -> str:
    # The rollback of a first deployment deletes the log group, so a reason that points there leads nowhere.
    return "" if request.kind == "Create" else context.log_stream_name
