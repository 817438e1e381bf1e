"""`fuota local fleet`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fuota_constructs.cli import documents, options
from fuota_constructs.cli.command_group import CommandGroup
from fuota_constructs.cli.exit_codes import PASSED
from fuota_constructs.cli.place import Place
from fuota_constructs.cli.rehearse.fleet_options import fleet_file_in_use, fleet_of, fleet_options
from fuota_constructs.local.errors import LocalCloudError
from fuota_constructs.operations.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fuota_constructs.cli.aws_access import Access
    from fuota_constructs.local.cloud import LocalCloud
    from fuota_constructs.local.fleet import Fleet
    from fuota_constructs.lorawan.device_stack import DeviceStack


LONGEST_SECONDS = 300.0
"""To make 100,000 devices takes a while."""


@click.group(cls=CommandGroup)
def fleet() -> None:
    """Put simulated devices into the multicast groups of the local cloud.

    \b
    Example:
      fuota local fleet add --devices 200 --loss 10%
    """


@fleet.command()
@options.port
@fleet_options
@click.option(
    "--group",
    "groups",
    multiple=True,
    metavar="GROUP",
    help="Id or name of a multicast group; give it again for more.  [default: all there are]",
)
@click.option(
    "--rollout",
    metavar="ROLLOUT",
    help="Make the devices that this rollout updates instead, under the ids the app names.",
)
@click.option(
    "--account", type=options.Account(), metavar="DIGITS", help="The account of that rollout.  [default: look in all]"
)
@click.option(
    "--region",
    type=options.AwsRegion(),
    metavar="REGION",
    help="The Region of that rollout.  [default: look in all]",
)
@options.as_json
def add(
    *,
    port: int,
    devices: int | None,
    loss: float | None,
    stack: DeviceStack | None,
    firmware: Path | None,
    seed: int | None,
    fleet_file: Path | None,
    groups: tuple[str, ...],
    rollout: str | None,
    account: str | None,
    region: str | None,
    as_json: bool,
) -> None:
    """Make devices that receive, lose and decode real fragments, and let them join.

    They are spread over the groups in turn. Every further fleet has devices of its own. With --rollout they join
    nothing: its waves have groups of their own.

    \b
    Examples:
      fuota local fleet add
      fuota local fleet add --devices 200 --loss 10% --group street-sensors
      fuota local fleet add --devices 50 --device-stack loramac-node@4.5.1
      fuota local fleet add --fleet fleet.yaml
      fuota local fleet add --rollout Meters/Rollout
      fuota local fleet add --rollout Meters/Rollout --region eu-west-1

    \b
    Exit codes:
      0  the devices are in their groups
      1  no local cloud runs on the port, it has no such group or rollout, or
         several of the name, the rollout is not deployed wholly, or the fleet
         has another number of devices than it names
      2  wrong usage
    """
    from fuota_constructs.cli.aws_access import Access, run
    from fuota_constructs.local import cloud as clouds
    from fuota_constructs.local.overview import overview

    fleet_file = fleet_file_in_use(devices, loss, seed, fleet_file, stack=stack, firmware=firmware)
    if rollout is not None and groups:
        raise click.UsageError("--rollout says which devices there are: leave --group out")
    if rollout is None and (account or region):
        raise click.UsageError("--account and --region say where a rollout is: add --rollout, or leave them out")
    fleet = fleet_of(devices, loss, seed, fleet_file, stack=stack, firmware=firmware)
    running = clouds.running(port)
    if rollout is not None:
        access = Access(region=region, account=account, port=running.port)
        ctx = click.get_current_context()
        ctx.exit(run(lambda: _add_to_rollout(running, access, rollout, fleet, as_json=as_json), access))
    document = fleet.as_dict()
    there = overview(running)["multicast_groups"]
    place = Place(running.region, port=running.port)
    if chosen := _ids(groups, there, place):
        document["groups"] = chosen
    elif not there and document.get("groups") is None:
        raise LocalCloudError(f"there is no multicast group to put devices into: {_deploy(place)}")
    made = running.admin("fleet", method="POST", content=document, timeout_seconds=LONGEST_SECONDS)
    _show(made, there, place, as_json=as_json)


def _add_to_rollout(cloud: LocalCloud, access: Access, wanted: str, fleet: Fleet, *, as_json: bool) -> int:
    """Make the devices of a rollout.

    Raises:
        OperationError: it is not there, several are, or it is not deployed wholly.
        LocalCloudError: it names another number of devices.
    """
    from fuota_constructs.cli.rollout.access import find
    from fuota_constructs.local.rollout_rehearsal import Deployed, enrol

    found = find(access, wanted)
    before = set(_simulated(cloud))
    account = found.rollout.account or cloud.account
    enrol(cloud, fleet, Deployed(found.aws, found.rollout, account, found.aws.region))
    cohorts: dict[str, list[str]] = {}
    for device, cohort in _simulated(cloud).items():
        if device not in before:
            cohorts.setdefault(cohort, []).append(device)
    listed = [{"name": name, "count": len(ids), "device_ids": ids} for name, ids in cohorts.items()]
    made = {"devices": sum(map(len, cohorts.values())), "cohorts": listed, "groups": []}
    _show(made, [], found.place, as_json=as_json, rollout=f"rollout {found.rollout}")
    return PASSED


def _simulated(cloud: LocalCloud) -> dict[str, str]:
    """The devices that are simulated, with their cohorts."""
    listed = cloud.admin("fleet?devices=1", timeout_seconds=LONGEST_SECONDS)["list"]
    return {device["id"]: device["cohort"] for device in listed}


def _ids(wanted: Sequence[str], there: list[dict[str, Any]], place: Place) -> list[str]:
    """The ids of groups by id or name. Raises LocalCloudError where one is not there, or two have the name."""
    found: list[str] = []
    for each in wanted:
        ids = [group["id"] for group in there if each == group["id"]]
        ids = ids or [group["id"] for group in there if each == group["name"]]
        shown = visible(repr(each))
        if len(ids) > 1:
            raise LocalCloudError(f"{len(ids)} multicast groups have the name {shown}: give an id of {', '.join(ids)}")
        if not ids:
            names = ", ".join(sorted(visible(group["name"] or group["id"]) for group in there))
            known = f"there are {names}" if there else _deploy(place)
            raise LocalCloudError(f"{place} has no multicast group {shown}: {known}")
        found += [ids[0]] if ids[0] not in found else []
    return found


def _deploy(place: Place) -> str:
    return f"deploy an app with one first, with `{' '.join(('fuota', 'local', 'deploy', *place.port_option))}`"


def _show(made: dict[str, Any], there: list[dict[str, Any]], place: Place, *, as_json: bool, rollout: str = "") -> None:
    if as_json:
        cohorts = [
            {"name": each["name"], "count": each["count"], "device_ids": each["device_ids"]} for each in made["cohorts"]
        ]
        content = {"devices": made["devices"], "cohorts": cohorts, "multicast_group_ids": made["groups"]}
        click.echo(documents.as_text("local-fleet", content))
        return
    names = {group["id"]: visible(group["name"]) if group["name"] else group["id"] for group in there}
    joined = ", ".join(names.get(each, each) for each in made["groups"]) or "no group"
    devices = f"{made['devices']} simulated device{'' if made['devices'] == 1 else 's'}"
    click.echo(f"{devices} {'made for' if rollout else 'joined'} {rollout or joined} ({place})")
    if len(made["cohorts"]) > 1:
        for each in made["cohorts"]:
            click.echo(f"  {visible(each['name'])}: {each['count']}")
