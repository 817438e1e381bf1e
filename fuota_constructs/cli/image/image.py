"""`fuota image`."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fuota_constructs import rules
from fuota_constructs.cli import documents, options
from fuota_constructs.cli.output_files import require_apart, write
from fuota_constructs.firmware.formats import read_image
from fuota_constructs.operations.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fuota_constructs.firmware.formats import ImageFacts
    from fuota_constructs.rules import Finding

NOT_TO_BE_SENT = 1
WIDTH = 80


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@options.as_json
@options.json_file
@click.pass_context
def image(ctx: click.Context, *, file: Path, as_json: bool, json_file: Path | None) -> None:
    """Say what a firmware file is, and what speaks against sending it.

    FILE is what you would give to FirmwareImage.from_asset. Known are MCUboot, ESP, ST SBSFU, wolfBoot and mbed images,
    raw Cortex-M programs, and files that no device boots, such as ELF and Intel HEX. Digests are checked, signatures
    are not: whether a device trusts the key, only its bootloader knows.

    \b
    Examples:
      fuota image build/zephyr/zephyr.signed.bin
      fuota image firmware.bin --json

    \b
    Exit codes:
      0  nothing speaks against it, or warnings only
      1  it is not to be sent, or a file could not be written
      2  wrong usage
    """
    require_apart({"--json-file": json_file, "FILE": file})
    facts = read_image(file.read_bytes())
    plan = rules.TaskPlan(image_bytes=facts.size_bytes, image_facts=facts)
    findings = rules.findings_in(plan)
    text = documents.as_text("image", _content(file, facts, findings))
    if as_json:
        click.echo(text)
    else:
        click.echo("\n".join(_shown(file, facts, findings)))
    if json_file is not None:
        write(json_file, text + "\n")
        click.echo(f"written: {json_file}", err=True)
    ctx.exit(NOT_TO_BE_SENT if any(finding.level == "error" for finding in findings) else 0)


def _content(file: Path, facts: ImageFacts, findings: tuple[Finding, ...]) -> dict[str, Any]:
    return {
        "file": str(file),
        "facts": {name: list(value) if isinstance(value, tuple) else value for name, value in facts.as_json().items()},
        "findings": [
            {"rule": finding.rule, "level": finding.level, "message": finding.message} for finding in findings
        ],
    }


def headline(facts: ImageFacts) -> str:
    """What the file is, in one line."""
    what = facts.title[:1].upper() + facts.title[1:]
    version = f" {facts.version}" if facts.version else ""
    return visible(f"{what}{version}, {facts.size_bytes:,} bytes, {_signed(facts)}")


def _signed(facts: ImageFacts) -> str:
    if facts.signature:
        return f"signed ({facts.signature})"
    return "not signed" if facts.can_sign else "no signature that can be read"


def _shown(file: Path, facts: ImageFacts, findings: tuple[Finding, ...]) -> Iterator[str]:
    yield visible(f"{file.name}: {headline(facts)}")
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
    ):
        if value:
            yield visible(f"  {label:<15} {value}")
    yield ""
    for finding in findings:
        yield from textwrap.wrap(
            visible(f"{finding.level:<7} {finding.rule}: {finding.message}"),
            WIDTH,
            subsequent_indent=" " * 8,
            break_long_words=False,
            break_on_hyphens=False,
        )
    if not findings:
        yield "nothing speaks against sending it"
