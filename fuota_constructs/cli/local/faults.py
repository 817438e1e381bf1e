"""`fuota local faults`."""

from typing import TYPE_CHECKING, Any

import click

from fuota_constructs.cli import documents, options
from fuota_constructs.cli.command_group import CommandGroup
from fuota_constructs.cli.quantities import FiniteRange
from fuota_constructs.cli.service_names import FaultCommand, FaultName, OperationName

if TYPE_CHECKING:
    from fuota_constructs.local.cloud import LocalCloud


@click.group(cls=CommandGroup)
def faults() -> None:
    """Make operations of the local IoT Wireless service fail, to see how a deployment takes it.

    \b
    Examples:
      fuota local faults add CreateFuotaTask throttle --times 3
      fuota local faults add "*" slow --delay-seconds 2 --seconds 60
      fuota local faults list
      fuota local faults clear
    """


@faults.command(cls=FaultCommand)
@options.port
@click.argument("operation", type=OperationName())
@click.argument("fault", type=FaultName())
@click.option("--times", type=click.IntRange(1), help="Strike so many requests.  [default: 1, or all in --seconds]")
@click.option("--seconds", type=FiniteRange(0, min_open=True), help="Strike for so long.")
@click.option("--delay-seconds", type=FiniteRange(0), help="Answer that much later (fault slow).")
@click.option("--after-role-created", is_flag=True, help="Count --seconds from the first sight of the firmware role.")
def add(*, port: int, operation: str, fault: str, after_role_created: bool, **limits: float | None) -> None:
    """Order a fault for OPERATION, an operation of AWS IoT Wireless or "*" for every one."""
    if fault == "slow" and not limits["delay_seconds"]:
        raise click.UsageError("fault slow needs --delay-seconds over 0: how much later the answer shall come")
    order: dict[str, Any] = {"operation": operation, "fault": fault}
    order |= {name: value for name, value in limits.items() if value is not None}
    if after_role_created:
        order["after_role_created"] = True
    _show(_cloud(port).admin("faults", method="POST", content=order))


@faults.command("list")
@options.port
@click.option("--json", is_flag=True, expose_value=False, hidden=True)  # as elsewhere; there is nothing else to print
def list_faults(*, port: int) -> None:
    """Show the faults on order, as JSON."""
    _show(_cloud(port).admin("faults"))


@faults.command()
@options.port
def clear(*, port: int) -> None:
    """Cancel all faults."""
    _cloud(port).admin("faults", method="DELETE")
    click.echo("no faults on order")


def _cloud(port: int) -> "LocalCloud":
    from fuota_constructs.local import cloud

    return cloud.running(port)


def _show(content: dict[str, Any]) -> None:
    faults = [{**fault, "ordered_at": documents.moment(fault["ordered_at"])} for fault in content["faults"]]
    click.echo(documents.as_text("local-faults", {"faults": faults}))
