"""The command tree: names and where each command lives, so that a command is imported only when it is used."""

import difflib
import importlib
import io
import os
import re
import sys
from collections.abc import Mapping
from typing import Any

import click

from fuota_constructs.cli.command_group import CommandGroup
from fuota_constructs.cli.exit_codes import COULD_NOT_LOOK, INTERRUPTED
from fuota_constructs.cli.nearest_option import nearest_option

EXIT_CODES = """\b
Exit codes:
  0  done, and where something was asked, all is well
  1  could not do it or look: refused, not there, no answer, not installed
  2  wrong usage
  3  looked, and it is not well: devices without the image, errors found
  130  interrupted with Ctrl-C, SIGTERM or SIGHUP
deploy, destroy and cdk answer the exit code of the CDK CLI when it is not 0.
"""


class CommandTable(CommandGroup):
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

    def elsewhere(self, name: str) -> list[str]:
        """Commands of the groups in this one: `fuota up` was meant to be `fuota local up`."""
        groups = [(each, self.get_command(click.Context(self), each)) for each in self.table]
        inner = {
            f"{each} {command}": command
            for each, group in groups
            if isinstance(group, CommandTable)
            for command in group.table
        }
        near = difflib.get_close_matches(name, inner.values(), n=1, cutoff=0.8)
        return [typed for typed, command in inner.items() if command in near]

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; our refusals become a line and exit code 1."""
        from fuota_constructs.local.errors import LocalCloudError

        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise _with_remedy(error) from None
        except LocalCloudError as error:
            from fuota_constructs.operations.visible_text import visible

            click.echo(f"fuota: {visible(str(error), keep_lines=True)}", err=True)
            ctx.exit(COULD_NOT_LOOK)
        except KeyboardInterrupt:
            click.echo("fuota: interrupted", err=True)
            ctx.exit(INTERRUPTED)


class Root(CommandTable):
    """The whole command."""

    def main(self, *arguments: Any, **named: Any) -> Any:
        """Run it; what a stream cannot show, such as a single surrogate, is written out there instead of an error."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        for name in ("COLUMNS", "LINES"):  # a terminal that has told nobody its size has 0: rich would show nothing
            if re.fullmatch(r"0+", os.environ.get(name, "")):
                del os.environ[name]
        return super().main(*arguments, **named)


def _with_remedy(error: click.UsageError) -> click.UsageError:
    """Name the option that was meant, where click does not."""
    command = error.ctx.command if error.ctx else None
    if command is None or error.ctx is None:
        return error
    takes_value = {
        name: not (isinstance(parameter, click.Option) and parameter.is_flag)
        for parameter in command.get_params(error.ctx)
        for name in parameter.opts
        if name.startswith("--")
    }
    if isinstance(error, click.NoSuchOption):
        near = nearest_option(error.option_name, takes_value)
        remedy = f"did you mean {near}?" if near else f"see {error.ctx.command_path} --help"
        return click.UsageError(f"{error.ctx.command_path} has no option {error.option_name!r}: {remedy}", error.ctx)
    if isinstance(error, click.BadParameter) and error.param and not isinstance(error, click.MissingParameter):
        return _value_wanted(error, error.param.type)
    if error.message.startswith("Got unexpected extra argument") and "--json-file" in takes_value:
        hint = ": --json is a flag; to write a file give --json-file FILE"
        if error.ctx.params.get("as_json") and hint not in error.message:
            return click.UsageError(f"{error.message}{hint}", error.ctx)
    return error


def _value_wanted(error: click.BadParameter, kind: click.ParamType[Any]) -> click.UsageError:
    """Add to what click says the range, where a value is no number, and the word that was meant."""
    said = error.message
    match kind:
        case click.IntRange():
            said = said.replace("is not a valid integer range.", f"is no whole number: give one{_bounds(kind)}")
        case click.FloatRange():
            said = said.replace("is not a valid float range.", f"is no number: give one{_bounds(kind)}")
        case click.Choice():
            value = said.partition(" is not one of ")[0].strip("'\"").lower()
            if near := difflib.get_close_matches(value, map(str, kind.choices), 1):
                said = f"{said.rstrip('.')}: did you mean {near[0]}?"
    return click.BadParameter(said, ctx=error.ctx, param=error.param, param_hint=error.param_hint)


def _bounds(kind: click.IntRange | click.FloatRange) -> str:
    return "" if kind.min is None else f" from {kind.min}" + ("" if kind.max is None else f" to {kind.max}")


@click.group(
    cls=Root,
    table={
        "rehearse": "fuota_constructs.cli.rehearse.rehearse:rehearse",
        "init": "fuota_constructs.cli.init.init:init",
        "plan": "fuota_constructs.cli.plan.plan:plan",
        "image": "fuota_constructs.cli.image.image:image",
        "delta": "fuota_constructs.cli.delta.delta:delta",
        "preflight": "fuota_constructs.cli.task.preflight:preflight",
        "start": "fuota_constructs.cli.task.start:start",
        "status": "fuota_constructs.cli.task.status:status",
        "report": "fuota_constructs.cli.task.report:report",
        "list": "fuota_constructs.cli.task.list:list_tasks",
        "devices": "fuota_constructs.cli.task.devices:devices",
        "retry": "fuota_constructs.cli.task.retry:retry",
        "rollout": "fuota_constructs.cli.root:rollout",
        "local": "fuota_constructs.cli.root:local",
        "explain": "fuota_constructs.cli.explain:explain",
        "doctor": "fuota_constructs.cli.doctor:doctor",
        "completion": "fuota_constructs.cli.completion:completion",
        "schema": "fuota_constructs.cli.schema:schema",
    },
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXIT_CODES,
)
@click.version_option(package_name="fuota-constructs", prog_name="fuota")
def fuota() -> None:
    """Firmware updates over the air for LoRaWAN devices, as infrastructure.

    Deploy your CDK app to a cloud on this machine, and let simulated devices receive its firmware:

    \b
      fuota rehearse

    See what a session costs and whether it can work:

    \b
      fuota plan firmware.bin --rf-region EU868 --recommend

    The same step by step, with a cloud that stays:

    \b
      fuota local up --detach     start the cloud
      fuota local deploy          deploy the app of this folder to it
      fuota local status          see the FUOTA tasks it made
      fuota local down            stop it; what it held is gone
    """


@click.group(
    cls=CommandTable,
    table={
        name: f"fuota_constructs.cli.local.{name}:{name}"
        for name in ("up", "deploy", "status", "destroy", "down", "env", "fleet", "clock", "faults", "cdk")
    },
    epilog=EXIT_CODES,
)
def local() -> None:
    """Rehearse on a cloud that runs on this machine.

    It is CloudFormation, S3, IAM and Lambda (MiniStack) and an IoT Wireless service of ours, on one port of 127.0.0.1.
    It needs no Docker, no Node.js and no AWS account, forgets all when it stops, and never talks to AWS.

    \b
    Two clouds at once:
      fuota local up --detach --port 4600
      fuota local deploy --port 4600
    """


@click.group(
    cls=CommandTable,
    table={
        "list": "fuota_constructs.cli.rollout.list:list_rollouts",
        "start": "fuota_constructs.cli.rollout.start:start",
        "status": "fuota_constructs.cli.rollout.status:status",
        **{
            word: f"fuota_constructs.cli.rollout.words:{word}"
            for word in ("approve", "hold", "resume", "skip", "abort")
        },
        "devices": "fuota_constructs.cli.rollout.devices:devices",
        "report": "fuota_constructs.cli.rollout.report:report",
    },
    epilog=EXIT_CODES,
)
def rollout() -> None:
    """Operate rollouts of firmware to a fleet, which go wave by wave.

    A rollout is a `FuotaRollout` that is deployed; an execution of its state machine is one run of it.

    \b
    Start one, see how far it is, answer where it holds:
      fuota rollout start Meters/Rollout
      fuota rollout status Meters/Rollout --watch
      fuota rollout approve Meters/Rollout
    """
