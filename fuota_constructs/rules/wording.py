"""Messages of rules in the words of whoever reads them: rules speak as the constructs do, in Python.

`fuota plan` has its flags, and what is deployed has the names of the API.
"""

from __future__ import annotations

import re
from typing import Final

_TOGETHER: Final = re.compile(
    r"redundancy_percent=(?P<redundancy>\d+), fragment_size_bytes=(?P<size>\d+),"
    r" fragment_interval=Duration\.seconds\((?P<interval>\d+)\)(, in groups with downlink_data_rate=(?P<rate>\d+))?"
)
_BUILD: Final = (r"DeviceStack\.of\('([^']+)', (\w+)=(\d+)\)", r"--device-stack \1,\2=\3")
_TO_EVERYBODY: Final = (
    (r"Duration\.seconds\((\d+)\)", r"\1 s"),
    (r"Duration\.millis\((\d+)\)", r"\1 ms"),
    (r"acknowledge this", r"pass over this"),
    (r"device_stack=", r"--device-stack"),
    (r"planned_loss_percent", r"--loss"),
    (r"FirmwareImage\.delta\(base=\.\.\., target=\.\.\.\)", r"BASE and TARGET"),
)
_FLAGS: Final = (
    (r"MulticastGroup\(downlink_data_rate=\.\.\.\)", r"--data-rate"),
    (r"downlink_data_rate", r"--data-rate"),
    (r"\ba fragment_interval", r"an --interval"),
    (r"fragment_interval", r"--interval"),
    (r"fragment_size_bytes", r"--fragment-size"),
    (r"redundancy_percent", r"--redundancy"),
    (r"transmission_interval", r"--gateway-spacing"),
    (r"wireless_devices", r"wireless devices"),
)
_NAMES: Final = (
    (r"MulticastGroup\(downlink_data_rate=\.\.\.\)", r"DlDr of the group"),
    (r"downlink_data_rate", r"DlDr"),
    (r"fragment_interval", r"FragmentIntervalMS"),
    (r"fragment_size_bytes", r"FragmentSizeBytes"),
    (r"redundancy_percent", r"RedundancyPercent"),
    (r"transmission_interval", r"TransmissionInterval"),
    (r"wireless_devices", r"wireless devices"),
    (r" with multicast_groups or add_multicast_group\(\)", r""),
    (r"multicast_groups", r"multicast groups"),
)


def as_flags(message: str) -> str:
    """A message with the flags of `fuota plan`."""

    def typed(found: re.Match[str]) -> str:
        rate = f" --data-rate {found['rate']}" if found["rate"] else ""
        return (
            f"--redundancy {found['redundancy']} --fragment-size {found['size']} --interval {found['interval']}{rate}"
        )

    return _replaced(_TOGETHER.sub(typed, message), _FLAGS)


def as_names(message: str) -> str:
    """A message with the names that the parameters of a task have in the API."""

    def named(found: re.Match[str]) -> str:
        rate = f", in groups with DlDr={found['rate']}" if found["rate"] else ""
        return (
            f"RedundancyPercent={found['redundancy']}, FragmentSizeBytes={found['size']},"
            f" FragmentIntervalMS={1000 * int(found['interval'])}{rate}"
        )

    return _replaced(_TOGETHER.sub(named, message), _NAMES)


def _replaced(message: str, words: tuple[tuple[str, str], ...]) -> str:
    for pattern, word in (_BUILD, *words, *_TO_EVERYBODY):
        message = re.sub(pattern, word, message)
    return message
