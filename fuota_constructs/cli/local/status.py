"""`fuota local status`."""

import shlex
from typing import TYPE_CHECKING, Any

import click

from fuota_constructs.cli import documents, options
from fuota_constructs.cli.place import Place
from fuota_constructs.operations.visible_text import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from fuota_constructs.local.cloud import LocalCloud


MOST_DEVICES = 5
"""Lines of devices in the table of a task; --json has all."""


@click.command()
@options.port
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
def status(*, port: int, as_json: bool) -> None:
    """Show the FUOTA tasks, multicast groups and rollouts of the local cloud, in every account and Region.

    \b
    Examples:
      fuota local status
      fuota local status --json | jq '.fuota_tasks[].redundancy_percent'
    """
    from fuota_constructs.local import cloud

    content = overview_of(cloud.running(port))
    if as_json:
        click.echo(documents.as_text("local-status", content))
        return
    from rich.console import Console

    from fuota_constructs.cli.task.status_view import print_commands

    console = Console(highlight=False)
    show(content, console)
    if tasks := content["fuota_tasks"]:
        place = Place(content["cloud"]["region"], port=content["cloud"]["port"])
        console.print("look at one with" if len(tasks) > 1 else "look at it with", style="bold")
        print_commands((place.command("status", task["id"]) for task in tasks), console)
    if rollouts := content["rollouts"]:
        console.print("see how far they are with" if len(rollouts) > 1 else "see how far it is with", style="bold")
        print_commands(
            (
                Place(rollout["region"], port=content["cloud"]["port"]).command("rollout", "status", rollout["name"])
                for rollout in rollouts
            ),
            console,
        )


def overview_of(cloud: "LocalCloud") -> dict[str, Any]:
    """What is in a local cloud: tasks, groups and rollouts."""
    from fuota_constructs.cli.aws_access import Access
    from fuota_constructs.local.overview import overview
    from fuota_constructs.operations.rollouts import list_rollouts

    rollouts = [
        {
            "account": rollout.account,
            "region": aws.region,
            "name": rollout.name,
            "state_machine_arn": rollout.machine_arn,
        }
        for aws, _ in Access(port=cloud.port).everywhere()
        for rollout in list_rollouts(aws).rollouts
    ]
    return {**overview(cloud), "rollouts": rollouts}


def show(content: dict[str, Any], console: "Console") -> None:
    """Print an overview: one block a task, one table of all groups, a line a rollout."""
    running = content["cloud"]
    from rich.text import Text

    console.print(f"local cloud {running['url']}, {running['region']}, account {running['account']}")
    tasks, groups, rollouts = content["fuota_tasks"], content["multicast_groups"], content["rollouts"]
    if not tasks and not groups and not rollouts:
        deploy = shlex.join(("fuota", "local", "deploy", *Place(running["region"], port=running["port"]).port_option))
        console.print(Text(f"no FUOTA task and no multicast group yet: deploy an app with `{deploy}`"))
    names = {group["id"]: group["name"] for group in groups}
    for task in tasks:
        console.print(_task_table(task, names))
    for account, region in sorted({(group["account"], group["region"]) for group in groups}):
        here = [group for group in groups if (group["account"], group["region"]) == (account, region)]
        console.print(_group_table(f"Multicast groups, {region}, account {account}", here))
    for rollout in rollouts:
        console.print(Text(visible(f"Rollout {rollout['name']}, {rollout['region']}, account {rollout['account']}")))


def _task_table(task: dict[str, Any], group_names: dict[str, str | None]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    title = visible(f"FUOTA task {task['name'] or task['id']}")
    table = Table(title=Text(title), title_justify="left", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    groups = [f"{group_names.get(each) or 'unnamed'} ({each})" for each in task["multicast_group_ids"]]
    devices = [f"{device} {state or ''}".strip() for device, state in task["devices"].items()]
    if len(devices) > MOST_DEVICES:
        devices[MOST_DEVICES:] = [f"and {len(devices) - MOST_DEVICES:,} more"]
    rows: dict[str, Any] = {
        "Id": task["id"],
        "Account, Region": f"{task['account']}, {task['region']}",
        "Status": task["status"],
        "StartTime": task["start_time"],
        "Description": task["description"],
        "RfRegion": task["rf_region"],
        "RedundancyPercent": task["redundancy_percent"],
        "FragmentSizeBytes": task["fragment_size_bytes"],
        "FragmentIntervalMS": task["fragment_interval_ms"],
        "Descriptor": task["descriptor"],
        "Multicast groups": groups or None,
        "Wireless devices": devices or None,
        "FirmwareUpdateImage": task["image"],
        "FirmwareUpdateRole": task["role"],
        "Tags": [f"{key}={value}" for key, value in task["tags"].items()] or None,
    }
    for name, value in rows.items():
        if value is not None:
            lines = value if isinstance(value, list) else [str(value)]
            table.add_row(name, Text("\n".join(map(visible, lines))))
    return table


def _group_table(title: str, groups: list[dict[str, Any]]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(visible(title)), title_justify="left", show_lines=True)
    for heading in ("Group", "RfRegion", "Class", "Devices", "Status"):
        table.add_column(heading, overflow="fold")
    for group in groups:
        name = f"{visible(group['name'] or 'unnamed')}\n{group['id']}"
        cells = [name, group["rf_region"], group["dl_class"], group["devices_in_group"], group["status"]]
        table.add_row(*(Text("" if cell is None else visible(str(cell), keep_lines=True)) for cell in cells))
    return table
