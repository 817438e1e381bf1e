"""Rehearses rollouts: the real machines on a clock that jumps to whatever comes next, with simulated devices."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fuota_constructs.local.errors import LocalCloudError
from fuota_constructs.local.operated_places import aws_of, places_of
from fuota_constructs.operations.rollout_next import next_of
from fuota_constructs.operations.rollout_status import HELD, read_status
from fuota_constructs.operations.rollout_word import ABORT, APPROVE, HOLD, RESUME, SKIP, say
from fuota_constructs.operations.rollouts import list_rollouts, settings_of, start_rollout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fuota_constructs.local.cloud import LocalCloud
    from fuota_constructs.local.fleet import Fleet
    from fuota_constructs.operations.aws import Aws
    from fuota_constructs.operations.rollout_evidence import Kept
    from fuota_constructs.operations.rollout_status import RolloutStatus
    from fuota_constructs.operations.rollouts import Rollout

DELIVERY_SECONDS: Final = 600.0
"""How long one jump may take: the devices decode while it waits."""
PATIENCE_SECONDS: Final = 300.0
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
        for account, region in places_of(cloud)
        for aws in [aws_of(cloud, account, region)]
        for rollout in list_rollouts(aws).rollouts
    ]


def enrol(cloud: LocalCloud, fleet: Fleet, deployed: Deployed) -> int:
    """Make the devices of a rollout, dealt to the cohorts of the fleet in their order; answers how many.

    Those that the app names by id take these ids; a device profile and groups without devices get as many as the fleet
    has. Devices that are simulated already stay what they are.

    Raises LocalCloudError where the fleet has another number of devices than the app names, and OperationError where
    the rollout was not deployed wholly.
    """
    settings = json.loads(settings_of(deployed.aws, deployed.rollout))
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


class RolloutRehearsal:
    """A rollout under way in a local cloud: it is started when this is made, and its time passes only here."""

    def __init__(self, cloud: LocalCloud, deployed: Deployed) -> None:
        """Start it.

        Raises OperationError where it is under way already, or was not deployed wholly.
        """
        self._cloud, self._deployed = cloud, deployed
        self._kept: Kept = {}
        self._execution = start_rollout(deployed.aws, deployed.rollout, _name(deployed))

    @property
    def status(self) -> RolloutStatus:
        """How far it is: `status`, `reason`, `waves` and so on, in the words of `fuota rollout status --json`."""
        return read_status(self._deployed.aws, self._deployed.rollout, self._execution, self._kept)

    def follow(self, answer: Callable[[RolloutStatus], str | None]) -> Iterator[RolloutStatus]:
        """Let its time pass; yields how far it is after each jump, the end last.

        Where it is held, `answer` tells what to say; None leaves it so, and ends this.

        Raises LocalCloudError where it does not go on, and OperationError where a word is refused.
        """
        patience, before = time.monotonic() + PATIENCE_SECONDS, ""
        while True:
            # Read first, what the machines wait for is no later than the status: no step is jumped over.
            clock = self._cloud.admin("clock")
            status = self.status
            yield status
            if status.is_final:
                return
            if status.status == HELD and not status.is_aborting:
                if (word := answer(status)) is None:
                    return
                say(self._deployed.aws, status, word)
            told = f"{status.control}"
            if told != before:
                patience, before = time.monotonic() + PATIENCE_SECONDS, told
            elif time.monotonic() > patience:
                raise LocalCloudError(f"rollout {self._deployed.rollout} does not go on: {next_of(status).text}")
            _jump(self._cloud, clock, status)

    def run(self, *, approve: bool = True) -> RolloutStatus:
        """Let its time pass until it is over, or held: answers how far it is then.

        `approve`: give the approvals that waves want; where it is held for another reason, it stays so.
        """
        *_, status = self.follow(approvals if approve else nothing)
        return status

    def until(self, holds: Callable[[RolloutStatus], bool], *, approve: bool = True) -> RolloutStatus:
        """Let its time pass until a status is as wanted, and answer that.

        It is looked at after each step of the machines, so what is shorter than a step is not seen.

        Raises LocalCloudError where it is over or held before.
        """
        status = self.status
        for status in self.follow(approvals if approve else nothing):
            if holds(status):
                return status
        why = f" ({status.reason})" if status.reason else ""
        raise LocalCloudError(
            f"rollout {self._deployed.rollout} is {status.status}{why} and never was as the test waits for"
        )

    def approve(self) -> None:
        """Say approve, as `fuota rollout approve`."""
        self._say(APPROVE)

    def hold(self) -> None:
        """Say hold: it is heard before the next session, or at the next gate."""
        self._say(HOLD)

    def resume(self) -> None:
        """Say resume."""
        self._say(RESUME)

    def skip(self) -> None:
        """Say skip."""
        self._say(SKIP)

    def abort(self, *, end_sessions: bool = False) -> None:
        """Say abort; with `end_sessions` what is on the air ends, too."""
        self._say(ABORT, end_sessions=end_sessions)

    def _say(self, word: str, **how: bool) -> None:
        say(self._deployed.aws, self.status, word, **how)


def approvals(status: RolloutStatus) -> str | None:
    """Approve what wants an approval, and nothing else."""
    return APPROVE if status.wants_approval else None


def nothing(status: RolloutStatus) -> None:
    """Leave it held."""
    del status


def _name(deployed: Deployed) -> str:
    """Which devices come first is decided by the name of the execution: the same in each rehearsal."""
    pages = deployed.aws.stepfunctions.get_paginator("list_executions")
    found = pages.paginate(stateMachineArn=deployed.rollout.machine_arn)
    return f"rehearsal-{1 + sum(len(page['executions']) for page in found)}"


def _jump(cloud: LocalCloud, clock: dict[str, Any], status: RolloutStatus) -> None:
    """Move the clock to what comes next, where the machines wait for it: they look again then."""
    waits, now = clock["next_wait"], clock["now"]
    if waits is not None and waits > now:  # what is due already is being woken
        at = next_of(status).at
        seconds = max(waits, at.timestamp() if at else 0.0) - now + 1
        cloud.admin("clock", method="POST", content={"advance_seconds": seconds}, timeout_seconds=DELIVERY_SECONDS)
    time.sleep(LOOK_SECONDS)
