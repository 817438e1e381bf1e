"""What the status of a device in a FUOTA task means for a rollout, and how many devices of a wave fare so."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NotRequired, TypedDict

DELIVERED = "Successful"
LOST = "MissingFrag"
INITIAL = "Initial"
CONFLICT = "Device_exist_in_conflict_fuota_task"
REFUSALS = ("FragAlgo_unsupported", "Not_enough_memory", "Package_Not_Supported")
"""What these devices said no to, they will say no to again: they are not attempted, and shown."""
SYSTEMIC = ("Wrong_descriptor",)
"""The image itself is wrong: no device will take it."""

APPLIED, OTHER_VERSION, UNREPORTED = "applied", "other_version", "unreported"
"""Of a device that was delivered, where versions count: what it reports. The last two are fields of a tally."""

TRIES: Mapping[str, int] = {LOST: 1_000, INITIAL: 1_000, CONFLICT: 1_000, "SessionCnt_replay": 1_000}
"""How often devices of a status are tried again; as often as the rollout allows, for those without another remedy."""
TRIES_OF_FAILURES: Mapping[str, int] = {"MICError": 1, "MemoryError": 1}


class Fared(TypedDict):
    """How a device fared in a session, as it is kept: its status, and when it was last heard, if anybody tells."""

    status: str
    heard: float | None
    silent: NotRequired[bool]
    """Of one that was delivered: whether it has not been heard for too long."""
    applied: NotRequired[str]
    """Of one that was delivered, where versions count: what it reports, as above."""
    version: NotRequired[str]
    """The other version that it reports."""


@dataclass(frozen=True)
class Tally:
    """How many devices of a wave fare how.

    Attempted are those that were delivered, lost the image to the radio, failed, or are not heard of. `pending` are
    those of them that are tried again: what becomes of them is open. Refusals and conflicts are not attempts. Of the
    delivered, `other_version` report another version than was sent, and `unreported` none since, where that counts.
    """

    delivered: int = 0
    lost: int = 0
    failed: int = 0
    unknown: int = 0
    refused: int = 0
    conflicting: int = 0
    systemic: int = 0
    silent: int = 0
    pending_losses: int = 0
    pending_failures: int = 0
    other_version: int = 0
    unreported: int = 0

    @property
    def good(self) -> int:
        """How many devices count as a success: where versions are asked for, those that report the new one."""
        return self.delivered - self.other_version - self.unreported

    @property
    def attempted(self) -> int:
        """How many devices say something about the image and the radio."""
        return self.delivered + self.lost + self.failed + self.unknown

    def plus(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(*(getattr(self, name) + getattr(other, name) for name in Tally.__dataclass_fields__))


def kind_of(status: str) -> str:
    """The field of a tally that a status counts in; one that is not known counts as a failure."""
    if status == DELIVERED:
        return "delivered"
    if status == LOST:
        return "lost"
    if status == INITIAL:
        return "unknown"
    if status == CONFLICT:
        return "conflicting"
    if status in REFUSALS:
        return "refused"
    return "systemic" if status in SYSTEMIC else "failed"


def is_tried_again(status: str, tries_before: int) -> bool:
    """Whether a device of that status is worth another session, after so many that were tries again."""
    return tries_before < {**TRIES, **TRIES_OF_FAILURES}.get(status, 0)


def tally(found: Iterable[Fared], *, tries_before: int, tries_left: int) -> Tally:
    """Count the devices of a wave as they were found; `tries_left` is how often the rollout may still try again."""
    counts = dict.fromkeys(Tally.__dataclass_fields__, 0)
    for device in found:
        status = device["status"]
        kind = kind_of(status)
        counts[kind] += 1
        counts["silent"] += bool(device.get("silent"))
        if (applied := device.get("applied")) in {OTHER_VERSION, UNREPORTED}:
            counts[applied] += 1
        if tries_left > 0 and is_tried_again(status, tries_before):
            counts["pending_losses"] += kind == "lost"
            counts["pending_failures"] += kind == "failed"
    # A descriptor that is refused is a failure of the device, too.
    counts["failed"] += counts["systemic"]
    return Tally(**counts)
