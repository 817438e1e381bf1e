"""The devices of a rollout one by one, from the evidence that its execution keeps."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fuota_constructs.operations.device_status import status_named
from fuota_constructs.operations.errors import OperationError
from fuota_constructs.operations.rollout_evidence import CONFLICT, DELIVERED, Documents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fuota_constructs.operations.aws import Aws
    from fuota_constructs.operations.device_status import Kind
    from fuota_constructs.operations.rollout_status import RolloutStatus

APPLIED = "applied"


@dataclass(frozen=True, slots=True)
class RolloutDevice:
    """A device as its latest session left it; `status` is None where no session with it is over.

    `kind` is what counts: a device that has the version `already` is updated, and where the rollout asks for a version
    only who reports it. `applied` is what one reports that has the image: `applied`, `other_version` (which is
    `version`) or `unreported`; None where no version is asked for, or no gate has judged it yet.
    """

    id: str
    wave: str
    kind: Kind
    status: str | None = None
    heard_at: datetime | None = None
    silent: bool = False
    already: bool = False
    applied: str | None = None
    version: str | None = None


def rollout_devices(aws: Aws, status: RolloutStatus) -> tuple[RolloutDevice, ...]:
    """The devices of an execution in the order of its waves; none before they were chosen.

    Raises:
        OperationError: it ended before that, or the evidence is gone.
    """
    documents = Documents(aws, status.rollout, status.execution)
    if targets := documents.read("targets.json") if "targets.json" in documents.names else None:
        return tuple(_devices(documents, targets, status))
    if status.evidence.sizes is None and not status.is_final:
        return ()
    raise OperationError(
        f"who was in which wave of execution {status.execution} is not in {documents.uri}: it ended before the devices"
        " were chosen, or a rule of the bucket took that away"
    )


def _devices(documents: Documents, targets: dict[str, Any], status: RolloutStatus) -> Iterator[RolloutDevice]:
    asks_version = bool(status.settings.get("applied"))
    sessions: dict[int, list[str]] = defaultdict(list)
    for number, _, name in sorted(documents.of_waves("checked", "statuses")):
        sessions[number].append(name)
    first = 0
    for number, size in enumerate(targets["sizes"]):
        planned, first = targets["devices"][first : first + size], first + size
        already: set[str] = set()
        fared: dict[str, dict[str, Any]] = {}
        for name in sessions[number]:
            found = documents.read(name)
            if "/checked-" in name:
                already |= set(found.get("already") or ())
                for device in found.get("conflicting") or ():
                    fared.setdefault(device, {"status": CONFLICT})
            else:
                fared.update(found)
        wave = status.waves[number].name if number < len(status.waves) else f"wave {number + 1}"
        for device in planned:
            yield _device(device, wave, fared.get(device), already=device in already, asks_version=asks_version)


def _device(
    device: str, wave: str, found: dict[str, Any] | None, *, already: bool, asks_version: bool
) -> RolloutDevice:
    if found is None:
        return RolloutDevice(device, wave, "updated" if already else "open", already=already)
    name, heard, applied = str(found["status"]), found.get("heard"), found.get("applied")
    kind = "updated" if already else status_named(name).kind
    if name == DELIVERED and asks_version:
        kind = "open" if applied is None else "updated" if applied == APPLIED else "failed"
    return RolloutDevice(
        device,
        wave,
        kind,
        name,
        None if heard is None else datetime.fromtimestamp(float(heard), UTC),
        bool(found.get("silent")),
        already,
        applied,
        found.get("version"),
    )
