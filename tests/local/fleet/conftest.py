"""A served IoT Wireless service with a fleet in it, and how to run a task to its end."""

from __future__ import annotations

import json
import random
import urllib.error
import urllib.request
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from fuota_constructs.local.iotwireless import IotWirelessService, serve

from .image_operator import operator  # noqa: F401  # pytest finds fixtures by their names here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START = 1_800_000_000.0
LEAD = 1800


class Clock:
    """A clock that only moves when it is told to."""

    time = START

    def __call__(self) -> float:
        return self.time


def image_of(size: int) -> bytes:
    """An image of no pattern."""
    return random.Random(size).randbytes(size)


class FleetCloud:
    """A served service whose images are given by URI."""

    def __init__(self, images: dict[str, bytes]) -> None:
        self.images = images
        self.clock = Clock()
        self.reads: list[tuple[str, str, str, str]] = []
        self.service = IotWirelessService(self.clock, requests_per_second=None, image_source=self._read)
        self.url = ""
        self.client: Any = None

    def _read(self, uri: str, role: str, account: str, region: str) -> bytes:
        self.reads.append((uri, role, account, region))
        return self.images[uri]

    def connect(self, url: str) -> None:
        """Make the boto3 client."""
        self.url = url
        self.client = boto3.Session("123456789012", "secret", region_name="eu-west-1").client(
            "iotwireless", endpoint_url=url, config=Config(retries={"total_max_attempts": 1})
        )

    def admin(self, method: str, route: str, document: dict[str, Any] | None = None) -> dict[str, Any]:
        """Call an admin route."""
        body = json.dumps(document).encode() if document is not None else None
        request = urllib.request.Request(f"{self.url}/_fuota/{route}", data=body, method=method)
        try:
            with urllib.request.urlopen(request) as response:
                answer: dict[str, Any] = json.loads(response.read())
        except urllib.error.HTTPError as error:
            with error:
                return {"status": error.code, **json.loads(error.read())}
        return answer

    def group(self, *, dl_class: str = "ClassC", region: str = "US915") -> str:
        """Make a multicast group."""
        made: str = self.client.create_multicast_group(LoRaWAN={"RfRegion": region, "DlClass": dl_class})["Id"]
        return made

    def task(self, *groups: str, **fields: Any) -> str:
        """Make a task for groups: 50 data and 20 coded fragments of 40 bytes, one a second."""
        fields = {
            "FirmwareUpdateImage": "s3://firmware/v2.bin",
            "FirmwareUpdateRole": "arn:aws:iam::123456789012:role/fuota",
            "FragmentSizeBytes": 40,
            "FragmentIntervalMS": 1000,
            "RedundancyPercent": 40,
            **fields,
        }
        given = {name: value for name, value in fields.items() if value is not None}
        task_id: str = self.client.create_fuota_task(**given)["Id"]
        for group_id in groups:
            self.client.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=group_id)
        return task_id

    def fleet(self, **document: Any) -> list[str]:
        """Make a fleet; answers the ids of its devices."""
        answer = self.admin("POST", "fleet", document)
        assert "error" not in answer, answer
        return [device_id for cohort in answer["cohorts"] for device_id in cohort["device_ids"]]

    def start(self, task_id: str) -> None:
        """Start a task in half an hour, and go there."""
        self.client.start_fuota_task(Id=task_id)
        self.clock.time += LEAD

    def run(self, task_id: str, *, seconds: float = 100_000) -> Counter[str]:
        """Start a task and let its session pass; answers how many devices report what."""
        self.start(task_id)
        self.clock.time += seconds
        return self.statuses(task_id)

    def devices(self, task_id: str) -> dict[str, str]:
        """What each device of a task reports, over all pages."""
        found: dict[str, str] = {}
        token: dict[str, str] = {}
        while True:
            answer = self.client.list_wireless_devices(FuotaTaskId=task_id, MaxResults=250, **token)
            found.update({item["Id"]: item["FuotaDeviceStatus"] for item in answer["WirelessDeviceList"]})
            if "NextToken" not in answer:
                return found
            token = {"NextToken": answer["NextToken"]}

    def statuses(self, task_id: str) -> Counter[str]:
        """How many devices of a task report what."""
        return Counter(self.devices(task_id).values())

    def status(self, task_id: str) -> str:
        """The status of a task."""
        found: str = self.client.get_fuota_task(Id=task_id)["Status"]
        return found

    def session(self, task_id: str) -> dict[str, Any]:
        """What GET /_fuota/sessions says of a task."""
        (found,) = [item for item in self.admin("GET", "sessions")["sessions"] if item["task_id"] == task_id]
        assert isinstance(found, dict)
        return found


@pytest.fixture
def new_cloud() -> Iterator[Callable[..., FleetCloud]]:
    """Start services, each with an image of 2000 bytes or other ones."""
    with ExitStack() as served:

        def start(**images: bytes) -> FleetCloud:
            cloud = FleetCloud({"s3://firmware/v2.bin": image_of(2000), **images})
            cloud.connect(served.enter_context(serve(cloud.service)))
            return cloud

        yield start


@pytest.fixture
def cloud(new_cloud: Callable[..., FleetCloud]) -> FleetCloud:
    """A served service."""
    return new_cloud()
