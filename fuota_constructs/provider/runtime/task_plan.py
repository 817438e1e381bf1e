"""What an Update has to do to a FUOTA task: pure decisions, no calls.

Three states meet here: what the template says now, what it said before, and what the service has. Only what the
template declares, or declared before, is ours: groups, devices and tags that came from elsewhere are left alone.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from properties import OPTIONAL_TASK_FIELDS, TaskProperties
from task_tags import FIELDS

# A task that is being deleted cannot come back; it counts as gone.
DELETE_WAITING = "Delete_Waiting"
PENDING = "Pending"
FUOTA_DONE = "FuotaDone"

MILLISECONDS = 1000
IMAGE = "FirmwareUpdateImage"


def is_in_session(status: str | None) -> bool:
    """Whether a task waits for a session or is in one; so does a status that is not known here."""
    return status not in {None, PENDING, FUOTA_DONE, DELETE_WAITING}


@dataclass(frozen=True)
class ActualTask:
    """A FUOTA task as the service has it."""

    id: str
    arn: str
    status: str
    fields: Mapping[str, Any]
    groups: Collection[str] = ()
    devices: Collection[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Changes:
    """What to add to and take from one collection."""

    add: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.add or self.drop)


@dataclass(frozen=True)
class Plan:
    """What to do: replace, refuse (with the properties concerned), or change in place (perhaps nothing)."""

    replace: str = ""
    refuse: tuple[str, ...] = ()
    fields: Mapping[str, str | int] = field(default_factory=dict)
    groups: Changes = Changes()
    devices: Changes = Changes()
    set_tags: Mapping[str, str] = field(default_factory=dict)
    drop_tags: tuple[str, ...] = ()


def plan_update(desired: TaskProperties, former: TaskProperties, actual: ActualTask) -> Plan:
    """Decide an Update.

    The API updates a task, and its groups and devices, while it is `Pending` only; its tags always. UpdateFuotaTask
    is a PATCH without a documented way to clear a field, so a property that left the template needs a new task.
    """
    only_tags = Plan(
        set_tags={key: value for key, value in desired.tags.items() if actual.tags.get(key) != value},
        drop_tags=tuple(key for key in former.tags if key not in desired.tags and key in actual.tags),
    )
    fields = {
        name: value
        for name, value in desired.fields.items()
        if (actual_value := actual.fields.get(name)) != value
        and not (former.fields.get(name) == value and _same(name, value, actual_value))
    }
    groups = _changes(desired.groups, former.groups, actual.groups)
    devices = _changes(desired.devices, former.devices, actual.devices)
    removed = _removed(desired, former, actual)
    if actual.status == PENDING:
        if removed:
            return Plan(replace=f"{' and '.join(removed)} left the template and the service cannot clear it")
        return replace(only_tags, fields=fields, groups=groups, devices=devices)

    touched = [
        *(name for name in fields if _is_touched(name, desired, former, actual)),
        *(["MulticastGroupIds"] if _are_touched(groups, former.groups) else ()),
        *(["WirelessDeviceIds"] if _are_touched(devices, former.devices) else ()),
    ]
    if actual.status == FUOTA_DONE:
        if touched or removed:
            changed = " and ".join([*touched, *removed])
            return Plan(replace=f"{changed} changed and a task that is {FUOTA_DONE} can be neither updated nor started")
        return only_tags
    if removed and not touched and not _was_applied(desired, former, actual):
        removed = ()  # the rollback of an update that was refused: the service has the state it goes back to
    if touched or removed:
        return Plan(refuse=(*touched, *removed))
    return only_tags


def _removed(desired: TaskProperties, former: TaskProperties, actual: ActualTask) -> tuple[str, ...]:
    """The optional properties that left the template and that the task still has."""
    # As this template had it: the update that gave the property was refused, or found its value there, the service's
    # default.
    if actual.tags.get(FIELDS) == desired.digest_of_fields:
        return ()
    # Stale only if the service still has what the template no longer says: after a refused update the value that is
    # "removed" by the rollback was never there, and what is may be the service's default.
    return tuple(
        name
        for name in OPTIONAL_TASK_FIELDS
        if name in former.fields
        and name not in desired.fields
        and _same(name, former.fields[name], actual.fields.get(name))
    )


def _is_touched(name: str, desired: TaskProperties, former: TaskProperties, actual: ActualTask) -> bool:
    """Whether this update changes a field of a task that is not `Pending` any more.

    What drifted does not count: a deploy that changes nothing about the task, and above all a rollback, must succeed.
    """
    value = desired.fields[name]
    return (
        former.fields.get(name) != value
        and not _same(name, value, actual.fields.get(name))
        and not (name == IMAGE and _is_signed_again(desired, former, actual.status))
    )


def _are_touched(changes: Changes, former: Collection[str]) -> bool:
    """The same of its groups or devices."""
    return bool(changes.drop) or any(item not in former for item in changes.add)


def _is_signed_again(desired: TaskProperties, former: TaskProperties, status: str) -> bool:
    """Whether the image holds the firmware that it held before, and the task can be left with that one.

    During a session the service may yet read it (assumed, AWS does not document when): the role must be able to, which
    is given access to each image, or to all of a bucket.
    """
    if not desired.firmware.is_the_same_as(former.firmware):
        return False
    stays_readable = not desired.access_per_image and _bucket(desired) == _bucket(former)
    return status == FUOTA_DONE or stays_readable


def _bucket(properties: TaskProperties) -> str:
    return "/".join(str(properties.fields.get(IMAGE)).split("/")[:3])


def _changes(desired: Collection[str], former: Collection[str], actual: Collection[str]) -> Changes:
    return Changes(
        add=tuple(item for item in desired if item not in actual),
        drop=tuple(item for item in former if item not in desired and item in actual),
    )


def _was_applied(desired: TaskProperties, former: TaskProperties, actual: ActualTask) -> bool:
    """Whether the update that set `former` got through: all of it is there, and nothing that it took away."""
    return (
        all(_same(name, value, actual.fields.get(name)) for name, value in former.fields.items())
        and _is_so(desired.groups, former.groups, actual.groups)
        and _is_so(desired.devices, former.devices, actual.devices)
    )


def _is_so(desired: Collection[str], former: Collection[str], actual: Collection[str]) -> bool:
    gone = set(desired) - set(former)
    return set(former) <= set(actual) and not gone & set(actual)


def _same(name: str, given: str | int, actual: Any) -> bool:
    # "The value is rounded to the nearest second": whether the service then returns what it was given or what it made
    # of it is not documented.
    if name == "FragmentIntervalMS" and isinstance(given, int) and isinstance(actual, int):
        return given == actual or (abs(given - actual) <= MILLISECONDS // 2 and actual % MILLISECONDS == 0)
    return bool(given == actual)
