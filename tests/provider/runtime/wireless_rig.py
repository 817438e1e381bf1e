"""The local IoT Wireless service that the Lambda's tests run on."""

from __future__ import annotations

import contextlib
import http.client
import json
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import aws_calls
import boto3
import pytest

from fuota_constructs.local.iotwireless import IotWirelessService, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lambda_rig import Clock
    from mypy_boto3_iotwireless import IoTWirelessClient


@dataclass
class Cloud:
    """The local IoT Wireless service, seen through boto3 and its admin routes."""

    url: str
    service: IotWirelessService
    clock: Clock
    client: IoTWirelessClient

    def admin(self, method: str, route: str, **document: Any) -> dict[str, Any]:
        """Call an admin route."""
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"))
        with contextlib.closing(connection):
            connection.request(method, f"/_fuota/{route}", body=json.dumps(document))
            answer: dict[str, Any] = json.load(response := connection.getresponse())
            assert response.status == 200, answer
            return answer

    def fault(self, operation: str, fault: str, **details: Any) -> None:
        """Order a fault."""
        self.admin("POST", "faults", operation=operation, fault=fault, **details)

    def heal(self) -> None:
        """Cancel all faults."""
        self.admin("DELETE", "faults")

    def forget_requests(self) -> None:
        """Start to count anew."""
        self.admin("DELETE", "requests")

    def requests(self, *, mutating: bool = False) -> list[str]:
        """The operations that were asked for, in order."""
        asked = self.admin("GET", "requests")["requests"]
        return [request["operation"] for request in asked if request["mutates"] or not mutating]

    def changes(self) -> list[str]:
        """The operations that changed something, without the marks that every Update writes first and last."""
        asked = self.requests(mutating=True)
        while asked[:1] == ["TagResource"]:
            del asked[0]
        while asked and asked[-1] in {"TagResource", "UntagResource"}:
            asked.pop()
        return asked

    def group(self, region: Literal["EU868", "US915"] = "EU868") -> str:
        """Make a multicast group."""
        return self.client.create_multicast_group(LoRaWAN={"RfRegion": region, "DlClass": "ClassC"})["Id"]

    def device(self) -> str:
        """Make a wireless device."""
        return self.client.create_wireless_device(
            Type="LoRaWAN",
            DestinationName="Readings",
            LoRaWAN={"DevEui": secrets.token_hex(8), "FPorts": {"Fuota": 201, "Multicast": 200, "ClockSync": 202}},
        )["Id"]

    def tasks(self) -> dict[str, Any]:
        """Every task that is not being deleted, by id."""
        ids = [task["Id"] for task in self.client.list_fuota_tasks()["FuotaTaskList"]]
        tasks = {task_id: self.client.get_fuota_task(Id=task_id) for task_id in ids}
        return {task_id: task for task_id, task in tasks.items() if task["Status"] != "Delete_Waiting"}

    def groups_of(self, task_id: str) -> set[str]:
        """The groups of a task."""
        answer = self.client.list_multicast_groups_by_fuota_task(Id=task_id)
        return {group["Id"] for group in answer["MulticastGroupList"]}

    def devices_of(self, task_id: str) -> set[str]:
        """The devices of a task."""
        answer = self.client.list_wireless_devices(FuotaTaskId=task_id)
        return {device["Id"] for device in answer["WirelessDeviceList"]}

    def tags_of(self, task_id: str) -> dict[str, str]:
        """The tags of a task."""
        arn = self.client.get_fuota_task(Id=task_id)["Arn"]
        return {tag["Key"]: tag["Value"] for tag in self.client.list_tags_for_resource(ResourceArn=arn)["Tags"]}

    def given_tags(self, task_id: str) -> dict[str, str]:
        """The tags of a task that are not of this library's own."""
        return {key: value for key, value in self.tags_of(task_id).items() if not key.startswith("fuota-constructs:")}

    def start(self, task_id: str) -> None:
        """Schedule the session of a task."""
        self.client.start_fuota_task(Id=task_id)

    def into_session(self, task_id: str) -> None:
        """Bring a task into its session."""
        self.start(task_id)
        self.clock.time += 31 * 60
        assert self.client.get_fuota_task(Id=task_id)["Status"] == "In_FuotaSession"

    def to_done(self, task_id: str) -> None:
        """Bring a task to the end of its session."""
        self.into_session(task_id)
        self.clock.time += 7 * 24 * 3600
        assert self.client.get_fuota_task(Id=task_id)["Status"] == "FuotaDone"


class _CurrentClock:
    """The clock of the test that is running, for a service that outlives tests."""

    clock: Callable[[], float] = staticmethod(time.time)

    def __call__(self) -> float:
        return type(self).clock()


@pytest.fixture(scope="session")
def iotwireless_server() -> Iterator[tuple[str, IotWirelessService, IoTWirelessClient]]:
    """The local IoT Wireless service on a port of its own: no request quota, a repeated association is a conflict."""
    service = IotWirelessService(clock=_CurrentClock(), requests_per_second=None, strict_associations=True)
    with serve(service) as url:
        yield url, service, boto3.client("iotwireless", endpoint_url=url)


@pytest.fixture
def cloud(
    iotwireless_server: tuple[str, IotWirelessService, IoTWirelessClient],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> Cloud:
    """The local IoT Wireless service, empty, on the clock of the test, where the handler's boto3 finds it."""
    url, service, client = iotwireless_server
    monkeypatch.setattr(_CurrentClock, "clock", clock)
    monkeypatch.setenv("AWS_ENDPOINT_URL_IOT_WIRELESS", url)
    if aws_calls._client("iotwireless").meta.endpoint_url != url:  # the client of a warm Lambda, from another folder
        aws_calls._client.cache_clear()
    cloud = Cloud(url, service, clock, client)
    cloud.admin("POST", "reset")
    return cloud
