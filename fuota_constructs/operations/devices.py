"""Whether the devices of a task can take part in a session."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fuota_constructs.operations import task as states
from fuota_constructs.operations.aws import code_of, is_denied
from fuota_constructs.operations.checks import Check, error, ok, some, warning
from fuota_constructs.operations.errors import OperationError
from fuota_constructs.operations.task import read_task, task_devices

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from fuota_constructs.operations.aws import Aws
    from fuota_constructs.operations.task import Device, Group, Task

NEW_DEVICE = "FPorts are set when a device is created: delete these and create them again with FPorts"


@dataclass(frozen=True, slots=True)
class ReadDevice:
    """What GetWirelessDevice and GetDeviceProfile say about a device, without its keys."""

    name: str
    ports: frozenset[str]
    activation: str | None
    classes: frozenset[str] | None
    rf_region: str | None
    is_gone: bool = False


def read_devices(aws: Aws, devices: Collection[Device]) -> Iterator[ReadDevice]:
    """Look every device up, and each profile once; those that share a name go by their ids."""
    profiles: dict[str, dict[str, Any] | None] = {}
    named = Counter(map(str, devices))
    for device in devices:
        name = str(device) if named[str(device)] == 1 else device.id
        try:
            answer = aws.iotwireless.get_wireless_device(Identifier=device.id, IdentifierType="WirelessDeviceId")
        except ClientError as failure:
            if code_of(failure) != "ResourceNotFoundException":
                raise
            yield ReadDevice(name, frozenset(), None, None, None, is_gone=True)
            continue
        lorawan = answer.get("LoRaWAN") or {}
        profile_id = lorawan.get("DeviceProfileId")
        if profile_id and profile_id not in profiles:
            profiles[profile_id] = _profile(aws, profile_id)
        yield _read(name, lorawan, profiles.get(str(profile_id)))


def _read(name: str, lorawan: dict[str, Any], profile: dict[str, Any] | None) -> ReadDevice:
    ports = frozenset(key for key, port in (lorawan.get("FPorts") or {}).items() if isinstance(port, int))
    kinds = ("OtaaV1_0_x", "OtaaV1_1", "AbpV1_0_x", "AbpV1_1")
    activation = next((kind for kind in kinds if lorawan.get(kind)), None)
    if profile is None:
        return ReadDevice(name, ports, activation, None, None)
    classes = frozenset(f"Class{letter}" for letter in "BC" if profile.get(f"SupportsClass{letter}"))
    return ReadDevice(name, ports, activation, classes, profile.get("RfRegion"))


def _profile(aws: Aws, profile_id: str) -> dict[str, Any] | None:
    try:
        return aws.iotwireless.get_device_profile(Id=profile_id).get("LoRaWAN") or {}
    except ClientError as failure:
        if code_of(failure) == "ResourceNotFoundException":
            return None
        raise


def device_checks(task: Task, groups: Sequence[Group], devices: Sequence[ReadDevice]) -> list[Check]:
    """What was found about the devices."""
    if not devices:
        return [error("devices", "the task has no devices", "associate multicast groups with devices, or devices")]
    checks = [
        *_where(
            devices, "devices", lambda each: each.is_gone, error, "do not exist any more", "take them out of the task"
        )
    ]
    there = [each for each in devices if not each.is_gone]
    checks += _ports(there, multicast=bool(groups))
    checks += _classes(there, {group.dl_class for group in groups if group.dl_class})
    checks += _regions(task, there)
    checks += _activation(there)
    return checks


def _ports(devices: Sequence[ReadDevice], *, multicast: bool) -> list[Check]:
    checks = _where(
        devices,
        "FPorts",
        lambda each: "Fuota" not in each.ports,
        error,
        "have no FPorts.Fuota (usually 201)",
        NEW_DEVICE,
    )
    if multicast:
        said = "have no FPorts.Multicast (usually 200)"
        checks += _where(devices, "FPorts", lambda each: "Multicast" not in each.ports, error, said, NEW_DEVICE)
    said = "have no FPorts.ClockSync (usually 202), which sessions by the clock need"
    checks += _where(devices, "FPorts", lambda each: "ClockSync" not in each.ports, warning, said, NEW_DEVICE)
    return checks or [ok("FPorts", f"{len(devices)} devices have the FPorts of FUOTA")]


def _classes(devices: Sequence[ReadDevice], wanted: set[str]) -> list[Check]:
    remedy = "set SupportsClassB or SupportsClassC in a device profile that suits the group, and give it to the devices"
    unknown = _where(
        devices, "class", lambda each: each.classes is None, warning, "could not be checked: no device profile", remedy
    )
    needs = f"{' and '.join(sorted(wanted))}" if wanted else "class B or C"

    def lacks(device: ReadDevice) -> bool:
        return device.classes is not None and not (wanted <= device.classes if wanted else device.classes)

    said = f"have a device profile that does not support {needs}"
    checks = [*_where(devices, "class", lacks, error, said, remedy), *unknown]
    return checks or [ok("class", f"the profiles of {len(devices)} devices support {needs}")]


def _regions(task: Task, devices: Sequence[ReadDevice]) -> list[Check]:
    if task.rf_region is None:
        return []

    def other(device: ReadDevice) -> bool:
        return device.rf_region is not None and device.rf_region != task.rf_region

    said = f"have a device profile of another RfRegion than {task.rf_region}"
    return _where(devices, "RfRegion", other, error, said, "use devices of the task's RfRegion")


def _activation(devices: Sequence[ReadDevice]) -> list[Check]:
    said = "are activated by personalisation (ABP), which FUOTA does not support"
    abp = _where(
        devices, "activation", lambda each: (each.activation or "").startswith("Abp"), error, said, "use OTAA devices"
    )
    old = [each for each in devices if each.activation in {None, "OtaaV1_0_x"}]
    if not old:
        return abp
    message = f"could not check the GenAppKey of {len(old)} devices: the service does not show keys"
    return [*abp, warning("activation", message, "LoRaWAN 1.0.x devices need one, given when the device was created")]


def conflict_checks(aws: Aws, task: Task, device_ids: set[str]) -> list[Check]:
    """Whether a device is in another task whose session is scheduled or running."""
    checks: list[Check] = []
    unread: dict[str, str] = {}
    others = [item["Id"] for item in aws.pages("list_fuota_tasks", "FuotaTaskList") if item["Id"] != task.id]
    for other_id in others:
        try:
            other = read_task(aws, other_id)
            if other.status not in {states.WAITING, states.IN_SESSION}:
                continue
            both = [str(device) for device in task_devices(aws, other_id) if device.id in device_ids]
        except OperationError:  # deleted since it was listed
            continue
        except ClientError as failure:
            if not is_denied(failure):
                raise
            unread[other_id] = f"iotwireless:{failure.operation_name}"
            continue
        if both:
            message = f"{len(both)} devices are in FUOTA task {other}, which is {other.status}: {some(both)}"
            checks.append(
                error("conflict", message, "let that task end first, or take the devices out of one of the two")
            )
    if unread:
        actions, tasks = " and ".join(sorted(set(unread.values()))), some(list(unread))
        message = f"could not check whether a device is in FUOTA task {tasks} as well: you may not call {actions}"
        checks.append(warning("conflict", message, "have it checked by somebody who may"))
    return checks or [ok("conflict", f"no device is in another scheduled or running task ({len(others)} other tasks)")]


def _where(  # noqa: PLR0917  # private, and called once
    devices: Sequence[ReadDevice],
    name: str,
    is_wrong: Callable[[ReadDevice], bool],
    outcome: Callable[[str, str, str], Check],
    said: str,
    remedy: str,
) -> list[Check]:
    wrong = [device.name for device in devices if is_wrong(device)]
    if not wrong:
        return []
    return [outcome(name, f"{len(wrong)} of {len(devices)} devices {said}: {some(wrong)}", remedy)]
