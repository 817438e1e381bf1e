"""`fuota delta`."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import click

from fuota_constructs import extras, rules
from fuota_constructs.cli import documents, options
from fuota_constructs.cli.figures import smaller
from fuota_constructs.cli.image.words import findings_lines
from fuota_constructs.cli.input_files import InputFile
from fuota_constructs.cli.output_files import OutputFile, deliver, require_apart, write
from fuota_constructs.firmware.delta.delta_image import delta_of
from fuota_constructs.operations.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fuota_constructs.firmware.delta.delta_image import DeltaImage
    from fuota_constructs.rules import Finding

NOT_TO_BE_SENT = 1
_FILE = InputFile("give a firmware file, BASE that the devices run and TARGET that they shall run")


@click.command()
@click.argument("base", type=_FILE)
@click.argument("target", type=_FILE)
@click.option("-o", "--output", "output", type=OutputFile(), required=True, metavar="PATCH", help="The file to write.")
@options.decoder
@click.option("--force", is_flag=True, help="Write over a PATCH that is there.")
@options.as_json
@options.json_file
@click.pass_context
def delta(
    ctx: click.Context,
    *,
    base: Path,
    target: Path,
    output: Path,
    decoder: str,
    force: bool,
    as_json: bool,
    json_file: Path | None,
) -> None:
    """Make the patch that turns one firmware file into another.

    BASE is the image that the devices run, TARGET the one they shall run. The patch is sequential, in the format of
    detools, and is applied once before it is written. It has no digest, neither of its base nor of its target: a device
    with another base makes garbage of it and reports no error. Of a BASE whose format declares its end, such as
    MCUboot, what is behind that end is left out: it differs from device to device.

    \b
    Examples:
      fuota delta sensor-1.1.0.bin sensor-1.2.0.bin -o sensor-1.1.0-to-1.2.0.patch
      fuota plan sensor-1.2.0.bin --delta-from sensor-1.1.0.bin --rf-region EU868

    \b
    Exit codes:
      0  written; there may be warnings
      1  there is no patch or it is not to be sent, and nothing was written
      2  wrong usage, or PATCH is there already
    """
    extras.require("fuota delta", "delta")
    require_apart({"BASE": base, "TARGET": target, "--output": output, "--json-file": json_file})
    if output.exists() and not force:
        raise click.UsageError(f"{output} is there already: give another name, or --force to write over it")
    made = delta_of(base.read_bytes(), target.read_bytes(), decoder=decoder)
    findings = rules.findings_in(
        rules.TaskPlan(
            image_bytes=len(made.patch.data) if made.patch else None, image_facts=made.target, image_delta=made
        )
    )
    refused = any(finding.level == "error" for finding in findings)
    if made.patch and not refused:
        write(output, made.patch.data)
    text = documents.as_text("delta", _content(made, base, target, None if refused else output, findings))
    click.echo(text if as_json else "\n".join(_shown(made, base, target, None if refused else output, findings)))
    deliver(json_file, text)
    ctx.exit(NOT_TO_BE_SENT if refused else 0)


def descriptor_of(digest: str) -> str:
    """The descriptor that names a base, as base64."""
    return base64.b64encode(bytes.fromhex(digest)[:4]).decode()


def _content(
    made: DeltaImage, base: Path, target: Path, written: Path | None, findings: tuple[Finding, ...]
) -> dict[str, Any]:
    patch = made.patch
    return {
        "base": {
            "file": str(base),
            "title": made.base.title,
            "version": made.base.version,
            "size_bytes": made.base.size_bytes,
            "used_bytes": made.base_bytes,
            "sha256": made.base_sha256,
            "descriptor": descriptor_of(made.base_sha256),
        },
        "target": {
            "file": str(target),
            "title": made.target.title,
            "version": made.target.version,
            "size_bytes": made.target.size_bytes,
            "sha256": made.target.sha256,
        },
        "decoder": made.decoder,
        "patch": patch
        and {
            "file": written and str(written),
            "size_bytes": len(patch.data),
            "sha256": hashlib.sha256(patch.data).hexdigest(),
            "compression": patch.compression,
            "ratio": round(patch.ratio, 2),
        },
        "findings": [finding._asdict() for finding in findings],
    }


def _shown(
    made: DeltaImage, base: Path, target: Path, written: Path | None, findings: tuple[Finding, ...]
) -> Iterator[str]:
    patch = made.patch
    if patch:
        said = f"{len(patch.data):,} bytes instead of {patch.target_bytes:,}, {smaller(patch.ratio)}"
        yield visible(f"{written.name}: {said}" if written else f"not written: {said}")
    else:
        yield "not written: there is no patch"
    for label, value in (
        ("base", f"{base.name}, {_described(made.base.title, made.base.version, made.base_bytes)}"),
        ("base SHA-256", made.base_sha256),
        ("descriptor", f"{descriptor_of(made.base_sha256)} (names the base: Descriptor.of_base)"),
        ("target", f"{target.name}, {_described(made.target.title, made.target.version, made.target.size_bytes)}"),
        ("target SHA-256", made.target.sha256),
        ("read by", patch and f"{made.decoder} ({patch.compression}), applied here and compared with the target"),
    ):
        if value:
            yield visible(f"  {label:<15} {value}")
    if made.base_bytes < made.base.size_bytes:
        yield f"  {'':<15} ({made.base.size_bytes - made.base_bytes:,} bytes behind the end of the base left out)"
    yield ""
    yield from findings_lines(findings)
    if not findings:
        yield "nothing speaks against sending it to devices that have this base; others make garbage of it, unnoticed"


def _described(title: str, version: str | None, size: int) -> str:
    return f"{title}{f' {version}' if version else ''}, {size:,} bytes"
