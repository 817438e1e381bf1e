"""A rehearsal: a fleet of simulated devices, the sessions of every task of a local cloud, and what came of them."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import time
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from fuota_constructs.local.errors import LocalCloudError
from fuota_constructs.local.outcome import Outcome
from fuota_constructs.local.task_outcome import (
    DeviceOutcome,
    TaskAir,
    TaskDelta,
    TaskGroup,
    TaskImage,
    TaskOutcome,
    TaskParameters,
    TaskProgress,
    Trouble,
)
from fuota_constructs.operations.aws import pages

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from fuota_constructs.local.cloud import LocalCloud
    from fuota_constructs.local.fleet import Fleet

LEAD: Final = dt.timedelta(minutes=31)
"""Sessions start 30 minutes ahead or later (AWS IoT Wireless Developer Guide); one more for the calls in between."""

STEPS: Final = 60
"""In how many looks a session is followed when it runs as fast as it computes."""

OF_A_FLEET: Final = "fleet"
"""The destination of the devices that a fleet makes, see `fleet/enrolment.py`; those an app names have another."""

UNDER_WAY: Final = ("FuotaSession_Waiting", "In_FuotaSession")
DELIVERY_SECONDS: Final = 600.0
"""How long one look may take: the devices decode while it waits."""


class Rehearsal:
    """The tasks deployed to a local cloud, with devices that receive."""

    def __init__(self, cloud: LocalCloud, *, leave_out: Container[str] = ()) -> None:
        """Nothing happens yet: add devices, start, then follow. `leave_out` are ids of tasks that are not rehearsed."""
        self._cloud = cloud
        self._leave_out = leave_out
        self._started: list[str] = []
        self._without_target: list[str] = []
        self._devices: set[str] = set()
        self.fleet: Fleet | None = None
        """The fleet as it was made, which may have given way to the devices that the app names."""

    def enrol(self, fleet: Fleet) -> int:
        """Make the devices of a fleet and put them into multicast groups; answers how many there are.

        The groups are those the fleet names, else those of the tasks that are Pending, in every account and Region.
        Devices that are in such a group already, because the app names them, are the first ones of the fleet, in their
        order: the fleet has to have as many, and more only where another group has none. Where a task is for devices
        instead, simulated ones of the fleet's cohorts take the place of those.

        Raises LocalCloudError where nobody could receive, and where fleet and app do not agree on the devices.
        """
        tasks = self._pending()
        named, empty = self._members(tasks)
        alone = [(task, devices) for task in tasks if (devices := self._devices_of(task))]
        if fleet.groups is None and not named and not empty and not alone:
            raise LocalCloudError(self._nobody(tasks))
        if named or empty or fleet.groups is not None:
            self.fleet = fleet = self._agreed(fleet, sum(map(len, named.values())), empty)
            *owned, rest = fleet.cut(*map(len, named.values()), fleet.devices - sum(map(len, named.values())))
            for (place, devices), part in zip(named.items(), owned, strict=True):
                self._take(part, devices, *place)
            if rest.cohorts:
                self._make({"groups": empty, **rest.as_dict()})
        for task, devices in alone:
            self._take(fleet, devices, task["account"], task["aws_region"])
        return len(self._devices)

    def _members(self, tasks: list[dict[str, Any]]) -> tuple[dict[tuple[str, str], list[str]], list[str]]:
        """The devices that are in groups by other ways than a fleet, by account and Region, and groups without any."""
        named: dict[tuple[str, str], dict[str, None]] = {}
        empty: dict[str, None] = {}
        for task in tasks:
            place, listing = (task["account"], task["aws_region"]), self._client(task).list_wireless_devices
            for group in self._groups_of(task):
                found = [
                    device["Id"]
                    for device in pages(listing, "WirelessDeviceList", MulticastGroupId=group)
                    if device.get("DestinationName") != OF_A_FLEET
                ]
                if found:
                    named.setdefault(place, {}).update(dict.fromkeys(found))
                else:
                    empty[group] = None
        return {place: list(devices) for place, devices in named.items()}, sorted(empty)

    @staticmethod
    def _agreed(fleet: Fleet, named: int, empty: list[str]) -> Fleet:
        others = bool(empty) if fleet.groups is None else bool(fleet.groups)
        if not named or fleet.devices == named or (others and fleet.devices > named):
            return fleet
        if fleet.gives_way and not others:
            return fleet.resized(named)
        more = " or more, for the groups it names none for" if others else ""
        raise LocalCloudError(
            f"the app names the {named:,} devices of its multicast groups, and the fleet has {fleet.devices:,}: give"
            f" it {named:,}{more} (--devices {named}, or counts of its cohorts that come to it)\n"
            "  the first ids of the app are the devices of the first cohort, and so on"
        )

    def _take(self, fleet: Fleet, devices: list[str], account: str, region: str) -> None:
        content = {**fleet.as_dict(), "device_ids": devices, "account": account, "aws_region": region}
        content.pop("groups", None)
        self._make(content)

    def _make(self, content: dict[str, Any]) -> None:
        made = self._cloud.admin("fleet", method="POST", content=content, timeout_seconds=DELIVERY_SECONDS)
        self._devices |= {device for cohort in made["cohorts"] for device in cohort["device_ids"]}

    @staticmethod
    def _nobody(tasks: list[dict[str, Any]]) -> str:
        if not tasks:
            return "no FUOTA task that is Pending was deployed: there is nothing to rehearse"
        return (
            "no FUOTA task that is Pending has a multicast group or a device, so nobody could receive"
            f" {', '.join(map(_name, tasks))}: give it multicast_groups"
        )

    def start(self) -> list[str]:
        """Start the session of every task that is Pending and has somebody to receive it; answers their ids.

        Raises LocalCloudError when there is none, when two of them share a group (a device can be in one session at a
        time), and when the service refuses.
        """
        tasks = {task["task_id"]: task for task in self._pending()}
        groups = {task_id: set(self._groups_of(task)) for task_id, task in tasks.items()}
        ready = [task_id for task_id in tasks if groups[task_id] or self._devices_of(tasks[task_id])]
        self._without_target = [_name(task) for task_id, task in tasks.items() if task_id not in ready]
        if not ready:
            raise LocalCloudError(self._nobody(list(tasks.values())))
        for one, other in itertools.combinations(ready, 2):
            if shared := groups[one] & groups[other]:
                raise LocalCloudError(
                    f"the tasks {_name(tasks[one])} and {_name(tasks[other])} share the multicast group"
                    f" {min(shared)}: its devices can be in one session at a time, so rehearse them one by one"
                )
        start_time = dt.datetime.fromtimestamp(self._cloud.admin("clock")["now"], dt.UTC) + LEAD
        for task_id in ready:
            try:
                self._client(tasks[task_id]).start_fuota_task(Id=task_id, LoRaWAN={"StartTime": start_time})
            except ClientError as error:
                raise LocalCloudError(f"{_name(tasks[task_id])} could not be started: {error}") from error
            self._started.append(task_id)
        return ready

    def follow(self, *, speed: float | None = None) -> Iterator[tuple[TaskProgress, ...]]:
        """Let session time pass until every started task is done; yields how far they are after each step.

        `speed` is session seconds per second; by default as fast as the devices can be computed.
        """
        self._cloud.admin("clock", method="POST", content={"advance_seconds": LEAD.total_seconds()})
        if speed is not None:
            self._cloud.admin("clock", method="POST", content={"speed": speed})
        try:
            yield from self._steps(speed)
        finally:
            if speed is not None:
                self._cloud.admin("clock", method="POST", content={"speed": 1})

    def _steps(self, speed: float | None) -> Iterator[tuple[TaskProgress, ...]]:
        step = None
        while True:
            progress = self.progress()
            yield progress
            if all(task.status not in UNDER_WAY for task in progress):
                return
            left = max(task.seconds_left or 0.0 for task in progress)
            if speed is not None:
                time.sleep(min(1.0, max(0.05, left / speed)))
                continue
            step = step or max(1.0, left / STEPS)
            self._cloud.admin("clock", method="POST", content={"advance_seconds": min(step, left + 1.0)})

    def progress(self) -> tuple[TaskProgress, ...]:
        """How far the started tasks are."""
        return tuple(TaskProgress(**_progress(session)) for session in self._own_sessions())

    def outcome(self) -> Outcome:
        """What has come of it until now, for the devices this rehearsal made."""
        listed = self._cloud.admin("fleet?devices=1", timeout_seconds=DELIVERY_SECONDS)
        return Outcome(
            tasks=self.tasks(),
            devices=tuple(
                DeviceOutcome(
                    id=device["id"],
                    cohort=device["cohort"],
                    task_id=device["task_id"],
                    status=device["status"],
                    sent=device["sent"],
                    received=device["received"],
                    completed_after_fragments=device["completed_after_fragments"],
                    has_image=device["has_image"],
                    stack=device["stack"],
                    trouble=Trouble(**device["trouble"]) if device["trouble"] else None,
                    firmware_sha256=device["firmware_sha256"],
                )
                for device in listed["list"]
                if device["id"] in self._devices
            ),
            without_target=tuple(self._without_target),
        )

    def tasks(self) -> tuple[TaskOutcome, ...]:
        """The started tasks: how they are sent, and how far they are."""
        return tuple(self._task_outcome(session) for session in self._own_sessions())

    def groups_of(self, task: TaskOutcome) -> tuple[TaskGroup, ...]:
        """How the multicast groups of a task are sent to; empty where it is for devices alone."""
        place = {"task_id": task.task_id, "account": task.account, "aws_region": task.aws_region}
        return tuple(_group(self._client(place), group) for group in self._read_groups(place))

    def _task_outcome(self, session: dict[str, Any]) -> TaskOutcome:
        task = self._client(session).get_fuota_task(Id=session["task_id"])
        group: dict[str, Any] = next(iter(self._read_groups(session)), {"LoRaWAN": {}})
        gateways = group["LoRaWAN"].get("ParticipatingGateways") or {}
        return TaskOutcome(
            **_progress(session),
            account=session["account"],
            aws_region=session["aws_region"],
            parameters=TaskParameters(
                rf_region=(task.get("LoRaWAN") or {}).get("RfRegion"),
                data_rate=session["data_rate"],
                redundancy_percent=task.get("RedundancyPercent"),
                fragment_size_bytes=task.get("FragmentSizeBytes"),
                fragment_interval_ms=task.get("FragmentIntervalMS"),
                dl_class=group["LoRaWAN"].get("DlClass"),
                frequency_hz=(group["LoRaWAN"].get("DefaultSessionParameters") or {}).get("DlFreq"),
                gateways=len(gateways.get("GatewayList") or [""]),
                gateway_spacing_ms=gateways.get("TransmissionInterval") or 0,
            ),
            image=self._image(session, task["FirmwareUpdateImage"]),
            air=TaskAir(**session["air"]) if session.get("air") else None,
        )

    def _image(self, session: dict[str, Any], uri: str) -> TaskImage:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        s3 = self._cloud.client("s3", account=session["account"], region=session["aws_region"])
        try:
            found = s3.get_object(Bucket=bucket, Key=key)
            image = found["Body"].read()
        except (BotoCoreError, ClientError):  # the session says why: a wrong name is one of its problems
            return TaskImage(uri, None, None)
        delta = TaskDelta(**session["delta"]) if session["delta"] else None
        said = (found["Metadata"].get(f"firmware-{name}") for name in ("format", "version"))
        firmware = " ".join(word for word in said if word and word != "unknown") or None
        return TaskImage(uri, len(image), hashlib.sha256(image).hexdigest(), delta, firmware)

    def _own_sessions(self) -> list[dict[str, Any]]:
        return [session for session in self._sessions() if session["task_id"] in self._started]

    def _sessions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._cloud.admin("sessions", timeout_seconds=DELIVERY_SECONDS)["sessions"]
        return found

    def _pending(self) -> list[dict[str, Any]]:
        return [
            session
            for session in self._sessions()
            if session["status"] == "Pending" and session["task_id"] not in self._leave_out
        ]

    def _client(self, task: dict[str, Any]) -> Any:
        return self._cloud.client("iotwireless", account=task["account"], region=task["aws_region"])

    def _groups_of(self, task: dict[str, Any]) -> list[str]:
        listing = self._client(task).list_multicast_groups_by_fuota_task
        return [group["Id"] for group in pages(listing, "MulticastGroupList", Id=task["task_id"])]

    def _read_groups(self, task: dict[str, Any]) -> list[dict[str, Any]]:
        client = self._client(task)
        return [client.get_multicast_group(Id=group) for group in sorted(self._groups_of(task))]

    def _devices_of(self, task: dict[str, Any]) -> list[str]:
        """The devices of a task that has no groups."""
        if self._groups_of(task):
            return []
        listing = self._client(task).list_wireless_devices
        return [device["Id"] for device in pages(listing, "WirelessDeviceList", FuotaTaskId=task["task_id"])]


def _group(client: Any, group: dict[str, Any]) -> TaskGroup:
    lorawan = group["LoRaWAN"]
    try:
        session = client.get_multicast_group_session(Id=group["Id"])["LoRaWAN"]
    except client.exceptions.ResourceNotFoundException:
        session = {}
    sent = {**lorawan.get("DefaultSessionParameters", {}), **session}
    dl_class = lorawan.get("DlClass", "ClassC")
    return TaskGroup(dl_class, sent.get("DlDr"), sent.get("DlFreq"), sent.get("PingSlotPeriod"))


def _progress(session: dict[str, Any]) -> dict[str, Any]:
    taken = (
        *("task_id", "status", "fragments_sent", "fragments_total", "data_fragments", "started", "done"),
        *("seconds_left", "problem", "devices"),
    )
    return {"name": _name(session), **{name: session[name] for name in taken}}


def _name(session: dict[str, Any]) -> str:
    # A task without a name is called what its template calls it, which its tag says: an id tells nobody anything.
    return str(session["name"] or session["logical_id"] or session["task_id"])
