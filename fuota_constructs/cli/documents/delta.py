"""The document of `fuota delta --json`."""

from typing import Annotated, Literal, TypedDict

from fuota_constructs.cli.documents.kinds import Count, Finding, Sha256, Text


class Base(TypedDict):
    """What the devices must have."""

    file: Text
    title: Annotated[Text, "what kind of file it is"]
    version: str | None
    size_bytes: Count
    used_bytes: Annotated[Count, "from the first byte to where the format says that the image ends"]
    sha256: Annotated[Sha256, "of those"]
    descriptor: Annotated[Text, "the first 4 bytes of that digest, as base64: what Descriptor.of_base gives"]


class Target(TypedDict):
    """What the devices have afterwards."""

    file: Text
    title: Annotated[Text, "what kind of file it is"]
    version: str | None
    size_bytes: Count
    sha256: Sha256


class Patch(TypedDict):
    """What is sent."""

    file: Annotated[str | None, "where it was written; null where it was not"]
    size_bytes: Count
    sha256: Sha256
    compression: Literal["heatshrink", "crle"]
    ratio: Annotated[float, "how many times smaller than the target it is"]


class Delta(TypedDict):
    """A patch from one firmware file to another: `fuota delta --json`."""

    schema: str
    base: Base
    target: Target
    decoder: Annotated[Text, "what the devices read it with"]
    patch: Annotated[Patch | None, "null where there is no patch"]
    findings: Annotated[list[Finding], "errors first"]
