"""What is kept from one poll to the next: the status of the task, since when, and which device had which status.

Devices are kept as 8 bytes of a hash each, grouped by status, and only those past `Initial`: 40,000 of them fit the
400 KB that DynamoDB allows an item. Two of 40,000 share a hash with a probability below 1 in 10^10; then a change of
one of the two may go untold.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

DEVICES_REMEMBERED = 40_000
DIGEST_BYTES = 8
FIRST_TASK_STATUS = "Pending"
FIRST_DEVICE_STATUS = "Initial"
UNSEEN = "Unseen"
"""Our word for a task that no poll has found yet; it is none of the service's statuses."""
SECONDS_KEPT = 90 * 24 * 3600
"""What nobody writes any more expires: a task that was replaced is never polled again. DynamoDB's time to live."""


@dataclass(frozen=True)
class Memory:
    """What the last poll saw. `devices` has the status of each device by its digest, those in `Initial` aside."""

    status: str
    since: int
    devices: Mapping[bytes, str] = field(default_factory=dict)

    def item(self, key: str, *, now: int) -> dict[str, Any]:
        """The item of the table, written now."""
        by_status: dict[str, bytes] = {}
        for digest, status in sorted(self.devices.items()):
            by_status[status] = by_status.get(status, b"") + digest
        return {
            "Poll": {"S": key},
            "Status": {"S": self.status},
            "Since": {"N": str(self.since)},
            "ExpiresAt": {"N": str(now + SECONDS_KEPT)},
            "Devices": {"M": {status: {"B": digests} for status, digests in by_status.items()}},
        }

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> "Memory":
        """Read an item of the table."""
        devices = {
            digest: status for status, value in item["Devices"]["M"].items() for digest in _split(bytes(value["B"]))
        }
        return cls(item["Status"]["S"], int(item["Since"]["N"]), devices)


def digest_of(device_id: str) -> bytes:
    """The bytes that stand for a device."""
    return hashlib.blake2b(device_id.encode(), digest_size=DIGEST_BYTES).digest()


def _split(digests: bytes) -> Iterable[bytes]:
    return (digests[start : start + DIGEST_BYTES] for start in range(0, len(digests), DIGEST_BYTES))
