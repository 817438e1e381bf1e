"""What boto3 raised, as one line that says what to do."""

from __future__ import annotations

import shlex
from urllib.parse import urlsplit

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004  # botocore's own, of which its connection errors are
    CredentialRetrievalError,
    HTTPClientError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSLError,
    SSOError,
    TokenRetrievalError,
)

from fuota_constructs.operations.aws import MAX_ATTEMPTS, code_of, is_denied, is_local

_EXPIRED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
}
_THROTTLED = {
    "ThrottlingException",
    "Throttling",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "SlowDown",
}
"""As IoT Wireless, Step Functions, STS, Lambda, DynamoDB, IAM and S3 say it."""
_BAD_REQUEST = 400
_SERVER_ERROR = 500


def explained(error: BotoCoreError | ClientError, *, endpoint: str | None = None, profile: str | None = None) -> str:
    """The message for an error; `endpoint` is where the environment sends requests, `profile` the one in use."""
    credentials = _credentials(profile)
    match error:
        case ClientError():
            said = _refused(error, credentials)
        case NoRegionError():
            said = "no AWS Region is set: give --region, set AWS_REGION, or set a region in the profile"
        case InvalidRegionError():
            said = f"{error.kwargs.get('region_name')!r} is no AWS Region: give one such as --region eu-west-1"
        case NoCredentialsError():
            said = f"there are no AWS credentials: {credentials}"
        case ProfileNotFound():
            said = f"there is no AWS profile {error.kwargs.get('profile')!r}: see `aws configure list-profiles`"
        case PartialCredentialsError() | SSOError() | TokenRetrievalError() | CredentialRetrievalError():
            said = f"the AWS credentials are of no use ({_first_line(error)}): {credentials}"
        case SSLError():
            said = _without_tls(error)
        case HTTPClientError() if isinstance(error.kwargs.get("error"), ValueError):
            # Not what it is: that may be a secret.
            said = "no request can be made: AWS_SESSION_TOKEN, another credential or the proxy is none"
        case ConnectionError() | HTTPClientError():
            said = _silent(error, endpoint)
        case _:
            said = _first_line(error)
    return said


def is_about_one(error: ClientError) -> bool:
    """Whether a refusal is about what was asked for, and others of its kind may be read all the same.

    It is not where the credentials expired, others use up the quota, or the service has a fault.
    """
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return _BAD_REQUEST <= status < _SERVER_ERROR and code_of(error) not in _EXPIRED | _THROTTLED


def _credentials(profile: str | None) -> str:
    login = shlex.join(["aws", "sso", "login", *(["--profile", profile] if profile else [])])
    other = "another --profile" if profile else "--profile"
    return f"log in (`{login}`), give {other}, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"


def _refused(error: ClientError, credentials: str) -> str:
    code, message = code_of(error), error.response.get("Error", {}).get("Message", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if message.lstrip().startswith("<"):  # a page, of a proxy or of another program
        said = f"{error.operation_name} was answered by something that is not AWS ({status})"
        return f"{said}: check AWS_ENDPOINT_URL and the proxy"
    said = f"{error.operation_name} was refused ({code}): {message}"
    if code in _EXPIRED:
        return f"{said}: {credentials}"
    if is_denied(error):
        return f"{said}: allow the action to your user or role, or use another --profile"
    if code in _THROTTLED:
        return f"{said} {MAX_ATTEMPTS} times in a row: others use up the account's quota, try again in a minute"
    if status >= _SERVER_ERROR:
        return f"{said} {MAX_ATTEMPTS} times in a row: the service has a fault, try again in some minutes"
    return said


def _silent(error: BotoCoreError, endpoint: str | None) -> str:
    url = str(error.kwargs.get("endpoint_url") or endpoint or "the endpoint")
    if is_local(url):
        option = f" --port {port}" if (port := urlsplit(url).port) else ""
        return (
            f"{_base(url)} does not answer: the local cloud was stopped or has another port; see"
            f" `fuota local status{option}`, or start one with `fuota local up --detach{option}`"
            + (", or unset AWS_ENDPOINT_URL to talk to AWS" if endpoint else "")
        )
    return (
        f"{_base(url)} does not answer: check the network and its proxy, and that the Region has AWS IoT Core for"
        f" LoRaWAN ({type(error).__name__})"
    )


def _without_tls(error: BotoCoreError) -> str:
    url = _base(str(error.kwargs.get("endpoint_url")))
    if "WRONG_VERSION_NUMBER" in str(error):
        return f"{url} does not speak TLS: give an address that begins with http://"
    return (
        f"{url} is not trusted ({_first_line(error)}): set AWS_CA_BUNDLE to a file with the certificates of the"
        " authorities of your network; a proxy may have one of its own"
    )


def _base(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}" if rest else url


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(":")
