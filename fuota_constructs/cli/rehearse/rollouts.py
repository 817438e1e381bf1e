"""Rehearses rollouts: the real machines on a clock that jumps to whatever comes next, with simulated devices."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from fuota_constructs.cli.aws_access import Access
from fuota_constructs.cli.rollout.banner import what_of
from fuota_constructs.local.errors import LocalCloudError
from fuota_constructs.local.gate import Verdict
from fuota_constructs.operations.rollout_next import next_of
from fuota_constructs.operations.rollout_status import HELD, SUCCEEDED, read_status
from fuota_constructs.operations.rollout_word import APPROVE, say
from fuota_constructs.operations.rollouts import item, list_rollouts, start_rollout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from fuota_constructs.local.cloud import LocalCloud
    from fuota_constructs.local.fleet import Fleet
    from fuota_constructs.operations.aws import Aws
    from fuota_constructs.operations.rollout_status import RolloutStatus
    from fuota_constructs.operations.rollouts import Rollout

DELIVERY_SECONDS: Final = 600.0
"""How long one jump may take: the devices decode while it waits."""
PATIENCE_SECONDS: Final = 120.0
"""How long nothing may happen: neither a step nor a wait."""
LOOK_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Deployed:
    """A rollout that the app has deployed, and the way to it."""

    aws: Aws
    rollout: Rollout
    account: str
    region: str


def deployed_rollouts(cloud: LocalCloud) -> list[Deployed]:
    """All rollouts of a local cloud."""
    return [
        Deployed(aws, rollout, rollout.account or cloud.account, aws.region)
        for aws, _ in Access(port=cloud.port).everywhere()
        for rollout in list_rollouts(aws)
    ]


def enrol(cloud: LocalCloud, fleet: Fleet, deployed: Deployed) -> int:
    """Make the devices of a rollout, dealt to the cohorts of the fleet in their order; answers how many.

    Those that the app names by id take these ids; a device profile and groups without devices get as many as the fleet
    has. Devices that are simulated already stay what they are.

    Raises LocalCloudError where the fleet has another number of devices than the app names.
    """
    settings = json.loads(item(deployed.aws, deployed.rollout, "plan")["Settings"])
    targets = settings["targets"]
    place = {"account": deployed.account, "aws_region": deployed.region}
    named, empty = _targets(deployed.aws, targets)
    simulated = {device["id"] for device in cloud.admin("fleet?devices=1")["list"]}
    new = [device for device in named if device not in simulated]
    others = {"groups": empty} if empty else {"groups": [], "device_profile_id": targets.get("deviceProfileId")}
    wants_others = bool(empty) or not named
    if len(new) == len(named):
        fleet = _agreed(fleet, len(named), deployed, or_more=wants_others)
    own, rest = fleet.cut(min(fleet.devices, len(named)), max(0, fleet.devices - len(named)))
    if new:
        there = {device["Id"] for device in deployed.aws.pages("list_wireless_devices", "WirelessDeviceList")}
        if missing := [device for device in new if device not in there]:
            cloud.admin("stand-ins", method="POST", content={**place, "wireless_devices": missing})
        _make(cloud, own, device_ids=new, **place)
    if wants_others:
        _make(cloud, rest, **others, **place)
    if applied := settings.get("applied"):
        asked = {"rollout": settings["rollout"], "table": applied["table"], "version": applied["version"]}
        cloud.admin("versions", method="POST", content={**place, **asked})
    return len(named) + (rest.devices if wants_others else 0)


def _agreed(fleet: Fleet, named: int, deployed: Deployed, *, or_more: bool) -> Fleet:
    """The fleet with as many devices as the app names, and more where there are others to make."""
    if not named or fleet.devices == named or (or_more and fleet.devices > named):
        return fleet
    if fleet.gives_way and not or_more:
        return fleet.resized(named)
    more = f" or more: the others go to the groups of {deployed.rollout} that have no devices" if or_more else ""
    raise LocalCloudError(
        f"rollout {deployed.rollout} names {named:,} devices, and the fleet has {fleet.devices:,}: give the fleet"
        f" {named:,}{more}"
    )


def _make(cloud: LocalCloud, fleet: Fleet, **where: Any) -> None:
    content = {**fleet.as_dict(), **where}
    if "device_ids" in where:
        content.pop("groups", None)
    cloud.admin("fleet", method="POST", content=content, timeout_seconds=DELIVERY_SECONDS)


def _targets(aws: Aws, targets: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The devices that are named or there, each once, and the groups that have none."""
    if key := targets.get("listKey"):
        with aws.s3.get_object(Bucket=targets["listBucket"], Key=key)["Body"] as body:
            return list(dict.fromkeys(body.read().decode().split())), []
    if profile := targets.get("deviceProfileId"):
        return _listed(aws, DeviceProfileId=profile), []
    members = {group: _listed(aws, MulticastGroupId=group) for group in targets["multicastGroupIds"]}
    found = dict.fromkeys(device for devices in members.values() for device in devices)
    return list(found), [group for group, devices in members.items() if not devices]


def _listed(aws: Aws, **of: str) -> list[str]:
    return [device["Id"] for device in aws.pages("list_wireless_devices", "WirelessDeviceList", **of)]


def drive(
    cloud: LocalCloud, deployed: Deployed, *, ask: Callable[[RolloutStatus], str] | None = None
) -> Iterator[RolloutStatus]:
    """Start a rollout and let its time pass; yields how far it is after each jump, the end last.

    Approvals are given, unless somebody is asked. Where a gate holds for another reason and nobody is asked, that is
    the end.
    """
    execution = start_rollout(deployed.aws, deployed.rollout, _name(deployed))
    patience, before = time.monotonic() + PATIENCE_SECONDS, ""
    while True:
        status = read_status(deployed.aws, deployed.rollout, execution)
        yield status
        if status.is_final:
            return
        if status.status == HELD and not status.is_aborting:
            if ask is None and not status.wants_approval:
                return
            say(deployed.aws, status, ask(status) if ask else APPROVE)
        told = f"{status.control}"
        if told != before:
            patience, before = time.monotonic() + PATIENCE_SECONDS, told
        elif time.monotonic() > patience:
            raise LocalCloudError(f"rollout {deployed.rollout} does not go on: {next_of(status).text}")
        _jump(cloud, status)


def _name(deployed: Deployed) -> str:
    """Which devices come first is decided by the name of the execution: the same in each rehearsal."""
    pages = deployed.aws.stepfunctions.get_paginator("list_executions")
    found = pages.paginate(stateMachineArn=deployed.rollout.machine_arn)
    return f"rehearsal-{1 + sum(len(page['executions']) for page in found)}"


def _jump(cloud: LocalCloud, status: RolloutStatus) -> None:
    """Move the clock to what comes next, where the machines wait for it: they look again then."""
    clock = cloud.admin("clock")
    if (waits := clock["next_wait"]) is not None:
        at = next_of(status).at
        seconds = max(waits, at.timestamp() if at else 0.0) - clock["now"] + 1
        if seconds > 0:
            cloud.admin("clock", method="POST", content={"advance_seconds": seconds}, timeout_seconds=DELIVERY_SECONDS)
    time.sleep(LOOK_SECONDS)


def asked(status: RolloutStatus) -> str:
    """Ask on the terminal what to say where a rollout holds."""
    go_on = APPROVE if status.wants_approval else "resume"
    words = [go_on, "skip", "abort"] if status.holds_after_a_session else [go_on, "abort"]
    click.echo(f"{status.rollout} holds: {status.reason}", err=True)
    word: str = click.prompt("what do you say", type=click.Choice(words), err=True)
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
    if causes:
        return Verdict(False, f"FAILED {counts}; {causes[0]}", require, delivered, devices, causes)
    names = ", ".join(str(status.rollout) for status in rollouts)
    line = f"PASSED {counts}; {names} SUCCEEDED"
    return Verdict(True, line, require, delivered, devices)
