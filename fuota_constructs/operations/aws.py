"""The way to AWS or to a local cloud: clients that stay under the quota, and retry unless that is in vain."""

from __future__ import annotations

import functools
import json
import os
import time
import urllib.request
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    HTTPClientError,
    InvalidRegionError,
    NoRegionError,
    SSLError,
)

from fuota_constructs.operations.errors import OperationError
from fuota_constructs.operations.request_limit import RequestLimit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.model import OperationModel

MAX_ATTEMPTS: Final = 12
"""Requests made for one call, retries included: throttles and 5xx pass, and nothing that was asked for is left out."""

PAGE_SIZE: Final = 250
"""Items asked for at once, the most the model of AWS IoT Wireless allows."""

CLOCK_SECONDS: Final = 60.0
"""How long a local cloud has to tell its time: its simulated devices may be at work."""

LOCAL_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class Aws:
    """An account and Region, on AWS or local, through boto3's own configuration.

    `profile`, `region`, `endpoint_url` and `verify` are as boto3 has them; None leaves each to boto3. A `session` of
    the caller's takes the place of profile and region, and no proxy is asked on its way.
    """

    def __init__(
        self,
        *,
        profile: str | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
        session: boto3.Session | None = None,
        verify: str | None = None,
        limit: RequestLimit | None = None,
    ) -> None:
        self._session = session or boto3.Session(profile_name=profile, region_name=region or region_in_use(profile))
        self._proxies: dict[str, str] | None = {} if session else None  # None: those of the environment
        if not self._session.region_name:
            raise NoRegionError
        self._endpoint_url = endpoint_url
        self._verify = verify
        self._limit = limit or RequestLimit()

    @functools.cached_property
    def iotwireless(self) -> Any:
        """A client of AWS IoT Wireless."""
        return self._client("iotwireless")

    @functools.cached_property
    def s3(self) -> Any:
        """A client of Amazon S3."""
        return self._client("s3")

    @functools.cached_property
    def iam(self) -> Any:
        """A client of IAM."""
        return self._client("iam")

    @functools.cached_property
    def kms(self) -> Any:
        """A client of AWS KMS."""
        return self._client("kms")

    @functools.cached_property
    def stepfunctions(self) -> Any:
        """A client of AWS Step Functions."""
        return self._client("stepfunctions")

    @functools.cached_property
    def dynamodb(self) -> Any:
        """A client of Amazon DynamoDB."""
        return self._client("dynamodb")

    @functools.cached_property
    def sts(self) -> Any:
        """A client of AWS STS."""
        return self._client("sts")

    @property
    def region(self) -> str:
        """The Region in use."""
        return str(self.iotwireless.meta.region_name)

    @property
    def endpoint(self) -> str:
        """Where requests go."""
        return str(self.iotwireless.meta.endpoint_url)

    @property
    def profile(self) -> str | None:
        """The profile in use; None for the default one."""
        name = self._session.profile_name
        return None if name == "default" else name

    @property
    def is_amazons(self) -> bool:
        """Whether requests go to AWS itself."""
        host = urlsplit(self.endpoint).hostname or ""
        return host.endswith((".amazonaws.com", ".amazonaws.com.cn", ".api.aws"))

    @property
    def is_local(self) -> bool:
        """Whether that is a cloud on this machine."""
        return is_local(self.endpoint)

    def pages(self, operation: str, member: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """All items of a list operation of AWS IoT Wireless."""
        return pages(getattr(self.iotwireless, operation), member, **parameters)

    def clock(self) -> tuple[float, float]:
        """The present in epoch seconds, which a local cloud may have moved, and how many seconds pass there in one.

        Raises OperationError where something takes the question and does not answer within 60 s.
        """
        if self.is_local:
            try:
                with self._asked(f"{self.endpoint}/_fuota/clock") as answer:
                    clock = json.load(answer)
                return float(clock["now"]), float(clock.get("speed", 1.0))
            except (OSError, ValueError, KeyError, TypeError) as error:
                if isinstance(getattr(error, "reason", error), TimeoutError):  # its time may be days from ours
                    raise OperationError(
                        f"{self.endpoint} did not tell its time within {CLOCK_SECONDS:g} s: wait until that cloud is"
                        " less busy, or start it again"
                    ) from error
                # Some other local service, or none: the call that follows says so.
        return time.time(), 1.0

    def _asked(self, url: str) -> Any:
        import ssl

        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        # A local cloud of ours wants proof of its secret; a signature gives none away to what else may listen there.
        request = AWSRequest("GET", url)
        if credentials := self._session.get_credentials():
            SigV4Auth(credentials, "iotwireless", self.region).add_auth(request)
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
        if self._verify:
            handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=self._verify)))
        signed = urllib.request.Request(url, headers=dict(request.headers))  # noqa: S310  # an address of this machine
        return urllib.request.build_opener(*handlers).open(signed, timeout=CLOCK_SECONDS)

    def _client(self, service: str) -> Any:
        session: Any = self._session
        try:
            session.get_credentials()
        except (ValueError, OSError) as error:  # what botocore raises of a program that the profile names
            raise OperationError(
                f"the AWS credentials are of no use ({error}): correct the credential_process of the profile, or give"
                " another --profile"
            ) from error
        config = Config(retries={"mode": "standard", "total_max_attempts": MAX_ATTEMPTS}, proxies=self._proxies)
        try:
            client = session.client(service, endpoint_url=self._endpoint_url, verify=self._verify, config=config)
            _ = urlsplit(client.meta.endpoint_url).port  # botocore looks at it when it sends, and fails there
        except InvalidRegionError:  # a ValueError, too, and one that is explained
            raise
        except ValueError as error:  # what botocore raises where an endpoint is no URL
            raise OperationError(f"{error}: correct AWS_ENDPOINT_URL, --region or the profile") from error
        if service == "iotwireless":
            # Once for every attempt, so that retries keep to the quota, too. Quotas of other services are far above.
            client.meta.events.register(f"before-send.{client.meta.service_model.service_id.hyphenize()}", self._wait)
        # A cloud on this machine that does not answer was stopped: retrying would only delay saying so.
        client.meta.events.register_first(
            f"needs-retry.{client.meta.service_model.service_id.hyphenize()}", _give_up_on_what_is_gone
        )
        return client

    def _wait(self, *, event_name: str, **_: Any) -> None:
        self._limit.wait_for(event_name)


def pages(call: Callable[..., dict[str, Any]], member: str, **parameters: Any) -> Iterator[dict[str, Any]]:
    """All items of a list operation of a client of AWS IoT Wireless, which has no paginators in boto3."""
    token: dict[str, str] = {}
    while True:
        answer = call(MaxResults=PAGE_SIZE, **parameters, **token)
        yield from answer.get(member, [])
        if not answer.get("NextToken"):
            return
        token = {"NextToken": answer["NextToken"]}


def region_in_use(profile: str | None) -> str | None:
    """The Region of the environment or else of the profile, in the order of the AWS SDKs.

    Empty variables count as none. botocore alone knows AWS_DEFAULT_REGION only, and takes an empty one for a Region.
    """
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if region := os.environ.get(name):
            return region
    core = botocore.session.Session(profile=profile)
    return core.get_scoped_config().get("region")


def is_local(url: str) -> bool:
    """Whether a URL is of this machine."""
    return urlsplit(url).hostname in LOCAL_HOSTS


def code_of(error: ClientError) -> str:
    """The error code of a refusal: a name, or the HTTP status where there is no body (HEAD)."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_denied(error: ClientError) -> bool:
    """Whether the caller may not do that."""
    return code_of(error) in {"AccessDenied", "AccessDeniedException", "403", "Forbidden", "UnauthorizedOperation"}


def _give_up_on_what_is_gone(
    *, caught_exception: BaseException | None, operation: OperationModel | None = None, **_: Any
) -> None:
    del operation
    match caught_exception:
        case EndpointConnectionError():
            if is_local(str(caught_exception.kwargs.get("endpoint_url", ""))):
                raise caught_exception
        case SSLError():  # no authority, or no TLS at all; where a connection ends early, the next one may not
            if "EOF" not in str(caught_exception):
                raise caught_exception
        case HTTPClientError():  # a header or a proxy that can be none
            if isinstance(caught_exception.kwargs.get("error"), ValueError):
                raise caught_exception
