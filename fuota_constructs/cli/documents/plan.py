"""The document of `fuota plan --json`."""

from typing import Annotated, NotRequired, TypedDict

from fuota_constructs.cli.documents.kinds import Assumed, Count, Finding, Moment, SessionPlan, Sha256, Share, Verdict


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


class Plan(TypedDict):
    """What a FUOTA session costs and whether it can work: `fuota plan --json`."""

    schema: str
    verdict: PlanVerdict
    command: Annotated[str, "does the same again"]
    planned_at: Moment
    image: Annotated[str | None, "the file; null where only a size was given"]
    image_bytes: Count
    image_sha256: Annotated[Sha256 | None, "null where only a size was given"]
    target_share: Share
    assumed: Assumed
    plan: Annotated[SessionPlan | None, "null where it cannot be sent at all"]
    findings: Annotated[list[Finding], "errors first"]
    recommendation: NotRequired[Annotated[Recommended | None, "with --recommend; null where nothing fits"]]
    options: NotRequired[Annotated[list[Option], "with --recommend: the best of each data rate, slowest first"]]
