"""The document of `fuota rehearse --json`."""

from typing import Annotated, Literal, NotRequired, TypedDict

from fuota_constructs.cli.documents.kinds import (
    AccountId,
    Amount,
    Count,
    DevicesByStatus,
    Level,
    Moment,
    RfRegion,
    Sha256,
    Share,
    Text,
)
from fuota_constructs.cli.documents.rollout import Rollout


class LossModel(TypedDict):
    """How devices lose fragments, as a fleet file has it: docs/reference/fleets.md."""

    kind: Literal["gilbert", "beta", "link", "by-data-rate", "listed"]
    mean: NotRequired[Share]
    burst: NotRequired[Annotated[float, "fragments"]]
    spread: NotRequired[Share]
    margin_db: NotRequired[float]
    spread_db: NotRequired[float]
    fading_db: NotRequired[float]
    data_rates: NotRequired[Annotated[dict[str, Share], "share lost by the index of the data rate"]]
    lost: NotRequired[Annotated[list[int], "the fragments that do not arrive"]]


Loss = Annotated[Share | LossModel, "share of 1 of the fragments, each alone; or a model"]


class FleetFirmware(TypedDict):
    """A file that a share of the devices of a cohort runs."""

    file: Text
    share: Share
    sha256: Sha256


class FleetCohort(TypedDict):
    """A cohort, as a fleet file has it; what is as by default is left out."""

    name: str
    count: Count
    loss: Loss
    ts004: NotRequired[int]
    region: NotRequired[RfRegion]
    dl_class: NotRequired[Literal["ClassB", "ClassC"]]
    memory_bytes: NotRequired[Count]
    max_fragments: NotRequired[Count]
    max_fragment_bytes: NotRequired[Count]
    max_lost_fragments: NotRequired[Count]
    frag_indexes: NotRequired[list[int]]
    descriptor: NotRequired[Annotated[str, "base64, or base: the one that names their firmware"]]
    firmware: NotRequired[Annotated[list[FleetFirmware], "what they have in flash"]]
    group: NotRequired[Annotated[str, "name or id of the only multicast group they are in"]]
    session_cnt: NotRequired[Count]
    faults: NotRequired[list[str]]
    stack: NotRequired[Annotated[str, "name, release and build of its stack: docs/reference/device-stacks.md"]]
    status_as: NotRequired[Annotated[Literal["spec", "stack"], "as TS004 says it answers, or as its stack does"]]
    late: NotRequired[Annotated[Share, "of the fragments it hears, those that come late"]]
    repeated: NotRequired[Annotated[Share, "of the fragments it hears, those that come once more"]]
    bricks: NotRequired[Annotated[Share, "of the devices, those never heard again once they have the image"]]
    runs: NotRequired[Annotated[Text, "the version that they report before the update"]]
    reports: NotRequired[Annotated[Text, "the version that they report after it, where not that of the rollout"]]
    never_reboots: NotRequired[Annotated[Share, "of the devices, those that have the image and run the old firmware"]]


class RehearsalVerdict(TypedDict):
    """Whether it passed, why not, and what to do; how far it came where it was interrupted."""

    level: Level
    outcome: Literal["passed", "failed", "not-rehearsed", "interrupted"]
    summary: Annotated[Text, "the last line of the command"]
    exit_code: Count
    succeeded: Annotated[int | None, "devices that have the image, byte for byte"]
    devices: int | None
    causes: list[str]
    remedies: list[str]
    reached: list[str]


class Parameters(TypedDict):
    """How a task is sent, as it is deployed; null where nothing was given."""

    rf_region: RfRegion | None
    data_rate: Annotated[int | None, "as the service chose it"]
    redundancy_percent: int | None
    fragment_size_bytes: int | None
    fragment_interval_ms: float | None
    dl_class: Annotated[str | None, "of the first multicast group, as the others"]
    frequency_hz: int | None
    gateways: Annotated[int, "participating gateways; 1 where the service chooses"]
    gateway_spacing_ms: int


class Delta(TypedDict):
    """What a delta makes of what, as the tags of its task say; null where they do not."""

    base_sha256: Sha256 | None
    target_sha256: Sha256 | None


class Image(TypedDict):
    """The image of a task; null where it could not be read."""

    uri: str
    size_bytes: int | None
    sha256: Sha256 | None
    delta: Annotated[Delta | None, "null for a whole image"]
    firmware: Annotated[str | None, "format and version, as the deployment left them; null where it left none"]


class Air(TypedDict):
    """What of a session is not sent, or may not be, and the rule that warns of it before."""

    fragments_unsent: Annotated[Count, "by every gateway; 0: a doubt, all were taken as sent"]
    cause: Text
    remedy: Text
    rule: Text


class RehearsedTask(TypedDict):
    """What became of one task; moments are those of the cloud's own clock."""

    task_id: Text
    name: str
    status: str
    account: AccountId
    aws_region: str
    parameters: Parameters
    image: Image
    air: Annotated[Air | None, "null where there is airtime for all of it"]
    fragments_sent: Count
    fragments_total: int | None
    data_fragments: int | None
    started_at: Moment | None
    done_at: Moment | None
    seconds_left: float | None
    problem: Annotated[str | None, "why the service could not send it"]
    devices: DevicesByStatus


class Trouble(TypedDict):
    """What a stack has to do with an outcome, and the rule that warns of it; empty where none does."""

    cause: Text
    remedy: Text
    rule: str
    about: Annotated[Literal["stack", "delta", "radio"], "delta: what devices make of a patch; radio: what is sent"]


class CohortTrouble(Trouble):
    """The same, with how many devices have it."""

    devices: Count


class StackFinding(TypedDict):
    """What a rule says of a task, for the stack of these cohorts."""

    task: str
    cohorts: list[str]
    rule: Text
    level: Literal["error", "warning"]
    message: Text


class Cohort(TypedDict):
    """What became of the devices of one cohort: what they report, and whether they have the image."""

    name: str
    devices: Count
    statuses: DevicesByStatus
    succeeded: Annotated[Count, "devices that have the image, whatever they report"]
    without_image: Annotated[DevicesByStatus, "what the others report"]
    stack: str | None
    troubles: list[CohortTrouble]
    loss: NotRequired[Loss]


class RehearsedDevice(TypedDict):
    """What became of one simulated device."""

    id: Text
    cohort: str
    task_id: str | None
    status: Annotated[str, "FuotaDeviceStatus"]
    sent: Annotated[Count, "fragments sent to it"]
    received: Count
    completed_after_fragments: int | None
    has_image: Annotated[bool, "byte for byte"]
    stack: str | None
    trouble: Trouble | None
    firmware_sha256: Annotated[Sha256 | None, "what it has in flash now; null where nobody said"]
    loss_share: Share | None


class Fleet(TypedDict):
    """The fleet, as a fleet file has it: docs/reference/fleets.md."""

    seed: Count
    cohorts: list[FleetCohort]
    groups: NotRequired[list[str]]


class Rehearsal(TypedDict):
    """What came of a rehearsal: `fuota rehearse --json`. What was not reached is null, or not there."""

    schema: str
    verdict: RehearsalVerdict
    require: Annotated[Share, "share of the devices that must have the image"]
    seed: Count
    loss: Annotated[Loss | None, "null where cohorts differ"]
    rehearsed_at: Moment
    command: Annotated[str, "does the same again"]
    versions: Annotated[dict[str, str], "what it was made with"]
    fleet: Fleet
    stacks: Annotated[list[str], "what was to be deployed"]
    findings: Annotated[list[StackFinding], "of the rules about device stacks"]
    stand_ins: Annotated[list[str], "what was made up for the app"]
    success_ratio: NotRequired[Share]
    statuses: NotRequired[DevicesByStatus]
    session_seconds: NotRequired[Amount]
    cohorts: NotRequired[list[Cohort]]
    tasks: NotRequired[list[RehearsedTask]]
    tasks_without_target: NotRequired[list[str]]
    devices: NotRequired[list[RehearsedDevice]]
    rollouts: NotRequired[Annotated[list[Rollout], "of an app that has rollouts and no task that waits"]]
