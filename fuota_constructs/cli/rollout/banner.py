"""What terminal and page say of a rollout first."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from fuota_constructs.cli import about
from fuota_constructs.cli.banner import Banner
from fuota_constructs.cli.level import Level
from fuota_constructs.operations.rollout_next import next_of
from fuota_constructs.operations.rollout_status import ABORTED, FAILED, HELD, SUCCEEDED
from fuota_constructs.operations.rollout_waves import PASSED, SKIPPED

if TYPE_CHECKING:
    from fuota_constructs.cli.rollout.access import FoundRollout
    from fuota_constructs.operations.rollout_status import RolloutStatus


def level_of(status: RolloutStatus) -> Level:
    """Succeeded is passed where the last gate proved what was asked for; what people let pass is a warning."""
    if status.status in {ABORTED, FAILED}:
        return Level.FAILED
    if status.status == HELD or status.is_aborting:
        return Level.WARNING
    if status.status != SUCCEEDED:
        return Level.OPEN
    judged = [wave.outcome for wave in status.waves if wave.targets and not wave.is_needless]
    is_proven = bool(judged) and judged[-1] == PASSED and SKIPPED not in judged
    return Level.PASSED if is_proven else Level.WARNING


def summary_of(status: RolloutStatus) -> str:
    """The state and the devices in one sentence."""
    successful = sum(wave.successful for wave in status.waves)
    targets = [wave.targets for wave in status.waves]
    known = sum(each or 0 for each in targets)
    devices = f"{successful:,} of {known:,} devices {what_of(status)}" if known else "no devices are chosen yet"
    if status.status == HELD:
        return f"HELD at {status.wave_name}: {devices}"
    if status.is_final:
        return f"{status.status}: {devices}"
    return f"RUNNING, {status.wave_name} ({status.wave_number + 1} of {len(status.waves)}): {devices}"


def what_of(status: RolloutStatus) -> str:
    """What devices do that count: they have the image, or report the version that is asked for."""
    asked = status.settings.get("applied")
    return f"report version {asked['version']}" if asked else "have the image"


def banner_of(status: RolloutStatus, found: FoundRollout) -> Banner:
    """The banner of a rollout."""
    return Banner(level_of(status), summary_of(status), causes_of(status), remedies_of(status), commands(status, found))


def causes_of(status: RolloutStatus) -> tuple[str, ...]:
    """Why it stands so; of one that went through, which waves did not prove what was asked for."""
    if status.status != SUCCEEDED:
        return (status.reason,) if status.reason else ()
    return tuple(
        f"{wave.name} is {wave.outcome}{f': {wave.reason}' if wave.reason else ''}"
        for wave in status.waves
        if wave.outcome != PASSED and wave.targets
    )


def remedies_of(status: RolloutStatus) -> tuple[str, ...]:
    """What to do."""
    if status.status == ABORTED:
        return (
            "devices that have the image keep it: going back takes a higher version with the old firmware",
            "find out why, deploy other firmware, and start a new rollout",
        )
    if status.status == FAILED:
        return (
            "nothing new is sent; what was left (a task, a group) is taken away by the next start or with the stack",
            "redrive the execution within 14 days to go on where it failed, or start a new rollout",
        )
    if status.status == HELD:
        return (next_of(status).text,)
    if status.status == SUCCEEDED and any(wave.successful < (wave.targets or 0) for wave in status.waves):
        return ("find out what the devices that are not among them report, and send to them again",)
    return ()


def commands(status: RolloutStatus, found: FoundRollout) -> tuple[str, ...]:
    """What to type next."""
    if status.status == HELD:
        if status.waits_for_image:
            return (found.command("abort"),)
        go_on = "approve" if status.wants_approval else "resume"
        words = [go_on, "skip", "abort"] if status.holds_after_a_session else [go_on, "abort"]
        return tuple(found.command(word) for word in words)
    if status.is_final:
        redrive = [redrive_command(status, found)] if status.status == FAILED and found.aws.is_amazons else []
        is_anybody_left = any(wave.successful < (wave.targets or 0) for wave in status.waves)
        left = [found.command("devices", "--status", "failed", "--status", "open")] if is_anybody_left else []
        return (*redrive, *left, report_command(found))
    return (found.command("status", "--watch"),)


def report_command(found: FoundRollout) -> str:
    """What keeps it."""
    return found.command("report", "--html", "rollout.html")


def redrive_command(status: RolloutStatus, found: FoundRollout) -> str:
    """What goes on with an execution that failed: Step Functions itself; the local cloud has no redrive."""
    place = found.place
    profile = ("--profile", place.profile) if place.profile else ()
    arn = found.rollout.execution_arn(status.execution)
    words = ("aws", "stepfunctions", "redrive-execution", "--execution-arn", arn, "--region", place.region, *profile)
    return shlex.join(words)


def about_rollout(status: RolloutStatus) -> list[str]:
    """What a rollout is, in a few words each."""
    session = status.settings.get("session") or {}
    image = status.settings.get("image") or {}
    name = str(image.get("uri", "")).rpartition("/")[2] or "no image"
    return [
        str(session.get("rfRegion", "")),
        *about.parameters(
            session.get("fragmentSizeBytes"), session.get("fragmentIntervalMs"), session.get("redundancyPercent")
        ),
        about.image(name, image.get("sizeBytes"), about.digest_in(str(image.get("uri", "")))),
        f"execution {status.execution}",
        *about.made(status.now),
    ]
