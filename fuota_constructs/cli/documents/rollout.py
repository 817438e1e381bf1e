"""The documents of `fuota rollout`."""

from typing import Annotated, Literal, TypedDict

from fuota_constructs.cli.documents.kinds import (
    Also,
    Count,
    DevicesByStatus,
    Moment,
    Percent,
    Place,
    Text,
    Verdict,
)
from fuota_constructs.cli.documents.task import Commands

Bound = Annotated[float, Also({"minimum": 0, "maximum": 1}), "of the share of devices that succeed"]


class Said(TypedDict):
    """A word of the operator."""

    word: Literal["abort", "hold", "resume", "approve", "skip"]
    who: Annotated[str, "ARN"]
    when: str


class Wave(TypedDict):
    """A wave. Attempted are delivered, failed and those not heard of; counts are of its sessions so far."""

    name: Text
    outcome: Annotated[
        Literal["PASSED", "INCONCLUSIVE", "ABORTED", "SKIPPED", "PENDING", "RUNNING"],
        "INCONCLUSIVE: neither proven nor refuted; a canary goes on with it, others hold for the operator",
    ]
    reason: Annotated[str, "what its gate said"]
    targets: Annotated[int | None, "null before the devices were chosen"]
    attempted: Count
    delivered: Count
    failed: Annotated[Count, "those that lost the image to the radio, too"]
    silent: Annotated[Count, "have the image, and were not heard since"]
    refused: Annotated[Count, "cannot take the image; not attempted"]
    conflicting: Annotated[Count, "are in another FUOTA task; not attempted"]
    left_out: Annotated[Count, "could not join the group, or the service knows them no more; not attempted"]
    already: Annotated[Count, "reported the version before the wave; not attempted"]
    applied: Annotated[
        Count | None, "report the version; null where `applied` asks for none, or before a gate has judged"
    ]
    other_version: Annotated[Count, "have the image, and report another version after the session"]
    unreported: Annotated[Count, "have the image, and report no version in time"]
    lower_bound: Annotated[Bound, "0 before a gate has judged"]
    upper_bound: Annotated[Bound, "1 before a gate has judged"]
    redundancy_percent: Annotated[Percent, "of its latest session, else as planned"]
    attempts: Annotated[Count, "sessions, retries among them"]
    devices_by_status: DevicesByStatus
    decisions: Annotated[list[Said], "what was answered at its gates"]


class Rollout(TypedDict):
    """An execution of a rollout."""

    name: Text
    execution: Text
    status: Literal["RUNNING", "HELD", "SUCCEEDED", "ABORTED", "FAILED"]
    reason: str
    started_at: Moment
    ended_at: Moment | None
    waves: list[Wave]


class Next(TypedDict):
    """What happens next."""

    text: Text
    at: Moment | None


class RolloutStatus(Rollout):
    """A rollout with everything that was read of it: `fuota rollout status --json`."""

    schema: str
    read_at: Moment
    place: Place
    state_machine_arn: Text
    verdict: Verdict
    next: Next
    said: Annotated[Said | None, "the operator's last word"]
    next_steps: Commands


class RolloutReport(RolloutStatus):
    """The same, to keep: `fuota rollout report --json`."""


class ListedRollout(TypedDict):
    """A rollout that is deployed; the execution is the one under way, else the latest."""

    place: Place
    name: Text
    state_machine_arn: Text
    execution: str | None
    status: Annotated[
        Literal["RUNNING", "HELD", "SUCCEEDED", "ABORTED", "FAILED"] | None,
        "null where it was not started, or could not be read",
    ]
    reason: str
    started_at: Moment | None
    problem: Annotated[str | None, "why it could not be read; null where it was"]


class UnreadStateMachine(TypedDict):
    """A state machine whose tags may not be read, so that nobody knows whether it is of a rollout."""

    place: Place
    state_machine_arn: Text
    problem: Annotated[str, "what refused it, and what to do"]


class RolloutList(TypedDict):
    """The rollouts there are: `fuota rollout list --json`."""

    schema: str
    rollouts: list[ListedRollout]
    unread_state_machines: Annotated[list[UnreadStateMachine], "those that may be of rollouts that are not listed"]


class RolloutDevice(TypedDict):
    """A device as its latest session left it, as far as that is over."""

    id: Text
    wave: Text
    kind: Annotated[
        Literal["updated", "open", "failed"],
        "updated: has the image, or the version already; where a version is asked for, only who reports it",
    ]
    status: Annotated[str | None, "FuotaDeviceStatus; null where no session with it is over"]
    heard_at: Annotated[Moment | None, "when it was last heard, as the rollout looked; null where nobody tells"]
    silent: Annotated[bool, "has the image, and was not heard for too long"]
    already: Annotated[bool, "reported the version before its wave"]
    applied: Annotated[
        Literal["applied", "other_version", "unreported"] | None,
        "of one that has the image; null where no version is asked for, or no gate has judged it",
    ]
    version: Annotated[str | None, "the other version that it reports"]


class RolloutDevices(TypedDict):
    """The devices of a rollout, with --wave and --status only those: `fuota rollout devices --json`."""

    schema: str
    place: Place
    name: Text
    execution: Text
    status: Literal["RUNNING", "HELD", "SUCCEEDED", "ABORTED", "FAILED"]
    devices: Annotated[list[RolloutDevice], "failed first"]


class RolloutSaid(TypedDict):
    """What was said or started: `fuota rollout start --json`, and of approve, hold, resume, skip and abort."""

    schema: str
    place: Place
    name: Text
    execution: Text
    word: Literal["start", "abort", "hold", "resume", "approve", "skip"]
    heard_by: Annotated[Moment | None, "when the rollout looks next; null where it looks at once"]
    next_steps: Commands
