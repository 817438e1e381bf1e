"""The document of `fuota doctor --json`."""

from typing import Annotated, Literal, TypedDict

from fuota_constructs.cli.documents.kinds import Text


class Check(TypedDict):
    """One thing that commands need."""

    name: Text
    state: Annotated[Literal["ok", "note", "missing"], "note: a rehearsal does without it"]
    summary: Text
    remedy: Annotated[str | None, "what to do"]


class Doctor(TypedDict):
    """What this machine has of what the commands need: `fuota doctor --json`."""

    schema: str
    well: Annotated[bool, "nothing is missing"]
    checks: list[Check]
