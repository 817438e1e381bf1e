"""Holds the signature of a request against the secret of the access key that made it, whether or not IAM is enforced.

MiniStack itself checks signatures only under `AUTH`, and there not those of root keys. Belongs to `ministack_host`,
which checks the seams below.
"""

import hashlib
import importlib
import os
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from fuota_constructs.local.region_names import is_region

SEAMS: tuple[tuple[str, str, tuple[str, ...] | None], ...] = (
    ("ministack.app", "_credential_failure", ("service", "iam_action", "request_id", "denied", "headers")),
    ("ministack.app", "_extract_s3_vhost_bucket", ("host",)),
    ("ministack.app", "_routing_params", ("method", "path", "headers", "body", "query_params")),
    ("ministack.app", "detect_service", ("method", "path", "headers", "query_params")),
    ("ministack.core.iam_evaluator", "AmbiguousAccessKeyError", None),
    ("ministack.core.iam_evaluator", "AuthError", None),
    ("ministack.core.iam_evaluator", "CredentialResolutionError", None),
    ("ministack.core.iam_evaluator", "SignedRequest", None),
    ("ministack.core.iam_evaluator", "_sigv2_check", ("request", "account_id")),
    ("ministack.core.iam_evaluator", "find_iam_access_key_account", ("access_key_id",)),
    ("ministack.core.iam_evaluator", "resolve_credential", ("access_key_id", "account_id", "session_token")),
    ("ministack.core.lambda_runtime", "execution_credentials", ("config",)),
    ("ministack.core.responses", "_account_from_sts_session", ("access_key_id",)),
    (
        "ministack.core.sigv4",
        "header_signature_failure",
        (
            *("signature", "secret", "method", "raw_path", "query_params", "headers", "body"),
            *("presigned", "explain"),
        ),
    ),
    ("ministack.core.sigv4", "parse_header_signature", ("headers",)),
    ("ministack.core.sigv4", "parse_query_signature", ("query_params",)),
    ("ministack.core.sigv4", "request_time_failure", ("signature", "now")),
    ("ministack.services.lambda_svc", "_layer_content_url", ("layer_name", "version")),
    ("ministack.services.lambda_svc", "_presigned_code_url", ("func_name",)),
    ("ministack.services.lambda_svc", "execution_credentials", ("config",)),
)

_ALGORITHMS = ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")
_ACCOUNT = re.compile(r"\d{12}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST_PRESIGN = 7 * 24 * 3600  # Amazon S3 User Guide, presigned URLs
_LINK_SECONDS = 600  # AWS Lambda API, FunctionCodeLocation
_PRESIGN_SKEW = timedelta(minutes=15)
_REMEDY = "The keys of this local cloud are what `fuota local env` prints; each start makes new ones."


@dataclass(frozen=True)
class Request:
    """What of a request its signature covers. Header names are lower case; values of one name are joined."""

    method: str
    path: str
    raw_path: str
    headers: Mapping[str, str]
    query: Mapping[str, list[str]]
    body: bytes = b""


class Signer(NamedTuple):
    """Who signed a request, and for which service."""

    access_key_id: str
    service: str
    is_root: bool


class SignatureError(Exception):
    """Why a request is refused: a code that MiniStack has a wording for in every protocol, and a message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class UnsignedError(SignatureError):
    """A request that nobody signed."""

    def __init__(self) -> None:
        super().__init__("MissingAuthenticationToken", "Request is missing Authentication Token")


def signer_of(request: Request) -> Signer:
    """Who signed a request. Raises SignatureError when nobody did, or not with the secret of the key it names."""
    authorization = request.headers.get("authorization", "")
    in_query = bool({"x-amz-algorithm", "x-amz-signature", "signature"} & {name.lower() for name in request.query})
    if authorization and in_query:
        raise SignatureError("UnsupportedSignature", "only one auth mechanism allowed: a header or the query string")
    if authorization.startswith(tuple(f"{name} " for name in _ALGORITHMS)):
        if authorization.count("Credential=") != 1:  # readers of the header must not disagree on who it is
            raise SignatureError("IncompleteSignature", "Authorization header requires one 'Credential' parameter.")
        return _sigv4_signer(request, presigned=False)
    if _first(request.query, "X-Amz-Algorithm") in _ALGORITHMS:
        return _sigv4_signer(request, presigned=True)
    if authorization.startswith("AWS ") or (_first(request.query, "AWSAccessKeyId") and in_query):
        return _sigv2_signer(request)
    if authorization or in_query:
        raise SignatureError("IncompleteSignature", "the signature is none that AWS knows: it starts with 'AWS4-'.")
    raise UnsignedError


def refusal(request: Request, error: SignatureError, service: str | None = None) -> tuple[int, dict[str, str], bytes]:
    """Answer as the service that was asked words it, in its protocol."""
    app = _module("ministack.app")
    headers, query = dict(request.headers), dict(request.query)
    if service is None:
        parameters = app._routing_params(request.method, request.path, headers, request.body, query)
        service = app.detect_service(request.method, request.path, headers, parameters)
    denied = _module("ministack.core.iam_evaluator").AuthError(error.code, error.message)
    status, answered, body = app._credential_failure(service, "", str(uuid.uuid4()), denied, headers)
    return status, answered, body


def keep_function_secrets(secret: str) -> None:
    """Under IAM, MiniStack makes the keys of a function out of its ARN: let nobody else work them out."""
    made_before: Callable[[dict[str, Any]], dict[str, str]] = _module(
        "ministack.core.lambda_runtime"
    ).execution_credentials

    def execution_credentials(config: dict[str, Any]) -> dict[str, str]:
        return made_before({**config, "FunctionArn": f"{config['FunctionArn']}:{secret}"})

    for module in ("ministack.core.lambda_runtime", "ministack.services.lambda_svc"):
        _module(module).execution_credentials = execution_credentials


def sign_links(secret: str, url: str) -> None:
    """Presign the links to the code of functions and layers (GetFunction), as AWS does; MiniStack only looks it."""
    service = _module("ministack.services.lambda_svc")

    def signed(link_of: Callable[..., str]) -> Callable[..., str]:
        return lambda *arguments: _presigned(f"{url}{urlsplit(link_of(*arguments)).path}", secret)

    for name in ("_presigned_code_url", "_layer_content_url"):
        setattr(service, name, signed(getattr(service, name)))


def _presigned(url: str, secret: str) -> str:
    from botocore.auth import S3SigV4QueryAuth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    responses = _module("ministack.core.responses")
    request = AWSRequest("GET", url)
    credentials = Credentials(responses.get_account_id(), secret)
    S3SigV4QueryAuth(credentials, "s3", responses.get_region(), expires=_LINK_SECONDS).add_auth(request)
    return str(request.url)


def _sigv4_signer(request: Request, *, presigned: bool) -> Signer:
    sigv4 = _module("ministack.core.sigv4")
    parsed = sigv4.parse_query_signature(request.query) if presigned else sigv4.parse_header_signature(request.headers)
    if isinstance(parsed, tuple):
        raise SignatureError(*parsed)
    _check_scope(parsed)
    if failure := _presign_failure(request, parsed) if presigned else sigv4.request_time_failure(parsed):
        raise SignatureError(*failure)
    token = _first(request.query, "X-Amz-Security-Token") if presigned else _header_token(request)
    given_hash = request.headers.get("x-amz-content-sha256", "")
    if _SHA256.fullmatch(given_hash) and hashlib.sha256(request.body).hexdigest() != given_hash:
        raise _mismatch("The provided 'x-amz-content-sha256' header does not match what was computed.")
    failure = sigv4.header_signature_failure(
        *(parsed, _credential(parsed.access_key_id, token).secret_access_key, request.method, request.raw_path),
        *(request.query, request.headers, request.body),
        presigned=presigned,
    )
    if failure:
        code, message = failure
        raise SignatureError(code, f"{message.strip()} {_REMEDY}")
    return Signer(parsed.access_key_id, parsed.service, _is_root(parsed.access_key_id))


def _check_scope(parsed: Any) -> None:
    if parsed.region_set is None and not is_region(parsed.region):
        raise _mismatch(f"Credential should be scoped to a valid region, not '{parsed.region[:100]}'.")
    if "host" not in parsed.signed_headers.split(";"):
        raise _mismatch("'Host' must be a 'SignedHeader' in the AWS Authorization.")


def _presign_failure(request: Request, parsed: Any) -> tuple[str, str] | None:
    expires = _first(request.query, "X-Amz-Expires")
    if parsed.service != "s3" and not expires:
        failure: tuple[str, str] | None = _module("ministack.core.sigv4").request_time_failure(parsed)
        return failure
    if not re.fullmatch(r"\d{1,6}", expires, re.ASCII) or not 1 <= int(expires) <= _LONGEST_PRESIGN:
        return "IncompleteSignature", f"X-Amz-Expires must be a number of seconds from 1 to {_LONGEST_PRESIGN}."
    try:
        signed_at = datetime.strptime(parsed.amz_date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return "IncompleteSignature", "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"."
    now = datetime.now(UTC)
    if now > signed_at + timedelta(seconds=int(expires)):
        return "RequestExpired", "Request has expired"
    if signed_at > now + _PRESIGN_SKEW:
        return "RequestExpired", "Request is not valid yet"
    return None


def _sigv2_signer(request: Request) -> Signer:
    # Only S3 takes this signature still, and boto3 presigns its URLs with it by default.
    authorization = request.headers.get("authorization", "")
    key = authorization[4:].partition(":")[0] if authorization else _first(request.query, "AWSAccessKeyId")
    token = _header_token(request) if authorization else _first(request.query, "x-amz-security-token")
    credential = _credential(key, token)
    evaluator = _module("ministack.core.iam_evaluator")
    bucket = _module("ministack.app")._extract_s3_vhost_bucket(request.headers.get("host", ""))
    path = f"/{bucket}{request.raw_path}" if bucket else request.raw_path
    # botocore signs a bucket as "/name/", which it asks for as "/name".
    for signed_path in (path, f"{path}/") if path.count("/") == 1 else (path,):
        given = (key, request.method, request.raw_path, request.query, request.headers)
        signed = evaluator.SignedRequest(*given, sigv2=True, auth_path=signed_path)
        checked = evaluator._sigv2_check(signed, credential.account_id)
        if not isinstance(checked, evaluator.AuthError):
            return Signer(key, "s3", _is_root(key))
    raise SignatureError(checked.code, checked.message)


def _credential(access_key_id: str, token: str) -> Any:
    evaluator = _module("ministack.core.iam_evaluator")
    unknown = "UnrecognizedClientException"
    invalid = SignatureError(unknown, f"The security token included in the request is invalid. {_REMEDY}")
    if not access_key_id:
        raise invalid
    try:
        found = evaluator.resolve_credential(access_key_id, _account(access_key_id), token)
    except evaluator.AmbiguousAccessKeyError:
        raise invalid from None
    if isinstance(found, evaluator.CredentialResolutionError):
        raise invalid if found.code == unknown else SignatureError(found.code, found.message)
    return found


def _mismatch(message: str) -> SignatureError:
    return SignatureError("SignatureDoesNotMatch", message)


def _account(access_key_id: str) -> str:
    if _ACCOUNT.fullmatch(access_key_id):
        return access_key_id
    own = os.environ["MINISTACK_ACCOUNT_ID"]
    if _is_root(access_key_id):
        return own
    session = _module("ministack.core.responses")._account_from_sts_session(access_key_id)
    return str(session or _module("ministack.core.iam_evaluator").find_iam_access_key_account(access_key_id) or own)


def _is_root(access_key_id: str) -> bool:
    return bool(access_key_id) and bool(_module("ministack.core.iam_evaluator").is_root_access_key(access_key_id))


def _header_token(request: Request) -> str:
    return request.headers.get("x-amz-security-token", "")


def _first(query: Mapping[str, list[str]], name: str) -> str:
    return (query.get(name) or query.get(name.lower()) or [""])[0]


def _module(name: str) -> Any:
    return importlib.import_module(name)
