"""A delta and the whole image side by side: what each costs, and what the delta asks of the devices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from fuota_constructs import extras
from fuota_constructs.cli.figures import count, duration, energy, smaller
from fuota_constructs.cli.output_files import require_apart
from fuota_constructs.cli.plan.verdict import verdict_of
from fuota_constructs.lorawan import recommendation

if TYPE_CHECKING:
    from fuota_constructs.cli.plan.inputs import DeltaInputs, Planned
    from fuota_constructs.lorawan.recommendation import Recommendation

TITLE: Final = "Delta or whole image"
HEADINGS: Final = ("", "bytes", "rate", "fragm.", "airtime", "lasts", "energy", "")


_WHOLE: Final = 'FirmwareImage.from_asset("firmware.bin")'


class Row(NamedTuple):
    """One session."""

    name: str
    cells: tuple[str, ...]
    sent: bool


def delta_of_files(base: Path, target: Path, *, decoder: str) -> DeltaInputs:
    """The delta of two files. Raises MissingPackageError, UsageError."""
    from fuota_constructs.cli.plan.inputs import DeltaInputs
    from fuota_constructs.firmware.delta.delta_image import delta_of

    extras.require("planning a delta", "delta")
    require_apart({"the base": base, "the target": target})
    try:
        return DeltaInputs(str(base), delta_of(base.read_bytes(), target.read_bytes(), decoder=decoder))
    except OSError as error:
        raise click.UsageError(f"{error.filename} cannot be read: {error.strerror}") from None


def base_and_target(
    image: tuple[str | None, int], successor: Path | None, base: Path | None
) -> tuple[tuple[str | None, int], Path | None]:
    """The image to be sent, and the base of a delta to it, whichever way they were given."""
    if successor is not None and base is not None:
        raise click.UsageError("TARGET and --delta-from both say that a delta is meant: give one of them")
    if (successor or base) and image[0] is None:
        raise click.UsageError("a delta is made of two files: give them instead of a size")
    if successor is not None:
        return (str(successor), successor.stat().st_size), Path(str(image[0]))
    return image, base


def rows_of(result: Planned, whole: Planned) -> list[Row]:
    """The session of the delta, where there is one, and that of the whole image."""
    made = result.inputs.delta
    rows = [Row("whole image", _cells(whole), sent=False)]
    return [Row("delta", _cells(result), sent=True), *rows] if made and made.made.patch else rows


def _cells(session: Planned) -> tuple[str, ...]:
    plan = session.plan
    figures = [count(session.inputs.image_bytes), f"DR{session.data_rate.index}", *["-"] * 4]
    if plan:
        airtime, lasts = duration(plan.total_airtime_seconds), duration(plan.duration_seconds)
        figures[2:] = [count(plan.fragments), airtime, lasts, energy(plan)]
    works, short = verdict_of(session).works, plan and not (plan.cut_off or session.refused)
    return (*figures, "works" if works else "falls short" if short else "does not work")


def snippet_of(result: Planned, best: Recommendation) -> str:
    """What to write for the recommended session."""
    delta, snippet = result.inputs.delta, recommendation.snippet(best.plan, result.inputs.conditions)
    if delta is None or delta.made.patch is None:
        return snippet
    image = f"FirmwareImage.delta(base={json.dumps(delta.base_name)}, target={json.dumps(result.inputs.image_name)})"
    return snippet.replace(_WHOLE, image)


def remarks_of(result: Planned, whole: Planned) -> list[str]:
    """What the delta saves and asks for."""
    delta, plan = result.inputs.delta, result.plan
    if delta is None or delta.made.patch is None:
        return ["There is no delta: the findings say why."]
    saved = []
    if plan and whole.plan:
        less = duration(max(0, whole.plan.duration_seconds - plan.duration_seconds))
        saved = [f"The delta is {smaller(delta.made.ratio)} and saves {less} of session."]
    base = f"{Path(delta.base_name).name} (sha256 {delta.made.base_sha256[:16]})"
    asked = f"{delta.made.decoder}, a second slot, a check of the result"
    return [
        *saved,
        f"Only for devices that run {base} and can apply it: {asked}.",
        "With another base they make garbage of it, unnoticed.",
    ]


def document_of(result: Planned, whole: Planned) -> dict[str, Any]:
    """The delta and the other session as JSON has them."""
    delta = result.inputs.delta
    assert delta is not None  # noqa: S101  # there is another session only where a delta was asked for
    made, patch = delta.made, delta.made.patch
    return {
        "base": delta.base_name,
        "base_sha256": made.base_sha256,
        "base_used_bytes": made.base_bytes,
        "target_sha256": made.target.sha256,
        "target_bytes": made.target.size_bytes,
        "decoder": made.decoder,
        "compression": patch and patch.compression,
        "ratio": patch and round(patch.ratio, 2),
        "whole_image": {
            "works": verdict_of(whole).works,
            "summary": verdict_of(whole).summary,
            "plan": whole.plan and whole.plan.as_dict(),
        },
    }
