"""The reason of a failure, written for the person who reads the output of `cdk deploy`."""

import re

import aws_errors
from protocol import ProviderError

_UNANSWERED = "the service did not answer, however often it was asked: deploy again"
HINTS = {
    "ValidationException": "change the property that the message is about and deploy again",
    "AccessDeniedException": "allow it to the role of this Lambda function; the policy that the library writes does, "
    "so look for a permissions boundary, a service control policy or a bucket policy that takes it away, and for a "
    "task whose tag fuota-constructs:stack-id names another stack",
    "ConflictException": "wait until the task and its multicast groups take part in no session, then deploy again",
    "ResourceNotFoundException": "check that the multicast groups and wireless devices exist in this account and "
    "Region, then deploy again",
    "ThrottlingException": "more than the 10 requests a second that IoT Wireless allows per operation are being made "
    "in this account: deploy again later, or have the quota raised",
    "TooManyTagsException": "a FUOTA task takes 200 tags, of which this library sets up to 7, and at "
    "adoption one a group: remove some",
    "InternalServerException": "the service failed: deploy again",
    "EndpointConnectionError": "AWS IoT Core for LoRaWAN may not be offered in this Region: see its endpoints and "
    "quotas in the AWS General Reference",
    "ReadTimeoutError": _UNANSWERED,
    "ConnectTimeoutError": _UNANSWERED,
    "ConnectionClosedError": _UNANSWERED,
    "ResponseStreamingError": _UNANSWERED,
    "IncompleteReadError": _UNANSWERED,
}
_SAME_AS = {"AccessDenied": "AccessDeniedException", "TooManyRequestsException": "ThrottlingException"}


def failure_reason(error: BaseException, *, log_stream: str = "") -> str:
    """What went wrong, what to do, and where the log is."""
    if aws_errors.is_answer(error):
        code = aws_errors.code_of(error) or type(error).__name__
        message = aws_errors.message_of(error) or "no message"
        operation = getattr(error, "operation_name", "")
        what = f"{code}: {message} ({operation}, request id {aws_errors.request_id_of(error)})"
    elif isinstance(error, ProviderError):
        code, what = "", str(error)
    else:
        code = type(error).__name__
        what = f"{code}: {error}"
    parts = [what, *getattr(error, "__notes__", ()), _hint(code, str(error))]
    text = ". ".join(part.rstrip(". \n") for part in parts if part)
    # CloudFormation shows a reason in one line.
    text = re.sub(r"\s+", " ", text).strip()
    return f"{text} (log stream {log_stream})" if log_stream else text


def _hint(code: str, message: str) -> str:
    if code == "ParamValidationError" and "Unknown parameter" in message:
        return (
            "the boto3 of this Lambda runtime does not know that parameter yet (DefaultSessionParameters needs "
            "1.43.43, Descriptor and ParticipatingGateways 1.35.61, the fragment parameters 1.26.78): move the "
            "function to a newer Python runtime"
        )
    return HINTS.get(_SAME_AS.get(code, code), "")
