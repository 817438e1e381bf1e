"""Multicast groups as AWS IoT Wireless has them: reading them, and the single changes that the API offers."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import zip_longest
from typing import Any

import aws_errors
from aws_calls import AwsCalls
from protocol import ProviderError
from service_answers import PAGE_SIZE, conflict_is_fine_if, gone_is_fine, items

# "10 requests per second per API" of an account (AWS General Reference, AWS IoT Wireless endpoints and quotas). A
# rehearsal, whose service allows more, says so.
SECONDS_PER_REQUEST = 1 / float(os.environ.get("FUOTA_REQUESTS_PER_SECOND", "10"))
# Others of the account, and other groups of the same deployment, may use the quota, too.
THROTTLED_SECONDS = 2.0


def get(group_id: str, calls: AwsCalls) -> Mapping[str, Any] | None:
    """A group as GetMulticastGroup gives it, None if there is none, or not for long."""
    with gone_is_fine():
        group = calls.iotwireless.get_multicast_group(Id=group_id)
        return None if is_going(group.get("Status", "")) else group
    return None


def is_going(status: str) -> bool:
    """Whether a group is being deleted.

    The Developer Guide calls it "Delete waiting", and a group that takes devices "Pending". The API has a free string:
    that it says the same, in whatever case and with blanks or `_`, is assumed.
    """
    return _words(status) == "delete waiting"


def is_pending(status: str) -> bool:
    """Whether devices may join. Where the service does not say it, it is asked by doing."""
    return _words(status) in {"pending", ""}


def members(group_id: str, calls: AwsCalls) -> set[str]:
    """The ids of the devices in a group."""

    def page(**position: Any) -> Mapping[str, Any]:
        return calls.iotwireless.list_wireless_devices(MulticastGroupId=group_id, MaxResults=PAGE_SIZE, **position)

    return {item["Id"] for item in items("WirelessDeviceList", page)}


def set_up(group_id: str, lorawan: Mapping[str, Any], calls: AwsCalls) -> None:
    """Change the gateways and the default session of a pending group."""
    change: Any = lorawan
    calls.iotwireless.update_multicast_group(Id=group_id, LoRaWAN=change)


def move(group_id: str, *, join: Sequence[str], leave: Sequence[str], calls: AwsCalls) -> None:
    """Have devices join and leave a group, one request each, as fast as the quota allows and no faster.

    One that joins and one that leaves go together: their operations have a quota each.
    """
    due = calls.now()
    for number, (leaving, joining) in enumerate(zip_longest(leave, join), start=1):
        at = f"device {number:,} of {max(len(leave), len(join)):,} of multicast group {group_id}"
        calls.check_time(f"moving {at} (several groups have several times as much)")
        if (early := due - calls.now()) > 0:
            calls.sleep(early)
        due = max(due, calls.now()) + SECONDS_PER_REQUEST
        if leaving is not None:
            _patiently(partial(_leave, group_id, leaving, calls), f"taking {leaving} out, {at}", calls)
        if joining is not None:
            _patiently(partial(_join, group_id, joining, calls), f"adding {joining}, {at}", calls)


def _join(group_id: str, device: str, calls: AwsCalls) -> None:
    with conflict_is_fine_if(lambda: device in members(group_id, calls)):
        calls.iotwireless.associate_wireless_device_with_multicast_group(Id=group_id, WirelessDeviceId=device)


def _leave(group_id: str, device: str, calls: AwsCalls) -> None:
    with gone_is_fine():
        calls.iotwireless.disassociate_wireless_device_from_multicast_group(Id=group_id, WirelessDeviceId=device)


def _patiently(call: Callable[[], None], doing: str, calls: AwsCalls) -> None:
    """Make a call, again while the service has too many of them and there is time."""
    while True:
        try:
            return call()
        except Exception as error:
            throttled = aws_errors.code_of(error) in {"ThrottlingException", "TooManyRequestsException"}
            pause = THROTTLED_SECONDS + calls.jitter(THROTTLED_SECONDS)
            if throttled and calls.pause(pause, until=float("inf")):
                continue
            if not isinstance(error, ProviderError):
                error.add_note(doing)
            raise


def _words(status: str) -> str:
    return status.replace("_", " ").lower()
