"""Rules about a rollout: its waves, its maintenance window, and what its gates can prove."""

from __future__ import annotations

import itertools

from fuota_constructs.lorawan.fleet_waves import WaveSize, wave_sizes
from fuota_constructs.lorawan.success_bounds import confidence_of_each, smallest_proof
from fuota_constructs.rules.radio_session import session_plan
from fuota_constructs.rules.rule import Remarks, RolloutPlan, Rule, TaskPlan, WavePlan, error, warning, whole_number

MOST_RETRIES = 3
"""Sessions of a wave after its first: with more, its execution could pass 25,000 events."""

MOST_WAVES = 100


def _rollout_waves(plan: TaskPlan) -> Remarks:
    rollout = plan.rollout
    if rollout is None:
        return
    waves = rollout.waves
    if not 1 <= len(waves) <= MOST_WAVES:
        yield error(f"the rollout has {len(waves)} waves; give 1 to {MOST_WAVES}, the last of them all that is left")
        return
    if waves[-1].percent != 100:  # noqa: PLR2004  # percent
        yield error(
            "the last wave reaches a part of the fleet only, and nobody would update the others: end with"
            " RolloutWave.percent(100)"
        )
    for kind, reaches in (
        ("devices", [wave.devices for wave in waves if wave.devices is not None]),
        ("percent", [wave.percent for wave in waves if wave.percent is not None]),
    ):
        if any(later <= earlier for earlier, later in itertools.pairwise(reaches)):
            listed = ", ".join(f"{reach:g}" for reach in reaches)
            yield error(
                f"the waves reach {listed} {kind}; a wave contains those before it, so each must reach further than"
                " the one before"
            )
    names = [wave.name for wave in waves]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        yield error(
            f"several waves have the name {', '.join(twice)}, and status, report and events say by it which wave they"
            " mean: give each a name of its own"
        )
    yield from _waves_without_devices(rollout)
    early = [wave.name for wave in waves[:-1] if wave.bake_seconds < rollout.silent_after_seconds]
    if early:
        yield warning(
            f"{', '.join(early)} bake for less than silent_after, which is {rollout.silent_after_seconds / 3600:g} h:"
            " their gates see no device that fell silent; bake longer, or shorten silent_after"
        )


def _waves_without_devices(rollout: RolloutPlan) -> Remarks:
    if rollout.devices is None:
        return
    sizes = _sizes(rollout, rollout.devices)
    if empty := [wave.name for wave, size in zip(rollout.waves, sizes, strict=True) if size == 0]:
        yield warning(
            f"the list has {_devices(rollout.devices)} and nobody is left for {', '.join(empty)}, which will be passed"
            " over: take these waves out, or make the ones before smaller"
        )


def _rollout_window(plan: TaskPlan) -> Remarks:
    rollout = plan.rollout
    if rollout is None or rollout.window_seconds is None:
        return
    for percent, level in ((plan.redundancy_percent, error), (rollout.most_redundancy_percent, warning)):
        session = session_plan(plan._replace(redundancy_percent=percent))
        if session is None or session.duration_seconds <= rollout.window_seconds:
            continue
        what = "the session takes" if level is error else f"a retry with {percent} % redundancy takes"
        yield level(
            f"{what} {session.duration_seconds / 60:.0f} minutes ({session.fragments} fragments, one every"
            f" {session.interval_seconds} s) and the maintenance window is {rollout.window_seconds / 60:.0f} minutes:"
            + (
                " choose a longer window, larger fragments, a shorter interval or less redundancy"
                if level is error
                else " retries get only as much redundancy as fits; choose a longer window, or a lower"
                " most_redundancy_percent"
            )
        )
        return


def devices_that_prove(
    success_percent: float, confidence_percent: float, *, waves: int, a_gateway: float = 1.0, correlation: float = 0.0
) -> int:
    """How many devices prove a share at one of the gates of a rollout when none of them fails."""
    confidence = confidence_of_each(confidence_percent / 100, waves)
    return smallest_proof(success_percent / 100, confidence, a_gateway=a_gateway, correlation=correlation)


def _wave_cannot_prove(plan: TaskPlan) -> Remarks:
    rollout = plan.rollout
    if rollout is None or not rollout.waves:
        return
    needed = devices_that_prove(
        rollout.success_percent,
        rollout.confidence_percent,
        waves=len(rollout.waves),
        a_gateway=rollout.a_gateway,
        correlation=rollout.correlation,
    )
    together = f" ({rollout.a_gateway:g} behind a gateway)" if rollout.correlation else ""
    weak = [f"{wave.name} ({_devices(reach)})" for wave, reach in _reaches(rollout) if reach < needed]
    if weak:
        yield warning(
            f"success_percent is {rollout.success_percent:g} at confidence_percent {rollout.confidence_percent:g},"
            f" which takes {needed} devices{together} without a failure to prove, and {', '.join(weak)} cannot have so"
            " many: a canary then goes on when it refutes nothing, the last wave when the share is reached, and another"
            f" one waits for the operator; let it reach at least {needed} devices, or ask for less"
        )


def _applied_version(plan: TaskPlan) -> Remarks:
    asked = plan.rollout.applied_version if plan.rollout else None
    own = plan.image_facts.version if plan.image_facts else None
    if asked and own and own != asked.removeprefix("v"):
        yield warning(
            f"applied asks for version {asked!r}, and the image says that it is {own}: devices that report what they"
            f" run would all count as failed; give Applied.version({own!r}), unless they report it in another form"
        )


def _reaches(rollout: RolloutPlan) -> list[tuple[WavePlan, int]]:
    """The waves of which it is known how far they reach: those by number, and of a list all."""
    if rollout.devices is None:
        return [(wave, reach) for wave in rollout.waves if (reach := whole_number(wave.devices)) is not None]
    sizes = _sizes(rollout, rollout.devices)
    return [(wave, sum(sizes[:number])) for number, wave in enumerate(rollout.waves, start=1)]


def _devices(number: int) -> str:
    return "1 device" if number == 1 else f"{number} devices"


def _sizes(rollout: RolloutPlan, devices: int) -> list[int]:
    return wave_sizes(devices, [WaveSize(wave.devices, wave.percent) for wave in rollout.waves])


_GATE = "Clopper and Pearson 1934 (exact binomial bounds); the gate of a rollout"

ROLLOUT_RULES = (
    Rule(
        id="rollout-waves",
        levels=("error", "warning"),
        what="the waves of a rollout do not grow, do not end with all of the fleet, or share a name (error),"
        " leave nobody for a wave, or bake for less than `silent_after` (warning)",
        why="a wave contains those before it, and who is in none is never updated; a device that does not survive the"
        " update is seen by its silence only",
        remedy="a canary, larger waves, and `RolloutWave.percent(100)` as the last, each with a bake of at least"
        " `silent_after`",
        source="the machines of a rollout; AWS Step Functions quotas (25,000 events of an execution)",
        check=_rollout_waves,
    ),
    Rule(
        id="rollout-window",
        levels=("error", "warning"),
        what="the planned session is longer than the `maintenance_window` of a rollout (error), or one with"
        " `most_redundancy_percent` is (warning)",
        why="no session could start, or retries get less redundancy than they are allowed; no API stops a session",
        remedy="a longer window, larger fragments, a shorter interval, less redundancy",
        source="the session plan; AWS IoT Wireless API (there is no StopFuotaTask)",
        check=_rollout_window,
    ),
    Rule(
        id="wave-cannot-prove",
        levels=("warning",),
        what="a wave, with those before it, has too few devices ever to prove `success_percent` at"
        " `confidence_percent`",
        why="even if all of them succeed the share is not proven, and the gate cannot pass",
        remedy="a wave that reaches as many devices as the message names, or a lower rate or confidence",
        source=_GATE,
        check=_wave_cannot_prove,
    ),
    Rule(
        id="applied-version",
        levels=("warning",),
        what="the version that `applied` asks for is not the one that the image carries",
        why="versions are compared as text: a device that runs the image and reports its version counts as failed, and"
        " the canary aborts",
        remedy="the version of the image, in the form in which devices report it",
        source="the header of the image; the gate of a rollout",
        check=_applied_version,
    ),
)
