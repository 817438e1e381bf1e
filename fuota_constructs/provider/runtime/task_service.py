"""FUOTA tasks as AWS IoT Wireless has them: reading them, and the single changes that the API offers."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from aws_calls import AwsCalls
from properties import TaskProperties
from protocol import Log, ProviderError
from resource_tags import tags
from service_answers import PAGE_SIZE, conflict_is_fine_if, gone_is_fine, items
from task_plan import DELETE_WAITING, PENDING, ActualTask, Changes, is_in_session

LONGEST_DELAY_SECONDS = 10.0


def create(token: str, parameters: Mapping[str, Any], calls: AwsCalls) -> tuple[str, str]:
    """Make a task and return its id and ARN."""
    made = calls.iotwireless.create_fuota_task(ClientRequestToken=token, **parameters)
    return made["Id"], made["Arn"]


def get(task_id: str, calls: AwsCalls) -> Mapping[str, Any] | None:
    """A task as GetFuotaTask gives it, None if there is none."""
    with gone_is_fine():
        return calls.iotwireless.get_fuota_task(Id=task_id)
    return None


def status(task_id: str, calls: AwsCalls) -> str | None:
    """The status of a task, None if there is no such task."""
    task = get(task_id, calls)
    return None if task is None else str(task.get("Status"))


def read(task_id: str, desired: TaskProperties, former: TaskProperties, calls: AwsCalls) -> ActualTask | None:
    """A task with its groups, devices and tags as far as the template cares; None if it is gone or going."""
    task = get(task_id, calls)
    if task is None or task.get("Status") == DELETE_WAITING:
        return None
    return ActualTask(
        id=task_id,
        arn=task["Arn"],
        status=str(task.get("Status")),
        fields={**task, "RfRegion": (task.get("LoRaWAN") or {}).get("RfRegion")},
        groups=groups(task_id, calls) if desired.groups or former.groups else (),
        devices=devices(task_id, calls) if desired.devices or former.devices else (),
        tags=tags(task["Arn"], calls),
    )


def groups(task_id: str, calls: AwsCalls) -> set[str]:
    """The ids of the multicast groups of a task."""

    def page(**position: Any) -> Mapping[str, Any]:
        return calls.iotwireless.list_multicast_groups_by_fuota_task(Id=task_id, MaxResults=PAGE_SIZE, **position)

    return {item["Id"] for item in items("MulticastGroupList", page)}


def devices(task_id: str, calls: AwsCalls) -> set[str]:
    """The ids of the wireless devices of a task."""

    def page(**position: Any) -> Mapping[str, Any]:
        return calls.iotwireless.list_wireless_devices(FuotaTaskId=task_id, MaxResults=PAGE_SIZE, **position)

    return {item["Id"] for item in items("WirelessDeviceList", page)}


def every_task(calls: AwsCalls) -> Iterator[tuple[str, str]]:
    """The ids and ARNs of all tasks of the account and Region."""

    def page(**position: Any) -> Mapping[str, Any]:
        return calls.iotwireless.list_fuota_tasks(MaxResults=PAGE_SIZE, **position)

    return ((task["Id"], task["Arn"]) for task in items("FuotaTaskList", page))


def change(task_id: str, fields: Mapping[str, str | int], groups: Changes, devices: Changes, calls: AwsCalls) -> None:
    """Change a pending task; if its fields cannot be changed, its groups and devices are not either.

    The fields come first, so that a session that somebody starts at this moment finds either all of it or at least its
    targets. Where they cannot, what goes comes first: a task has groups or devices, never both, and its groups must be
    of its RfRegion.
    """
    if _fields_fit_the_targets_there_are(fields, groups, devices):
        patch(task_id, fields, calls)
        _disassociate(task_id, groups.drop, devices.drop, calls)
    else:
        _disassociate(task_id, groups.drop, devices.drop, calls)
        try:
            patch(task_id, fields, calls)
        except Exception as error:
            try:
                associate(task_id, groups.drop, devices.drop, calls)
            except Exception as second:  # noqa: BLE001  # the first error is the one to report
                error.add_note(f"putting back what had been taken off the task failed too: {second}")
            raise
    associate(task_id, groups.add, devices.add, calls)


def patch(task_id: str, fields: Mapping[str, str | int], calls: AwsCalls) -> None:
    """Change fields of a pending task."""
    if fields:
        calls.iotwireless.update_fuota_task(Id=task_id, **api_fields(fields))


def associate(task_id: str, groups: Sequence[str], devices: Sequence[str], calls: AwsCalls) -> None:
    """Put groups and devices on a task, one request each."""
    for number, group in enumerate(groups, start=1):
        calls.check_time(f"associating multicast group {number} of {len(groups)}")
        with conflict_is_fine_if(partial(_has_group, task_id, group, calls)):
            calls.iotwireless.associate_multicast_group_with_fuota_task(Id=task_id, MulticastGroupId=group)
    for number, device in enumerate(devices, start=1):
        calls.check_time(
            f"associating wireless device {number} of {len(devices)} (a multicast group takes one request)"
        )
        with conflict_is_fine_if(partial(_has_device, task_id, device, calls)):
            calls.iotwireless.associate_wireless_device_with_fuota_task(Id=task_id, WirelessDeviceId=device)


def request_delete(task_id: str, calls: AwsCalls) -> None:
    """Have a task deleted, which takes the service a while; no task is no error."""
    with gone_is_fine():
        calls.iotwireless.delete_fuota_task(Id=task_id)


def keep_from_starting(task_id: str, calls: AwsCalls, log: Log) -> bool:
    """Take the groups off a task that is to be deleted; say whether that kept it from being started.

    DeleteFuotaTask has no condition: it ends a session that somebody begins at this moment. Groups can be taken off a
    pending task only, and without them there is no session to begin. A task of single devices, of which there may be
    hundreds, is only looked at once more.

    Raises:
        ProviderError: the time is up, or a younger request is in charge.
    """
    now = status(task_id, calls)
    if now == PENDING:
        try:
            _disassociate(task_id, groups(task_id, calls), (), calls)
        except ProviderError:
            raise
        except Exception as error:  # noqa: BLE001  # it may have been started, and can be deleted anyway otherwise
            log.warning("could not take the groups off the task before it is deleted", taskId=task_id, cause=error)
        now = status(task_id, calls)
    return not is_in_session(now)


def delete_and_wait(task_id: str, calls: AwsCalls, log: Log) -> None:
    """Delete a task, in whatever status, and wait until it is gone; no task is no error.

    Its groups may be deleted next, and one that is "in use by a FUOTA task" cannot be. Taking the groups off first
    would not help: that is refused outside `Pending`, and would leave a crippled task if the delete failed.

    Raises:
        ProviderError: it is still there, and not even being deleted.
    """
    request_delete(task_id, calls)
    delay = 1.0
    while (left := status(task_id, calls)) is not None:
        if calls.pause(delay, until=float("inf")):
            delay = min(2 * delay, LONGEST_DELAY_SECONDS)
        elif left == DELETE_WAITING:
            # Nothing leads back from this status, so the task counts as deleted.
            log.warning(
                "the task is still being deleted: its multicast groups may not be deletable yet", taskId=task_id
            )
            return
        else:
            raise ProviderError(f"FUOTA task {task_id} was to be deleted and is still {left}: deploy again")


def api_fields(fields: Mapping[str, str | int]) -> dict[str, Any]:
    """Fields in the shape of CreateFuotaTask and UpdateFuotaTask."""
    flat: dict[str, Any] = {name: value for name, value in fields.items() if name != "RfRegion"}
    if "RfRegion" in fields:
        flat["LoRaWAN"] = {"RfRegion": fields["RfRegion"]}
    return flat


def _has_group(task_id: str, group: str, calls: AwsCalls) -> bool:
    return group in groups(task_id, calls)


def _has_device(task_id: str, device: str, calls: AwsCalls) -> bool:
    return device in devices(task_id, calls)


def _fields_fit_the_targets_there_are(fields: Mapping[str, str | int], groups: Changes, devices: Changes) -> bool:
    changes_kind = (groups.add and devices.drop) or (devices.add and groups.drop)
    return "RfRegion" not in fields and not changes_kind


def _disassociate(task_id: str, groups: Collection[str], devices: Collection[str], calls: AwsCalls) -> None:
    for group in groups:
        calls.check_time(f"taking multicast group {group} off the task")
        with gone_is_fine():
            calls.iotwireless.disassociate_multicast_group_from_fuota_task(Id=task_id, MulticastGroupId=group)
    for device in devices:
        calls.check_time(f"taking wireless device {device} off the task")
        with gone_is_fine():
            calls.iotwireless.disassociate_wireless_device_from_fuota_task(Id=task_id, WirelessDeviceId=device)
