"""boto3 against the local IoT Wireless service on a real port, with every answer held against botocore's model."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from fuota_constructs.local.iotwireless import IotWirelessService, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.model import OperationModel, Shape
    from mypy_boto3_iotwireless import IoTWirelessClient

START = 1_800_000_000.0  # a whole number of seconds: 2027-01-15T08:00:00Z
PYTHON_TYPES = {"string": str, "integer": int, "boolean": bool, "structure": dict, "list": list, "float": float}


class Clock:
    """A clock that only moves when it is told to."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        """Move on."""
        self.time += seconds


class Cloud:
    """A service on a port, and how to talk to it."""

    def __init__(self, service: IotWirelessService, url: str, session: botocore.session.Session) -> None:
        self.service = service
        self.url = url
        self.answered: set[str] = set()
        self._session = session

    def client(self, account: str = "123456789012", region: str = "eu-west-1", **config: Any) -> IoTWirelessClient:
        """A boto3 client that checks nothing itself and does not retry."""
        settings = {"parameter_validation": False, "retries": {"total_max_attempts": 1}, **config}
        client: IoTWirelessClient = self._session.create_client(
            "iotwireless",
            endpoint_url=self.url,
            region_name=region,
            aws_access_key_id=account,
            aws_secret_access_key="secret",
            config=Config(**settings),
        )
        client.meta.events.register("before-parse.iot-wireless.*", self._check_answer)
        return client

    def admin(self, method: str, route: str, **document: Any) -> dict[str, Any]:
        """Call an admin route."""
        status, answer = self.http(method, f"/_fuota/{route}", json.dumps(document).encode())
        return {"status": status, **json.loads(answer)}

    def http(self, method: str, path: str, body: bytes | None = None, *, account: str = "") -> tuple[int, bytes]:
        """Send a request without boto3."""
        scope = f"AWS4-HMAC-SHA256 Credential={account}/20270115/eu-west-1/iotwireless/aws4_request, Signature=0"
        headers = {"Authorization": scope} if account else {}
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def _check_answer(self, operation_model: OperationModel, response_dict: dict[str, Any], **_: Any) -> None:
        if response_dict["status_code"] >= 300:
            return
        self.answered.add(operation_model.name)
        assert response_dict["status_code"] == operation_model.http.get("responseCode", 200)
        if operation_model.output_shape is None or response_dict["status_code"] == 204:
            assert response_dict["body"] == b""
            return
        check_shape(operation_model.output_shape, json.loads(response_dict["body"]), operation_model.name)


def check_shape(shape: Shape, value: Any, path: str) -> None:
    """Hold a value from the wire against its shape in the model."""
    if shape.type_name == "timestamp":
        iso = shape.serialization.get("timestampFormat") == "iso8601"
        assert isinstance(value, str if iso else (int, float)), path
        assert not iso or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value), path
        return
    assert isinstance(value, PYTHON_TYPES[shape.type_name]), path
    limits = shape.metadata
    size = len(value) if isinstance(value, (str, list)) else value
    if not isinstance(value, dict):
        assert limits.get("min", size) <= size <= limits.get("max", size), path
    if "enum" in limits:
        assert value in limits["enum"], path
    if "pattern" in limits:
        assert re.fullmatch(limits["pattern"], value), path
    if shape.type_name == "structure":
        for name, item in value.items():
            assert name in shape.members, f"{path}.{name}"
            check_shape(shape.members[name], item, f"{path}.{name}")
    if shape.type_name == "list":
        for item in value:
            check_shape(shape.member, item, path)


@pytest.fixture(scope="session")
def botocore_session() -> botocore.session.Session:
    """One session, so that the model is read once."""
    return botocore.session.get_session()


@pytest.fixture
def clock() -> Clock:
    """The clock of the service."""
    return Clock()


@pytest.fixture
def new_cloud(clock: Clock, botocore_session: botocore.session.Session) -> Iterator[Callable[..., Cloud]]:
    """Start services with settings of their own."""
    with ExitStack() as services:

        def start(**settings: Any) -> Cloud:
            service = IotWirelessService(clock, **{"requests_per_second": None, **settings})
            return Cloud(service, services.enter_context(serve(service)), botocore_session)

        yield start


@pytest.fixture
def cloud(new_cloud: Callable[..., Cloud]) -> Cloud:
    """A service without a request quota."""
    return new_cloud()


@pytest.fixture
def client(cloud: Cloud) -> IoTWirelessClient:
    """A client of the service."""
    return cloud.client()


@pytest.fixture
def task(client: IoTWirelessClient) -> Callable[..., str]:
    """Make a FUOTA task; gives its id."""

    def make(**fields: Any) -> str:
        return client.create_fuota_task(
            **{"FirmwareUpdateImage": "s3://firmware/v2.bin", "FirmwareUpdateRole": "role", **fields}
        )["Id"]

    return make


@pytest.fixture
def group(client: IoTWirelessClient) -> Callable[..., str]:
    """Make a multicast group; gives its id."""

    def make(region: str = "EU868", dl_class: str = "ClassC", **fields: Any) -> str:
        return client.create_multicast_group(LoRaWAN={"RfRegion": region, "DlClass": dl_class}, **fields)["Id"]

    return make


@pytest.fixture
def device(client: IoTWirelessClient) -> Callable[..., str]:
    """Make a wireless device; gives its id."""

    def make(**fields: Any) -> str:
        return client.create_wireless_device(**{"Type": "LoRaWAN", "DestinationName": "readings", **fields})["Id"]

    return make


@pytest.fixture
def refusal() -> Callable[..., dict[str, Any]]:
    """Call what must be refused; gives code, message, status and the other members of the error."""

    def call(function: Callable[..., Any], **parameters: Any) -> dict[str, Any]:
        with pytest.raises(ClientError) as caught:
            function(**parameters)
        response: Any = caught.value.response
        return {
            "code": response["Error"]["Code"],
            "message": response["Error"]["Message"],
            "status": response["ResponseMetadata"]["HTTPStatusCode"],
            **{name: response[name] for name in ("ResourceId", "ResourceType", "ResourceName") if name in response},
        }

    return call
