"""The document of `fuota plan --json`."""

from typing import Annotated, NotRequired, TypedDict

from fuota_constructs.cli.documents.image import Facts
from fuota_constructs.cli.documents.kinds import (
    Assumed,
    Count,
    Finding,
    Moment,
    SessionPlan,
    Sha256,
    Share,
    Text,
    Verdict,
)


class PlanVerdict(Verdict):
    """Whether the session can work."""

    works: bool


class Recommended(TypedDict):
    """The session to choose."""

    plan: SessionPlan
    why: list[str]
    snippet: Annotated[str, "Python"]


class Option(TypedDict):
    """What one data rate can do."""

    data_rate: int
    data_rate_name: str
    obstacle: Annotated[str | None, "what speaks against it"]
    plan: SessionPlan | None


class WholeImage(TypedDict):
    """The session that sends the whole image instead."""

    works: bool
    summary: Text
    plan: Annotated[SessionPlan | None, "null where it cannot be sent at all"]


class PlannedDelta(TypedDict):
    """What the patch is made of, and the session without it."""

    base: Annotated[Text, "the file that the devices must have"]
    base_sha256: Annotated[Sha256, "of what of it counts"]
    base_used_bytes: Count
    target_sha256: Sha256
    target_bytes: Count
    decoder: Annotated[Text, "what the devices read it with"]
    compression: Annotated[str | None, "null where there is no patch, and the plan is of the whole image"]
    ratio: Annotated[float | None, "how many times smaller than the target it is"]
    whole_image: WholeImage


class Plan(TypedDict):
    """What a FUOTA session costs and whether it can work: `fuota plan --json`."""

    schema: str
    verdict: PlanVerdict
    command: Annotated[str, "does the same again"]
    planned_at: Moment
    image: Annotated[str | None, "the file, that of the target for a delta; null where only a size was given"]
    image_bytes: Annotated[Count, "what is sent: of a delta, the patch"]
    image_sha256: Annotated[Sha256 | None, "of what is sent; null where only a size was given"]
    image_facts: Annotated[Facts | None, "what the file says of itself, of a delta its target; null without a file"]
    target_share: Share
    assumed: Assumed
    plan: Annotated[SessionPlan | None, "null where it cannot be sent at all"]
    findings: Annotated[list[Finding], "errors first"]
    delta: NotRequired[Annotated[PlannedDelta, "with a base"]]
    recommendation: NotRequired[Annotated[Recommended | None, "with --recommend; null where nothing fits"]]
    options: NotRequired[Annotated[list[Option], "with --recommend: the best of each data rate, slowest first"]]
