"""The document of `fuota image --json`."""

from typing import Annotated, Literal, TypedDict

from fuota_constructs.cli.documents.kinds import Text


class Facts(TypedDict):
    """What the file says of itself; null where its format does not say."""

    format: Annotated[Text, "short name: mcuboot, esp, sfu, wolfboot, cortex-m, container, unknown, ..."]
    title: Text
    size_bytes: int
    sha256: Annotated[Text, "of the file"]
    container: Annotated[str | None, "a kind of file that is never right to send"]
    remedy: Annotated[str, "what to give instead of such a file"]
    version: str | None
    version_order: Annotated[list[int] | None, "the version as numbers to compare by"]
    product: str | None
    payload_bytes: Annotated[int | None, "program in it"]
    declared_bytes: Annotated[int | None, "where the format says the image ends"]
    unpacked_bytes: Annotated[int | None, "program that a compressed payload unpacks to"]
    missing_bytes: Annotated[int, "bytes that the header says and the file has not"]
    trailing_bytes: Annotated[int, "bytes behind the declared end"]
    fill_bytes: Annotated[int, "run of equal 0x00 or 0xFF bytes at the end, where no end is declared"]
    content_digest: Annotated[str | None, "the digest that the format carries"]
    digest_valid: Annotated[bool | None, "whether the content has it; null where that cannot be checked"]
    digest_detail: Annotated[str, "what was found instead"]
    encrypted: bool
    compressed: bool
    bootable: bool
    signature: Annotated[str | None, "kind of the signature, which signature_check may verify"]
    can_sign: Annotated[bool, "whether the format carries a signature"]
    key_hash: Annotated[str | None, "SHA-256 of the public key that it names"]
    development_key: Annotated[str | None, "the published development key it is signed with"]
    security_counter: int | None
    padded_slot: Annotated[bool, "whether it is a whole flash slot"]


class SignatureCheck(TypedDict):
    """The signature against the key of --signed-by."""

    verdict: Annotated[
        Literal["verified", "named", "unchecked", "refused", "unsigned", "damaged"],
        "named: the image names the key, nobody looked at the signature; damaged: the content is not what was signed",
    ]
    key: Text
    said: Text


class VersionCheck(TypedDict):
    """The version against that of --replaces."""

    verdict: Literal["above", "above-by-build", "same-version", "lower", "same-firmware", "lower-counter", "unknown"]
    replaced: Text
    said: Annotated[str, "why it cannot be told, or the two security counters"]


class ImageFinding(TypedDict):
    """What speaks against sending it."""

    rule: Text
    level: Literal["error", "warning"]
    message: Text


class Image(TypedDict):
    """A firmware file: `fuota image --json`."""

    schema: str
    file: Text
    facts: Facts
    signature_check: Annotated[SignatureCheck | None, "with --signed-by"]
    version_check: Annotated[VersionCheck | None, "with --replaces"]
    findings: list[ImageFinding]
