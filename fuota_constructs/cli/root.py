"""The command tree: names and where each command lives, so that a command is imported only when it is used."""

import importlib
from collections.abc import Mapping
from typing import Any

import click

EXIT_CODES = """\b
Exit codes:
  0  done
  1  refused, failed or not installed; the message says what to do
  2  wrong usage
deploy, destroy, cdk and rehearse answer the exit code of the CDK CLI when that is not 0.
"""


class CommandTable(click.Group):
    """A group whose commands are `module:attribute` strings, loaded on first use."""

    def __init__(self, *arguments: Any, table: Mapping[str, str], **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of the table: the order in which one needs them."""
        del ctx
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command; None when there is none of that name."""
        del ctx
        place = self.table.get(cmd_name)
        if place is None:
            return None
        module, _, attribute = place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; our refusals become a line and exit code 1."""
        from fuota_constructs.local.errors import LocalCloudError

        try:
            return super().invoke(ctx)
        except LocalCloudError as error:
            click.echo(f"fuota: {error}", err=True)
            ctx.exit(1)


@click.group(
    cls=CommandTable,
    table={
        "plan": "fuota_constructs.cli.plan:plan",
        "preflight": "fuota_constructs.cli.preflight:preflight",
        "start": "fuota_constructs.cli.start:start",
        "status": "fuota_constructs.cli.status:status",
        "report": "fuota_constructs.cli.report:report",
        "local": "fuota_constructs.cli.root:local",
        "rehearse": "fuota_constructs.cli.rehearse:rehearse",
    },
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXIT_CODES,
)
@click.version_option(package_name="fuota-constructs", prog_name="fuota")
def fuota() -> None:
    """Firmware updates over the air for LoRaWAN devices, as infrastructure.

    See what a session costs and whether it can work:

    \b
      fuota plan firmware.bin --region EU868 --recommend

    Deploy your CDK app to a cloud on this machine before it goes to AWS:

    \b
      fuota local up --detach     start the cloud
      fuota local deploy          deploy the app of this folder to it
      fuota local status          see the FUOTA tasks it made
      fuota local down            stop it; nothing is kept
    """


@click.group(
    cls=CommandTable,
    table={
        name: f"fuota_constructs.cli.local_{name}:{name}"
        for name in ("up", "deploy", "status", "destroy", "down", "env", "faults", "cdk")
    },
    epilog=EXIT_CODES,
)
def local() -> None:
    """Rehearse on a cloud that runs on this machine.

    It is CloudFormation, S3, IAM and Lambda (MiniStack) and an IoT Wireless service of ours, on one port of 127.0.0.1.
    It needs no Docker, no Node.js and no AWS account, keeps nothing, and never talks to AWS.

    \b
    Two clouds at once:
      fuota local up --detach --port 4600
      fuota local deploy --port 4600
    """
