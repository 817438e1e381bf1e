"""`fuota image`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from fuota_constructs import extras, rules
from fuota_constructs.cli import documents, options
from fuota_constructs.cli.image.words import facts_content, findings_lines, headline
from fuota_constructs.cli.input_files import InputFile
from fuota_constructs.cli.output_files import deliver, require_apart
from fuota_constructs.cli.quantities import Size
from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.firmware.formats import read_image
from fuota_constructs.firmware.image_demands import demands_on
from fuota_constructs.operations.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fuota_constructs.firmware.formats import ImageFacts
    from fuota_constructs.firmware.image_demands import ImageDemands
    from fuota_constructs.rules import Finding

NOT_TO_BE_SENT = 1
_VERDICTS: Final = {
    "verified": "verified, ",
    "named": "NOT VERIFIED: ",
    "unchecked": "NOT VERIFIED: ",
    "refused": "NOT BY THAT KEY: ",
    "unsigned": "NONE: ",
    "damaged": "NOT VERIFIED: ",
}


@click.command()
@click.argument("file", type=InputFile("give the firmware file"))
@click.option(
    "--signed-by",
    type=click.Path(path_type=Path),
    metavar="KEY",
    help="The key it must be signed by, PEM or DER; its public half is enough. The signature is verified.",
)
@click.option("--replaces", metavar="VERSION|FILE", help="What devices have: its version must be above that.")
@click.option("--max-image-bytes", type=Size(), metavar="SIZE", help="The most that devices take, such as 480kB.")
@options.as_json
@options.json_file
@click.pass_context
def image(
    ctx: click.Context,
    *,
    file: Path,
    signed_by: Path | None,
    replaces: str | None,
    max_image_bytes: int | None,
    as_json: bool,
    json_file: Path | None,
) -> None:
    """Say what a firmware file is, and what speaks against sending it.

    FILE is what you would give to FirmwareImage.from_asset. Known are MCUboot, ESP, ST SBSFU, wolfBoot and mbed images,
    raw Cortex-M programs, and files that no device boots, such as ELF and Intel HEX. Digests are checked; signatures
    are with --signed-by, which needs cryptography. Which key a device trusts, only its bootloader knows.

    \b
    Examples:
      fuota image build/zephyr/zephyr.signed.bin
      fuota image zephyr.signed.bin --signed-by production.pem --replaces 2.4.0
      fuota image firmware.bin --json

    \b
    Exit codes:
      0  nothing speaks against it, or warnings only
      1  it is not to be sent, the signature asked for is not verified, a file
         could not be written, or a package is missing
      2  wrong usage
    """
    if signed_by is not None:
        extras.require("fuota image --signed-by", "verify")
    others = {"--signed-by": signed_by, "--replaces": Path(replaces) if replaces and Path(replaces).exists() else None}
    for option, path in others.items():
        require_apart({"--json-file": json_file, option: path})
    require_apart({"--json-file": json_file, "FILE": file})
    content = file.read_bytes()
    facts = read_image(content)
    demands = _demands(content, facts, signed_by, replaces, max_image_bytes)
    plan = rules.TaskPlan(image_bytes=facts.size_bytes, image_facts=facts, image_demands=demands)
    findings = rules.findings_in(plan)
    text = documents.as_text("image", _content(file, facts, demands, findings))
    if as_json:
        click.echo(text)
    else:
        click.echo("\n".join(_shown(file, facts, demands, findings)))
    deliver(json_file, text)
    # Whoever names a key wants to know: what could not be verified, an encrypted digest or a patch, is no success.
    verified = demands is None or demands.signature is None or demands.signature.verdict == "verified"
    ctx.exit(0 if verified and not any(finding.level == "error" for finding in findings) else NOT_TO_BE_SENT)


_OPTIONS: Final = {
    "image-signing-key": ("signed_by", "--signed-by"),
    "image-version": ("replaces", "--replaces"),
    "image-too-large": ("max_image_bytes", "--max-image-bytes"),
}


def _demands(
    content: bytes, facts: ImageFacts, signed_by: Path | None, replaces: str | None, max_image_bytes: int | None
) -> ImageDemands | None:
    try:
        return demands_on(content, facts, signed_by=signed_by, replaces=replaces, max_image_bytes=max_image_bytes)
    except FuotaValidationError as error:
        parameter, option = _OPTIONS[error.rule]
        message = error.message.removeprefix(parameter).removeprefix(" is").strip()
        raise click.BadParameter(visible(message), param_hint=option) from None


def _content(
    file: Path, facts: ImageFacts, demands: ImageDemands | None, findings: tuple[Finding, ...]
) -> dict[str, Any]:
    signature, version = (demands.signature, demands.version) if demands else (None, None)
    return {
        "file": str(file),
        "facts": facts_content(facts),
        "signature_check": signature and signature._asdict(),
        "version_check": version and version._asdict(),
        "findings": [finding._asdict() for finding in findings],
    }


def _shown(file: Path, facts: ImageFacts, demands: ImageDemands | None, findings: tuple[Finding, ...]) -> Iterator[str]:
    check = demands.signature if demands else None
    yield visible(f"{file.name}: {headline(facts, check)}")
    digest = {True: "right", False: f"WRONG {facts.digest_detail}".strip(), None: "cannot be checked"}
    for label, value in (
        ("product", facts.product),
        ("program", facts.payload_bytes and f"{facts.payload_bytes:,} bytes"),
        ("ends after", facts.declared_bytes and f"{facts.declared_bytes:,} bytes, as it says"),
        ("missing", facts.missing_bytes and f"{facts.missing_bytes:,} bytes"),
        ("behind it", facts.trailing_bytes and f"{facts.trailing_bytes:,} bytes"),
        ("content digest", facts.content_digest and f"{facts.content_digest} ({digest[facts.digest_valid]})"),
        ("file SHA-256", facts.sha256),
        ("payload", " and ".join([*["encrypted"] * facts.encrypted, *["compressed"] * facts.compressed])),
        ("key hash", facts.key_hash),
        ("asked for", check and check.key),
        ("signature", check and f"{_VERDICTS[check.verdict]}{check.said}"),
        ("counter", facts.security_counter is not None and str(facts.security_counter)),
        ("unpacks to", facts.unpacked_bytes and f"{facts.unpacked_bytes:,} bytes"),
    ):
        if value:
            yield visible(f"  {label:<15} {value}")
    yield ""
    yield from findings_lines(findings)
    if not findings:
        yield "nothing speaks against sending it"
