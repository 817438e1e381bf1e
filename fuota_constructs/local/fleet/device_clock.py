"""The clock of a device, and its clock synchronization package (TS003)."""

from __future__ import annotations

from fuota_constructs.lorawan.clock_sync import (
    CLOCK_SYNC_PACKAGE,
    AppTimeAns,
    AppTimeReq,
    DeviceAppTimePeriodicityAns,
    DeviceAppTimePeriodicityReq,
    ForceDeviceResyncReq,
)
from fuota_constructs.lorawan.package_messages import Message, PackageVersionAns, PackageVersionReq

TOKENS = 16


class DeviceClock:
    """Counts seconds from when the device was first spoken to, until it is told GPS time."""

    def __init__(self, version: int) -> None:
        self.synchronized = False
        self._version = version
        self._began: float | None = None
        self._correction = 0
        self._token = 0

    def time(self, now: float) -> int:
        """What the device takes for GPS time, modulo 2^32."""
        if self._began is None:
            self._began = now
        return (int(now) - int(self._began) + self._correction) % (1 << 32)

    def answer(self, command: Message, now: float) -> Message | None:
        """Take a command of TS003."""
        match command:
            case PackageVersionReq():
                return PackageVersionAns(package_identifier=CLOCK_SYNC_PACKAGE, package_version=self._version)
            case ForceDeviceResyncReq() if command.nb_transmissions:
                return AppTimeReq(self.time(now), self._token, ans_required=True)
            case AppTimeAns() if command.token_ans == self._token:
                self._correction += command.time_correction
                self._token = (self._token + 1) % TOKENS
                self.synchronized = True
            case DeviceAppTimePeriodicityReq():
                # As LoRaMac-node: it asks when it is told to, and not by itself.
                return DeviceAppTimePeriodicityAns(self.time(now), not_supported=True)
        return None
