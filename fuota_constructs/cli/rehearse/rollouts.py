"""What a rehearsal asks and says about rollouts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fuota_constructs.cli.rollout.banner import what_of
from fuota_constructs.local.errors import LocalCloudError
from fuota_constructs.local.gate import Verdict
from fuota_constructs.lorawan.fragments import interval_seconds
from fuota_constructs.lorawan.regions import region
from fuota_constructs.lorawan.session_plan import Conditions, plan_session
from fuota_constructs.lorawan.unsent_fragments import doubt_of_airtime, slower, why_unsent
from fuota_constructs.operations.rollout_status import FAILED, HELD, SUCCEEDED
from fuota_constructs.operations.rollout_word import APPROVE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fuota_constructs.lorawan.session_plan import SessionPlan
    from fuota_constructs.operations.rollout_status import RolloutStatus


def asked(status: RolloutStatus) -> str:
    """Ask on the terminal what to say where a rollout holds; what is piped in answers, too.

    Raises LocalCloudError where nobody answers.
    """
    go_on = APPROVE if status.wants_approval else "resume"
    words = [go_on, "skip", "abort"] if status.holds_after_a_session else [go_on, "abort"]
    click.echo(f"{status.rollout} holds: {status.reason}", err=True)
    try:
        word: str = click.prompt("what do you say", type=click.Choice(words), err=True)
    except click.Abort as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise LocalCloudError(
            f"rollout {status.rollout} holds, and nobody answers {', '.join(words)}: --ask is for a terminal, or for"
            " answers that are piped in, a line each"
        ) from None
    return word


def verdict_of(rollouts: Sequence[RolloutStatus], require: float) -> Verdict:
    """Passed is what SUCCEEDED by its own gates, and reached the share of its devices that the rehearsal requires."""
    delivered = sum(wave.successful for status in rollouts for wave in status.waves)
    devices = sum(wave.targets or 0 for status in rollouts for wave in status.waves)
    failed = [status for status in rollouts if status.status != SUCCEEDED]
    counts = f"{delivered}/{devices} devices {' or '.join(dict.fromkeys(map(what_of, rollouts)))}"
    causes = tuple(f"rollout {status.rollout} is {status.status}: {status.reason}" for status in failed)
    if not failed and devices and delivered < require * devices:
        causes = (f"the rollouts went through with less than {100 * require:.9g} % of the devices",)
    air = tuple(f"rollout {status.rollout}: {said}" for status in rollouts if (said := air_of(status)))
    if causes:
        remedies = tuple(dict.fromkeys(said for status in rollouts for said in _remedies(status)))
        return Verdict(False, f"FAILED {counts}; {causes[0]}", require, delivered, devices, (*causes, *air), remedies)
    names = ", ".join(str(status.rollout) for status in rollouts)
    line = f"PASSED {counts}; {names} SUCCEEDED{''.join(map(_but, rollouts))}"
    return Verdict(True, line, require, delivered, devices, air)


def _but(status: RolloutStatus) -> str:
    """What a last line may not keep to itself, as that of a rehearsal of tasks."""
    plan, said = _session_of(status), air_of(status)
    if not plan or not said:
        return ""
    return f", {'although' if plan.unsent else 'unless fragments are dropped:'} in rollout {status.rollout} {said}"


def _remedies(status: RolloutStatus) -> Iterator[str]:
    """What to do about a rollout that did not reach what was asked of it."""
    if any(wave.silent for wave in status.waves):
        yield (
            "devices fell silent with the image, as bricks of the fleet do: mend the firmware, or accept some with"
            " FuotaRollout(most_silent=...)"
        )
    if any(wave.failed for wave in status.waves):
        yield (
            "devices were left without the image: choose more redundancy for the loss they have (fuota plan --loss)"
            " or retries, and leave out those that cannot take it"
        )
    if status.status == FAILED:
        yield "a step of it failed: mend what is named, mostly a permission, or look into the cloud with --keep"
    if status.status == HELD:
        yield "it waits for an answer: give it with --ask; docs/how-to/operate-a-rollout.md has one for each reason"


def air_of(status: RolloutStatus) -> str:
    """Why fragments of its sessions are not sent, or may not be; empty where there is airtime for all of them."""
    plan = _session_of(status)
    said = plan and (why_unsent(plan) or doubt_of_airtime(plan))
    return f"{said}: choose {slower(plan)}" if plan and said else ""


def _session_of(status: RolloutStatus) -> SessionPlan | None:
    """A first session as its gate plans with, to devices that lose nothing; None where nothing is known of it."""
    session, image = status.settings.get("session") or {}, status.settings.get("image") or {}
    facts = region(str(session.get("rfRegion")))
    size = int(session.get("fragmentSizeBytes", 0))
    rate = facts.slowest_data_rate(size) if facts else None
    if facts is None or rate is None or not size:
        return None
    return plan_session(
        int(image["sizeBytes"]),
        Conditions(facts, dl_class=session["dlClass"], loss=0.0),
        data_rate=rate,
        fragment_bytes=size,
        interval_seconds=max(1, interval_seconds(session["fragmentIntervalMs"])),
        redundancy_percent=int(session["redundancyPercent"]),
    )
